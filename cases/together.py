"""Cases that were applied for together, decided together: all in one transaction, or none.

A family is the case that somebody began with and those that were added to it
(`catalogue.linked.LinkKind.ADDITION`), of whatever services and departments. Each keeps its own
decision, conditions, fee, letter and ledger entry; the resident gets one notice. Where a decision
needs a second person it is proposed in the same transaction, and confirmed case by case.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from cases import actions, partial, policies, proposals, second_look, steps
from cases.models import Case, Decision, Proposal
from cases.policies import MoveOption
from common import outbox
from common.errors import DomainError, InvalidInput, NotFound
from identity.models import User
from workflow.definition import Move

#: More were never applied for together; what is posted is not read any further.
MOST = 20


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to decide on one case; `lock` is that of the page they saw."""

    case_id: uuid.UUID
    outcome: str
    lock: int
    conditions: Sequence[str] = ()
    reason: str = ""
    waive_fee: bool = False
    refused: Mapping[str, str] = field(default_factory=dict)

    @property
    def content(self) -> dict[str, Any]:
        """The decision but for its outcome, as `cases.proposals` keeps it."""
        return {
            "conditions": list(self.conditions),
            "reason": self.reason,
            "waive_fee": self.waive_fee,
            "refused": dict(self.refused),
        }


@dataclass(frozen=True, slots=True)
class Sister:
    """A case of the family that one works on, and which decisions are possible now."""

    case: Case
    options: Sequence[MoveOption]

    @property
    def can_be_decided(self) -> bool:
        return any(option.allowed for option in self.options)


@dataclass(frozen=True, slots=True)
class Family:
    """`others`: of departments that one does not work for; they are named, and left alone."""

    sisters: Sequence[Sister]
    others: Sequence[Case]


class NotTogether(DomainError):
    """One of them could not be decided, so none was; `problems` says why, by case."""

    def __init__(self, problems: Mapping[uuid.UUID, DomainError]) -> None:
        super().__init__(
            _("Nothing was decided: not all of it is possible. See the reasons below."),
            code="not_together",
        )
        self.problems = problems


def is_one_of_several(case: Case, links: Sequence[Case]) -> bool:
    """Whether others were applied for together with this case; `links` as of `offers.links_of`."""
    return case.origin_kind == Case.Origin.ADDITION or any(
        link.origin_id == case.pk and link.origin_kind == Case.Origin.ADDITION for link in links
    )


def family_of(case: Case, user: User) -> Family:
    """The whole family as `user` may see it, the first case first.

    Three statements for any number of cases, and one more for each that was sent for somebody else.
    """
    cases = list(_family(case))
    mine = [one for one in cases if policies.may_process(one, user)]
    wanted = set(policies.VERB_OF.values())
    return Family(
        [
            Sister(one, [option for option in policies.options(one, user) if option.verb in wanted])
            for one in mine
        ],
        [one for one in cases if one not in mine],
    )


def _family(case: Case) -> Sequence[Case]:
    root = case.pk
    if case.origin_kind == Case.Origin.ADDITION and case.origin_id is not None:
        root = case.origin_id
    found = Case.objects.filter(Q(pk=root) | Q(origin=root, origin_kind=Case.Origin.ADDITION))
    return list(
        found.select_related("application", "resident")
        .prefetch_related("consultations", "corrections", "checks", "proposals")
        .order_by("received_on", "application__submitted_at", "pk")
    )


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What a wish would make: an unsaved decision; with `second` it is proposed first."""

    move: Move
    decision: Decision
    second: bool


def check(case: Case, wish: Wish, by: User) -> Foreseen:
    """What a wish would make of a case as it is now. Raises `DomainError`."""
    policies.check_unchanged(case, wish.lock)
    policies.check_not_entered(case, by)
    approved = wish.outcome == Decision.Outcome.APPROVED
    parts = partial.check(case, wish.refused) if approved else []
    fee = partial.fee_for(case, parts).total
    move = policies.check_decision(
        case,
        outcome=wish.outcome,
        reason=wish.reason,
        waive_fee=wish.waive_fee,
        roles=policies.roles_on(case, by),
        fee=fee if parts else None,
        by=by,
    )
    decision = Decision(
        case=case,
        outcome=wish.outcome,
        conditions=list(wish.conditions) if approved else [],
        reason=wish.reason,
        fee_waived=wish.waive_fee,
        refused_parts=parts,
    )
    second = second_look.is_needed(case, move, fee=fee, waive_fee=wish.waive_fee)
    return Foreseen(move, decision, second)


@transaction.atomic
def decide_together(*, case: Case, wishes: Sequence[Wish], by: User) -> list[Decision | Proposal]:
    """Decide on several cases of the family of `case`, or propose it where two have to.

    Raises `InvalidInput` for fewer than two, `NotFound` for one that is not of it, `NotTogether`.
    """
    if len(wishes) < 2:
        raise InvalidInput({"case": [_("Choose a decision for at least two cases.")]})
    wanted = [wish.case_id for wish in wishes]
    family = {one.pk for one in _family(case)}
    if len(set(wanted)) != len(wanted) or not family.issuperset(wanted):
        raise NotFound(_("There is no such case."), code="no_case")
    # In one order, so that two at once wait for each other and not crosswise.
    held = list(
        Case.objects.filter(pk__in=wanted)
        .order_by("pk")
        .select_for_update(of=("self",))
        .select_related("application", "resident")
        .prefetch_related("consultations", "corrections", "checks", "proposals")
    )
    cases = {one.pk: one for one in held}
    made: list[Decision | Proposal] = []
    problems: dict[uuid.UUID, DomainError] = {}
    with steps.holding(held):
        for wish in wishes:
            try:
                made.append(_decide(cases[wish.case_id], wish, by, len(wishes)))
            except DomainError as refusal:
                problems[wish.case_id] = refusal
    if problems:
        raise NotTogether(problems)
    _follow(case, [str(one.pk) for one in made if isinstance(one, Decision)])
    return made


def _follow(case: Case, decision_ids: Sequence[str]) -> None:
    """Letters or fees, and a notice. One that was decided alone is told as such."""
    if len(decision_ids) == 1:
        outbox.enqueue("cases.decided", decision_ids[0], {"decision_id": decision_ids[0]})
    elif decision_ids:
        outbox.enqueue(
            "cases.decided_together",
            decision_ids[0],
            {"decision_ids": list(decision_ids), "case_id": str(case.pk)},
        )


def _decide(case: Case, wish: Wish, by: User, together: int) -> Decision | Proposal:
    if not policies.may_process(case, by):
        raise NotFound(_("You do not work on this case."), code="no_case")
    if case.workflow.four_eyes:
        steps.locked(case, wish.lock, by)
        if proposals.needs_second(case, wish.outcome, wish.content, by):
            return proposals.propose(case, wish.outcome, wish.content, by)
    return actions.make_decision(
        case=case,
        outcome=wish.outcome,
        by=by,
        lock=wish.lock,
        together=together,
        **wish.content,
    )
