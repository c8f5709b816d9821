"""How the active municipality signs its papers: colour, mark, seal, representative.

The knowledge lives in a higher room, so a setting names the function that has it:
``BRAND_PROVIDER = "cms.brand.current"``, called without arguments while a municipality is active.
It answers with a mapping; unknown keys are ignored, and every key may be missing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from django.conf import settings
from django.utils.module_loading import import_string

from common.database import connection

NEUTRAL_COLOUR = "#1f3a5f"

_HEX = re.compile(r"#[0-9a-fA-F]{6}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Brand:
    """What a letterhead needs. Texts are in the language that was active when it was read.

    `colour` must be readable on white (contrast ≥ 4.5); `mark` and `seal` are data URLs of images,
    or empty.
    """

    town: str
    colour: str = NEUTRAL_COLOUR
    mark: str = ""
    seal: str = ""
    representative_title: str = ""
    representative_name: str = ""
    # Who hears a request for review, where that is not the representative.
    appeal_authority: str = ""
    department: str = ""
    address: str = ""
    phone: str = ""
    email: str = ""
    # By the key of a department: data URLs of the seals that offices have of their own.
    office_seals: Mapping[str, str] = field(default_factory=dict)


def current() -> Brand:
    """The brand of the active municipality, in the active language."""
    provider = getattr(settings, "BRAND_PROVIDER", "")
    known: Mapping[str, Any] = (
        cast("Callable[[], Mapping[str, Any]]", import_string(provider))() if provider else {}
    )
    town = connection.tenant
    colour = str(known.get("colour") or "")
    return Brand(
        town=str(getattr(town, "name", "") or ""),
        colour=colour if _HEX.fullmatch(colour) else NEUTRAL_COLOUR,
        **{key: _image(known.get(key)) for key in ("mark", "seal")},
        office_seals={
            key: _image(seal) for key, seal in dict(known.get("office_seals") or {}).items()
        },
        **{
            key: str(known.get(key) or "")
            for key in (
                "representative_title",
                "representative_name",
                "appeal_authority",
                "department",
                "address",
                "phone",
                "email",
            )
        },
    )


def _image(value: object) -> str:
    """Only what travels inside the paper; `documents.pdf` would refuse anything else."""
    address = str(value or "")
    return address if address.startswith("data:image/") else ""
