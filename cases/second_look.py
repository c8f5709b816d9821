"""Four eyes: when a decision needs a second person, and whether one is waited for."""

from __future__ import annotations

from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from audit import ledger
from cases import conditions
from cases.models import Case, Proposal
from common.actor import SYSTEM
from common.errors import NotAllowed
from common.lookup import Lookup
from identity.models import User
from workflow.checks import LOOK_FACTS
from workflow.definition import Move
from workflow.verbs import Verb

State = Proposal.State

#: Moves after which a proposal is as good as before.
_LEAVES_IT = frozenset({Verb.CLAIM, Verb.EXTEND})

_of_case: Lookup[Proposal] = Lookup(
    lambda case: Proposal.objects.select_related("proposed_by", "closed_by").filter(case=case),
    case=UUID,
)


def is_needed(case: Case, move: Move, *, fee: int, waive_fee: bool) -> bool:
    """Whether this decision is proposed by one person and confirmed by another."""
    if move.four_eyes is None:
        return False
    facts: dict[str, int | bool] = {"fee": fee, "fee_waived": waive_fee}
    return conditions.holds(move.four_eyes.when, case, facts, LOOK_FACTS)


def latest(case: Case) -> Proposal | None:
    """The last proposal on the case, whatever became of it.

    One statement; none where the workflow knows no second look.
    """
    if not case.workflow.four_eyes:
        return None
    if "proposals" not in getattr(case, "_prefetched_objects_cache", {}):
        _of_case.attach(case, "proposals", case=case.pk)
    found = list(case.proposals.all())
    return found[-1] if found else None


def waiting(case: Case) -> Proposal | None:
    """The proposal that waits for a second person."""
    last = latest(case)
    return last if last is not None and last.state == State.WAITING else None


def check_none_waits(case: Case) -> None:
    """Nothing else is decided meanwhile. Raises `NotAllowed`."""
    if waiting(case) is not None:
        raise NotAllowed(
            _("A decision is proposed already and waits for a second person."), code="proposed"
        )


def check_alone(case: Case, move: Move, *, fee: int, waive_fee: bool) -> None:
    """Raises `NotAllowed` for a decision that needs two people."""
    if is_needed(case, move, fee=fee, waive_fee=waive_fee):
        raise NotAllowed(
            _("A second person has to confirm this decision. Propose it."), code="four_eyes"
        )


def close(
    case: Case, move: Move, proposal: Proposal | None, *, fee: int, waive_fee: bool, by: User
) -> None:
    """The decision is being made: with its proposal confirmed, or where none is needed.

    Raises `NotAllowed` for a decision that one person makes alone though two are needed.
    """
    if proposal is not None:
        proposal.state, proposal.closed_by = State.CONFIRMED, by
        proposal.closed_at = timezone.now()
        proposal.save(update_fields=["state", "closed_by", "closed_at"])
    else:
        check_alone(case, move, fee=fee, waive_fee=waive_fee)


def drop(case: Case, move: Move) -> None:
    """The case goes another way: what was proposed falls away. Part of `steps.apply_move`."""
    if not case.workflow.four_eyes or move.verb in _LEAVES_IT:
        return
    let_fall(case)


def let_fall(case: Case) -> None:
    """Drop what waits on a locked case."""
    dropped = case.proposals.filter(state=State.WAITING).update(
        state=State.DROPPED, closed_at=timezone.now()
    )
    if dropped:
        ledger.record(
            event="proposal.dropped",
            by=SYSTEM,
            about=str(case.resident_id),
            object_kind="case",
            object_id=str(case.pk),
            purpose="processing",
            data={"stage": case.stage},
        )
