"""What a caseworker or lead does about the period of a case."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from backoffice import reaching
from backoffice.views.acting import act, lock_of, opened
from backoffice.views.reader import reader_of, with_case
from cases import periods
from cases.models import Case

_GET_OR_POST = require_http_methods(["GET", "HEAD", "POST"])


@_GET_OR_POST
@with_case
def complete(request: HttpRequest, case: Case) -> HttpResponse:
    """Note that everything is there."""
    if request.method != "POST":
        return opened(request, case, "complete")
    return act(
        request,
        case,
        "complete",
        {},
        lambda: periods.confirm_complete(
            case=case, by=reader_of(request), lock=lock_of(request.POST)
        ),
        _("The application is complete. The period has begun."),
    )


@_GET_OR_POST
@with_case
def extend(request: HttpRequest, case: Case) -> HttpResponse:
    """Take more time, with a reason."""
    if request.method != "POST":
        return opened(request, case, "extend")
    post = request.POST
    values = {"days": post.get("days", ""), "reason": post.get("reason", "")}
    return act(
        request,
        case,
        "extend",
        values,
        lambda: periods.extend_period(
            case=case, by=reader_of(request), lock=lock_of(post), **values
        ),
        lambda _made: _told(case, _("The period is extended.")),
    )


@_GET_OR_POST
@with_case
def reopen(request: HttpRequest, case: Case) -> HttpResponse:
    """Take a closed case up again."""
    if request.method != "POST":
        return opened(request, case, "reopen")
    post = request.POST
    values = {"reason": post.get("reason", "")}
    return act(
        request,
        case,
        "reopen",
        values,
        lambda: periods.reopen(case=case, by=reader_of(request), lock=lock_of(post), **values),
        lambda _made: _told(case, _("The case is open again.")),
    )


def _told(case: Case, done: str) -> str:
    """What was done, and how the resident hears of it."""
    said = _("The resident reads it with your reason.")
    return f"{done} {said} {reaching.of(case).in_words}"
