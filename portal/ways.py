"""Where a draft goes on."""

from __future__ import annotations

from django.urls import reverse

from cases.queries import case_of_draft
from forms import one_child, pages, profile
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


def way_with_reuse(draft: Draft) -> str:
    """As `way_on`; for whoever has just begun first what they kept from earlier applications, if
    something of it would fit."""
    fresh = not draft.is_guest and not draft.steps_done
    if fresh and (profile.offers(draft) or one_child.children(draft)):
        return reverse("portal:reuse", args=[draft.pk])
    return way_on(draft)
