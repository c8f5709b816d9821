"""Somebody who is represented: a relative has sent something in the name of an eID persona."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

from catalogue.models import Offering
from common.actor import Actor
from forms.uploads.examine import examine
from identity.addresses import normalise_address
from identity.models import Representation, User
from identity.representation.actions import Declared, declare
from sandbox.examples.applying import sent
from sandbox.story import site_plan

#: Signs in at the sandbox eID, and finds it under "My data".
PERSONA = "rare_kanji"
_PERSONAS = Path(__file__).parent.parent / "eid" / "personas.json"
_MOST_BYTES = 10**7


def seed(offering: Offering) -> None:
    """Make it, once: not in a town where somebody acts for another already."""
    if Representation.objects.exists():
        return
    relative = User.objects.create_resident(
        name="𠮷﨑 由紀", name_kana="ヨシザキ ユキ", language="ja"
    )
    claims = _claims()
    acting = declare(
        owner=relative,
        declared=Declared(
            kind=Representation.Kind.ATTORNEY,
            name=claims["name"],
            name_kana=claims["name#ja-Kana-JP"],
            birth_date=date.fromisoformat(claims["birthdate"]),
            address=normalise_address(claims["address"]),
            basis=Representation.Basis.POWER_OF_ATTORNEY,
        ),
        by=Actor.of(relative),
        document=examine(site_plan(), "委任状.png", accept=("image",), most_bytes=_MOST_BYTES),
    )
    sent(offering, acting.name, acting.name_kana, acts_for=acting)


def _claims() -> dict[str, Any]:
    personas = json.loads(_PERSONAS.read_text(encoding="utf-8"))
    return next(dict(each["claims"]) for each in personas if each["id"] == PERSONA)
