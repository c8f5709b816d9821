"""The PDF engine: PDF/UA-1, our fonts only, nothing fetched."""

from __future__ import annotations

import base64
import io
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pikepdf
import pytest

from documents import pdf
from documents.errors import ForbiddenResource, RenderingError

PAGE = '<html><head><title>x</title></head><body class="letter">{}</body></html>'
PIXEL = (
    "data:image/png;base64,"
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def rendered(body: str, *, title: str = "許可書", language: str = "ja") -> pikepdf.Pdf:
    return pikepdf.open(
        io.BytesIO(pdf.render_pdf(PAGE.format(body), title=title, language=language))
    )


def font_names(document: pikepdf.Pdf) -> set[str]:
    return {
        str(item["/BaseFont"]).split("+")[-1]
        for item in document.objects
        if isinstance(item, pikepdf.Dictionary) and item.get("/Type") == "/Font"
    }


def structure(document: pikepdf.Pdf) -> Iterator[str]:
    """Every tag of the structure tree, in reading order."""

    def walk(node: object) -> Iterator[str]:
        if isinstance(node, pikepdf.Array):
            for child in node:
                yield from walk(child)
        elif isinstance(node, pikepdf.Dictionary):
            if "/S" in node:
                yield str(node["/S"])
            if "/K" in node:
                yield from walk(node["/K"])

    return walk(document.Root.StructTreeRoot)


def text_of(content: bytes) -> str:
    """Text as any reader extracts it, by the fonts' ToUnicode maps."""
    run = subprocess.run(
        ["pdftotext", "-enc", "UTF-8", "-", "-"],  # noqa: S607
        input=content,
        capture_output=True,
        check=True,
    )
    return run.stdout.decode()


def test_render_pdf_is_pdf_ua_1() -> None:
    document = rendered("<h1>許可書</h1><p>本文</p>")
    assert document.pdf_version == "1.7"
    assert bool(document.Root.MarkInfo.Marked) is True
    assert str(document.Root.Lang) == "ja"
    assert bool(document.Root.ViewerPreferences.DisplayDocTitle) is True
    metadata = document.open_metadata()
    assert metadata["pdfuaid:part"] == "1"
    assert metadata["dc:title"] == "許可書"
    assert all(page.get("/Tabs") == "/S" for page in document.pages)


def test_render_pdf_tags_what_it_shows() -> None:
    document = rendered(
        '<h1>a</h1><h2>b</h2><p>c</p><ol><li>d</li></ol><table><tr><th scope="row">e</th>'
        f'<td>f</td></tr></table><img alt="印" src="{PIXEL}"><a href="https://x.example/">g</a>'
    )
    tags = list(structure(document))
    for tag in ("/H1", "/H2", "/P", "/L", "/LI", "/Table", "/TR", "/TH", "/TD", "/Figure", "/Link"):
        assert tag in tags
    figures = [
        item
        for item in document.objects
        if isinstance(item, pikepdf.Dictionary) and item.get("/S") == "/Figure"
    ]
    assert [str(figure["/Alt"]) for figure in figures] == ["印"]


def test_render_pdf_link_has_description() -> None:
    document = rendered('<a href="https://x.example/a">x</a>')
    (link,) = document.pages[0]["/Annots"]
    assert str(link["/Contents"]) == "https://x.example/a"


def test_render_pdf_embeds_exactly_our_fonts() -> None:
    document = rendered(
        "<h1>見出し</h1><p>本文 <b>bold</b> <i>italic</i> <code>code</code></p>"
        '<p style="font-family: DejaVu Sans, Arial, sans-serif">other</p>'
    )
    families = {
        re.sub(r"-(Bold|Italic|Oblique|Bold-Italic)$", "", name) for name in font_names(document)
    }
    assert families == {"Noto-Serif-JP", "Noto-Sans-JP"}
    embedded = [
        item
        for item in document.objects
        if isinstance(item, pikepdf.Dictionary) and item.get("/Type") == "/FontDescriptor"
    ]
    assert embedded
    assert all("/FontFile3" in item for item in embedded)


@pytest.mark.parametrize("char", list("𠮷髙﨑①㈱～〒㎡令"))
def test_rare_characters_have_a_glyph(char: str) -> None:
    assert pdf.printable(char) == char


def test_rare_kanji_are_extractable() -> None:
    content = pdf.render_pdf(PAGE.format("<p>𠮷野 髙橋 山﨑</p>"), title="x", language="ja")
    assert "𠮷野 髙橋 山﨑" in text_of(content)


@pytest.mark.parametrize(
    ("given", "printed"),
    [
        ("Doğan Şahin", "Dogan Sahin"),
        ("桜まつり🎉", "桜まつり〓"),
        ("葛\U000e0100城", "葛\U000e0100城"),
        ("e\u0301", "é"),
        ("Nguyễn Thị Hương", "Nguyễn Thị Hương"),
        ("محمد", "〓〓〓〓"),
    ],
)
def test_characters_without_a_glyph_are_replaced_openly(given: str, printed: str) -> None:
    import unicodedata

    assert unicodedata.normalize("NFC", pdf.printable(given)) == printed


@pytest.mark.parametrize(
    "body",
    [
        '<img alt="x" src="http://127.0.0.1:9/x.png">',
        '<img alt="x" src="https://127.0.0.1:9/x.png">',
        '<img alt="x" src="file:///etc/hostname">',
        '<img alt="x" src="FILE:///etc/hostname">',
        '<img alt="x" src="ftp://127.0.0.1:9/x">',
        '<img alt="x" src="/etc/hostname">',
        '<img alt="x" src="../hostname">',
        '<img alt="x" src="//127.0.0.1:9/x">',
        '<link rel="stylesheet" href="http://127.0.0.1:9/a.css">',
        '<link rel="attachment" href="file:///etc/hostname">',
        '<a rel="attachment" href="file:///etc/hostname">x</a>',
        '<object data="file:///etc/hostname"></object>',
        '<embed src="file:///etc/hostname">',
        "<style>@import 'file:///etc/a.css';</style>",
        "<style>body { background: url(file:///etc/hostname) }</style>",
        "<style>p::before { content: url(http://127.0.0.1:9/a) }</style><p>x</p>",
        "<style>@font-face { font-family: x; src: url(file:///etc/hostname) }</style>",
    ],
)
def test_render_pdf_refuses_whatever_is_outside(body: str) -> None:
    with pytest.raises(ForbiddenResource):
        pdf.render_pdf(PAGE.format(body), title="x", language="ja")


def test_render_pdf_refuses_a_file_inside_an_svg(tmp_path: Path) -> None:
    secret = tmp_path / "secret.png"
    secret.write_bytes(base64.b64decode(PIXEL.split(",")[1]))
    svg = base64.b64encode(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">'
        f'<image href="{secret.as_uri()}" width="9" height="9"/></svg>'.encode()
    ).decode()
    with pytest.raises(RenderingError):
        rendered(f'<img alt="x" src="data:image/svg+xml;base64,{svg}">')


def test_render_pdf_broken_image_is_an_error_not_a_gap() -> None:
    with pytest.raises(RenderingError, match="in full"):
        rendered('<img alt="x" src="data:image/png;base64,AAAA">')


def test_render_pdf_image_without_description_is_an_error() -> None:
    with pytest.raises(RenderingError):
        rendered(f'<img src="{PIXEL}">')


def test_render_pdf_needs_title_and_language() -> None:
    with pytest.raises(RenderingError):
        pdf.render_pdf("<p>x</p>", title=" ", language="ja")


def test_render_pdf_same_input_gives_same_bytes() -> None:
    first, second = (
        pdf.render_pdf(PAGE.format("<p>同じ</p>"), title="x", language="ja") for _ in range(2)
    )
    assert first == second


def test_render_pdf_leaves_the_systems_font_configuration_alone() -> None:
    before = os.environ.get("FONTCONFIG_FILE")
    pdf.warm_up()
    assert os.environ.get("FONTCONFIG_FILE") == before
