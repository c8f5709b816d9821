"""Rows of what residents and offices write to each other about a case.

All that hangs on a case goes with it; a thread's drafts and files do by `cases.writing`.
"""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from common.text import Text, TextField
from identity.models import Department, User


class Thread(models.Model):
    """What is written about one matter of a case, under one subject."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey("cases.Case", on_delete=models.CASCADE, related_name="threads")
    subject = models.CharField(max_length=100)
    begun_at = models.DateTimeField(default=timezone.now)
    last_at = models.DateTimeField(default=timezone.now)
    # Something waits to be read: by the resident; by whoever of the office has the case.
    unread_by_resident = models.BooleanField(default=False)
    unread_by_office = models.BooleanField(default=False)

    class Meta:
        ordering = ["-last_at", "id"]
        indexes = [
            models.Index(fields=["case", "-last_at"], name="thread_of_case"),
            models.Index(
                fields=["case"],
                name="thread_unread_by_office",
                condition=models.Q(unread_by_office=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.id}"


class ThreadMessage(models.Model):
    """One message. Never changed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Of the draft it was written in: the same "send" twice, from two tabs, is one message.
    idempotency_key = models.UUIDField(unique=True)
    thread = models.ForeignKey(Thread, on_delete=models.CASCADE, related_name="messages")
    from_office = models.BooleanField()
    written_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField(default=timezone.now)
    text = models.TextField()
    # Ids of `forms.Attachment`.
    files: models.Field[list[uuid.UUID], list[uuid.UUID]] = ArrayField(
        models.UUIDField(), default=list
    )

    class Meta:
        ordering = ["written_at", "id"]
        indexes = [models.Index(fields=["thread", "written_at"], name="message_of_thread")]

    def __str__(self) -> str:
        return f"{self.thread_id} {self.id}"


class ThreadReading(models.Model):
    """Until when somebody has read a thread."""

    thread = models.ForeignKey(Thread, on_delete=models.CASCADE, related_name="readings")
    reader = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    read_at = models.DateTimeField()

    class Meta:
        ordering = ["read_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["thread", "reader"], name="thread_read_once_by_each")
        ]

    def __str__(self) -> str:
        return f"{self.thread_id} {self.reader_id}"


class MessageTemplate(models.Model):
    """A text that a department keeps for what it writes often (`cases.message_templates`)."""

    class Purpose(models.TextChoices):
        MESSAGE = "message", _("Message to the resident")
        CORRECTION = "correction", _("Correction request")
        CONDITIONS = "conditions", _("Condition of an approval")
        GROUNDS = "grounds", _("Grounds of a refusal")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    department = models.ForeignKey(Department, on_delete=models.CASCADE, related_name="+")
    purpose = models.CharField(max_length=10, choices=Purpose.choices, default=Purpose.MESSAGE)
    name = models.CharField(max_length=80)
    # With fields in braces; a language may be missing.
    texts: models.Field[Text, Text] = TextField(default=dict)
    changed_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["purpose", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["department", "purpose", "name"], name="message_template_once"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def languages(self) -> list[str]:
        """Codes of the languages it is written in."""
        return sorted(dict(self.texts))
