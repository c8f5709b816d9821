"""What the finance office types: amounts, days, a bank account, the settings."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic import ValidationError

from billing.models import FinanceSettings
from billing.statements.table import Columns
from forms import definitions
from forms.asking import Asked, ask
from forms.prepared import Prepared, prepare

MOST_YEN = 2**31 - 1


def yen_of(text: str) -> int | None:
    """``1,200``, ``１２００円`` → 1200; None for what is no amount above nothing."""
    plain = unicodedata.normalize("NFKC", text).strip().strip("¥円").replace(",", "").strip()
    if not (plain.isascii() and plain.isdigit()) or len(plain) > 10:
        return None
    return int(plain) if 0 < int(plain) <= MOST_YEN else None


def day_of(text: str) -> date | None:
    """An ISO date, as date fields send it."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


@lru_cache(maxsize=1)
def _account() -> Prepared:
    title = {"ja": "振込先", "en": "Bank account"}
    question = {"id": "account", "type": "bank_account", "label": title}
    step = {"id": "account", "title": title, "questions": [question]}
    return prepare(definitions.load({"key": "refund", "title": title, "steps": [step]}))


def account_form(post: QueryDict | None) -> Asked:
    """The bank account to which money goes back, asked as in every form."""
    return ask(_account(), {}, post)


#: The fields of the settings: name, label, whether it belongs to the CSV.
FIELDS: tuple[tuple[str, Any, bool], ...] = (
    ("bank_name", gettext_lazy("Bank"), False),
    ("branch_name", gettext_lazy("Branch"), False),
    ("account_kind", gettext_lazy("Kind of account"), False),
    ("account_number", gettext_lazy("Account number"), False),
    ("account_holder", gettext_lazy("Account holder (kana)"), False),
    ("four_eyes_above", gettext_lazy("Refunds above this many yen need a second person"), False),
    ("delimiter", gettext_lazy("Between the columns"), True),
    ("skip", gettext_lazy("Lines before the headings"), True),
    ("headings", gettext_lazy("There are headings"), True),
    ("date", gettext_lazy("Column of the day"), True),
    ("amount", gettext_lazy("Column of the money that came in"), True),
    ("outgoing", gettext_lazy("Column of the money that went out"), True),
    ("payer", gettext_lazy("Column of the payer"), True),
    ("text", gettext_lazy("Column of further text"), True),
    ("reference", gettext_lazy("Column of the bank's own number"), True),
)


@dataclass
class SettingsForm:
    """The settings as they are shown, or as they were typed."""

    values: dict[str, Any]
    errors: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, current: FinanceSettings, post: QueryDict | None) -> SettingsForm:
        if post is not None:
            values: dict[str, Any] = {name: post.get(name, "").strip() for name, _l, _c in FIELDS}
            values["headings"] = bool(post.get("headings"))
            # A tab could not be told from an empty field.
            values["delimiter"] = {"tab": "\t"}.get(values["delimiter"], values["delimiter"])
            return cls(values)
        columns = Columns.model_validate(current.columns).model_dump()
        values = {
            name: columns[name] if of_csv else getattr(current, name)
            for name, _label, of_csv in FIELDS
        }
        if values["four_eyes_above"] is None:
            values["four_eyes_above"] = ""
        return cls(values)

    @property
    def is_tab(self) -> bool:
        return bool(self.values["delimiter"] == "\t")

    @property
    def account(self) -> list[tuple[str, str, Any, list[str]]]:
        """Name, label, value and errors of the fields that are not about the CSV."""
        return self._fields(of_csv=False)

    @property
    def csv(self) -> list[tuple[str, str, Any, list[str]]]:
        shown = self._fields(of_csv=True)
        return [each for each in shown if each[0] not in ("headings", "delimiter")]

    def _fields(self, *, of_csv: bool) -> list[tuple[str, str, Any, list[str]]]:
        return [
            (name, str(label), self.values[name], self.errors.get(name, []))
            for name, label, csv in FIELDS
            if csv is of_csv
        ]

    def save(self, current: FinanceSettings) -> bool:
        """Keep what was typed; False, with `errors`, when something cannot be."""
        limit = self.values["four_eyes_above"]
        given = {name: self.values[name] for name, _label, of_csv in FIELDS if of_csv}
        try:
            columns = Columns.model_validate({**given, "skip": given["skip"] or 0})
        except ValidationError as error:
            first = error.errors()[0]
            named = str(first["loc"][0]) if first["loc"] else "date"
            self.errors[named] = [_("A column is a heading of the file, or its number from 1.")]
            return False
        if limit and yen_of(limit) is None and limit != "0":
            self.errors["four_eyes_above"] = [_("Write the amount in whole yen.")]
        number = unicodedata.normalize("NFKC", self.values["account_number"])
        if number and not (number.isascii() and number.isdigit() and len(number) <= 10):
            self.errors["account_number"] = [_("An account number has digits only.")]
        for name, most in (("bank_name", 60), ("branch_name", 60), ("account_kind", 20),
                           ("account_holder", 60)):  # fmt: skip
            if len(self.values[name]) > most:
                self.errors[name] = [_("This is too long.")]
        if self.errors:
            return False
        for name in ("bank_name", "branch_name", "account_kind", "account_holder"):
            setattr(current, name, self.values[name])
        current.account_number = number
        current.four_eyes_above = (yen_of(limit) or 0) if limit else None
        current.columns = columns.model_dump()
        current.save()
        return True
