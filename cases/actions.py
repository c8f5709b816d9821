"""What can be done to a case. Every action is one verb in one transaction:

policy (who may) → workflow (what the stage allows) → rows → ledger → outbox.

Nothing here speaks to the outside world. What must follow a change is an outbox row, worked off by
`cases.tasks` after the commit.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from audit import ledger
from cases import cosigning, numbers, policies, queries, search, timeline
from cases.models import (
    Application,
    Case,
    Consultation,
    CorrectionRequest,
    Decision,
    RepresentationCheck,
)
from catalogue.models import Offering
from catalogue.queries import fee_of, published_one
from common import outbox
from common.actor import SYSTEM, Actor
from common.errors import Conflict, InvalidInput, NotAllowed, NotFound
from common.lookup import Lookup
from forms import drafts, eligibility, rebase
from forms.errors import TamperedValue
from forms.models import Draft
from identity.models import Department, Representation, User
from identity.representation import actions as representing
from workflow import clock
from workflow.definition import ClockRuns, Move, Verb

_RECEIPT_ATTEMPTS = 3


def submit_application(*, draft: Draft, by: Actor, language: str, confirmed: bool = False) -> Case:
    """Send a draft: application and case, receipt number, ledger, outbox, all or nothing.

    `confirmed`: whoever sends has just shown the eID again, at its strongest; some services ask
    for it. Idempotent: the draft's id is the key, so a second "send" (double click, second tab, an
    answer lost on the line) returns the case of the first. Raises `InvalidInput` when something is
    missing; `NotAllowed` when the service is not offered any more, when whoever sends may not act
    for the represented (any more), or when a signature is missing; `TamperedValue`; and `Conflict`
    when the form is not the one that `draft` shows any more: what nobody has seen is not sent.
    """
    try:
        return _submit(draft, by, language, confirmed)
    except TamperedValue as tampered:
        # Outside of what was just rolled back: an attempt leaves its trace.
        ledger.record(
            event="draft.tampered",
            by=by,
            about=str(draft.resident_id),
            object_kind="draft",
            object_id=str(draft.pk),
            purpose=f"service:{draft.subject}",
            data={"questions": sorted(set(tampered.question_ids))},
        )
        raise


@transaction.atomic
def _submit(draft: Draft, by: Actor, language: str, confirmed: bool) -> Case:
    seen = draft.version_id
    draft = Draft.objects.select_for_update().get(pk=draft.pk)
    if by.id != str(draft.resident_id):
        raise NotAllowed(_("This draft belongs to somebody else."), code="not_yours")
    sent = queries.case_of_draft(draft.pk)
    if sent is not None:
        return sent
    offering = published_one(draft.subject)
    if offering is None:
        raise NotAllowed(
            _("This service is not offered online at the moment. Your draft is kept."),
            code="not_offered",
        )
    if draft.version_id != seen or rebase.is_due(draft, offering.form_version):
        raise Conflict(
            _("The form has changed. Please look at your answers once more, then send."),
            code="form_changed",
        )
    policies.check_assurance(offering, confirmed=confirmed)
    representation = _represented(draft, offering)
    review = drafts.review(draft)
    if review.problems:
        raise InvalidInput(
            {problem.question_id: [problem.message] for problem in review.problems},
            _("Some answers are missing or need another look."),
        )
    findings = eligibility.of_draft(draft, complete=True)
    if not eligibility.may_send(draft.prepared, findings):
        raise NotAllowed(
            _("From your answers you cannot apply online. Please ask the office."),
            code="not_eligible",
        )
    version, answers, provenance, attachments = drafts.snapshot(draft)
    signatures = cosigning.signatures_of(draft, offering)
    policies.check_cosigned(offering, signatures, cosigning.digest_of(draft, answers))
    application = _insert_application(
        Application(
            idempotency_key=draft.pk,
            offering=offering,
            version=version,
            resident_id=draft.resident_id,
            language=language,
            answers=answers,
            provenance=provenance,
            fee=fee_of(offering, version.form, answers).as_json(),
            screening=[finding.as_json() for finding in findings] or None,
            representation=representation,
            represented_then=representation.record.as_json() if representation else None,
            cosigned=cosigning.record_of(signatures),
        )
    )
    case = _open_case_of(application, offering)
    drafts.close(draft)
    timeline.add(case, "submitted")
    ledger.record(
        event="application.submitted",
        by=by,
        about=str(draft.resident_id),
        object_kind="case",
        object_id=str(case.pk),
        purpose=f"service:{offering.slug}",
        data={
            "receipt_number": application.receipt_number,
            "questions": sorted(answers),
            "attachments": len(attachments),
            **_for_whom(application),
        },
    )
    outbox.enqueue("cases.submitted", str(case.pk), {"case_id": str(case.pk)})
    return case


def _represented(draft: Draft, offering: Offering) -> Representation | None:
    """For whom the draft is, after a look whether its owner may still act for them.

    The row is locked: a revocation comes wholly before the application, or wholly after it.
    """
    if draft.representation_id is None:
        return None
    found = Representation.objects.select_for_update().get(pk=draft.representation_id)
    policies.check_represents(found, offering, draft.resident)
    return found


def _for_whom(application: Application) -> dict[str, str]:
    """What the ledger says about it: an id, no name."""
    found = application.representation_id
    return {"representation": str(found)} if found else {}


def _insert_application(application: Application) -> Application:
    today = timezone.localdate()
    for attempt in range(_RECEIPT_ATTEMPTS):
        application.receipt_number = numbers.receipt_number(
            application.idempotency_key, today, attempt
        )
        try:
            with transaction.atomic():
                application.save(force_insert=True)
        except IntegrityError as error:
            # Only another key's number is a reason to try again; the key itself is locked by us.
            if "receipt_number" not in str(error) or attempt + 1 == _RECEIPT_ATTEMPTS:
                raise
        else:
            return application
    raise AssertionError("unreachable")


def _open_case_of(application: Application, offering: Offering) -> Case:
    workflow = offering.workflow
    today = timezone.localdate()
    return Case.objects.create(
        application=application,
        offering=offering,
        workflow_version_id=offering.workflow_version_id,
        department_id=offering.department_id,
        resident_id=application.resident_id,
        stage=workflow.initial,
        received_on=today,
        due_on=clock.due_on(workflow.clock, today),
    )


def open_case(*, case: Case, by: Actor, purpose: str = "processing") -> None:
    """Note that a member of staff read a resident's data; the resident sees it in "My data"."""
    _note_reading("case.opened", case, by, purpose)


