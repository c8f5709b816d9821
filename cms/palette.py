"""The custom properties of ``/brand.css``, derived from three colours so that all can be read.

The variables are the look's (`common`): it names the grounds they meet, and this module finds for
each the nearest shade of the town's colours that keeps the contrast there, in light and dark.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cms import colours, svg
from cms.colours import READING_CONTRAST, TEXT_CONTRAST, mix, readable

if TYPE_CHECKING:
    from cms.models import Branding

GROUND = "#f7f7f5"
INK_SOFT = "#4d4d52"
NIGHT_GROUND = "#101216"
NIGHT_INK = "#e9eaee"
NIGHT_INK_SOFT = "#b6b9c2"

FONTS = {
    "sans": "",
    "mincho": '"Hiragino Mincho ProN","Yu Mincho","Noto Serif CJK JP","Noto Serif JP",serif',
    "round": '"Hiragino Maru Gothic ProN","BIZ UDGothic","Noto Sans CJK JP",sans-serif',
}
CORNERS = {"strict": "2px", "soft": "8px", "round": "14px"}


def light(branding: Branding) -> dict[str, str]:
    """Variables of the light scheme."""
    soft = readable_ground(branding.tint, colours.INK, INK_SOFT)
    brand = _on_all(branding.primary, TEXT_CONTRAST, colours.WHITE, GROUND, soft)
    strong = _on_all(
        readable(colours.lighter(brand, -0.1), colours.WHITE, 7),
        TEXT_CONTRAST,
        soft,
    )
    coloured = branding.header == "town"
    return {
        "--brand": brand,
        "--brand-strong": strong,
        "--brand-soft": soft,
        "--brand-line": mix(brand, soft, 0.45),
        "--on-brand": colours.WHITE,
        "--link": brand,
        "--accent": _on_all(branding.accent, colours.GRAPHIC_CONTRAST, colours.WHITE, soft),
        "--header": brand if coloured else colours.WHITE,
        "--on-header": colours.WHITE if coloured else colours.INK,
    }


def dark(branding: Branding) -> dict[str, str]:
    """Variables of the dark scheme."""
    soft = readable_ground(
        mix(branding.primary, colours.NIGHT, 0.2), NIGHT_INK, NIGHT_INK_SOFT, towards=colours.NIGHT
    )
    brand = _on_all(branding.primary, 6, colours.NIGHT, NIGHT_GROUND, soft)
    strong = _on_all(colours.lighter(brand, 0.08), READING_CONTRAST, colours.NIGHT, soft)
    coloured = branding.header == "town"
    return {
        "--brand": brand,
        "--brand-strong": strong,
        "--brand-soft": soft,
        "--brand-line": mix(brand, colours.NIGHT, 0.45),
        "--on-brand": readable("#10141c", brand, TEXT_CONTRAST),
        "--link": brand,
        "--accent": _on_all(branding.accent, colours.GRAPHIC_CONTRAST, colours.NIGHT, soft),
        "--header": soft if coloured else colours.NIGHT,
        "--on-header": NIGHT_INK,
    }


def stylesheet(branding: Branding) -> str:
    """``/brand.css`` of a town."""
    pattern = f'url("{svg.data_url(branding.pattern)}")' if branding.pattern else "none"
    always = {"--brand-pattern": pattern, "--radius": CORNERS[branding.corners]}
    if FONTS[branding.typeface]:
        always["--font-heading"] = FONTS[branding.typeface]
    night = _rules(dark(branding))
    return (
        f":root{{{_rules(light(branding) | always)}}}"
        f"@media (prefers-color-scheme:dark){{:root{{{night}}}}}\n"
    )


def readable_ground(ground: str, *inks: str, towards: str = colours.WHITE) -> str:
    """`ground`, moved `towards` the page until text in each of `inks` can be read on it."""
    for share in (1.0, 0.85, 0.7, 0.55, 0.4, 0.25, 0.1):
        found = mix(ground, towards, share)
        reading, *softer = inks
        if colours.contrast(reading, found) >= READING_CONTRAST and all(
            colours.contrast(ink, found) >= TEXT_CONTRAST for ink in softer
        ):
            return found
    return towards


def _on_all(colour: str, ratio: float, *grounds: str) -> str:
    for ground in grounds:
        colour = readable(colour, ground, ratio)
    return colour


def _rules(variables: dict[str, str]) -> str:
    return ";".join(f"{name}:{value}" for name, value in variables.items())
