"""Money that is given back."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Refund(models.Model):
    """A refund of a fee, whole or in part: who asked, who agreed, how it went back."""

    class State(models.TextChoices):
        ASKED = "asked", _("Waits for a second member of staff")
        APPROVED = "approved", _("Agreed, not paid back yet")
        DONE = "done", _("Paid back")
        REFUSED = "refused", _("Not agreed")
        FAILED = "failed", _("The provider could not do it")

    class Way(models.TextChoices):
        PROVIDER = "provider", _("By the way it was paid (card)")
        BANK = "bank", _("Bank transfer")
        CASH = "cash", _("At the counter, in cash")

    #: States that take from what can be given back.
    COUNTS = (State.ASKED, State.APPROVED, State.DONE)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    fee = models.ForeignKey("payments.FeeDue", on_delete=models.PROTECT, related_name="refunds")
    payment = models.ForeignKey(
        "payments.Payment", on_delete=models.PROTECT, null=True, related_name="refunds"
    )
    amount = models.PositiveIntegerField(help_text="yen")
    reason = models.TextField()
    way = models.CharField(max_length=10, choices=Way.choices)
    # A bank account as forms keep one (`forms.parts`); emptied once the money is there.
    account: models.Field[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State.choices)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    asked_at = models.DateTimeField(default=timezone.now)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)
    done_on = models.DateField(null=True)

    class Meta:
        ordering = ["-asked_at"]
        constraints = [
            models.CheckConstraint(name="refund_is_never_zero", condition=models.Q(amount__gt=0)),
            models.CheckConstraint(name="refund_has_a_reason", condition=~models.Q(reason="")),
            models.CheckConstraint(
                name="refund_four_eyes",
                condition=models.Q(decided_by__isnull=True)
                | ~models.Q(decided_by=models.F("asked_by")),
            ),
            models.CheckConstraint(
                name="refund_done_says_when",
                condition=~models.Q(state="done") | models.Q(done_on__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.state}"
