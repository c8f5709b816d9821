"""Ask once: what a resident keeps for the next application. Offered, seen, changed, deleted."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from common.errors import NotFound
from forms import correcting, drafts, one_child, profile
from forms.errors import DraftClosed
from forms.models import Draft
from portal import queries
from portal.http import actor_of, resident_of, resident_page
from portal.ways import way_on


@require_http_methods(["GET", "HEAD", "POST"])
@resident_page
def reuse(request: HttpRequest, draft_id: uuid.UUID) -> HttpResponse:
    """Offer to fill in what was kept; nothing is taken over that the resident does not choose.

    A form about one child asks first which; ``?rest=1`` goes on from there.
    """
    draft = queries.own_draft(resident_of(request), draft_id)
    if not draft.is_open or draft.only is not None:
        return redirect(way_on(draft))
    if request.method == "POST":
        return _child(request, draft) if "whose" in request.POST else _ticked(request, draft)
    if "rest" not in request.GET and one_child.children(draft):
        return _which_child(request, draft)
    return _offers(request, draft)


def _ticked(request: HttpRequest, draft: Draft) -> HttpResponse:
    chosen = request.POST.getlist("use")
    if not chosen:
        return _offers(request, draft, _("Tick what should be filled in, or start with nothing."))
    try:
        filled = drafts.fill_from_profile(draft, chosen, by=actor_of(request))
    except DraftClosed:  # saved or sent in another window meanwhile
        filled = []
    if filled:
        messages.success(request, _("Filled in. Please check that it is still right."))
    return redirect(way_on(draft))


def _offers(request: HttpRequest, draft: Draft, problem: str = "") -> HttpResponse:
    offers = profile.offers(draft)
    if not offers:
        return redirect(way_on(draft))
    context = {
        "draft": draft,
        "offers": offers,
        "next": way_on(draft),
        "errors": [{"message": problem, "anchor": "use"}] if problem else [],
    }
    return render(request, "portal/reuse.html", context, status=422 if problem else 200)


def _child(request: HttpRequest, draft: Draft) -> HttpResponse:
    """The child that was chosen, or none of them; then what else is kept."""
    chosen = request.POST.get("child", "")
    if not chosen:
        return _which_child(request, draft, _("Choose which child this application is for."))
    if chosen != "another":
        try:
            one_child.fill(draft, chosen, by=actor_of(request))
            messages.success(request, _("Filled in. Please check that it is still right."))
        except (DraftClosed, LookupError):  # saved, sent or deleted in another window meanwhile
            return redirect(way_on(draft))
    return redirect(f"{request.path}?rest=1")


def _which_child(request: HttpRequest, draft: Draft, problem: str = "") -> HttpResponse:
    context = {
        "draft": draft,
        "children": one_child.children(draft),
        "errors": [{"message": problem, "anchor": "child"}] if problem else [],
    }
    return render(request, "portal/which_child.html", context, status=422 if problem else 200)


def _own(request: HttpRequest, fact_id: uuid.UUID) -> profile.Fact:
    fact = profile.fact_of(resident_of(request), fact_id)
    if fact is None:
        raise NotFound(_("This is not kept any more."), code="no_fact")
    return fact


@require_http_methods(["GET", "HEAD", "POST"])
@resident_page
def change(request: HttpRequest, fact_id: uuid.UUID) -> HttpResponse:
    """Put right what is kept."""
    fact = _own(request, fact_id)
    page = correcting.page_of(fact, request.POST if request.method == "POST" else None)
    if page.done:
        profile.correct(fact, page.value, by=actor_of(request))
        messages.success(request, _("Changed. The next application gets the new answer."))
        return redirect("portal:my_data")
    context = {"fact": fact, "page": page}
    if getattr(request, "htmx", False):
        return render(request, "forms/step.html", {"page": page})
    status = 422 if page.errors else 200
    return render(request, "portal/profile_change.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@resident_page
def delete(request: HttpRequest, fact_id: uuid.UUID) -> HttpResponse:
    """Ask once, then forget it."""
    fact = _own(request, fact_id)
    if request.method == "POST":
        profile.delete(fact, by=actor_of(request))
        messages.success(request, _("Deleted. Applications that you have sent stay as they are."))
        return redirect("portal:my_data")
    return render(request, "portal/profile_delete.html", {"fact": fact})
