"""How far an application is, as a short list: done, now, next, and what may still come.

Read from the case's own workflow, so that it is right for every service that declares one; what
cannot happen any more is not in it. Everything that happened, step by step, is `cases.timeline`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.utils.translation import gettext as _

from cases.models import Case
from cases.queries import Progress
from common.errors import NotAllowed
from workflow.definition import Move, Outcome
from workflow.moves import find_move
from workflow.verbs import DECISIONS, Verb

#: What of the time line is a step of one's own application; the rest is in the log.
_MILESTONES = frozenset(
    {"submitted", "entered", "claimed", "confirmed_complete", "correction_answered", "approved",
     "approved_in_part", "refused", "acknowledged", "paid", "fee_waived", "document_issued",
     "lapsed", "not_examined", "withdrawn", "reopened", "revoked"}
)  # fmt: skip

#: How a case goes on when nothing is in its way, the first of these that is possible.
_ON = (
    Verb.ANSWER_CORRECTION, Verb.CONFIRM_COMPLETE, Verb.CLAIM, Verb.APPROVE, Verb.ACKNOWLEDGE,
    Verb.PAY,
)  # fmt: skip


class State(StrEnum):
    DONE = "done"
    NOW = "now"
    NEXT = "next"
    LATER = "later"
    # It may be needed, or may not.
    POSSIBLE = "possible"


@dataclass(frozen=True, slots=True)
class Step:
    """One line. `at`: when it was done."""

    state: State
    text: str
    at: datetime | None = None


def steps(progress: Progress) -> list[Step]:
    """The steps of an application, in the order of the way."""
    done = [
        Step(State.DONE, entry.text, entry.at)
        for entry in progress.entries
        if entry.code in _MILESTONES
    ]
    here = _("We have your payment") if progress.settled else str(progress.stage.title)
    now = [] if progress.stage.final else [Step(State.NOW, here)]
    return done + now + _ahead(progress)


def _ahead(progress: Progress) -> list[Step]:
    case = progress.case
    certain, found = True, []
    for state, text in _to_come(progress):
        if state is State.LATER and certain:
            found.append(Step(State.NEXT, text))
            certain = False
        else:
            found.append(Step(state, text))
    ended = case.closed_at is not None or progress.stage.final
    letter = progress.document is None and (progress.decision is not None or not ended)
    if letter and progress.stage.outcome is not Outcome.LAPSED:
        found.append(Step(State.NEXT if certain else State.LATER, _("You receive our letter here")))
    return found


def _to_come(progress: Progress) -> Iterator[tuple[State, str]]:
    case = progress.case
    stage, decided = case.stage, progress.decision is not None
    seen = {stage}
    if not progress.settled and _can(case, stage, Verb.LAPSE):
        yield State.POSSIBLE, _("If the fee is not paid in time, it ends here")
    while (move := _way_on(case, stage, seen)) is not None:
        if not decided and _can(case, stage, Verb.REQUEST_CORRECTION):
            yield State.POSSIBLE, _("We may ask you to correct or add something")
        said = _in_words(progress, move, decided=decided)
        if said is not None:
            yield said
        decided = decided or move.verb in DECISIONS
        stage = move.to
        seen.add(stage)


def _in_words(progress: Progress, move: Move, *, decided: bool) -> tuple[State, str] | None:
    """What a move is to the resident. None: it is what they are doing now."""
    if move.verb is Verb.ANSWER_CORRECTION:
        return State.LATER, _("We go on checking your application")
    if move.verb is Verb.CONFIRM_COMPLETE:
        return State.LATER, _("We note that everything is here, and our period begins")
    if move.verb is Verb.CLAIM:
        if progress.case.offering.is_notification:  # its one step is said below
            return None
        return State.LATER, _("We check your application")
    if move.verb is Verb.APPROVE:
        return State.LATER, _("We decide about your application")
    if move.verb is Verb.ACKNOWLEDGE:
        return State.LATER, _("We check that your notification is complete")
    if decided and progress.decision is None:
        return State.POSSIBLE, _("If it is approved: you pay the fee")
    return None


def _way_on(case: Case, stage: str, seen: set[str]) -> Move | None:
    """The move that takes the case on from `stage`, supposing that everything goes well."""
    facts: dict[str, int | bool] = {
        "open_consultations": 0, "open_corrections": 0, "objections": 0, "fee_waived": False,
        "fee": case.application.computed_fee.total,
    }  # fmt: skip
    for verb in _ON:
        roles = {role for move in case.workflow.moves if move.verb is verb for role in move.roles}
        try:
            move = find_move(case.workflow, stage=stage, verb=verb, roles=roles, facts=facts)
        except NotAllowed:
            continue
        if move.to and move.to not in seen:
            return move
    return None


def _can(case: Case, stage: str, verb: Verb) -> bool:
    return any(move.verb is verb and stage in move.from_ for move in case.workflow.moves)
