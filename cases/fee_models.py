"""What belongs to a fee beyond the money: asking to be let off it, and its receipt."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from billing.models import FeeDue
from tenants.files import PrivateStorage

_EXTENSIONS = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}


def evidence_path(waiver: Any, filename: str) -> str:
    """Where evidence is kept: nothing of the owner's own file name."""
    name = uuid.uuid4().hex
    return f"waivers/{name[:2]}/{name}.{_EXTENSIONS.get(waiver.evidence_type, 'bin')}"


class FeeWaiver(models.Model):
    """A resident asks to be let off a fee (減免申請); decided for itself, with a letter."""

    class State(models.TextChoices):
        ASKED = "asked", _("Asked, not decided yet")
        GRANTED = "granted", _("Waived")
        REDUCED = "reduced", _("Reduced")
        REFUSED = "refused", _("Not waived")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey("cases.Case", on_delete=models.PROTECT, related_name="waivers")
    fee = models.ForeignKey(FeeDue, on_delete=models.PROTECT, related_name="waivers")
    reason = models.TextField()
    evidence = models.FileField(
        storage=PrivateStorage(), upload_to=evidence_path, max_length=200, blank=True
    )
    evidence_name = models.CharField(max_length=200, blank=True)
    evidence_type = models.CharField(max_length=40, blank=True)
    evidence_sha256 = models.CharField(max_length=64, blank=True)
    asked_at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=8, choices=State.choices, default=State.ASKED)
    # What the resident is let off, in yen.
    yen = models.PositiveIntegerField(default=0)
    number = models.CharField(max_length=40, unique=True, null=True)
    answer = models.TextField(blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)
    letter = models.ForeignKey(
        "documents.Document", on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        ordering = ["asked_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["fee"], condition=models.Q(state="asked"), name="waiver_open_once"
            ),
            models.CheckConstraint(
                condition=models.Q(state="asked") | ~models.Q(answer=""),
                name="waiver_decision_has_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.state}"


class Receipt(models.Model):
    """領収書: one for each fee that was paid, from a series without gaps."""

    fee = models.OneToOneField(FeeDue, on_delete=models.PROTECT, related_name="receipt")
    number = models.CharField(max_length=40, unique=True)
    document = models.ForeignKey(
        "documents.Document", on_delete=models.PROTECT, null=True, related_name="+"
    )
    issued_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["issued_at"]

    def __str__(self) -> str:
        return self.number
