"""Kana as banks write them, so that one name written in two ways is the same."""

from __future__ import annotations

import unicodedata

import jaconv

#: Small letters are large (Zengin); what only divides or lengthens is left out.
_AS_BANKS_WRITE = str.maketrans(
    "ァィゥェォッャュョヮヵヶ", "アイウエオツヤユヨワカケ", "ー-\u2212\u2010\u2013\u2014・."
)


def as_banks_write(text: str) -> str:
    """``ﾔﾏﾀﾞ ﾊﾅｺ``, ``やまだ　はなこ`` → ``ヤマダハナコ``; other letters in their ordinary width."""
    wide = jaconv.hira2kata(unicodedata.normalize("NFKC", text))
    return "".join(wide.translate(_AS_BANKS_WRITE).split())
