"""A Japanese address in parts, from whatever form the eID has it in."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

PARTS = ("postalCode", "prefecture", "city", "streetAddress", "building")
MAX_PART = 200

_PREFECTURE = re.compile(r"北海道|東京都|(?:京都|大阪)府|(?:神奈川|和歌山|鹿児島|[^\s]{2})県")
_POSTAL = re.compile(r"〒?\s*(\d{3})[-‐−–ー－]?(\d{4})(?!\d)")
# Municipalities whose name holds 市, 町, 村 or 郡 before its end, so the first such character
# does not end it.
_ODD = (
    "四日市市|廿日市市|野々市市|市川市|市原市|町田市|大町市|十日町市|村上市|村山市|東村山市|"
    "武蔵村山市|羽村市|大村市|田村市|郡山市|大和郡山市|郡上市|蒲郡市|小郡市|東市来町|"
    "余市郡余市町|中新川郡上市町|吉野郡下市町|西八代郡市川三郷町|神崎郡市川町|芳賀郡市貝町|"
    "佐波郡玉村町|杵島郡大町町|柴田郡村田町|高市郡高取町|高市郡明日香村"
)
_CITY = re.compile(
    rf"(?:(?:{_ODD})|[^\s\d市区町村]{{1,6}}市[^\s\d市区町村]{{1,5}}区(?![^\s\d]*[市])|"
    rf"[^\s\d郡]{{1,5}}郡[^\s\d町村]{{1,6}}[町村]|[^\s\d市区町村]{{1,6}}[市区町村])"
)


def postal_code(value: Any) -> str:
    """Seven digits, or nothing."""
    if not isinstance(value, str):
        return ""
    found = _POSTAL.fullmatch(unicodedata.normalize("NFKC", value).strip())
    return found[1] + found[2] if found else ""


def one_line(parts: Mapping[str, Any]) -> str:
    """Without the postal code; the building stands apart, as on an envelope."""
    place = "".join(parts.get(part) or "" for part in ("prefecture", "city", "streetAddress"))
    return "　".join(text for text in (place, parts.get("building") or "") if text)


def _part(value: Any) -> str:
    if not isinstance(value, str):
        return ""
    printable = "".join(c if unicodedata.category(c) not in {"Cc", "Cs"} else " " for c in value)
    return re.sub(r"\s+", " ", printable).strip()[:MAX_PART]


def split_formatted(formatted: str) -> dict[str, str]:
    """``〒102-0094 東京都千代田区紀尾井町1-3 庁舎2階`` in parts.

    The prefecture and municipality are split off only where that is certain; the rest stays
    together in ``streetAddress``, so nothing of the address is lost.
    """
    parts = dict.fromkeys(PARTS, "")
    rest = _part(formatted)
    found = _POSTAL.match(unicodedata.normalize("NFKC", rest))
    if found:
        parts["postalCode"] = found[1] + found[2]
        rest = re.sub(r"^〒?\s*[\d0-9]{3}\D?[\d0-9]{4}", "", rest).strip(" 、,")
    prefecture = _PREFECTURE.match(rest)
    if prefecture:
        parts["prefecture"] = prefecture[0]
        rest = rest[prefecture.end() :].strip()
        city = _CITY.match(rest)
        if city:
            parts["city"] = city[0]
            rest = rest[city.end() :].strip()
    street, _space, building = rest.partition(" ")
    # In a Japanese address a space stands before a building's name; a street without a number is
    # not complete yet.
    if prefecture and building and re.search(r"[\d0-9〇一二三四五六七八九十]", street):
        parts["streetAddress"], parts["building"] = street, building
    else:
        parts["streetAddress"] = rest
    return parts


def normalise_address(value: Any) -> dict[str, str] | None:
    """The five parts from a text, ``{"formatted": …}`` or OpenID's parts; None when unreadable."""
    if isinstance(value, str):
        value = {"formatted": value}
    if not isinstance(value, Mapping):
        return None
    street = value.get("street_address")
    lines = street.replace("\r", "").split("\n", 1) if isinstance(street, str) else [""]
    parts = {
        "postalCode": postal_code(value.get("postal_code")),
        "prefecture": _part(value.get("region")),
        "city": _part(value.get("locality")),
        "streetAddress": _part(lines[0]),
        "building": _part(lines[1]) if len(lines) > 1 else "",
    }
    formatted = value.get("formatted")
    if not (parts["city"] and parts["streetAddress"]) and isinstance(formatted, str):
        guessed = split_formatted(formatted)
        guessed["postalCode"] = parts["postalCode"] or guessed["postalCode"]
        parts = guessed
    return parts if parts["streetAddress"] or parts["city"] else None


_TENS = {"一": 1, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}


def comparable(address: Any) -> tuple[str, str]:
    """Place and building, to compare an address that somebody typed with that of an eID.

    Without spaces and widths; ``新井一丁目2番3号`` is ``新井1-2-3``. Prefecture, municipality and
    street are taken together, since where one ends is not always certain. The place is empty for
    what is no whole address.
    """
    if not isinstance(address, Mapping) or not address.get("streetAddress"):
        return "", ""
    parts = [address.get(part) for part in ("prefecture", "city", "streetAddress")]
    place = _squeezed("".join(part for part in parts if isinstance(part, str)))
    place = re.sub(r"([一二三四五六七八九十]{1,3})(?=丁目)", lambda found: _number(found[1]), place)
    place = re.sub(r"(?<=\d)(?:丁目|番地の|番地|番|号|の|[‐‑‒–—―−ー])(?=\d)", "-", place)
    place = re.sub(r"(?<=\d)(?:番地|番|号)$", "", place)
    return place, _squeezed(address.get("building"))


def _squeezed(value: Any) -> str:
    plain = unicodedata.normalize("NFKC", value) if isinstance(value, str) else ""
    return "".join(plain.casefold().split())


def _number(kanji: str) -> str:
    """``二十三`` as ``23``."""
    tens, ten, ones = kanji.rpartition("十")
    return str((_TENS.get(tens, 1) if ten else 0) * 10 + _TENS.get(ones, 0))
