"""Which address leads to which municipality, and what crosses from one to the other: nothing."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.test import RequestFactory

from identity.models import User
from identity.sessions import SessionStore
from tenants import context
from tenants.middleware import MunicipalityMiddleware, RollbackOnError, forget_hosts

SHIOMI = '"shiomi"'


@pytest.fixture(autouse=True)
def _fresh() -> None:
    forget_hosts()


def _seen(host: str, **headers: str) -> tuple[int, str | None]:
    """Status, and the schema the view ran in."""
    ran: list[str] = []

    def view(request: HttpRequest) -> HttpResponse:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('search_path')")
            ran.append(cursor.fetchone()[0])
        return HttpResponse("ok")

    request = RequestFactory().get("/", headers={"host": host, **headers})
    before = connection.tenant
    try:
        response = MunicipalityMiddleware(view)(request)
    finally:
        connection.set_tenant(before)
    return response.status_code, ran[0] if ran else None


@pytest.mark.parametrize(
    "host",
    [
        "shiomi.localhost", "SHIOMI.localhost", "Shiomi.LocalHost", "shiomi.localhost.",
        "shiomi.localhost:8000", "SHIOMI.localhost:80",
    ],
)  # fmt: skip
def test_town_is_found(db: None, host: str) -> None:
    assert _seen(host) == (200, SHIOMI)


@pytest.mark.parametrize(
    "host",
    [
        "nowhere.localhost", "shiomi.localhost.evil.example", "evil.example", "shiomi",
        "xshiomi.localhost", "a.shiomi.localhost", "[::1]", "[::1]:8000", "127.0.0.1",
        "shiomi.localhost@evil.example", "shiomi.localhost/", "shiomi..localhost", "", ".localhost",
        "shiomi.localhost:80:80", "shiomi.localhost, suginosawa.localhost", "%00.localhost",
        "shiomi\u3002localhost".encode("idna").decode() + "x", "public.localhost",
        "madoguchi_template.localhost",
    ],
)  # fmt: skip
def test_nobody_is_there(db: None, host: str) -> None:
    assert _seen(host) == (404, None)


@pytest.mark.parametrize(
    "header", ["X-Forwarded-Host", "X-Host", "X-Original-Host", "Forwarded", "X-Forwarded-Server"]
)
def test_only_the_host_header_counts(db: None, header: str) -> None:
    assert _seen("shiomi.localhost", **{header: "suginosawa.localhost"}) == (200, SHIOMI)
    assert _seen("nowhere.localhost", **{header: "shiomi.localhost"}) == (404, None)


def test_known_host_costs_no_query(db: None) -> None:
    from django.test.utils import CaptureQueriesContext

    _seen("shiomi.localhost")
    with CaptureQueriesContext(connection) as queries:
        assert _seen("shiomi.localhost") == (200, SHIOMI)
    assert not any("tenants_domain" in query["sql"] for query in queries)


def test_flood_of_unknown_hosts_does_not_fill_memory(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tenants import middleware

    monkeypatch.setattr(middleware, "HOSTS_KEPT", 50)
    for number in range(200):
        middleware.municipality_of(f"n{number}.localhost")
    assert len(middleware._hosts) <= 50
    assert middleware.municipality_of("shiomi.localhost") is not None


def test_another_towns_session_cookie_is_nobody(
    client_for: Any, town: Any, other_town: Any
) -> None:
    """The very key that is signed in at one town opens nothing at the other."""
    user = User.objects.create_resident(name="one of Shiomi")
    client = client_for(town, user)
    key = client.cookies["sessionid"].value
    assert SessionStore(key).load() != {}
    with context.municipality(other_town):
        assert SessionStore(key).load() == {}


def _through(view: Any) -> HttpResponse:
    """The town's middlewares around `view`, as Django stacks them."""
    from django.core.handlers.exception import convert_exception_to_response

    rollback = RollbackOnError(lambda request: HttpResponse())

    def handler(request: HttpRequest) -> HttpResponse:
        try:
            return view(request)
        except Exception as error:
            rollback.process_exception(request, error)
            raise

    inner = convert_exception_to_response(handler)
    request = RequestFactory().get("/", headers={"host": "shiomi.localhost"})
    before = connection.tenant
    try:
        return MunicipalityMiddleware(inner)(request)
    finally:
        connection.set_tenant(before)


class TestTransaction:
    def _names(self) -> set[str]:
        with context.municipality("shiomi"):
            return set(User.objects.values_list("name", flat=True))

    def test_page_is_rendered_inside(self, own_database: str) -> None:
        from django.template import engines

        def view(request: HttpRequest) -> HttpResponse:
            template = engines["django"].from_string("{{ users.exists }}")
            return TemplateResponse(request, template, {"users": User.objects.filter(name="x")})

        assert _through(view).content == b"False"

    def test_answer_is_committed(self, own_database: str) -> None:
        def view(request: HttpRequest) -> HttpResponse:
            User.objects.create_resident(name="kept")
            return HttpResponse()

        assert _through(view).status_code == 200
        assert "kept" in self._names()

    def test_error_answer_keeps_nothing(self, own_database: str) -> None:
        def view(request: HttpRequest) -> HttpResponse:
            User.objects.create_resident(name="lost")
            return HttpResponse(status=503)

        assert _through(view).status_code == 503
        assert "lost" not in self._names()

    def test_not_found_keeps_nothing_but_its_page_may_ask(self, own_database: str) -> None:
        asked: list[int] = []

        def view(request: HttpRequest) -> HttpResponse:
            User.objects.create_resident(name="lost")
            raise Http404

        def after(request: HttpRequest) -> HttpResponse:
            rollback = RollbackOnError(lambda request: HttpResponse())
            try:
                return view(request)
            except Http404 as error:
                rollback.process_exception(request, error)
                asked.append(User.objects.filter(name="lost").count())
                User.objects.create_resident(name="session saved")
                return HttpResponse(status=404)

        request = RequestFactory().get("/", headers={"host": "shiomi.localhost"})
        assert MunicipalityMiddleware(after)(request).status_code == 404
        connection.set_schema_to_public()
        assert asked == [0]
        assert "lost" not in self._names()
        assert "session saved" in self._names()

    def test_connection_is_nobodys_after_the_request(self, own_database: str) -> None:
        def view(request: HttpRequest) -> HttpResponse:
            return HttpResponse(str(User.objects.count()))

        _through(view)
        connection.set_schema_to_public()
        assert connection.schema_name == "public"
        assert not connection.in_atomic_block
