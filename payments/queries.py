"""Reading fees."""

from __future__ import annotations

import uuid

from django.db.models import QuerySet

from payments.models import Payment


def last_try(fee_id: uuid.UUID) -> Payment | None:
    """What the provider answered last, to be shown on the fee's page: declined, cancelled, …"""
    return Payment.objects.filter(fee=fee_id).order_by("-created_at").first()


def surplus() -> QuerySet[Payment]:
    """Money that came for fees no longer due, for the finance office to give back."""
    return Payment.objects.filter(outcome=Payment.Outcome.SURPLUS).select_related("fee")
