"""Receipt numbers (hard to guess, easy to read out) and running numbers (without gaps)."""

from __future__ import annotations

import hashlib
import uuid
from datetime import date

from common.calendar import fiscal_year
from common.database import connection

# Crockford's base 32 without I, L, O, U: nothing is mistaken for something else on the phone.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def receipt_number(idempotency_key: uuid.UUID, received: date, attempt: int = 0) -> str:
    """``261124-7K3F9QXM``: the day and eight letters that follow from the key alone.

    The same submission always gets the same number. `attempt` gives another one for the case
    that two keys of a day meet (32^8 numbers a day).
    """
    sha = hashlib.sha256(idempotency_key.bytes + bytes([attempt])).digest()
    number = int.from_bytes(sha[:8], "big")
    letters = "".join(_ALPHABET[(number >> (5 * place)) & 31] for place in range(8))
    return f"{received:%y%m%d}-{letters}"


_NEXT = """
INSERT INTO cases_numberseries (prefix, fiscal_year, last) VALUES (%s, %s, 1)
ON CONFLICT (prefix, fiscal_year) DO UPDATE SET last = cases_numberseries.last + 1
RETURNING last
"""


def next_number(prefix: str, day: date) -> str:
    """``公2026-12``: prefix, fiscal year, running number; no gaps.

    The series' row is locked until the caller's transaction ends, so a number that is rolled back
    is given to the next decision.
    """
    year = fiscal_year(day)
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, [prefix, year])
        (last,) = cursor.fetchone()
    return f"{prefix}{year}-{last}"
