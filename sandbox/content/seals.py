"""Draws the official seals of the demo towns: ``python -m sandbox.content.seals``.

The characters become outlines, so that a letter needs no font for its seal. Read from the right
column down, as seals are.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from fontTools.pens.svgPathPen import SVGPathPen
from fontTools.pens.transformPen import TransformPen
from fontTools.ttLib import TTFont

SEALS = {
    "shiomi": "汐見市長之印",
    "suginosawa": "杉ノ沢町長之印",
    "wakabadai": "若葉台市長之印",
    "shiratorigawa": "白鳥川村長之印",
    "suehara": "陶原市長之印",
}
RED = "#c8102e"
SIDE, FRAME = 120, 5


def draw(words: str, font: TTFont) -> str:
    """A square seal of `words` in red. Columns share the height, so that none has a gap."""
    columns = _columns(words)
    side = SIDE - 2 * FRAME - 8
    width = side / len(columns)
    glyphs, cmap = font.getGlyphSet(), font.getBestCmap()
    units = font["head"].unitsPerEm
    shapes = []
    for number, column in enumerate(columns, 1):
        left = SIDE - FRAME - 4 - number * width
        height = side / len(column)
        for row, character in enumerate(column):
            top = FRAME + 4 + row * height
            pen = SVGPathPen(glyphs, ntos=lambda value: f"{value:.1f}".removesuffix(".0"))
            scale = (width / units, 0, 0, -height / units, left, top + height * 0.88)
            glyphs[cmap[ord(character)]].draw(TransformPen(pen, scale))
            shapes.append(pen.getCommands())
    inner = SIDE - FRAME
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE} {SIDE}" fill="{RED}">'
        f'<rect x="{FRAME / 2}" y="{FRAME / 2}" width="{inner}" height="{inner}" rx="4" '
        f'fill="none" stroke="{RED}" stroke-width="{FRAME}"/>'
        f'<path stroke="{RED}" stroke-width="1" d="{"".join(shapes)}"/></svg>\n'
    )


def _columns(words: str) -> list[str]:
    """Three columns: six characters as 2 2 2, seven as 3 2 2."""
    sizes = [len(words) // 3 + (number < len(words) % 3) for number in range(3)]
    starts = [sum(sizes[:number]) for number in range(3)]
    return [words[start : start + size] for start, size in zip(starts, sizes, strict=True)]


def main() -> None:
    path = Path(str(files("pylopdf_fonts_jp"))) / "NotoSerifJP-Regular.otf"
    font = TTFont(path)
    for town, words in SEALS.items():
        (Path(__file__).parent / town / "seal.svg").write_text(draw(words, font), encoding="utf-8")


if __name__ == "__main__":
    main()
