"""Answers made of several parts: an address, an account, a period, a person, a place.

Each type is its parts, in the order they are asked. Reading, checking, painting, the JSON Schema
and what rules see all follow from this table. A value is a mapping of texts; a date that was not
given is left out, any other part is an empty text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from django.utils.translation import gettext_lazy as _

Kind = Literal["text", "kana", "digits", "date", "postal_code", "coordinates", "account_type"]

ACCOUNT_TYPES = ("ordinary", "current", "savings")


@dataclass(frozen=True, slots=True)
class Part:
    """One input (for a date: three) of a type made of several."""

    name: str
    label: Any
    kind: Kind = "text"
    required: bool = True
    #: Longest text in characters; for digits exactly how many.
    length: int = 200
    #: How wide the input looks.
    css: str = ""
    #: What the browser may fill in, where the answer is about whoever is asked.
    autocomplete: str = "off"
    hint: Any = ""
    #: What to say when a part that is needed is missing or no such thing.
    missing: Any = ""
    #: Numbers that are written with leading zeros.
    padded: bool = False
    #: Codes that can be looked up by name (`forms.banks`): what the button says.
    look_up: Any = ""


COMPOSITES: Mapping[str, tuple[Part, ...]] = {
    "address": (
        Part("postalCode", _("Postal code"), "postal_code", css="f-input--10",
             autocomplete="postal-code"),
        Part("prefecture", _("Prefecture"), length=10, css="f-input--10",
             autocomplete="address-level1"),
        Part("city", _("City, ward, town or village"), length=50, css="f-input--20",
             autocomplete="address-level2"),
        Part("streetAddress", _("Area and house number"), autocomplete="address-line1"),
        Part("building", _("Building and room"), required=False, autocomplete="address-line2"),
    ),
    "bank_account": (
        Part("bankCode", _("Bank code (4 digits)"), "digits", length=4, css="f-input--10",
             hint=_("If you do not know it, write how the name of the bank begins."),
             look_up=_("Look up the bank"),
             missing=_("Choose the bank from those below, or write its code of four digits.")),
        Part("branchCode", _("Branch code (3 digits)"), "digits", length=3, css="f-input--10",
             hint=_("If you do not know it, write how the name of the branch begins."),
             look_up=_("Look up the branch"),
             missing=_("Choose the branch from those below, or write its code of three digits.")),
        Part("accountType", _("Type of account"), "account_type"),
        Part("number", _("Account number (7 digits)"), "digits", length=7, css="f-input--10",
             padded=True),
        Part("holder", _("Account holder in katakana"), "kana", length=48,
             missing=_("Write the account holder's name in katakana, as in the bank book.")),
    ),
    "period": (
        Part("start", _("First day"), "date"),
        Part("end", _("Last day"), "date"),
    ),
    "person": (
        Part("fullName", _("Name"), length=200, autocomplete="name"),
        Part("fullNameKana", _("Name in katakana"), "kana", required=False, length=200),
        Part("dateOfBirth", _("Date of birth"), "date", autocomplete="bday"),
    ),
    "location": (
        Part("description", _("Where it is"), length=200),
        Part("coordinates", _("Coordinates"), "coordinates", required=False, length=40,
             css="f-input--20",
             hint=_("If you know them, for example 35.6812, 139.7671. The address of a page of "
                    "Google Maps or GSI Maps can be pasted here, too.")),
    ),
}  # fmt: skip


def names(kind: str) -> tuple[str, ...]:
    """The parts' names of a type."""
    return tuple(part.name for part in COMPOSITES[kind])


def first_input(kind: str) -> str:
    """The suffix of the first input of a type: where an error link leads."""
    part = COMPOSITES[kind][0]
    return f"-{part.name}" + ("-year" if part.kind == "date" else "")
