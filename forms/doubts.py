"""Answers that may be right although they look wrong: asked about once, never refused.

So far: an account at a bank or branch that the list does not have, since it may be younger than
the list. Whoever says at the field that it is right goes on; the answer is the same either way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from forms import answered, banks
from forms.parsing import Posted
from forms.questions import BankAccountQuestion, QuestionBase

#: Behind the name of a field: the box to tick.
SURE = "-sure"


def open_ones(
    questions: Iterable[QuestionBase], answers: Mapping[str, Any], post: Posted
) -> list[str]:
    """The fields with an answer in doubt that `post` does not say is right."""
    found = []
    for name, question, value in answered.places(questions, answers):
        if not isinstance(question, BankAccountQuestion):
            continue
        part = banks.unlisted(value)
        if part and post.get(f"{name}-{part}{SURE}") != mark(part, value):
            found.append(f"{name}-{part}")
    return found


def mark(part: str, account: Mapping[str, str]) -> str:
    """What the ticked box stands for: these codes and no others."""
    return account[part] if part == "bankCode" else f"{account['bankCode']}-{account[part]}"


def notice() -> str:
    """What is said above the page."""
    return _("Please look at the marked code once more, and say below it that it is right.")
