"""Reading cases: the inbox, a case for its reader, and its course for the resident."""

from __future__ import annotations

import unicodedata
import uuid
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import jaconv
from django.db.models import (
    Count,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Value,
)
from django.db.models.functions import Replace
from django.utils import timezone
from django.utils.translation import gettext as _

from cases import clocks, policies, timeline
from cases.clocks import ClockNow
from cases.models import Application, Case, Consultation, CorrectionRequest, Decision
from catalogue.queries import published
from common.database import one_or_none
from common.errors import NotFound
from common.lookup import Lookup
from documents.models import Document
from forms.models import FormVersion
from identity.models import User
from identity.roles import Role, departments_of, has_role
from payments.models import FeeDue
from workflow.definition import Ball, Outcome, Stage

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


def _with_decision(case: Case) -> Case:
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
        .select_related("application", "decision__fee")
        .order_by("-application__submitted_at")
    )


def case_for_resident(user: User, case_id: uuid.UUID) -> Case:
    """The resident's own case. Raises `NotFound` for anything else."""
    case = _case_of_resident.one(pk=case_id, resident=user.pk)
    if case is None:
        raise NotFound(_("There is no such application."), code="no_case")
    case.resident = user
    return _with_decision(case)


def case_for_staff(user: User, case_id: uuid.UUID) -> Case:
    """A case that this member of staff may read. Raises `NotFound` for anything else."""
    case = _case.one(pk=case_id)
    if case is not None and case.assigned_to_id == user.pk:
        case.assigned_to = user  # so that most pages need not read it
    if case is None or not policies.may_read(case, user):
        raise NotFound(_("There is no such case."), code="no_case")
    return _with_decision(case)


@dataclass(frozen=True, slots=True)
class InboxFilter:
    """What the inbox shows. `view`: open, mine, unassigned, overdue, waiting, closed, consult."""

    view: str = "open"
    offering: str = ""
    stage: str = ""
    text: str = ""


#: What a list shows. No answers: they are the bulk of the rows.
_LISTED = (
    "offering",
    "workflow_version",
    "department",
    "stage",
    "received_on",
    "due_on",
    "days_left_when_paused",
    "paused_on",
    "closed_at",
    "application__receipt_number",
    "application__represented_then",
    "resident__name",
    "assigned_to__name",
)


def inbox(user: User, chosen: InboxFilter) -> QuerySet[Case]:
    """Cases of the user's departments, most urgent first (waiting ones last)."""
    cases = (
        Case.objects.select_related("application", "resident", "assigned_to")
        .only(*_LISTED)
        .filter(_readable_by(user))
    )
    cases = cases.filter(_in_view(user, chosen.view))
    if chosen.offering:
        cases = cases.filter(offering__slug=chosen.offering)
    if chosen.stage:
        cases = cases.filter(stage=chosen.stage)
    cases = _found_by_words(cases, user, chosen.text)
    if chosen.view == "closed":
        return cases.order_by("-closed_at", "pk")
    return cases.order_by("due_on", "received_on", "pk")


def _found_by_words(cases: QuerySet[Case], user: User, text: str) -> QuerySet[Case]:
    """Every word in the receipt number, or in the name of an applicant whose case one works on.

    Full-width letters, hiragana for a kana name and a name written without its space are found.
    """
    words = unicodedata.normalize("NFKC", text).split()
    if not words:
        return cases
    cases = cases.annotate(
        plain_name=_without_spaces("resident__name"),
        plain_kana=_without_spaces("resident__name_kana"),
    )
    worked = _worked_by(user)
    for word in words:
        kana = jaconv.hira2kata(word)
        by_name = Q(plain_name__icontains=word) | Q(plain_kana__icontains=kana)
        by_name |= Q(application__represented_then__name__icontains=word)
        by_name |= Q(application__represented_then__name_kana__icontains=kana)
        cases = cases.filter(Q(application__receipt_number__icontains=word) | (worked & by_name))
    return cases


