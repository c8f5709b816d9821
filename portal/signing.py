"""How far the signatures of others are, for the applicant's pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from cases import cosigning, policies
from cases.models import Cosignature
from catalogue.models import Offering
from catalogue.template import Cosign
from common.errors import NotAllowed
from forms.models import Draft

Tone = Literal["", "info", "ok", "warn", "bad"]
_TONES: dict[str, Tone] = {"asked": "info", "signed": "ok", "refused": "bad"}


@dataclass(frozen=True, slots=True)
class Signing:
    """The rule of the service, who was asked, and whether it may be sent."""

    rule: Cosign
    rows: Sequence[Cosignature]
    complete: bool

    @property
    def lines(self) -> list[tuple[Cosignature, Tone]]:
        """The newest request to each address, with its colour."""
        last = {row.address: row for row in self.rows}
        return [(row, _TONES.get(row.state, "")) for row in last.values()]

    @property
    def missing(self) -> int:
        """How many more have to be named, at least."""
        live = sum(
            row.state in {Cosignature.State.ASKED, Cosignature.State.SIGNED} for row in self.rows
        )
        return max(0, self.rule.count - live)


def signing_of(draft: Draft, offering: Offering | None, *, complete: bool) -> Signing | None:
    """None for a service that asks for no other signature. `complete`: no answer is missing."""
    rule = offering.cosign if offering else None
    if offering is None or rule is None:
        return None
    rows = cosigning.signatures_of(draft, offering)
    enough = complete
    if complete:
        try:
            policies.check_cosigned(offering, rows, cosigning.digest_of(draft))
        except NotAllowed:
            enough = False
    return Signing(rule, rows, enough)
