"""How the active municipality signs its mails.

The knowledge lives in a higher room, so a setting names the function that has it, called without
arguments while a municipality is active: ``BRAND_PROVIDER = "cms.brand.current"``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from django.conf import settings
from django.utils.module_loading import import_string

from common.database import connection

NEUTRAL_COLOUR = "#1f3a5f"

_HEX = re.compile(r"#[0-9a-fA-F]{6}")


@dataclass(frozen=True, slots=True, kw_only=True)
class MailBrand:
    """What a mail shows of the town. White text must be readable on `colour` (contrast ≥ 4.5)."""

    town: str
    colour: str = NEUTRAL_COLOUR
    department: str = ""
    phone: str = ""


def current() -> MailBrand:
    """The brand of the active municipality, in the active language."""
    provider = getattr(settings, "BRAND_PROVIDER", "")
    known: Mapping[str, Any] = (
        cast("Callable[[], Mapping[str, Any]]", import_string(provider))() if provider else {}
    )
    colour = str(known.get("colour") or "")
    return MailBrand(
        town=str(getattr(connection.tenant, "name", "") or ""),
        colour=colour if _HEX.fullmatch(colour) else NEUTRAL_COLOUR,
        department=str(known.get("department") or ""),
        phone=str(known.get("phone") or ""),
    )
