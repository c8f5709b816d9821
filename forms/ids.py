"""Ids of a form: each question's its own, no option twice, groups no deeper than pages can be."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import rules
from forms.errors import DefinitionError
from forms.questions import (
    DEEPEST_GROUPS,
    ChoiceQuestion,
    GroupQuestion,
    MultipleQuestion,
    QuestionBase,
)

if TYPE_CHECKING:
    from forms.definitions import FormDefinition

#: The day of asking, in every rule: rules themselves read no clock.
TODAY = "today"
_RESERVED = rules.RESERVED | {TODAY, "csrfmiddlewaretoken"}
_STEPS_TAKEN = frozenset({"check", "cosigners", "delete", "reuse"})
Path = tuple[str | int, ...]


def check(form: FormDefinition) -> None:
    """Raises `DefinitionError` with the path of what cannot be told apart, or is too deep."""
    seen: set[str] = set()
    steps: set[str] = set()
    for number, step in enumerate(form.steps):
        if step.id in steps or step.id in _STEPS_TAKEN:
            raise DefinitionError(f"step id '{step.id}' is taken", ("steps", number, "id"))
        steps.add(step.id)
        for place, question in enumerate(step.questions):
            _take(question, ("steps", number, "questions", place), seen)


def _take(question: QuestionBase, path: Path, seen: set[str], depth: int = 1) -> None:
    if question.id in _RESERVED:
        raise DefinitionError(f"'{question.id}' cannot be the id of a question", (*path, "id"))
    if question.id in seen:
        raise DefinitionError(f"two questions have the id '{question.id}'", (*path, "id"))
    seen.add(question.id)
    if isinstance(question, ChoiceQuestion | MultipleQuestion):
        values = [option.value for option in question.choices]
        for number, value in enumerate(values):
            if value in values[:number]:
                raise DefinitionError(f"two options '{value}'", (*path, "choices", number))
    if isinstance(question, GroupQuestion):
        _take_group(question, path, seen, depth)


def _take_group(question: GroupQuestion, path: Path, seen: set[str], depth: int) -> None:
    if depth > DEEPEST_GROUPS:
        raise DefinitionError(
            f"groups repeat at most {DEEPEST_GROUPS} deep: this is a group in a group of a group",
            (*path, "type"),
        )
    if question.min > question.max:
        raise DefinitionError("min is larger than max", (*path, "min"))
    for index, item in enumerate(question.questions):
        here: Path = (*path, "questions", index)
        _take(item, here, seen, depth + 1)
        if item.concept and not question.concept:
            raise DefinitionError(
                "what entries hold is known only where their group has a concept",
                (*here, "concept"),
            )


_EQUAL = re.compile(r"""\b([a-z][a-z0-9_]*)\s*[!=]=\s*["']([^"'\\]*)["']""")
_WITHIN = re.compile(r"\b([a-z][a-z0-9_]*)\s+in\s+\[([^\]]*)\]")
_CONTAINS = re.compile(r"""["']([^"'\\]*)["']\s+in\s+([a-z][a-z0-9_]*)\b(?!\s*[.(])""")


def compared(source: str) -> Iterator[tuple[str, str]]:
    """Options that a rule names: a misspelt one would never be true, and nobody would notice."""
    yield from ((name, value) for name, value in _EQUAL.findall(source))
    for name, values in _WITHIN.findall(source):
        yield from ((name, value) for value in re.findall(r"""["']([^"'\\]*)["']""", values))
    yield from ((name, value) for value, name in _CONTAINS.findall(source))


def options(questions: Iterable[QuestionBase]) -> dict[str, frozenset[str]]:
    """The values of every question with options, in groups too."""
    found: dict[str, frozenset[str]] = {}
    for question in questions:
        if isinstance(question, ChoiceQuestion | MultipleQuestion):
            found[question.id] = frozenset(option.value for option in question.choices)
        if isinstance(question, GroupQuestion):
            found |= options(question.questions)
    return found
