"""Rows of looking closely: what was checked on a case, and decisions that wait for a second person.

All of it hangs on the case and goes with it.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from identity.models import User


class CaseCheck(models.Model):
    """A line of a case's checklist that somebody ticked or added.

    A declared line (`workflow.checks`) has a row once it was ticked; one added by hand has its own
    words and keeps nothing back.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey("cases.Case", on_delete=models.CASCADE, related_name="checks")
    # Its id in the workflow's declaration; empty: added by hand.
    declared = models.CharField(max_length=40, blank=True)
    text = models.CharField(max_length=300, blank=True)
    ticked_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    ticked_at = models.DateTimeField(null=True)
    added_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["added_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["case", "declared"],
                condition=~models.Q(declared=""),
                name="check_declared_once",
            ),
            models.CheckConstraint(
                condition=models.Q(declared="") ^ models.Q(text=""),
                name="check_is_declared_or_has_words",
            ),
            models.CheckConstraint(
                condition=models.Q(ticked_by__isnull=True, ticked_at__isnull=True)
                | models.Q(ticked_by__isnull=False, ticked_at__isnull=False),
                name="check_says_who_and_when",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.declared or self.text}"


class Proposal(models.Model):
    """A decision with everything in it that waits for a second person (four eyes)."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waits for a second person")
        CONFIRMED = "confirmed", _("Confirmed")
        RETURNED = "returned", _("Sent back")
        TAKEN_BACK = "taken_back", _("Taken back")
        # The case went another way meanwhile.
        DROPPED = "dropped", _("Dropped")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey("cases.Case", on_delete=models.CASCADE, related_name="proposals")
    outcome = models.CharField(max_length=12)
    # The other keywords of `cases.actions.decide`: conditions, reason, waive_fee, refused.
    content: models.Field[dict[str, Any], dict[str, Any]] = models.JSONField()
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    closed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True)
    # Why it was sent back.
    note = models.TextField(blank=True)

    class Meta:
        ordering = ["proposed_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["case"], condition=models.Q(state="waiting"), name="proposal_waits_once"
            ),
            models.CheckConstraint(
                condition=~models.Q(state="returned") | ~models.Q(note=""),
                name="proposal_back_with_a_note",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="confirmed")
                | (
                    models.Q(closed_by__isnull=False) & ~models.Q(closed_by=models.F("proposed_by"))
                ),
                name="proposal_confirmed_by_another",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.outcome} {self.state}"
