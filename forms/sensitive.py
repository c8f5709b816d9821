"""Answers that nobody sees by the way: the Individual Number (個人番号) and whatever is marked so.

Such an answer is sealed as soon as it is read from what was typed, and stays sealed wherever the
answers go: drafts, applications, corrections, what hangs on them. So a page, a search index or a
letter that knows nothing of this shows no more than that there is an answer; only `opened` gives
it in plain words, and only `cases.showing` calls it for people.
See docs/adr/0029-sensitive-answers.md.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from common.database import connection
from forms import answered
from forms.questions import GroupQuestion, QuestionBase, TextQuestion
from identity import sealed

_PREFIX = "sealed:1:"
_PURPOSE = "madoguchi sensitive answer"


class CannotOpen(ValueError):
    """No sealed answer, or one whose key is no longer known."""


def is_sensitive(question: QuestionBase) -> bool:
    """Whether the answer is kept from being seen by the way."""
    return isinstance(question, TextQuestion) and question.sensitive


def seal(plain: str) -> str:
    """The answer as it is stored: encrypted under the newest key, for this municipality only."""
    keys = settings.SENSITIVE_ANSWER_KEYS
    box = sealed.seal(plain.encode(), purpose=_PURPOSE, context=_here(), secrets=keys)
    return _PREFIX + box


def is_sealed(value: Any) -> bool:
    """Is it an answer as `seal` makes them?"""
    return isinstance(value, str) and value.startswith(_PREFIX)


def opened(value: Any) -> str:
    """The answer in plain words. Raises `CannotOpen`."""
    if not is_sealed(value):
        raise CannotOpen("this is no sealed answer")
    box, keys = value.removeprefix(_PREFIX), settings.SENSITIVE_ANSWER_KEYS
    try:
        return sealed.unseal(box, purpose=_PURPOSE, context=_here(), secrets=keys).decode()
    except ValueError:  # another key, another town, cut short
        raise CannotOpen("sealed with a key that is no longer known, or changed since") from None


def reference(value: str) -> str:
    """A name for a sealed answer that a page may carry: it says nothing of what is in it."""
    return hashlib.sha256(value.encode()).hexdigest()[:24]


def mask() -> str:
    """What stands in place of the answer."""
    return _("Entered, not shown")


def without(questions: Iterable[QuestionBase], answers: Mapping[str, Any]) -> dict[str, Any]:
    """`answers` without the sensitive ones, in entries of groups too."""
    found = dict(answers)
    for question in questions:
        if is_sensitive(question):
            found.pop(question.id, None)
        elif isinstance(question, GroupQuestion) and question.id in found:
            found[question.id] = [
                without(question.questions, entry) for entry in found[question.id] or []
            ]
    return found


def held(questions: Iterable[QuestionBase], answers: Mapping[str, Any]) -> dict[str, str]:
    """The sensitive answers by their references: what a page may ask to keep as it is."""
    return {reference(value): value for _place, _question, value in places(questions, answers)}


def places(
    questions: Iterable[QuestionBase], answers: Mapping[str, Any]
) -> Iterator[tuple[str, QuestionBase, str]]:
    """Each sensitive answer by its place on the page (``children-0-number``), with its question."""
    for name, question, value in answered.places(questions, answers):
        if is_sensitive(question):
            yield name, question, value


def _here() -> str:
    return str(connection.schema_name)
