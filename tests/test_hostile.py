"""Every field of every page, given what nobody should send: an answer in words, never a 500."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import cycle, islice
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import Client

from tests import matrix
from tests.test_matrix import TOWN_ROUTES, World, _client, _path, worlds

__all__ = ["worlds"]

#: In turn, so that after as many rounds every field has had each of them.
HOSTILE = (
    "\x00-1",
    "9" * 5_000,
    "2026-02-30",
    "\u202e𠮷👩‍👩‍👧\u200b'\"><script>{{7*7}}%s%(x)s\\",
)
#: What pages read from their address without a field for it.
IN_ADDRESSES = ("page", "q", "to", "next", "day", "id", "only", "view", "sort")


class _Fields(HTMLParser):
    """Names of the fields of a page, and its buttons."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: set[str] = set(IN_ADDRESSES)
        self.buttons: set[tuple[str, str]] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name = given.get("name")
        if name and name != "csrfmiddlewaretoken":
            if tag == "button":
                self.buttons.add((name, given.get("value") or ""))
            elif tag in {"input", "select", "textarea"}:
                self.names.add(name)

    def filled(self, first: int) -> list[tuple[str, str]]:
        values = islice(cycle(HOSTILE), first, None)
        return list(zip(sorted(self.names), values, strict=False))


def _asked(client: Client, method: str, path: str, data: list[tuple[str, str]]) -> tuple[int, str]:
    """Status and page; what it changed is undone, in the database and in the browser."""
    cookies = client.cookies.copy()
    with transaction.atomic():
        query = urlencode(data)
        if method == "GET":
            response: Any = client.get(f"{path}?{query}")
        else:
            form = "application/x-www-form-urlencoded"
            response = client.post(path, query, content_type=form)
        if getattr(response, "streaming", False):
            page = b"".join(response.streaming_content)
        else:
            page = response.content
        transaction.set_rollback(True)
    client.cookies = cookies
    return response.status_code, page.decode("utf-8", "replace")


#: Asked of the first who gets an answer there.
VISITORS = ("owner", "caseworker", "consultee", "admin", "anonymous")
#: A field of a library, which takes no number of 5,000 digits; nobody but oneself sees the error.
NOT_OURS = {"mfa_add_webauthn"}


def _first_answered(row: matrix.Row) -> str:
    def is_answered(visitor: str) -> bool:
        refused = {matrix.FORBIDDEN, matrix.NOT_FOUND, matrix.NOT_ALLOWED, matrix.UNAUTHORIZED}
        statuses = {row.status(visitor, method) for method in ("GET", "POST")}
        return row.let_in(visitor) and bool(statuses - refused)

    return next((visitor for visitor in VISITORS if is_answered(visitor)), "owner")


def test_no_field_of_any_page_breaks_it(worlds: tuple[World, World], client_for: Any) -> None:
    home, _ = worlds
    clients = {visitor: _client(visitor, home, client_for) for visitor in VISITORS}
    broken = set()
    for name, _pattern, route in TOWN_ROUTES:
        if name in NOT_OURS:
            continue
        cache.clear()  # rate limits
        row = matrix.TOWN[name]
        visitor = _first_answered(row)
        client, path = clients[visitor], _path(name, route, row, home)
        client.raise_request_exception = False
        for method, data in _tries(client, path, row, visitor):
            status, _page = _asked(client, method, path, data)
            if status >= 500:
                broken.add(f"{visitor} {method} {name}: {status}")
    assert broken == set(), "\n".join(sorted(broken))


def _tries(
    client: Client, path: str, row: matrix.Row, visitor: str
) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    can_read = row.status(visitor, "GET") != matrix.NOT_ALLOWED
    fields = _Fields(_asked(client, "GET", path, [])[1] if can_read else "")
    if can_read:
        yield "GET", fields.filled(0)
    if row.changes():
        buttons = [[], *([one] for one in sorted(fields.buttons))]
        for place in range(len(HOSTILE)):
            yield "POST", fields.filled(place) + buttons[place % len(buttons)]


@pytest.mark.parametrize("path", ["/%00/", "/en/%00", "/register/%00/", "/apply/%00/"])
def test_no_address_breaks_a_page(path: str, client_for: Any) -> None:
    client = client_for("shiomi")
    client.raise_request_exception = False
    assert client.get(path).status_code == 404


def test_no_cookie_breaks_a_page(client_for: Any) -> None:
    """Quoted, a cookie can hold what a header cannot."""
    client = client_for("shiomi")
    client.defaults["HTTP_COOKIE"] = 'sessionid="a\\000b"; django_language="\\000"'
    client.raise_request_exception = False
    assert client.get("/").status_code == 200
