"""Files of the bank about the town's account, and what became of each line."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class FinanceSettings(models.Model):
    """How this municipality takes and gives back money. One row; see `current`."""

    bank_name = models.CharField(max_length=60, blank=True)
    branch_name = models.CharField(max_length=60, blank=True)
    account_kind = models.CharField(max_length=20, blank=True)
    account_number = models.CharField(max_length=10, blank=True)
    account_holder = models.CharField(max_length=60, blank=True)
    # How to read a CSV of the bank: `billing.statements.table.Columns`.
    columns: models.Field[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    # Refunds above this many yen need a second member of staff; null: none does.
    four_eyes_above = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "finance settings"
        constraints = [
            models.CheckConstraint(name="one_finance_settings", condition=models.Q(pk=1))
        ]

    def __str__(self) -> str:
        return self.account_number

    @classmethod
    def current(cls) -> FinanceSettings:
        """The town's settings; empty ones, not saved, where nothing was set."""
        return cls.objects.filter(pk=1).first() or cls(pk=1)

    @property
    def takes_transfers(self) -> bool:
        return bool(self.bank_name and self.account_number)


class BankStatement(models.Model):
    """One uploaded file. Nothing is booked before it is applied."""

    class State(models.TextChoices):
        PREVIEW = "preview", _("Preview, nothing is booked yet")
        APPLYING = "applying", _("Being booked")
        APPLIED = "applied", _("Booked")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64, unique=True)
    format = models.CharField(max_length=20)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PREVIEW)
    # What the file itself says came in, where it says so.
    stated_count = models.PositiveIntegerField(null=True)
    stated_total = models.PositiveBigIntegerField(null=True)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    uploaded_at = models.DateTimeField(auto_now_add=True)
    applied_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-uploaded_at"]

    def __str__(self) -> str:
        return self.name


class BankLine(models.Model):
    """One line of a file. `key` holds what the bank says about it: it is booked once, ever."""

    class State(models.TextChoices):
        MATCHED = "matched", _("Fits a fee")
        SUGGESTED = "suggested", _("May belong to a fee")
        UNMATCHED = "unmatched", _("Fits nothing")
        DUPLICATE = "duplicate", _("Known from another file")
        BROKEN = "broken", _("Not readable")
        OUTGOING = "outgoing", _("No money that came in")
        BOOKED = "booked", _("Booked")
        TO_RETURN = "to_return", _("To be given back")
        RETURNED = "returned", _("Given back")

    #: What somebody still has to look at.
    OPEN = (State.SUGGESTED, State.UNMATCHED, State.TO_RETURN)

    # Means nothing without its file; only a preview is ever deleted.
    statement = models.ForeignKey(BankStatement, on_delete=models.CASCADE, related_name="lines")
    number = models.PositiveIntegerField()
    key = models.CharField(max_length=64, unique=True, null=True)
    state = models.CharField(max_length=10, choices=State.choices)
    reason = models.CharField(max_length=40, blank=True)
    booked_on = models.DateField(null=True)
    amount = models.PositiveBigIntegerField(null=True)
    payer = models.CharField(max_length=100, blank=True)
    text = models.CharField(max_length=250, blank=True)
    fee = models.ForeignKey(
        "payments.FeeDue", on_delete=models.PROTECT, null=True, related_name="bank_lines"
    )
    note = models.TextField(blank=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    settled_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["statement", "number"]
        constraints = [
            models.UniqueConstraint(fields=["statement", "number"], name="bank_line_once"),
            models.CheckConstraint(
                name="bank_line_booked_to_a_fee",
                condition=~models.Q(state="booked")
                | models.Q(fee__isnull=False, amount__isnull=False, key__isnull=False),
            ),
            models.CheckConstraint(
                name="bank_line_readable_says_what",
                condition=models.Q(state="broken")
                | models.Q(amount__isnull=False, booked_on__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["state", "booked_on"], name="bank_line_state")]

    def __str__(self) -> str:
        return f"{self.number} {self.state}"
