"""Forms that differ, made from pieces; and drafts that have answered them."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import yaml

from common import kept
from forms import versions
from forms.definitions import load
from forms.models import FormVersion
from tests.forms.support import EVERYTHING

Data = dict[str, Any]
Edit = Callable[[Data], None]


def everything_but(*edits: Edit) -> FormVersion:
    """A published version of the form with everything, edited."""
    return versions.publish(load(edited(yaml.safe_load(EVERYTHING), *edits)))


def offer(of: Any, *edits: Edit) -> FormVersion:
    """Publish an offering's form, edited, as its new version."""
    of.form_version = versions.publish(load(edited(of.form_version.form.as_json(), *edits)))
    of.save(update_fields=["form_version"])
    kept.forget()
    return of.form_version


def edited(data: Data, *edits: Edit) -> Data:
    found = copy.deepcopy(data)
    for edit in edits:
        edit(found)
    return found


def question_of(data: Data, question_id: str) -> Data:
    for step in data["steps"]:
        for question in step["questions"]:
            if question["id"] == question_id:
                return question
            for item in question.get("questions", []):
                if item["id"] == question_id:
                    return item
    raise LookupError(question_id)


def changed(question_id: str, **values: Any) -> Edit:
    """Other values for a question; None takes one out."""

    def edit(data: Data) -> None:
        question = question_of(data, question_id)
        question.update(values)
        for name in [name for name, value in question.items() if value is None]:
            del question[name]

    return edit


def without(*question_ids: str) -> Edit:
    def edit(data: Data) -> None:
        for step in data["steps"]:
            step["questions"] = [q for q in step["questions"] if q["id"] not in question_ids]
            for question in step["questions"]:
                if "questions" in question:
                    question["questions"] = [
                        item for item in question["questions"] if item["id"] not in question_ids
                    ]
        data["steps"] = [step for step in data["steps"] if step["questions"]]

    return edit


def with_question(step_id: str, **question: Any) -> Edit:
    def edit(data: Data) -> None:
        step = next(step for step in data["steps"] if step["id"] == step_id)
        step["questions"].append({"label": {"ja": "新", "en": "New"}, **question})

    return edit


def moved(question_id: str, step_id: str) -> Edit:
    def edit(data: Data) -> None:
        question = question_of(data, question_id)
        without(question_id)(data)
        next(step for step in data["steps"] if step["id"] == step_id)["questions"].append(question)

    return edit
