"""Where a place is (WGS 84), however people have it: typed, copied from a map, as a map's address.

Addresses are read, never fetched.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal
from urllib.parse import unquote_plus

from django.utils.translation import gettext as _

from forms.normalise import Unreadable, narrow

#: Japan in degrees: from Okinotorishima to Etorofu, from Yonaguni to Minamitorishima.
SOUTH, NORTH, WEST, EAST = 20, 46, 122, 154
#: About ten centimetres.
_PLACES = Decimal("0.000001")
#: An address of a map may be long; nothing that says a place is longer.
_LONGEST = 2_000

# What a degree, a minute, a second and a direction are written with.
_SIGNS = str.maketrans(
    {
        "度": "°", "˚": "°", "分": "'", "′": "'", "‘": "'", "’": "'",
        "秒": '"', "“": '"', "”": '"', "、": ",", "−": "-", "–": "-",
    }
)  # fmt: skip
_WORDS = {"北緯": "N", "南緯": "S", "東経": "E", "西経": "W", "緯度": "N", "経度": "E"}

_NUMBER = r"[0-9]{1,3}(?:\.[0-9]{1,20})?"
_SMALL = r"[0-9]{1,2}(?:\.[0-9]{1,20})?"
_ANGLE = rf"(-?{_NUMBER}) ?°?(?: ?({_SMALL}) ?')?(?: ?({_SMALL}) ?\")?"
_BETWEEN = r"(?: ?[,/] ?| |(?<=[NSEW\"'°]))"
_PLAIN = re.compile(f"{_ANGLE}{_BETWEEN}{_ANGLE}")
_BEFORE = re.compile(f"([NSEW]) ?:? ?{_ANGLE}{_BETWEEN}?([NSEW]) ?:? ?{_ANGLE}")
_BEHIND = re.compile(f"{_ANGLE} ?([NSEW]){_BETWEEN}{_ANGLE} ?([NSEW])")

_ADDRESS = re.compile(r"(?:https?://|www\.|maps\.|geo:)", re.IGNORECASE)
_PAIR = rf"(-?{_NUMBER}), ?(-?{_NUMBER})"
#: Where addresses of maps say a place: what was chosen comes before the middle of the picture.
_IN_ADDRESS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"!3d(-?{_NUMBER})!4d(-?{_NUMBER})",
        rf"[?&](?:q|query|ll|center|destination|daddr)=(?:loc:)? ?{_PAIR}",
        rf"[?&]lat=(-?{_NUMBER})&(?:lon|lng)=(-?{_NUMBER})",
        rf"#(?:map=)?[0-9.]{{1,5}}/(-?{_NUMBER})/(-?{_NUMBER})",
        rf"@{_PAIR}",
        rf"/{_PAIR}",
        rf"^geo:{_PAIR}",
    )
)


def read(raw: str) -> str:
    """``35.6812, 139.7671``: degrees north and east, at most six decimals. Raises `Unreadable`.

    Understands decimals and degrees with minutes and seconds, directions in Japanese and English,
    full-width signs, and the addresses of maps. North and east are put into their order.
    """
    # NFKC would make a letter of this one.
    value = narrow(raw.replace("º", "°"))
    for word, letter in _WORDS.items():
        value = value.replace(word, letter)
    value = " ".join(value.translate(_SIGNS).split()).strip("() ")
    if not value:
        return ""
    if len(value) > _LONGEST:
        raise Unreadable(_not_understood())
    if _ADDRESS.match(value):
        pair = _of_address(value)
        if pair is None:
            raise Unreadable(
                _(
                    "No place can be read from this address. Copy the two numbers from the map, "
                    "for example 35.6812, 139.7671."
                )
            )
    else:
        pair = _of_text(value)
        if pair is None:
            raise Unreadable(_not_understood())
    north, east = pair
    if _is_in_japan(east, north):
        north, east = east, north
    if not _is_in_japan(north, east):
        raise Unreadable(
            _("%(place)s is not in Japan. Write first north and then east.")
            % {"place": _written(north, east)}
        )
    return _written(north, east)


def _not_understood() -> str:
    return _("Write two numbers, first north and then east, for example 35.6812, 139.7671.")


def _of_text(value: str) -> tuple[Decimal, Decimal] | None:
    value = value.upper().replace("''", '"')
    if found := _PLAIN.fullmatch(value):
        return _pair(_degrees(*found.group(1, 2, 3)), _degrees(*found.group(4, 5, 6)))
    if found := _BEFORE.fullmatch(value):
        return _directed(found, (1, 5))
    return _directed(found, (4, 8)) if (found := _BEHIND.fullmatch(value)) else None


def _of_address(address: str) -> tuple[Decimal, Decimal] | None:
    address = " ".join(unquote_plus(address).split())
    for pattern in _IN_ADDRESS:
        if found := pattern.search(address):
            return Decimal(found[1]), Decimal(found[2])
    found = _BEHIND.search(address.translate(_SIGNS).replace("''", '"'))
    return _directed(found, (4, 8)) if found else None


def _directed(found: re.Match[str], letters: tuple[int, int]) -> tuple[Decimal, Decimal] | None:
    """North and east of two angles that say their direction."""
    numbers = [group for group in range(1, 9) if group not in letters]
    first = _degrees(*found.group(*numbers[:3]))
    second = _degrees(*found.group(*numbers[3:]))
    if first is None or second is None:
        return None
    found_in = {}
    for letter, degrees in zip(found.group(*letters), (first, second), strict=True):
        found_in["NS" if letter in "NS" else "EW"] = -degrees if letter in "SW" else degrees
    return (found_in["NS"], found_in["EW"]) if len(found_in) == 2 else None


def _pair(first: Decimal | None, second: Decimal | None) -> tuple[Decimal, Decimal] | None:
    return None if first is None or second is None else (first, second)


def _degrees(degrees: str, minutes: str | None, seconds: str | None) -> Decimal | None:
    """Degrees from their parts; None when there are sixty minutes or seconds or more."""
    parts = [Decimal(part or 0) for part in (minutes, seconds)]
    if any(part >= 60 for part in parts):
        return None
    value = abs(Decimal(degrees)) + parts[0] / 60 + parts[1] / 3600
    return -value if degrees.startswith("-") else value


def _is_in_japan(north: Decimal, east: Decimal) -> bool:
    return SOUTH <= north <= NORTH and WEST <= east <= EAST


def _written(north: Decimal, east: Decimal) -> str:
    return f"{_number(north)}, {_number(east)}"


def _number(value: Decimal) -> str:
    """At most six decimals, without noughts at the end."""
    text = f"{value.quantize(_PLACES, ROUND_HALF_UP):f}".rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text
