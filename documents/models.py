"""Issued papers: a private PDF, its checksum and the code by which anyone can verify it."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.files import PrivateStorage


def file_path(document: Document, filename: str) -> str:
    """Where the file lies. It follows from the id alone: a second try writes the same place."""
    return f"documents/{document.pk.hex[:2]}/{document.pk}.pdf"


class Document(models.Model):
    """A paper that a municipality has issued. Rows are made by `documents.actions.issue`.

    It does not know whose it is: the room that asked for it keeps the link. So the public page
    that verifies a code has no personal data within reach.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # What it is, as the caller names it: "park_use.permit", "child_allowance.decision".
    kind = models.CharField(max_length=100)
    title = models.CharField(max_length=200)
    language = models.CharField(max_length=16)
    file = models.FileField(storage=PrivateStorage(), upload_to=file_path, max_length=200)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    code = models.CharField(max_length=32, unique=True)
    issued_on = models.DateField()
    valid_from = models.DateField(null=True, blank=True)
    valid_until = models.DateField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    # The paper that has taken this one's place.
    replaced_by = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="replaces"
    )
    # The first day on which another matter's paper has taken this one's place.
    replaced_on = models.DateField(null=True, blank=True)
    # When its recipient first opened it: the proof that it has arrived.
    opened_at = models.DateTimeField(null=True, blank=True)
    # Whether the file carries the municipality's digital signature.
    is_signed = models.BooleanField(default=False, db_default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                name="document_validity_in_order",
                condition=models.Q(valid_from__isnull=True)
                | models.Q(valid_until__isnull=True)
                | models.Q(valid_until__gte=models.F("valid_from")),
            ),
            models.CheckConstraint(
                name="document_sha256_is_hex", condition=models.Q(sha256__regex=r"^[0-9a-f]{64}$")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    def is_valid_on(self, day: date) -> bool:
        """Whether the paper can be relied on that day (both ends of its period included)."""
        return (
            self.revoked_at is None
            and self.replaced_by_id is None
            and (self.replaced_on is None or day < self.replaced_on)
            and (self.valid_from is None or day >= self.valid_from)
            and (self.valid_until is None or day <= self.valid_until)
        )


class LetterWording(models.Model):
    """The words of a letter as a municipality published them. Never changed: a decision stays with
    the version it was made with.

    `key` says which letter (``park_use.approved``); `texts` maps a language to
    ``{"title": …, "body": …, "remarks": …}``, with merge fields (`documents.merging`).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    key = models.CharField(max_length=100)
    number = models.PositiveIntegerField()
    texts: models.Field[dict[str, Any], dict[str, Any]] = models.JSONField()
    note = models.CharField(max_length=200, blank=True)
    published_at = models.DateTimeField(default=timezone.now)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name = _("wording of a letter")
        verbose_name_plural = _("wordings of letters")
        ordering = ["key", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["key", "number"], name="letter_wording_number")
        ]

    def __str__(self) -> str:
        return f"{self.key} v{self.number}"
