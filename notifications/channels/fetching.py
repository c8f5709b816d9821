"""POST to an address that a person has typed, without letting it reach into our own network.

The name is looked up once, every answer is checked, and the connection is made to the very address
that was checked: a name that answers differently the second time gains nothing. Only https, no
redirect is followed, no proxy is asked, little is read, all within a few seconds.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import time
from collections.abc import Mapping
from urllib.parse import urlsplit

from django.conf import settings

from common import bounded

#: For the connection, for its handshake, and for the whole of the answer.
TIMEOUT_SECONDS = 5.0
LONGEST_URL = 500
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")


class AddressRefused(ValueError):
    """This address is not called; `code` says why: "url", "https", "private", "unknown"."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class AnswerRefused(OSError):
    """The other side did not say that it has got it."""


def checked(url: str) -> tuple[str, int, str]:
    """Host, port and path with query of an address that may be called. Looks nothing up.

    Raises `AddressRefused`.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise AddressRefused("url") from None
    plain = url.isascii() and url.isprintable() and " " not in url and len(url) <= LONGEST_URL
    if not plain or not parts.hostname or parts.username is not None or parts.password is not None:
        raise AddressRefused("url")
    if parts.scheme != "https" and not (_lenient() and parts.scheme == "http"):
        raise AddressRefused("https")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return parts.hostname, port or (443 if parts.scheme == "https" else 80), path


def resolved(host: str, port: int) -> str:
    """The address to connect to. Raises `AddressRefused` when any answer is not public."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise AddressRefused("unknown") from None
    places = [str(entry[4][0]) for entry in found]
    if not places:
        raise AddressRefused("unknown")
    if not _lenient() and not all(is_public(place) for place in places):
        raise AddressRefused("private")
    return places[0]


def is_public(place: str) -> bool:
    """Whether an IP address is one of the open network; also what is wrapped in an IPv6 one."""
    address = ipaddress.ip_address(place.split("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(str(address.ipv4_mapped))
        # Of the others no host of the open network has one, and some lead to an IPv4 address of the
        # sender's choice (NAT64, "compatible" ones); so do 6to4 and Teredo.
        if address not in _GLOBAL_UNICAST or address.sixtofour or address.teredo:
            return False
    return address.is_global and not address.is_multicast


def post(url: str, content: bytes, *, headers: Mapping[str, str]) -> None:
    """Raises `AddressRefused`, `AnswerRefused` for anything but 2xx, `OSError` for the network."""
    host, port, path = checked(url)
    link = _connection(url, host, port, resolved(host, port))
    try:
        link.request("POST", path, body=content, headers={**headers, "User-Agent": "Madoguchi"})
        answer = bounded.answer(time.monotonic() + TIMEOUT_SECONDS, link.sock, method="POST")
        answer.begin()
        status = answer.status
    except http.client.HTTPException as error:
        raise AnswerRefused(type(error).__name__) from None
    finally:
        link.close()
    if not 200 <= status < 300:
        raise AnswerRefused(f"status {status}")


def _connection(url: str, host: str, port: int, place: str) -> http.client.HTTPConnection:
    # The name stays for TLS and the Host header; the socket goes to the checked address.
    if url.lower().startswith("https:"):
        context = ssl.create_default_context()
        link = http.client.HTTPSConnection(host, port, timeout=TIMEOUT_SECONDS, context=context)
        raw = socket.create_connection((place, port), TIMEOUT_SECONDS)
        try:
            link.sock = context.wrap_socket(raw, server_hostname=host)
        except BaseException:
            raw.close()
            raise
        return link
    plain = http.client.HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)
    plain.sock = socket.create_connection((place, port), TIMEOUT_SECONDS)
    return plain


def _lenient() -> bool:
    """Tests call a server of their own on this machine."""
    return bool(settings.WEBHOOK_MAY_CALL_ANYWHERE)
