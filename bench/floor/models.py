# ruff: noqa: DJ008  nobody prints these objects
"""Drafts, cases, the ledger and the outbox of one permit."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone


class Draft(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    resident = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    answers = models.JSONField(default=dict)
    is_sent = models.BooleanField(default=False)
    saved_at = models.DateTimeField(auto_now=True)


class Attachment(models.Model):
    draft = models.ForeignKey(Draft, on_delete=models.CASCADE, related_name="attachments")
    field = models.CharField(max_length=40)
    filename = models.CharField(max_length=255)
    file = models.FileField(upload_to="plans/%Y/%m/")


class Case(models.Model):
    class State(models.TextChoices):
        RECEIVED = "received", "受付済み"
        REVIEW = "review", "審査中"
        PAYMENT = "payment", "手数料の納付待ち"
        REFUSED = "refused", "不許可"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # One draft is sent once, however often the button is pressed.
    draft = models.OneToOneField(Draft, on_delete=models.PROTECT)
    resident = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="cases"
    )
    receipt_number = models.CharField(max_length=24, unique=True)
    answers = models.JSONField()
    fee = models.PositiveIntegerField()
    state = models.CharField(max_length=20, choices=State.choices, default=State.RECEIVED)
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    conditions = models.TextField(blank=True)
    submitted_at = models.DateTimeField(default=timezone.now)
    due_on = models.DateField()


class LedgerEntry(models.Model):
    at = models.DateTimeField(default=timezone.now)
    event = models.CharField(max_length=40)
    actor = models.CharField(max_length=40)
    about = models.CharField(max_length=40)
    object_id = models.CharField(max_length=40)
    data = models.JSONField(default=dict)


class OutboxRow(models.Model):
    kind = models.CharField(max_length=60)
    key = models.CharField(max_length=60)
    payload = models.JSONField()
    state = models.CharField(max_length=10, default="pending")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "key"], name="floor_outbox_once")]
