"""Kindness to what people type in Japanese: widths, kana, digits, dates."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from decimal import Decimal, InvalidOperation

import jaconv
from django.utils.translation import gettext as _

from common import telephone
from common.calendar import ERAS
from forms.questions import LONGEST_INPUT


class Unreadable(ValueError):
    """The input cannot be understood; the message says what to type."""


#: Characters that turn the direction of what follows and so disguise it.
_DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]")
#: Marks of direction, zero-width and filling characters: hidden wherever they stand.
_UNSEEN_ALWAYS = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200c\u200e\u200f\u2060-\u2064"
    "\u206a-\u206f\u3164\ufeff\uffa0]"
)
#: A joiner or a selector at the beginning or after a space joins nothing; a joiner at the end, too.
_JOINING = re.compile("(?:^|(?<=\\s))[\u200d\ufe00-\ufe0f\U000e0100-\U000e01ef]+|\u200d+(?=\\s|$)")
#: All of them, and the empty Braille pattern, which is written like a letter.
_UNSEEN = re.compile(
    f"{_UNSEEN_ALWAYS.pattern[:-1]}\u200d\u2800\ufe00-\ufe0f\U000e0100-\U000e01ef]"
)
_VOICED = re.compile("[\u3041-\u30ff][\u3099\u309a]")
_HALF_KANA = re.compile("[\uff61-\uff9f]")
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−ー－ｰ─", "-"))
_SPACES = re.compile(r"\s+")
_INDIVIDUAL_DIGITS = 12
#: Commas between thousands, and nowhere else.
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?")


def _is_no_character(character: str) -> bool:
    """Halves of characters and noncharacters. What Unicode has added since this Python was made is
    unassigned to it, and a kanji of somebody's name (Extensions H, I) all the same."""
    return "\ud800" <= character <= "\udfff" or (
        "\ufdd0" <= character <= "\ufdef" or ord(character) & 0xFFFE == 0xFFFE
    )


def without_invisible(text: str) -> str:
    """Without what takes no room and says nothing: a text of only such characters is empty.

    Joiners and variation selectors stay after something visible: they make up emoji and the
    variants of a kanji in somebody's name.
    """
    if not _UNSEEN.search(text):
        return text
    kept = _UNSEEN_ALWAYS.sub("", text)
    kept = _JOINING.sub("", kept)
    return kept if _UNSEEN.sub("", kept).strip() else ""


def refuse_control(text: str, *, lines: bool = False) -> None:
    """Refuse what no keyboard types into a form. Raises `Unreadable`."""
    allowed = "\n\t" if lines else ""
    for character in text:
        if (character < " " and character not in allowed) or character == "\x7f":
            raise Unreadable(
                _("There is an invisible control character in it. Please type it anew.")
            )
        if "\x80" <= character <= "\x9f" or _is_no_character(character):
            raise Unreadable(
                _("There is an invisible control character in it. Please type it anew.")
            )
    if _DIRECTION.search(text):
        raise Unreadable(
            _("There is an invisible character in it that changes the direction of writing.")
        )


def text(raw: str, *, lines: bool = False) -> str:
    """A text as kept: trimmed, half-width kana widened. Rare kanji stay exactly as typed.

    Raises `Unreadable`.
    """
    if len(raw) > LONGEST_INPUT:
        raise Unreadable(
            _("This is longer than %(most)s characters. Please shorten it.")
            % {"most": LONGEST_INPUT}
        )
    value = raw.replace("\r\n", "\n").replace("\r", "\n") if lines else raw
    value = value.strip().strip("\u3000").strip()
    if value.isascii() and value.isprintable():
        return value
    refuse_control(value, lines=lines)
    value = without_invisible(value).strip()
    if _HALF_KANA.search(value):
        value = jaconv.h2z(value, kana=True, ascii=False, digit=False)
    # Only kana are composed: normalising everything would replace variants of name kanji.
    return _VOICED.sub(lambda match: unicodedata.normalize("NFC", match.group()), value)


def katakana(raw: str) -> str:
    """A reading in katakana, however it was typed. Raises `Unreadable`."""
    value = jaconv.hira2kata(text(raw)).replace("\u3000", " ")
    value = _SPACES.sub(" ", value)
    if value and not re.fullmatch(r"[ァ-ヺー・＝\- ]+", value):
        raise Unreadable(_("Write the reading in katakana, for example ヤマダ ハナコ."))
    return value.replace(" ", "\u3000")


def narrow(raw: str) -> str:
    """Full-width letters, digits and signs as ASCII."""
    return unicodedata.normalize("NFKC", text(raw)).strip()


def digits(raw: str) -> str:
    """Digits only; spaces and dashes are left out. Raises `Unreadable`."""
    value = re.sub(r"[\s-]", "", narrow(raw).translate(_DASHES))
    if value and not re.fullmatch(r"[0-9]+", value):
        raise Unreadable(_("Use digits only."))
    return value


