"""What every change in preparation has: who saved what, and what became of it."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Preparation(models.Model):
    """Something of a service being changed, until it is published. Everybody works on the same one.

    `saves` tells who did what: ``[{"at": ISO time, "by": name, "what": words, "lock": number}]``,
    the newest last.
    """

    objects: models.Manager[Any] = models.Manager()

    class State(models.TextChoices):
        OPEN = "open", _("In preparation")
        PUBLISHED = "published", _("Published")
        DISCARDED = "discarded", _("Discarded")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    note = models.CharField(max_length=500, blank=True)
    lock = models.PositiveIntegerField(default=0)
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    saves: models.Field[list[Any], list[Any]] = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    saved_at = models.DateTimeField(default=timezone.now)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return str(self.id)
