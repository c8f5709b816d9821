from __future__ import annotations

from typing import Any

import pytest

from identity.models import User


@pytest.fixture(autouse=True)
def plain_brand(settings: Any) -> None:
    settings.BRAND_PROVIDER = ""


@pytest.fixture
def reader(town: Any) -> User:
    """A resident of the active town whose every detail is a canary."""
    return User.objects.create_resident(
        name="髙橋 𠮷彦",
        name_kana="カナリアヨシヒコ",
        email="canary-reader@example.jp",
        language="ja",
    )
