"""Banks and their branches, by code and by name.

From the list of the Japanese Banks' Payment Clearing Network (全銀) as the package zengin-code
publishes it: one JSON file of 1,146 banks and one of branches for each. Importing the package reads
all of them (0.1–0.8 s, 19 MB), so its files are read here, and only those that are asked for: the
banks once (2–10 ms, 0.45 MB; 30 ms and 0.6 MB more when somebody searches by name, then 4 ms a
search), a bank's branches when somebody has an account there (at most 4 ms and 0.3 MB, kept of 128
banks). Another shape of the files in a later release is an error.
See docs/adr/0034-banks.md.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from common.kana import as_banks_write
from forms import normalise
from forms.normalise import Unreadable

#: So many of those found are shown; whoever does not see theirs writes more of the name.
MOST_FOUND = 10
#: Longer than any name in the list.
_LONGEST_NAME = 60
#: How people write what the list leaves out or shortens, as `_plain` has it.
_SHORT = (
    ("信用金庫", "信金"), ("信用組合", "信組"), ("労働金庫", "労金"), ("農業協同組合", "農協"),
    ("信託銀行", "信託"), ("シンヨウキンコ", "シンキン"), ("シンヨウクミアイ", "シンクミ"),
    ("ロウドウキンコ", "ロウキン"), ("ノウギヨウキヨウドウクミアイ", "ノウキヨウ"),
)  # fmt: skip
_KIND = re.compile("(?:銀行|ギンコウ|支店|シテン|bank|branch)$")
_COMPANY = re.compile("^(?:株式会社|カブシキガイシヤ|ja(?=[^a-z]))|株式会社$")
#: The list writes ``shiyouwa`` and ``yuuchiyo`` for what people write Shōwa, Shouwa, Yucho.
_ROMAN = ((re.compile("(?<=[a-z])iy(?=[aou])"), "y"), (re.compile("(sh|ch|j)y"), r"\1"),
          (re.compile("[uo](?=[uo])"), ""), (re.compile("mm"), "nm"))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Listed:
    """A bank or a branch of one, as the list has it: without the word for bank or branch."""

    code: str
    name: str
    kana: str
    romaji: str

    def in_language(self, language: str) -> str:
        """The name; for who may not read it in Japanese also in Latin letters."""
        if language == "ja" or normalise.narrow(self.name).isascii():
            return self.name
        return f"{self.name} ({self.romaji.capitalize()})"

    def named(self, language: str) -> str:
        """The name with the code."""
        code = f"（{self.code}）" if language == "ja" else f" – {self.code}"
        return f"{self.in_language(language)}{code}"


def bank(code: str) -> Listed | None:
    """The bank with these four digits."""
    return _banks().get(code)


def branch(bank_code: str, code: str) -> Listed | None:
    """The branch with these three digits of a bank that is listed."""
    return _branches(bank_code).get(code) if bank_code in _banks() else None


def unlisted(account: Mapping[str, str]) -> str:
    """Which part of an account the list does not have, ``bankCode`` or ``branchCode``; "" for none.

    What has not the digits of a code is none, and of a bank that is not listed no branch is.
    """
    bank_code, branch_code = account.get("bankCode") or "", account.get("branchCode") or ""
    if re.fullmatch("[0-9]{4}", bank_code) and bank(bank_code) is None:
        return "bankCode"
    if (
        re.fullmatch("[0-9]{3}", branch_code)
        and bank(bank_code)
        and not branch(bank_code, branch_code)
    ):
        return "branchCode"
    return ""


def find_banks(typed: str) -> list[Listed]:
    """Banks whose name, in kanji, kana or Latin letters, is or begins with what was typed; behind
    them those that have it elsewhere in the name."""
    return _found(_names(""), typed)


def find_branches(bank_code: str, typed: str) -> list[Listed]:
    """As `find_banks`, of the branches of one bank; none of a bank that is not listed."""
    return _found(_names(bank_code), typed) if bank_code in _banks() else []


def is_name(typed: str) -> bool:
    """Whether a name was typed where a code is asked for. Not what cannot be read at all."""
    if len(typed) > _LONGEST_NAME:
        return False
    try:
        return bool(_plain(normalise.text(typed))) and not _is_number(typed)
    except Unreadable:
        return False


@lru_cache(maxsize=1)
def listed_on() -> dt.date:
    """The day of the list."""
    return dt.datetime.strptime(_text("updated_at").strip(), "%Y%m%d").date()  # noqa: DTZ007


def _is_number(typed: str) -> bool:
    try:
        return bool(normalise.digits(typed))
    except Unreadable:
        return False


def _found(names: Mapping[Listed, frozenset[str]], typed: str) -> list[Listed]:
    if not is_name(typed):
        return []
    wanted = {_plain(typed), _roman(_plain(typed))}
    ranked = []
    for entry, keys in names.items():
        rank = min(_rank(key, word) for key in keys for word in wanted)
        if rank < _NOT:
            ranked.append((rank, entry.code, entry))
    return [entry for _rank, _code, entry in sorted(ranked, key=lambda found: found[:2])]


_NOT = 3


def _rank(key: str, word: str) -> int:
    """0 for the very name, 1 for its beginning, 2 for a part of two letters and more."""
    if key == word:
        return 0
    if key.startswith(word):
        return 1
    return 2 if len(word) > 1 and word in key else _NOT


def _plain(name: str) -> str:
    """A name without what is written in many ways: widths, small kana, marks, legal forms."""
    plain = _COMPANY.sub("", as_banks_write(name).casefold())
    for long, short in _SHORT:
        plain = plain.replace(long, short)
    return _KIND.sub("", plain) or plain


def _roman(name: str) -> str:
    if not name.isascii():
        return name
    for pattern, instead in _ROMAN:
        name = pattern.sub(instead, name)
    return name


@lru_cache(maxsize=16)
def _names(bank_code: str) -> dict[Listed, frozenset[str]]:
    """What is searched: the banks, or the branches of one."""
    listed = _branches(bank_code) if bank_code else _banks()
    return {
        entry: frozenset({_plain(entry.name), _plain(entry.kana), _roman(_plain(entry.romaji))})
        for entry in listed.values()
    }


@lru_cache(maxsize=1)
def _banks() -> dict[str, Listed]:
    return _read("banks.json")


@lru_cache(maxsize=128)
def _branches(bank_code: str) -> dict[str, Listed]:
    return _read(f"branches/{bank_code}.json")


def _read(file: str) -> dict[str, Listed]:
    found: dict[str, Any] = json.loads(_text(file))
    return {
        code: Listed(code, entry["name"], entry["kana"], entry["roma"])
        for code, entry in found.items()
    }


def _text(file: str) -> str:
    return (_folder() / file).read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def _folder() -> Path:
    """Where the package keeps its files; found without importing it."""
    spec = find_spec("zengin_code")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("zengin_code")
    return Path(spec.submodule_search_locations[0]) / "source-data" / "data"
