"""The start page of a service, and the way into its form."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from cases.prepared_letters.matching import rule_of
from common.errors import NotFound
from forms import drafts
from forms import guests as forms_guests
from identity import claims
from identity.models import User
from portal import guests, prepared, queries, wording
from portal.http import confirmed_first, resident_of, resident_or_none, resident_page
from portal.views.drafts import up_to_date
from portal.ways import way_on, way_with_reuse


@require_safe
def start(request: HttpRequest, slug: str) -> HttpResponse:
    """What is needed, how long it takes, what it costs, and the button."""
    try:
        offering = queries.published_service(slug)
    except NotFound as missing:
        raise Http404(str(missing)) from missing
    user = resident_or_none(request)
    guest = guests.kept(request)
    begun = forms_guests.open_draft_of(guest, offering.slug) if guest else None
    template = offering.template
    concepts = offering.form_version.form.concepts()
    begin = reverse("portal:begin", args=[slug])
    with_letter = f"{begin}?{prepared.LETTER}"
    context = {
        "offering": offering,
        "service": template.service,
        "fees": offering.fees,
        "period": wording.period_of(offering.workflow.clock),
        "clock": offering.workflow.clock,
        "concepts": claims.labels(concepts),
        "draft": queries.open_draft_of(user, slug) if user else None,
        "is_resident": user is not None,
        "guest_draft": begun,
        "begins_as_guest": user is None and begun is None and offering.begins_without_sign_in,
        "sends_as_guest": offering.sends_without_sign_in,
        "kept_days": forms_guests.KEPT.days,
        "can_fill": user is None or _lacks(user, concepts),
        "begin_url": begin,
        "letter": rule_of(offering),
        "letter_url": with_letter if user else _to_eid(slug, with_letter),
        "for_whom_url": reverse("portal:for_whom", args=[slug])
        if template.service.on_behalf
        else "",
        "eid_url": _to_eid(slug, begin),
    }
    return render(request, "portal/start.html", context)


def _to_eid(slug: str, back: str) -> str:
    return f"{reverse('identity:eid_start')}?{urlencode({'form': slug, 'next': back})}"


def _lacks(user: User, concepts: frozenset[str]) -> bool:
    """Would a new sign-in tell the form something that this session's did not?"""
    wanted = concepts & claims.CONCEPTS.keys()
    return bool(wanted - claims.fresh(user, wanted).keys())


@require_safe
@resident_page
def begin(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Open the resident's draft for this service, the one they have or a new one.

    A GET, since the sign-in leads here; opening twice opens the same.
    """
    offering = queries.published_service(slug)
    user = resident_of(request)
    first = confirmed_first(request, offering)
    if first is not None:
        return first
    guest = guests.kept(request)
    as_guest = forms_guests.open_draft_of(guest, offering.slug) if guest else None
    if as_guest is not None:  # in this browser, before they signed in
        return redirect("portal:take_over", draft_id=as_guest.pk)
    version = offering.form_version
    begun = queries.open_draft_of(user, slug)
    if begun is not None:
        up_to_date(request, begun)  # before claims fill what only the newer form asks for
    draft = drafts.open_draft(
        resident=user,
        version=version,
        subject=offering.slug,
        claims=claims.fresh(user, version.form.concepts()),
    )
    is_new = not draft.lock and not draft.steps_done
    wanted = prepared.LETTER in request.GET and rule_of(offering) is not None
    if wanted or (is_new and prepared.offered(draft, offering) is not None):
        return redirect("portal:prepared_letter", draft_id=draft.pk)
    return redirect(way_with_reuse(draft) if is_new else way_on(draft))
