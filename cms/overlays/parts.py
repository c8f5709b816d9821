"""What the pages of the settings show, and what comes back from them typed."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django.conf import settings
from django.http import QueryDict
from django.utils.translation import gettext as _

from catalogue.fees import yen
from catalogue.overlay import Overlay, OwnClock, OwnFees
from catalogue.overlay_checks import MOST_DAYS, MOST_YEN, Errors, between
from cms.facts import clock_words
from cms.overlays.words import Words
from common.text import Text
from forms.building.picking import typed_line
from workflow.definition import DayUnit


@dataclass
class Page:
    """One part on its page: `typed` is what its fields hold, `errors` the messages by field."""

    part: ClassVar[str]
    template: ClassVar[str]

    words: Words
    # In preparation, or else in force.
    overlay: Overlay
    typed: dict[str, Any] = field(default_factory=dict)
    errors: Errors = field(default_factory=dict)

    def show(self, value: Any) -> None:
        """Fill the fields from a value of the part."""
        raise NotImplementedError

    def read(self, post: QueryDict) -> Any:
        """What was typed as a value of the part; `errors` says what is none."""
        raise NotImplementedError

    def take(self, errors: Errors) -> None:
        """Messages about the value, by field."""
        self.errors |= errors

    def press(self, action: str) -> bool:
        """Do what another button than Save does; False where it is none."""
        return False

    def context(self) -> Mapping[str, Any]:
        """What the template needs besides."""
        return {}

    def template_value(self) -> Any:
        """What the part holds where the template's word counts."""
        return getattr(self.words.of_template, self.part)

    def number(self, name: str, least: int, most: int) -> int:
        """A whole number as people type it (full width, with commas)."""
        raw = unicodedata.normalize("NFKC", str(self.typed[name])).replace(",", "").strip()
        if raw.isascii() and raw.isdigit() and len(raw) < 12 and least <= int(raw) <= most:
            return int(raw)
        self.errors[name] = [between(least, most)]
        return 0


def languages() -> list[tuple[str, str]]:
    return [(code, str(name)) for code, name in settings.LANGUAGES]


def typed_text(post: QueryDict, name: str) -> Text:
    """A text with a field ``<name>-<language>`` for each language; empty ones are left out."""
    given = {code: typed_line(post, f"{name}-{code}", lines=True) for code, _name in languages()}
    return Text({code: words for code, words in given.items() if words})


class DepartmentPage(Page):
    part = "department"
    template = "cms/overlays/department.html"

    def show(self, value: str) -> None:
        self.typed["department"] = value

    def read(self, post: QueryDict) -> str:
        self.typed["department"] = str(post.get("department") or "")
        return str(self.typed["department"])

    def context(self) -> Mapping[str, Any]:
        declared = self.words.template.service.department
        chosen = self.typed["department"]
        return {
            "options": [
                (key, name, key == chosen, key == declared)
                for key, name in self.words.departments.items()
            ],
            "gone": chosen if chosen and chosen not in self.words.departments else "",
            "declared": self.words.department(declared),
            "declared_is_here": declared in self.words.departments,
        }


class ClockPage(Page):
    part = "clock"
    template = "cms/overlays/clock.html"

    def show(self, value: OwnClock | None) -> None:
        now = value or self.words.template.workflow.clock
        self.typed |= {"days": str(now.days), "unit": now.unit.value}

    def read(self, post: QueryDict) -> OwnClock | None:
        self.typed |= {name: str(post.get(name) or "") for name in ("days", "unit")}
        declared = self.words.template.workflow.clock
        days = self.number("days", 1, MOST_DAYS)
        if self.typed["unit"] not in set(DayUnit):
            self.errors["unit"] = [_("Choose one.")]
        if self.errors:
            return None
        own = OwnClock(days=days, unit=DayUnit(self.typed["unit"]))
        return None if (own.days, own.unit) == (declared.days, declared.unit) else own

    def context(self) -> Mapping[str, Any]:
        clock = self.words.template.workflow.clock
        chosen = self.typed["unit"]
        names = {
            DayUnit.WORKING: _("Working days: without weekends, holidays and closing days"),
            DayUnit.CALENDAR: _("Calendar days: every day counts"),
        }
        return {
            "units": [
                (unit.value, name, unit.value == chosen, unit is clock.unit)
                for unit, name in names.items()
            ],
            "declared": clock_words(clock),
            "basis": clock.legal_basis,
            "most": MOST_DAYS,
        }


class FeesPage(Page):
    part = "fees"
    template = "cms/overlays/fees.html"
    TEXTS: ClassVar = ("explanation", "legal_basis")

    def show(self, value: OwnFees) -> None:
        self.typed["free"] = value.free
        for name in self.words.template.fees.rates:
            self.typed[f"rate-{name}"] = str(value.rates.get(name, ""))
        for name in self.TEXTS:
            for code, _language in languages():
                self.typed[f"{name}-{code}"] = getattr(value, name).get(code, "")

    def read(self, post: QueryDict) -> OwnFees:
        self.typed["free"] = bool(post.get("free"))
        rates, declared = {}, self.words.template.fees.rates
        for name in declared:
            key = f"rate-{name}"
            self.typed[key] = str(post.get(key) or "").strip()[:40]
            if self.typed[key] and (amount := self.number(key, 0, MOST_YEN)) != declared[name]:
                rates[name] = amount
        texts = {name: typed_text(post, name) for name in self.TEXTS}
        for name, text in texts.items():
            self.typed |= {f"{name}-{code}": text.get(code, "") for code, _name in languages()}
        return OwnFees(rates=rates, free=self.typed["free"], **texts)

    def context(self) -> Mapping[str, Any]:
        fees = self.words.template.fees
        labels = {
            "explanation": _("What residents read about the fee"),
            "legal_basis": _("Legal basis, such as the ordinance"),
        }
        return {
            "charged": bool(fees.items),
            "free": self.typed["free"],
            "rates": [
                {
                    "name": f"rate-{name}", "label": self.words.rate(name), "declared": yen(amount),
                    "value": self.typed[f"rate-{name}"],
                    "errors": self.errors.get(f"rate-{name}", []),
                }
                for name, amount in fees.rates.items()
            ],
            "texts": [
                (name, labels[name], [
                    {
                        "name": f"{name}-{code}", "code": code, "language": language,
                        "value": self.typed[f"{name}-{code}"],
                        "declared": (getattr(fees, name) or {}).get(code, ""),
                        "errors": self.errors.get(f"{name}-{code}", []),
                    }
                    for code, language in languages()
                ])
                for name in self.TEXTS
            ],
            "orphans": sorted(self.overlay.fees.rates.keys() - fees.rates.keys()),
        }  # fmt: skip
