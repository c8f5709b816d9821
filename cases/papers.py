"""What was issued on a decision, taken back, issued anew and printed. Part of `cases.models`."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from documents.models import Document
from identity.models import Department, User


class IssuedLetter(models.Model):
    """One letter as it was issued: the paper, and what it says as data for the reading page.

    `content` is what `cases.letters.as_content` gives, in Japanese. Never changed.
    """

    class Kind(models.TextChoices):
        DECISION = "decision", _("Decision")
        REPLACEMENT = "replacement", _("Replacement")
        REVOCATION = "revocation", _("Revocation")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    decision = models.ForeignKey(
        "cases.Decision", on_delete=models.PROTECT, related_name="issued_letters"
    )
    document = models.OneToOneField(
        Document, on_delete=models.PROTECT, related_name="issued_letter"
    )
    kind = models.CharField(max_length=12, choices=Kind.choices)
    # 1 for the first letter, 2 for its replacement …
    edition = models.PositiveSmallIntegerField(default=1)
    content: models.Field[dict[str, Any], dict[str, Any]] = models.JSONField()
    issued_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["issued_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["decision", "edition"],
                condition=~models.Q(kind="revocation"),
                name="letter_edition_once",
            ),
            models.UniqueConstraint(
                fields=["decision"],
                condition=models.Q(kind="revocation"),
                name="letter_of_revocation_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.decision_id} {self.kind} {self.edition}"


class Revocation(models.Model):
    """A decision taken back (取消し), with its grounds and a letter of its own."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    decision = models.OneToOneField(
        "cases.Decision", on_delete=models.PROTECT, related_name="revocation"
    )
    number = models.CharField(max_length=40, unique=True)
    grounds = models.TextField()
    # The first day on which the decision does not hold any more.
    effective_on = models.DateField()
    revoked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    revoked_at = models.DateTimeField(default=timezone.now)
    letter = models.ForeignKey(Document, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~models.Q(grounds=""), name="revocation_has_grounds")
        ]

    def __str__(self) -> str:
        return self.number


class Replacement(models.Model):
    """A letter issued anew: it was lost (再交付), or something in it was wrong (訂正).

    `before` is what a correction replaced: ``{"conditions": [...], "reason": "..."}``.
    """

    class Kind(models.TextChoices):
        REISSUE = "reissue", _("Issued again")
        CORRECTION = "correction", _("Corrected")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    decision = models.ForeignKey(
        "cases.Decision", on_delete=models.PROTECT, related_name="replacements"
    )
    kind = models.CharField(max_length=10, choices=Kind.choices)
    edition = models.PositiveSmallIntegerField()
    # Why, in words: for a correction printed on the letter.
    note = models.TextField(blank=True)
    before: models.Field[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(default=timezone.now)
    letter = models.ForeignKey(Document, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["edition"]
        constraints = [
            models.UniqueConstraint(fields=["decision", "edition"], name="replacement_edition"),
            models.UniqueConstraint(
                fields=["decision"],
                condition=models.Q(letter__isnull=True),
                name="replacement_one_at_a_time",
            ),
            models.CheckConstraint(
                condition=~models.Q(kind="correction") | ~models.Q(note=""),
                name="correction_says_what",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.decision_id} {self.kind} {self.edition}"


class PrintRun(models.Model):
    """Letters put together into one PDF, to be printed and sent by post."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    department = models.ForeignKey(Department, on_delete=models.PROTECT, related_name="+")
    day: models.Field[date, date] = models.DateField()
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    # None while the worker puts it together.
    document = models.ForeignKey(Document, on_delete=models.PROTECT, null=True, related_name="+")
    pages = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-made_at"]

    def __str__(self) -> str:
        return f"{self.made_at:%Y-%m-%d %H:%M}"


class PrintedLetter(models.Model):
    """That a letter was part of a print run. More than one row: it was printed more than once."""

    run = models.ForeignKey(PrintRun, on_delete=models.PROTECT, related_name="letters")
    letter = models.ForeignKey(IssuedLetter, on_delete=models.PROTECT, related_name="printed")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "letter"], name="printed_once_in_a_run")
        ]

    def __str__(self) -> str:
        return f"{self.run_id} {self.letter_id}"
