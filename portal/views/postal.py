"""An address by its postal code: as a piece of page for htmx, as JSON, or as a page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from forms import postal

LONGEST_CODE = 20


@require_safe
def postal_code(request: HttpRequest) -> HttpResponse:
    """``?code=1000001``. The table is public (Japan Post), so is this address.

    Forms do the look-up inside their own page; this serves everything else.
    """
    code = request.GET.get("code", "")[:LONGEST_CODE]
    places = postal.look_up(code) if code else ()
    place = postal.shared(places) if places else None  # nobody is told a place of several
    if "application/json" in request.headers.get("Accept", ""):
        if place is None:
            return JsonResponse({"code": code, "found": False}, status=404)
        return JsonResponse(
            {
                "found": True,
                "code": place.postal_code,
                "prefecture": place.prefecture,
                "city": place.city,
                "neighborhood": place.neighborhood,
            }
        )
    fragment = getattr(request, "htmx", False)
    template = "portal/_place.html" if fragment else "portal/postal_code.html"
    return render(request, template, {"code": code, "place": place})
