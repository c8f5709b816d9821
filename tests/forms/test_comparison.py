"""Two versions side by side: every difference, in words."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from django.utils import translation

from forms.comparison import Comparison, compare, name_of, same_to_answer
from forms.definitions import load
from tests.forms.support import EVERYTHING, everything
from tests.forms.versions_of import changed, edited, moved, with_question, without


def differences(*edits: Any) -> Comparison:
    with translation.override("en"):
        return compare(everything(), load(edited(yaml.safe_load(EVERYTHING), *edits)))


def told(found: Comparison) -> list[tuple[str, str, list[tuple[str, str, str, str]]]]:
    """(kind, question or step, [(what differs, language, before, after)])"""
    with translation.override("en"):
        return [
            (
                change.kind,
                change.question_id or change.step_id,
                [(name_of(d), d.language, d.before, d.after) for d in change.details],
            )
            for change in found.changes
        ]


def test_same_form_has_no_differences() -> None:
    assert differences().changes == ()
    assert not differences()


def test_text_is_compared_in_each_language() -> None:
    found = differences(changed("kind", label={"ja": "種類", "en": "Type"}, hint="見本"))
    assert told(found) == [
        ("changed", "kind", [("Label", "en", "Kind", "Type"), ("Hint", "ja", "", "見本")])
    ]
    assert found.questions("changed") == ["kind"]


def test_options_are_compared_one_by_one() -> None:
    choices = [
        {"value": "sale", "label": {"ja": "売る", "en": "Sale"}},
        {"value": "party", "label": {"ja": "宴会", "en": "Party"}},
        {"value": "film", "label": {"ja": "撮影", "en": "Filming"}},
    ]
    assert told(differences(changed("kind", choices=choices))) == [
        ("changed", "kind", [
            ("Option “sale”", "ja", "販売", "売る"),
            ("Option “party”", "", "", "Party"),
            ("Option “film”", "ja", "映画", ""),
            ("Option “film”", "en", "Films", ""),
        ])
    ]  # fmt: skip


def test_option_that_is_gone_and_another_order() -> None:
    tea = {"value": "tea", "label": {"ja": "お茶", "en": "Tea"}}
    fire = {"value": "fire", "label": {"ja": "花火", "en": "Fireworks"}}
    assert told(differences(changed("goods", choices=[tea]), without("safety")))[0] == (
        "changed", "goods", [("Option “fire”", "", "Fireworks", "")],
    )  # fmt: skip
    order = differences(changed("goods", choices=[fire, tea]))
    assert told(order) == [
        ("changed", "goods", [("Order of the options", "", "tea, fire", "fire, tea")])
    ]
    assert order.questions("changed") == []


def test_rules_and_checks() -> None:
    found = differences(
        changed("cameras", max=5, required=False),
        changed("end", validate=[{"rule": "end > start", "message": "逆です"}]),
        changed("days", rule="end >= start ? days_between(start, end) : null"),
    )
    assert told(found) == [
        ("changed", "cameras", [("Must be answered", "", "Yes", "No"), ("At most", "", "9", "5")]),
        ("changed", "end", [
            ("Check of the answer", "", "", "end > start: 逆です"),
            ("Check of the answer", "", "end >= start: The end is before the start", ""),
        ]),
        ("changed", "days", [
            ("Rule", "", "end >= start ? days_between(start, end) + 1 : null",
             "end >= start ? days_between(start, end) : null"),
        ]),
    ]  # fmt: skip


def test_questions_that_are_new_gone_moved_or_of_another_type() -> None:
    found = differences(
        without("area", "reason"),
        with_question("person", id="nickname", type="text"),
        moved("price", "family"),
        changed("phone", type="text"),
    )
    kinds = [(kind, name) for kind, name, _details in told(found)]
    assert kinds == [
        ("changed", "phone"),
        ("new", "nickname"),
        ("gone", "area"),
        ("gone", "reason"),
        ("changed", "price"),
    ]
    assert found.questions("changed") == ["phone"]  # in another step, it asks the same


def test_questions_of_a_group() -> None:
    found = differences(without("apart"), changed("child_name", max_length=50))
    assert [(c.kind, c.question_id, str(c.group_label)) for c in found.changes] == [
        ("changed", "child_name", "子ども"),
        ("gone", "apart", "子ども"),
    ]


def test_steps_and_the_form_itself() -> None:
    def edit(data: dict[str, Any]) -> None:
        data["title"]["en"] = "All"
        data["steps"][0]["title"]["ja"] = "本人"
        data["steps"] = [step for step in data["steps"] if step["id"] != "extra"]
        papers = data["steps"].pop()
        data["steps"].append({**papers, "id": "documents"})

    assert told(differences(edit)) == [
        ("changed", "", [("Title", "en", "Everything", "All")]),
        ("changed", "person", [("Title", "ja", "あなた", "本人")]),
        ("new", "documents", []),
        ("changed", "plan", [("Step", "", "papers", "documents")]),
        ("changed", "agreed", [("Step", "", "papers", "documents")]),
        ("gone", "extra", []),
        ("gone", "note", []),
        ("gone", "papers", []),
    ]


@pytest.mark.parametrize(
    ("values", "same"),
    [({"width": "30"}, True), ({"autocomplete": "name"}, True), ({"max_length": 5}, False)],
)
def test_what_makes_somebody_look_again(values: dict[str, Any], same: bool) -> None:
    form = load(edited(yaml.safe_load(EVERYTHING), changed("name", **values)))
    assert same_to_answer(everything().question("name"), form.question("name")) is same
