"""Verification codes: printed on every paper, typed by strangers, impossible to guess.

100 random bits as 20 characters of Crockford's base 32 (https://www.crockford.com/base32.html),
which has no I, L, O and U: ``7K3QX-9M2PD-WT4GB-0ZHRE``.
"""

from __future__ import annotations

import re
import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 20
GROUP = 5

# What people read for what is printed (Crockford: decoding is forgiving).
_LOOK_ALIKES = str.maketrans("OIL", "011")
_SEPARATORS = re.compile(r"[\s\-‐-―−ー]+")
_WELL_FORMED = re.compile(rf"[{ALPHABET}]{{{LENGTH}}}")


def new_code() -> str:
    """A fresh code, in groups. Its randomness is the only secret, so no two need comparing."""
    return _grouped("".join(secrets.choice(ALPHABET) for _ in range(LENGTH)))


def normalise(typed: str) -> str | None:
    """The code somebody meant: any case, any dashes or spaces, full-width too. None: no code."""
    # NFKC would do more than wanted; full-width letters and digits lie 0xFEE0 above ASCII.
    half_width = "".join(
        chr(ord(char) - 0xFEE0) if "！" <= char <= "～" else char for char in typed[:100]
    )
    plain = _SEPARATORS.sub("", half_width).upper().translate(_LOOK_ALIKES)
    return _grouped(plain) if _WELL_FORMED.fullmatch(plain) else None


def _grouped(plain: str) -> str:
    return "-".join(plain[start : start + GROUP] for start in range(0, LENGTH, GROUP))
