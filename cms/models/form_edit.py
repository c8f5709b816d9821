"""A form in preparation: what staff have typed so far, right or not, until it is published."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class FormEdit(models.Model):
    """One offering's form being changed. Everybody works on the same one.

    `saves` tells who did what: ``[{"at": ISO time, "by": name, "what": words, "lock": number}]``,
    the newest last. `before` is the definition that the newest was made from, to take it back.
    """

    class State(models.TextChoices):
        OPEN = "open", _("In preparation")
        PUBLISHED = "published", _("Published")
        DISCARDED = "discarded", _("Discarded")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # It means nothing without its offering.
    offering = models.ForeignKey(
        "catalogue.Offering", models.CASCADE, related_name="form_edits", verbose_name=_("service")
    )
    # What it began from, and what became of it.
    base_version = models.ForeignKey("forms.FormVersion", models.PROTECT, related_name="+")
    published_version = models.ForeignKey(
        "forms.FormVersion", models.PROTECT, null=True, blank=True, related_name="+"
    )
    definition: models.Field[dict[str, Any], dict[str, Any]] = models.JSONField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    note = models.CharField(max_length=500, blank=True)
    lock = models.PositiveIntegerField(default=0)
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    before: models.Field[dict[str, Any] | None, dict[str, Any] | None] = models.JSONField(
        null=True, blank=True
    )
    saves: models.Field[list[Any], list[Any]] = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    saved_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("form in preparation")
        verbose_name_plural = _("forms in preparation")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["offering"],
                condition=models.Q(state="open"),
                name="cms_form_edit_one_open",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["open", "published", "discarded"]),
                name="cms_form_edit_state",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)
