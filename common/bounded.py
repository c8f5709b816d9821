"""Reading what another server answers: only so much, and only for so long."""

from __future__ import annotations

import http.client
import io
import socket
import time
from functools import partial
from typing import Any, cast

import requests
from requests.adapters import HTTPAdapter


class TooSlow(OSError):
    """It was still sending when the time was over."""


class TooMuch(OSError):
    """It sends more than anybody asked for."""


def read(response: requests.Response, *, deadline: float, most: int) -> bytes:
    """The body of a response that was asked for with ``stream=True``.

    A server that sends one byte a second never trips a read timeout: `deadline`, of
    ``time.monotonic()``, is for the whole. Raises `TooSlow`, `TooMuch`.
    """
    body = bytearray()
    try:
        for chunk in response.iter_content(8192):
            body += chunk
            if len(body) > most:
                raise TooMuch
            if time.monotonic() > deadline:
                raise TooSlow
    except requests.RequestException:
        # The library has more than one name for a socket whose time was over (`Answer`).
        if time.monotonic() >= deadline:
            raise TooSlow from None
        raise
    return bytes(body)


class Answer(io.RawIOBase):
    """What comes from a socket until `deadline`, of ``time.monotonic()``: the socket's own limit,
    which holds as well, is one for each read, and an answer may come a byte at a time, its headers,
    too."""

    def __init__(self, link: socket.socket, deadline: float) -> None:
        self._link, self._until, self._each = link, deadline, link.gettimeout()
        # It holds the socket open when `http.client` has passed the connection on to the answer.
        self._raw: Any = link.makefile("rb", buffering=0)

    def makefile(self, _mode: str) -> io.BufferedReader:
        """As a socket does, for `http.client`."""
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer took too long")
        self._link.settimeout(left if self._each is None else min(left, self._each))
        return cast("int", self._raw.readinto(buffer))

    def close(self) -> None:
        self._raw.close()
        super().close()


def answer(deadline: float, link: socket.socket, **more: Any) -> http.client.HTTPResponse:
    """The answer on a connection, within the whole of the time."""
    return http.client.HTTPResponse(cast("Any", Answer(link, deadline)), **more)


def session(deadline: float) -> requests.Session:
    """For one call: every answer, headers and body, is there at `deadline`, or it is a timeout.

    A .netrc entry replaces no header of ours; proxies are for the caller to name.
    """
    made = requests.Session()
    made.trust_env = False
    for scheme in ("https://", "http://"):
        made.mount(scheme, _Adapter(deadline))
    return made


class _Adapter(HTTPAdapter):
    def __init__(self, deadline: float) -> None:
        self._deadline = deadline
        super().__init__()

    def get_connection_with_tls_context(self, *given: Any, **more: Any) -> Any:
        pool: Any = super().get_connection_with_tls_context(*given, **more)
        made = pool.ConnectionCls

        def connection(*args: Any, **kwargs: Any) -> Any:
            link = made(*args, **kwargs)
            link.response_class = partial(answer, self._deadline)
            return link

        # The pool is this call's own, as the session is.
        pool.ConnectionCls = connection
        return pool
