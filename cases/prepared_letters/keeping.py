"""The letters that the town has posted: figures, who has not answered, withdrawal, forgetting."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import IO, Any

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from audit import ledger
from cases.prepared_letters.lists import FIELDS, about, check_may_keep
from cases.prepared_letters.models import PreparedLetter, PreparedList
from cases.prepared_letters.reading import HEADINGS, key_of
from catalogue.models import Offering
from catalogue.prepared_letters import KEPT_MONTHS
from common.actor import SYSTEM, Actor
from common.calendar import add_months
from common.errors import Conflict, NotFound
from common.tables import Column, CsvFile, Table
from identity.models import User

#: How long a list waits for somebody to take it.
WAITS = timedelta(days=1)
VIEWS: Mapping[str, Q] = {
    "open": Q(answered_at=None, withdrawn_at=None),
    "answered": Q(answered_at__isnull=False),
    "withdrawn": Q(withdrawn_at__isnull=False),
    "all": Q(),
}


@dataclass(frozen=True, slots=True)
class Figures:
    """How far it is with the letters of a service. `over` of the open ones are past their day."""

    sent: int
    answered: int
    open: int
    over: int
    withdrawn: int


def figures(offering: Offering) -> Figures:
    """One statement."""
    return Figures(
        **PreparedLetter.objects.filter(offering=offering).aggregate(
            sent=Count("pk"),
            answered=Count("pk", filter=VIEWS["answered"]),
            open=Count("pk", filter=VIEWS["open"]),
            over=Count("pk", filter=VIEWS["open"] & Q(last_day__lt=timezone.localdate())),
            withdrawn=Count("pk", filter=VIEWS["withdrawn"]),
        )
    )


def letters(offering: Offering, view: str, words: str = "") -> QuerySet[PreparedLetter]:
    """The letters of a view, or those with a number or a name."""
    found = PreparedLetter.objects.filter(offering=offering).select_related("case__application")
    if words:
        return found.filter(Q(key=key_of(words)) | Q(name__contains=words.strip())).order_by("key")
    return found.filter(VIEWS[view]).order_by("last_day", "key")


@transaction.atomic
def withdraw(*, letter_id: uuid.UUID, by: User, restore: bool = False) -> PreparedLetter:
    """The town does not hold to a letter any more, so nobody can answer it; or does so again.

    Idempotent. Raises `NotFound`, `NotAllowed`, and `Conflict` for one that was answered.
    """
    letter = (
        PreparedLetter.objects.select_for_update(of=("self",))
        .select_related("offering")
        .filter(pk=letter_id)
        .first()
    )
    if letter is None:
        raise NotFound(_("There is no such prepared letter."), code="no_letter")
    check_may_keep(letter.offering, by)
    if letter.answered_at is not None:
        raise Conflict(_("This letter was answered already."), code="answered")
    if (letter.withdrawn_at is not None) is restore:
        letter.withdrawn_at = None if restore else timezone.now()
        letter.save(update_fields=["withdrawn_at"])
        ledger.record(
            event="prepared_letters.restored" if restore else "prepared_letters.withdrawn",
            **about(letter.offering, Actor.of(by)),
            data={"letter": str(letter.pk)},
        )
    return letter


def reminders(*, offering: Offering, by: User) -> IO[bytes]:
    """The letters that can still be answered, as a list like the one that was uploaded, without
    accounts. Raises `NotAllowed`."""
    check_may_keep(offering, by)
    columns = (
        "number", "name", "name_kana", "birth_date", "postal_code", "address", "building",
        "amount", "last_day",
    )  # fmt: skip
    rows = letters(offering, "open").filter(last_day__gte=timezone.localdate())
    labels = [Column(HEADINGS[name][0], money=name == "amount") for name in columns]
    with CsvFile(Table(offering.slug, labels)) as file:
        count = 0
        for row in rows.iterator(chunk_size=1000):
            file.add(0, [_cells(row)[name] for name in columns])
            count += 1
        ledger.record(
            event="prepared_letters.listed",
            **about(offering, Actor.of(by)),
            purpose="reminder",
            data={"letters": count},
        )
        return file.finish()


def _cells(letter: PreparedLetter) -> dict[str, Any]:
    address = letter.address
    street = (address.get(part, "") for part in ("prefecture", "city", "streetAddress"))
    return {name: getattr(letter, name) for name in FIELDS} | {
        "postal_code": address.get("postalCode", ""),
        "address": "".join(street),
        "building": address.get("building", ""),
    }


def forget_old() -> None:
    """Nightly: letters that nobody answered and that were over long ago; lists nobody has taken.

    An answered letter goes with its case (`cases.retention`).
    """
    today = timezone.localdate()
    PreparedList.objects.filter(taken_at=None, uploaded_at__lt=timezone.now() - WAITS).delete()
    for offering, kept in _kept():
        before = add_months(today, -kept)
        old = PreparedLetter.objects.filter(offering=offering, case=None, last_day__lt=before)
        count, _kinds = old.delete()
        if count:
            ledger.record(
                event="prepared_letters.forgotten",
                **about(offering, SYSTEM),
                purpose="retention",
                data={"letters": count},
            )


def _kept() -> Iterator[tuple[Offering, int]]:
    for offering in Offering.objects.all():
        rule = offering.template.service.prepared_letters
        yield offering, rule.kept_months if rule is not None else KEPT_MONTHS
