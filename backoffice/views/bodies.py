"""Bodies outside the town that are asked for opinions: their addresses, and a new link."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from backoffice.views.acting import act, lock_of
from backoffice.views.inbox import frame
from backoffice.views.reader import reader_of, with_case
from cases import bodies as addresses
from cases import guests, opinions, policies
from cases.models import Case
from common.errors import InvalidInput, NotFound
from identity.access import staff_required
from identity.models import Role


@require_http_methods(["GET", "HEAD", "POST"])
@staff_required(Role.ADMIN)
def bodies(request: HttpRequest) -> HttpResponse:
    """See and change the addresses of the bodies that the town's services ask."""
    if request.method != "POST":
        return _page(request)
    post = request.POST
    try:
        addresses.change(
            key=post.get("key", ""), email=post.get("email", ""), by=reader_of(request)
        )
    except InvalidInput as refusal:
        return _page(request, refusal)
    messages.success(request, _("The address is saved. Later questions go there."))
    return redirect("desk:bodies")


def _page(request: HttpRequest, refusal: InvalidInput | None = None) -> HttpResponse:
    context = {
        **frame(request, "bodies"),
        "bodies": addresses.known(),
        "typed": request.POST,
        "errors": refusal.errors if refusal else {},
    }
    return render(request, "backoffice/bodies.html", context, status=422 if refusal else 200)


@require_POST
@with_case
def ask_again(request: HttpRequest, case: Case, consultation_id: uuid.UUID) -> HttpResponse:
    """Ask an office anew whose opinion rests on answers that were corrected since."""
    if not policies.may_process(case, reader_of(request)):
        raise NotFound(_("There is no such question."), code="no_consultation")
    return act(
        request,
        case,
        "ask_again",
        {},
        lambda: opinions.ask_again(
            case=case,
            consultation_id=consultation_id,
            by=reader_of(request),
            lock=lock_of(request.POST),
        ),
        _("The office has been asked again. The decision waits for its answer."),
    )


@require_POST
@with_case
def guest_link(request: HttpRequest, case: Case, consultation_id: uuid.UUID) -> HttpResponse:
    """Send a body a new link."""
    consultation = case.consultations.filter(pk=consultation_id, body__isnull=False).first()
    if consultation is None or not policies.may_process(case, reader_of(request)):
        raise NotFound(_("There is no such question."), code="no_consultation")
    return act(
        request,
        case,
        "guest_link",
        {},
        lambda: guests.send_again(
            case=case,
            consultation=consultation,
            by=reader_of(request),
            lock=lock_of(request.POST),
        ),
        _("A new link is on its way. The one before does not work any more."),
    )
