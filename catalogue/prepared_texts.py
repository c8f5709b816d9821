"""Conditions and grounds of refusal that caseworkers pick: the service's, and the town's own.

The town's own are in the offering's settings: whoever has a case has them without asking further.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, cast

from django.db import transaction
from django.utils.translation import gettext as _

from audit import ledger
from catalogue.models import Offering
from common.actor import Actor
from common.errors import InvalidInput

Kind = Literal["conditions", "grounds"]
KINDS: tuple[Kind, ...] = ("conditions", "grounds")
MOST = 50
LONGEST = 1000


def own(offering: Offering, kind: Kind) -> list[str]:
    """The municipality's own, in order."""
    return list(cast("dict[str, list[str]]", offering.settings.get("prepared", {})).get(kind, []))


def of_service(offering: Offering, kind: Kind, language: str) -> list[str]:
    """Everything to pick from: the service's own declarations first."""
    service = offering.template.service
    texts = service.standard_conditions if kind == "conditions" else service.standard_grounds
    return [text.in_language(language) for text in texts] + own(offering, kind)


@transaction.atomic
def keep(*, offering: Offering, kind: Kind, lines: Sequence[str], by: Actor) -> None:
    """Put `lines` in the place of the municipality's own. Raises `InvalidInput`."""
    kept = list(dict.fromkeys(line.strip() for line in lines if line.strip()))
    if len(kept) > MOST:
        raise InvalidInput({kind: [_("At most %(most)s texts.") % {"most": MOST}]})
    if any(len(line) > LONGEST for line in kept):
        too_long = _("A text is too long: at most %(most)s characters each.")
        raise InvalidInput({kind: [too_long % {"most": LONGEST}]})
    fresh = Offering.objects.select_for_update().get(pk=offering.pk)
    fresh.settings = {
        **fresh.settings,
        "prepared": {**fresh.settings.get("prepared", {}), kind: kept},
    }
    fresh.save(update_fields=["settings"])
    ledger.record(
        event="prepared_texts.changed",
        by=by,
        object_kind="offering",
        object_id=str(offering.pk),
        data={"kind": kind, "count": len(kept)},
    )
