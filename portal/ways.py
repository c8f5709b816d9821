"""Where a draft goes on."""

from __future__ import annotations

from django.urls import reverse

from cases.queries import case_of_draft
from forms import pages
from forms.models import Draft


def way_on(draft: Draft) -> str:
    """Where this draft goes on: its first incomplete step, the check page, or what came of it."""
    if draft.only is not None:
        return reverse("portal:applications")
    if not draft.is_open and draft.is_guest:  # deleted
        return reverse("portal:start", args=[draft.subject])
    if not draft.is_open:
        case = case_of_draft(draft.pk)
        return reverse("portal:receipt", args=[case.pk]) if case else reverse("portal:applications")
    step_id = pages.first_open_step(draft)
    if step_id is None:
        return reverse("portal:check", args=[draft.pk])
    return reverse("portal:step", args=[draft.pk, step_id])
