"""Database sessions, in the municipality's schema, read by a look-up that is built once."""

from __future__ import annotations

from datetime import datetime

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.utils import timezone

from common.lookup import Lookup

_session: Lookup[Session] = Lookup(
    lambda key, now: Session.objects.filter(session_key=key, expire_date__gt=now),
    key=str,
    now=datetime,
)


class SessionStore(db.SessionStore):
    """As Django's, which builds the same query for every request."""

    def _get_session_from_db(self) -> Session | None:
        found = _session.one(key=self.session_key, now=timezone.now())
        if found is None:
            self._session_key = None
        return found
