"""The Japanese year beside the boxes of a date: without a script, and the script's own table."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

from common.calendar import ERAS
from forms import display, pages
from forms.definitions import load
from forms.models import Draft
from tests.forms.support import a_draft, save

FORM = """
key: days
title: {ja: 日付, en: Days}
steps:
  - id: all
    title: {ja: 日付, en: Days}
    questions:
      - {id: born, type: date, label: {ja: 生年月日, en: Born}, concept: person.dateOfBirth}
      - {id: free, type: date, input: text, required: false, label: {ja: 日, en: Day}}
      - {id: who, type: person, required: false, label: {ja: 人, en: Person}}
      - {id: when, type: period, required: false, label: {ja: 期間, en: Period}}
      - id: home
        type: household
        required: false
        label: {ja: 世帯, en: Household}
        members: [born]
"""
HINT = "The year can also be written 令和8 or R8."


@pytest.fixture
def draft(town: Any) -> Draft:
    return a_draft(load(FORM))


def eras(page: Any) -> dict[str, str]:
    """What stands beside each date."""
    soup = BeautifulSoup(render_to_string("forms/step.html", {"page": page}), "html.parser")
    found = soup.select("[data-era]")
    assert {one["aria-live"] for one in found} == {"polite"}
    return {one["id"]: one.get_text() for one in found}


def test_every_date_of_every_kind_has_its_place(draft: Draft) -> None:
    with translation.override("en"):
        shown = eras(pages.step_page(draft, "all"))
    dates = [name for name in shown if "born" in name or "irth" in name]
    assert {"f-born-era", "f-free-era", "f-home-0-home_born-era"} <= set(shown)
    assert any(name.startswith("f-who-") for name in dates)
    assert len([name for name in shown if name.startswith("f-when-")]) == 2
    assert set(shown.values()) == {HINT}


@pytest.mark.parametrize(
    ("year", "month", "day", "ja", "en"),
    [
        ("令和8", "4", "1", "令和8年（2026年）", "Reiwa 8 (2026)"),
        ("R8", "4", "1", "令和8年（2026年）", "Reiwa 8 (2026)"),
        ("2019", "5", "1", "令和元年（2019年）", "Reiwa 1 (2019)"),
        ("2019", "4", "30", "平成31年（2019年）", "Heisei 31 (2019)"),
        ("1985", "4", "12", "昭和60年（1985年）", "Showa 60 (1985)"),
    ],
)
def test_it_comes_with_the_saved_answer(
    draft: Draft, year: str, month: str, day: str, ja: str, en: str
) -> None:
    save(draft, "all", {"born-year": year, "born-month": month, "born-day": day})
    assert draft.answers["born"].startswith(ja.partition("（")[2][:4])
    for language, words in (("ja", ja), ("en", en)):
        with translation.override(language):
            page = pages.step_page(draft, "all")
            assert eras(page)["f-born-era"] == words
    soup = BeautifulSoup(page.fields, "html.parser")
    assert soup.select_one("#f-born-year")["value"] == draft.answers["born"][:4]


def test_it_comes_with_what_was_typed_when_something_else_is_wrong(draft: Draft) -> None:
    typed = {
        "born-year": "R8", "born-month": "2", "born-day": "30", "free": "昭和60年4月12日",
        "home-n": "1", "home-0-home_born-year": "平成30", "home-0-home_born-month": "1",
        "home-0-home_born-day": "2",
    }  # fmt: skip
    with translation.override("en"):
        outcome = save(draft, "all", typed)
        shown = eras(outcome.page)
    assert shown["f-born-era"] == HINT  # 30 February
    assert shown["f-free-era"] == "Showa 60 (1985)"
    assert shown["f-home-0-home_born-era"] == "Heisei 30 (2018)"


def test_before_meiji_there_is_none() -> None:
    assert display.era_text("1868-01-24", "ja") == ""
    assert display.era_text("1868-01-25", "ja") == "明治元年（1868年）"


def test_script_knows_the_same_eras() -> None:
    script = Path(settings.BASE_DIR, "common/static/js/eras.js").read_text()
    listed = re.findall(r'\["(\w+)", "(\w)", "(\w+)", (\d+), (\d+), (\d+)\]', script)
    assert listed == [
        (e.name, e.letter, e.roman, str(e.first.year), str(e.first.month), str(e.first.day))
        for e in ERAS
    ]
