"""What no column can hold never reaches a view."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponseBase, QueryDict

_NUL = "\x00"


class CleaningMiddleware:
    """Takes NUL out of what a form or an address says: PostgreSQL keeps it in no text.

    Nobody types it, no page could show it, and every view would have to think of it. Stands behind
    the CSRF check, which reads a posted form anyway; what is exempt from that reads its own body.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], _args: Any, _kwargs: Any
    ) -> None:
        request.GET = _clean(request.GET)  # type: ignore[assignment]
        if request.method == "POST" and not getattr(view, "csrf_exempt", False):
            request.POST = _clean(request.POST)  # type: ignore[assignment]


def _clean(sent: QueryDict) -> QueryDict:
    if not any(_NUL in word for name, given in sent.lists() for word in (name, *given)):
        return sent
    return QueryDict(sent.urlencode().replace("%00", ""), encoding=sent.encoding)
