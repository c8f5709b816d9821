"""The official letter: every part of it, in both languages."""

from __future__ import annotations

import io
from typing import Any

import pikepdf
import pytest
from bs4 import BeautifulSoup

from documents.letters import Addressee, render_letter
from documents.pdf import render_pdf
from tests.documents.letters import CODE, RARE, full_letter
from tests.documents.test_pdf import font_names, text_of

pytestmark = pytest.mark.usefixtures("town")


@pytest.fixture(autouse=True)
def brand(settings: Any) -> None:
    settings.BRAND_PROVIDER = "tests.documents.test_letters.a_brand"


def a_brand() -> dict[str, object]:
    svg = (
        "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='9' height='9'%3E"
        "%3Crect width='9' height='9'/%3E%3C/svg%3E"
    )
    return {
        "colour": "#0b5d7a",
        "mark": svg,
        "seal": svg,
        "representative_title": "汐見市長",
        "representative_name": "海野 学",
        "department": "公園緑地課",
        "phone": "0123-45-6789",
    }


def test_japanese_letter_says_everything() -> None:
    letter = full_letter("ja")
    text = text_of(render_pdf(render_letter(letter), title=letter.title, language="ja"))
    flat = "".join(text.split())
    for expected in (
        "汐公2026-124",
        "令和8年4月1日",
        "".join(f"{RARE}様".split()),
        "汐見市長",
        "公園内行為許可書",
        "次のとおり許可します。",
        "中央海浜公園",
        "公園施設を損傷しないこと。",
        "480円",
        "汐見市都市公園条例第5条第1項",
        "3か月以内に、汐見市長に対して審査請求",
        "汐見市を被告として",
        CODE,
        f"https://shiomi.example/verify/{CODE}/",
        "1/",
    ):
        assert "".join(expected.split()) in flat, expected


def test_english_letter_says_everything() -> None:
    letter = full_letter("en")
    text = " ".join(
        text_of(render_pdf(render_letter(letter), title=letter.title, language="en")).split()
    )
    for expected in (
        "1 April 2026",
        "Permit for an act in a park",
        "within three months",
        "within six months",
        "¥480",
        CODE,
    ):
        assert expected in text, expected
    assert "様" not in text


@pytest.mark.parametrize("language", ["ja", "en"])
def test_letter_is_tagged_and_uses_our_fonts_only(language: str) -> None:
    letter = full_letter(language)
    content = render_pdf(render_letter(letter), title=letter.title, language=language)
    with pikepdf.open(io.BytesIO(content)) as document:
        assert str(document.Root.Lang) == language
        assert document.open_metadata()["pdfuaid:part"] == "1"
        assert font_names(document) == {"Noto-Serif-JP", "Noto-Sans-JP"}


def test_letter_escapes_what_people_typed() -> None:
    page = BeautifulSoup(render_letter(full_letter()), "html.parser")
    assert page.select("td b") == []
    assert page.select(".particulars td")[1].get_text() == "撮影 <b>&"


@pytest.mark.parametrize(("code", "printed"), [("2480012", "〒248-0012"), ("12", "〒12")])
def test_letter_writes_a_postal_code_as_on_an_envelope(code: str, printed: str) -> None:
    from dataclasses import replace

    letter = replace(full_letter(), addressee=Addressee(name="山田 花子", postal_code=code))
    page = BeautifulSoup(render_letter(letter), "html.parser")
    assert [line.get_text() for line in page.select(".postal")] == [printed]


def test_letter_leaves_out_what_it_has_nothing_for() -> None:
    from dataclasses import replace

    bare = replace(
        full_letter(),
        particulars=(),
        reason=(),
        conditions=(),
        fee=(),
        legal_basis=(),
        remarks=(),
        appeal=None,
        verification=None,
    )
    page = BeautifulSoup(render_letter(bare), "html.parser")
    assert page.select("section, table, .ki") == []


def test_letter_refuses_a_colour_or_image_that_is_none(settings: Any) -> None:
    settings.BRAND_PROVIDER = "tests.documents.test_letters.a_hostile_brand"
    page = render_letter(full_letter())
    assert "hostile" not in page
    assert "--brand: #1f3a5f" in page


def a_hostile_brand() -> dict[str, str]:
    return {"colour": "red } hostile {", "seal": "file:///hostile", "mark": "http://hostile/"}


def test_letter_without_provider_carries_the_towns_name(settings: Any) -> None:
    settings.BRAND_PROVIDER = ""
    page = BeautifulSoup(render_letter(full_letter()), "html.parser")
    assert page.select_one(".town-name").get_text(strip=True) == "汐見市"


def test_letter_breaks_what_is_too_long_for_its_line() -> None:
    from dataclasses import replace

    address = "https://example.jp/" + "a" * 300
    letter = replace(full_letter(), particulars=(("参考", address),))
    content = render_pdf(render_letter(letter), title=letter.title, language="ja")
    assert address in "".join(text_of(content).split())
    assert max(len(line) for line in text_of(content).splitlines()) < 120
