"""What a list of the town says, line by line. A line that cannot be read says why. No database."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from common import csv_files
from common.csv_files import LONGEST_CELL, UNREADABLE, NotATable, heading
from common.tables import looks_live
from forms import normalise, postal
from forms.normalise import Unreadable
from identity.addresses import split_formatted

#: Far above the list of a large town's district; a larger one is uploaded in parts.
MOST_LINES = 20_000
MOST_BYTES = 8 * 1024 * 1024
LONGEST_NUMBER = 40
LONGEST_NAME = 100
_MOST_YEN = 100_000_000

#: Columns by name, each with its headings: the first is the one that we write ourselves.
HEADINGS: Mapping[str, tuple[str, ...]] = {
    "number": ("番号", "確認書番号", "整理番号", "通知番号"),
    "name": ("氏名", "世帯主氏名", "名前"),
    "name_kana": ("フリガナ", "氏名カナ", "カナ氏名", "氏名フリガナ"),
    "birth_date": ("生年月日",),
    "postal_code": ("郵便番号",),
    "address": ("住所",),
    "building": ("方書", "建物名"),
    "bank_code": ("金融機関コード",),
    "bank_name": ("金融機関名",),
    "branch_code": ("支店コード", "店番"),
    "branch_name": ("支店名",),
    "account_type": ("口座種別", "預金種別"),
    "account_number": ("口座番号",),
    "account_holder": ("口座名義", "口座名義カナ", "口座名義人"),
    "amount": ("支給額", "金額"),
    "last_day": ("期限", "提出期限", "回答期限"),
}
NEEDED = ("number", "name", "birth_date", "address", "last_day")
_ACCOUNT = ("bank_code", "branch_code", "account_type", "account_number", "account_holder")
#: As people and as banks write them (全銀: 1, 2, 4).
_ACCOUNT_TYPES = {
    "普通": "ordinary", "1": "ordinary", "当座": "current", "2": "current",
    "貯蓄": "savings", "4": "savings",
}  # fmt: skip

#: Why a line is not taken.
REASONS: Mapping[str, Any] = {
    "encoding": _("It has characters that cannot be read. Save the file as UTF-8 or Shift_JIS."),
    "control": _("There is an invisible control character in it."),
    "formula": _("A cell begins like a formula (=, +, - or @)."),
    "long": _("A cell is too long."),
    "number": _("The number is missing, or is not made of letters and digits."),
    "twice": _("The same number is in the list twice."),
    "name": _("The name is missing."),
    "name_kana": _("The reading is not in katakana."),
    "birth_date": _("The date of birth is missing or cannot be read."),
    "postal_code": _("The postal code does not have seven digits."),
    "address": _("The address is missing."),
    "account": _("The account is not complete, or cannot be read."),
    "amount": _("The amount is no whole number of yen."),
    "last_day": _("The last day is missing or cannot be read."),
    # Beside what the town has already.
    "over": _("The last day has passed."),
    "answered": _("This letter was answered already, so it cannot be changed."),
    "withdrawn": _("This letter was withdrawn. Give the new one another number."),
}


class NotAList(ValueError):
    """The file as a whole is none; `code` says why, `column` which column is missing."""

    def __init__(self, code: str, column: str = "") -> None:
        super().__init__(code)
        self.code, self.column = code, column


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the list: `values` as `models.PreparedLetter` has them, or its `problems`."""

    line: int
    number: str
    values: dict[str, Any] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


def read(content: bytes) -> list[Line]:
    """The lines of a file. Raises `NotAList`."""
    if len(content) > MOST_BYTES:
        raise NotAList("too_large")
    try:
        head, *rows = csv_files.rows(content)
    except NotATable as refused:
        raise NotAList(refused.code) from None
    places = _places(head)
    filled = [(line, row) for line, row in enumerate(rows, 2) if any(cell.strip() for cell in row)]
    if not filled:
        raise NotAList("empty")
    if len(filled) > MOST_LINES:
        raise NotAList("too_large")
    lines = [_line(line, row, places) for line, row in filled]
    seen = Counter(key_of(each.number) for each in lines)
    return [
        Line(each.line, each.number, problems=("twice", *each.problems))
        if each.number and seen[key_of(each.number)] > 1
        else each
        for each in lines
    ]


def key_of(number: str) -> str:
    """A number as it is compared: however its dashes, blanks and widths were written."""
    plain = unicodedata.normalize("NFKC", number).upper()
    return re.sub(r"[\s\-‐‑‒–—―−ー]", "", plain)


def _places(head: Sequence[str]) -> dict[str, int]:
    plain = [heading(each) for each in head]
    found = {}
    for name, headings in HEADINGS.items():
        place = next((plain.index(each) for each in (*headings, name) if each in plain), None)
        if place is not None:
            found[name] = place
        elif name in NEEDED:
            raise NotAList("no_column", headings[0])
    return found


