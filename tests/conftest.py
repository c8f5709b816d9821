"""Servers, databases and towns for every test.

One PostgreSQL cluster for a run (a copy of the golden one), one database for each xdist worker.
Tests connect as the platform does: a login without rights of its own, one role for each town.
"""

from __future__ import annotations

import io
import itertools
import json
import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import hypothesis
import psycopg
import pytest
from django.db import connection, connections
from django.test import Client

from common import logging as our_logging
from sandbox.servers import APP, OWNER, Postgres
from tests import golden

# The same examples in every run, whatever else the machine is doing.
hypothesis.settings.register_profile("madoguchi", derandomize=True, deadline=None)
hypothesis.settings.load_profile("madoguchi")

_SOCKETS = "MADOGUCHI_TEST_SOCKETS"
_server: list[Any] = []


def pytest_configure(config: pytest.Config) -> None:
    """Start the run's cluster in the main process; xdist's workers inherit its address."""
    if hasattr(config, "workerinput") or config.option.collectonly:
        return
    root = Path(tempfile.mkdtemp(prefix="madoguchi-tests-"))
    root.chmod(0o755)
    golden.copy_to(root / "data")
    server = Postgres(root / "data", durable=False)
    server.start()
    os.environ[_SOCKETS] = str(server.socket_dir)
    _server.extend([server, root])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Only asked where xdist distributes."""
    from tests.distribution import ByFile

    return ByFile(config, log)


def pytest_unconfigure(config: pytest.Config) -> None:
    if _server:
        server, root = _server
        server.close()
        shutil.rmtree(root, ignore_errors=True)
        _server.clear()


def server_url(user: str, database: str) -> str:
    """A libpq URL of the run's cluster."""
    server = Postgres.__new__(Postgres)
    server.socket_dir = Path(os.environ[_SOCKETS])
    return server.url(user, database)


def create_database(name: str, template: str = golden.DATABASE) -> None:
    """A fresh copy of the golden database, for tests that commit."""
    server = Postgres.__new__(Postgres)
    server.socket_dir = Path(os.environ[_SOCKETS])
    server.create_database(name, template)


@pytest.fixture(scope="session")
def database_name(worker_id: str) -> str:
    name = f"test_{worker_id}"
    create_database(name)
    return name


@pytest.fixture(scope="session")
def worker_id(request: pytest.FixtureRequest) -> str:
    workerinput = getattr(request.config, "workerinput", None)
    return workerinput["workerid"] if workerinput else "main"


@pytest.fixture(scope="session")
def django_db_setup(
    database_name: str, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """Points Django at this worker's database instead of creating one."""
    from django.conf import settings

    with django_db_blocker.unblock():
        connections["default"].close()
        connections["default"].settings_dict.update(_place(database_name))
        connections["default"].settings_dict["CONN_MAX_AGE"] = None
        settings.DATABASES["default"]["USER"] = APP
        settings.DATABASE_OWNER_URL = server_url(OWNER, database_name)
        settings.MEDIA_ROOT = str(tmp_path_factory.mktemp("media"))
        yield
        connections["default"].close()


def _place(database: str) -> dict[str, Any]:
    """Django's settings for `database` of this run's server."""
    import environ
    from django.conf import settings

    place = environ.Env.db_url_config(server_url(APP, database), engine="tenants.postgresql")
    place["OPTIONS"] = settings.DATABASES["default"]["OPTIONS"] | place["OPTIONS"]
    return place


_numbers = itertools.count(1)


@pytest.fixture
def own_database(
    django_db_setup: None, django_db_blocker: Any, database_name: str, settings: Any
) -> Iterator[str]:
    """A database of this test alone, in which transactions really commit."""

    name = f"{database_name}_own{next(_numbers)}"
    create_database(name)
    with django_db_blocker.unblock():
        connection.close()
        kept = dict(connection.settings_dict)
        connection.settings_dict.update(_place(name))
        settings.DATABASE_OWNER_URL = server_url(OWNER, name)
        connection.set_schema_to_public()
        try:
            yield name
        finally:
            connection.close()
            connection.settings_dict.clear()
            connection.settings_dict.update(kept)
            connection.set_schema_to_public()
            with psycopg.connect(server_url("postgres", "postgres"), autocommit=True) as conn:
                conn.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(autouse=True)
def language_of_the_platform() -> None:
    """A page that a test before has asked for leaves its language active."""
    from django.utils import translation

    translation.activate("ja")


@pytest.fixture(autouse=True)
def forget_process_caches(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a process keeps for seconds must not outlive a test that was rolled back.

    Within a test no second passes for it: on a busy machine statements could not be counted.
    """
    from cms import brand
    from common import kept
    from tenants import middleware

    brand._kept.clear()
    kept.forget()
    standing = SimpleNamespace(monotonic=lambda: 1.0)
    monkeypatch.setattr(kept, "time", standing)
    monkeypatch.setattr(brand, "time", standing)
    monkeypatch.setattr(middleware, "time", standing)


@pytest.fixture(autouse=True)
def registries_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test registers is gone after it."""
    from audit import events
    from common import chores, outbox

    for registry in (events.registry, outbox.handlers, chores.chores):
        monkeypatch.setattr(registry, "_items", dict(registry._items))


@pytest.fixture
def in_town(db: None) -> Callable[[str], AbstractContextManager[Any]]:
    """``with in_town("shiomi") as town:`` — rolled back with the test."""
    from tenants import context

    return context.municipality


@pytest.fixture
def town(in_town: Callable[[str], AbstractContextManager[Any]]) -> Iterator[Any]:
    """Shiomi, active for the whole test."""
    with in_town("shiomi") as municipality:
        yield municipality


@pytest.fixture
def other_town(db: None) -> Any:
    """Suginosawa, not active: the town whose rows must never be seen."""
    from tenants import context

    return context.by_schema("suginosawa")


@pytest.fixture
def log_lines() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """``log_lines()``: what the platform's logging has written so far, as in production."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    our_logging.configure({"level": "INFO", "format": "json"})
    stream = io.StringIO()
    handler = root.handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.handlers[:] = before[0]
    root.setLevel(before[1])


class TownClient(Client):
    """A browser at one town; leaves the test's active town as it was."""

    def __init__(self, host: str, **defaults: Any) -> None:
        super().__init__(**({"HTTP_HOST": host} | defaults))

    def request(self, **request: Any) -> Any:
        before = connection.tenant
        try:
            return super().request(**request)
        finally:
            connection.set_tenant(before)


@pytest.fixture
def japanese(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A request leaves its language active behind it; a test's own addresses stay Japanese."""
    from django.utils import translation

    plain = TownClient.request

    def request(self: TownClient, **environ: Any) -> Any:
        with translation.override("ja"):
            return plain(self, **environ)

    monkeypatch.setattr(TownClient, "request", request)
    with translation.override("ja"):
        yield


@pytest.fixture
def client_for(db: None) -> Callable[..., TownClient]:
    """``client_for(town)`` or ``client_for("shiomi", user)``: a test client at that town."""
    from tenants import context

    def make(town: Any, user: Any = None) -> TownClient:
        municipality = context.by_schema(town) if isinstance(town, str) else town
        client = TownClient(f"{municipality.schema_name}.localhost")
        if user is not None:
            with context.municipality(municipality):
                client.force_login(user)
        return client

    return make
