"""What follows a change, worked off by the outbox: each chain reads top to bottom in one function.

Every handler is idempotent: rows are keyed by the case or decision, so a worker killed in the
middle repeats without doubling.
"""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from django.utils import timezone

from billing.models import FeeDue
from cases import (
    copies,
    cosigning,
    fees,
    guests,
    issuing,
    letters,
    links,
    mailing,
    partial,
    policies,
    register_search,
    resuming,
    search,
    timeline,
)
from cases.assigning import arriving
from cases.linked import effects
from cases.links import Purpose
from cases.models import (
    Application,
    Case,
    Consultation,
    CorrectionRequest,
    Cosignature,
    Decision,
    GuestLink,
    RegisterEntry,
    RepresentationCheck,
)
from cases.models_desk import Absence
from cases.telling import page_of, tell_resident
from catalogue import queries as catalogue
from common import outbox
from common.errors import NotAllowed
from common.text import Text
from identity.models import Role, User
from notifications import mail, notices
from notifications.actions import message_id_of, send
from notifications.models import Delivery
from notifications.notice import Notice

_DECISIONS = Decision.objects.select_related(
    "case__application",
    "case__offering",
    "case__department",
    "case__resident",
    "letter",
    "fee",
    "wording",
)


@outbox.handler("cases.submitted")
def after_submission(payload: dict[str, Any]) -> None:
    """The office finds it, on a desk where it has rules; the resident is told; the copy follows."""
    case = _case(payload["case_id"])
    search.put(case)
    arriving.ask(case)
    tell_resident(case, notices.ApplicationReceived, "submitted", received_on=case.received_on)
    if case.fee is not None:
        tell_resident(case, notices.FeeDue, "fee", due_on=case.fee.due_on)
    copies.request(case.application, after_the_notice=True)


@outbox.handler("cases.copy")
def make_copy(payload: dict[str, Any]) -> None:
    """The resident's copy of the application as PDF."""
    copies.make(Application.objects.get(pk=payload["application_id"]))


@outbox.handler("cases.consultation_requested")
def after_consultation_request(payload: dict[str, Any]) -> None:
    """Tell everybody who gives opinions for the asked department, or mail the body its link."""
    consultation = _consultation(payload)
    if consultation.body_id is None:
        _tell_department(consultation, notices.ConsultationRequested, "")
        return
    for link in consultation.links.filter(void_at__isnull=True):
        _mail_link(link, notices.OpinionAsked)


@outbox.handler("cases.consultation_reminder")
def after_waiting_for_an_opinion(payload: dict[str, Any]) -> None:
    """Remind whoever was asked, once, as long as the answer is still wanted."""
    consultation = _consultation(payload)
    if consultation.answered_at is not None or consultation.case.closed_at is not None:
        return
    if consultation.body_id is None:
        _tell_department(consultation, notices.OpinionReminder, ":reminder")
    for link in consultation.links.filter(void_at__isnull=True):
        _mail_link(link, notices.GuestReminder)


@outbox.handler("cases.guest_link")
def after_new_link(payload: dict[str, Any]) -> None:
    """Mail a body the new link."""
    link = GuestLink.objects.filter(pk=payload["link_id"], void_at__isnull=True).first()
    if link is not None:
        _mail_link(link, notices.OpinionAsked)


@outbox.handler("cases.guest_code")
def after_asking_for_a_code(payload: dict[str, Any]) -> None:
    """Mail the code, unless a newer one was asked for meanwhile."""
    link = GuestLink.objects.filter(pk=payload["link_id"], codes=payload["number"]).first()
    if link is None:
        return
    body = link.consultation.body
    mail.to_address(
        notices.GuestCode,
        address=body.email,
        context={"receipt_number": "", "code": guests.code_of(link)},
        language=body.language,
        message_id=message_id_of(notices.GuestCode.kind, f"{link.pk}:{link.codes}", "guest"),
    ).send()


