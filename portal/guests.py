"""Who fills in without having signed in: a secret in the session, and what follows from it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

from cases import case_keys
from forms import guests
from forms.guests import Guest
from forms.models import Draft
from identity.models import User

SESSION_KEY = "guest"
#: Says that this browser has, or had, a case open: nobody else pays for looking that up.
OPENED = "guest_cases"


def kept(request: HttpRequest) -> Guest | None:
    """The guest that this browser is, or was before somebody signed in here. No query."""
    secret = request.session.get(SESSION_KEY)
    return Guest.of(secret) if isinstance(secret, str) and secret else None


def of(request: HttpRequest) -> Guest | None:
    """The guest behind this request; none when somebody is signed in, or for a case's pages."""
    if request.user.is_authenticated or record_here(request) is not None:
        return None
    return kept(request)


def become(request: HttpRequest) -> Guest:
    """From now on this browser is a guest's, the one it was or a new one.

    The session gets a new key, so that nobody who knew the old one (planted it, even) is in it;
    that of somebody who has signed in got it at the sign-in.
    """
    if kept(request) is None:
        request.session[SESSION_KEY] = secrets.token_urlsafe(32)
    if not request.user.is_authenticated:
        request.session.cycle_key()
        keep(request)
    found = kept(request)
    assert found is not None  # noqa: S101  written just now
    return found


def keep(request: HttpRequest) -> None:
    """The session of somebody who is not signed in lasts as long as the draft, from now."""
    if not request.user.is_authenticated:
        request.session.set_expiry(int(guests.KEPT.total_seconds()))


def forget(request: HttpRequest) -> None:
    """Whoever is signed in has nothing left that was begun before."""
    request.session.pop(SESSION_KEY, None)


def open_case(request: HttpRequest) -> None:
    """From now on it is looked up which cases this browser has open."""
    request.session[OPENED] = True
    keep(request)


def has_opened(request: HttpRequest) -> bool:
    """Whether this browser has had a case open without anybody signed in. No query."""
    return bool(request.session.get(OPENED))


def record_of(request: HttpRequest, ids: Mapping[str, Any]) -> User | None:
    """Whose case an address names, where this browser has that open and nobody is signed in."""
    if request.user.is_authenticated or not has_opened(request):
        return None
    guest = kept(request)
    return case_keys.record_of(guest, ids) if guest is not None else None


def record_here(request: HttpRequest) -> User | None:
    """Whose case this page is of, where it was opened without signing in."""
    found: User | None = getattr(request, "record", None)
    return found


@dataclass(frozen=True, slots=True)
class GuestNotice:
    """What a page of a guest's draft says at its foot."""

    until: datetime
    sign_in_url: str
    later_url: str
    delete_url: str


def notice_of(draft: Draft) -> GuestNotice | None:
    """None for the draft of a resident."""
    if not draft.is_guest:
        return None
    return GuestNotice(
        until=draft.saved_at + guests.KEPT,
        sign_in_url=sign_in_url(draft),
        later_url=reverse("portal:go_on_later", args=[draft.pk]),
        delete_url=reverse("portal:discard", args=[draft.pk]),
    )


def sign_in_url(draft: Draft) -> str:
    """To the eID, asked for what this form needs, and back to where the draft is taken over."""
    back = reverse("portal:take_over", args=[draft.pk])
    query = urlencode({"form": draft.subject, "next": back})
    return f"{reverse('identity:eid_start')}?{query}"


def waiting(request: HttpRequest) -> list[Draft]:
    """What was begun in this browser before somebody signed in; no query where there was none."""
    guest = kept(request)
    return guests.open_drafts(guest) if guest is not None else []
