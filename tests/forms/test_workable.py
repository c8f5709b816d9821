"""Definitions that nobody could fill in are refused, with the place and the reason."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import translation

from forms import versions
from forms.building.examining import examine
from forms.definitions import FormDefinition, load
from forms.errors import DefinitionError
from forms.models import FormVersion

CHOICES = [{"value": "a", "label": "a"}, {"value": "b", "label": "b"}]


def form(*questions: dict[str, Any], **step: Any) -> dict[str, Any]:
    asked = [{"label": one.get("id", "q"), "id": "q", **one} for one in questions]
    return {
        "key": "f", "title": "f", "steps": [{"id": "s", "title": "s", "questions": asked, **step}]
    }  # fmt: skip


def rows(most: int, *questions: dict[str, Any], name: str = "q") -> dict[str, Any]:
    asked = [{"label": "x", **one} for one in questions]
    return {"id": name, "type": "group", "item_label": "x", "max": most, "questions": asked}


ADDRESSES = [{"id": f"a{n}", "type": "address"} for n in range(10)]
WRONG: list[tuple[Any, str, str]] = [
    (form({"type": "number", "min": 10, "max": 5}), "min", "min is larger than max",),
    (form({"type": "money", "min": 10, "max": 5}), "min", "min is larger than max"),
    (form({"type": "text", "min_length": 9, "max_length": 5}), "min_length",
     "min_length is larger than max_length"),
    (form({"type": "text", "format": "individual_number", "sensitive": True, "max_length": 9}),
     "max_length", "an individual number has 12 digits"),
    (form({"type": "multiple", "choices": CHOICES, "min": 3}), "min",
     "min is larger than the number of options"),
    (form({"type": "multiple", "choices": CHOICES, "min": 2, "max": 1}), "min",
     "min is larger than max"),
    (form({"type": "file", "accept": []}), "accept", "no kind of file is accepted"),
    (form({"type": "text", "validate": [{"rule": "false", "message": "x"}]}), "validate",
     "no answer can meet this rule"),
    (form({"id": "a", "type": "yes_no"}, {"type": "text", "show_when": "a && !a"}), "show_when",
     "the condition is never true"),
    (form({"type": "text", "concept": "person.fulName"}), "concept",
     "there is no concept 'person.fulName' (is it 'person.fullName'?)"),
    (form({"type": "text", "concept": "zzz.qqq"}), "concept",
     "there is no concept 'zzz.qqq'; one of the town's own begins with 'local.'"),
    (form({"type": "number", "concept": "person.dateOfBirth"}), "concept",
     "'person.dateOfBirth' is asked as date, not as number"),
    (form({"type": "text", "concept": "document.sitePlan"}), "concept",
     "'document.sitePlan' is asked as file, not as text"),
    (form({"id": "a", "type": "text", "concept": "person.fullName"},
          {"type": "text", "concept": "person.fullName"}), "concept",
     "'person.fullName' is asked twice"),
    (form(rows(50, *ADDRESSES)), "max",
     "all entries together have up to 2551 inputs, and a page takes 1800"),
    (form(*(rows(25, *({**a, "id": f"{a['id']}_{n}"} for a in ADDRESSES), name=f"q{n}")
            for n in range(2))), "max",
     "the questions of the step have up to 2552 inputs together"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "field", "message"), WRONG)
def test_what_nobody_can_fill_in_is_refused_at_its_place(
    data: dict[str, Any], field: str, message: str
) -> None:
    with pytest.raises(DefinitionError) as refused:
        load(data)
    assert message in refused.value.message
    assert field in refused.value.path
    for language in ("en", "ja"):
        with translation.override(language):
            (problem,) = examine(data).problems
            assert problem.path == refused.value.path
            assert problem.message != refused.value.message.partition(": ")[2]


@pytest.mark.parametrize(
    "data",
    [
        form({"type": "number", "min": 5, "max": 5}),
        form({"type": "multiple", "choices": CHOICES, "min": 2}),
        form({"type": "text", "concept": "local.boatName"}),
        form({"type": "file", "concept": "document.nobodyKnewOfIt"}),
        # What an answer decides can ask for the same fact in two ways.
        form({"id": "a", "type": "yes_no"},
             {"id": "b", "type": "text", "concept": "person.fullName", "show_when": "a"},
             {"id": "c", "type": "text", "concept": "person.fullName", "show_when": "!a"}),
        form({"id": "a", "type": "yes_no"}, {"type": "text", "show_when": "false"}),
        form({"id": "a", "type": "yes_no", "validate": [{"rule": "a", "message": "x"}]}),
        form(rows(35, *ADDRESSES)),
    ],
)  # fmt: skip
def test_what_works_is_taken(data: dict[str, Any]) -> None:
    load(data)
    assert examine(data).complete


def test_what_was_published_before_goes_on(town: Any) -> None:
    """A rule that came later unpublishes nothing: its applications can be read."""
    data = form({"type": "text", "concept": "person.fulName"})
    old = FormDefinition.model_validate(data)
    row = FormVersion.objects.create(
        key="f", number=1, definition=old.as_json(), digest=old.digest()
    )
    assert list(versions.prepared_of(row).nodes) == ["q"]
