"""Database sessions, in the municipality's schema, read together with whose they are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db
from django.utils import timezone

from common.lookup import Lookup
from identity import parked
from identity.models import Session, User

_session: Lookup[Session] = Lookup(
    lambda key, now: Session.objects.select_related("user").filter(
        session_key=key, expire_date__gt=now
    ),
    key=str,
    now=datetime,
)
_offered: ContextVar[User | None] = ContextVar("owner_of_the_session", default=None)


class SessionStore(db.SessionStore):
    """As Django's, with the user in a column of its own."""

    def __init__(self, session_key: str | None = None) -> None:
        #: The user as read with the session.
        self.owner: User | None = None
        super().__init__(session_key)

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def decode(self, session_data: bytes | str) -> dict[str, Any]:
        """The data of a row, without answers that were kept for too long."""
        data = super().decode(session_data)
        parked.tidy(data)
        return data

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        """The row that keeps `data`."""
        parked.tidy(data)
        row = cast("Session", super().create_model_instance(data))
        user = data.get(SESSION_KEY)
        row.user_id = UUID(user) if user else None
        return row

    def _get_session_from_db(self) -> Session | None:
        found = _session.one(key=self.session_key, now=timezone.now())
        if found is None:
            self._session_key = None
        else:
            self.owner = found.user
        return found


@contextmanager
def offering_owner(session: SessionStore) -> Iterator[None]:
    """Lets the backends take the session's user as it was read with the session."""
    session.get(SESSION_KEY)  # reads the row
    token = _offered.set(session.owner)
    try:
        yield
    finally:
        _offered.reset(token)


def offered_owner(pk: UUID) -> User | None:
    """The user of the session at hand, if that is `pk`."""
    owner = _offered.get()
    return owner if owner is not None and owner.pk == pk else None
