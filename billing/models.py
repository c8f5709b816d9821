"""Fees that are due, and what payment providers answered about them."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from common.text import Text, TextField


class FeeDue(models.Model):
    """One fee to be paid, in yen. Rows are made by `billing.actions.raise_fee`.

    It does not know what it is for beyond its reference: the room that raised it keeps the link.
    """

    class State(models.TextChoices):
        DUE = "due", pgettext_lazy("fee", "Open")
        PAID = "paid", _("Paid")
        CANCELLED = "cancelled", _("Cancelled")
        # Let off wholly (免除), after it had been raised.
        WAIVED = "waived", _("Waived")
        # Nobody paid in time, and the service says that it ends then.
        EXPIRED = "expired", _("Expired unpaid")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # What the payer and the finance office read, e.g. the receipt number of the application.
    reference = models.CharField(max_length=64)
    # What a payer writes before their name in a bank transfer: `billing.numbers`.
    number = models.CharField(max_length=10, unique=True, null=True, blank=True)
    title: models.Field[Text, Text] = TextField()
    # The parts of one fee share a series: this is part `part` of `parts`.
    series = models.UUIDField(null=True, blank=True, db_index=True)
    part = models.PositiveSmallIntegerField(default=1, db_default=1)
    parts = models.PositiveSmallIntegerField(default=1, db_default=1)
    # Who is expected to pay, for the finance office to find: a name, its kana.
    payer_name = models.CharField(max_length=200, blank=True, default="", db_default="")
    payer_kana = models.CharField(max_length=200, blank=True, default="", db_default="")
    amount = models.PositiveIntegerField(help_text="yen")
    # What came of it so far; all of it when it is paid.
    received = models.PositiveIntegerField(default=0, db_default=0, help_text="yen")
    # How the amount comes about: [{"text": {"ja": …}, "amount": 480}, …]
    lines: models.Field[list[dict[str, Any]], list[dict[str, Any]]] = models.JSONField(default=list)
    state = models.CharField(max_length=16, choices=State.choices, default=State.DUE)
    due_on = models.DateField(null=True, blank=True)
    paid_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True)
    demanded_at = models.DateTimeField(null=True, blank=True)
    provider = models.CharField(max_length=32, blank=True)
    provider_payment_id = models.CharField(max_length=128, unique=True, null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at"]
        verbose_name_plural = "fees due"
        constraints = [
            models.CheckConstraint(name="fee_is_never_zero", condition=models.Q(amount__gt=0)),
            models.CheckConstraint(
                name="fee_never_counts_more_than_it_is",
                condition=models.Q(received__lte=models.F("amount")),
            ),
            models.CheckConstraint(
                name="fee_part_of_parts",
                condition=models.Q(part__gte=1, part__lte=models.F("parts")),
            ),
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
        indexes = [
            models.Index(fields=["reference"], name="fee_reference"),
            models.Index(fields=["state", "due_on"], name="fee_state_due"),
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.amount}"

    @property
    def outstanding(self) -> int:
        """Yen that are still to be paid; nothing of a fee that is not due any more."""
        return self.amount - self.received if self.state == self.State.DUE else 0

    @property
    def breakdown(self) -> list[tuple[Text, int]]:
        """The lines for display: text and yen."""
        return [(Text(line["text"]), int(line["amount"])) for line in self.lines]


class Payment(models.Model):
    """What a provider answered about one try to pay. Never changed once written."""

    class Outcome(models.TextChoices):
        PAID = "paid", _("Paid")
        # Less than what is due: the rest stays due.
        PARTIAL = "partial", _("Paid in part")
        DECLINED = "declined", _("Declined")
        CANCELLED = "cancelled", _("Given up")
        # Money came that was not due (any more): the finance office must give it back.
        SURPLUS = "surplus", _("Too much")
        # Of what was too much: put to another fee of the same payer (充当).
        MOVED = "moved", _("Put to another fee")

    #: Outcomes that brought money.
    MONEY = (Outcome.PAID, Outcome.PARTIAL, Outcome.SURPLUS)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Accounts are kept: a fee with payments cannot be deleted.
    fee = models.ForeignKey(FeeDue, on_delete=models.PROTECT, related_name="payments")
    provider = models.CharField(max_length=32)
    provider_payment_id = models.CharField(max_length=128)
    outcome = models.CharField(max_length=16, choices=Outcome.choices)
    amount = models.PositiveIntegerField(help_text="yen")
    # The bank's or the counter's day; null: the day it was written down.
    received_on = models.DateField(null=True, blank=True)
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


class Attempt(models.Model):
    """That somebody went to a provider to pay: for how much, so that its answer can be compared."""

    class State(models.TextChoices):
        OPEN = "open", _("Can be paid")
        # The payer is back, or the provider waits for the money itself.
        RETURNED = "returned", _("Being confirmed")
        PAID = "paid", _("Paid")
        OVER = "over", _("Over, not paid")
        # The answer does not fit, or none ever came: a person has to look at the provider's pages.
        UNCLEAR = "unclear", _("Unclear")

    #: States in which money may still come.
    LIVE = (State.OPEN, State.RETURNED)
    #: States in which nobody is asked to pay: it may be paid already.
    AWAITED = (State.RETURNED, State.UNCLEAR)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    fee = models.ForeignKey(FeeDue, on_delete=models.PROTECT, related_name="attempts")
    provider = models.CharField(max_length=32)
    amount = models.PositiveIntegerField(help_text="yen")
    # The provider's own id, once it has told one.
    transaction_id = models.CharField(max_length=255, unique=True, null=True, blank=True)
    # What the provider's library keeps about it; no card, no person.
    kept: models.Field[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    # What was there before there were states is over.
    state = models.CharField(
        max_length=8, choices=State.choices, default=State.OPEN, db_default=State.OVER
    )
    ends_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["started_at"]

    def __str__(self) -> str:
        return f"{self.provider} {self.amount}"


class ProviderEvent(models.Model):
    """That a provider's event was taken, so that the same one again changes nothing."""

    provider = models.CharField(max_length=32)
    event_id = models.CharField(max_length=255)
    kind = models.CharField(max_length=100)
    # None: it is about something that this town knows nothing of.
    attempt = models.ForeignKey(Attempt, on_delete=models.PROTECT, null=True, related_name="events")
    received_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["received_at"]
        constraints = [
            models.UniqueConstraint(fields=["provider", "event_id"], name="event_taken_once")
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.kind}"


from billing.bank_models import BankLine, BankStatement, FinanceSettings  # noqa: E402
from billing.refund_models import Refund  # noqa: E402

__all__ = [
    "Attempt",
    "BankLine",
    "BankStatement",
    "FeeDue",
    "FinanceSettings",
    "Payment",
    "ProviderEvent",
    "Refund",
]
