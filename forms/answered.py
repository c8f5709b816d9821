"""Every answer with its question and its place on the page, whatever groups it stands in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from forms.questions import GroupQuestion, QuestionBase


def places(
    questions: Iterable[QuestionBase], answers: Mapping[str, Any], prefix: str = ""
) -> Iterator[tuple[str, QuestionBase, Any]]:
    """Name on the page (``children-0-number``), question, answer; of a group its entries'."""
    for question in questions:
        value = answers.get(question.id)
        if isinstance(question, GroupQuestion):
            for index, entry in enumerate(value or []):
                yield from places(question.questions, entry, f"{prefix}{question.id}-{index}-")
        elif value:
            yield f"{prefix}{question.id}", question, value
