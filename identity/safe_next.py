"""Where to go after sign-in: a path of this host and nothing else."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.utils.http import url_has_allowed_host_and_scheme

MAX_LENGTH = 2000


def safe_next(target: object) -> str | None:
    """`target` when it is a path of this host (``/applications/?page=2``), else None.

    Stricter than Django's own check, which also lets absolute addresses of an allowed host pass:
    nothing needs them here, and every form a browser could read as another host is refused, also
    after decoding once or twice.
    """
    if not isinstance(target, str) or not target or len(target) > MAX_LENGTH:
        return None
    for seen in (target, unquote(target), unquote(unquote(target))):
        if not seen.startswith("/") or seen.startswith(("//", "/\\")):
            return None
        if "\\" in seen or any(ord(char) < 0x21 or 0x7F <= ord(char) <= 0xA0 for char in seen):
            return None
        if not url_has_allowed_host_and_scheme(seen, allowed_hosts=None):
            return None
    try:
        parts = urlsplit(target)
    except ValueError:
        return None
    # "/./…" and "/../…" are folded by browsers, and "//" may be left of them.
    if parts.scheme or parts.netloc or any(seg in {".", ".."} for seg in parts.path.split("/")):
        return None
    if "//" in parts.path or "//" in unquote(unquote(parts.path)):
        return None
    return target


def home(language: str) -> str:
    """The town's home page in `language`."""
    return "/" if language == settings.LANGUAGE_CODE else f"/{language}/"
