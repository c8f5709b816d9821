"""What follows a change, worked off by the outbox: each chain reads top to bottom in one function.

Every handler is idempotent: rows are keyed by the case or decision, so a worker killed in the
middle repeats without doubling.
"""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils import timezone, translation

from cases import actions, copies, cosigning, letters, policies, signatures, timeline
from cases.models import (
    Application,
    Case,
    Consultation,
    CorrectionRequest,
    Cosignature,
    Decision,
    RegisterEntry,
    RepresentationCheck,
)
from catalogue import queries as catalogue
from common import outbox
from common.calendar import add_working_days
from common.errors import NotAllowed
from common.text import Text
from documents import actions as documents
from identity.models import Role, User
from notifications import mail, notices
from notifications.actions import message_id_of, send
from notifications.models import Delivery
from notifications.notice import Notice
from payments import actions as payments
from payments.models import FeeDue

# Working days to pay after the notice.
_DAYS_TO_PAY = 10

_DECISIONS = Decision.objects.select_related(
    "case__application",
    "case__offering",
    "case__department",
    "case__resident",
    "letter",
    "fee",
)


@outbox.handler("cases.submitted")
def after_submission(payload: dict[str, Any]) -> None:
    """Tell the resident that it has arrived; their copy follows."""
    case = _case(payload["case_id"])
    _tell(case, notices.ApplicationReceived, "submitted", received_on=case.received_on)
    copies.request(case.application, after_the_notice=True)


@outbox.handler("cases.copy")
def make_copy(payload: dict[str, Any]) -> None:
    """The resident's copy of the application as PDF."""
    copies.make(Application.objects.get(pk=payload["application_id"]))


@outbox.handler("cases.consultation_requested")
def after_consultation_request(payload: dict[str, Any]) -> None:
    """Tell everybody who gives opinions for the asked department."""
    consultation = Consultation.objects.select_related(
        "case__application", "case__offering", "department"
    ).get(pk=payload["consultation_id"])
    case = consultation.case
    asked = User.objects.filter(
        roles__role=Role.CONSULTEE,
        roles__department_id=consultation.department_id,
        is_active=True,
    ).distinct()
    for member in asked:
        send(
            notices.ConsultationRequested,
            resident=member,
            context={
                "receipt_number": case.application.receipt_number,
                "service": case.offering.title,
                "department": consultation.department.name,
                "path": _path("desk:case", case.pk),
            },
            key=f"consultation:{consultation.pk}",
        )


@outbox.handler("cases.correction_requested")
def after_correction_request(payload: dict[str, Any]) -> None:
    """Tell the resident what to do, and that the clock stands still."""
    correction = CorrectionRequest.objects.get(pk=payload["correction_id"])
    _tell(_case(correction.case_id), notices.CorrectionRequested, f"correction:{correction.pk}")


@outbox.handler("cases.decided")
def after_decision(payload: dict[str, Any]) -> None:
    """A fee comes first where there is one; otherwise the letter is issued at once."""
    decision = _decision(payload)
    if decision.fee_id is not None:
        return
    due = _raise_fee(decision)
    if due is None:
        issue_letter(payload)
        return
    decision.fee = due
    decision.save(update_fields=["fee"])
    timeline.add(decision.case, "fee_due", amount=due.amount)
    _tell(decision.case, notices.FeeDue, "fee", due_on=due.due_on)


def _raise_fee(decision: Decision) -> FeeDue | None:
    if decision.outcome != Decision.Outcome.APPROVED or decision.fee_waived:
        return None
    application = decision.case.application
    fee = application.computed_fee
    return payments.raise_fee(
        reference=application.receipt_number,
        title=decision.case.offering.title,
        amount=fee.total,
        lines=fee.as_json()["lines"],
        due_on=add_working_days(timezone.localdate(), _DAYS_TO_PAY),
        fee_id=decision.pk,
    )


