"""The scanner against a real clamd that knows one signature, EICAR's. No network, no service."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings

from forms.errors import FileRefused
from forms.uploads import scanner
from tests.forms.test_uploads import MB, a_pdf, check, picture

SECONDS = 30.0
#: Unpacked there by requirements/install.
UNPACKED = "var/clamav/usr/sbin/clamd"


def clamd_program() -> str:
    """``CLAMD``, else the system's, else the one that `requirements/install dev` unpacked."""
    places = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"
    unpacked = Path(django_settings.BASE_DIR) / UNPACKED
    found = os.environ.get("CLAMD") or shutil.which("clamd", path=places)
    assert found or unpacked.exists(), "clamd is missing: run requirements/install dev"
    return found or str(unpacked)


@pytest.fixture(scope="module")
def clamd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The path of the socket of a clamd that knows a single virus."""
    place = tmp_path_factory.mktemp("clamd")
    signatures = place / "signatures"
    signatures.mkdir()
    # Name, any type of file, anywhere in it, the bytes.
    (signatures / "test.ndb").write_text(f"Test.EICAR:0:*:{scanner.EICAR.hex()}\n")
    socket = place / "clamd.ctl"
    (place / "clamd.conf").write_text(
        f"LocalSocket {socket}\nDatabaseDirectory {signatures}\nForeground yes\n"
        f"TemporaryDirectory {place}\nLogFile {place / 'log'}\n"
    )
    process = subprocess.Popen(
        [clamd_program(), "--config-file", str(place / "clamd.conf")],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _wait_for(socket, process, place / "log")
        yield str(socket)
    finally:
        process.terminate()
        process.wait(SECONDS)


def _wait_for(socket: Path, process: subprocess.Popen[bytes], log: Path) -> None:
    """Until it answers; the log when it does not."""
    deadline = time.monotonic() + SECONDS
    while not socket.exists():
        assert time.monotonic() < deadline, log.read_text()
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.1)
            raise AssertionError(log.read_text())


@pytest.fixture(autouse=True)
def _only_clamd_knows(clamd: str, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Our own look for EICAR is off: what is found, clamd has found."""
    settings.CLAMAV_SOCKET = clamd
    monkeypatch.setattr(scanner, "EICAR", b"something else entirely")


EICAR = scanner.EICAR


@pytest.mark.parametrize(
    "data",
    [EICAR, a_pdf(b"/X (" + EICAR + b")"), picture("PNG") + EICAR, EICAR.ljust(3 * MB, b" ")],
    ids=["alone", "in a PDF", "behind a picture", "in pieces"],
)
def test_clamd_finds_eicar(data: bytes) -> None:
    with pytest.raises(FileRefused) as caught:
        scanner.scan(data)
    assert caught.value.code == "virus"


def test_an_infected_document_is_not_taken_and_a_clean_one_is() -> None:
    with pytest.raises(FileRefused) as caught:
        check(a_pdf(b"/X (" + EICAR + b")"))
    assert caught.value.code == "virus"
    assert check(a_pdf()).content_type == "application/pdf"
    assert check(picture("JPEG"), "a.jpg").content_type == "image/jpeg"


def test_the_largest_file_that_a_form_may_take_is_scanned() -> None:
    scanner.scan(os.urandom(20 * MB))
