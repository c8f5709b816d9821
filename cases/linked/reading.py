"""What else belongs to a case, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from cases.models import Case

_EARLIER: dict[str, Any] = {
    Case.Origin.AMENDMENT: _("Changes this one"),
    Case.Origin.RENEWAL: _("Renews this one"),
    Case.Origin.ADDITION: _("Belongs together with this one"),
    Case.Origin.APPEAL: _("Contests the decision on this one"),
    Case.Origin.ANEW: _("Decides this one anew"),
}
_LATER: dict[str, Any] = {
    Case.Origin.AMENDMENT: _("Change"),
    Case.Origin.RENEWAL: _("Renewal"),
    Case.Origin.ADDITION: _("Applied for together"),
    Case.Origin.APPEAL: _("Appeal"),
    Case.Origin.ANEW: _("Decided anew"),
}


@dataclass(frozen=True, slots=True)
class Related:
    """Another case and what it is to the one that is looked at."""

    case: Case
    words: str
    # The one that this one came of.
    is_origin: bool


def related(case: Case, links: Sequence[Case]) -> list[Related]:
    """`links` are those of `cases.linked.offers.links_of`. Sisters count only where they were
    applied for together: another renewal of the same permit says nothing."""
    found = []
    for link in links:
        if link.pk == case.origin_id:
            found.append(Related(link, str(_EARLIER[case.origin_kind]), True))
        elif link.origin_id == case.pk or _are_sisters(case, link):
            found.append(Related(link, str(_LATER[link.origin_kind]), False))
    return found


def _are_sisters(one: Case, other: Case) -> bool:
    return {one.origin_kind, other.origin_kind} == {Case.Origin.ADDITION}
