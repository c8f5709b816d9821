"""A run of deletions: confirmed by a person, done by the worker in small portions.

Each portion is a row of the outbox and one transaction, so that a killed worker goes on where it
was, no case is half deleted, and a case that is not due any more when its turn comes is kept.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from audit import ledger
from cases.models import Case
from cases.retention import deletion, plan
from cases.retention.models import Disposal, DisposalItem, Hold
from catalogue.models import Offering
from catalogue.template import Retention
from common import outbox
from common.actor import Actor
from common.errors import Conflict, InvalidInput, NotAllowed
from identity.models import User
from identity.roles import Role, has_role

DISPOSE = "cases.dispose"
#: Cases in one transaction of the worker.
PORTION = 20
#: Cases in one run; the rest is due as well tomorrow.
MOST = 20_000
FEWEST_YEARS, MOST_YEARS = 1, 30


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is."""

    disposal: Disposal
    waiting: int
    deleted: int
    kept: int


def check_may_dispose(user: User) -> None:
    """The municipality's administrator only. Raises `NotAllowed`."""
    if not has_role(user, Role.ADMIN):
        raise NotAllowed(_("Only an administrator of the municipality may do this."), code="admin")


@transaction.atomic
def confirm(*, expected: int, typed: str, by: User) -> Disposal:
    """Begin to delete what is due today. `expected` is the number that the page showed.

    `typed` is the same number written by hand: nobody deletes by a slip. Raises `NotAllowed`,
    `InvalidInput`, and `Conflict` when the number is another by now.
    """
    check_may_dispose(by)
    # Two administrators at once: the second waits, then finds that these cases have their run.
    list(Offering.objects.select_for_update().values_list("pk", flat=True))
    lines = plan.plan()
    total = sum(line.due for line in lines)
    if total == 0:
        raise Conflict(_("Nothing is due to be deleted."), code="nothing_due")
    if total != expected:
        raise Conflict(
            _("Meanwhile %(count)s applications are due. Please look at the list once more.")
            % {"count": total},
            code="plan_changed",
        )
    if "".join(typed.split()).replace(",", "") != str(total):
        raise InvalidInput(
            {"typed": [_("Write the number %(count)s to confirm.") % {"count": total}]}
        )
    if DisposalItem.objects.filter(state=DisposalItem.State.WAITING).exists():
        raise Conflict(_("A deletion is under way. Wait until it is done."), code="under_way")
    disposal = Disposal.objects.create(
        confirmed_by=by, lines=[line.as_json() for line in lines if line.due]
    )
    _queue(disposal)
    ledger.record(
        event="disposal.confirmed",
        by=Actor.of(by),
        object_kind="disposal",
        object_id=disposal.pk,
        purpose="retention",
        data={"cases": total},
    )
    return disposal


def _queue(disposal: Disposal) -> None:
    ids: list[tuple[uuid.UUID, uuid.UUID]] = []
    for offering in Offering.objects.all():
        due = plan.due_cases(offering).values_list("pk", "application_id")
        ids += due[: MOST - len(ids)]
    items = DisposalItem.objects.bulk_create(
        DisposalItem(disposal=disposal, case_id=case, application_id=application)
        for case, application in ids
    )
    for start in range(0, len(items), PORTION):
        portion = [item.pk for item in items[start : start + PORTION]]
        outbox.enqueue(DISPOSE, f"{disposal.pk}:{start}", {"items": portion})


@outbox.handler(DISPOSE)
def dispose(payload: dict[str, Any]) -> None:
    """Delete a portion of a run: those that are still due, with their proof. Idempotent."""
    items = DisposalItem.objects.select_for_update().filter(
        pk__in=payload["items"], state=DisposalItem.State.WAITING
    )
    for item in items.order_by("id"):
        item.state = _dispose_of(item)
        item.done_at = timezone.now()
        item.save(update_fields=["state", "done_at"])


def _dispose_of(item: DisposalItem) -> str:
    case = (
        Case.objects.select_for_update(of=("self",))
        .select_related("application", "offering")
        .filter(pk=item.case_id)
        .first()
    )
    if case is None or not plan.due_cases(case.offering).filter(pk=case.pk).exists():
        return DisposalItem.State.KEPT
    outcome = case.stage_now.outcome or ""
    years = plan.years_of(plan.rules_of(case.offering), outcome)
    deletion.delete(case, years=years, outcome=outcome)
    return DisposalItem.State.DELETED


def recent() -> list[Progress]:
    """The last runs, the newest first."""
    found = []
    for disposal in Disposal.objects.select_related("confirmed_by")[:20]:
        states = list(disposal.items.values_list("state", flat=True))
        found.append(
            Progress(
                disposal,
                states.count(DisposalItem.State.WAITING),
                states.count(DisposalItem.State.DELETED),
                states.count(DisposalItem.State.KEPT),
            )
        )
    return found


@transaction.atomic
def place_hold(*, case: Case, reason: str, by: User) -> Hold:
    """Keep a case beyond its time. Raises `NotAllowed`, `InvalidInput`, `Conflict`."""
    check_may_dispose(by)
    reason = reason.strip()
    if not reason:
        raise InvalidInput({"reason": [_("Write why the case must be kept.")]})
    # A run may be at this very case.
    Case.objects.select_for_update().get(pk=case.pk)
    hold, made = Hold.objects.get_or_create(case=case, defaults={"reason": reason, "placed_by": by})
    if not made:
        raise Conflict(_("The case is held already."), code="held")
    _note("hold.placed", case, by)
    return hold


@transaction.atomic
def release_hold(*, case: Case, by: User) -> None:
    """Let a held case go when its time is over. Idempotent. Raises `NotAllowed`."""
    check_may_dispose(by)
    gone, _kinds = Hold.objects.filter(case=case).delete()
    if gone:
        _note("hold.released", case, by)


@transaction.atomic
def set_years(*, offering: Offering, years: Mapping[str, int], by: User) -> Offering:
    """The municipality's own years of keeping, by outcome. Raises `NotAllowed`, `InvalidInput`."""
    check_may_dispose(by)
    offering = Offering.objects.select_for_update().get(pk=offering.pk)
    if wrong := [
        name
        for name, value in years.items()
        if name not in Retention.model_fields or not FEWEST_YEARS <= value <= MOST_YEARS
    ]:
        message = _("Write a number of years from %(fewest)s to %(most)s.")
        span = {"fewest": FEWEST_YEARS, "most": MOST_YEARS}
        raise InvalidInput({name: [message % span] for name in wrong})
    offering.settings = {**offering.settings, "retention": dict(years)}
    offering.save(update_fields=["settings"])
    ledger.record(
        event="retention.changed",
        by=Actor.of(by),
        object_kind="offering",
        object_id=offering.pk,
        data=dict(years),
    )
    return offering


def _note(event: str, case: Case, by: User) -> None:
    ledger.record(
        event=event,
        by=Actor.of(by),
        about=case.resident_id,
        object_kind="case",
        object_id=case.pk,
        purpose="retention",
    )
