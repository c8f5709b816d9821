"""Papers about a fee: the receipt (領収書), and the decision about letting somebody off it."""

from __future__ import annotations

import uuid

from django.db import transaction
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from billing.models import FeeDue, Payment
from cases import fees, letters, numbers
from cases.models import Case, FeeWaiver, Receipt
from common.calendar import wareki
from common.errors import NotFound
from common.text import Text
from documents import actions as documents
from documents import codes
from documents.letters import Letter, VerificationMark, render_letter
from documents.models import Document
from tenants.links import absolute

RECEIPT_PREFIX = "領"
WAIVER_PREFIX = "減"
RECEIPT = Text({"ja": "領収書", "en": "Receipt"})
WAIVER = Text({"ja": "減免決定通知書", "en": "Decision on the request concerning the fee"})

# In Japanese, as all official papers.
_SOURCES = {"bank": "銀行振込", "counter": "窓口", "moved": "過納金からの充当"}
_ONLINE = "オンライン"


@transaction.atomic
def issue_receipt(fee_id: uuid.UUID) -> Receipt:
    """Number and PDF of a paid fee, once. Raises `RenderingError`: nothing was issued then."""
    fee = FeeDue.objects.select_for_update().get(pk=fee_id)
    case = fees.case_of(fee)
    if case is None or fee.state != FeeDue.State.PAID:
        raise NotFound(_("Nothing was paid."), code="no_payment")
    receipt = Receipt.objects.filter(fee=fee).first() or Receipt.objects.create(
        fee=fee, number=numbers.next_number(RECEIPT_PREFIX, timezone.localdate())
    )
    if receipt.document_id is None:
        receipt.document = _issue(
            case,
            kind="payments.receipt",
            number=receipt.number,
            title=RECEIPT,
            document_id=uuid.uuid5(fee.pk, "receipt"),
            paragraphs=("下記の金額を領収しました。",),
            particulars=_received(fee),
            fee=tuple((text.in_language("ja"), yen) for text, yen in fee.breakdown),
        )
        receipt.save(update_fields=["document"])
    return receipt


def _received(fee: FeeDue) -> tuple[tuple[str, str], ...]:
    paid = fee.payments.filter(outcome__in=[Payment.Outcome.PAID, Payment.Outcome.PARTIAL])
    rows = [("納付番号", fee.number or fee.reference), ("件名", fee.title.in_language("ja"))]
    if fee.parts > 1:
        rows.append(("期別", f"{fee.parts}期のうち第{fee.part}期"))
    for payment in paid.order_by("created_at"):
        on = payment.received_on or timezone.localdate(payment.created_at)
        way = _SOURCES.get(payment.provider, _ONLINE)
        rows.append(("領収日・方法", f"{wareki(on)}　{way}　{payment.amount:,}円"))
    return tuple(rows)


@transaction.atomic
def issue_waiver_letter(waiver_id: uuid.UUID) -> FeeWaiver:
    """The letter with the decision about a waiver, once."""
    waiver = FeeWaiver.objects.select_for_update().get(pk=waiver_id)
    if waiver.letter_id is not None or waiver.number is None:
        return waiver
    case = fees.case_of(waiver.fee)
    if case is None:
        raise NotFound(_("There is no fee to pay."), code="no_fee")
    said = {
        FeeWaiver.State.GRANTED: "申請のとおり、手数料等を免除します。",
        FeeWaiver.State.REDUCED: f"手数料等を{waiver.yen:,}円減額します。",
        FeeWaiver.State.REFUSED: "申請のあった手数料等の減免は、行いません。",
    }[FeeWaiver.State(waiver.state)]
    waiver.letter = _issue(
        case,
        kind="cases.waiver",
        number=waiver.number,
        title=WAIVER,
        document_id=waiver.pk,
        paragraphs=(f"{wareki(timezone.localdate(waiver.asked_at))}の減免申請について、{said}",),
        particulars=(("納付番号", waiver.fee.number or ""), ("申請の理由", waiver.reason)),
        reason=tuple(waiver.answer.splitlines()),
        appeal=True,
    )
    waiver.save(update_fields=["letter"])
    return waiver


def _issue(
    case: Case,
    *,
    kind: str,
    number: str,
    title: Text,
    document_id: uuid.UUID,
    paragraphs: tuple[str, ...],
    particulars: tuple[tuple[str, str], ...],
    reason: tuple[str, ...] = (),
    fee: tuple[tuple[str, int], ...] = (),
    appeal: bool = False,
) -> Document:
    code = codes.new_code()
    with translation.override(letters.LANGUAGE):
        letter = Letter(
            language=letters.LANGUAGE,
            title=title.in_language(letters.LANGUAGE),
            number=f"{number}号",
            issued_on=timezone.localdate(),
            addressee=letters.addressee_of(case),
            paragraphs=paragraphs,
            receipt_number=case.application.receipt_number,
            particulars=particulars,
            reason=reason,
            fee=fee,
            appeal=letters.appeal() if appeal else None,
            verification=VerificationMark(
                url=absolute(reverse("portal:verify", args=[code])), code=code
            ),
        )
        html = render_letter(letter)
    return documents.issue(
        kind=kind,
        title=letter.title,
        language=letter.language,
        html=html,
        code=code,
        valid_from=None,
        valid_until=None,
        document_id=document_id,
    )
