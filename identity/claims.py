"""From the eID's claims to the concepts that forms know, with their provenance.

Providers differ in how they write the same thing (a date with or without hyphens, ISO 5218 sex
codes, an address as text or in parts), so reading is tolerant. What cannot be read with certainty
is left out: a form then simply asks for it. Names are never normalised: a compatibility form is
somebody's name.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from common import telephone
from common.lookup import Lookup
from identity.addresses import normalise_address
from identity.models import EidIdentity, User

FULL_NAME = "person.fullName"
FULL_NAME_KANA = "person.fullNameKana"
DATE_OF_BIRTH = "person.dateOfBirth"
SEX = "person.sex"
ADDRESS = "person.address"
NATIONALITY = "person.nationality"
EMAIL = "contact.email"
PHONE = "contact.phone"

SESSION_KEY = "eid_concepts"
MAX_TEXT = 200

Asserted = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Concept:
    """One thing the eID can tell: its claims at the provider, its scope, its name for people."""

    claims: tuple[str, ...]
    scope: str
    label: Any
    read: Callable[[Mapping[str, Any]], Any]


def text(value: Any) -> str | None:
    """A clean single-line text or None. Characters are kept as they are."""
    if not isinstance(value, str):
        return None
    visible = "".join(
        " " if char.isspace() else char
        for char in value
        if char.isspace() or unicodedata.category(char) not in {"Cc", "Cs"}
    )
    cleaned = re.sub(r" {2,}", " ", visible).strip()
    return cleaned if 0 < len(cleaned) <= MAX_TEXT else None


def _name(claims: Mapping[str, Any], suffix: str = "") -> str | None:
    whole = text(claims.get(f"name{suffix}"))
    if whole:
        return whole
    family, given = (
        text(claims.get(f"family_name{suffix}")),
        text(claims.get(f"given_name{suffix}")),
    )
    return f"{family} {given}" if family and given else None


def _full_name(claims: Mapping[str, Any]) -> str | None:
    return _name(claims) or _name(claims, "#ja-Hani-JP") or _name(claims, "#ja")


def _full_name_kana(claims: Mapping[str, Any]) -> str | None:
    kana = _name(claims, "#ja-Kana-JP") or _name(claims, "#ja-Hira-JP")
    return kana or text(claims.get("name_kana"))


def read_date(value: Any) -> str | None:
    """ISO date from ``19850412``, ``1985-04-12``, ``1985/4/12``. A date without a year is none."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        return None
    plain = unicodedata.normalize("NFKC", value).strip()
    found = re.fullmatch(r"(\d{4})(?:(\d{2})(\d{2})|[-/.](\d{1,2})[-/.](\d{1,2}))", plain)
    if not found:
        return None
    year, month, day = found[1], found[2] or found[4], found[3] or found[5]
    try:
        return dt.date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return None


# ISO 5218 and what else is seen in the wild.
_SEXES = {
    "1": "male", "male": "male", "m": "male", "男": "male", "男性": "male",
    "2": "female", "female": "female", "f": "female", "女": "female", "女性": "female",
    "9": "other", "other": "other", "x": "other",
}  # fmt: skip


