"""File names as people gave them, made harmless for showing and for downloads."""

from __future__ import annotations

import re
import unicodedata

LONGEST_NAME = 120
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff<>:"|?*]')

#: Names that Windows keeps for itself: a caseworker could not save such a file.
_DEVICES = frozenset({"CON", "PRN", "AUX", "NUL"}) | {
    f"{port}{number}" for port in ("COM", "LPT") for number in range(1, 10)
}


def safe_name(raw: str, extension: str) -> str:
    """The last part of `raw` without what could mislead, ending in `.extension`.

    The name is for people only; where the file is kept has nothing of it.
    """
    name = unicodedata.normalize("NFC", raw).replace("\\", "/").rsplit("/", 1)[-1]
    name = _FORBIDDEN.sub("", name).strip(" .")
    name = "".join(c for c in name if unicodedata.category(c) not in {"Cs", "Co", "Cn", "Cc"})
    stem = name.rsplit(".", 1)[0].strip(" .") if "." in name else name
    if stem.split(".")[0].upper() in _DEVICES:
        stem = f"_{stem}"
    return f"{stem[:LONGEST_NAME].strip(' .') or 'file'}.{extension}"
