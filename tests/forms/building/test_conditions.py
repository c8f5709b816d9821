"""Conditions picked from lists and the CEL they stand for."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

import rules
from forms.building import conditions
from forms.building.conditions import OPERATIONS, NotPicked, Picked, Term, from_cel, to_cel
from forms.building.operands import Operand, operands_at
from forms.building.sentences import sentence
from forms.building.structure import rename, uses

OPERANDS = {
    name: Operand(name, f"“{name}”", kind, options)
    for name, kind, options in [
        ("agrees", "bool", ()),
        ("act", "choice", (("sale", "Sale"), ("show", "Show"))),
        ("name", "text", ()),
        ("home.city", "text", ()),
        ("stalls", "int", ()),
        ("area", "decimal", ()),
        ("begins", "date", ()),
        ("things", "multiple", (("fire", "Fire"), ("tent", "Tent"))),
        ("plan", "list", ()),
        ("children", "group", ()),
        ("today", "date", ()),
        ("years_between(begins, today)", "years", ()),
    ]
}
VARIABLES = {
    "agrees": rules.BOOL, "act": rules.TEXT, "name": rules.TEXT, "stalls": rules.INT,
    "home": rules.map_of({"city": rules.TEXT}), "area": rules.DECIMAL, "begins": rules.DATE,
    "things": rules.list_of(rules.TEXT), "plan": rules.list_of(rules.TEXT), "today": rules.DATE,
    "children": rules.list_of(rules.map_of({"born": rules.DATE})),
}  # fmt: skip
_text = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), min_size=1,
                max_size=15)  # fmt: skip
_VALUES = {
    "bool": st.sampled_from(["yes", "no"]),
    "choice": st.sampled_from(["sale", "show"]),
    "text": _text,
    "int": st.integers(-(10**9), 10**9).map(str),
    # As the page hands it over.
    "decimal": st.decimals(-1000, 1000, places=2).map(
        lambda number: conditions.tidy_value(str(number), OPERANDS["area"])
    ),
    "date": st.dates().map(str) | st.just("today"),
    "multiple": st.sampled_from(["fire", "tent"]),
    "group": st.integers(1, 50).map(str),
    "years": st.integers(0, 120).map(str),
}


@st.composite
def terms(draw: Any) -> Term:
    operand = OPERANDS[draw(st.sampled_from(sorted(OPERANDS)))]
    operation = draw(st.sampled_from(OPERATIONS[operand.kind]))
    if operation.endswith("answered"):
        return Term(operand.name, operation)
    count = draw(st.integers(1, 3)) if operation == "one_of" else 1
    return Term(operand.name, operation, tuple(draw(_VALUES[operand.kind]) for _ in range(count)))


@settings(max_examples=300, deadline=None)
@given(st.lists(terms(), min_size=2, max_size=6), st.sampled_from(["all", "any"]))
def test_what_is_picked_is_a_rule_and_comes_back_as_it_was(found: list[Term], joiner: Any) -> None:
    picked = Picked(joiner, tuple(found))
    source = to_cel(picked, OPERANDS)
    assert from_cel(source, OPERANDS) == picked
    if len(source.encode()) <= 1_500:
        assert rules.compile_rule(source, VARIABLES).gives == rules.BOOL


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from("agrestlnmiph&|=!<>()[]\"'., 019-$").filter(str.strip), max_size=40))
def test_any_text_is_shown_as_picked_only_if_it_says_the_same(source: str) -> None:
    picked = from_cel(source, OPERANDS)
    if picked is not None:
        assert from_cel(to_cel(picked, OPERANDS), OPERANDS) == picked


@pytest.mark.parametrize(
    ("source", "joiner", "found"),
    [
        ("agrees", "all", [("agrees", "is", "yes")]),
        ("!agrees", "all", [("agrees", "is", "no")]),
        ("agrees == false", "all", [("agrees", "is", "no")]),
        ("act=='sale'", "all", [("act", "is", "sale")]),
        ('act in ["sale", "show"] && "fire" in things', "all",
         [("act", "one_of", "sale", "show"), ("things", "contains", "fire")]),
        ('!("fire" in things) || size(plan) > 0', "any",
         [("things", "contains_not", "fire"), ("plan", "answered")]),
        ("begins <= today", "all", [("begins", "until", "today")]),
        ('begins > date("2026-04-01")', "all", [("begins", "after", "2026-04-01")]),
        ("size(children) >= 2", "all", [("children", "at_least", "2")]),
        ('home.city.startsWith("千") && stalls >= -3', "all",
         [("home.city", "starts", "千"), ("stalls", "at_least", "-3")]),
        ("name != null", "all", [("name", "answered")]),
    ],
)  # fmt: skip
def test_a_rule_is_shown_as_picked(source: str, joiner: str, found: list[Any]) -> None:
    picked = from_cel(source, OPERANDS)
    assert picked is not None
    assert picked.joiner == joiner
    assert [(term.name, term.operation, *term.values) for term in picked.terms] == found


@pytest.mark.parametrize(
    "source",
    [
        "", "agrees &&", "agrees && stalls > 1 || agrees", "(agrees)",
        "years_between(today, begins) < 3", "days_between(begins, today) < 3",
        "years_between(begins, today) < 3.5",
        "children.exists(c, c.born < today)", 'act == name', "stalls + 1 > 2", "unknown == 1",
        'act < "sale"', 'name in ["a"]', 'begins == "2026-01-01"', 'begins < date("2026-99-99")',
        "agrees ? true : false", '"a" in act', "size(name) > 0", "size(children) < 2", "\\",
    ],
)  # fmt: skip
def test_a_rule_that_cannot_be_picked_is_left_alone(source: str) -> None:
    assert from_cel(source, OPERANDS) is None


@pytest.mark.parametrize(
    "term",
    [
        Term("nobody", "is", ("x",)), Term("agrees", "is", ("perhaps",)), Term("agrees", "is"),
        Term("stalls", "at_least", ("many",)), Term("begins", "before", ("2026-02-30",)),
        Term("name", "before", ("x",)), Term("name", "is", ("a\x07b",)),
    ],
)  # fmt: skip
def test_what_is_not_complete_is_named(term: Term) -> None:
    with pytest.raises(NotPicked) as refused:
        to_cel(Picked("all", (Term("agrees", "is", ("yes",)), term)), OPERANDS)
    assert refused.value.term == 1


def test_every_kind_of_answer_can_be_compared() -> None:
    assert {operand.kind for operand in OPERANDS.values()} == set(OPERATIONS)


def test_a_condition_reads_as_a_sentence() -> None:
    with translation.override("en"):
        said = sentence('act in ["sale", "show"] && stalls >= 3', OPERANDS)
    assert said == "““act”” is one of “Sale, Show”, and ““stalls”” is at least “3”"
    assert sentence("stalls + 1 > 2", OPERANDS) == "stalls + 1 > 2"


def _data() -> dict[str, Any]:
    return {
        "key": "f",
        "steps": [
            {"id": "s", "show_when": 'act == "act" && home.act != home', "questions": [
                {"id": "act", "type": "choice", "label": "Act", "choices": [{"value": "a"}]},
                {"id": "children", "type": "group", "questions": [
                    {"id": "born", "type": "date", "label": {"ja": "誕生日"},
                     "validate": [{"rule": "born < today && act == 'act'"}]},
                ]},
                {"id": "home", "type": "address"},
                {"id": "x", "type": "surprise"},
            ]},
        ],
    }  # fmt: skip


def test_operands_are_what_a_rule_at_that_place_may_use() -> None:
    data = _data()
    outside = operands_at(data, (0, 0))
    assert [*outside][:2] == ["act", "children"]
    assert outside["act"].options == (("a", ""),) or outside["act"].kind == "choice"
    assert outside["children"].kind == "group"
    assert outside["home.city"].kind == "text"
    assert "born" not in outside
    assert "x" not in outside
    inside = operands_at(data, (0, 1, 0))
    assert "children" not in inside
    assert inside["born"].kind == "date"


def test_a_new_id_is_put_into_every_rule_and_into_nothing_else() -> None:
    data = _data()
    assert uses(data, "act") == [(0,), (0, 1, 0)]
    assert rename(data, "act", "kind") == 2
    assert data["steps"][0]["show_when"] == 'kind == "act" && home.act != home'
    born = data["steps"][0]["questions"][1]["questions"][0]
    assert born["validate"][0]["rule"] == "born < today && kind == 'act'"


def test_who_may_apply_hangs_on_questions_too() -> None:
    data = {
        "eligibility": [{"id": "adult", "rule": "years_between(born, today) >= 18"}],
        "steps": [{"id": "s", "questions": [{"id": "born", "type": "date"}]}],
    }
    assert uses(data, "born") == [()]
    assert rename(data, "born", "birth_date") == 1
    assert data["eligibility"][0]["rule"] == "years_between(birth_date, today) >= 18"


def test_a_date_can_be_compared_as_an_age() -> None:
    data = {"steps": [{"questions": [
        {"id": "born", "type": "date", "label": "Date of birth"},
        {"id": "who", "type": "person", "label": "Person"},
    ]}]}  # fmt: skip
    with translation.override("en"):
        operands = operands_at(data, ())
    found = from_cel("years_between( born,today ) >= 18", operands)
    assert found == Picked("all", (Term("years_between(born, today)", "at_least", ("18",)),))
    assert to_cel(found, operands) == "years_between(born, today) >= 18"
    with translation.override("en"):
        said = sentence("years_between(who.dateOfBirth, today) < 20", operands)
    assert said == "“Age or full years: Person: Date of birth” is less than “20”"
    assert from_cel("days_between(born, today) >= 18", operands) is None
    assert from_cel("years_between(today, born) >= 18", operands) is None


def test_tidy_values() -> None:
    assert conditions.tidy_value(" 1,200 ", OPERANDS["stalls"]) == "1200"
    assert conditions.tidy_value("2.50", OPERANDS["area"]) == "2.50"
    assert conditions.tidy_value("many", OPERANDS["stalls"]) == "many"
