"""What people were told: the message, its deliveries, and how they want to be told."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models

from common.text import Text, TextField


def as_dialled(contact: str) -> str:
    """``090-1234-5678`` of ``+819012345678``; anything else as it is."""
    if not contact.startswith("+81"):
        return contact
    plain = f"0{contact[3:]}"
    return f"{plain[:3]}-{plain[3:7]}-{plain[7:]}"


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
        SMS = "sms"
        WEBHOOK = "webhook"

    class State(models.TextChoices):
        # Waits for the worker, or until `held_until`.
        PENDING = "pending"
        SENT = "sent"
        # Not sent, for `reason`: the inbox holds the message.
        SKIPPED = "skipped"
        # Sent, and came back.
        BOUNCED = "bounced"

    class Reason(models.TextChoices):
        UNWANTED = "unwanted"
        NO_ADDRESS = "no_address"
        DEAD_ADDRESS = "dead_address"
        NOT_OFFERED = "not_offered"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="deliveries")
    channel = models.CharField(max_length=16, choices=Channel.choices, default=Channel.MAIL)
    state = models.CharField(max_length=16, choices=State.choices, default=State.PENDING)
    reason = models.CharField(
        max_length=16, choices=Reason.choices, blank=True, default="", db_default=""
    )
    # RFC 5322 Message-ID. The same on every try, so that a mail sent twice is seen as one; that of
    # the digest when the message goes with others in one mail.
    rfc_message_id = models.CharField(max_length=200, db_index=True)
    # Quiet hours, or the hour of the digest.
    held_until = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    # Where the last try went to, as `notifications.addresses.fingerprint`.
    address_hash = models.CharField(max_length=64, blank=True, default="", db_default="")
    soft_failures = models.PositiveSmallIntegerField(default=0, db_default=0)
    bounced_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["message", "channel"], name="delivery_once_per_channel")
        ]
        indexes = [
            models.Index(
                fields=["-bounced_at"],
                name="delivery_bounced",
                condition=models.Q(state="bounced"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.state}"


class Preference(models.Model):
    """How a resident wants to be told. No row: the account's language, by mail, at once."""

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
    by_post = models.BooleanField(default=False, db_default=False)
    # A number that a code was typed for; +81… Empty: none.
    phone = models.CharField(max_length=20, blank=True, default="", db_default="")
    # Both or neither, in the town's time; the first may be later than the second (over night).
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_until = models.TimeField(null=True, blank=True)
    # One mail a day at this time of the town. None: at once.
    digest_at = models.TimeField(null=True, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="preference_quiet_both_or_none",
                condition=models.Q(quiet_from=None, quiet_until=None)
                | models.Q(quiet_from__isnull=False, quiet_until__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return ", ".join(self.channels) or "-"

    @property
    def phone_shown(self) -> str:
        return as_dialled(self.phone)


class ContactCheck(models.Model):
    """A code sent to an address or number, to see that it is the resident's. The newest one counts.

    The code itself is kept nowhere: `notifications.contacts` derives it from the row.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    resident = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="contact_checks"
    )
    channel = models.CharField(max_length=16, choices=Delivery.Channel.choices)
    address = models.CharField(max_length=254, db_index=True)
    created_at = models.DateTimeField(auto_now_add=True)
    wrong = models.PositiveSmallIntegerField(default=0)
    used = models.BooleanField(default=False)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.channel} check {self.pk}"

    @property
    def shown(self) -> str:
        """Where the code went, as people write it."""
        return as_dialled(self.address)


class DeadAddress(models.Model):
    """An address of somebody that a mail server said takes no mail. It is not written to again."""

    resident = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="dead_addresses"
    )
    address_hash = models.CharField(max_length=64)
    found_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "dead addresses"
        constraints = [
            models.UniqueConstraint(fields=["resident", "address_hash"], name="dead_address_once")
        ]

    def __str__(self) -> str:
        return f"dead address {self.pk}"


class TownWording(models.Model):
    """A notice as the municipality words it: merge text in every language."""

    kind = models.CharField(max_length=64, primary_key=True)
    subject: models.Field[Text, Text] = TextField()
    body: models.Field[Text, Text] = TextField()
    # By language: the fingerprint of the platform's text that this one was made from.
    based_on: models.Field[dict[str, str], dict[str, str]] = models.JSONField(default=dict)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    changed_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.kind


class WebhookTarget(models.Model):
    """Where the municipality's own system is told of notices: one address, by an administrator."""

    ONLY = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=ONLY)
    url = models.CharField(max_length=500)
    # As `identity.sealed` keeps it.
    secret = models.CharField(max_length=200)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="webhook_target_only_one", condition=models.Q(id=1))
        ]

    def __str__(self) -> str:
        return "webhook target"
