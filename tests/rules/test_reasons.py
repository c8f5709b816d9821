"""Why a rule came out as it did: which conditions, which values, and nothing in a log."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules import Reason, RuleError, RuleFailed, compile_rule, explain
from tests.rules.test_engine import ANSWERS, VARIABLES
from tests.rules.test_hostile import EXPRESSIONS

CHILDREN = [
    {"name": "あ", "born": "2015-01-01", "together": True},
    {"name": "い", "born": "2025-01-01", "together": False},
]
VALUES = ANSWERS | {"children": CHILDREN}


def why(source: str, **changed: Any) -> Reason:
    return explain(compile_rule(source, VARIABLES), VALUES | changed)


def places(source: str, **changed: Any) -> list[tuple[str, str, int | None]]:
    return [fact.place for fact in why(source, **changed).deciding()]


@pytest.mark.parametrize(
    ("source", "deciding"),
    [
        # && that holds: both sides. One that does not: the sides that do not.
        ('act == "film" && count > 3', [("act", "", None), ("count", "", None)]),
        ('act == "film" && count > 9', [("count", "", None)]),
        # || that holds: the sides that do.
        ('act == "sale" || count > 3', [("count", "", None)]),
        ('act == "sale" || count > 9', [("act", "", None), ("count", "", None)]),
        ('!(act == "sale" || count > 9)', [("act", "", None), ("count", "", None)]),
        ('(agreed ? count : length(act)) > 3', [("agreed", "", None), ("count", "", None),
                                                ("act", "", None)]),
        ("agreed ? count : length(act)", [("agreed", "", None), ("count", "", None)]),
        ("agreed ? null : count", [("agreed", "", None)]),
        ('address.city == "汐見市"', [("address", "city", None)]),
        # The entry that makes it so, and what of it was looked at.
        ("children.exists(c, years_between(c.born, today) < 3)",
         [("children", "born", 1), ("today", "", None)]),
        ("children.exists(c, years_between(c.born, today) < 1)",
         [("children", "born", 0), ("today", "", None), ("children", "born", 1)]),
        ("children.all(c, c.together)", [("children", "together", 1)]),
        ("children.exists_one(c, c.together)",
         [("children", "together", 0), ("children", "together", 1)]),
        # Each value counts in a sum.
        ("sum(children.map(c, c.together ? 0 : 100)) > 50",
         [("children", "together", 0), ("children", "together", 1)]),
        ("children.filter(c, c.together).exists(d, d.name == 'あ')",
         [("children", "together", 0), ("children", "together", 1),
          ("children", "name", 0), ("children", "name", 1)]),
        ("size(children) > 1", [("children", "", None)]),
        ("children.all(c, agreed)", [("children", "", None), ("agreed", "", None)]),
        ('"fire" in kinds', [("kinds", "", None)]),
    ],
)  # fmt: skip
def test_deciding_values_are_exactly(source: str, deciding: list[Any]) -> None:
    assert places(source) == deciding


def test_reason_is_the_tree_of_conditions_with_their_truth() -> None:
    reason = why('act == "film" && (count > 9 || !agreed)')
    assert (reason.kind, reason.result) == ("and", False)
    film, either = reason.parts
    assert (film.kind, film.source, film.result) == ("test", 'act == "film"', True)
    assert (either.kind, [part.result for part in either.parts]) == ("or", [False, False])
    assert either.parts[1].kind == "not"
    assert [part.result for part in either.parts[1].parts] == [True]
    assert [(fact.name, fact.value) for fact in film.facts] == [("act", "film")]


def test_entries_of_a_list_are_conditions_of_their_own() -> None:
    reason = why("children.exists(c, years_between(c.born, today) < 3)")
    assert [part.result for part in reason.parts] == [False, True]
    assert why("children.all(c, c.together)", children=[]).result is True
    assert places("children.exists(c, c.together)", children=[]) == [("children", "", None)]


def test_undecided_names_what_is_missing() -> None:
    reason = why('act == "film" && count > 3', count=None)
    assert reason.result is None
    assert [(fact.name, fact.value) for fact in reason.deciding()] == [("count", None)]


def test_values_are_in_no_repr() -> None:
    assert "汐見市" not in repr(why('address.city == "大阪"'))
    assert "あ" not in repr(why("children.exists(c, c.name == act)"))


def test_rule_with_very_many_conditions_is_one_test() -> None:
    reason = why(" || ".join(["count > 9"] * 70))
    assert (reason.kind, [fact.place for fact in reason.facts]) == ("test", [("count", "", None)])


_OTHER = VALUES | {
    "act": "sale", "area": "0.5", "count": -1, "start": "2001-01-01", "end": "2002-02-02",
    "agreed": False, "kinds": ["x"], "children": [], "address": {"city": "x"},
    "today": "2030-01-01",
}  # fmt: skip


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(source=EXPRESSIONS, missing=st.sets(st.sampled_from(sorted(ANSWERS)), max_size=2))
def test_reason_agrees_with_the_rule_and_names_all_that_decides(
    source: str, missing: set[str]
) -> None:
    """Whatever is not among the deciding values can be otherwise without changing a yes or no."""
    try:
        rule = compile_rule(source, VARIABLES)
    except RuleError:
        return
    values = {name: value for name, value in VALUES.items() if name not in missing}
    reason = explain(rule, values)
    try:
        result = rule(values)
    except RuleFailed:
        result = None
    assert reason.result == result
    if isinstance(result, bool):
        named = {fact.name for fact in reason.deciding()}
        others = {name: _OTHER[name] for name in VARIABLES if name not in named}
        assert rule(values | others) is result
