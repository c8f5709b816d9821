"""Telling residents that a draft they have not gone on with will be deleted (`forms.unsent`)."""

from __future__ import annotations

from django.urls import reverse
from django.utils import timezone, translation

from forms import unsent
from forms.models import Draft
from notifications import notices
from notifications.actions import send


def tell() -> None:
    """Nightly, each once for each time that it was left; telling moves the day, never nearer."""
    for draft in unsent.to_tell()[: unsent.MOST_AT_ONCE]:
        draft.warned_at = timezone.now()
        draft.save(update_fields=["warned_at"])
        _tell(draft)


def _tell(draft: Draft) -> None:
    with translation.override("ja"):  # the reader's own language is added to the path
        path = reverse("portal:draft", args=[draft.pk])
    send(
        notices.DraftExpires,
        resident=draft.applicant,
        context={
            "receipt_number": "",
            "service": draft.form.title,
            "path": path,
            "until": unsent.kept_until(draft),
        },
        key=f"draft:{draft.pk}:unsent:{draft.saved_at:%Y-%m-%d}",
    )
