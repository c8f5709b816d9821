"""Whom applications name, where a service is granted once for a household."""

from __future__ import annotations

from django.db import models


class NamedPerson(models.Model):
    """Somebody whom an application names: a key to compare (`catalogue.once.people`), no name."""

    case = models.ForeignKey("cases.Case", on_delete=models.CASCADE, related_name="named_people")
    key = models.CharField(max_length=64)

    class Meta:
        verbose_name_plural = "named people"
        constraints = [
            models.UniqueConstraint(fields=["key", "case"], name="named_person_once_in_a_case")
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.key[:8]}"
