"""For whom an application was sent, as it was then."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from pydantic import BaseModel, ConfigDict

from identity import addresses


class Represented(BaseModel):
    """The represented, the ground to act for them, and how sure the office was of it.

    `kind`, `basis` and `state` are those of `Representation`; `document` is the SHA-256 of the
    paper that lay before the office. Help at the counter: `helper` is the id of a member of staff,
    `consent` and `papers` are those of `Helping`, `confirmed` is how the resident confirmed the
    answers (``read_back`` or ``signed``; empty: they sent it themselves later).
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
    helper: str = ""
    helper_name: str = ""
    consent: str = ""
    papers: tuple[str, ...] = ()
    confirmed: str = ""

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
        return addresses.one_line(self.address)

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

    @property
    def at_the_counter(self) -> bool:
        """Not acting for another: a member of staff filled it in with the applicant."""
        return self.kind == "counter"

    @property
    def consent_in_words(self) -> str:
        from identity.counter.models import Helping  # noqa: PLC0415  it needs this module

        return str(dict(Helping.Consent.choices).get(self.consent, self.consent))

    @property
    def papers_in_words(self) -> list[str]:
        from identity.counter import papers  # noqa: PLC0415  it needs this module

        return papers.in_words(self.papers)

    @property
    def confirmed_in_words(self) -> str:
        """How the applicant confirmed the answers."""
        return {
            "read_back": _("The answers were read back, and the applicant confirmed them"),
            "signed": _("The applicant signed the printed summary"),
        }.get(self.confirmed, _("The applicant sent it themselves afterwards"))
