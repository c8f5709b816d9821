"""What a newcomer needs to try the demo: addresses, personas, staff accounts."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings

from common.text import Text
from sandbox import people
from tenants.links import base_url
from tenants.models import Domain

_PERSONAS = Path(__file__).parent / "eid" / "personas.json"


@dataclass(frozen=True, slots=True)
class Persona:
    """Somebody who can sign in at the sandbox eID."""

    title: Text
    note: Text
    name: str


@lru_cache(maxsize=1)
def personas() -> tuple[Persona, ...]:
    entries: list[dict[str, Any]] = json.loads(_PERSONAS.read_text(encoding="utf-8"))
    return tuple(
        Persona(Text(entry["title"]), Text(entry["note"]), entry.get("claims", {}).get("name", "–"))
        for entry in entries
    )


def addresses() -> list[tuple[Any, str]]:
    """Every municipality with its address."""
    return [
        (domain.tenant, base_url(domain.domain))
        for domain in Domain.objects.select_related("tenant")
        .filter(is_primary=True, tenant__is_active=True)
        .order_by("tenant__code")
    ]


def as_text() -> str:
    """The table that `make demo` ends with."""
    home = base_url(settings.PLATFORM_DOMAIN)
    lines = ["", "  Madoguchi 窓口", "", "  Municipalities"]
    for town, address in addresses():
        lines.append(f"    {address:<44} {town.name['ja']}  {town.name['en']}")
    lines += ["", "  eID personas (choose one when you sign in as a resident)"]
    lines += [
        f"    {persona.title['en']:<36} {persona.title['ja']}  {persona.name}"
        for persona in personas()
    ]
    lines += ["", f"  Staff: <town>/staff/login/, password {people.PASSWORD}"]
    lines += [
        f"    {account.username:<12} {account.role.value:<12} {account.department or 'everywhere'}"
        for account in people.ACCOUNTS
    ]
    lines += [
        "",
        f"  Fees to work on (sasaki, 汐見)    {home}/sandbox/",
        f"  One-time codes and this guide   {home}/sandbox/",
        f"  Mail that was sent              {home}/sandbox/mail/",
        "",
        "  Ctrl-C ends the demo; your data is kept.",
        "",
    ]
    return "\n".join(lines)
