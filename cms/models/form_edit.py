"""A form in preparation: what staff have typed so far, right or not, until it is published."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from cms.models.preparation import Preparation


class FormEdit(Preparation):
    """One offering's form being changed.

    `before` is the definition that the newest save was made from, to take it back.
    """

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
    before: models.Field[dict[str, Any] | None, dict[str, Any] | None] = models.JSONField(
        null=True, blank=True
    )

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