def open_attachment(
    *, case: Case, attachment_id: uuid.UUID, by: Actor, purpose: str = "processing"
) -> None:
    """Note that a member of staff opened a file that came with the application."""
    _note_reading("attachment.opened", case, by, purpose, attachment=str(attachment_id))


def open_letter(*, case: Case, by: Actor, purpose: str = "processing") -> None:
    """Note that a member of staff opened the letter with the decision."""
    _note_reading("letter.opened", case, by, purpose)


def open_copy(*, case: Case, by: Actor, purpose: str = "processing") -> None:
    """Note that a member of staff opened the copy of the application."""
    _note_reading("copy.opened", case, by, purpose)


# One INSERT: a savepoint around it would cost two statements more on the busiest page.
@transaction.atomic(savepoint=False)
def _note_reading(event: str, case: Case, by: Actor, purpose: str, **data: Any) -> None:
    ledger.record(
        event=event,
        by=by,
        about=str(case.resident_id),
        object_kind="case",
        object_id=str(case.pk),
        purpose=purpose,
        data=data,
    )


def open_authority(*, case: Case, by: Actor) -> None:
    """Note that a member of staff opened the paper on which somebody acts for another."""
    _note_reading("representation.opened", case, by, "processing")


@transaction.atomic
def check_representation(
    *, case: Case, verdict: str, reason: str, by: User, lock: int | None = None
) -> RepresentationCheck:
    """Confirm or doubt that the sender may act for the represented.

    A confirmation counts for later applications, too; a doubt is told to the sender. Raises
    `NotFound` when nobody is represented, `NotAllowed`, `Conflict`, `InvalidInput`.
    """
    case = _locked(case, lock)
    representation = case.application.representation
    if representation is None:
        raise NotFound(_("Nobody is represented in this case."), code="no_representation")
    policies.check_may_check_ground(case, by)
    if verdict not in RepresentationCheck.Verdict.values:
        raise InvalidInput({"verdict": [_("Choose what you have found.")]})
    confirmed = verdict == RepresentationCheck.Verdict.CONFIRMED
    if confirmed:
        representing.confirm(representation=representation, by=by)
    else:
        representing.doubt(representation=representation, reason=reason, by=by)
    check = RepresentationCheck.objects.create(
        case=case, verdict=verdict, reason="" if confirmed else reason.strip(), checked_by=by
    )
    case.lock += 1
    case.save(update_fields=["lock"])
    timeline.add(case, f"representation_{verdict}")
    if not confirmed:
        outbox.enqueue("cases.representation_doubted", str(check.pk), {"check_id": check.pk})
    return check


