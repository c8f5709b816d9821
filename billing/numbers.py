"""The number of a fee, for whoever pays by bank transfer: ten digits that find a wrong one.

Eight digits by chance and two that check them (ISO 7064, mod 97-10: every single wrong digit and
every swap of two neighbours is found), so that a slip of the payer never pays somebody else's fee.
"""

from __future__ import annotations

import re
import secrets
import unicodedata

LENGTH = 10
_DIGITS = re.compile(r"\d+")
_GAPS = re.compile(r"(?<=\d)[\s\-‐－ｰー.]+(?=\d)")


def new() -> str:
    """A number nobody can guess from another one."""
    return with_check(secrets.randbelow(10**8))


def with_check(running: int) -> str:
    """``00000042`` and its two check digits."""
    return f"{running:08d}{98 - running * 100 % 97:02d}"


def is_valid(number: str) -> bool:
    return len(number) == LENGTH and number.isascii() and number.isdigit() and int(number) % 97 == 1


def grouped(number: str) -> str:
    """``0123-4567-89``, as it is shown."""
    return f"{number[:4]}-{number[4:8]}-{number[8:]}"


def found_in(*texts: str) -> list[str]:
    """Every valid number in what a payer wrote, however it is spaced; each once, in order."""
    found: dict[str, None] = {}
    for text in texts:
        plain = unicodedata.normalize("NFKC", text)
        for given in (plain, _GAPS.sub("", plain)):
            # Inside a longer run of digits nearly anything could be found.
            found |= dict.fromkeys(run for run in _DIGITS.findall(given) if is_valid(run))
    return list(found)
