"""A draft that has lain for a while: what the eID confirmed then may not hold any more."""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from forms import seals
from forms.models import Draft


def confirmed_on(draft: Draft) -> datetime | None:
    """When the eID told what the resident cannot change here; None: lately, or nothing. Of a
    draft for somebody else nothing is: there the declaration counts."""
    if draft.is_guest or draft.representation_id is not None or not draft.is_open:
        return None
    told = [
        datetime.fromisoformat(entry["asserted_at"])
        for entry in draft.provenance.values()
        if seals.is_verified(entry) and entry.get("source") == "eid" and entry.get("asserted_at")
    ]
    oldest = timezone.now() - timedelta(hours=settings.EID_CLAIMS_FRESH_HOURS)
    return min(told) if told and min(told) < oldest else None


def sign_in_url(draft: Draft) -> str:
    """The sign-in that asks for what this form needs, and comes back to the draft with it."""
    back = reverse("portal:begin", args=[draft.subject])
    return f"{reverse('identity:eid_start')}?{urlencode({'form': draft.subject, 'next': back})}"
