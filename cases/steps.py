"""What every verb on a case does alike: lock it, take it along a move, say what it is about."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from cases import clocks, declared, policies, second_look
from cases.models import Application, Case, Decision
from common.errors import InvalidInput, NotFound
from common.lookup import Lookup
from identity.models import User
from workflow.definition import Move

_case_locked: Lookup[Case] = Lookup(
    lambda pk: Case.objects.select_for_update().filter(pk=pk), pk=uuid.UUID
)


_held: ContextVar[Mapping[uuid.UUID, Case]] = ContextVar("held", default=MappingProxyType({}))


@contextmanager
def holding(cases: Iterable[Case]) -> Iterator[None]:
    """Within: these cases were read and locked in the caller's transaction, and are not again."""
    token = _held.set({case.pk: case for case in cases})
    try:
        yield
    finally:
        _held.reset(token)


def locked(case: Case, lock: int | None, by: User | None = None) -> Case:
    """The case as it is now, which nobody else changes until this transaction ends.

    `by`: the member of staff who is about to process it.

    Raises `NotFound`, and `Conflict` when it is not as the page with `lock` showed it.
    """
    fresh = _held.get().get(case.pk) or _read_locked(case)
    policies.check_unchanged(fresh, lock)
    if by is not None:
        policies.check_not_entered(fresh, by)
    return fresh


def _read_locked(case: Case) -> Case:
    fresh = _case_locked.one(pk=case.pk)
    if fresh is None:
        raise NotFound(_("There is no such case."), code="no_case")
    # What the page has read already, and still belongs to the case, is not read again.
    for name in ("application", "offering", "department", "resident"):
        same = getattr(fresh, f"{name}_id") == getattr(case, f"{name}_id")
        if same and name in case._state.fields_cache:  # noqa: SLF001
            setattr(fresh, name, getattr(case, name))
    return fresh


def locked_decision(case: Case, lock: int | None) -> Decision:
    """The decision on a case with its letter, both rows locked. Raises `NotFound`, `Conflict`."""
    policies.check_unchanged(Case.objects.select_for_update().get(pk=case.pk), lock)
    decision = (
        Decision.objects.select_for_update(of=("self",))
        .select_related("letter")
        .filter(case=case)
        .first()
    )
    if decision is None:
        raise NotFound(_("There is no decision."), code="no_decision")
    return decision


def apply_move(case: Case, move: Move, *also: str) -> None:
    """Take the case along a move: stage, clock, closing, and one more change counted."""
    if move.to:
        case.stage = move.to
    clocks.turn(case)
    declared.ask(case)
    second_look.drop(case, move)
    case.closed_at = (case.closed_at or timezone.now()) if case.stage_now.final else None
    case.lock += 1
    case.save(update_fields=["stage", "assigned_to", "closed_at", "lock", *clocks.FIELDS, *also])


def about(case: Case, **data: Any) -> dict[str, Any]:
    """What every ledger entry on a case says: ``ledger.record(event=…, by=…, **about(case))``."""
    return {
        "about": str(case.resident_id),
        "object_kind": "case",
        "object_id": str(case.pk),
        "purpose": "processing",
        "data": {"stage": case.stage, **for_whom(case.application), **data},
    }


def for_whom(application: Application) -> dict[str, str]:
    """What the ledger says about it: ids, no names."""
    ids = {"representation": application.representation_id, "on_behalf": application.on_behalf_id}
    return {name: str(found) for name, found in ids.items() if found}


def required(text: str, field: str, message: str) -> str:
    """`text` without blanks around it. Raises `InvalidInput` for nothing."""
    text = text.strip()
    if not text:
        raise InvalidInput({field: [message]})
    return text
