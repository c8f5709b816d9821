"""For administrators: the town's own closing days."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from backoffice.views.inbox import frame
from backoffice.views.reader import reader_of
from cases import closing
from cases.models import ClosingDay
from common.errors import InvalidInput, listed
from identity.access import staff_required
from identity.models import Role


@require_http_methods(["GET", "HEAD", "POST"])
@staff_required(Role.ADMIN)
def closing_days(request: HttpRequest) -> HttpResponse:
    """See, enter and take out closing days."""
    if request.method != "POST":
        return _page(request)
    post, reader = request.POST, reader_of(request)
    if "remove" in post:
        closing.remove(closing_day_id=post["remove"], by=reader)
        messages.success(request, _("The day is taken out."))
        return redirect("desk:closing_days")
    try:
        closing.add(day=post.get("day", ""), reason=post.get("reason", ""), by=reader)
    except InvalidInput as refusal:
        return _page(request, refusal)
    messages.success(request, _("The day is entered."))
    return redirect("desk:closing_days")


def _page(request: HttpRequest, refusal: InvalidInput | None = None) -> HttpResponse:
    errors = refusal.errors if refusal else {}
    context = {
        **frame(request, "closing"),
        "days": ClosingDay.objects.filter(day__gte=timezone.localdate()),
        "typed": request.POST,
        "errors": errors,
        "error_list": listed(errors),
    }
    return render(request, "backoffice/closing.html", context, status=422 if refusal else 200)
