"""How every action of the desk is carried out: do it, or show the case with what was typed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse

from backoffice import filters
from backoffice.panels import Typed
from backoffice.views.case import case_page
from backoffice.views.reader import reader_of
from cases import queries
from cases.models import Case
from common.errors import Conflict, DomainError, NotFound


def act(
    request: HttpRequest,
    case: Case,
    panel: str,
    values: dict[str, Any],
    action: Callable[[], object],
    done: str | Callable[[Any], str],
) -> HttpResponse:
    """Do it; on refusal show the case as it is now with everything that was typed.

    `done`: what to say afterwards, or how to say it of what was made.
    """
    try:
        made = action()
    except NotFound:
        raise
    except DomainError as refusal:
        fresh = queries.case_for_staff(reader_of(request), case.pk)
        return refused(request, fresh, panel, values, refusal)
    messages.success(request, done if isinstance(done, str) else done(made))
    return HttpResponseRedirect(with_list(request, reverse("desk:case", args=[case.pk])))


def refused(
    request: HttpRequest, case: Case, panel: str, values: dict[str, Any], refusal: DomainError
) -> HttpResponse:
    status = 409 if isinstance(refusal, Conflict) else 422
    return case_page(request, case, typed=Typed.refused(panel, values, refusal), status=status)


def opened(request: HttpRequest, case: Case, panel: str) -> HttpResponse:
    return case_page(request, case, opened=panel)


def with_list(request: HttpRequest, url: str) -> str:
    """The address with the list that the case was opened from."""
    consultee_only = queries.is_consultee_only(reader_of(request))
    query = filters.query_of(filters.from_address(request.GET, consultee_only=consultee_only))
    return f"{url}?{query}" if query else url


def lock_of(post: QueryDict) -> int:
    """The state of the case that the page was made from. Without it nobody knows: 0 never fits."""
    given = post.get("lock", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 10 else 0
