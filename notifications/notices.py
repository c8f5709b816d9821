"""Every notice the platform sends."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar, Literal

from django.utils.translation import gettext_lazy as _
from pydantic import StringConstraints

from common.text import Text
from notifications.notice import Notice, NoticeContext, register


class ReceivedContext(NoticeContext):
    """`received_on`: the day the statutory clock starts."""

    received_on: date


class DeadlineContext(NoticeContext):
    """`due_on`: by when something is expected, when there is such a day."""

    due_on: date | None = None


class CorrectionContext(DeadlineContext):
    """`remarks`: at how many of the questions the office wrote one; what they say is inside."""

    remarks: int | None = None


class ConsultationContext(DeadlineContext):
    """`department`: the one that is asked. Goes to staff."""

    department: Text


class OpinionContext(NoticeContext):
    """`department`: the office that was asked, of the town or outside it; it says what it is about,
    so it is private. Goes to staff."""

    PRIVATE: ClassVar[frozenset[str]] = NoticeContext.PRIVATE | {"department"}

    department: Text


class LateOpinionContext(OpinionContext, DeadlineContext):
    """`due_on`: by when it was wanted."""


class PaidContext(NoticeContext):
    """`paid_on`: the day the payment was confirmed."""

    paid_on: date


class GuestContext(DeadlineContext):
    """To a body outside the town: `path` holds the token; `until` is the link's last day."""

    until: date


class StageContext(NoticeContext):
    """`stage`: what the resident sees the case as; private, since it may hint at the outcome."""

    PRIVATE: ClassVar[frozenset[str]] = NoticeContext.PRIVATE | {"stage"}

    stage: Text


class BeforeSendingContext(NoticeContext):
    """About an application that has no receipt number yet."""

    receipt_number: Literal[""] = ""


class CodeContext(BeforeSendingContext):
    """A code that lets somebody in, once."""

    code: Annotated[str, StringConstraints(pattern=r"^[0-9]{4,12}$")]


class LinkContext(BeforeSendingContext):
    """`path` leads to something that is there until the day `until`; for somebody who may have no
    account it holds the token."""

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
    context = CorrectionContext
    urgent = True  # until they answer, nothing goes on
    link_label = _("See what to correct")


@register
class CorrectionReminder(Notice):
    """To the applicant: the day for a correction is near."""

    kind = "correction_reminder"
    context = DeadlineContext
    link_label = _("See what to correct")


@register
class CorrectionOverdue(Notice):
    """To staff: the day for a correction has passed without an answer."""

    kind = "correction_overdue"
    context = DeadlineContext
    link_label = _("Open the case")


@register
class ConsultationRequested(Notice):
    """To staff of another department: your opinion is asked for."""

    kind = "consultation_requested"
    context = ConsultationContext
    link_label = _("Open the case")


class AbsenceContext(BeforeSendingContext):
    """`colleague` is away from `first` to `last`, both included. Goes to staff."""

    PRIVATE: ClassVar[frozenset[str]] = NoticeContext.PRIVATE | {"colleague"}

    colleague: str
    first: date
    last: date


@register
class StandsIn(Notice):
    """To staff: a colleague is away, and you have their cases meanwhile."""

    kind = "stands_in"
    context = AbsenceContext
    link_label = _("Open the inbox")


class RuleContext(BeforeSendingContext):
    """`rule`: what the office calls it. Goes to staff."""

    rule: str


@register
class RuleBroken(Notice):
    """To whoever leads an office: a rule by which cases are given out does not work as it is."""

    kind = "rule_broken"
    context = RuleContext
    link_label = _("See the rules")


@register
class MessageWritten(Notice):
    """To the applicant: the office has written. What, is behind the sign-in; so is the answer."""

    kind = "message_written"
    link_label = _("Read it and answer")


@register
class ResidentWrote(Notice):
    """To staff: the resident has written about a case of theirs."""

    kind = "resident_wrote"
    link_label = _("Read it and answer")


@register
class PeriodExtended(Notice):
    """To the applicant: the office needs longer. Why is behind the sign-in."""

    kind = "period_extended"
    context = DeadlineContext
    link_label = _("See why")


@register
class CaseReopened(Notice):
    """To the applicant: a closed case is worked on again."""

    kind = "case_reopened"
    link_label = _("See your application")


@register
class DeemedRefusal(Notice):
    """To the applicant: the period is over; what that lets them do is behind the sign-in."""

    kind = "deemed_refusal"
    context = DeadlineContext
    link_label = _("See what you can do now")


@register
class CaseDueSoon(Notice):
    """To staff: the period of a case ends soon."""

    kind = "case_due_soon"
    context = DeadlineContext
    link_label = _("Open the case")


@register
class CaseOverdue(Notice):
    """To staff: the period of a case has ended without a decision."""

    kind = "case_overdue"
    context = DeadlineContext
    link_label = _("Open the case")


@register
class CorrectionAnswered(Notice):
    """To staff: the resident has corrected what was asked."""

    kind = "correction_answered"
    link_label = _("Open the case")


@register
class OpinionGiven(Notice):
    """To staff: an office that was asked has given its opinion."""

    kind = "opinion_given"
    context = OpinionContext
    link_label = _("Open the case")


