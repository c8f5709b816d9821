"""For whom an application was sent, as it was then."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from pydantic import BaseModel, ConfigDict


class Represented(BaseModel):
    """The represented, the ground to act for them, and how sure the office was of it.

    `kind`, `basis` and `state` are those of `Representation`; `document` is the SHA-256 of the
    paper that lay before the office.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    name: str
    name_kana: str = ""
    birth_date: date | None = None
    address: dict[str, str] = {}
    organisation_number: str = ""
    basis: str
    document: str = ""
    services: tuple[str, ...] = ()
    valid_from: date
    valid_until: date | None = None
    state: str

    @classmethod
    def from_json(cls, data: Any) -> Represented | None:
        """What an application keeps; None when somebody applied for themselves."""
        return cls.model_validate(data) if data else None

    def as_json(self) -> dict[str, Any]:
        return self.model_dump(mode="json")

    @property
    def is_organisation(self) -> bool:
        return self.kind == "organisation"

    @property
    def address_line(self) -> str:
        return "".join(
            self.address.get(part, "")
            for part in ("prefecture", "city", "streetAddress", "building")
        )

    @property
    def kind_in_words(self) -> str:
        """What the actor is to the represented."""
        return {
            "guardian": _("Guardian of a child"),
            "attorney": _("Holder of a power of attorney"),
            "organisation": _("Acting for an organisation"),
            "counter": _("Helper at the counter"),
        }.get(self.kind, self.kind)

    @property
    def basis_in_words(self) -> str:
        from identity.representation.models import Representation  # noqa: PLC0415  it makes these

        return str(dict(Representation.Basis.choices).get(self.basis, self.basis))

    @property
    def state_in_words(self) -> str:
        from identity.representation.models import Representation  # noqa: PLC0415  it makes these

        return str(dict(Representation.State.choices).get(self.state, self.state))
