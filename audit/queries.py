"""Reading the ledger."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from audit.models import LedgerEntry


def about(resident_id: UUID | str) -> QuerySet[LedgerEntry]:
    """Who saw or used what of this resident's data, newest first."""
    return LedgerEntry.objects.filter(about=resident_id).order_by("-id")


def of_object(object_kind: str, object_id: UUID | str) -> QuerySet[LedgerEntry]:
    """What happened to one thing (``"case"``, its id), newest first."""
    return LedgerEntry.objects.filter(object_kind=object_kind, object_id=str(object_id)).order_by(
        "-id"
    )
