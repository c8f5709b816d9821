"""Services that only tests offer (`tests.services`), as one line more in INSTALLED_APPS."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.apps import AppConfig, apps
from django.utils import timezone

from catalogue.models import Offering
from catalogue.registry import catalogue
from tests.factories import cases as make
from tests.factories import people


def install(name: str, monkeypatch: Any) -> None:
    """Put a service of `tests.services` into the catalogue for one test.

    The caller clears the catalogue's cache afterwards (`catalogue.registry.catalogue`).
    """
    config = AppConfig.create(f"tests.services.{name}")
    config.apps = apps
    monkeypatch.setitem(apps.app_configs, name, config)
    catalogue.cache_clear()


def offered(name: str) -> Offering:
    """Its offering in the active town."""
    return make.offering(name, department=people.department("community"))


def answers(**changes: Any) -> dict[str, Any]:
    """What those services ask for."""
    day = timezone.localdate() + timedelta(days=5)
    return {"use_day": day.isoformat(), "people": 12, **changes}
