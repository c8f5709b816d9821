"""Answers posted by somebody whose session has ended, kept until they have signed in again.

The POST lies in the anonymous session of the same browser, sealed, bound to the town and its path.
It is only ever used to fill the form again: the view behind the path checks whose draft it is
before it takes it, and whoever signs in and may not take it has it no longer.
"""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Callable, MutableMapping
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _

from common.database import connection
from identity import sealed
from identity.models import User

SESSION_KEY = "parked_posts"
#: Packed. What people type is far below it, and no more than that shall grow a visitor's session.
MAX_BYTES = 512 * 1024
MAX_PATHS = 3
KEPT_SECONDS = 30 * 60
NEVER_KEPT = frozenset({"csrfmiddlewaretoken", "password"})
KEPT, LOST = "kept", "lost"

_PURPOSE = "madoguchi parked post"
_MOST_FILES, _LONGEST_NAME = 20, 100

MayTake = Callable[[User, str], bool]
_may_take: list[MayTake] = []


def set_may_take(resolver: MayTake) -> None:
    """Called once by the room that knows the pages: may this user take what was posted there?"""
    _may_take[:] = [resolver]


def park(request: HttpRequest) -> bool:
    """Keep this POST's fields, and the names of its files. False when it is no form, or too large
    to keep; `state` then says so."""
    if request.method != "POST":
        return False
    fields = [
        (name, value)
        for name, values in request.POST.lists()
        if name not in NEVER_KEPT
        for value in values
    ]
    if not fields:
        return False
    files = [
        str(file.name)[:_LONGEST_NAME] for _name, some in request.FILES.lists() for file in some
    ]
    packed = zlib.compress(json.dumps([fields, files[:_MOST_FILES]], ensure_ascii=False).encode())
    parked = _parked(request)
    parked.pop(request.path, None)
    while len(parked) >= MAX_PATHS:
        parked.pop(min(parked, key=lambda path: float(parked[path]["at"])))
    fits = len(packed) <= MAX_BYTES
    box = _seal(packed, request.path) if fits else ""
    parked[request.path] = {"box": box, "at": time.time()}
    request.session[SESSION_KEY] = parked
    return fits


def state(request: HttpRequest, path: str) -> str:
    """What became of what was posted to `path`: `KEPT`, `LOST` (too large), "" (nothing was)."""
    entry = _parked(request).get(path)
    if entry is None:
        return ""
    return KEPT if entry["box"] else LOST


def take(request: HttpRequest, path: str) -> QueryDict | None:
    """The POST parked for `path`, once; None when there is none (any more).

    Files are not kept: the page that is made now says which ones have to be chosen again.
    """
    parked = _parked(request)
    entry = parked.pop(path, None)
    if entry is None:
        return None
    _put(request, parked)
    if not entry["box"]:
        return None
    try:
        fields, files = json.loads(zlib.decompress(_unseal(entry["box"], path)))
    except sealed.CannotOpen:  # the platform's secret was changed meanwhile
        return None
    post = QueryDict(mutable=True)
    for name, value in fields:
        post.appendlist(name, value)
    if files:
        chosen = {"files": _(", ").join(files)}
        messages.warning(request, _("Please choose these files again: %(files)s") % chosen)
    return post


def settle(request: HttpRequest, user: User) -> None:
    """Somebody has signed in: what was posted to pages that are not theirs is dropped."""
    parked = _parked(request)
    theirs = {
        path: entry
        for path, entry in parked.items()
        if all(may_take(user, path) for may_take in _may_take)
    }
    if len(theirs) < len(parked):
        _put(request, theirs)


def tidy(data: MutableMapping[str, Any]) -> None:
    """Drop what is too old out of a session's data; done whenever a session is read or written."""
    kept = data.get(SESSION_KEY)
    if kept is None:
        return
    oldest = time.time() - KEPT_SECONDS
    fresh = {path: one for path, one in kept.items() if "box" in one and one["at"] >= oldest}
    if fresh:
        data[SESSION_KEY] = fresh
    else:
        del data[SESSION_KEY]


def _parked(request: HttpRequest) -> dict[str, dict[str, Any]]:
    return dict(request.session.get(SESSION_KEY, {}))


def _put(request: HttpRequest, parked: dict[str, dict[str, Any]]) -> None:
    if parked:
        request.session[SESSION_KEY] = parked
    else:
        request.session.pop(SESSION_KEY, None)


def _seal(plain: bytes, path: str) -> str:
    return sealed.seal(
        plain, purpose=_PURPOSE, context=_context(path), secrets=settings.SENSITIVE_ANSWER_KEYS
    )


def _unseal(box: str, path: str) -> bytes:
    return sealed.unseal(
        box, purpose=_PURPOSE, context=_context(path), secrets=settings.SENSITIVE_ANSWER_KEYS
    )


def _context(path: str) -> str:
    return f"{connection.schema_name}:{path}"
