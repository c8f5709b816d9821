from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import cache

from identity.eid import registration
from identity.models import EidClient
from tests.identity.misbehaving import Provider
from tests.identity.support import Journey


@pytest.fixture(autouse=True)
def _addresses(settings: Any) -> Iterator[None]:
    settings.ROOT_URLCONF = "tests.identity.urls"
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def provider() -> Iterator[Provider]:
    made = Provider()
    yield made
    made.close()


@pytest.fixture
def eid_client(town: Any, provider: Provider) -> EidClient:
    """Shiomi's registration at the provider of the test."""
    client, public = registration.register(client_id="shiomi", document=provider.document)
    provider.client_id = client.client_id
    provider.client_keys = public
    return client


@pytest.fixture
def browser(town: Any, client_for: Callable[..., Any]) -> Any:
    return client_for(town)


@pytest.fixture
def journey(browser: Any, provider: Provider, eid_client: EidClient) -> Journey:
    return Journey(browser, provider, eid_client)


@pytest.fixture
def free_port() -> int:
    """A port where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
