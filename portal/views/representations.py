"""For whom somebody acts: declared, seen, revoked; and for whom an application is."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from cases import policies
from catalogue.models import Offering
from catalogue.template import Behalf
from common.errors import DomainError, InvalidInput, NotAllowed
from forms import drafts
from identity import claims
from identity.counter import actions as counter
from identity.models import Representation, User
from identity.representation import actions, files
from identity.representation import queries as representations
from portal import queries, representing
from portal.http import (
    actor_of,
    confirmed_first,
    helping_of,
    resident_of,
    resident_or_helped_page,
    resident_page,
)
from portal.ways import way_on


@dataclass(frozen=True, slots=True)
class Choice:
    """Somebody an application could be for; `reason` says why not."""

    representation: Representation
    reason: str


@require_http_methods(["GET", "HEAD", "POST"])
@resident_page
def for_whom(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Who is this application for: myself, or somebody I act for."""
    offering = queries.published_service(slug)
    if not offering.template.service.on_behalf:
        return redirect("portal:begin", slug=slug)
    user = resident_of(request)
    if request.method != "POST":
        return _choosing(request, offering, user)
    chosen = request.POST.get("whom", "")
    if chosen == "myself":
        return redirect("portal:begin", slug=slug)
    if not chosen:
        return _choosing(request, offering, user, _("Choose for whom you apply."))
    representation = representations.own(user, chosen)
    try:
        policies.check_represents(representation, offering, user)
    except NotAllowed as refusal:
        return _choosing(request, offering, user, str(refusal))
    first = confirmed_first(request, offering)
    if first is not None:
        return first
    version = offering.form_version
    draft = drafts.open_draft(
        resident=user,
        version=version,
        subject=offering.slug,
        claims=representations.claims(representation, claims.fresh(user, version.form.concepts())),
        representation=representation,
    )
    return redirect(way_on(draft))


def _choosing(
    request: HttpRequest, offering: Offering, user: User, problem: str = ""
) -> HttpResponse:
    allowed = {kind.value for kind in offering.template.service.on_behalf}
    choices = [
        Choice(each, _in_the_way(each, offering, user))
        for each in representations.of_owner(user)
        if each.kind in allowed and each.state != Representation.State.REVOKED
    ]
    context = {
        "offering": offering,
        "choices": choices,
        "problem": problem,
        "chosen": request.POST.get("whom", ""),
        "add": f"{reverse('portal:representation_add')}?{urlencode({'service': offering.slug})}",
    }
    return render(request, "portal/for_whom.html", context, status=422 if problem else 200)


def _in_the_way(representation: Representation, offering: Offering, user: User) -> str:
    try:
        policies.check_represents(representation, offering, user)
    except NotAllowed as refusal:
        return str(refusal)
    return ""


@require_safe
@resident_or_helped_page
def add(request: HttpRequest) -> HttpResponse:
    """As what do you act for somebody? Each kind has a page of its own."""
    service = _service_of(request)
    query = f"?{urlencode({'service': service.slug})}" if service else ""
    kinds = service.template.service.on_behalf if service else tuple(Behalf)
    context = {
        "ways": [
            (
                representing.title_of(kind),
                reverse("portal:representation_new", args=[kind.value]) + query,
            )
            for kind in kinds
        ],
        "back": _back(request, service),
    }
    return render(request, "portal/representation_add.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@resident_or_helped_page
def new(request: HttpRequest, kind: str) -> HttpResponse:
    """Declare it."""
    if kind not in {each.value for each in Behalf}:
        raise Http404
    page = representing.page_of(request, kind)
    service = _service_of(request)
    if page.asked.done:
        try:
            made = _declared(request, page)
        except InvalidInput as refusal:
            page.refuse(refusal)
        except DomainError as refusal:
            page.problem = str(refusal)
        else:
            messages.success(
                request,
                _("Noted. You can now apply for %(name)s. The office checks it.")
                % {"name": made.name},
            )
            return redirect(_back(request, service))
    if getattr(request, "htmx", False):
        return render(request, "forms/step.html", {"page": page.asked})
    context = {
        "page": page,
        "again": representing.paper_again(page),
        "back": _back(request, service),
        "all_services": service is None,
    }
    return render(
        request, "portal/representation_new.html", context, status=422 if page.wrong else 200
    )


def _declared(request: HttpRequest, page: representing.DeclaringPage) -> Representation:
    """By the resident, or at their word by whoever helps them at the counter."""
    helping = helping_of(request)
    if helping is not None:
        return counter.declare_for(helping=helping, declared=page.declared, document=page.paper)
    return actions.declare(
        owner=resident_of(request),
        declared=page.declared,
        by=actor_of(request),
        document=page.paper,
    )


def _service_of(request: HttpRequest) -> Offering | None:
    """The service that the way here began with."""
    slug = request.GET.get("service", "")[:60]
    return queries.published_or_none(slug) if slug else None


def _back(request: HttpRequest, service: Offering | None) -> str:
    if helping_of(request):
        if service is None:
            return reverse("desk:counter")
        return reverse("desk:counter_whom", args=[service.slug])
    if service is None:
        return reverse("portal:my_data") + "#representations"
    return reverse("portal:for_whom", args=[service.slug])


@require_http_methods(["GET", "HEAD", "POST"])
@resident_page
def revoke(request: HttpRequest, representation_id: uuid.UUID) -> HttpResponse:
    """Ask once, then act for them no more."""
    found = representations.own(resident_of(request), representation_id)
    if request.method == "POST":
        actions.revoke(representation=found, by=actor_of(request))
        messages.success(request, _("You do not act for them any more."))
        return redirect(reverse("portal:my_data") + "#representations")
    return render(request, "portal/representation_revoke.html", {"representation": found})


@require_safe
@resident_page
def document(request: HttpRequest, representation_id: uuid.UUID) -> HttpResponseBase:
    """The owner's own paper again."""
    return files.download(representations.own(resident_of(request), representation_id))
