"""The content of a town as data, for seeding: who it is, how it looks, what it says."""

from __future__ import annotations

import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from catalogue.template import SignIn
from common.text import Text

_WEIGHTS = (6, 5, 4, 3, 2)


def check_digit(five: str) -> str:
    """The sixth digit of a local government code (全国地方公共団体コード): 13201 → 2."""
    total = sum(int(digit) * weight for digit, weight in zip(five, _WEIGHTS, strict=True))
    return str((11 - total % 11) % 10)


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class Palette(_Strict):
    primary: str
    accent: str
    tint: str
    header: Literal["plain", "town"] = "plain"
    typeface: Literal["sans", "mincho", "round"] = "sans"
    corners: Literal["strict", "soft", "round"] = "soft"


class Contact(_Strict):
    postal_code: str
    address: Text
    phone: str
    email: str
    hours: Text
    closed: Text
    #: Where maps begin: ``35.6812, 139.7671``. Empty: all of Japan.
    centre: str = ""


class Mayor(_Strict):
    name: Text
    title: Text


class DepartmentSpec(_Strict):
    key: str
    name: Text
    place: Text
    phone: str
    email: str = ""
    does: Text = Text({})


class Park(_Strict):
    """An option of the park question: ``{"value": …, "label": …}``."""

    value: str
    label: Text


class NewsItem(_Strict):
    slug: str
    date: datetime.date
    title: Text
    summary: Text
    body: tuple[Text, ...]


class Section(_Strict):
    heading: Text = Text({})
    paragraphs: tuple[Text, ...] = ()
    points: tuple[Text, ...] = ()
    # Numbered: one after the other.
    ordered: bool = False


class PlainPage(_Strict):
    """``{town}``, ``{phone}`` and ``{email}`` in its texts are filled in."""

    slug: str
    title: Text
    summary: Text
    sections: tuple[Section, ...]


class FeeRow(_Strict):
    rate: str
    label: Text
    unit: Text


class ServiceSpec(_Strict):
    """What a town says about a service of the catalogue, and its own amounts in yen."""

    # Which department works on it; empty: the one that the template names.
    department: str = ""
    rates: dict[str, int] = Field(default_factory=dict)
    # … and its own numbers in the form, such as the coefficient of an income limit.
    numbers: dict[str, int] = Field(default_factory=dict)
    # Stricter than the template; none: as the template says.
    sign_in: SignIn | None = None
    fee_rows: tuple[FeeRow, ...] = ()
    fee_note: Text = Text({})
    notice: tuple[Text, Text] | None = None


class TownSpec(_Strict):
    key: str
    code: str
    name: Text
    kana: str
    prefecture: Text
    slogan: Text
    introduction: Text
    lead: Text
    services_lead: Text
    palette: Palette
    contact: Contact
    mayor: Mayor
    appeal_authority: Text
    departments: tuple[DepartmentSpec, ...]
    parks: tuple[Park, ...]
    services: dict[str, ServiceSpec] = Field(default_factory=dict)
    news: tuple[NewsItem, ...]
    pages: tuple[PlainPage, ...]
    mark: str
    pattern: str
    seal: str

    @field_validator("code")
    @classmethod
    def _code_is_valid(cls, code: str) -> str:
        if len(code) != 6 or not code.isdigit() or code[5] != check_digit(code[:5]):
            raise ValueError("not a local government code: five digits and a check digit")
        return code

    def park_choices(self) -> list[dict[str, Any]]:
        """For `catalogue.offerings.adopt(choices={"park": …})`."""
        return [{"value": park.value, "label": park.label.as_dict()} for park in self.parks]
