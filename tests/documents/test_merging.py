"""Merge fields: what a text may hold, and what is told of anything else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents import merging

KNOWN = {"town": "", "receipt_number": "", "answer.park": ""}


def test_fields_are_filled_in_and_braces_are_printed() -> None:
    text = "{town}の{answer.park}（{{{receipt_number}}}）50%"
    assert merging.problems(text, KNOWN) == []
    values = {"town": "汐見市", "answer.park": "{town}", "receipt_number": "1"}
    assert merging.merge(text, values) == "汐見市の{town}（{1}）50%"


@pytest.mark.parametrize(
    ("text", "reason", "line", "column"),
    [
        ("{towm}", "unknown_field", 1, 1),
        ("一行目\n二 {unknown} 行目", "unknown_field", 2, 3),
        ("{town", "open_brace", 1, 1),
        ("a { town \n}", "open_brace", 1, 3),
        ("a } b", "stray_brace", 1, 3),
        ("{Town}", "bad_name", 1, 1),
        ("{town.__class__}", "bad_name", 1, 1),
        ("{town!r}", "bad_name", 1, 1),
        ("{0}", "bad_name", 1, 1),
        ("{% load x %}", "code", 1, 1),
        ("{# x #}", "code", 1, 1),
        ("{{ town }}", None, 0, 0),  # printed as braces, never run
    ],
)
def test_what_cannot_be_is_told_with_its_place(
    text: str, reason: str | None, line: int, column: int
) -> None:
    found = merging.problems(text, KNOWN)
    if reason is None:
        assert found == []
        assert merging.merge(text, {"town": "x"}) == "{ town }"
    else:
        assert (found[0].reason, found[0].line, found[0].column) == (reason, line, column)


def test_the_nearest_name_is_offered() -> None:
    (found,) = merging.problems("{receipt_nunber}", KNOWN)
    assert found.nearest == "receipt_number"
    assert "receipt_number" in found.message


@given(st.text(alphabet="{}%#a_. \n", max_size=60))
def test_any_text_is_either_usable_or_told(text: str) -> None:
    if not merging.problems(text, {"a": "", "a_": ""}):
        merged = merging.merge(text, {"a": "", "a_": ""})
        assert merged.count("{") <= text.count("{")


@given(st.text(alphabet="ab{}", max_size=30))
def test_a_value_is_never_looked_at_for_fields(value: str) -> None:
    assert merging.merge("[{town}]", {"town": value}) == f"[{value}]"
