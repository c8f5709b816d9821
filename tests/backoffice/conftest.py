from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from identity.models import User
from tests.factories import people


@pytest.fixture(autouse=True)
def _static(settings: Any) -> None:
    """Nothing is collected for these tests."""
    settings.WHITENOISE_AUTOREFRESH = True


@pytest.fixture(autouse=True)
def _japanese() -> Iterator[None]:
    """A request leaves its language active in the thread; the next test starts in Japanese."""
    with translation.override("ja"):
        yield


@pytest.fixture
def desk(town: Any, client_for: Callable[..., Client]) -> Callable[[User], Client]:
    """``desk(user)``: a browser of Shiomi's staff, signed in with a second factor."""

    def sign_in(user: User) -> Client:
        return people.sign_in_staff(client_for(town), user)

    return sign_in
