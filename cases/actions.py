"""What can be done to a case. Every action is one verb in one transaction:

policy (who may) → workflow (what the stage allows) → rows → ledger → outbox.

Nothing here speaks to the outside world. What must follow a change is an outbox row, worked off by
`cases.tasks` after the commit.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from audit import ledger
from billing.models import FeeDue
from cases import (
    alarms,
    charging,
    checked,
    clocks,
    corrections,
    cosigning,
    declared,
    entering,
    letter_words,
    numbers,
    once,
    opinions,
    partial,
    policies,
    queries,
    search,
    second_look,
    subjects,
    timeline,
)
from cases.linked import opening as linked
from cases.models import (
    Application,
    Case,
    Consultation,
    ConsultedBody,
    CorrectionRequest,
    Decision,
    Proposal,
    RepresentationCheck,
)
from cases.prepared_letters import answering, matching
from cases.steps import about, for_whom
from cases.steps import apply_move as _apply
from cases.steps import locked as _locked
from cases.steps import required as _required
from catalogue.linked import LinkRule
from catalogue.models import Offering
from catalogue.queries import fee_of, fee_terms, published_one
from common import marks, outbox
from common.actor import SYSTEM, Actor
from common.errors import Conflict, InvalidInput, NotAllowed, NotFound
from documents import wordings
from forms import drafts, eligibility, rebase
from forms.errors import TamperedValue
from forms.models import Draft
from identity.models import Department, Representation, User
from identity.representation import actions as representing
from workflow.definition import Verb

_RECEIPT_ATTEMPTS = 3


def submit_application(
    *,
    draft: Draft,
    by: Actor,
    language: str,
    confirmed: bool = False,
    read_back: str = "",
    without_sign_in: bool = False,
    mark: str = "",
) -> Case:
    """Send a draft: application and case, receipt number, ledger, outbox, all or nothing.

    `confirmed`: whoever sends has just shown the eID again, at its strongest; some services ask
    for it. `read_back`: for what staff enter at the counter, how the resident confirmed the answers
    (``read_back`` or ``signed``). `without_sign_in`: the draft was a guest's until just now
    (`cases.guest_sending`, which checks that it may be sent so). `mark`: what the check page showed
    (`cases.checked`, as a `common.marks` mark). Idempotent: the draft's id is the
    key, so a second "send" (double click, second tab, an answer lost on the line) returns the case
    of the first. Raises `InvalidInput` when something is missing; `NotAllowed` when the service is
    not offered any more, when whoever sends may not act for the represented (any more), or when a
    signature is missing; `TamperedValue`; and `Conflict` when the form is not the one that `draft`
    shows any more, or what is sent is not what `mark` shows (`Changed`): what nobody has seen is
    not sent.
    """
    try:
        return _submit(draft, by, language, confirmed, read_back, without_sign_in, mark)
    except TamperedValue as tampered:
        # Outside of what was just rolled back: an attempt leaves its trace.
        ledger.record(
            event="draft.tampered",
            by=by,
            about=draft.about,
            object_kind="draft",
            object_id=str(draft.pk),
            purpose=f"service:{draft.subject}",
            data={"questions": sorted(set(tampered.question_ids))},
        )
        raise


@transaction.atomic
def _submit(
    draft: Draft,
    by: Actor,
    language: str,
    confirmed: bool,
    read_back: str,
    without_sign_in: bool,
    mark: str,
) -> Case:
    seen = draft.version_id
    draft = Draft.objects.select_for_update().get(pk=draft.pk)
    helps = by.kind == "staff" and entering.is_helper(draft, by)
    resident_id = policies.check_signed_in(draft)
    if by.id != str(resident_id) and not helps:
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
    follows = linked.origin_of(draft, offering)
    representation = _represented(draft, offering, by)
    if helps:
        entering.check_read_back(read_back)
    review = drafts.review(draft)
    if review.problems:
        raise InvalidInput(
            {problem.question_id: [problem.message] for problem in review.problems},
            _("Some answers are missing or need another look."),
        )
    answers, provenance = review.answers, review.provenance
    letter = answering.check(offering, answers)
    fee = fee_of(offering, draft.form, answers)
    shown = checked.application(
        draft,
        answers,
        offering=offering,
        fee=fee,
        letter=letter if matching.number_of(draft, offering) else None,
        address=draft.applicant.email if without_sign_in else "",
    )
    marks.check(mark, shown)
    findings = eligibility.of_draft(draft, complete=True)
    if not eligibility.may_send(draft.prepared, findings):
        raise NotAllowed(
            _("From your answers you cannot apply online. Please ask the office."),
            code="not_eligible",
        )
    linked.check_days(offering, draft.origin, draft.origin_kind, answers)
    once.check(draft, offering, answers)
    if helps:
        provenance = entering.entered_by(by, answers, provenance)
    signatures = cosigning.signatures_of(draft, offering)
    policies.check_cosigned(offering, signatures, cosigning.digest_of(draft, answers))
    application = _insert_application(
        Application(
            idempotency_key=draft.pk,
            offering=offering,
            version=draft.version,
            resident_id=resident_id,
            language=language,
            answers=answers,
            provenance=provenance,
            fee=fee.as_json() | {"terms": fee_terms(offering)},
            screening=[finding.as_json() for finding in findings] or None,
            representation=representation,
            represented_then=entering.record_of(representation, read_back if helps else ""),
            on_behalf=draft.on_behalf,
            on_behalf_then=entering.record_of(draft.on_behalf, ""),
            cosigned=cosigning.record_of(signatures),
            without_sign_in=without_sign_in,
        )
    )
    case = _open_case_of(application, offering, follows)
    drafts.close(draft)
    if helps:
        timeline.add(case, "entered")
        entering.done(draft, by)
    else:
        timeline.add(case, "submitted")
    charging.charge(case)
    once.put(case)
    answering.tie(case, letter)
    ledger.record_each(
        event="application.entered" if helps else "application.submitted",
        by=by,
        objects=subjects.of_each([case]),
        object_kind="case",
        purpose=f"service:{offering.slug}",
        data={
            "receipt_number": application.receipt_number,
            "stage": case.stage,
            "questions": sorted(answers),
            "attachments": len(review.files),
            **({"without_sign_in": True} if without_sign_in else {}),
            **for_whom(application),
            **({"letter": str(letter.pk)} if letter else {}),
            **({"link": case.origin_kind, "origin": str(case.origin_id)} if follows else {}),
        },
    )
    if follows is not None:
        linked.note_sent(*follows, case, by)
    outbox.enqueue("cases.submitted", str(case.pk), {"case_id": str(case.pk)})
    return case


def _represented(draft: Draft, offering: Offering, by: Actor) -> Representation | None:
    """For whom the draft is, after a look whether its owner may still act for them.

    The row is locked: a revocation comes wholly before the application, or wholly after it.
    """
    if draft.representation_id is None:
        return None
    found = Representation.objects.select_for_update().get(pk=draft.representation_id)
    if found.kind == Representation.Kind.COUNTER:
        policies.check_helps(found, offering, resident=draft.applicant, by=by)
        if draft.on_behalf_id is not None:
            whom = Representation.objects.select_for_update().get(pk=draft.on_behalf_id)
            policies.check_represents(whom, offering, draft.applicant)
    else:
        policies.check_represents(found, offering, draft.applicant)
    return found


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


def _open_case_of(
    application: Application, offering: Offering, follows: tuple[Case, LinkRule] | None
) -> Case:
    origin, rule = follows or (None, None)
    case = Case(
        origin=origin,
        origin_kind=rule.kind.value if rule else "",
        application=application,
        offering=offering,
        workflow_version_id=offering.workflow_version_id,
        department_id=offering.department_id,
        resident_id=application.resident_id,
        stage=offering.workflow.initial,
        received_on=timezone.localdate(),
    )
    clocks.begin(case)
    case.save(force_insert=True)
    return case


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
    ledger.record_each(
        event=event,
        by=by,
        objects=subjects.of_each([case]),
        object_kind="case",
        purpose=purpose,
        data=data,
    )


@transaction.atomic(savepoint=False)
def open_authority(*, case: Case, by: Actor) -> None:
    """Note that a member of staff opened the paper on which somebody acts for another."""
    sender, *represented = subjects.of(case)
    said = {**about(case), "data": {}}
    ledger.record(event="representation.opened", by=by, **{**said, "about": sender})
    for person in represented:
        ledger.record(event="represented.paper_opened", by=by, **{**said, "about": person})


@transaction.atomic
def check_representation(
    *, case: Case, verdict: str, reason: str, by: User, lock: int | None = None
) -> RepresentationCheck:
    """Confirm or doubt that the sender may act for the represented.

    A confirmation counts for later applications, too; a doubt is told to the sender. Raises
    `NotFound` when nobody is represented, `NotAllowed`, `Conflict`, `InvalidInput`.
    """
    case = _locked(case, lock, by)
    representation = case.application.authority
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
    case = _locked(case, lock, by)
    move = policies.check_move(case, Verb.CLAIM, roles=policies.roles_on(case, by))
    first = case.assigned_to_id is None
    case.assigned_to = by
    # First what was done, then what follows from it: opinions may be asked for on the way.
    if first:
        timeline.add(case, "claimed")
    _apply(case, move)
    _record(case, "case.claimed", Actor.of(by))
    return case


@transaction.atomic
def request_consultation(
    *,
    case: Case,
    department: Department | None = None,
    body: ConsultedBody | None = None,
    question: str,
    due_on: date | None = None,
    by: User,
    lock: int | None = None,
) -> Consultation:
    """Ask another department, or a body outside the town, in parallel to the case.

    `due_on`: by when; they are reminded before, and the office is told when it has passed.

    Raises `NotAllowed`, `Conflict`, `InvalidInput`.
    """
    case = _locked(case, lock, by)
    move = policies.check_move(case, Verb.REQUEST_CONSULTATION, roles=policies.roles_on(case, by))
    question = _required(question, "question", _("Write what you want to know."))
    _check_to_come(due_on)
    office = {"department": department, "body": body}
    if case.consultations.filter(**office, answered_at__isnull=True).exists():
        raise Conflict(_("This office has been asked already."), code="asked")
    made = declared.put(
        case,
        Consultation(case=case, **office, question=question, asked_by=by),
        by=Actor.of(by),
        due_on=due_on,
        recorded=for_whom(case.application),
    )
    _apply(case, move)
    return made


@transaction.atomic
def answer_consultation(
    *, consultation: Consultation, opinion: str, text: str, by: User
) -> Consultation:
    """Give the asked department's opinion. Raises `NotAllowed`, `Conflict`, `InvalidInput`."""
    case = _locked(consultation.case, None, by)
    consultation = Consultation.objects.get(pk=consultation.pk)
    consultation.case = case
    policies.check_opinion(consultation, by)
    return give_opinion(consultation, opinion=opinion, text=text, by=Actor.of(by), user=by)


