"""What people were told: the message, its deliveries, and how they want to be told."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models

from common.text import Text, TextField


class Message(models.Model):
    """One notice in somebody's inbox, as it was worded when it was sent, in every language."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # The message is the recipient's own: it goes when the account is erased.
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="messages"
    )
    kind = models.CharField(max_length=64)
    # Names the happening ("case:<id>:decided"): the same happening is told once.
    key = models.CharField(max_length=150)
    subject: models.Field[Text, Text] = TextField()
    body: models.Field[Text, Text] = TextField()
    # What the notice was made from; its keys are limited by the notice's class.
    context: models.Field[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    # A path of the town's site, without language prefix; empty when there is no page to open.
    path = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["recipient", "kind", "key"], name="message_once_per_happening"
            )
        ]
        indexes = [models.Index(fields=["recipient", "-created_at"], name="message_inbox")]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class Delivery(models.Model):
    """A message's way outside by one channel. Tries are counted by its row in the outbox."""

    class Channel(models.TextChoices):
        MAIL = "mail"

    class State(models.TextChoices):
        PENDING = "pending"
        SENT = "sent"
        # The resident wants no mail or has no address: the inbox holds the message.
        SKIPPED = "skipped"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="deliveries")
    channel = models.CharField(max_length=16, choices=Channel.choices, default=Channel.MAIL)
    state = models.CharField(max_length=16, choices=State.choices, default=State.PENDING)
    # RFC 5322 Message-ID. The same on every try, so that a mail sent twice is seen as one.
    rfc_message_id = models.CharField(max_length=200)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["message", "channel"], name="delivery_once_per_channel")
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.state}"


class Preference(models.Model):
    """How a resident wants to be told. No row: the account's language, by mail."""

    resident = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="notification_preference",
    )
    # Empty: the account's own language.
    language = models.CharField(max_length=16, blank=True)
    channels: models.Field[list[str], list[str]] = models.JSONField(default=list)
    # Letters on paper, too, by post.
    by_post = models.BooleanField(default=False)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return ", ".join(self.channels) or "-"
