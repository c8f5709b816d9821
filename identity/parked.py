"""Answers posted by somebody whose session has ended, kept until they have signed in again.

The POST lies in the anonymous session of the same browser, bound to its path. It is only ever used
to fill the form again: the view behind the path checks whose draft it is before it takes it.
"""

from __future__ import annotations

import time
from urllib.parse import urlencode

from django.http import HttpRequest, QueryDict

SESSION_KEY = "parked_posts"
MAX_BYTES = 64 * 1024
MAX_PATHS = 3
KEPT_SECONDS = 30 * 60
NEVER_KEPT = frozenset({"csrfmiddlewaretoken", "password"})


def park(request: HttpRequest) -> bool:
    """Keep this POST's fields (no files). False when it is no form or too large to keep."""
    if request.method != "POST":
        return False
    pairs = [
        (name, value)
        for name, values in request.POST.lists()
        if name not in NEVER_KEPT
        for value in values
    ]
    body = urlencode(pairs)
    if not pairs or len(body) > MAX_BYTES:
        return False
    parked = _parked(request)
    parked.pop(request.path, None)
    while len(parked) >= MAX_PATHS:
        parked.pop(min(parked, key=lambda path: float(parked[path]["at"])))
    parked[request.path] = {"body": body, "at": time.time()}
    request.session[SESSION_KEY] = parked
    return True


def waiting(request: HttpRequest, path: str) -> bool:
    """Is something parked for `path`?"""
    return path in _parked(request)


def take(request: HttpRequest, path: str) -> QueryDict | None:
    """The POST parked for `path`, once; None when there is none (any more)."""
    parked = _parked(request)
    kept = parked.pop(path, None)
    if kept is None:
        return None
    request.session[SESSION_KEY] = parked
    if time.time() - float(kept["at"]) > KEPT_SECONDS:
        return None
    return QueryDict(str(kept["body"]), mutable=False)


def _parked(request: HttpRequest) -> dict[str, dict[str, str | float]]:
    kept = request.session.get(SESSION_KEY)
    return dict(kept) if isinstance(kept, dict) else {}
