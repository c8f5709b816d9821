"""Names as banks write them: half-width kana, small ones large, forms of companies abbreviated."""

from __future__ import annotations

import re

from common.kana import as_banks_write

# カ) ﾕ) … before a company's name, (カ behind it; the long words where an applicant wrote them.
_COMPANY = re.compile(
    r"^(?:カ|ユ|ド|シヤ|ザイ|イ|ガク|フク|トクヒ)\)|\((?:カ|ユ|ド|シヤ|ザイ|イ)\)?$"
    r"|^(?:カブシキガイシヤ|ユウゲンガイシヤ|ゴウドウガイシヤ)|(?:カブシキガイシヤ|ユウゲンガイシヤ)$"
)
_NOT_A_NAME = re.compile(r"[^ァ-ヴA-Z]")
#: A bank's field is 48 characters with the number in it; a name may be cut off.
_SHORTEST_CUT = 5


def plain(name: str) -> str:
    """``ﾔﾏﾀﾞ ﾊﾅｺ``, ``やまだ　はなこ`` → ``ヤマダハナコ``. Empty for no kana or letters."""
    text = as_banks_write(name).upper()
    return _NOT_A_NAME.sub("", _COMPANY.sub("", text.lstrip("0123456789")))


def same(written: str, known: str) -> bool:
    """Whether the bank's name is that of the payer, whole or cut off at its end."""
    one, other = plain(written), plain(known)
    if not one or not other:
        return False
    return one == other or (len(one) >= _SHORTEST_CUT and other.startswith(one))
