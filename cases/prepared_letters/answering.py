"""Using a letter: filling in a draft with it, and tying what was sent to it, once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from audit import ledger
from cases.models import Case
from cases.prepared_letters import matching
from cases.prepared_letters.matching import rule_of
from cases.prepared_letters.models import PreparedLetter
from catalogue.models import Offering
from common.actor import Actor
from common.errors import InvalidInput, NotAllowed
from forms import from_letter
from forms.models import Draft


def answers_of(letter: PreparedLetter, offering: Offering) -> dict[str, Any]:
    """What the letter says, by question, its number among it; None where it says nothing."""
    rule = offering.template.service.prepared_letters
    if rule is None:
        return {}
    told = {name: letter.value_of(column) for name, column in rule.fill.items()}
    return told | {rule.number: letter.number}


@transaction.atomic
def use(*, draft: Draft, letter: PreparedLetter, offering: Offering, by: Actor) -> list[str]:
    """Fill in `draft` from the letter of its applicant. Returns the questions that were filled in.

    Raises `NotAllowed` for a letter that cannot be answered (any more), `DraftClosed`.
    """
    rule = rule_of(offering)
    if rule is None:
        return []
    check_open(letter)
    told = answers_of(letter, offering)
    filled = from_letter.fill(draft, told, fixed={*rule.fixed, rule.number})
    ledger.record(
        event="prepared_letter.used",
        by=by,
        about=draft.about,
        object_kind="draft",
        object_id=str(draft.pk),
        purpose=f"service:{draft.subject}"[:200],
        data={"letter": str(letter.pk), "questions": sorted(filled)},
    )
    return filled


def check_open(letter: PreparedLetter) -> None:
    """Whether whoever holds the letter can answer it today. Raises `NotAllowed`."""
    if letter.withdrawn_at is not None:
        raise NotAllowed(
            _("This letter cannot be used any more. Please ask the office that sent it."),
            code="withdrawn",
        )
    if letter.answered_at is not None:
        raise NotAllowed(
            _("This letter was answered already, on %(day)s.")
            % {"day": date_format(timezone.localdate(letter.answered_at))},
            code="answered",
        )
    if letter.is_over:
        raise NotAllowed(
            _(
                "The last day to answer this letter was %(day)s. Please ask the office whether it "
                "can still be taken."
            )
            % {"day": date_format(letter.last_day)},
            code="over",
        )


def in_the_way(offering: Offering | None, letter: PreparedLetter | None) -> dict[str, list[str]]:
    """Why the letter that a draft was filled in from cannot be answered any more, by question.

    Says nothing about a number that was merely typed: that is looked up when it is sent.
    """
    rule = rule_of(offering)
    if rule is None or letter is None:
        return {}
    try:
        check_open(letter)
    except NotAllowed as refusal:
        return {rule.number: [str(refusal)]}
    return {}


def check(
    offering: Offering, answers: Mapping[str, Any], *, case: Case | None = None
) -> PreparedLetter | None:
    """The letter that `answers` name by its number, with its row locked: of two who send at once
    the second waits and is refused. None: no number, or a town that uploaded no list.

    `case`: the one that is corrected. Raises `InvalidInput` at the question of the number.
    """
    rule = rule_of(offering)
    number = answers.get(rule.number) if rule is not None else None
    if rule is None or not number:
        return None
    letter = matching.by_number(offering, str(number), lock=True)
    if letter is None and not PreparedLetter.objects.filter(offering=offering).exists():
        return None
    if letter is None or letter.birth_date.isoformat() != answers.get(rule.born):
        message = _("No letter with this number was sent to somebody with this date of birth.")
        raise InvalidInput({rule.number: [message]})
    if case is None or letter.case_id not in matching.one_answer(case):
        try:
            check_open(letter)
        except NotAllowed as refusal:
            raise InvalidInput({rule.number: [str(refusal)]}) from refusal
    return letter


def tie(case: Case, letter: PreparedLetter | None) -> None:
    """What `check` found is answered by `case`, and no other is. None: it answers none any more,
    as when it is taken back."""
    if rule_of(case.offering) is None:
        return
    mine = matching.one_answer(case)
    others = PreparedLetter.objects.filter(case__in=mine)
    if letter is not None:
        others = others.exclude(pk=letter.pk)
    others.update(case=None, answered_at=None)
    if letter is not None and letter.case_id not in mine:
        letter.case, letter.answered_at = case, timezone.now()
        letter.save(update_fields=["case", "answered_at"])