@transaction.atomic
def claim_case(*, case: Case, by: User, lock: int | None = None) -> Case:
    """Take a case onto one's own desk. Raises `NotAllowed`, `Conflict`."""
    case = _locked(case, lock)
    move = policies.check_move(case, Verb.CLAIM, roles=policies.roles_on(case, by))
    first = case.assigned_to_id is None
    case.assigned_to = by
    _apply(case, move)
    if first:
        timeline.add(case, "claimed")
    _record(case, "case.claimed", Actor.of(by))
    return case


@transaction.atomic
def request_consultation(
    *, case: Case, department: Department, question: str, by: User, lock: int | None = None
) -> Consultation:
    """Ask another department, in parallel to the case. Raises `NotAllowed`, `InvalidInput`."""
    case = _locked(case, lock)
    move = policies.check_move(case, Verb.REQUEST_CONSULTATION, roles=policies.roles_on(case, by))
    question = _required(question, "question", _("Write what you want to know."))
    if case.consultations.filter(department=department, answered_at__isnull=True).exists():
        raise Conflict(_("This department has been asked already."), code="asked")
    consultation = Consultation.objects.create(
        case=case, department=department, question=question, asked_by=by
    )
    _apply(case, move)
    timeline.add(case, "consultation_requested", department=department.name)
    _record(
        case,
        "consultation.requested",
        Actor.of(by),
        department=department.key,
        consultation=str(consultation.pk),
    )
    outbox.enqueue(
        "cases.consultation_requested",
        str(consultation.pk),
        {"consultation_id": str(consultation.pk)},
    )
    return consultation


@transaction.atomic
def answer_consultation(
    *, consultation: Consultation, opinion: str, text: str, by: User
) -> Consultation:
    """Give the asked department's opinion. Raises `NotAllowed`, `Conflict`, `InvalidInput`."""
    case = _locked(consultation.case, None)
    consultation = Consultation.objects.select_related("department").get(pk=consultation.pk)
    policies.check_opinion(consultation, by)
    move = policies.check_move(case, Verb.ANSWER_CONSULTATION, roles={"consultee"})
    if opinion not in Consultation.Opinion.values:
        raise InvalidInput({"opinion": [_("Choose an opinion.")]})
    if opinion != Consultation.Opinion.NO_OBJECTION:
        text = _required(text, "text", _("Write the conditions or the objection."))
    consultation.opinion = opinion
    consultation.text = text.strip()
    consultation.answered_by = by
    consultation.answered_at = timezone.now()
    consultation.save(update_fields=["opinion", "text", "answered_by", "answered_at"])
    _apply(case, move)
    timeline.add(case, "consultation_answered", department=consultation.department.name)
    _record(
        case,
        "consultation.answered",
        Actor.of(by),
        department=consultation.department.key,
        opinion=opinion,
    )
    return consultation