@outbox.handler("cases.issue_letter")
def issue_letter(payload: dict[str, Any]) -> None:
    """Register entry, letter as PDF, notice."""
    decision = _decision(payload)
    if decision.letter_id is not None:
        return
    case = decision.case
    entry = _enter_in_register(decision)
    letter = letters.compose(decision, entry)
    decision.letter = documents.issue(
        kind=f"{case.offering.template_key}.{decision.outcome}",
        title=letter.title,
        language=letter.language,
        html=letter.html,
        code=letter.code,
        valid_from=entry.valid_from if entry else None,
        valid_until=entry.valid_until if entry else None,
        document_id=decision.pk,
    )
    decision.save(update_fields=["letter"])
    timeline.add(case, "document_issued", title=letter.titles)
    told = decision.fee_id or decision.outcome == Decision.Outcome.ACKNOWLEDGED
    notice = notices.DocumentReady if told else notices.DecisionMade
    _tell(case, notice, "letter")


@outbox.handler("payments.fee_paid")
def after_payment(payload: dict[str, Any]) -> None:
    """The case goes on, and the payer is told."""
    fee = FeeDue.objects.get(pk=payload["fee_id"])
    case = actions.mark_fee_paid(fee_id=fee.pk)
    if case is not None and fee.paid_at is not None:
        _tell(
            case,
            notices.PaymentReceived,
            "paid",
            paid_on=timezone.localdate(fee.paid_at),
        )


@outbox.handler("cases.representation_doubted")
def after_doubt(payload: dict[str, Any]) -> None:
    """Tell the sender that the office asks for proof."""
    check = RepresentationCheck.objects.get(pk=payload["check_id"])
    _tell(_case(check.case_id), notices.RepresentationDoubted, f"representation:{check.pk}")


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
            "path": _plain("portal:cosign", signatures.token_of(row.pk, row.token_hash)),
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
        row, row.draft.resident, notices.CosignaturesComplete, _plain("portal:check", row.draft_id)
    )


@outbox.handler("cases.cosignature_refused")
def after_refusing_to_sign(payload: dict[str, Any]) -> None:
    """Tell the applicant."""
    row = _signature(payload)
    _tell_before_sending(
        row,
        row.draft.resident,
        notices.CosignatureRefused,
        _plain("portal:cosigners", row.draft_id),
    )


@outbox.handler("cases.cosignature_void")
def after_voiding(payload: dict[str, Any]) -> None:
    """Tell whoever had signed what was changed since."""
    row = _signature(payload)
    if row.signed_by is not None:
        _tell_before_sending(row, row.signed_by, notices.CosignatureVoid, _plain("portal:messages"))


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
    valid_from = _date(case.answers.get(rule.valid_from)) or today
    entry, _created = RegisterEntry.objects.get_or_create(
        decision=decision,
        defaults={
            "offering": case.offering,
            "holder": case.resident,
            "number": decision.number,
            "valid_from": valid_from,
            "valid_until": _date(case.answers.get(rule.valid_until)),
        },
    )
    return entry


def _date(answer: Any) -> date | None:
    return date.fromisoformat(answer) if answer else None


def _case(case_id: str | uuid.UUID) -> Case:
    return Case.objects.select_related("application", "resident").get(pk=case_id)


def _decision(payload: dict[str, Any]) -> Decision:
    return _DECISIONS.select_for_update(of=("self",)).get(pk=payload["decision_id"])


def _tell(case: Case, notice: type[Notice], happening: str, **context: Any) -> None:
    send(
        notice,
        resident=case.resident,
        context={
            "receipt_number": case.application.receipt_number,
            "service": case.offering.title,
            "path": _path("portal:case", case.pk),
            **context,
        },
        key=f"case:{case.pk}:{happening}",
    )


def note_mail_that_came_back(delivery: Delivery) -> None:
    """The case's page says that a notice about it did not arrive: it may have to go by post."""
    about, _sign, rest = delivery.message.key.partition(":")
    case = Case.objects.filter(pk=rest.partition(":")[0]).first() if about == "case" else None
    if case is not None:
        timeline.add(case, "mail_came_back")


def _path(name: str, case_id: uuid.UUID) -> str:
    return _plain(name, case_id)


def _plain(name: str, *arguments: Any) -> str:
    # Without a language prefix: the reader's own language is added when it is sent.
    with translation.override("ja"):
        return reverse(name, args=arguments)
