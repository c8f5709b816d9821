from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from catalogue.models import Offering
from identity.models import User
from tests.factories import cases as make
from tests.factories import people


@pytest.fixture(autouse=True)
def _in_japanese(japanese: None) -> None:
    """Every test of these pages."""


@pytest.fixture
def offering(town: Any) -> Offering:
    """The park use permit, published in Shiomi."""
    found = make.offering()
    if not found.is_published:
        found.is_published = True
        found.save(update_fields=["is_published"])
    return found


@pytest.fixture
def resident(town: Any) -> User:
    return people.resident()


@pytest.fixture
def browser(town: Any, resident: User, client_for: Callable[..., Client]) -> Client:
    """The resident's browser, signed in."""
    return client_for(town, resident)


@pytest.fixture
def visitor(town: Any, client_for: Callable[..., Client]) -> Client:
    """A browser without a session."""
    return client_for(town)
