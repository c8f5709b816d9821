"""One-time codes, wrong ones, and the sessions in which staff help a resident."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from identity.representation.models import Representation


class CounterCode(models.Model):
    """A one-time code of a resident. Only its keyed hash is kept; a new one replaces the last."""

    class Purpose(models.TextChoices):
        # Shown to a helper: "you may fill in with me".
        HELP = "help", _("Help at the counter")
        # Printed for somebody without an eID: "what was entered then is mine".
        JOIN = "join", _("Joining with an eID")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Nothing without the person whose code it is.
    resident = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="counter_codes"
    )
    purpose = models.CharField(max_length=4, choices=Purpose.choices)
    code_hash = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()

    class Meta:
        verbose_name = _("code for the counter")
        verbose_name_plural = _("codes for the counter")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["resident", "purpose"], name="identity_code_one_live")
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.id}"


class WrongCode(models.Model):
    """A code that was tried and not known: after a few, whoever tries has to wait."""

    # Only of use while the account can sign in.
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="wrong_codes")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("wrong code")
        verbose_name_plural = _("wrong codes")
        indexes: ClassVar = [models.Index(fields=["user", "at"], name="identity_wrong_code")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.at:%H:%M}"


class Helping(models.Model):
    """A member of staff helps one resident, for a short time, with one application.

    `representation` is of the kind `counter`: its owner is the helper, it says who stood before
    them and by which paper they were recognised. A draft that hangs on it is of this session.
    """

    class Consent(models.TextChoices):
        CODE = "code", _("by a one-time code from their own account")
        PRESENT = "present", _("in person; no online account")

    class Ending(models.TextChoices):
        SENT = "sent", _("The application was sent")
        HELPER = "helper", _("Ended by the helper")
        SIGNED_OUT = "signed_out", _("The helper signed out")
        RESIDENT = "resident", _("Ended by the resident")
        EXPIRED = "expired", _("The time had run out")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Who helped must stay known; an application protects it, too.
    helper = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="helpings")
    # The resident's own, and goes with the account.
    resident = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="helped")
    representation = models.OneToOneField(Representation, models.CASCADE, related_name="helping")
    consent = models.CharField(max_length=8, choices=Consent.choices)
    # Where one paper is not enough: which ones were shown (`papers.OTHER`).
    papers: models.Field[list[str], list[str]] = models.JSONField(default=list, blank=True)
    opened_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ending = models.CharField(max_length=10, choices=Ending.choices, blank=True)

    class Meta:
        verbose_name = _("help at the counter")
        verbose_name_plural = _("help at the counter")
        ordering: ClassVar = ["-opened_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["helper"],
                condition=models.Q(ended_at__isnull=True),
                name="identity_helping_one_open",
            ),
            models.CheckConstraint(
                condition=models.Q(ended_at__isnull=True, ending="")
                | (models.Q(ended_at__isnull=False) & ~models.Q(ending="")),
                name="identity_helping_says_how_it_ended",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.helper_id} {self.id}"

    @property
    def is_open(self) -> bool:
        """Not ended, and its time has not run out."""
        return self.ended_at is None and timezone.now() < self.expires_at