@transaction.atomic
def request_correction(
    *,
    case: Case,
    question_ids: Sequence[str],
    message: str,
    by: User,
    lock: int | None = None,
) -> CorrectionRequest:
    """Ask the resident to answer some questions again; the clock pauses.

    Raises `NotAllowed`, `Conflict`, `InvalidInput`.
    """
    case = _locked(case, lock)
    move = policies.check_move(case, Verb.REQUEST_CORRECTION, roles=policies.roles_on(case, by))
    form = case.application.version.form
    chosen = [question_id for question_id in form.questions_by_id if question_id in question_ids]
    if not chosen or len(chosen) != len(set(question_ids)):
        raise InvalidInput({"question_ids": [_("Choose the questions that need a correction.")]})
    message = _required(message, "message", _("Write what has to be corrected."))
    correction = CorrectionRequest(case=case, question_ids=chosen, message=message, requested_by=by)
    correction.draft = drafts.open_correction(
        resident=case.resident,
        version=case.application.version,
        subject=f"correction:{correction.pk}",
        answers=case.answers,
        provenance=case.provenance,
        question_ids=chosen,
        representation_id=case.application.representation_id,
    )
    correction.save(force_insert=True)
    _apply(case, move)
    timeline.add(case, "correction_requested")
    _record(case, "correction.requested", Actor.of(by), questions=chosen)
    outbox.enqueue(
        "cases.correction_requested", str(correction.pk), {"correction_id": str(correction.pk)}
    )
    return correction


@transaction.atomic
def answer_correction(*, correction: CorrectionRequest, by: Actor) -> Case:
    """Send the corrected answers of the correction's draft; the clock goes on.

    Idempotent: a second "send" changes nothing. Raises `InvalidInput`, `NotAllowed`.
    """
    case = _locked(correction.case, None)
    correction = CorrectionRequest.objects.select_related("draft").get(pk=correction.pk)
    if by.id != str(case.resident_id):
        raise NotFound(_("There is no such application."), code="no_case")
    if correction.answered_at is not None:
        return case
    policies.check_still_acts(case)
    move = policies.check_move(case, Verb.ANSWER_CORRECTION, roles={"resident"})
    draft = correction.draft
    if draft is None:
        raise Conflict(_("This correction was closed."), code="closed")
    review = drafts.review(draft)
    if review.problems:
        raise InvalidInput(
            {problem.question_id: [problem.message] for problem in review.problems},
            _("Some answers are missing or need another look."),
        )
    _version, answers, provenance, _attachments = drafts.snapshot(draft)
    changed = {
        name for name in answers.keys() | case.answers.keys()
        if answers.get(name) != case.answers.get(name)
    }  # fmt: skip
    correction.replaced = {name: case.answers.get(name) for name in sorted(changed)}
    correction.answered_at = timezone.now()
    correction.save(update_fields=["replaced", "answered_at"])
    case.corrected = {**case.corrected, **{name: answers.get(name) for name in changed}}
    case.corrected_provenance = {
        **case.corrected_provenance,
        **{name: provenance.get(name) for name in changed},
    }
    drafts.close(draft)
    _apply(case, move, "corrected", "corrected_provenance")
    search.put(case)
    timeline.add(case, "correction_answered")
    _record(case, "correction.answered", by, questions=sorted(changed))
    return case


@transaction.atomic
def decide(
    *,
    case: Case,
    outcome: str,
    conditions: Sequence[str],
    reason: str,
    by: User,
    waive_fee: bool = False,
    lock: int | None = None,
) -> Decision:
    """Approve, refuse or acknowledge. Letter, fee, register and notice follow by the outbox.

    Raises `NotAllowed` with the reason, `Conflict`, `InvalidInput`.
    """
    case = _locked(case, lock)
    move = policies.check_decision(
        case,
        outcome=outcome,
        reason=reason,
        waive_fee=waive_fee,
        roles=policies.roles_on(case, by),
        by=by,
    )
    approved = outcome == Decision.Outcome.APPROVED
    rule = case.offering.template.service.register_entry
    decision = Decision.objects.create(
        case=case,
        outcome=outcome,
        number=numbers.next_number(rule.number_prefix if rule else "", timezone.localdate()),
        conditions=[line.strip() for line in conditions if line.strip()] if approved else [],
        reason=reason.strip(),
        fee_waived=waive_fee,
        decided_by=by,
    )
    _apply(case, move)
    timeline.add(case, outcome)
    _record(case, f"case.{outcome}", Actor.of(by), number=decision.number)
    outbox.enqueue("cases.decided", str(decision.pk), {"decision_id": str(decision.pk)})
    return decision


