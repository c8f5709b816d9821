"""What follows for staff: whoever waits for something is told that it has come."""

from __future__ import annotations

from typing import Any

from cases import proposals, talks, telling
from cases.models import Case, Consultation, CorrectionRequest, Proposal
from common import outbox
from notifications import notices


@outbox.handler("cases.correction_answered")
def after_correction(payload: dict[str, Any]) -> None:
    """Tell whoever has the case that the resident has corrected it."""
    correction = CorrectionRequest.objects.get(pk=payload["correction_id"])
    telling.tell_in_charge(
        _case(correction.case_id), notices.CorrectionAnswered, f"correction:{correction.pk}:answer"
    )


@outbox.handler("cases.opinion_given")
def after_opinion(payload: dict[str, Any]) -> None:
    """Tell whoever has the case, unless they entered the opinion themselves."""
    consultation = Consultation.objects.get(pk=payload["consultation_id"])
    telling.tell_in_charge(
        _case(consultation.case_id),
        notices.OpinionGiven,
        f"opinion:{consultation.pk}",
        but=str(consultation.answered_by_id),
        department=consultation.office,
    )


@outbox.handler("cases.opinion_overdue")
def after_no_opinion(payload: dict[str, Any]) -> None:
    """Tell whoever has the case, as long as the answer is still wanted."""
    consultation = Consultation.objects.get(pk=payload["consultation_id"])
    case = _case(consultation.case_id)
    if consultation.answered_at is None and case.closed_at is None and talks.answerable(case):
        telling.tell_in_charge(
            case,
            notices.OpinionOverdue,
            f"opinion:{consultation.pk}:overdue",
            department=consultation.office,
            due_on=consultation.due_on,
        )


@outbox.handler("cases.withdrawn")
def after_withdrawal(payload: dict[str, Any]) -> None:
    """Tell whoever has the case; nobody waited for one that is on nobody's desk."""
    case = _case(payload["case_id"])
    if case.assigned_to_id is not None:
        telling.tell_in_charge(case, notices.CaseWithdrawn, f"withdrawn:{payload['lock']}")


@outbox.handler("cases.assigned")
def after_assignment(payload: dict[str, Any]) -> None:
    """Tell whoever has the case now, unless it went on meanwhile."""
    case = _case(payload["case_id"])
    if str(case.assigned_to_id) == payload["to"]:
        telling.tell_in_charge(
            case,
            notices.CaseAssigned,
            f"assigned:{payload['lock']}",
            but=payload["by"],
            seldom=True,
        )


@outbox.handler("cases.proposed")
def after_proposal(payload: dict[str, Any]) -> None:
    """Tell those who may be the second person, as long as one is waited for."""
    proposal = _proposal(payload)
    if proposal.state == Proposal.State.WAITING:
        telling.tell(
            proposal.case,
            proposals.seconds_for(proposal),
            notices.SecondLookAsked,
            f"proposal:{proposal.pk}",
            seldom=True,
        )


@outbox.handler("cases.proposal_closed")
def after_second_look(payload: dict[str, Any]) -> None:
    """Tell the proposer what the second person made of it."""
    proposal = _proposal(payload)
    confirmed = proposal.state == Proposal.State.CONFIRMED
    notice = notices.ProposalConfirmed if confirmed else notices.ProposalReturned
    proposer = proposal.proposed_by
    told = [proposer] if proposer.is_active else []
    telling.tell(proposal.case, told, notice, f"proposal:{proposal.pk}:looked_at", seldom=confirmed)


def _case(case_id: Any) -> Case:
    return Case.objects.select_related("application", "resident", "assigned_to").get(pk=case_id)


def _proposal(payload: dict[str, Any]) -> Proposal:
    return Proposal.objects.select_related(
        "case__application", "case__resident", "proposed_by"
    ).get(pk=payload["proposal_id"])
