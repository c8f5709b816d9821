"""Who acts for me, what was sent for me; and that I do not want it any more."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from cases import reading, represented
from cases.models import Case
from common import marks
from common.errors import NotAllowed, NotFound
from documents import files as documents
from documents.errors import DamagedFile
from documents.models import Document
from forms import attachments, display
from identity import claims
from identity.access import to_confirmation
from identity.models import Representation
from identity.representation import actions
from identity.representation import queries as representations
from identity.representation.recognition import CONCEPTS
from notifications.queries import unread_count
from portal import queries, wording
from portal.http import actor_of, refused, resident_of, resident_page

PER_PAGE = 20


@dataclass(frozen=True, slots=True)
class Acting:
    """Somebody who acts for the reader; `reason` says why they cannot end it, and whom to ask."""

    representation: Representation
    services: list[str]
    reason: str

    @property
    def in_force(self) -> bool:
        return self.representation.state_now not in {
            Representation.State.REVOKED,
            Representation.State.EXPIRED,
        }


@require_http_methods(["GET", "HEAD", "POST"])
@resident_page
def overview(request: HttpRequest) -> HttpResponseBase:
    """Everybody who acts for me, and every application that they sent."""
    user = resident_of(request)
    if request.method == "POST":
        claims.request_concepts(request, CONCEPTS)
        return to_confirmation(request)
    acting = representations.of_person(user)
    titles = queries.titles_of({slug for each in acting for slug in each.services})
    page = Paginator(represented.sent_for(user), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "acting": [
            Acting(each, [titles.get(slug, slug) for slug in each.services], _in_the_way(each))
            for each in acting
        ],
        "page": page,
        "cases": [
            {"case": case, "stage": case.stage_now, "tone": wording.tone_of(case.stage_now)}
            for case in page
        ],
        "asks_eid": CONCEPTS - claims.fresh(user, CONCEPTS).keys(),
        "unread": unread_count(user),
    }
    return render(request, "portal/for_me.html", context)


def _in_the_way(representation: Representation) -> str:
    try:
        actions.check_may_end(representation)
    except NotAllowed as refusal:
        return str(refusal)
    return ""


@require_http_methods(["GET", "HEAD", "POST"])
@resident_page
def end(request: HttpRequest, acting_id: uuid.UUID) -> HttpResponse:
    """Ask once and say what happens, then nobody acts for me any more on this ground."""
    found = representations.for_person(resident_of(request), acting_id)
    back = reverse("portal:for_me")
    changed: Sequence[str] = ()
    try:
        actions.check_may_end(found)
        if request.method == "POST":
            mark = request.POST.get(marks.FIELD, "")
            represented.end(representation=found, by=actor_of(request), mark=mark)
            messages.success(request, _("Ended. Nothing new can be sent for you on this ground."))
            return redirect(back)
    except marks.Changed as refusal:  # something was sent or decided meanwhile
        changed = refusal.labels
    except NotAllowed as refusal:
        return refused(request, refusal, back=back)
    running = represented.running_on(found)
    context = {
        "representation": found,
        "running": len(running),
        "mark": marks.mark_of(represented.shown(running)),
        "changed": changed,
    }
    return render(request, "portal/for_me_end.html", context, status=409 if changed else 200)


@require_safe
@resident_page
def case(request: HttpRequest, case_id: uuid.UUID) -> HttpResponse:
    """One application that was sent for me, to read."""
    found = represented.case_for(resident_of(request), case_id)
    if request.method == "GET":
        represented.note_reading(case=found, by=actor_of(request))
    version = found.application.version
    files = attachments.by_ids(attachments.referenced(version.prepared, found.answers))
    files = {key: item for key, item in files.items() if item.owner_id == found.resident_id}
    hidden = represented.hidden(found, version.form)
    shown = {name: value for name, value in found.answers.items() if name not in hidden}
    context = {
        "case": found,
        "application": found.application,
        "stage": found.stage_now,
        "tone": wording.tone_of(found.stage_now),
        "decision": getattr(found, "decision", None),
        "letter": _letter(found),
        "steps": display.rows(version.form, shown, {}, get_language() or "ja", files),
        "some_hidden": bool(hidden & found.answers.keys()),
    }
    return render(request, "portal/for_me_case.html", context)


@require_safe
@resident_page
def letter(request: HttpRequest, case_id: uuid.UUID) -> HttpResponseBase:
    """The letter in force on it, as PDF."""
    found = represented.case_for(resident_of(request), case_id)
    paper = _letter(found)
    if paper is None:
        raise Http404
    name = f"{paper.title} {found.application.receipt_number}"
    try:
        response = documents.download(paper, filename=name)
    except DamagedFile as refusal:
        back = reverse("portal:for_me_case", args=[found.pk])
        return refused(request, refusal, back=back)
    if request.method == "GET":
        represented.note_letter(case=found, by=actor_of(request))
    return response


def _letter(case: Case) -> Document | None:
    decided = getattr(case, "decision", None)
    if decided is None:
        return None
    try:
        return reading.in_force(decided)
    except NotFound:
        return None