def _consultation(payload: dict[str, Any]) -> Consultation:
    return Consultation.objects.select_related("case__application").get(
        pk=payload["consultation_id"]
    )


def _mail_link(link: GuestLink, notice: type[Notice]) -> None:
    consultation = _consultation({"consultation_id": link.consultation_id})
    body = consultation.body
    if not body.email:
        return
    token = links.token_of(Purpose.CONSULT, link.pk, link.token_hash)
    mail.to_address(
        notice,
        address=body.email,
        context={
            "receipt_number": consultation.case.application.receipt_number,
            "service": consultation.case.offering.title,
            "path": page_of("portal:consulted", token),
            "due_on": consultation.due_on,
            "until": timezone.localdate(link.expires_at),
        },
        language=body.language,
        message_id=message_id_of(notice.kind, str(link.pk), "guest"),
    ).send()


def _tell_department(consultation: Consultation, notice: type[Notice], happening: str) -> None:
    case = consultation.case
    asked = User.objects.filter(
        roles__role=Role.CONSULTEE,
        roles__department=consultation.department,
        is_active=True,
    ).distinct()
    for member in asked:
        send(
            notice,
            resident=member,
            context={
                "receipt_number": case.application.receipt_number,
                "service": case.offering.title,
                "department": consultation.department.name,
                "path": page_of("desk:case", case.pk),
                "due_on": consultation.due_on,
            },
            key=f"consultation:{consultation.pk}{happening}",
        )


@outbox.handler("cases.correction_requested")
def after_correction_request(payload: dict[str, Any]) -> None:
    """Tell the resident what to do, and that the clock stands still."""
    correction = CorrectionRequest.objects.get(pk=payload["correction_id"])
    tell_resident(
        _case(correction.case_id),
        notices.CorrectionRequested,
        f"correction:{correction.pk}",
        due_on=correction.due_on,
        remarks=len(correction.remarks) or None,
    )


@outbox.handler("cases.extended")
def after_extension(payload: dict[str, Any]) -> None:
    """Tell the resident that it takes longer; why is behind the sign-in."""
    case = _case(payload["case_id"])
    tell_resident(case, notices.PeriodExtended, f"extended:{payload['number']}", due_on=case.due_on)


@outbox.handler("cases.due_later")
def after_transfer(payload: dict[str, Any]) -> None:
    """Tell the resident that it takes longer, because the procedure has changed."""
    case = _case(payload["case_id"])
    tell_resident(
        case, notices.PeriodExtended, f"transferred:{payload['lock']}", due_on=case.due_on
    )


@outbox.handler("cases.reopened")
def after_reopening(payload: dict[str, Any]) -> None:
    """Tell the resident that the case is open again."""
    tell_resident(_case(payload["case_id"]), notices.CaseReopened, f"reopened:{payload['lock']}")


@outbox.handler("cases.decided")
def after_decision(payload: dict[str, Any]) -> None:
    """A fee comes first where there is one; otherwise the letter is issued at once."""
    decision = _decision(payload)
    told = _follow(decision)
    if told is not None:
        notice, happening, context = told
        tell_resident(decision.case, notice, happening, **context)


@outbox.handler("cases.decided_together")
def after_joint_decision(payload: dict[str, Any]) -> None:
    """Each case of it gets its fee or its letter; the resident one notice about all of them."""
    for decision_id in payload["decision_ids"]:
        _follow(_decision({"decision_id": decision_id}))
    case = _case(payload["case_id"])
    tell_resident(case, notices.DecidedTogether, f"together:{payload['decision_ids'][0]}")


@outbox.handler("cases.issue_letter")
def issue_letter(payload: dict[str, Any]) -> None:
    """Register entry, letter as PDF, notice."""
    decision = _decision(payload)
    notice = _issue(decision)
    if notice is not None:
        tell_resident(decision.case, notice, "letter")


