"""A municipality's own settings of a service in preparation, until they are published."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from cms.models.preparation import Preparation


class OverlayEdit(Preparation):
    """One offering's overlay (`catalogue.overlay.Overlay`) being changed.

    `base` is the overlay that it began from, `overlay` what it is now, each part as JSON.
    """

    # It means nothing without its offering.
    offering = models.ForeignKey(
        "catalogue.Offering", models.CASCADE, related_name="overlay_edits",
        verbose_name=_("service"),
    )  # fmt: skip
    base: models.Field[dict[str, Any], dict[str, Any]] = models.JSONField()
    overlay: models.Field[dict[str, Any], dict[str, Any]] = models.JSONField()

    class Meta:
        verbose_name = _("settings in preparation")
        verbose_name_plural = _("settings in preparation")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["offering"],
                condition=models.Q(state="open"),
                name="cms_overlay_edit_one_open",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["open", "published", "discarded"]),
                name="cms_overlay_edit_state",
            ),
        ]