def individual_number(raw: str) -> str:
    """個人番号 as twelve digits, however they were typed. Raises `Unreadable`.

    The last digit checks the others: 平成26年総務省令第85号, Article 5.
    """
    try:
        value = digits(raw)
    except Unreadable:
        value = "0"  # something else than digits is said in the same words
    if value and len(value) != _INDIVIDUAL_DIGITS:
        raise Unreadable(_("An Individual Number has 12 digits. Please look at it once more."))
    if value and check_digit(value[:-1]) != int(value[-1]):
        raise Unreadable(
            _("This is no Individual Number: a digit is wrong. Please look at it once more.")
        )
    return value


def check_digit(body: str) -> int:
    """The digit that follows the other eleven of an Individual Number."""
    total = sum(
        int(digit) * (place + 1 if place <= 6 else place - 5)
        for place, digit in enumerate(reversed(body), start=1)
    )
    remainder = total % 11
    return 0 if remainder <= 1 else 11 - remainder


def number(raw: str, decimals: int) -> int | str | None:
    """A number: an int, or a decimal string when decimals are allowed. Raises `Unreadable`."""
    value = narrow(raw).translate(_DASHES).replace(" ", "")
    if not value:
        return None
    if _GROUPED.fullmatch(value):
        value = value.replace(",", "")
    elif "," in value or "、" in value:  # a decimal comma, or a slip: ten times as much
        raise Unreadable(
            _("Write a comma only before three digits, as in 1,200, and a point for 1.5.")
        )
    if not re.fullmatch(r"[+-]?[0-9]{1,15}(\.[0-9]{1,10})?", value):
        raise Unreadable(_("Write a number, for example 12."))
    try:
        parsed = Decimal(value)
    except InvalidOperation:  # pragma: no cover -- the pattern above allows none
        raise Unreadable(_("Write a number, for example 12.")) from None
    if parsed != round(parsed, decimals):
        if decimals == 0:
            raise Unreadable(_("Write a whole number, without a decimal point."))
        raise Unreadable(
            _("Write at most %(decimals)s digits after the point.") % {"decimals": decimals}
        )
    if decimals == 0:
        return int(parsed)
    plain = f"{parsed.normalize():f}"
    return "0" if plain in {"-0", "0"} else plain


def money(raw: str) -> int | None:
    """Whole yen; ¥, 円 and commas are understood. Raises `Unreadable`."""
    value = narrow(raw).replace("¥", "").replace("\\", "").removesuffix("円")
    try:
        found = number(value, 0)
    except Unreadable:
        raise Unreadable(_("Write an amount in yen, for example 12000.")) from None
    return found if found is None else int(found)


def phone(raw: str) -> str:
    """A telephone number with single dashes as typed, one of Japan without its country code.

    Raises `Unreadable`.
    """
    value = telephone.domestic(narrow(raw).translate(_DASHES))
    value = re.sub(r"[()\s.]+", "-", value).strip("-")
    value = re.sub(r"-+", "-", value)
    if not value:
        return ""
    count = len(re.sub(r"[^0-9]", "", value))
    domestic = re.fullmatch(r"0[0-9-]+", value) and 10 <= count <= 11
    abroad = re.fullmatch(r"\+[0-9-]+", value) and 8 <= count <= 15
    if not (domestic or abroad):
        raise Unreadable(
            _("Write a telephone number with its area code, for example 03-1234-5678.")
        )
    return value


def postal_code(raw: str) -> str:
    """``165-0026``. Raises `Unreadable`."""
    value = re.sub(r"[\s-]", "", narrow(raw).translate(_DASHES).lstrip("〒"))
    if not value:
        return ""
    if not re.fullmatch(r"[0-9]{7}", value):
        raise Unreadable(_("Write the seven digits of the postal code, for example 165-0026."))
    return f"{value[:3]}-{value[3:]}"


# --- dates ------------------------------------------------------------------------------------
_ERA_START = {name: era.first for era in ERAS for name in (era.name, era.letter)}
_YEAR = r"(?P<era>令和|平成|昭和|大正|明治|[RHSTMrhstm])?\s*\.?\s*(?P<year>[0-9]{1,4}|元)"
_DATE = re.compile(
    _YEAR + r"\s*(?:年|[-/.])\s*(?P<month>[0-9]{1,2})\s*(?:月|[-/.])\s*(?P<day>[0-9]{1,2})\s*日?"
)
_COMPACT = re.compile(r"(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})")
_YEAR_ONLY = re.compile(_YEAR + r"\s*年?")
_MONTH_OR_DAY = re.compile(r"[0-9]{1,2}")
FIRST_DAY, LAST_DAY = dt.date(1868, 1, 25), dt.date(2200, 12, 31)


