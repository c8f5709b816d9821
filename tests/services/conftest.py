"""Files to attach, and no broker to tell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.factories.cases import PDF


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("common.outbox._wake_worker", lambda: None)


@pytest.fixture
def upload(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Any]:
    """A file for any question; how files are examined is tested with the forms."""
    from forms.uploads import examine as examining
    from forms.uploads import pdf

    monkeypatch.setattr(pdf, "check", lambda data: None)
    monkeypatch.setattr(examining.scanner, "scan", lambda data: None)
    return lambda: SimpleUploadedFile("図.pdf", PDF, "application/pdf")