@transaction.atomic
def withdraw(*, case: Case, by: Actor, lock: int | None = None) -> Case:
    """The applicant takes the application back. Raises `NotAllowed`, `Conflict`."""
    case = _locked(case, lock)
    if by.id != str(case.resident_id):
        raise NotFound(_("There is no such application."), code="no_case")
    policies.check_still_acts(case)
    move = policies.check_move(case, Verb.WITHDRAW, roles={"resident"})
    case.corrections.filter(answered_at__isnull=True).update(answered_at=timezone.now())
    _apply(case, move)
    timeline.add(case, "withdrawn")
    _record(case, "case.withdrawn", by)
    return case


@transaction.atomic
def mark_fee_paid(*, fee_id: uuid.UUID) -> Case | None:
    """The fee of a decision was paid: the case goes on. Idempotent; None when it has already."""
    found = Decision.objects.filter(fee_id=fee_id).select_related("case").first()
    if found is None:
        raise NotFound(_("No decision waits for this fee."), code="no_decision")
    case = _locked(found.case, None)
    pays = any(move.verb == Verb.PAY and case.stage in move.from_ for move in case.workflow.moves)
    if not pays:
        return None
    move = policies.check_move(case, Verb.PAY, roles={"system"})
    _apply(case, move)
    timeline.add(case, "paid")
    _record(case, "fee.paid", SYSTEM, fee=str(fee_id))
    outbox.enqueue("cases.issue_letter", str(found.pk), {"decision_id": str(found.pk)})
    return case


_case_locked: Lookup[Case] = Lookup(
    lambda pk: Case.objects.select_for_update().filter(pk=pk), pk=uuid.UUID
)


_held: ContextVar[Mapping[uuid.UUID, Case]] = ContextVar("held", default=MappingProxyType({}))


@contextmanager
def holding(cases: Iterable[Case]) -> Iterator[None]:
    """Within: these cases were read and locked in the caller's transaction, and are not again."""
    token = _held.set({case.pk: case for case in cases})
    try:
        yield
    finally:
        _held.reset(token)


def _locked(case: Case, lock: int | None) -> Case:
    held = _held.get().get(case.pk)
    if held is not None:
        policies.check_unchanged(held, lock)
        return held
    fresh = _case_locked.one(pk=case.pk)
    if fresh is None:
        raise NotFound(_("There is no such case."), code="no_case")
    # What the page has read already, and still belongs to the case, is not read again.
    for name in ("application", "offering", "department", "resident"):
        same = getattr(fresh, f"{name}_id") == getattr(case, f"{name}_id")
        if same and name in case._state.fields_cache:  # noqa: SLF001
            setattr(fresh, name, getattr(case, name))
    policies.check_unchanged(fresh, lock)
    return fresh


def _apply(case: Case, move: Move, *also: str) -> None:
    """Take the case along a move: stage, clock, closing, and one more change counted."""
    before = case.stage_now.clock
    if move.to:
        case.stage = move.to
    now, declared = case.stage_now, case.workflow.clock
    today = timezone.localdate()
    if now.clock is not before:
        if before is ClockRuns.RUNNING and case.due_on is not None:
            left = clock.remaining(declared, case.due_on, today)
            paused = now.clock is ClockRuns.PAUSED
            case.days_left_when_paused = left if paused else None
            case.paused_on = today if paused else None
            case.due_on = None
        elif now.clock is ClockRuns.RUNNING:
            case.due_on = clock.resume(declared, case.days_left_when_paused or 0, today)
            case.days_left_when_paused = case.paused_on = None
        else:
            case.days_left_when_paused = case.paused_on = None
    if now.final:
        case.closed_at = timezone.now()
    case.lock += 1
    case.save(
        update_fields=[
            "stage", "assigned_to", "due_on", "days_left_when_paused", "paused_on", "closed_at",
            "lock", *also,
        ]
    )  # fmt: skip


def _record(case: Case, event: str, by: Actor, **data: Any) -> None:
    ledger.record(
        event=event,
        by=by,
        about=str(case.resident_id),
        object_kind="case",
        object_id=str(case.pk),
        purpose="processing",
        data={"stage": case.stage, **_for_whom(case.application), **data},
    )


def _required(text: str, field: str, message: str) -> str:
    text = text.strip()
    if not text:
        raise InvalidInput({field: [message]})
    return text
