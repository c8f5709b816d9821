"""Reading what another server answers: only so much, and only for so long."""

from __future__ import annotations

import time

import requests


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
    for chunk in response.iter_content(8192):
        body += chunk
        if len(body) > most:
            raise TooMuch
        if time.monotonic() > deadline:
            raise TooSlow
    return bytes(body)
