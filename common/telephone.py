"""Telephone numbers as they are dialled in Japan."""

from __future__ import annotations

import re

# +81-90-…, +81 90 …, +81(0)90…: the country code takes the place of the first 0.
_BETWEEN = r"[-\s.()\u2010-\u2015\u2212\u30fc]*"
_OF_JAPAN = re.compile(rf"(?<![\w+])\+\s?81{_BETWEEN}(?:0{_BETWEEN})?(?=[1-9])")


def domestic(text: str) -> str:
    """Numbers with the country code of Japan as they are dialled there: +81-90-… → 090-….

    `text` is narrow (NFKC). Numbers of other countries stay as they are.
    """
    return _OF_JAPAN.sub("0", text)
