"""Paying by a provider's page: sent there, back again, and what the provider says of it.

A try is a row before the provider hears of it: whatever comes back, even after a crash in between,
finds what it is about. Nobody is sent to pay while an earlier try may still turn out to be paid.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import timedelta
from typing import Any

import structlog
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from audit import ledger
from billing import actions, providers
from billing.errors import BeingConfirmed, PaymentsUnavailable
from billing.models import Attempt, FeeDue, ProviderEvent
from billing.providers import Seen
from common import marks, outbox
from common.actor import Actor
from common.errors import Conflict, NotFound
from common.marks import Part, Parts
from identity.models import User

LOOK = "payments.look"
#: How long the provider's page can be used, and how much of it somebody sent there should have.
LASTS = timedelta(hours=1)
_ENOUGH = timedelta(minutes=10)
#: When the worker asks by itself, after the one before: soon once the payer is back; else from
#: time to time. After the last one a person has to look.
_AGAIN = {
    "returned": tuple(timedelta(seconds=seconds) for seconds in (3, 20, 60)),
    "idle": tuple(
        timedelta(minutes=minutes) for minutes in (5, 10, 20, 40, 60, 180, 360, 720, 1440)
    ),
}

State = Attempt.State
log = structlog.get_logger(__name__)


def shown(fee: FeeDue) -> Parts:
    """What the page shows from which a fee is paid: which one, and how much is still to pay."""
    return {"fee": Part(_("Fee"), [str(fee.pk), fee.outstanding])}


def begin(*, fee: FeeDue, return_url: str, language: str, mark: str = "") -> Attempt:
    """The try to send the payer to; in a second tab the same one.

    The provider is asked about every earlier try first. `mark`: what the page showed, as `shown`.
    Raises `NotDue`, `BeingConfirmed`, `PaymentsUnavailable`, `Changed`.
    """
    provider = providers.current()
    # By itself: what is found out stays written down, also when there is nothing to pay any more.
    usable = _look_at_earlier(fee.pk, provider.key)
    with transaction.atomic():
        fee = actions.locked(fee.pk)
        if fee.attempts.filter(state__in=Attempt.AWAITED).exists():
            raise BeingConfirmed(_("Your payment is being confirmed."), code="confirming")
        if fee.state != FeeDue.State.DUE:
            raise actions.not_due(fee)
        marks.check(mark, shown(fee))
        if usable is not None:
            return usable
        attempt = Attempt.objects.create(
            fee=fee,
            provider=provider.key,
            amount=fee.outstanding,
            ends_at=timezone.now() + LASTS,
            kept={"return_url": return_url, "language": language},
        )
        if provider.answers_later:
            _look_again(attempt, "idle", 0)
        return attempt


@transaction.atomic
def _look_at_earlier(fee_id: uuid.UUID, provider: str) -> Attempt | None:
    """Learn what became of earlier tries; the one that can go on, others are closed."""
    fee = actions.locked(fee_id)
    usable: Attempt | None = None
    for earlier in fee.attempts.filter(state__in=Attempt.LIVE):
        if not _still_open(earlier):
            continue
        if usable is None and _fits(earlier, fee, provider):
            usable = earlier
        else:
            take(earlier, providers.registry.get(earlier.provider).close(earlier))
    return usable


def _still_open(attempt: Attempt) -> bool:
    take(attempt, providers.registry.get(attempt.provider).look(attempt))
    return attempt.state == State.OPEN


def _fits(attempt: Attempt, fee: FeeDue, provider: str) -> bool:
    lasts = attempt.ends_at is not None and attempt.ends_at - timezone.now() > _ENOUGH
    return lasts and (attempt.amount, attempt.provider) == (fee.outstanding, provider)


@transaction.atomic
def page_of(attempt: Attempt) -> str:
    """The address to send the payer to. Raises `NotDue`, `PaymentsUnavailable`."""
    fee = actions.locked(attempt.fee_id)
    if fee.state != FeeDue.State.DUE:
        raise actions.not_due(fee)
    if attempt.state != State.OPEN:
        raise BeingConfirmed(_("Please open the fee once more."), code="not_open")
    return providers.registry.get(attempt.provider).start(attempt)


def attempt_of(attempt_id: uuid.UUID) -> Attempt:
    """Raises `NotFound`."""
    found = Attempt.objects.select_related("fee").filter(pk=attempt_id).first()
    if found is None:
        raise NotFound(_("There is no such fee."), code="no_attempt")
    return found


@transaction.atomic
def came_back(*, attempt: Attempt) -> None:
    """The payer says they have paid: ask the provider in a moment, unless it is quicker."""
    attempt = Attempt.objects.select_for_update().get(pk=attempt.pk)
    if attempt.state == State.OPEN:
        attempt.state = State.RETURNED
        attempt.save(update_fields=["state"])
        _look_again(attempt, "returned", 0)


def confirming(fee: FeeDue) -> Attempt | None:
    """The try whose outcome is awaited, or nobody can tell; none where it can be paid."""
    return fee.attempts.filter(state__in=Attempt.AWAITED).order_by("-started_at").first()


def being_confirmed(fee_ids: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Those of the fees that `confirming` has something for. One statement."""
    waits = Attempt.objects.filter(fee__in=fee_ids, state__in=Attempt.AWAITED)
    return set(waits.values_list("fee_id", flat=True))


