"""Bringing running cases to the newest version of their service's workflow.

A case keeps the version that it began with until an administrator moves it. That is a run of
`cases.bulk`: chosen and looked at here (a dry run), worked off there, in chunks that can be killed
and begun again. Each case is moved in one transaction with its ledger entry; the resident is told
only when the day until which the office has time becomes later.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from django.db import transaction
from django.db.models import Count, F
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit import ledger
from cases import bulk, clocks, conditions, declared, second_look, timeline
from cases.models import BulkItem, BulkRun, Case
from cases.steps import about, locked
from catalogue.models import Offering, workflow_of
from common import outbox
from common.actor import Actor
from common.errors import DomainError, InvalidInput, NotAllowed
from identity.models import User
from identity.roles import Role, has_role
from workflow import transfer
from workflow.definition import WorkflowDefinition

VERB = "transfer"
#: Cases of one run; more are moved by another one.
MOST = 5_000
_READ_AT_ONCE = 250


class ClockChoice(StrEnum):
    """What becomes of the period of a case."""

    # The day that the resident was told stays.
    KEEP = "keep"
    # It is counted anew from its begin, by the length of the new version.
    NEW = "new"


@dataclass(frozen=True, slots=True)
class Plan:
    """From which version to which, and how."""

    before: uuid.UUID
    after: uuid.UUID
    stages: Mapping[str, str]
    clock: ClockChoice

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Plan:
        return cls(
            uuid.UUID(options["before"]),
            uuid.UUID(options["after"]),
            options["stages"],
            ClockChoice(options["clock"]),
        )

    @property
    def old(self) -> WorkflowDefinition:
        return workflow_of(self.before)

    @property
    def new(self) -> WorkflowDefinition:
        return workflow_of(self.after)


@dataclass(frozen=True, slots=True)
class Behind:
    """Open cases of a service on an older version of its workflow."""

    offering: Offering
    before: uuid.UUID
    # By stage.
    counts: Mapping[str, int]

    @property
    def count(self) -> int:
        return sum(self.counts.values())

    @property
    def old(self) -> WorkflowDefinition:
        return workflow_of(self.before)

    @property
    def new(self) -> WorkflowDefinition:
        return self.offering.workflow


def behind() -> list[Behind]:
    """Every service with open cases on an older version. Two statements."""
    counted = (
        Case.objects.filter(closed_at__isnull=True)
        .exclude(workflow_version=F("offering__workflow_version"))
        .order_by()
        .values_list("offering", "workflow_version", "stage")
        .annotate(number=Count("pk"))
    )
    found: dict[tuple[uuid.UUID, uuid.UUID], dict[str, int]] = {}
    for offering, version, stage, number in counted:
        found.setdefault((offering, version), {})[stage] = number
    offerings = {each.pk: each for each in Offering.objects.all()}
    return sorted(
        (Behind(offerings[of], version, counts) for (of, version), counts in found.items()),
        key=lambda each: (each.offering.slug, str(each.before)),
    )


def check_admin(by: User) -> None:
    """Raises `NotAllowed`."""
    if not has_role(by, Role.ADMIN):
        raise NotAllowed(_("You do not have the role that this needs."), code="wrong_role")


@transaction.atomic
def preview(
    *, offering: Offering, before: uuid.UUID, stages: Mapping[str, str], clock: str, by: User
) -> BulkRun:
    """The dry run: for each open case of that version what would change, or why it cannot.

    `stages`: old stage → new one; a stage of the same id need not be named. `bulk.start` starts it.
    Raises `NotAllowed`, and `InvalidInput` naming the stage that does not fit.
    """
    check_admin(by)
    if clock not in {each.value for each in ClockChoice}:
        raise InvalidInput({"clock": [_("Choose what becomes of the period.")]})
    cases = Case.objects.filter(offering=offering, workflow_version=before, closed_at__isnull=True)
    if before == offering.workflow_version_id or not cases.exists():
        raise InvalidInput({"before": [_("No open case of this service is on that version.")]})
    options: dict[str, Any] = {
        "offering": offering.slug,
        "before": str(before),
        "after": str(offering.workflow_version_id),
        "clock": clock,
    }
    old, new = workflow_of(before), offering.workflow
    options["stages"] = transfer.complete(old, new, stages)
    if wrong := transfer.problems(old, new, options["stages"]):
        raise InvalidInput({f"stage-{stage}": [why] for stage, why in wrong.items()})
    run = bulk.run_over(cases, by=by, most=MOST)
    _look_at_all(run, options)
    run.verb, run.options, run.state = VERB, options, BulkRun.State.PREVIEWED
    run.save(update_fields=["verb", "options", "state"])
    return run


def _look_at_all(run: BulkRun, options: dict[str, Any]) -> None:
    """Note for each case what would change, and sum it up by stage in `options`."""
    plan, items = Plan.of(options), list(run.items.all())
    lines: dict[str, dict[str, int]] = {}
    for at in range(0, len(items), _READ_AT_ONCE):
        part = items[at : at + _READ_AT_ONCE]
        cases = bulk.read([item.case_id for item in part])
        for item in part:
            case = cases[item.case_id]
            line = lines.setdefault(
                case.stage, dict.fromkeys(("moves", "stays", "later", "earlier", "asks"), 0)
            )
            try:
                change = look_at(case, plan)
            except DomainError as refusal:
                item.state, item.reason = BulkItem.State.REFUSED, str(refusal)[:500]
                line["stays"] += 1
                continue
            item.reason = change.in_words()[:500]
            line["moves"] += 1
            line["later"] += change.later
            line["earlier"] += change.earlier
            line["asks"] += change.asks
    BulkItem.objects.bulk_update(items, ["state", "reason"], batch_size=_READ_AT_ONCE)
    options["summary"] = [
        {"stage": stage.id, "to": plan.stages[stage.id], **lines[stage.id]}
        for stage in plan.old.stages
        if stage.id in lines
    ]


@dataclass(frozen=True, slots=True)
class Change:
    """What a case's move would change. `asks`: how many opinions are asked for by it."""

    due_before: date | None
    due_after: date | None
    asks: int
    drops_proposal: bool

    @property
    def later(self) -> bool:
        return bool(self.due_before and self.due_after and self.due_after > self.due_before)

    @property
    def earlier(self) -> bool:
        return bool(self.due_before and self.due_after and self.due_after < self.due_before)

    def in_words(self) -> str:
        said = [_("The due date stays.")]
        if self.due_after != self.due_before:
            said = [
                _("Due %(before)s, then %(after)s.")
                % {"before": _day(self.due_before), "after": _day(self.due_after)}
            ]
        if self.asks:
            said.append(_("Opinions are asked for: %(count)s.") % {"count": self.asks})
        if self.drops_proposal:
            said.append(_("The proposed decision falls away."))
        return " ".join(said)