def date(raw: str) -> str | None:
    """ISO date from 2026-04-01, 2026/4/1, 20260401, 令和8年4月1日 or R8.4.1.

    Raises `Unreadable`.
    """
    value = narrow(raw).translate(_DASHES)
    if not value:
        return None
    found = _DATE.fullmatch(value) or _COMPACT.fullmatch(value)
    if not found:
        raise Unreadable(_("Write a date, for example 2026-04-01, 令和8年4月1日 or R8.4.1."))
    parts = found.groupdict()
    return _day(parts.get("era"), parts["year"], parts["month"], parts["day"])


def date_from_fields(year: str, month: str, day: str) -> str | None:
    """ISO date from three inputs; the year may carry an era (令和8, R8). Raises `Unreadable`."""
    year, month, day = (narrow(part) for part in (year, month, day))
    if not (year or month or day):
        return None
    month, day = month.removesuffix("月"), day.removesuffix("日")
    missing = [
        name for name, part in ((_("year"), year), (_("month"), month), (_("day"), day)) if not part
    ]
    if missing:
        raise Unreadable(
            _("The date is not complete: %(missing)s.") % {"missing": "・".join(missing)}
        )
    found = _YEAR_ONLY.fullmatch(year)
    if not found or not _MONTH_OR_DAY.fullmatch(month) or not _MONTH_OR_DAY.fullmatch(day):
        raise Unreadable(_("Write the date in digits, for example 2026, 4, 1. 令和8 works too."))
    return _day(found["era"], found["year"], month, day)


_MONTH_OF_YEAR = re.compile(_YEAR + r"\s*(?:年|[-/.])\s*(?P<month>[0-9]{1,2})\s*月?")


def month(raw: str) -> str | None:
    """``2026-04`` from 2026-04, 2026/4, 令和8年4月 or R8.4. Raises `Unreadable`."""
    value = narrow(raw).translate(_DASHES)
    if not value:
        return None
    if _DATE.fullmatch(value) or _COMPACT.fullmatch(value):
        raise Unreadable(_("Write only the year and the month, without a day."))
    found = _MONTH_OF_YEAR.fullmatch(value)
    if not found:
        raise Unreadable(_how_to_write_a_month())
    return _month(found["era"], found["year"], found["month"])


def month_from_fields(year: str, month: str) -> str | None:
    """``2026-04`` from two inputs; the year may carry an era. Raises `Unreadable`."""
    year, month = narrow(year), narrow(month).removesuffix("月")
    if not (year or month):
        return None
    if not year or not month:
        missing = _("month") if year else _("year")
        raise Unreadable(_("The month is not complete: %(missing)s.") % {"missing": missing})
    found = _YEAR_ONLY.fullmatch(year)
    if not found or not _MONTH_OR_DAY.fullmatch(month):
        raise Unreadable(_("Write the month in digits, for example 2026, 4. 令和8 works too."))
    return _month(found["era"], found["year"], month)


def _month(era: str | None, year: str, month: str) -> str:
    if not 1 <= int(month) <= 12:
        raise Unreadable(_("There are the months 1 to 12."))
    # An era begins within a month, which then has two names: its last day is in the newer one.
    start = _ERA_START.get(era.upper() if era else "")
    first = start and year in {"1", "元"} and int(month) == start.month
    try:
        return _day(era, year, month, str(start.day) if start and first else "1")[:7]
    except _NoSuchDay:
        raise Unreadable(_("This month does not exist in the calendar.")) from None
    except _NoSuchEra:
        raise Unreadable(_how_to_write_a_month()) from None


def _how_to_write_a_month() -> str:
    return _("Write a month, for example 2026-04, 令和8年4月 or R8.4.")


class _NoSuchDay(Unreadable):
    pass


class _NoSuchEra(Unreadable):
    pass


def _day(era: str | None, year: str, month: str, day: str) -> str:
    number_of_year = 1 if year == "元" else int(year)
    start = _ERA_START.get(era.upper() if era else "")
    if (era or year == "元") and (start is None or number_of_year < 1):
        raise _NoSuchEra(_("Write a date, for example 2026-04-01, 令和8年4月1日 or R8.4.1."))
    if start is not None:
        number_of_year += start.year - 1
    elif number_of_year < 1868:
        raise Unreadable(
            _("Write the year with four digits, or with the era, for example 2026 or 令和8.")
        )
    try:
        found = dt.date(number_of_year, int(month), int(day))
    except ValueError:
        raise _NoSuchDay(_("This day does not exist in the calendar.")) from None
    if (start is not None and found < start) or not FIRST_DAY <= found <= LAST_DAY:
        raise _NoSuchDay(_("This day does not exist in the calendar."))
    return found.isoformat()