def give_opinion(
    consultation: Consultation,
    *,
    opinion: str,
    text: str,
    by: Actor,
    user: User | None = None,
    name: str = "",
) -> Consultation:
    """Enter an opinion on a locked case, for whoever may give it (which is checked before).

    `name`: of the person at a body outside the town. Raises `NotAllowed`, `InvalidInput`.
    """
    case = consultation.case
    move = policies.check_move(case, Verb.ANSWER_CONSULTATION, roles={"consultee"})
    if opinion not in Consultation.Opinion.values:
        raise InvalidInput({"opinion": [_("Choose an opinion.")]})
    if opinion != Consultation.Opinion.NO_OBJECTION:
        text = _required(text, "text", _("Write the conditions or the objection."))
    consultation.opinion = opinion
    consultation.text = text.strip()
    consultation.answered_by, consultation.answered_name = user, name
    consultation.answered_at = timezone.now()
    consultation.remind_on = None
    consultation.save(
        update_fields=[
            "opinion", "text", "answered_by", "answered_name", "answered_at", "remind_on",
        ]
    )  # fmt: skip
    _apply(case, move)
    timeline.add(case, "consultation_answered", department=consultation.office)
    office = consultation.body or consultation.department
    _record(case, "consultation.answered", by, department=office.key, opinion=opinion)
    outbox.enqueue(
        "cases.opinion_given", str(consultation.pk), {"consultation_id": str(consultation.pk)}
    )
    return consultation


