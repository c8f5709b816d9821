"""A permit that can be renewed comes to its end: its holder is told in time, once.

Every night a chore finds the permits that end soon, of services that declare a renewal, and gives
each to the worker. Whether it can be renewed is asked then (`cases.linked.offers`), so nobody is
told of what is closed to them: already asked for, revoked, replaced.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from audit import ledger
from cases.linked import offers
from cases.models import RegisterEntry
from cases.steps import about
from cases.telling import tell_resident
from catalogue.linked import LinkKind, LinkRule
from catalogue.models import Offering
from common import outbox
from common.actor import SYSTEM
from common.calendar import add_months
from common.errors import NotAllowed
from notifications import notices

KIND = "cases.permit_ends"
#: So long before its last day; later where it can be renewed only later.
DAYS_BEFORE = 60


def find() -> None:
    """Give every permit that ends soon to the worker; twice a night is once."""
    today = timezone.localdate()
    for offering, rule in _renewable():
        ending = RegisterEntry.objects.filter(
            offering=offering,
            ending_told_at=None,
            closed_on=None,
            valid_until__gte=today,
            valid_until__lte=today + timedelta(days=DAYS_BEFORE),
        )
        for pk, first, last in ending.values_list("pk", "valid_from", "valid_until").iterator():
            if last is not None and first < _day_to_tell(last, rule) <= today:
                outbox.enqueue(KIND, f"{pk}:{today}", {"entry_id": str(pk)})


def _renewable() -> Iterator[tuple[Offering, LinkRule]]:
    for offering in Offering.objects.all():
        for rule in offering.template.service.linked:
            if rule.kind is LinkKind.RENEWAL:
                yield offering, rule


def _day_to_tell(last: date, rule: LinkRule) -> date:
    """A permit that began later than that is too short for its holder to forget its end."""
    return max(last - timedelta(days=DAYS_BEFORE), add_months(last, -(rule.months_before_end or 0)))


@outbox.handler(KIND)
def after_finding(payload: dict[str, Any]) -> None:
    """Tell the holder, when they can still do something about it."""
    entries = RegisterEntry.objects.select_for_update(of=("self",)).select_related(
        "decision__letter", "decision__case__application", "decision__case__resident",
        "decision__case__offering",
    )  # fmt: skip
    entry = entries.filter(pk=payload["entry_id"], ending_told_at=None).first()
    if entry is None or entry.valid_until is None:
        return
    case = entry.decision.case
    for rule in offers.rules_of(case):
        if rule.kind is not LinkKind.RENEWAL or offers.target_of(case, rule) is None:
            continue
        try:
            offers.check(case, rule, offers.links_of(case))
        except NotAllowed:
            continue
        entry.ending_told_at = timezone.now()
        entry.save(update_fields=["ending_told_at"])
        tell_resident(case, notices.PermitEnds, "ends", until=entry.valid_until)
        ledger.record(
            event="permit.ending_told",
            by=SYSTEM,
            **about(case, until=entry.valid_until.isoformat()),
        )