def read_sex(value: Any) -> str | None:
    """``male``, ``female``, ``other`` from ISO 5218 codes or words; unknown (0) is none."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    return _SEXES.get(unicodedata.normalize("NFKC", str(value)).strip().lower())


def _nationality(claims: Mapping[str, Any]) -> str | None:
    value = claims.get("nationality") or claims.get("nationalities")
    if isinstance(value, list):
        value = value[0] if value else None
    code = text(value)
    return code.upper() if code and re.fullmatch(r"[A-Za-z]{2,3}", code) else None


def _email(claims: Mapping[str, Any]) -> str | None:
    value = text(claims.get("email"))
    return value if value and re.fullmatch(r"[^@\s<>\"]+@[^@\s<>\"]+\.[^@\s<>\"]+", value) else None


def _phone(claims: Mapping[str, Any]) -> str | None:
    value = text(claims.get("phone_number"))
    plain = unicodedata.normalize("NFKC", value) if value else ""
    if not re.fullmatch(r"\+?[\d\-() ]{6,24}", plain):
        return None
    return re.sub(r"[() ]+", "-", telephone.domestic(plain)).strip("-")


CONCEPTS: dict[str, Concept] = {
    FULL_NAME: Concept(("name",), "name", _("your name"), _full_name),
    FULL_NAME_KANA: Concept(("name#ja-Kana-JP",), "name", _("your name in kana"), _full_name_kana),
    DATE_OF_BIRTH: Concept(
        ("birthdate",),
        "birthdate",
        _("your date of birth"),
        lambda c: read_date(c.get("birthdate")),
    ),
    SEX: Concept(("gender",), "gender", _("your sex"), lambda c: read_sex(c.get("gender"))),
    ADDRESS: Concept(
        ("address",), "address", _("your address"), lambda c: normalise_address(c.get("address"))
    ),
    NATIONALITY: Concept(("nationality",), "nationality", _("your nationality"), _nationality),
    EMAIL: Concept(("email",), "email", _("your e-mail address"), _email),
    PHONE: Concept(("phone_number",), "phone", _("your telephone number"), _phone),
}
# Asked at every sign-in: the pages greet by name, and staff must know who applied.
ALWAYS = frozenset({FULL_NAME, FULL_NAME_KANA})


def normalise(
    claims: Mapping[str, Any],
    *,
    issuer: str,
    acr: str,
    asserted_at: dt.datetime,
    wanted: Collection[str] | None = None,
) -> Asserted:
    """Claims of a provider → ``{concept: {value, source, issuer, acr, asserted_at}}``.

    Only `wanted` concepts are kept (None: all): what was not asked for is not stored, even when the
    provider sends it.
    """
    asserted: Asserted = {}
    for key, concept in CONCEPTS.items():
        if wanted is not None and key not in wanted:
            continue
        value = concept.read(claims)
        if value is not None:
            asserted[key] = {
                "value": value,
                "source": "eid",
                "issuer": issuer,
                "acr": acr,
                "asserted_at": asserted_at.isoformat(),
            }
    return asserted


_eid_of: Lookup[EidIdentity] = Lookup(lambda user: EidIdentity.objects.filter(user=user), user=UUID)


def fresh(user: User, concepts: Collection[str] | None = None) -> Asserted:
    """What the eID asserted about `user` not longer than ``EID_CLAIMS_FRESH_HOURS`` ago.

    An address from last year must not fill a form as verified.
    """
    identity = _eid_of.one(user=user.pk)
    if identity is None:
        return {}
    oldest = timezone.now() - dt.timedelta(hours=settings.EID_CLAIMS_FRESH_HOURS)
    return {
        key: entry
        for key, entry in identity.claims.items()
        if (concepts is None or key in concepts)
        and dt.datetime.fromisoformat(entry["asserted_at"]) >= oldest
    }


# --- What to ask for -------------------------------------------------------------------------

FormConcepts = Callable[[str], Collection[str]]
_form_concepts: list[FormConcepts] = []


def set_form_concepts(resolver: FormConcepts) -> None:
    """Called once by the room that knows the forms: from a service's slug to its concepts."""
    _form_concepts[:] = [resolver]


def concepts_of_form(slug: str) -> frozenset[str]:
    """The concepts that a form asks for; nothing for an unknown one."""
    if not slug or not _form_concepts:
        return frozenset()
    return frozenset(_form_concepts[0](slug)) & CONCEPTS.keys()


def request_concepts(request: HttpRequest, concepts: Iterable[str]) -> None:
    """Ask the eID for these concepts at the next sign-in of this visitor (and for no others)."""
    request.session[SESSION_KEY] = sorted(set(concepts) & CONCEPTS.keys())


def requested_concepts(request: HttpRequest, form: str = "") -> frozenset[str]:
    """What will be asked: what was requested, what the form needs, and always the name."""
    kept = request.session.get(SESSION_KEY)
    stored = {str(key) for key in kept} if isinstance(kept, list) else set()
    return (frozenset(stored) & CONCEPTS.keys()) | concepts_of_form(form) | ALWAYS


def labels(concepts: Collection[str]) -> list[Any]:
    """The concepts in words, in a fixed order."""
    return [concept.label for key, concept in CONCEPTS.items() if key in concepts]


def claims_parameter(concepts: Collection[str]) -> dict[str, Any]:
    """OpenID Connect Core 5.5: exactly these claims, from the userinfo endpoint."""
    return {
        "userinfo": {
            claim: None
            for key, concept in CONCEPTS.items()
            if key in concepts
            for claim in concept.claims
        }
    }


def scopes(concepts: Collection[str]) -> str:
    """The scopes for a provider that knows no claims parameter."""
    wanted = [concept.scope for key, concept in CONCEPTS.items() if key in concepts]
    return " ".join(dict.fromkeys(["openid", *wanted]))
