"""Virus scanning: ClamAV over its socket where configured, the EICAR test file always."""

from __future__ import annotations

import logging
import socket
import struct

from django.conf import settings
from django.utils.translation import gettext as _

from forms.errors import FileRefused

logger = logging.getLogger(__name__)

# In two halves, so that this file itself is not taken for the test virus.
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}" + b"$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
CHUNK = 64 * 1024
SECONDS = 8.0


def scan(data: bytes) -> None:
    """Raises `FileRefused` for a known virus, or when the configured scanner gives no answer."""
    if EICAR in data:
        raise _infected()
    address = str(getattr(settings, "CLAMAV_SOCKET", "") or "")
    if not address:
        return
    try:
        answer = _ask(address, data)
    except OSError as error:
        logger.error("forms.scanner_down error=%s", type(error).__name__)
        raise FileRefused(
            _(
                "Files cannot be checked for viruses at the moment, so this one was not taken. "
                "Your other answers are saved. Please try again in a few minutes."
            ),
            code="scanner_down",
        ) from None
    if answer.endswith("OK"):
        return
    if answer.endswith("FOUND"):
        raise _infected()
    logger.error("forms.scanner_down error=answer")
    raise FileRefused(
        _("The virus check of this file did not come to an end, so it was not taken."),
        code="scanner_down",
    )


def _infected() -> FileRefused:
    return FileRefused(
        _("The virus check found something dangerous in this file. It was not stored."),
        code="virus",
    )


def _ask(address: str, data: bytes) -> str:
    """clamd's INSTREAM: length-prefixed chunks, an empty one at the end."""
    with _connect(address) as connection:
        connection.sendall(b"zINSTREAM\0")
        for start in range(0, len(data), CHUNK):
            chunk = data[start : start + CHUNK]
            connection.sendall(struct.pack("!L", len(chunk)) + chunk)
        connection.sendall(struct.pack("!L", 0))
        answer = b""
        while len(answer) < 4096:
            received = connection.recv(1024)
            if not received:
                break
            answer += received
    return answer.rstrip(b"\0\r\n ").decode("ascii", "replace")


def _connect(address: str) -> socket.socket:
    """``/run/clamav/clamd.ctl``, ``unix:/…`` or ``host:port``."""
    if address.startswith(("/", "unix:")):
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(SECONDS)
        try:
            connection.connect(address.removeprefix("unix:"))
        except OSError:
            connection.close()
            raise
        return connection
    host, _colon, port = address.rpartition(":")
    if not port.isdigit():
        raise OSError("CLAMAV_SOCKET is neither a path nor host:port")
    return socket.create_connection((host, int(port)), timeout=SECONDS)
