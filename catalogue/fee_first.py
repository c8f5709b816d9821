"""Whether a workflow fits a fee that is paid before the office begins."""

from __future__ import annotations

from catalogue.fees import Charge, FeeSchedule
from workflow.definition import WorkflowDefinition
from workflow.verbs import DECISIONS, Verb


def check(fees: FeeSchedule, workflow: WorkflowDefinition) -> None:
    """Raises `ValueError` with the place.

    The case waits for the fee in the first stage, and in no other; the payment alone leads on,
    whoever changes their mind withdraws, and a fee that lapses unpaid has its end.
    """
    if fees.charge is not Charge.ON_SUBMISSION:
        if workflow.fee_first:
            raise ValueError("clock.starts: it starts with the fee, but fees.yaml charges none")
        return
    if not workflow.fee_first:
        raise ValueError(
            "clock.starts: a fee is charged on submission, so it starts with the 'fee'"
        )
    first = workflow.initial
    leaving = {verb: [m for m in workflow.moves if m.verb is verb] for verb in Verb}
    needed = [Verb.PAY, Verb.WITHDRAW]
    if fees.unpaid.then == "lapse":
        needed.append(Verb.LAPSE)
    for verb in needed:
        if not any(first in move.from_ and move.to for move in leaving[verb]):
            raise ValueError(f"stage '{first}': the fee is paid there, so it needs a move '{verb}'")
    for verb in (Verb.PAY, Verb.LAPSE):
        for move in leaving[verb]:
            if move.from_ != (first,):
                raise ValueError(f"move {verb}: the fee is paid at stage '{first}' only")
            if "system" not in move.roles or move.guard:
                raise ValueError(f"move {verb}: it is the system's, without a guard")
    for verb in DECISIONS:
        if any(first in move.from_ for move in leaving[verb]):
            raise ValueError(f"move {verb}: nothing is decided before the fee is paid")
