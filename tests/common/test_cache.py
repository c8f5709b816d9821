"""Without Valkey a page is slower, not broken."""

from pathlib import Path

import pytest
import redis
from django.core.cache.backends.redis import RedisCache

from common.cache import ForgivingRedisCache


@pytest.fixture
def cache(tmp_path: Path) -> ForgivingRedisCache:
    return ForgivingRedisCache(f"unix://{tmp_path}/nobody.sock", {})


def test_djangos_own_cache_would_raise(tmp_path: Path) -> None:
    with pytest.raises(redis.ConnectionError):
        RedisCache(f"unix://{tmp_path}/nobody.sock", {}).get("key")


def test_a_missing_server_is_an_empty_cache(cache: ForgivingRedisCache) -> None:
    assert cache.get("key", "default") == "default"
    cache.set("key", "value")
    assert cache.get_many(["key"]) == {}
    assert cache.delete("key") is False
    assert cache.add("lock", 1) is True
    assert cache.incr("count") == 1
    assert cache.get_or_set("key", lambda: "made") == "made"


def test_a_missing_server_is_not_asked_again_at_once(
    cache: ForgivingRedisCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.get("key")

    def asked(*args: object, **kwargs: object) -> None:
        raise AssertionError("asked again")

    monkeypatch.setattr(RedisCache, "get", asked)
    assert cache.get("key") is None
