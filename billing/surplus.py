"""Money that is too much, or came for a fee that is over: given back, or put elsewhere (充当).

What is left of it is worked out from the rows each time; nothing keeps a second balance.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.db import transaction
from django.db.models import Case as When_
from django.db.models import F, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from audit import ledger
from billing import actions
from billing.models import FeeDue, Payment, Refund
from common.actor import Actor
from common.errors import Conflict
from identity.models import User

SOURCE = "moved"
#: Fees that nobody owes any more: what came for them is too much, too.
_OVER = (FeeDue.State.EXPIRED, FeeDue.State.CANCELLED)


def with_left(fees: QuerySet[FeeDue]) -> QuerySet[Any]:
    """Fees with ``left``: the yen that are too much, and neither went back nor elsewhere."""

    def sum_of(rows: QuerySet[Payment] | QuerySet[Refund]) -> Coalesce:
        of_fee = rows.filter(fee=OuterRef("pk")).order_by().values("fee")
        yen = Subquery(of_fee.annotate(yen=Sum("amount")).values("yen"))
        return Coalesce(yen, 0, output_field=IntegerField())

    extra = Payment.objects.filter(outcome=Payment.Outcome.SURPLUS)
    moved = Payment.objects.filter(outcome=Payment.Outcome.MOVED)
    back = Refund.objects.filter(state__in=Refund.COUNTS)
    too_late = When_(When(state__in=_OVER, then=F("received")), default=Value(0))
    return fees.annotate(left=sum_of(extra) + too_late - sum_of(moved) - sum_of(back))


def fees_with_too_much() -> QuerySet[Any, Any]:
    """Ids of the fees at which somebody has to decide where money goes."""
    touched = Payment.objects.filter(outcome=Payment.Outcome.SURPLUS).values("fee")
    where = Q(pk__in=touched) | Q(state__in=_OVER, received__gt=0)
    return with_left(FeeDue.objects.all()).filter(where, left__gt=0).values("pk")


def left_of(fee: FeeDue) -> int:
    """What is too much of one fee, less what is on its way back."""
    return max(with_left(FeeDue.objects.all()).values_list("left", flat=True).get(pk=fee.pk), 0)


@transaction.atomic
def move(*, fee_id: uuid.UUID, to_id: uuid.UUID, by: User) -> int:
    """Put what was too much to another fee, as far as that is still due; the yen that were moved.

    Whose fees they are is the caller's to know. Raises `NotDue`, `Conflict`, `NotFound`.
    """
    # In one order, whoever moves what where.
    locked = {key: actions.locked(key) for key in sorted({fee_id, to_id})}
    fee, to = locked[fee_id], locked[to_id]
    if to.state != FeeDue.State.DUE:
        raise actions.not_due(to)
    yen = min(left_of(fee), to.outstanding)
    if yen <= 0 or fee == to:
        raise Conflict(_("Nothing is left here that could be put to another fee."), code="no_left")
    key = uuid.uuid4().hex
    today = timezone.localdate()
    Payment.objects.create(
        fee=fee,
        provider=SOURCE,
        provider_payment_id=f"{key}:from",
        outcome=Payment.Outcome.MOVED,
        amount=yen,
        received_on=today,
    )
    ledger.record(
        event="fee.moved",
        by=Actor.of(by),
        object_kind="fee",
        object_id=str(fee.pk),
        data={"to": str(to.pk), "amount": yen},
    )
    actions.receive(
        fee_id=to.pk, source=SOURCE, key=key, amount=yen, received_on=today, by=Actor.of(by)
    )
    return yen
