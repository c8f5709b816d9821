"""From a decided case to its change, its renewal, an appeal: what it means, and the way in."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from cases.linked import offers, opening
from common.errors import NotAllowed
from identity import claims
from identity.representation import queries as representations
from portal import wording
from portal.http import confirmed_first, refused, resident_of, resident_page
from portal.views.case import own_case
from portal.ways import way_on


@require_http_methods(["GET", "HEAD", "POST"])
@resident_page
def follow(request: HttpRequest, case_id: uuid.UUID, link_id: str) -> HttpResponseBase:
    """Say what it is and until when; then open its form with the answers that are known."""
    case, user = own_case(request, case_id), resident_of(request)
    try:
        way = opening.way(case, link_id, user)
    except NotAllowed as refusal:
        return refused(request, refusal, back=reverse("portal:case", args=[case.pk]))
    begun = opening.begun(way)
    if request.method == "POST":
        first = confirmed_first(request, way.offering)
        if first is not None:
            return first
        if begun is not None:
            return redirect(way_on(begun))
        told = claims.fresh(user, way.offering.form_version.form.concepts())
        if way.representation is not None:
            told = representations.claims(way.representation, told)
        draft = opening.begin(way, claims=told, by=user)
        # Everything that came along is read there, and what is missing is named.
        return redirect("portal:check", draft_id=draft.pk)
    context = {
        "case": case,
        "application": case.application,
        "way": way,
        "name": offers.name_of(case, way.rule, way.offering),
        "goes_to": offers.goes_to(case, way.rule),
        "last_day": offers.day_to_tell(case, way.rule),
        "period": wording.period_of(way.offering.workflow.clock),
        "begun": begun,
    }
    return render(request, "portal/follow.html", context)
