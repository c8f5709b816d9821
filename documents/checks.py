"""Start-up checks: the system libraries that make PDFs."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.apps.config import AppConfig
from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as CheckWarning

from documents import signing

_NEEDED = {
    "libpango-1.0.so.0": "libpango-1.0-0",
    "libpangoft2-1.0.so.0": "libpangoft2-1.0-0",
    "libharfbuzz.so.0": "libharfbuzz0b",
    "libfontconfig.so.1": "libfontconfig1",
}
_FAST_SUBSETTING = ("libharfbuzz-subset.so.0", "libharfbuzz-subset0")


def check_pdf_libraries(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Say at start what would otherwise fail at the first letter."""
    messages: list[CheckMessage] = [
        Error(
            f"Letters cannot be made: the system library {library} is missing.",
            hint=f"Install it: apt-get install {package}",
            id="documents.E001",
        )
        for library, package in _NEEDED.items()
        if not _loads(library)
    ]
    library, package = _FAST_SUBSETTING
    if not _loads(library):
        messages.append(
            CheckWarning(
                f"Letters take seconds instead of 0.1 s: {library} is missing.",
                hint=f"Install it: apt-get install {package}",
                id="documents.W001",
            )
        )
    return messages


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def check_signing_keys(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Say at start that letters could not be signed; otherwise each of them would wait."""
    try:
        keys = signing.keys()
    except ValueError as error:
        return [Error(str(error), id="documents.E002")]
    files = [
        (schema, path)
        for schema, key in keys.items()
        for path in (key.path, key.passphrase_file)
        if path
    ]
    return [
        Error(
            f"Letters of '{schema}' cannot be signed: {path} is missing.",
            hint="See LETTER_SIGNING in config/settings/base.py.",
            id="documents.E003",
        )
        for schema, path in files
        if not Path(path).is_file()
    ]
