"""What the website's tests share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext


@pytest.fixture(autouse=True)
def _cold_cache() -> Iterator[None]:
    """The cache outlives a rolled-back test; the rows it was read from do not."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def shiomi(town: Any, client_for: Callable[..., Any]) -> Any:
    """A browser at Shiomi."""
    return client_for(town)


@pytest.fixture
def count_sql() -> Callable[[Any, str], list[str]]:
    """``count_sql(client, path)``: the statements of a warm page."""

    def count(client: Any, path: str) -> list[str]:
        assert client.get(path).status_code == 200
        with CaptureQueriesContext(connection) as captured:
            assert client.get(path).status_code == 200
        return [query["sql"] for query in captured.captured_queries]

    return count
