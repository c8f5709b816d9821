"""A small HTTP client: one connection, cookies, forms. Costs the measured machine little."""

from __future__ import annotations

import html
import http.client
import re
import secrets
import time
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

_FORM = re.compile(r"<form\b([^>]*)>(.*?)</form>", re.DOTALL | re.IGNORECASE)
_CONTROL = re.compile(
    r"<button\b([^>]*)>|<input\b([^>]*)>|<select\b([^>]*)>(.*?)</select>|<textarea\b([^>]*)>(.*?)</textarea>",
    re.DOTALL | re.IGNORECASE,
)
_OPTION = re.compile(r"<option\b([^>]*)>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([\w:-]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+)))?""")
_SKIPPED = {"file", "submit", "button", "image", "reset"}


@dataclass(frozen=True)
class Answer:
    """A response that was read to its end."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes
    seconds: float
    path: str

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")

    @property
    def location(self) -> str:
        parts = urlsplit(self.headers.get("Location", ""))
        return parts.path + (f"?{parts.query}" if parts.query else "")


@dataclass(frozen=True)
class Upload:
    """A file to be sent with a form."""

    filename: str
    content_type: str
    content: bytes


class WalkError(RuntimeError):
    """The server answered something that the journey does not know how to go on from."""


def attributes(text: str) -> dict[str, str]:
    return {
        match[1].lower(): html.unescape(match[2] or match[3] or match[4] or "")
        for match in _ATTRIBUTE.finditer(text)
    }


@dataclass
class Form:
    """A form as the page offers it: where it goes and what it already holds."""

    action: str
    fields: list[tuple[str, str]]
    names: set[str] = field(default_factory=set)
    multipart: bool = False

    def filled(self, values: dict[str, str | list[str]]) -> list[tuple[str, str]]:
        """The fields to send: the page's own, with `values` in their place."""
        sent = [(name, value) for name, value in self.fields if name not in values]
        for name, value in values.items():
            sent += [(name, one) for one in (value if isinstance(value, list) else [value])]
        return sent


def forms(page: str) -> list[Form]:
    """Every form of a page that is sent by POST."""
    found = []
    for match in _FORM.finditer(page):
        head = attributes(match[1])
        if head.get("method", "get").lower() != "post":
            continue
        multipart = head.get("enctype", "") == "multipart/form-data"
        form = Form(head.get("action", ""), [], multipart=multipart)
        for control in _CONTROL.finditer(match[2]):
            _add_control(form, control)
        found.append(form)
    return found


def _add_control(form: Form, control: re.Match[str]) -> None:
    if control[1] is not None:
        form.names.add(attributes(control[1]).get("name", ""))
    elif control[2] is not None:
        given = attributes(control[2])
        name, kind = given.get("name", ""), given.get("type", "text").lower()
        if not name or "disabled" in given:
            return
        form.names.add(name)
        if kind in _SKIPPED or (kind in {"radio", "checkbox"} and "checked" not in given):
            return
        form.fields.append((name, given.get("value", "on" if kind == "checkbox" else "")))
    elif control[3] is not None:
        name = attributes(control[3]).get("name", "")
        form.names.add(name)
        options = [attributes(option[1]) for option in _OPTION.finditer(control[4])]
        chosen = [one for one in options if "selected" in one] or options[:1]
        form.fields += [(name, one.get("value", "")) for one in chosen]
    else:
        name = attributes(control[5]).get("name", "")
        form.names.add(name)
        form.fields.append((name, html.unescape(control[6]).strip()))


class Browser:
    """One person's browser."""

    def __init__(
        self, port: int, host: str, cookies: dict[str, str], *, timeout: float = 30.0
    ) -> None:
        self.cookies = dict(cookies)
        self._host = host
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)

    def close(self) -> None:
        self._connection.close()

    def get(self, path: str) -> Answer:
        return self._request("GET", path, b"", {})

    def post(
        self,
        path: str,
        fields: list[tuple[str, str]],
        uploads: dict[str, Upload] | None = None,
        *,
        multipart: bool = False,
    ) -> Answer:
        if uploads or multipart:
            body, content_type = _multipart(fields, uploads or {})
        else:
            body, content_type = urlencode(fields).encode(), "application/x-www-form-urlencoded"
        return self._request("POST", path, body, {"Content-Type": content_type})

    def _request(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        headers |= {
            "Host": self._host,
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "Accept-Encoding": "identity",
            "Accept-Language": "ja",
        }
        started = time.perf_counter()
        try:
            self._connection.request(method, path, body or None, headers)
            response = self._connection.getresponse()
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            # A kept connection that the server has closed meanwhile says nothing about the page.
            self._connection.close()
            if method != "GET":
                raise
            self._connection.request(method, path, body or None, headers)
            response = self._connection.getresponse()
        content = response.read()
        seconds = time.perf_counter() - started
        for cookie in response.headers.get_all("Set-Cookie", []):
            name, _, rest = cookie.partition("=")
            self.cookies[name.strip()] = rest.partition(";")[0]
        return Answer(response.status, response.headers, content, seconds, path)


def _multipart(fields: list[tuple[str, str]], uploads: dict[str, Upload]) -> tuple[bytes, str]:
    boundary = secrets.token_hex(16)
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields
    ]
    for name, upload in uploads.items():
        head = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; '
            f'filename="{upload.filename}"\r\nContent-Type: {upload.content_type}\r\n\r\n'
        )
        parts.append(head.encode() + upload.content + b"\r\n")
    parts.append(f"--{boundary}--\r\n".encode())
    return b"".join(parts), f"multipart/form-data; boundary={boundary}"