def _follow(decision: Decision) -> tuple[type[Notice], str, dict[str, Any]] | None:
    """What follows a decision, and the notice about it; None when it was done before."""
    search.put(decision.case)
    if decision.fee_id is not None:
        return None
    due = fees.raise_for(decision)
    if due is None:
        notice = _issue(decision)
        return (notice, "letter", {}) if notice else None
    decision.fee = due
    decision.save(update_fields=["fee"])
    timeline.add(decision.case, "fee_due", amount=due.amount)
    return notices.FeeDue, "fee", {"due_on": due.due_on}


def _issue(decision: Decision) -> type[Notice] | None:
    """Register entry and letter, and the notice about it; None when it was done before."""
    if decision.letter_id is not None:
        return None
    case = decision.case
    entry = _enter_in_register(decision)
    letter = letters.compose(decision, entry)
    decision.letter = issuing.issue(
        decision,
        letter,
        document_kind=f"{case.offering.template_key}.{decision.outcome}",
        valid_from=entry.valid_from if entry else None,
        valid_until=entry.valid_until if entry else None,
        document_id=decision.pk,
    )
    decision.save(update_fields=["letter"])
    timeline.add(case, "document_issued", title=letter.titles)
    anew = effects.follow(decision, entry)
    if anew is not None:
        search.put(anew)
        tell_resident(anew, notices.CaseReopened, "anew")
    told = decision.fee_id or decision.outcome == Decision.Outcome.ACKNOWLEDGED
    return notices.DocumentReady if told else notices.DecisionMade


@outbox.handler("payments.fee_paid")
def after_payment(payload: dict[str, Any]) -> None:
    """The case goes on, and the payer is told."""
    fee = FeeDue.objects.get(pk=payload["fee_id"])
    case = fees.go_on(fee)
    if fee.state == FeeDue.State.PAID:
        outbox.enqueue("cases.receipt", str(fee.pk), {"fee_id": str(fee.pk)})
    if case is not None and fee.paid_at is not None:
        tell_resident(
            case,
            notices.PaymentReceived,
            "paid" if fee.part == 1 else f"paid:{fee.part}",
            paid_on=timezone.localdate(fee.paid_at),
        )


@outbox.handler("cases.representation_doubted")
def after_doubt(payload: dict[str, Any]) -> None:
    """Tell the sender that the office asks for proof."""
    check = RepresentationCheck.objects.get(pk=payload["check_id"])
    tell_resident(_case(check.case_id), notices.RepresentationDoubted, f"representation:{check.pk}")


@outbox.handler("cases.cosignature_asked")
def after_asking_to_sign(payload: dict[str, Any]) -> None:
    """Mail the link, once, as long as the signature is still asked for."""
    row = _signature(payload)
    if row.state != Cosignature.State.ASKED or row.told_at is not None or not row.draft.is_open:
        return
    mail.to_address(
        notices.CosignatureAsked,
        address=row.address,
        context={
            "service": _title_of(row),
            "path": page_of(
                "portal:cosign", links.token_of(Purpose.COSIGN, row.pk, row.token_hash)
            ),
            "until": timezone.localdate(row.expires_at),
        },
        language=row.language,
        message_id=message_id_of(notices.CosignatureAsked.kind, str(row.pk), "cosigner"),
    ).send()
    row.told_at = timezone.now()
    row.save(update_fields=["told_at"])


@outbox.handler("cases.cosignature_signed")
def after_signing(payload: dict[str, Any]) -> None:
    """When it was the last one: tell the applicant that it can be sent now."""
    row = _signature(payload)
    offering = catalogue.published_one(row.draft.subject)
    if offering is None or not row.draft.is_open:
        return
    rows = cosigning.signatures_of(row.draft, offering)
    try:
        policies.check_cosigned(offering, rows, cosigning.digest_of(row.draft))
    except NotAllowed:
        return
    _tell_before_sending(
        row,
        row.draft.applicant,
        notices.CosignaturesComplete,
        page_of("portal:check", row.draft_id),
    )


