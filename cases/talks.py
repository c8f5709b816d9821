"""What offices and residents are asked about a case: consultations and corrections."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from cases.models import Case, Consultation, CorrectionRequest
from common.lookup import Lookup, attach_each
from workflow.definition import Verb

_consultations: Lookup[Consultation] = Lookup(
    lambda case: Consultation.objects.filter(case=case), case=UUID
)
_corrections: Lookup[CorrectionRequest] = Lookup(
    lambda case: CorrectionRequest.objects.filter(case=case), case=UUID
)


def of(case: Case) -> tuple[Sequence[Consultation], Sequence[CorrectionRequest]]:
    """The consultations and corrections of a case, each oldest first, as they are now.

    Two statements, none after `attach_with_people`.
    """
    if "consultations" in getattr(case, "_prefetched_objects_cache", {}):
        return list(case.consultations.all()), list(case.corrections.all())
    return _consultations.all(case=case.pk), _corrections.all(case=case.pk)


def waited_for(case: Case, consultations: Sequence[Consultation]) -> int:
    """How many opinions a decision still waits for.

    Every one that somebody asked for by hand; of those that the workflow asks for, as many as its
    joining rule says.
    """
    by_hand = sum(not each.declared and each.answered_at is None for each in consultations)
    declared = [
        each
        for each in consultations
        if each.declared and each.required and each.superseded_at is None
    ]
    answered = sum(each.answered_at is not None for each in declared)
    return by_hand + max(0, case.workflow.needed(len(declared)) - answered)


def answerable(case: Case) -> bool:
    """Whether opinions can still be given at the stage where the case is."""
    return any(
        move.verb is Verb.ANSWER_CONSULTATION and case.stage in move.from_
        for move in case.workflow.moves
    )


def attach_with_people(case: Case) -> None:
    """Read them once for a page, with who asked and answered, and whose the case is.

    Most cases have none, so people and offices are read afterwards, where there are any.
    """
    _consultations.attach(case, "consultations", case=case.pk)
    _corrections.attach(case, "corrections", case=case.pk)
    consultations, corrections = of(case)
    attach_each(consultations, "department")
    attach_each(consultations, "body")
    attach_each(
        [case, *consultations, *corrections],
        "assigned_to",
        "asked_by",
        "answered_by",
        "requested_by",
    )
