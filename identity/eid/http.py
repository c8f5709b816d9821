"""Calls to the provider: bounded in time and size, no redirects, HTTPS outside the sandbox."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import urlsplit

import requests
from django.conf import settings

from common import bounded
from identity.eid.problems import EidRefused

MAX_BYTES = 512 * 1024
# A server that sends one byte a second never trips the read timeout.
TOTAL_SECONDS = 8.0


class Answer:
    """Status, media type and body of a finished call."""

    def __init__(self, status: int, media_type: str, body: bytes) -> None:
        self.status = status
        self.media_type = media_type
        self.body = body

    def json(self, problem: str = "provider_answer") -> dict[str, Any]:
        """The body as a JSON object. Raises `EidRefused`."""
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            raise EidRefused(problem, "no JSON") from None
        if not isinstance(value, dict):
            raise EidRefused(problem, "JSON is no object")
        return value


def call(
    method: str,
    url: str,
    *,
    data: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
) -> Answer:
    """One call to the provider. Raises `EidRefused` when it is down, slow or says too much."""
    if urlsplit(url).scheme != "https" and not settings.EID_ALLOW_HTTP:
        raise EidRefused("not_set_up", "endpoint is not https")
    deadline = time.monotonic() + TOTAL_SECONDS
    timeout = (settings.EID_CONNECT_TIMEOUT, settings.EID_READ_TIMEOUT)
    with bounded.session(deadline) as session:
        try:
            response = session.request(
                method,
                url,
                data=data,
                headers={"Accept": "application/json, application/jwt", **(headers or {})},
                timeout=timeout,
                allow_redirects=False,
                stream=True,
                proxies=requests.utils.get_environ_proxies(url),
            )
            body = bounded.read(response, deadline=deadline, most=MAX_BYTES)
        except bounded.TooMuch:
            raise EidRefused("provider_answer", "answer too large") from None
        except bounded.TooSlow:
            raise EidRefused("provider_slow", "answer dripped") from None
        except requests.Timeout:
            raise EidRefused("provider_slow", "timeout") from None
        except requests.RequestException as error:
            raise EidRefused("provider_down", type(error).__name__) from None
    if response.status_code >= 500 or response.status_code == 429:
        raise EidRefused("provider_down", f"status {response.status_code}")
    media_type = response.headers.get("content-type", "").split(";")[0].strip().lower()
    return Answer(response.status_code, media_type, body)
