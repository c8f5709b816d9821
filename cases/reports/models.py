"""Figures of a service in a department, counted by the worker: a page only reads them."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils import timezone

from catalogue.models import Offering
from identity.models import Department


class ReportRow(models.Model):
    """What `counting.count` found; `figures` as `counting.Figures.as_json`."""

    offering = models.ForeignKey(Offering, on_delete=models.CASCADE, related_name="+")
    department = models.ForeignKey(Department, on_delete=models.CASCADE, related_name="+")
    figures: models.Field[dict[str, Any], dict[str, Any]] = models.JSONField()
    counted_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["offering", "department"], name="report_row_once")
        ]

    def __str__(self) -> str:
        return f"{self.offering_id} {self.department_id}"
