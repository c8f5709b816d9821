"""Sending without signing in: an address that is being shown, and ways into what was sent.

See docs/adr/0013-guests.md.
"""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone

from forms.models import Draft


class SendingAddress(models.Model):
    """The address that a guest sends a draft with, and the code that shows that it is theirs.

    The code is kept nowhere: it follows from the platform's secret and `number`, the last one
    counts. The row goes when the draft is sent, taken over or deleted.
    """

    # Nothing without the draft that is to be sent.
    draft = models.OneToOneField(
        Draft, on_delete=models.CASCADE, primary_key=True, related_name="sending_address"
    )
    # The browser that asked, as `Draft.guest`: passed on, the draft needs a code anew.
    guest = models.CharField(max_length=64)
    address = models.EmailField()
    language = models.CharField(max_length=12)
    # How many codes were sent for this draft.
    number = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(default=timezone.now)
    wrong = models.PositiveSmallIntegerField(default=0)
    shown_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "sending addresses"

    def __str__(self) -> str:
        return f"{self.draft_id} {self.number}"


class CaseKey(models.Model):
    """A way into one case that nobody has an account for: a link by mail, then one browser.

    Of the link only the hash is kept, of the browser the hash of its secret (`forms.guests`). The
    browser that sent the application has one without a link.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Nothing without the case that it opens.
    case = models.ForeignKey("cases.Case", on_delete=models.CASCADE, related_name="keys")
    token_hash = models.CharField(max_length=64, unique=True, null=True)
    # The browser; empty: the link was not used.
    guest = models.CharField(max_length=64, blank=True)
    made_at = models.DateTimeField(default=timezone.now)
    # Of the link until it is used, then of the browser.
    expires_at = models.DateTimeField()

    class Meta:
        ordering = ["made_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(token_hash__isnull=False) | ~models.Q(guest=""),
                name="case_key_is_a_link_or_a_browser",
            )
        ]
        indexes = [models.Index(fields=["guest", "case"], name="case_key_of_browser")]

    def __str__(self) -> str:
        return f"{self.case_id} {self.pk}"
