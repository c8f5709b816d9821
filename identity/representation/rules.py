"""What makes a representation right by itself; what a service allows is a policy of `cases`."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, timedelta

#: 民法4条: majority is reached at eighteen.
OF_AGE = 18


def corporate_number(raw: str) -> str | None:
    """A corporate number (法人番号) as its 13 digits, however it was typed; None for none.

    The first digit checks the others: 9 − ((Σ Pₙ·Qₙ) mod 9), where Pₙ is the n-th digit from the
    right and Qₙ is 1 for an odd and 2 for an even n (法人番号の指定等に関する省令2条).
    """
    digits = re.sub(r"[\s‐‑‒–—―−ー-]", "", unicodedata.normalize("NFKC", raw))
    if not re.fullmatch(r"[0-9]{13}", digits):
        return None
    weighted = sum(
        int(digit) * (1 if place % 2 else 2)
        for place, digit in enumerate(reversed(digits[1:]), start=1)
    )
    return digits if int(digits[0]) == 9 - weighted % 9 else None


def of_age_on(birth_date: date) -> date:
    """The day on which somebody comes of age. A 29 February counts as 1 March then."""
    try:
        return birth_date.replace(year=birth_date.year + OF_AGE)
    except ValueError:
        return date(birth_date.year + OF_AGE, 3, 1)


def last_day_as_a_child(birth_date: date) -> date:
    """Until when somebody has a guardian."""
    return of_age_on(birth_date) - timedelta(days=1)
