"""What the builder's views share."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from wagtail.admin import messages

from catalogue.models import Offering
from cms.building import access
from cms.building.actions import SavedElsewhere, Seen, own_mark
from cms.models import FormEdit
from common.errors import DomainError
from forms.building.differences import differences, of_part
from forms.building.places import Data, Place, in_words, part_at
from identity.models import User

View = Callable[..., HttpResponse]
LARGEST_UPLOAD = 1_000_000


def of_form(action: access.Action = "change") -> Callable[[View], View]:
    """The view gets the offering; only for those who may edit the service's pages."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, slug: str, **kwargs: Any) -> HttpResponse:
            offering = Offering.objects.select_related("form_version").filter(slug=slug).first()
            if offering is None:
                raise Http404
            if not access.may(request.user, action, offering):
                raise PermissionDenied
            return view(request, offering, **kwargs)

        return guarded

    return decorate


def staff_of(request: HttpRequest) -> User:
    """Who works here; the administration lets nobody else in."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def edit_of(offering: Offering) -> FormEdit | None:
    """The form in preparation, if there is one."""
    found = FormEdit.objects.select_related("base_version", "edited_by")
    return found.filter(offering=offering, state=FormEdit.State.OPEN).first()


def edit_or_404(offering: Offering) -> FormEdit:
    found = edit_of(offering)
    if found is None:
        raise Http404
    return found


def part_or_404(data: Data, place: Place) -> Data:
    try:
        return part_at(data, place)
    except (LookupError, TypeError):
        raise Http404 from None


def seen(request: HttpRequest) -> Seen:
    """What the posted page was made from."""
    raw = str(request.POST.get("lock") or "")
    lock = int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 10 else -1
    return Seen(lock, str(request.POST.get("mark") or ""))


def address(offering: Offering, place: Place) -> str:
    """The page of a part."""
    if not place:
        return reverse("cms_forms:form", args=[offering.slug])
    return reverse("cms_forms:part", args=[offering.slug, in_words(place)])


def page(
    request: HttpRequest,
    template: str,
    offering: Offering,
    context: dict[str, Any],
    *,
    title: str,
    status: int = 200,
) -> HttpResponse:
    """A page of the builder in the administration's frame."""
    crumbs = [
        {"url": reverse("cms_forms:index"), "label": _("Application forms")},
        {"url": reverse("cms_forms:overview", args=[offering.slug]), "label": offering.title},
        *context.pop("crumbs", []),
    ]
    if title:
        crumbs.append({"url": "", "label": title})
    base = {
        "offering": offering,
        "breadcrumbs_items": crumbs,
        "header_title": title or offering.title,
        "header_icon": "form",
    }
    return render(request, template, base | context, status=status)


def refused(request: HttpRequest, offering: Offering, refusal: DomainError) -> HttpResponse:
    """Back to the overview with the reason."""
    messages.error(request, str(refusal))
    return HttpResponseRedirect(reverse("cms_forms:overview", args=[offering.slug]))


def conflict(
    request: HttpRequest,
    offering: Offering,
    refusal: SavedElsewhere,
    mine: Data,
    back: str,
    *,
    place: Place | None = None,
) -> HttpResponse:
    """Who saved what when, and what differs between theirs and what was typed here."""
    if "steps" in mine or not place:
        sections = differences(refusal.theirs, mine) if "steps" in refusal.theirs else []
    else:
        sections = of_part(refusal.theirs, mine, place) if refusal.theirs else []
    context = {
        "edit": refusal.edit,
        "saves": list(reversed(refusal.edit.saves))[:5],
        "differences": sections,
        "fields": [
            (key, value)
            for key, values in request.POST.lists()
            if key not in {"csrfmiddlewaretoken", "lock", "mark"}
            for value in values
        ],
        "back": back,
        "gone": not refusal.theirs,
        # Only a part can be put in the place of theirs; a move or removal is pressed again.
        "keep": place is not None,
        "mark_now": own_mark(refusal.edit.definition, place)
        if place is not None and refusal.theirs
        else "",
    }
    return page(
        request, "cms/forms/conflict.html", offering, context, title=_("Two changes at once"),
        status=409,
    )  # fmt: skip


def source_of(request: HttpRequest) -> tuple[str, str]:
    """What was pasted or uploaded, and what is wrong with it."""
    pasted = str(request.POST.get("source") or "")
    upload = request.FILES.get("file")
    if upload is None:
        return pasted, "" if pasted.strip() else _("Please paste the form or choose a file.")
    if (upload.size or 0) > LARGEST_UPLOAD:
        return pasted, _("The file is too large.")
    try:
        return upload.read().decode("utf-8-sig"), ""
    except UnicodeDecodeError:
        return pasted, _("The file is not a text in UTF-8.")