@register
class OpinionOverdue(Notice):
    """To staff: the day for an opinion has passed without one."""

    kind = "opinion_overdue"
    context = LateOpinionContext
    link_label = _("Open the case")


@register
class CaseWithdrawn(Notice):
    """To staff: the applicant has withdrawn a case that they have."""

    kind = "case_withdrawn"
    link_label = _("Open the case")


@register
class CaseAssigned(Notice):
    """To staff: a colleague or a rule has put a case on their desk."""

    kind = "case_assigned"
    link_label = _("Open the case")


@register
class SecondLookAsked(Notice):
    """To staff: a decision is proposed, and they may be the second person."""

    kind = "second_look_asked"
    link_label = _("Open the case")


@register
class ProposalConfirmed(Notice):
    """To staff: the decision that they proposed was confirmed, and so is made."""

    kind = "proposal_confirmed"
    link_label = _("Open the case")


@register
class ProposalReturned(Notice):
    """To staff: the decision that they proposed was sent back. Why is in the case."""

    kind = "proposal_returned"
    link_label = _("Open the case")


@register
class OpinionReminder(Notice):
    """To staff of another department: your opinion is still missing."""

    kind = "opinion_reminder"
    context = ConsultationContext
    link_label = _("Open the case")


@register
class OpinionAsked(Notice):
    """To a body outside the town: your opinion is asked for."""

    kind = "opinion_asked"
    context = GuestContext
    link_label = _("Read the question and answer")


@register
class GuestReminder(Notice):
    """To a body outside the town: your opinion is still missing."""

    kind = "guest_reminder"
    context = GuestContext
    link_label = _("Read the question and answer")


@register
class GuestCode(Notice):
    """To the registered address of a body: the code to sign in with."""

    kind = "guest_code"
    context = CodeContext
    link_label = _("Read the question and answer")


@register
class DecisionMade(Notice):
    """To the applicant: it is decided. What was decided is behind the sign-in."""

    kind = "decision_made"
    link_label = _("See the decision")


@register
class DecidedTogether(Notice):
    """To the applicant: several applications for one undertaking were decided together."""

    kind = "decided_together"
    link_label = _("See the results")


@register
class FeeDue(Notice):
    """To the applicant: a fee is to be paid."""

    kind = "fee_due"
    context = DeadlineContext
    link_label = _("See the fee and pay")


@register
class FeeReminder(Notice):
    """To the applicant: a fee has not been paid yet, its day is near."""

    kind = "fee_reminder"
    context = DeadlineContext
    link_label = _("See the fee and pay")


@register
class FeeDemand(Notice):
    """To the applicant: the day to pay is over (督促)."""

    kind = "fee_demand"
    context = DeadlineContext
    link_label = _("See the fee and pay")


@register
class FeeLapsed(Notice):
    """To the applicant: nobody paid, and the case has ended. What was approved is private."""

    kind = "fee_lapsed"
    link_label = _("See your application")


@register
class WaiverDecided(Notice):
    """To the applicant: whether they are let off the fee is decided; how, is behind the sign-in."""

    kind = "waiver_decided"
    link_label = _("See the decision")


@register
class FeeRefunded(Notice):
    """To the payer: money went back."""

    kind = "fee_refunded"
    link_label = _("See your application")


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
class DecisionRevoked(Notice):
    """To the applicant: a decision was taken back. Why is behind the sign-in."""

    kind = "decision_revoked"
    link_label = _("See what was decided")


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
class ActsForYou(Notice):
    """To somebody with an account: another says they hold a power of attorney of theirs. Who, is
    behind the sign-in."""

    kind = "acts_for_you"
    context = BeforeSendingContext
    link_label = _("See who acts for you")


@register
class RepresentationEnded(Notice):
    """To whoever acted for somebody: the represented has ended it."""

    kind = "representation_ended"
    context = BeforeSendingContext
    link_label = _("See for whom you act")


@register
class ApplicantEndedRepresentation(Notice):
    """To staff: the applicant of a case they have wants to be represented no more."""

    kind = "applicant_ended_representation"
    link_label = _("Open the case")


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
class DraftExpires(Notice):
    """To a resident: what they have begun and not gone on with is kept until a day."""

    kind = "draft_expires"
    context = LinkContext
    link_label = _("Go on filling in")


@register
class ResumeLinkAsked(Notice):
    """To a guest at the address that they gave: the link to go on with what they have begun."""

    kind = "resume_link_asked"
    context = LinkContext
    link_label = _("Go on filling in")


@register
class CaseLinkAsked(Notice):
    """To whoever sent without signing in, at the address that they have shown: the way in."""

    kind = "case_link_asked"
    link_label = _("Open the application")


class EndingContext(NoticeContext):
    """`until`: the permit's last day."""

    until: date


@register
class PermitEnds(Notice):
    """To whoever holds a permit that can be renewed: it ends soon."""

    kind = "permit_ends"
    context = EndingContext
    link_label = _("See your permit and renew it")


@register
class MailUndelivered(Notice):
    """To whoever a mail did not reach, in the inbox only: how to mend it."""

    kind = "mail_undelivered"
    context = BeforeSendingContext
    channels = frozenset()
    link_label = _("How we tell you")
