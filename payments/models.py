"""Fees that are due, and what payment providers answered about them."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models

from common.text import Text, TextField


class FeeDue(models.Model):
    """One fee to be paid, in yen. Rows are made by `payments.actions.raise_fee`.

    It does not know what it is for beyond its reference: the room that raised it keeps the link.
    """

    class State(models.TextChoices):
        DUE = "due"
        PAID = "paid"
        CANCELLED = "cancelled"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # What the payer and the finance office read, e.g. the receipt number of the application.
    reference = models.CharField(max_length=64)
    title: models.Field[Text, Text] = TextField()
    amount = models.PositiveIntegerField(help_text="yen")
    # How the amount comes about: [{"text": {"ja": …}, "amount": 480}, …]
    lines: models.Field[list[dict[str, Any]], list[dict[str, Any]]] = models.JSONField(default=list)
    state = models.CharField(max_length=16, choices=State.choices, default=State.DUE)
    due_on = models.DateField(null=True, blank=True)
    paid_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    provider = models.CharField(max_length=32, blank=True)
    provider_payment_id = models.CharField(max_length=128, unique=True, null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at"]
        verbose_name_plural = "fees due"
        constraints = [
            models.CheckConstraint(name="fee_is_never_zero", condition=models.Q(amount__gt=0)),
            models.CheckConstraint(
                name="fee_paid_says_when_and_how",
                condition=models.Q(
                    state="paid", paid_at__isnull=False, provider_payment_id__isnull=False
                )
                | (
                    ~models.Q(state="paid")
                    & models.Q(paid_at__isnull=True, provider_payment_id__isnull=True)
                ),
            ),
        ]
        indexes = [models.Index(fields=["reference"], name="fee_reference")]

    def __str__(self) -> str:
        return f"{self.reference} {self.amount}"

    @property
    def breakdown(self) -> list[tuple[Text, int]]:
        """The lines for display: text and yen."""
        return [(Text(line["text"]), int(line["amount"])) for line in self.lines]


class Payment(models.Model):
    """What a provider answered about one try to pay. Never changed once written."""

    class Outcome(models.TextChoices):
        PAID = "paid"
        DECLINED = "declined"
        CANCELLED = "cancelled"
        # Money came for a fee that was no longer due: the finance office must give it back.
        SURPLUS = "surplus"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Accounts are kept: a fee with payments cannot be deleted.
    fee = models.ForeignKey(FeeDue, on_delete=models.PROTECT, related_name="payments")
    provider = models.CharField(max_length=32)
    provider_payment_id = models.CharField(max_length=128)
    outcome = models.CharField(max_length=16, choices=Outcome.choices)
    amount = models.PositiveIntegerField(help_text="yen")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "provider_payment_id"], name="payment_counted_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.outcome} {self.amount}"
