"""What was deleted when its time of keeping was over, and what must not be."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from identity.models import User


class Hold(models.Model):
    """A case that must not be deleted for now: a lawsuit, an audit, a request for disclosure."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.OneToOneField("cases.Case", on_delete=models.CASCADE, related_name="hold")
    reason = models.TextField()
    placed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    placed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~models.Q(reason=""), name="hold_has_a_reason")
        ]

    def __str__(self) -> str:
        return str(self.case_id)


class Disposal(models.Model):
    """One run of deletions, confirmed by a person. It stays as the record of what was deleted."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    confirmed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField(default=timezone.now)
    # What was confirmed: a line for each service and outcome, as `plan.Line.as_json`.
    lines: models.Field[list[dict[str, Any]], list[dict[str, Any]]] = models.JSONField()

    class Meta:
        ordering = ["-confirmed_at"]

    def __str__(self) -> str:
        return f"{self.confirmed_at:%Y-%m-%d}"


class DisposalItem(models.Model):
    """One case of a run. Ids only: it outlives the case. The database deletes no other."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        DELETED = "deleted", _("Deleted")
        # It was not due any more when its turn came: a hold, a reopened case.
        KEPT = "kept", _("Kept")

    disposal = models.ForeignKey(Disposal, on_delete=models.CASCADE, related_name="items")
    case_id = models.UUIDField()
    application_id = models.UUIDField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["disposal", "case_id"], name="disposal_case_once")
        ]
        indexes = [
            models.Index(fields=["disposal", "state", "id"], name="disposal_turn"),
            models.Index(
                fields=["application_id"],
                condition=models.Q(state="waiting"),
                name="disposal_application",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.state}"
