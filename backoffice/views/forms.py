"""The published versions of each service's form, a try-out for administrators, and what changed."""

from __future__ import annotations

import uuid
from itertools import zip_longest
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_http_methods, require_safe

from backoffice.views.inbox import frame
from backoffice.views.reader import at_the_desk
from catalogue.fees import Fee, FeeUnknownError
from catalogue.models import Offering
from catalogue.queries import fee_of
from common import maps
from forms import preview, side_by_side, versions
from forms.models import FormVersion
from forms.preview import Preview
from identity.access import staff_required
from identity.models import Role
from rules import RuleError, RuleFailed


@require_safe
@staff_required(Role.ADMIN)
def overview(request: HttpRequest) -> HttpResponse:
    """Every service with the form that residents fill in now."""
    offerings = Offering.objects.select_related("form_version").defer("form_version__definition")
    return render(
        request, "backoffice/forms.html", {**frame(request, "forms"), "offerings": offerings}
    )


@require_safe
@staff_required(Role.ADMIN)
def form_versions(request: HttpRequest, offering_id: uuid.UUID) -> HttpResponse:
    """The published versions of a service's form, newest first, with their notes."""
    offering = get_object_or_404(Offering, pk=offering_id)
    listed = list(versions.of_key(offering.form_version.key))
    return render(
        request,
        "backoffice/form_versions.html",
        {
            **frame(request, "forms"),
            "offering": offering,
            # With the number of the one that each followed; none before the first.
            "versions": zip_longest(listed, [one.number for one in listed[1:]]),
        },
    )


@require_safe
@at_the_desk
def compare(request: HttpRequest, offering_id: uuid.UUID) -> HttpResponse:
    """What differs between two versions (``?from=3&to=5``), step by step and text by text.

    For whoever works on cases too: a case may have come with an older version. What a form asks is
    public, and nothing here is about a person.
    """
    offering = get_object_or_404(
        Offering.objects.select_related("form_version").defer("form_version__definition"),
        pk=offering_id,
    )
    try:
        pair = side_by_side.pair(
            offering.form_version.key,
            str(request.GET.get("from", "")),
            str(request.GET.get("to", "")),
        )
    except LookupError as missing:
        raise Http404(str(missing)) from missing
    context = {**frame(request, "forms"), "offering": offering, "pair": pair}
    return render(request, "backoffice/form_compare.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_required(Role.ADMIN)
def form_preview(request: HttpRequest, version_id: uuid.UUID) -> HttpResponse:
    """A version as residents see it, to be tried out. What is typed stays in the page."""
    version = get_object_or_404(FormVersion, pk=version_id)
    try:
        if request.method == "POST":
            shown = preview.fill(version, request.POST)
        else:
            shown = preview.start(version, str(request.GET.get("step", "")))
    except LookupError as missing:
        raise Http404(str(missing)) from missing
    offering = _offering_of(version)
    context: dict[str, Any] = {
        **frame(request, "forms"),
        "version": version,
        "offering": offering,
        "shown": shown,
        "fee": _fee(offering, shown) if offering else None,
        "end": preview.END,
    }
    response = render(request, "backoffice/form_preview.html", context)
    return maps.allow(response) if shown.page and shown.page.takes_place else response


def _offering_of(version: FormVersion) -> Offering | None:
    return Offering.objects.filter(form_version__key=version.key).first()


def _fee(offering: Offering, shown: Preview) -> Fee | None:
    """The fee for what was tried out. An older form may lack what today's fee depends on."""
    if shown.page is not None or shown.problems:
        return None
    try:
        return fee_of(offering, shown.version.form, shown.answers)
    except (FeeUnknownError, RuleError, RuleFailed, ValueError):
        return None
