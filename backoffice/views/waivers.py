"""Requests to be let off a fee: the list, one of them, its paper, the decision."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from backoffice.fee_forms import yen_of
from backoffice.views.finance import PER_PAGE
from backoffice.views.inbox import frame
from backoffice.views.reader import reader_of
from cases import waivers as domain
from cases.models import FeeWaiver
from common import handing
from common.errors import Conflict, InvalidInput, NotAllowed, NotFound, listed
from identity.access import staff_required
from identity.models import Role

deciding = staff_required(Role.FINANCE, Role.CASEWORKER, Role.LEAD)


def _found(request: HttpRequest, waiver_id: uuid.UUID) -> FeeWaiver:
    try:
        return domain.get(waiver_id, reader_of(request))
    except NotFound as missing:
        raise Http404 from missing


@require_safe
@deciding
def waivers(request: HttpRequest) -> HttpResponse:
    """Requests that one may decide, those that wait first."""
    page = Paginator(domain.to_decide(reader_of(request)), PER_PAGE)
    context = {
        **frame(request, "waivers"),
        "tab": "waivers",
        "page": page.get_page(request.GET.get("page")),
    }
    return render(request, "backoffice/waivers.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@deciding
def waiver(request: HttpRequest, waiver_id: uuid.UUID) -> HttpResponse:
    """Read a request, and decide it with a reason."""
    found = _found(request, waiver_id)
    errors: dict[str, list[str]] = {}
    problem, post = "", request.POST
    if request.method == "POST":
        verdict = post.get("verdict", "")
        yen = {"all": found.fee.outstanding, "none": 0}.get(verdict)
        if verdict == "part":
            yen = yen_of(post.get("yen", ""))
            if yen is None:
                errors["yen"] = [_("Write the amount in whole yen.")]
        elif yen is None:
            errors["verdict"] = [_("Choose a decision.")]
        if yen is not None and not errors:
            try:
                domain.decide(
                    waiver=found, yen=yen, answer=post.get("answer", ""), by=reader_of(request)
                )
            except InvalidInput as refusal:
                errors = refusal.errors
            except (Conflict, NotAllowed) as refusal:
                problem = str(refusal)
            else:
                messages.success(request, _("Decided. Letter and notice follow by themselves."))
                return redirect("desk:waiver", found.pk)
    else:
        domain.opened(waiver=found, by=reader_of(request))
    context = {
        **frame(request, "waivers"),
        "tab": "waivers",
        "waiver": found,
        "typed": post,
        "errors": errors,
        "error_list": listed(errors),
        "problem": problem,
    }
    status = 422 if errors else 409 if problem else 200
    return render(request, "backoffice/waiver.html", context, status=status)


@require_safe
@deciding
def evidence(request: HttpRequest, waiver_id: uuid.UUID) -> HttpResponseBase:
    """The paper that came with a request, to be kept, never to be run by the browser."""
    found = _found(request, waiver_id)
    content = handing.intact(found.evidence, found.evidence_sha256)
    if content is None:
        raise Http404
    domain.opened(waiver=found, by=reader_of(request))
    return handing.handed_out(
        content, filename=found.evidence_name, content_type=found.evidence_type
    )