def _day(day: date | None) -> str:
    return date_format(day, "DATE_FORMAT") if day else _("no date")


def look_at(case: Case, plan: Plan) -> Change:
    """What moving the case changes; the case itself is left as it is. Raises `NotAllowed`."""
    check(case, plan)
    known = {each.declared for each in case.consultations.all()}
    due_before, kept = case.due_on, (case.workflow_version_id, case.stage)
    clock_kept = {name: getattr(case, name) for name in clocks.FIELDS}
    try:
        _bring(case, plan)
        asks = sum(
            case.stage in each.stages and each.id not in known and conditions.holds(each.when, case)
            for each in case.workflow.consultations
        )
        due_after = case.due_on
    finally:
        case.workflow_version_id, case.stage = kept
        for name, value in clock_kept.items():
            setattr(case, name, value)
    return Change(due_before, due_after, asks, second_look.waiting(case) is not None)


def check(case: Case, plan: Plan) -> None:
    """Whether this case can be moved now. Raises `NotAllowed` saying what is in the way."""
    if case.closed_at is not None:
        raise NotAllowed(_("The case is closed. It stays as it was."), code="closed")
    if case.workflow_version_id == plan.after:
        raise NotAllowed(_("The case is on this version already."), code="moved")
    if case.workflow_version_id != plan.before:
        raise NotAllowed(_("The case is on another version."), code="other_version")
    waits = [each for each in case.consultations.all() if each.answered_at is None]
    to = plan.stages[case.stage]
    if waits and not transfer.takes_opinions(plan.new, to):
        raise NotAllowed(
            _("An opinion is asked for, and at “%(stage)s” nobody could give it.")
            % {"stage": plan.new.stage(to).for_staff},
            code="opinions",
        )
    for each in waits:
        if each.declared and plan.new.consultation(each.declared) is None:
            raise NotAllowed(
                _("%(office)s is asked for an opinion that the new version does not know.")
                % {"office": each.office},
                code="undeclared",
            )


def _bring(case: Case, plan: Plan) -> None:
    before = clocks.state_of(case)
    case.workflow_version_id, case.stage = plan.after, plan.stages[case.stage]
    clocks.transfer(case, before, recount=plan.clock is ClockChoice.NEW)


@transaction.atomic
def transfer_case(*, case: Case, plan: Plan, by: User, lock: int | None = None) -> Case:
    """Move one case. Raises `NotAllowed`, `Conflict`."""
    check_admin(by)
    case = locked(case, lock)
    check(case, plan)
    stage, due_on = case.stage, case.due_on
    _bring(case, plan)
    declared.ask(case)
    if plan.old.four_eyes:
        second_look.let_fall(case)
    case.lock += 1
    case.save(update_fields=["workflow_version", "stage", "lock", *clocks.FIELDS])
    ledger.record(
        event="case.transferred",
        by=Actor.of(by),
        **about(case, before=stage, version=str(plan.after), clock=plan.clock.value),
    )
    if due_on is not None and case.due_on is not None and case.due_on > due_on:
        timeline.add(case, "due_later")
        outbox.enqueue(
            "cases.due_later",
            f"{case.pk}:{case.lock}",
            {"case_id": str(case.pk), "lock": case.lock},
        )
    return case


bulk.register(
    VERB,
    bulk.BulkVerb(
        gettext_lazy("Move to the newest version"),
        lambda case, _by, options: check(case, Plan.of(options)),
        lambda case, by, options, lock: transfer_case(
            case=case, plan=Plan.of(options), by=by, lock=lock
        ),
    ),
)
