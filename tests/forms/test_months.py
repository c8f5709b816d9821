"""A month asked as a month: typed in any way, kept as ``2026-04``, its first day to a rule."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.utils import translation

from cases.columns import _TYPED
from forms import display, pages, parsing, versions
from forms.carrying import carry
from forms.definitions import load
from forms.normalise import Unreadable
from forms.prepared import prepare
from forms.state import evaluate
from forms.validation import of_value, problems
from tests.forms.support import a_draft, save

FORM = """
key: months
title: {ja: 収入, en: Income}
steps:
  - id: income
    title: {ja: 収入, en: Income}
    questions:
      - {id: earned, type: month, label: {ja: 収入の月, en: Month}}
      - id: from_april
        type: computed
        label: {ja: 日数, en: Days}
        rule: days_between(date("2026-04-01"), earned)
        result: number
"""


@pytest.mark.parametrize(
    ("year", "month", "kept"),
    [
        ("2026", "4", "2026-04"), ("令和8", "4", "2026-04"), ("R8", "０４", "2026-04"),
        ("令和8年", "4月", "2026-04"), ("2026-04", "", "2026-04"), ("2026/4", "", "2026-04"),
        ("令和8年4月", "", "2026-04"), ("R8.4", "", "2026-04"), ("R.8.4", "", "2026-04"),
        ("令和元年", "5", "2019-05"), ("平成31", "4", "2019-04"), ("昭和64", "1", "1989-01"),
        ("平成元", "1", "1989-01"), ("", "", None),
    ],
)  # fmt: skip
def test_month_is_understood_as_written(year: str, month: str, kept: str | None) -> None:
    assert parsing.month_typed(year, month) == kept


@pytest.mark.parametrize(
    ("year", "month", "said"),
    [
        ("2026", "13", "months 1 to 12"), ("2026", "0", "months 1 to 12"),
        ("令和0", "4", "Write a month"), ("2026", "", "not complete: month"),
        ("", "4", "not complete: year"), ("令和8年", "", "not complete: month"),
        ("2026-04-01", "", "without a day"), ("令和8年4月1日", "", "without a day"),
        ("20260401", "", "without a day"), ("2026-13", "", "months 1 to 12"),
        ("令和元", "4", "does not exist"), ("26", "4", "four digits"), ("2026", "四月", "digits"),
        ("x", "4", "digits"), ("2300", "1", "does not exist"),
    ],
)  # fmt: skip
def test_what_is_no_month_is_told(year: str, month: str, said: str) -> None:
    with translation.override("en"), pytest.raises(Unreadable, match=said):
        parsing.month_typed(year, month)


@pytest.mark.parametrize(
    ("month", "ja", "en"),
    [
        ("2026-04", "2026年4月（令和8年4月）", "April 2026"),
        ("2019-05", "2019年5月（令和元年5月）", "May 2019"),
        ("2019-04", "2019年4月（平成31年4月）", "April 2019"),
        ("unreadable", "unreadable", "unreadable"),
    ],
)
def test_month_in_words(month: str, ja: str, en: str) -> None:
    for language, words in (("ja", ja), ("en", en)):
        with translation.override(language):
            assert display.month_text(month, language) == words


def test_rule_sees_the_first_day_and_the_schema_a_month() -> None:
    form = load(FORM)
    state = evaluate(prepare(form), {"earned": "2026-05"})
    assert state.values["from_april"] == 30
    assert form.json_schema()["properties"]["earned"]["pattern"] == "^[0-9]{4}-(0[1-9]|1[0-2])$"
    assert _TYPED["month"]("2026-05") == "2026-05"


@pytest.mark.parametrize("stored", ["2026-05-01", "2026-13", 5, "0001-01", ["2026-05"]])
def test_stored_value_that_is_no_month_is_wrong(stored: Any) -> None:
    assert any(of_value(load(FORM).question("earned"), stored))


@pytest.mark.usefixtures("town")
def test_two_boxes_are_asked_and_hold_what_was_typed() -> None:
    draft = a_draft(load(FORM))
    outcome = save(draft, "income", {"earned-year": "令和8", "earned-month": "13"})
    page = BeautifulSoup(pages.step_page(draft, "income", outcome).fields, "html.parser")
    boxes = {str(box["name"]): str(box.get("value", "")) for box in page.select("input")}
    assert boxes == {"earned-year": "令和8", "earned-month": "13"}
    assert page.select_one(".f-error") is not None
    save(draft, "income", {"earned-year": "令和8", "earned-month": "4"})
    assert draft.answers == {"earned": "2026-04"}
    with translation.override("ja"):
        again = pages.step_page(draft, "income").fields
    assert "令和8年（2026年）" in again
    assert not problems(draft.prepared, evaluate(draft.prepared, draft.answers))


@pytest.mark.usefixtures("town")
@pytest.mark.parametrize(
    ("old", "new", "was", "becomes"),
    [("date", "month", "2026-04-01", "2026-04"), ("month", "date", "2026-04", "2026-04-01")],
)
def test_answer_goes_along_between_day_and_month(
    old: str, new: str, was: str, becomes: str
) -> None:
    before = versions.publish(load(FORM.replace("type: month", f"type: {old}")))
    after = versions.publish(load(FORM.replace("type: month", f"type: {new}")))
    carried = carry(before, after, {"earned": was}, {})
    assert (carried.answers, carried.not_kept) == ({"earned": becomes}, [])