@outbox.handler("cases.cosignature_refused")
def after_refusing_to_sign(payload: dict[str, Any]) -> None:
    """Tell the applicant."""
    row = _signature(payload)
    _tell_before_sending(
        row,
        row.draft.applicant,
        notices.CosignatureRefused,
        page_of("portal:cosigners", row.draft_id),
    )


@outbox.handler("cases.cosignature_void")
def after_voiding(payload: dict[str, Any]) -> None:
    """Tell whoever had signed what was changed since."""
    row = _signature(payload)
    if row.signed_by is not None:
        _tell_before_sending(
            row, row.signed_by, notices.CosignatureVoid, page_of("portal:messages")
        )


@outbox.handler("cases.resume_link_asked")
def after_asking_for_a_link(payload: dict[str, Any]) -> None:
    """Mail a guest the link to go on elsewhere, once, as long as it leads anywhere."""
    row = resuming.link_to_send(payload["link_id"])
    if row is None:
        return
    mail.to_address(
        notices.ResumeLinkAsked,
        address=row.address,
        context={
            "path": page_of("portal:go_on", links.token_of(Purpose.RESUME, row.pk, row.token_hash)),
            "until": timezone.localdate(row.expires_at),
        },
        language=row.language,
        message_id=message_id_of(notices.ResumeLinkAsked.kind, str(row.pk), "guest"),
    ).send()
    resuming.forget_address(row)


@outbox.handler("cases.absence")
def after_entering_an_absence(payload: dict[str, Any]) -> None:
    """Tell the substitute, unless it was taken back meanwhile."""
    absence = (
        Absence.objects.select_related("absent", "substitute")
        .filter(pk=payload["absence_id"])
        .first()
    )
    if absence is None:
        return
    send(
        notices.StandsIn,
        resident=absence.substitute,
        context={
            "colleague": absence.absent.name,
            "first": absence.first,
            "last": absence.last,
            "path": page_of("desk:inbox"),
        },
        key=f"absence:{absence.pk}",
    )


def _signature(payload: dict[str, Any]) -> Cosignature:
    return (
        Cosignature.objects.select_for_update(of=("self",))
        .select_related("draft__resident", "signed_by")
        .get(pk=payload["signature_id"])
    )


def _title_of(row: Cosignature) -> Text | None:
    offering = catalogue.published_one(row.draft.subject)
    return offering.title if offering else None


def _tell_before_sending(
    row: Cosignature, recipient: User, notice: type[Notice], path: str
) -> None:
    send(
        notice,
        resident=recipient,
        context={"service": _title_of(row), "path": path},
        key=f"cosignature:{row.pk}",
    )


def _enter_in_register(decision: Decision) -> RegisterEntry | None:
    case = decision.case
    rule = case.offering.template.service.register_entry
    if rule is None or decision.outcome == Decision.Outcome.REFUSED:
        return None
    today = timezone.localdate()
    answers = partial.granted(decision) if decision.refused_parts else case.answers
    valid_from = _date(answers.get(rule.valid_from)) or today
    entry, _created = RegisterEntry.objects.get_or_create(
        decision=decision,
        defaults={
            "offering": case.offering,
            "holder": case.resident,
            "number": decision.number,
            "valid_from": valid_from,
            "valid_until": _date(answers.get(rule.valid_until)),
        },
    )
    register_search.put(entry)
    return entry


def _date(answer: Any) -> date | None:
    return date.fromisoformat(answer) if answer else None


def _case(case_id: str | uuid.UUID) -> Case:
    return Case.objects.select_related("application", "resident").get(pk=case_id)


def _decision(payload: dict[str, Any]) -> Decision:
    return _DECISIONS.select_for_update(of=("self",)).get(pk=payload["decision_id"])


def note_mail_that_came_back(delivery: Delivery) -> None:
    """The office sees that a notice about the case did not arrive: it may have to go by post."""
    if delivery.message.recipient.kind == User.Kind.STAFF:
        return
    case = mailing.about(delivery.message)
    if case is not None:
        Case.objects.filter(pk=case.pk).update(undelivered_at=timezone.now())
        timeline.add(case, "mail_came_back")