@transaction.atomic
def request_correction(
    *,
    case: Case,
    question_ids: Sequence[str],
    message: str,
    by: User,
    due_on: date | None = None,
    remarks: Mapping[str, str] | None = None,
    lock: int | None = None,
) -> CorrectionRequest:
    """Ask the resident to answer some questions again; the clock pauses.

    `due_on`: by when; the resident is reminded before, and the office is told when it has passed.
    `remarks`: what is to be put right at single ones of the questions, by question id.

    Raises `NotAllowed`, `Conflict`, `InvalidInput`.
    """
    case = _locked(case, lock, by)
    move = policies.check_move(case, Verb.REQUEST_CORRECTION, roles=policies.roles_on(case, by))
    asked = corrections.check(case, question_ids, message, due_on, remarks or {})
    correction = CorrectionRequest(
        case=case,
        question_ids=asked.question_ids,
        message=asked.message,
        remarks=asked.remarks,
        requested_by=by,
        due_on=due_on,
        alarm_on=alarms.first_of_correction(due_on) if due_on else None,
    )
    correction.draft = drafts.open_correction(
        resident=case.resident,
        version=case.application.version,
        subject=f"correction:{correction.pk}",
        answers=case.answers,
        provenance=case.provenance,
        question_ids=asked.question_ids,
        judged_on=case.received_on,
        remarks=asked.remarks,
        representation_id=case.application.authority_id or case.application.representation_id,
    )
    correction.save(force_insert=True)
    _apply(case, move)
    timeline.add(case, "correction_requested")
    told: dict[str, Any] = {"questions": asked.question_ids}
    if asked.remarks:
        told["remarks"] = list(asked.remarks)
    _record(case, "correction.requested", Actor.of(by), **told)
    outbox.enqueue(
        "cases.correction_requested", str(correction.pk), {"correction_id": str(correction.pk)}
    )
    return correction


