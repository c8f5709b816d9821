"""Showing a sensitive answer to whoever works on the case: once, because they asked for it."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from audit import ledger
from cases import policies, subjects
from cases.models import Case
from common.actor import Actor
from common.errors import Conflict, NotAllowed, NotFound
from forms import sensitive
from identity.models import User


@transaction.atomic
def show_answer(*, case: Case, place: str, by: User) -> str:
    """The sensitive answer at `place` (its field on the form) in plain words.

    Noted in the ledger, where the resident sees who looked at it. Raises `NotAllowed` to whoever
    may not process the case, `NotFound`, and `Conflict` when its key is no longer known.
    """
    if not policies.may_process(case, by):
        raise NotAllowed(_("Only whoever works on the case may see this."), code="not_processing")
    questions = case.application.version.form.questions()
    answers = sensitive.places(questions, case.answers)
    found = next(((which, value) for where, which, value in answers if where == place), None)
    if found is None:
        raise NotFound(_("There is no such answer."), code="no_answer")
    question, value = found
    try:
        plain = sensitive.opened(value)
    except sensitive.CannotOpen:
        raise Conflict(_("This answer cannot be read any more."), code="cannot_open") from None
    ledger.record_each(
        event="answer.shown",
        by=Actor.of(by),
        objects=subjects.of_each([case]),
        object_kind="case",
        purpose="processing",
        data={"question": question.id, "place": place},
    )
    return plain
