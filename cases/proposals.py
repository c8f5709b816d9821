"""Deciding with four eyes: one person proposes everything, another confirms it or sends it back.

What is confirmed is decided by `cases.actions.decide` itself, with every check made anew, so
nothing goes out that would not have gone out without a proposal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from audit import ledger
from cases import absences, actions, partial, people, policies, second_look
from cases.models import Case, Decision, Proposal
from cases.steps import about, holding, locked, required
from common import outbox
from common.actor import Actor
from common.errors import Conflict, DomainError, NotAllowed, NotFound
from identity.models import User

State = Proposal.State


def decide_or_propose(
    *,
    case: Case,
    outcome: str,
    conditions: Sequence[str],
    reason: str,
    by: User,
    waive_fee: bool = False,
    refused: Mapping[str, str] | None = None,
    lock: int | None = None,
) -> Decision | Proposal:
    """Decide, or where the workflow wants a second person, propose it. As `actions.decide`.

    Raises `NotAllowed`, `Conflict`, `InvalidInput`.
    """
    content: dict[str, Any] = {
        "conditions": list(conditions),
        "reason": reason,
        "waive_fee": waive_fee,
        "refused": dict(refused or {}),
    }
    if not case.workflow.four_eyes:
        return actions.decide(case=case, outcome=outcome, by=by, lock=lock, **content)
    return _decide_or_propose(case, outcome, content, by, lock)


@transaction.atomic
def _decide_or_propose(
    case: Case, outcome: str, content: dict[str, Any], by: User, lock: int | None
) -> Decision | Proposal:
    case = locked(case, lock, by)
    if not needs_second(case, outcome, content, by):
        with holding([case]):
            return actions.decide(case=case, outcome=outcome, by=by, lock=lock, **content)
    return propose(case, outcome, content, by)


def propose(case: Case, outcome: str, content: Mapping[str, Any], by: User) -> Proposal:
    """Propose a decision that is possible and needs a second person, on a locked case."""
    proposal = Proposal.objects.create(
        case=case, outcome=outcome, content=dict(content), proposed_by=by
    )
    _count_change(case)
    ledger.record(event="proposal.made", by=Actor.of(by), **about(case, outcome=outcome))
    outbox.enqueue("cases.proposed", str(proposal.pk), {"proposal_id": str(proposal.pk)})
    return proposal


def needs_second(
    case: Case,
    outcome: str,
    content: Mapping[str, Any],
    by: User,
    proposal: Proposal | None = None,
) -> bool:
    """Whether this decision, which is possible, needs a second person. Raises as `decide` does.

    `proposal`: where `by` is asked to be that person.
    """
    approved = outcome == Decision.Outcome.APPROVED
    parts = partial.check(case, content.get("refused") or {}) if approved else []
    fee = partial.fee_for(case, parts).total
    waive_fee = bool(content.get("waive_fee"))
    move = policies.check_decision(
        case,
        outcome=outcome,
        reason=str(content.get("reason", "")),
        waive_fee=waive_fee,
        roles=policies.roles_on(case, by),
        fee=fee if parts else None,
        by=by,
        proposal=proposal,
    )
    return second_look.is_needed(case, move, fee=fee, waive_fee=waive_fee)


def check_second(proposal: Proposal, by: User) -> None:
    """Whether `by` may be the second person. What the decision itself needs is asked by `decide`.

    Raises `Conflict` when it waits no more, `NotAllowed`.
    """
    if proposal.state != State.WAITING:
        raise Conflict(_("This proposal does not wait any more."), code="closed")
    if proposal.proposed_by_id == by.pk:
        raise NotAllowed(
            _("You proposed it yourself. Another person has to confirm it."), code="own_proposal"
        )
    case, proposer = proposal.case, proposal.proposed_by
    if not proposer.is_active or not policies.may_process(case, proposer):
        raise NotAllowed(
            _("%(name)s does not work on cases of this department any more. Propose it anew.")
            % {"name": proposer.name},
            code="proposer_left",
        )


def seconds_for(proposal: Proposal) -> list[User]:
    """Who could confirm a proposal now: colleagues of the office, else whoever leads it.

    Those who are away are left out as long as somebody is there.
    """
    case = proposal.case
    there = Q(roles__department=case.department_id) | Q(roles__department__isnull=True)
    staff = User.objects.filter(
        there, roles__role__in=policies.DESK_ROLES, kind=User.Kind.STAFF, is_active=True
    ).distinct()
    able = [user for user in staff if _could_confirm(proposal, user)]
    away = absences.of_today(user.pk for user in able)
    there_now = [user for user in able if user.pk not in away] or able
    return there_now or [
        user for user in people.leads_of(case.department_id) if _could_confirm(proposal, user)
    ]


def _could_confirm(proposal: Proposal, by: User) -> bool:
    try:
        check_second(proposal, by)
        policies.check_not_entered(proposal.case, by)
        needs_second(proposal.case, proposal.outcome, proposal.content, by, proposal)
    except DomainError:
        return False
    return True


@transaction.atomic
def confirm(*, case: Case, proposal_id: UUID, by: User, lock: int | None = None) -> Decision:
    """Make the proposed decision, as the second person. Raises `NotFound`, `NotAllowed`,
    `Conflict`, `InvalidInput`."""
    case = locked(case, lock, by)
    proposal = _locked_proposal(case, proposal_id)
    check_second(proposal, by)
    with holding([case]):
        decision = actions.decide(
            case=case, outcome=proposal.outcome, by=by, proposal=proposal, **proposal.content
        )
    _ask_to_tell(proposal)
    return decision


@transaction.atomic
def send_back(
    *, case: Case, proposal_id: UUID, note: str, by: User, lock: int | None = None
) -> Proposal:
    """Give a proposal back to whoever made it, with a note. Raises as `confirm` does."""
    case = locked(case, lock, by)
    proposal = _locked_proposal(case, proposal_id)
    if not policies.may_process(case, by):
        raise NotAllowed(_("You do not have the role that this needs."), code="wrong_role")
    if proposal.proposed_by_id == by.pk:
        raise NotAllowed(_("You proposed it yourself. You can take it back."), code="own_proposal")
    note = required(note, "note", _("Write what is to be changed."))
    _ask_to_tell(proposal)
    return _close(proposal, State.RETURNED, by, "proposal.returned", note=note[:2000])


@transaction.atomic
def take_back(*, case: Case, proposal_id: UUID, by: User, lock: int | None = None) -> Proposal:
    """Withdraw one's own proposal. Raises as `confirm` does."""
    case = locked(case, lock, by)
    proposal = _locked_proposal(case, proposal_id)
    if proposal.proposed_by_id != by.pk:
        raise NotAllowed(_("Only whoever proposed it can take it back."), code="not_yours")
    return _close(proposal, State.TAKEN_BACK, by, "proposal.taken_back")


