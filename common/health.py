"""``/healthz``: this process answers. ``/readyz``: it can do its work.

They come before host look-up and redirects: a probe speaks to a pod's address, without TLS.
"""

from __future__ import annotations

from collections.abc import Callable

import redis
import structlog
from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponseBase, JsonResponse

from common.database import connection

log = structlog.get_logger(__name__)


def _database() -> None:
    connection.set_schema_to_public()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM tenants_municipality WHERE is_active")
        cursor.fetchone()


def _cache() -> None:
    cache.set("readyz", "1", 10)
    if cache.get("readyz") != "1":
        raise ConnectionError("the cache does not keep what it is given")


def _broker() -> None:
    url = settings.CELERY_BROKER_URL.replace("redis+socket://", "unix://")
    with redis.Redis.from_url(url, socket_connect_timeout=1, socket_timeout=1) as client:
        client.ping()


#: What must work before a request is sent here. The broker only carries hints (the sweep finds
#: every outbox row), but without it nothing is worked off, so operators should see it.
CHECKS: dict[str, Callable[[], None]] = {
    "database": _database,
    "cache": _cache,
    "broker": _broker,
}


def readiness() -> dict[str, str]:
    """Every check by name: ``"ok"`` or the class of its error."""
    found = {}
    for name, check in CHECKS.items():
        try:
            check()
        except (DatabaseError, redis.RedisError, OSError) as error:
            found[name] = type(error).__name__
            log.warning("readyz.failed", check=name, error=type(error).__name__)
        else:
            found[name] = "ok"
    return found


class HealthMiddleware:
    """Answers the two probe paths, on any host."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path == "/healthz":
            return JsonResponse({"status": "ok"})
        if request.path == "/readyz":
            found = readiness()
            ready = all(state == "ok" for state in found.values())
            return JsonResponse(found, status=200 if ready else 503)
        return self.get_response(request)
