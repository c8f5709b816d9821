"""Who does something: carried by every action and written to the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

Kind = Literal["resident", "staff", "system", "guest"]


class _User(Protocol):
    @property
    def pk(self) -> object: ...
    @property
    def kind(self) -> str: ...
    @property
    def name(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Actor:
    """A person or the platform itself. `id` is the user's UUID as text, empty for the platform."""

    kind: Kind
    id: str
    name: str

    @classmethod
    def of(cls, user: _User) -> Actor:
        """The actor behind a signed-in user."""
        kind: Kind = "staff" if user.kind == "staff" else "resident"
        return cls(kind, str(user.pk), user.name)


SYSTEM = Actor("system", "", "Madoguchi")
GUEST = Actor("guest", "", "")
