"""Whether what was sent agrees with the letter that it answers. For the office."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import get_language

from cases.models import Case
from cases.prepared_letters.answering import answers_of
from cases.prepared_letters.matching import same_address
from cases.prepared_letters.models import PreparedLetter
from common.text import folded
from forms import display


@dataclass(frozen=True, slots=True)
class Difference:
    """A question whose answer is not what the letter says."""

    label: str
    letter: str
    answer: str


def differences(case: Case, letter: PreparedLetter) -> list[Difference]:
    """What is different; ways to write a name or the numbers of an address are not."""
    language = get_language() or "ja"
    questions = case.application.version.form.questions_by_id
    found = []
    for name, told in answers_of(letter, case.offering).items():
        question, given = questions.get(name), case.answers.get(name)
        if question is None or told is None or _agree(told, given):
            continue
        found.append(
            Difference(
                question.label.in_language(language),
                display.text_of(question, told, language),
                display.text_of(question, given, language),
            )
        )
    return found


def _agree(told: Any, given: Any) -> bool:
    if isinstance(told, Mapping) and isinstance(given, Mapping):
        return same_address(told, given)
    if isinstance(told, str) and isinstance(given, str):
        return folded(told) == folded(given)
    return bool(told == given)
