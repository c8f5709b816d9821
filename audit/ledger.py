"""Writing the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from audit import events
from audit.models import LedgerEntry
from common.actor import Actor

#: Longer than any id, field name or stage; shorter than what somebody types.
LONGEST_TEXT = 200


def record(
    *,
    event: str,
    by: Actor,
    about: str | UUID | None = None,
    object_kind: str = "",
    object_id: str | UUID = "",
    purpose: str = "",
    data: Mapping[str, Any] | None = None,
) -> None:
    """Add an entry to the caller's transaction: one INSERT, sealed when it commits.

    `about` is the id of the resident whose data it concerns. `data` holds ids, field names, stages
    and numbers, never a personal value. Raises `LookupError` for an event nobody registered and
    `ValueError` for data that cannot be such.
    """
    events.registry.get(event)
    LedgerEntry.objects.create(
        event=event,
        actor_kind=by.kind,
        actor_id=by.id,
        actor_name=by.name[:LONGEST_TEXT],
        about=UUID(str(about)) if about is not None else None,
        object_kind=object_kind,
        object_id=str(object_id),
        purpose=purpose,
        data=_checked(data or {}),
    )


def record_each(
    *,
    event: str,
    by: Actor,
    objects: Sequence[tuple[str, str]],
    object_kind: str,
    purpose: str = "",
    data: Mapping[str, Any] | None = None,
) -> None:
    """The same event for many: an entry for each pair of resident and object id, in one INSERT.

    As `record` otherwise.
    """
    events.registry.get(event)
    checked = _checked(data or {})
    LedgerEntry.objects.bulk_create(
        [
            LedgerEntry(
                event=event,
                actor_kind=by.kind,
                actor_id=by.id,
                actor_name=by.name[:LONGEST_TEXT],
                about=UUID(about),
                object_kind=object_kind,
                object_id=object_id,
                purpose=purpose,
                data=checked,
            )
            for about, object_id in objects
        ]
    )


def _checked(data: Mapping[str, Any]) -> dict[str, Any]:
    for key, value in data.items():
        for item in value if isinstance(value, list | tuple) else (value,):
            if isinstance(item, str):
                if len(item) > LONGEST_TEXT or "\x00" in item:
                    raise ValueError(f"ledger data '{key}' is no id, field name or stage")
            elif not (item is None or isinstance(item, bool | int)):
                raise ValueError(
                    f"ledger data '{key}' is a {type(item).__name__}; "
                    "only texts, whole numbers, yes/no and lists of them are kept"
                )
    return dict(data)