@transaction.atomic
def dismiss(*, attempt_id: uuid.UUID, by: User) -> Attempt:
    """A person found at the provider's that no money came: the fee can be paid again.

    Should money come all the same it counts, as ever. Raises `Conflict`, `NotFound`.
    """
    attempt = attempt_of(attempt_id)
    actions.locked(attempt.fee_id)
    attempt.refresh_from_db(fields=["state"])
    if attempt.state != State.UNCLEAR:
        raise Conflict(_("There is nothing to be noted here any more."), code="not_unclear")
    attempt.state = State.OVER
    attempt.save(update_fields=["state"])
    ledger.record(
        event="fee.try_dismissed",
        by=Actor.of(by),
        object_kind="fee",
        object_id=str(attempt.fee_id),
        data={"attempt": str(attempt.pk), "amount": attempt.amount},
    )
    return attempt


def take(attempt: Attempt, seen: Seen) -> None:
    """Write down what the provider says of a try; whatever was paid before stays paid.

    Answers come late, twice and in any order: money counts whenever it comes.
    """
    actions.locked(attempt.fee_id)
    attempt.refresh_from_db(fields=["state"])
    if attempt.state == State.PAID:
        return
    if seen.result is not None:
        actions.settle(attempt.fee_id, seen.result)
    live = attempt.state in Attempt.LIVE
    to = {
        "paid": State.PAID,
        "unclear": State.UNCLEAR,
        "waiting": State.RETURNED if live else attempt.state,
        "open": State.OPEN if live else attempt.state,
    }.get(seen.state, State.OVER if live else attempt.state)
    if to == State.UNCLEAR:
        log.error("payments.unclear", attempt=str(attempt.pk), provider=attempt.provider)
    attempt.state = State(to)
    attempt.save(update_fields=["state"])


@transaction.atomic
def take_event(*, provider: str, request: HttpRequest) -> ProviderEvent | None:
    """Take what a provider sends of its own accord; None when it was taken before.

    What is about another town, or about nothing of ours, is noted and changes nothing. Raises
    `UntrustedAnswer`, `PaymentsUnavailable`.
    """
    if provider not in providers.registry:
        raise NotFound(_("There is no such page."), code="no_provider")
    speaks = providers.registry.get(provider)
    event = speaks.read_event(request)
    attempt: Attempt | None = None
    if event.attempt_id is not None:
        ours = Attempt.objects.select_related("fee").filter(provider=provider)
        attempt = ours.filter(pk=event.attempt_id).first()
    if attempt is not None:
        # In the order in which everybody locks: two events at once come one after the other.
        actions.locked(attempt.fee_id)
    row, is_new = ProviderEvent.objects.get_or_create(
        provider=provider,
        event_id=event.id,
        defaults={"kind": event.kind[:100], "attempt": attempt},
    )
    if not is_new:
        return None
    if attempt is not None:
        take(attempt, speaks.judge(attempt, event.content))
    return row


@outbox.handler(LOOK)
def look(payload: dict[str, Any]) -> None:
    """Ask the provider what became of a try, as long as that is open, ever more rarely."""
    attempt = attempt_of(uuid.UUID(payload["attempt_id"]))
    if attempt.state not in Attempt.LIVE:
        return
    try:
        take(attempt, providers.registry.get(attempt.provider).look(attempt))
    except PaymentsUnavailable:
        log.warning("payments.not_told", attempt=str(attempt.pk), provider=attempt.provider)
    series, number = payload["series"], payload["number"] + 1
    if attempt.state not in Attempt.LIVE:
        return
    if number < len(_AGAIN[series]):
        _look_again(attempt, series, number)
    elif series == "idle":
        take(attempt, Seen("unclear"))


def _look_again(attempt: Attempt, series: str, number: int) -> None:
    outbox.enqueue(
        LOOK,
        # A payer comes back as often as they like; each time it is asked anew.
        f"{attempt.pk}:{series}:{number}:{uuid.uuid4().hex}",
        {"attempt_id": str(attempt.pk), "series": series, "number": number},
        not_before=timezone.now() + _AGAIN[series][number],
    )
