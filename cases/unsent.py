"""Telling residents that a draft they have not gone on with will be deleted (`forms.unsent`)."""

from __future__ import annotations

from django.utils import timezone

from cases import telling
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
    send(
        notices.DraftExpires,
        resident=draft.applicant,
        context={
            "receipt_number": "",
            "service": draft.form.title,
            "path": telling.page_of("portal:draft", draft.pk),
            "until": unsent.kept_until(draft),
        },
        key=f"draft:{draft.pk}:unsent:{draft.saved_at:%Y-%m-%d}",
    )
