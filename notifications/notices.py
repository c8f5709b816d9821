"""Every notice the platform sends."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from django.utils.translation import gettext_lazy as _

from common.text import Text
from notifications.notice import Notice, NoticeContext, register


class ReceivedContext(NoticeContext):
    """`received_on`: the day the statutory clock starts."""

    received_on: date


class DeadlineContext(NoticeContext):
    """`due_on`: by when something is expected, when there is such a day."""

    due_on: date | None = None


class ConsultationContext(DeadlineContext):
    """`department`: the one that is asked. Goes to staff."""

    department: Text


class PaidContext(NoticeContext):
    """`paid_on`: the day the payment was confirmed."""

    paid_on: date


class StageContext(NoticeContext):
    """`stage`: what the resident sees the case as; private, since it may hint at the outcome."""

    PRIVATE: ClassVar[frozenset[str]] = NoticeContext.PRIVATE | {"stage"}

    stage: Text


class BeforeSendingContext(NoticeContext):
    """About an application that has no receipt number yet."""

    receipt_number: Literal[""] = ""


class LinkContext(BeforeSendingContext):
    """For somebody who may have no account: `path` holds the token; `until` is its last day."""

    until: date


@register
class ApplicationReceived(Notice):
    """To the applicant: it has arrived, under this number."""

    kind = "application_received"
    context = ReceivedContext
    link_label = _("See your application")


@register
class CorrectionRequested(Notice):
    """To the applicant: something must be corrected; the clock stands still until then."""

    kind = "correction_requested"
    context = DeadlineContext
    urgent = True  # until they answer, nothing goes on
    link_label = _("See what to correct")


@register
class ConsultationRequested(Notice):
    """To staff of another department: your opinion is asked for."""

    kind = "consultation_requested"
    context = ConsultationContext
    link_label = _("Open the case")


@register
class DecisionMade(Notice):
    """To the applicant: it is decided. What was decided is behind the sign-in."""

    kind = "decision_made"
    link_label = _("See the decision")


@register
class FeeDue(Notice):
    """To the applicant: a fee is to be paid."""

    kind = "fee_due"
    context = DeadlineContext
    link_label = _("See the fee and pay")


@register
class PaymentReceived(Notice):
    """To the payer: the payment has arrived."""

    kind = "payment_received"
    context = PaidContext
    link_label = _("See your application")


@register
class DocumentReady(Notice):
    """To the applicant: a paper can be downloaded."""

    kind = "document_ready"
    link_label = _("Open the document")


@register
class CaseStageChanged(Notice):
    """To the applicant: the case has moved on."""

    kind = "case_stage_changed"
    context = StageContext
    link_label = _("See how far it is")


@register
class RepresentationDoubted(Notice):
    """To the sender: the office asks for proof that they may act for the applicant."""

    kind = "representation_doubted"
    link_label = _("See what the office asks")


@register
class CosignatureAsked(Notice):
    """To whoever shall sign, too, at an address that the applicant gave: the link to do so."""

    kind = "cosignature_asked"
    context = LinkContext
    link_label = _("Read it, then sign or refuse")


@register
class CosignaturesComplete(Notice):
    """To the applicant: everybody has signed; now it can be sent."""

    kind = "cosignatures_complete"
    context = BeforeSendingContext
    link_label = _("Check once more and send")


@register
class CosignatureRefused(Notice):
    """To the applicant: somebody does not sign. Why is behind the sign-in."""

    kind = "cosignature_refused"
    context = BeforeSendingContext
    link_label = _("See why, and go on")


@register
class CosignatureVoid(Notice):
    """To whoever had signed: the answers were changed, the signature counts no more."""

    kind = "cosignature_void"
    context = BeforeSendingContext
    link_label = _("See your messages")


@register
class MailUndelivered(Notice):
    """To whoever a mail did not reach, in the inbox only: how to mend it."""

    kind = "mail_undelivered"
    context = BeforeSendingContext
    channels = frozenset()
    link_label = _("How we tell you")