def _line(line: int, row: Sequence[str], places: Mapping[str, int]) -> Line:
    cells = {name: row[place].strip() if place < len(row) else "" for name, place in places.items()}
    number = cells["number"][:LONGEST_NUMBER]
    problems = _unfit(cells)
    if problems:
        return Line(line, "" if "control" in problems else number, problems=problems)
    values: dict[str, Any] = {}
    wrong = []
    for name, reads in _READERS.items():
        try:
            values[name] = reads(cells)
        except ValueError:
            wrong.append(name)
    if wrong:
        return Line(line, number, problems=tuple(wrong))
    return Line(line, number, values)


def _unfit(cells: Mapping[str, str]) -> tuple[str, ...]:
    """What no cell may have in it."""
    found = []
    if any(UNREADABLE in cell for cell in cells.values()):
        found.append("encoding")
    if any(len(cell) > LONGEST_CELL for cell in cells.values()):
        found.append("long")
    if any(looks_live(cell) for cell in cells.values()):
        found.append("formula")
    try:
        for cell in cells.values():
            normalise.refuse_control(cell)
    except Unreadable:
        found.append("control")
    return tuple(found)


# --- Each column; ValueError (`Unreadable` is one) when it cannot be read -------------------------


def _number(cells: Mapping[str, str]) -> str:
    number = normalise.narrow(cells["number"])
    if not re.fullmatch(r"[0-9A-Z]{1,40}", key_of(number)) or len(number) > LONGEST_NUMBER:
        raise ValueError(number)
    return number


def _name(cells: Mapping[str, str]) -> str:
    name = normalise.text(cells["name"])
    if not 0 < len(name) <= LONGEST_NAME:
        raise ValueError(name)
    return name


def _kana(cells: Mapping[str, str]) -> str:
    return normalise.katakana(cells.get("name_kana", ""))[:LONGEST_NAME]


def _day(text: str) -> str:
    found = normalise.date(text)
    if found is None:
        raise ValueError(text)
    return found


def _born(cells: Mapping[str, str]) -> str:
    born = _day(cells["birth_date"])
    if dt.date.fromisoformat(born) > timezone.localdate():
        raise ValueError(born)
    return born


def _postal_code(cells: Mapping[str, str]) -> str:
    return normalise.postal_code(cells.get("postal_code", ""))


def _address(cells: Mapping[str, str]) -> dict[str, str]:
    """In parts. Registers often leave out what the postal code says already."""
    written = normalise.text(cells["address"])
    if not written:
        raise ValueError(written)
    parts = split_formatted(written)
    try:
        code = _postal_code(cells)
    except Unreadable:
        code = ""  # said at its own column
    places = postal.look_up(code) if code else ()
    place = postal.shared(places) if places else None
    if place and place.city and not (parts["prefecture"] and parts["city"]):
        street = written.removeprefix(place.prefecture).strip().removeprefix(place.city).strip()
        parts = {"prefecture": place.prefecture, "city": place.city, "streetAddress": street}
    building = normalise.text(cells.get("building", "")) or parts.get("building", "")
    return {**parts, "postalCode": code, "building": building}


def _account(cells: Mapping[str, str]) -> dict[str, str]:
    """Empty where the town knows none; half of one is a mistake."""
    given = {name: cells.get(name, "") for name in _ACCOUNT}
    if not any(given.values()):
        return {}
    code, branch = (normalise.digits(given[name]) for name in ("bank_code", "branch_code"))
    number = normalise.digits(given["account_number"])
    kind = _ACCOUNT_TYPES.get(normalise.narrow(given["account_type"]).removesuffix("預金"))
    holder = normalise.katakana(given["account_holder"])
    if not (code and branch and number and kind and holder):
        raise ValueError("account")
    if len(code) > 4 or len(branch) > 3 or len(number) > 7 or len(holder) > 48:
        raise ValueError("account")
    return {
        # A spreadsheet drops the zeros in front.
        "bankCode": code.zfill(4),
        "branchCode": branch.zfill(3),
        "accountType": kind,
        "number": number.zfill(7),
        "holder": holder,
        "bankName": normalise.text(cells.get("bank_name", "")),
        "branchName": normalise.text(cells.get("branch_name", "")),
    }


def _amount(cells: Mapping[str, str]) -> int | None:
    amount = normalise.money(cells.get("amount", ""))
    if amount is not None and not 0 <= amount <= _MOST_YEN:
        raise ValueError(amount)
    return amount


_READERS: Mapping[str, Callable[[Mapping[str, str]], Any]] = {
    "number": _number,
    "name": _name,
    "name_kana": _kana,
    "birth_date": _born,
    "postal_code": _postal_code,
    "address": _address,
    "account": _account,
    "amount": _amount,
    "last_day": lambda cells: _day(cells["last_day"]),
}
