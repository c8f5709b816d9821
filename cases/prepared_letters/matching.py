"""Which letter is meant: by its number and a date of birth, by the eID, or by what was sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.utils import timezone

from cases.models import Case
from cases.prepared_letters.models import PreparedLetter
from cases.prepared_letters.reading import key_of
from catalogue.models import Offering
from catalogue.prepared_letters import PreparedLetters
from common.database import one_or_none
from common.text import folded
from forms import display, seals
from forms.models import Draft
from identity import claims
from identity.addresses import comparable
from identity.models import User


def rule_of(offering: Offering | None) -> PreparedLetters | None:
    """How the service of `offering` declares such letters; None: it does not."""
    return offering.template.service.prepared_letters if offering is not None else None


def by_number(offering: Offering, number: str, *, lock: bool = False) -> PreparedLetter | None:
    """The letter with this number; `lock`: until the transaction ends nobody else answers it."""
    found = PreparedLetter.objects.filter(offering=offering, key=key_of(number)[:40])
    return one_or_none(found.select_for_update() if lock else found)


def of_holder(offering: Offering, number: str, born: str) -> PreparedLetter | None:
    """The letter of whoever knows its number and the date of birth printed with it; in one answer,
    so that nobody learns which of the two was wrong."""
    letter = by_number(offering, number)
    return letter if letter is not None and letter.birth_date.isoformat() == born else None


def of_resident(offering: Offering, user: User) -> PreparedLetter | None:
    """The one open letter that fits name, date of birth and address as the eID has just asserted
    them. None where there is none, or more than one: then the number decides."""
    if rule_of(offering) is None:
        return None
    known = {
        name: entry.get("value")
        for name, entry in claims.fresh(
            user, {claims.FULL_NAME, claims.DATE_OF_BIRTH, claims.ADDRESS}
        ).items()
    }
    name, born, address = (
        known.get(each) for each in (claims.FULL_NAME, claims.DATE_OF_BIRTH, claims.ADDRESS)
    )
    if not (name and born and isinstance(address, Mapping)):
        return None
    letters = PreparedLetter.objects.filter(
        offering=offering,
        birth_date=born,
        answered_at=None,
        withdrawn_at=None,
        last_day__gte=timezone.localdate(),
    )
    fitting = [
        letter
        for letter in letters
        if folded(letter.name) == folded(name) and same_address(letter.address, address)
    ]
    return fitting[0] if len(fitting) == 1 else None


def of_draft(draft: Draft, offering: Offering | None) -> PreparedLetter | None:
    """The letter that `draft` was filled in from. No statement for most."""
    number = number_of(draft, offering)
    return by_number(offering, number) if offering is not None and number else None


def number_of(draft: Draft, offering: Offering | None) -> str:
    """The number of the letter that `draft` was filled in from; "" for none.

    What proves it is the seal of the number (`forms.from_letter`): whoever merely types one is
    shown nothing of the letter.
    """
    rule = rule_of(offering)
    if rule is None:
        return ""
    origin = draft.provenance.get(rule.number) or {}
    number = draft.answers.get(rule.number)
    if origin.get("source") != display.LETTER or not isinstance(number, str):
        return ""
    return number if seals.holds(draft.pk, rule.number, number, origin) else ""


def of_case(case: Case) -> PreparedLetter | None:
    """The letter that a case answers; also one that was taken up anew. None for most, without a
    statement."""
    if rule_of(case.offering) is None:
        return None
    return one_or_none(PreparedLetter.objects.filter(case__in=one_answer(case)))


def one_answer(case: Case) -> set[UUID]:
    """The cases that are the same answer to a letter: it, and the one that it decides anew."""
    if case.origin_kind == Case.Origin.ANEW and case.origin_id is not None:
        return {case.pk, case.origin_id}
    return {case.pk}


def same_address(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two addresses are the same place, however their numbers are written. Without the
    building, which registers and people write as they like."""
    return comparable(one)[0] == comparable(other)[0] != ""
