"""Missing system libraries are said at start."""

from __future__ import annotations

import pytest

from documents import checks


def test_check_is_silent_where_everything_is_there() -> None:
    assert [item.id for item in checks.check_pdf_libraries(None)] == []


def test_check_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "_loads", lambda library: "fontconfig" not in library)
    (error,) = checks.check_pdf_libraries(None)
    assert error.id == "documents.E001"
    assert error.hint == "Install it: apt-get install libfontconfig1"


def test_check_warns_of_slow_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "_loads", lambda library: "subset" not in library)
    (warning,) = checks.check_pdf_libraries(None)
    assert warning.id == "documents.W001"