@transaction.atomic
def answer_correction(*, correction: CorrectionRequest, by: Actor, mark: str = "") -> Case:
    """Send the corrected answers of the correction's draft; the clock goes on.

    `mark`: what the page showed, as for `submit_application`. Idempotent: a second "send" changes
    nothing. Raises `InvalidInput`, `NotAllowed`, `Conflict` (`Changed` for what nobody has seen).
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
    answers, provenance = review.answers, review.provenance
    marks.check(mark, checked.correction(correction, draft, answers))
    linked.check_days(case.offering, case.origin_id, case.origin_kind, answers)
    letter = answering.check(case.offering, answers, case=case)
    changed = {
        name for name in answers.keys() | case.answers.keys()
        if answers.get(name) != case.answers.get(name)
    }  # fmt: skip
    correction.replaced = {name: case.answers.get(name) for name in sorted(changed)}
    correction.answered_at, correction.alarm_on = timezone.now(), None
    correction.save(update_fields=["replaced", "answered_at", "alarm_on"])
    case.corrected = {**case.corrected, **{name: answers.get(name) for name in changed}}
    case.corrected_provenance = {
        **case.corrected_provenance,
        **{name: provenance.get(name) for name in changed},
    }
    for cached in ("answers", "provenance"):
        case.__dict__.pop(cached, None)
    drafts.close(draft)
    timeline.add(case, "correction_answered")
    _apply(case, move, "corrected", "corrected_provenance")
    search.put(case)
    once.put(case)
    answering.tie(case, letter)
    opinions.ask_declared_again(case)
    _record(case, "correction.answered", by, questions=sorted(changed))
    outbox.enqueue(
        "cases.correction_answered", str(correction.pk), {"correction_id": str(correction.pk)}
    )
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
    refused: Mapping[str, str] | None = None,
    proposal: Proposal | None = None,
    lock: int | None = None,
) -> Decision:
    """Approve, refuse or acknowledge. Letter, fee, register and notice follow by the outbox.

    `refused`: what is refused of an approval, `cases.partial.Part.key` → grounds. `proposal`: the
    one that a second person confirms by it (`cases.proposals`), locked.

    Raises `NotAllowed` with the reason, `Conflict`, `InvalidInput`.
    """
    decision = make_decision(
        case=case,
        outcome=outcome,
        conditions=conditions,
        reason=reason,
        by=by,
        waive_fee=waive_fee,
        refused=refused,
        proposal=proposal,
        lock=lock,
    )
    outbox.enqueue("cases.decided", str(decision.pk), {"decision_id": str(decision.pk)})
    return decision


def make_decision(
    *,
    case: Case,
    outcome: str,
    conditions: Sequence[str],
    reason: str,
    by: User,
    waive_fee: bool = False,
    refused: Mapping[str, str] | None = None,
    proposal: Proposal | None = None,
    lock: int | None = None,
    **recorded: Any,
) -> Decision:
    """The decision itself, within the caller's transaction; what follows it is the caller's.

    `recorded`: what else the ledger says about it. Raises as `decide`.
    """
    case = _locked(case, lock, by)
    approved = outcome == Decision.Outcome.APPROVED
    parts = partial.check(case, refused or {}) if approved else []
    move = policies.check_decision(
        case,
        outcome=outcome,
        reason=reason,
        waive_fee=waive_fee,
        roles=policies.roles_on(case, by),
        fee=partial.fee_for(case, parts).total if parts else None,
        by=by,
        proposal=proposal,
    )
    second_look.close(
        case, move, proposal, fee=partial.fee_for(case, parts).total, waive_fee=waive_fee, by=by
    )
    rule = case.offering.template.service.register_entry
    decision = Decision.objects.create(
        case=case,
        outcome=outcome,
        number=numbers.next_number(rule.number_prefix if rule else "", timezone.localdate()),
        conditions=[line.strip() for line in conditions if line.strip()] if approved else [],
        reason=reason.strip(),
        fee_waived=waive_fee,
        refused_parts=parts,
        wording=wordings.current(letter_words.key_of(case.offering, outcome)),
        decided_by=by,
    )
    # The clock stops with the decision; the reports want to know how it stood.
    in_time = case.due_on is None or timezone.localdate() <= case.due_on
    _apply(case, move)
    timeline.add(case, "approved_in_part" if parts else outcome)
    told = {"number": decision.number, "in_time": in_time, **recorded}
    if proposal is not None:
        told["proposed_by"] = str(proposal.proposed_by_id)
    _record(case, f"case.{outcome}", Actor.of(by), **told)
    return decision


@transaction.atomic
def withdraw(*, case: Case, by: Actor, lock: int | None = None, mark: str = "") -> Case:
    """The applicant takes the application back. Raises `NotAllowed`, `Conflict` (`Changed` where
    the page with this mark said something else of the fee)."""
    case = _locked(case, lock)
    if by.id != str(case.resident_id):
        raise NotFound(_("There is no such application."), code="no_case")
    policies.check_still_acts(case)
    move = policies.check_move(case, Verb.WITHDRAW, roles={"resident"})
    marks.check(mark, checked.withdrawal(charging.held(case)))
    case.corrections.filter(answered_at__isnull=True).update(
        answered_at=timezone.now(), alarm_on=None
    )
    _apply(case, move)
    answering.tie(case, None)
    timeline.add(case, "withdrawn")
    charging.let_go(case, by)
    _record(case, "case.withdrawn", by)
    outbox.enqueue(
        "cases.withdrawn", f"{case.pk}:{case.lock}", {"case_id": str(case.pk), "lock": case.lock}
    )
    return case


@transaction.atomic
def mark_fee_paid(*, fee_id: uuid.UUID) -> Case | None:
    """A fee was paid: the case that waited for it goes on. Idempotent; None when it has already."""
    found = charging.waits_for(fee_id)
    if found is None:
        raise NotFound(_("No application waits for this fee."), code="no_case")
    case = _locked(found, None)
    pays = any(move.verb == Verb.PAY and case.stage in move.from_ for move in case.workflow.moves)
    if not pays:
        return None
    move = policies.check_move(case, Verb.PAY, roles={"system"})
    _apply(case, move)
    let_off = FeeDue.objects.filter(pk=fee_id, state=FeeDue.State.WAIVED).exists()
    timeline.add(case, "fee_waived" if let_off else "paid")
    _record(case, "fee.paid", SYSTEM, fee=str(fee_id))
    decision = Decision.objects.filter(case=case).first()
    if decision is not None:
        outbox.enqueue("cases.issue_letter", str(decision.pk), {"decision_id": str(decision.pk)})
    return case


@transaction.atomic
def lapse_unpaid(*, fee_id: uuid.UUID) -> Case | None:
    """The fee was not paid in time: the case ends, and nothing is examined or issued.

    Idempotent; None when the case does not wait for this fee, or its workflow knows no such end.
    """
    found = charging.waits_for(fee_id)
    if found is None:
        return None
    case = _locked(found, None)
    if not any(m.verb == Verb.LAPSE and case.stage in m.from_ for m in case.workflow.moves):
        return None
    _apply(case, policies.check_move(case, Verb.LAPSE, roles={"system"}))
    timeline.add(case, "not_examined" if case.fee_id == fee_id else "lapsed")
    _record(case, "case.lapsed", SYSTEM, fee=str(fee_id))
    return case


def _check_to_come(due_on: date | None) -> None:
    if due_on is not None and due_on <= timezone.localdate():
        raise InvalidInput({"due_on": [_("Choose a day that is still to come.")]})


def _record(case: Case, event: str, by: Actor, **data: Any) -> None:
    said = about(case, **data)
    for who in subjects.of(case):
        ledger.record(event=event, by=by, **{**said, "about": who})
