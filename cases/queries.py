"""Reading cases: a case for its reader, and its course for the resident. Lists: `cases.desk`."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from billing import paying
from billing.models import FeeDue
from cases import clocks, desk, policies, timeline
from cases.clocks import ClockNow
from cases.models import Application, Case, CorrectionRequest, Decision
from catalogue.queries import published
from common.database import one_or_none
from common.errors import NotFound
from common.lookup import Lookup
from documents.models import Document
from forms.models import FormVersion
from identity.models import User
from identity.roles import Role, has_role
from notifications.models import Delivery
from workflow.definition import Ball, Outcome, Stage
from workflow.verbs import Verb

_decision: Lookup[Decision] = Lookup(
    lambda case: Decision.objects.select_related("letter", "fee", "entry").filter(case=case),
    case=UUID,
)
_application_of_draft: Lookup[Application] = Lookup(
    lambda key: Application.objects.filter(idempotency_key=key), key=UUID
)
_case_of_resident: Lookup[Case] = Lookup(
    lambda pk, resident: Case.objects.select_related("application").filter(
        pk=pk, resident=resident
    ),
    pk=UUID,
    resident=UUID,
)
_case: Lookup[Case] = Lookup(
    lambda pk: Case.objects.select_related("application", "resident").filter(pk=pk), pk=UUID
)
_open_correction: Lookup[CorrectionRequest] = Lookup(
    lambda case: CorrectionRequest.objects.filter(case=case, answered_at__isnull=True), case=UUID
)

#: What did not arrive, on the page of a case; more is in the time line.
_MOST_LOST = 5


def with_decision(case: Case) -> Case:
    """Attach the decision with letter, fee and register entry, or the knowledge of none.

    A statement of its own, and only where the stage has an outcome: joining four more tables costs
    every page of an open case more in planning than reading them costs a decided one.
    """
    decided = case.stage_now.outcome not in (None, Outcome.WITHDRAWN)
    decision = _decision.one(case=case.pk) if decided else None
    Case._meta.get_field("decision").set_cached_value(case, decision)  # noqa: SLF001
    return case


def case_of_draft(draft_id: uuid.UUID) -> Case | None:
    """The case that came of a draft, if it was sent."""
    sent = _application_of_draft.one(key=draft_id)
    return Case.objects.get(application=sent) if sent else None


def resident_cases(user: User) -> QuerySet[Case]:
    """A resident's own cases, newest first."""
    return (
        Case.objects.filter(resident=user)
        .select_related("application", "decision__fee", "fee")
        .order_by("-application__submitted_at")
    )


def case_for_resident(user: User, case_id: uuid.UUID) -> Case:
    """The resident's own case. Raises `NotFound` for anything else."""
    case = _case_of_resident.one(pk=case_id, resident=user.pk)
    if case is None:
        raise NotFound(_("There is no such application."), code="no_case")
    case.resident = user
    return with_decision(case)


def case_for_staff(user: User, case_id: uuid.UUID) -> Case:
    """A case that this member of staff may read. Raises `NotFound` for anything else."""
    case = _case.one(pk=case_id)
    if case is not None and case.assigned_to_id == user.pk:
        case.assigned_to = user  # so that most pages need not read it
    if case is None or not policies.may_read(case, user):
        raise NotFound(_("There is no such case."), code="no_case")
    return with_decision(case)


def worked_on(user: User) -> QuerySet[Case]:
    """Cases of the departments where the user is caseworker or lead."""
    return Case.objects.filter(desk.worked_by(user))


def at_desk_of(user: User) -> Q:
    """Offerings of those departments."""
    # An empty Q would vanish from an "or".
    return desk.worked_by(user) or Q(pk__isnull=False)


def undelivered(case: Case) -> list[Delivery]:
    """Mails about the case that reached nobody, the latest first, with their messages.

    None once the office noted that it told the applicant otherwise. At most one statement.
    """
    if case.undelivered_at is None:
        return []
    lost = Q(state=Delivery.State.BOUNCED) | Q(reason=Delivery.Reason.DEAD_ADDRESS)
    found = Delivery.objects.filter(
        lost,
        message__recipient=case.resident_id,
        message__key__startswith=f"case:{case.pk}:",
        channel=Delivery.Channel.MAIL,
    )
    return list(found.select_related("message").order_by("-message__created_at")[:_MOST_LOST])


def clock(case: Case, today: date | None = None) -> ClockNow:
    """The clock of a case as of `today` (the town's date)."""
    return clocks.now(case, today)


@dataclass(frozen=True, slots=True)
class Progress:
    """What the resident sees of a case, and what is theirs to do."""

    case: Case
    stage: Stage
    clock: ClockNow
    entries: list[timeline.Entry]
    correction: CorrectionRequest | None
    fee: FeeDue | None
    decision: Decision | None
    document: Document | None
    can_withdraw: bool
    # The fee seems to be paid; the provider has not confirmed it yet.
    confirming: bool = False
    # The fee is paid (or waived), and the case has not gone on yet: that takes a moment.
    settled: bool = False

    @property
    def ball(self) -> Ball:
        return Ball.OFFICE if self.settled else self.stage.ball


def progress(case: Case) -> Progress:
    """The course of a case in three statements besides the case itself."""
    decision = getattr(case, "decision", None)
    fee = (decision.fee if decision else None) or case.fee
    stands = fee.state if fee is not None else None
    if stands != FeeDue.State.DUE:
        fee = None
    open_correction = _open_correction.one(case=case.pk)
    return Progress(
        case=case,
        stage=case.stage_now,
        clock=clock(case),
        entries=timeline.entries(case),
        correction=open_correction,
        fee=fee,
        confirming=fee is not None and paying.confirming(fee) is not None,
        decision=decision,
        document=decision.letter if decision else None,
        can_withdraw=_may_come(case, Verb.WITHDRAW),
        settled=(stands in (FeeDue.State.PAID, FeeDue.State.WAIVED) and _may_come(case, Verb.PAY)),
    )


def _may_come(case: Case, verb: Verb) -> bool:
    return any(move.verb is verb and case.stage in move.from_ for move in case.workflow.moves)


def open_doubt(case: Case) -> str:
    """What the office asks about the ground on which somebody acts for another; empty for nothing.

    No statement where nobody is represented.
    """
    if case.represented is None or case.closed_at is not None:
        return ""
    last = case.representation_checks.order_by("-checked_at", "-id").first()
    return last.reason if last is not None else ""


def application_for_resident(user: User, application_id: uuid.UUID) -> Application:
    """The resident's own application. Raises `NotFound`."""
    found = one_or_none(
        Application.objects.select_related("case").filter(pk=application_id, resident=user)
    )
    if found is None:
        raise NotFound(_("There is no such application."), code="no_application")
    return found


def is_consultee_only(user: User) -> bool:
    """Whether the user only gives opinions and works no cases."""
    return desk.departments(user) == frozenset() and has_role(user, Role.CONSULTEE)


def public_form(key: str, number: int) -> FormVersion:
    """A version of a form that anybody may know, also one that another has followed long since.

    Whoever keeps answers that came with a version finds its schema, also when the last application
    with it is gone. Only of a service that was never offered nobody knows. Raises `NotFound`.
    """
    used = Exists(published().filter(form_version__key=OuterRef("key"))) | Exists(
        Application.objects.filter(version__key=OuterRef("key"))
    )
    found = one_or_none(FormVersion.objects.filter(used, key=key, number=number))
    if found is None:
        raise NotFound(_("There is no such form."), code="no_form")
    return found
