"""Probes: alive, and really able to work."""

import json
from typing import Any

import pytest
import redis
from django.core.cache import cache
from django.db import OperationalError
from django.test import Client

from common import health


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> dict[str, bool]:
    """A broker that answers until told otherwise; the tests run without one."""
    state = {"up": True}

    def check() -> None:
        if not state["up"]:
            raise redis.ConnectionError("nobody there")

    monkeypatch.setitem(health.CHECKS, "broker", check)
    return state


def test_healthz_needs_neither_database_nor_a_known_host() -> None:
    response = Client(HTTP_HOST="10.1.2.3:8000").get("/healthz")
    assert (response.status_code, json.loads(response.content)) == (200, {"status": "ok"})


def test_readyz_names_every_check(db: None, broker: dict[str, bool]) -> None:
    response = Client(HTTP_HOST="10.1.2.3:8000").get("/readyz")
    assert response.status_code == 200
    assert json.loads(response.content) == {"database": "ok", "cache": "ok", "broker": "ok"}


def test_readyz_without_the_broker_is_not_ready(db: None, broker: dict[str, bool]) -> None:
    broker["up"] = False
    response = Client().get("/readyz")
    assert response.status_code == 503
    assert json.loads(response.content)["broker"] == "ConnectionError"


def test_readyz_without_the_database_is_not_ready(
    db: None, broker: dict[str, bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone() -> None:
        raise OperationalError("password=secret host=db")

    monkeypatch.setitem(health.CHECKS, "database", gone)
    response = Client().get("/readyz")
    assert response.status_code == 503
    assert json.loads(response.content)["database"] == "OperationalError"
    assert b"secret" not in response.content


def test_readyz_with_a_cache_that_forgets_is_not_ready(
    db: None, broker: dict[str, bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    def forget(*args: Any, **kwargs: Any) -> None:
        return None

    monkeypatch.setattr(type(cache._connections[cache._alias]), "get", forget)
    response = Client().get("/readyz")
    assert response.status_code == 503
    assert json.loads(response.content)["cache"] == "ConnectionError"


def test_the_real_broker_check_fails_without_a_broker(settings: Any, tmp_path: Any) -> None:
    settings.CELERY_BROKER_URL = f"redis+socket://{tmp_path}/nobody.sock"
    with pytest.raises(redis.ConnectionError):
        health._broker()
