"""Answers made of parts: periods, persons, places (addresses and accounts: test_drafts)."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from django.utils import translation

from common.actor import Actor
from forms import display, drafts, pages, versions
from forms.definitions import load
from forms.models import Draft
from tests.forms.support import a_resident, posted

FORM = """
key: parts
title: Parts
steps:
  - id: all
    title: All
    questions:
      - id: use
        type: period
        label: Use
        validate:
          - {rule: "days_between(use.start, use.end) < 90", message: At most 90 days}
      - {id: parent, type: person, label: Parent}
      - {id: place, type: location, label: Place, required: false}
      - id: days
        type: computed
        label: Days
        rule: days_between(use.start, use.end) + 1
        result: number
"""
USE = {
    "use-start-year": "令和8", "use-start-month": "4", "use-start-day": "1",
    "use-end-year": "2026", "use-end-month": "4", "use-end-day": "3",
}  # fmt: skip
PARENT = {
    "parent-fullName": "𠮷田　花子", "parent-fullNameKana": "よしだ はなこ",
    "parent-dateOfBirth-year": "S63", "parent-dateOfBirth-month": "1",
    "parent-dateOfBirth-day": "31",
}  # fmt: skip
RIGHT = (
    USE
    | PARENT
    | {"place-description": "北口広場", "place-coordinates": "３５.６８１２、１３９.７６７１"}
)


@pytest.fixture
def draft(town: Any) -> Draft:
    version = versions.publish(load(FORM))
    return drafts.open_draft(resident=a_resident(), version=version, subject="parts")


def save(draft: Draft, **fields: str) -> Any:
    by = Actor("resident", str(draft.resident_id), "")
    return drafts.save_step(draft=draft, step_id="all", post=posted(**fields), by=by)


def test_read_as_people_write_it(draft: Draft) -> None:
    assert save(draft, **RIGHT).ok
    assert draft.answers == {
        "use": {"start": "2026-04-01", "end": "2026-04-03"},
        "parent": {
            "fullName": "𠮷田　花子",
            "fullNameKana": "ヨシダ　ハナコ",
            "dateOfBirth": "1988-01-31",
        },
        "place": {"description": "北口広場", "coordinates": "35.6812, 139.7671"},
    }
    answers = drafts.review(draft).answers
    assert answers["days"] == 3
    jsonschema.validate(answers, draft.form.json_schema())


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"use-end-day": "31", "use-end-month": "2"}, "use-end"),
        ({"use-end-year": "2025"}, "use-end-year"),
        ({"use-start-year": "", "use-start-month": "", "use-start-day": ""}, "use-start-year"),
        ({"use-end-year": "2027"}, "use-start-year"),  # the form's own rule
        ({"use-start-year": "令和0"}, "use-start"),
        ({"parent-fullName": ""}, "parent-fullName"),
        ({"parent-fullName": "長" * 201}, "parent-fullName"),
        ({"parent-fullName": "a\x00b"}, "parent-fullName"),
        ({"parent-fullNameKana": "漢字"}, "parent-fullNameKana"),
        ({"parent-dateOfBirth-year": "2199"}, "parent-dateOfBirth-year"),
        ({"place-coordinates": "91, 200"}, "place-coordinates"),
        ({"place-coordinates": "somewhere"}, "place-coordinates"),
        ({"place-description": ""}, "place-description"),
    ],
)
def test_wrong_part_is_named_and_nothing_is_lost(
    draft: Draft, wrong: dict[str, str], field: str
) -> None:
    outcome = save(draft, **(RIGHT | wrong))
    assert not outcome.ok
    assert set(outcome.errors) == {field}
    page = outcome.page
    assert f'id="f-{field}"' in page.fields
    assert "北口広場" in page.fields or "place-description" in wrong
    assert outcome.page.errors[0].anchor == f"f-{field}"


def test_place_may_be_left_out(draft: Draft) -> None:
    assert save(draft, **USE, **PARENT).ok
    assert "place" not in draft.answers


def test_stored_parts_stand_in_their_inputs(draft: Draft) -> None:
    save(draft, **RIGHT)
    fields = pages.step_page(draft, "all").fields
    for name, value in {
        "use-start-year": "2026", "use-start-month": "4", "use-end-day": "3",
        "parent-dateOfBirth-year": "1988", "place-coordinates": "35.6812, 139.7671",
    }.items():  # fmt: skip
        assert f'name="{name}" value="{value}"' in fields


@pytest.mark.parametrize(
    ("language", "use", "born"),
    [
        ("ja", "2026年（令和8年）4月1日 ～ 2026年（令和8年）4月3日", "1988年（昭和63年）1月31日"),
        ("en", "1 April 2026 – 3 April 2026", "born 31 January 1988"),
    ],
)
def test_shown_in_words(draft: Draft, language: str, use: str, born: str) -> None:
    save(draft, **RIGHT)
    with translation.override(language):
        (step,) = display.rows(draft.form, draft.answers, {}, language)
    texts = {row.question_id: row.text for row in step.rows}
    assert texts["use"] == use
    assert born in texts["parent"]
    assert texts["place"] == "北口広場\n35.6812, 139.7671"