def _without_spaces(field: str) -> Replace:
    return Replace(Replace(F(field), Value(" "), Value("")), Value("\u3000"), Value(""))


def _desk_departments(user: User) -> frozenset[str] | None:
    """Where the user works cases; None means everywhere."""
    keys: frozenset[str] = frozenset()
    for role in policies.DESK_ROLES:
        held = departments_of(user, role)
        if held is None:
            return None
        keys |= held
    return keys


def _worked_by(user: User) -> Q:
    """Cases of the departments where the user is caseworker or lead."""
    desk = _desk_departments(user)
    # A role without a department counts everywhere.
    return Q() if desk is None else Q(department__key__in=desk)


def worked_on(user: User) -> QuerySet[Case]:
    """Cases of the departments where the user is caseworker or lead."""
    return Case.objects.filter(_worked_by(user))


def at_desk_of(user: User) -> Q:
    """Offerings of those departments."""
    # An empty Q would vanish from an "or".
    return _worked_by(user) or Q(pk__isnull=False)


def _readable_by(user: User) -> Q:
    """Cases one works on, and those on which one's department is or was asked."""
    if _desk_departments(user) is None:
        return Q()
    readable = _worked_by(user)
    consulted = departments_of(user, Role.CONSULTEE)
    if consulted or consulted is None:
        asked = Consultation.objects.filter(case=OuterRef("pk"))
        if consulted is not None:
            asked = asked.filter(department__key__in=consulted)
        readable |= Q(Exists(asked))
    return readable


VIEWS = ("mine", "unassigned", "open", "waiting", "overdue", "consult", "closed")


def inbox_counts(user: User) -> dict[str, int]:
    """How many cases each view holds, the closed ones left out. One statement."""
    counted = [view for view in VIEWS if view != "closed"]
    return Case.objects.filter(_readable_by(user)).aggregate(
        **{view: Count("pk", filter=_in_view(user, view)) for view in counted}
    )


def _in_view(user: User, view: str) -> Q:
    still_open = Q(closed_at__isnull=True)
    if view == "mine":
        return still_open & Q(assigned_to=user)
    if view == "unassigned":
        return still_open & Q(assigned_to__isnull=True)
    if view == "overdue":
        return still_open & Q(due_on__lt=timezone.localdate())
    if view == "waiting":
        return still_open & Q(due_on__isnull=True)
    if view == "closed":
        return Q(closed_at__isnull=False)
    if view == "consult":
        keys = departments_of(user, Role.CONSULTEE)
        asked = Consultation.objects.filter(case=OuterRef("pk"), answered_at__isnull=True)
        if keys is not None:
            asked = asked.filter(department__key__in=keys)
        return still_open & Q(Exists(asked))
    return still_open


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

    @property
    def ball(self) -> Ball:
        return self.stage.ball


def progress(case: Case) -> Progress:
    """The course of a case in three statements besides the case itself."""
    decision = getattr(case, "decision", None)
    fee = decision.fee if decision else None
    open_correction = case.corrections.filter(answered_at__isnull=True).first()
    return Progress(
        case=case,
        stage=case.stage_now,
        clock=clock(case),
        entries=timeline.entries(case),
        correction=open_correction,
        fee=fee if fee and fee.state == FeeDue.State.DUE else None,
        decision=decision,
        document=decision.letter if decision else None,
        can_withdraw=any(
            move.verb == "withdraw" and case.stage in move.from_ for move in case.workflow.moves
        ),
    )


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
    return _desk_departments(user) == frozenset() and has_role(user, Role.CONSULTEE)


def public_form(key: str, number: int) -> FormVersion:
    """A version of a form that anybody may know: it is offered, or applications were sent with it.

    A version that nobody ever used and that is not offered is nobody's business. Raises `NotFound`.
    """
    used = Exists(published().filter(form_version=OuterRef("pk"))) | Exists(
        Application.objects.filter(version=OuterRef("pk"))
    )
    found = one_or_none(FormVersion.objects.filter(used, key=key, number=number))
    if found is None:
        raise NotFound(_("There is no such form."), code="no_form")
    return found