def _locked_proposal(case: Case, proposal_id: UUID) -> Proposal:
    found = (
        Proposal.objects.select_for_update(of=("self",))
        .select_related("proposed_by")
        .filter(case=case, pk=proposal_id)
        .first()
    )
    if found is None:
        raise NotFound(_("There is no such proposal."), code="no_proposal")
    found.case = case
    if found.state != State.WAITING:
        raise Conflict(_("This proposal does not wait any more."), code="closed")
    return found


def _ask_to_tell(proposal: Proposal) -> None:
    """Let the worker tell the proposer what the second person made of it."""
    outbox.enqueue("cases.proposal_closed", str(proposal.pk), {"proposal_id": str(proposal.pk)})


def _close(proposal: Proposal, state: State, by: User, event: str, *, note: str = "") -> Proposal:
    proposal.state, proposal.note = state, note
    proposal.closed_by, proposal.closed_at = by, timezone.now()
    proposal.save(update_fields=["state", "note", "closed_by", "closed_at"])
    _count_change(proposal.case)
    about_it = about(proposal.case, outcome=proposal.outcome)
    ledger.record(event=event, by=Actor.of(by), **about_it)
    return proposal


def _count_change(case: Case) -> None:
    case.lock += 1
    case.save(update_fields=["lock"])
