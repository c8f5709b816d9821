"""Help at the counter, from the resident's side: a code, an end; and joining what was entered."""

from __future__ import annotations

from datetime import date

from django.contrib import auth, messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from cases import joining
from common.errors import DomainError, InvalidInput
from identity import actions as identity
from identity import claims
from identity.access import to_confirmation
from identity.counter import actions, codes, queries
from identity.models import CounterCode
from portal.http import actor_of, refused, resident_of, resident_page


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@resident_page
def counter(request: HttpRequest) -> HttpResponse:
    """Show a code to a member of staff; see who is helping, and end it."""
    user, code, row = resident_of(request), "", None
    if request.method == "POST":
        if request.POST.get("end"):
            try:
                actions.revoke(resident=user, helping_id=request.POST["end"], by=actor_of(request))
            except DomainError as refusal:
                return refused(request, refusal, back=request.path)
            messages.success(request, _("Nobody at the counter can fill in anything for you now."))
            return redirect("portal:counter")
        code, row = codes.make(
            resident=user, purpose=CounterCode.Purpose.HELP, by=actor_of(request)
        )
    context = {
        "code": code,
        "row": row,
        "minutes": int(codes.LASTS[CounterCode.Purpose.HELP].total_seconds() // 60),
        "helpings": queries.of_resident(user),
    }
    return render(request, "portal/counter.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@resident_page
def join(request: HttpRequest) -> HttpResponseBase:
    """What was entered at the counter before somebody had an eID becomes theirs online."""
    user = resident_of(request)
    told = claims.fresh(user, {claims.FULL_NAME, claims.DATE_OF_BIRTH})
    born = told.get(claims.DATE_OF_BIRTH)
    if request.method != "POST":
        return render(request, "portal/join.html", {"asks_eid": born is None})
    if born is None:
        claims.request_concepts(request, {claims.DATE_OF_BIRTH})
        return to_confirmation(request)
    problem = ""
    try:
        record = joining.join(
            user=user,
            code=request.POST.get("code", ""),
            name=str(told.get(claims.FULL_NAME, {}).get("value", user.name)),
            birth_date=date.fromisoformat(str(born["value"])),
        )
        if record is not None:
            identity.signed_out(request=request, user=user)
            auth.logout(request)
            return render(request, "portal/joined.html")
        problem = _("There is no such code, or it was used or has run out.")
    except InvalidInput as refusal:
        problem = refusal.errors["code"][0]
    except DomainError as refusal:
        problem = str(refusal)
    return render(request, "portal/join.html", {"problem": problem, "asks_eid": False}, status=422)
