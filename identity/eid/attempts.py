"""A sign-in between leaving for the provider and coming back.

Kept in the session under its state, as mozilla-django-oidc does, with what the answer must be
checked against: municipality, time, what was asked, and where to go on.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from identity.eid import config
from identity.eid.problems import EidRefused

SESSION_KEY = "oidc_states"


@dataclass(frozen=True, slots=True)
class Attempt:
    """What was asked of the provider, and by whom."""

    nonce: str
    code_verifier: str
    tenant: str
    started_at: float
    next: str
    language: str
    concepts: tuple[str, ...]
    step_up: bool
    user_id: str


def remember(request: HttpRequest, state: str, more: dict[str, Any]) -> None:
    """Add to the state that the library has just stored."""
    states = request.session[SESSION_KEY]
    states[state].update(more, tenant=config.schema_name(), started_at=time.time())
    request.session.modified = True


def claim(request: HttpRequest) -> Attempt:
    """The attempt of the answer's state; a second answer with it finds nothing.

    The session's row is locked while the state is taken out, so of two simultaneous answers only
    one goes on. Raises `EidRefused("state_unknown")`.
    """
    state = request.GET.get("state", "")
    session = request.session
    states = session.get(SESSION_KEY)
    if not state or not isinstance(states, dict) or state not in states:
        raise EidRefused("state_unknown", "unknown state")
    row = (
        session.model.objects.select_for_update()  # type: ignore[attr-defined]
        .filter(session_key=session.session_key)
        .first()
    )
    locked = session.decode(row.session_data) if row else {}
    kept = locked.get(SESSION_KEY, {}).get(state)
    if kept is None:
        raise EidRefused("state_unknown", "state already used")
    states.pop(state)
    session[SESSION_KEY] = states
    session.save()
    return _checked(kept)


def _checked(kept: dict[str, Any]) -> Attempt:
    attempt = Attempt(
        nonce=str(kept.get("nonce") or ""),
        code_verifier=str(kept.get("code_verifier") or ""),
        tenant=str(kept.get("tenant") or ""),
        started_at=float(kept.get("started_at") or 0),
        next=str(kept.get("next") or ""),
        language=str(kept.get("language") or settings.LANGUAGE_CODE),
        concepts=tuple(kept.get("concepts") or ()),
        step_up=bool(kept.get("step_up")),
        user_id=str(kept.get("user_id") or ""),
    )
    if attempt.tenant != config.schema_name():
        raise EidRefused("state_unknown", "state of another municipality")
    if time.time() - attempt.started_at > settings.EID_SIGN_IN_MINUTES * 60:
        raise EidRefused("state_unknown", "state too old")
    return attempt
