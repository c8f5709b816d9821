"""Issuing, verifying, revoking and handing out papers."""

from __future__ import annotations

import hashlib
import uuid
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.conf import settings

from common.actor import SYSTEM
from common.errors import NotFound
from documents import actions, codes, files, queries
from documents.errors import DamagedFile, RenderingError
from documents.models import Document

HTML = "<html><head><title>x</title></head><body><h1>許可書</h1></body></html>"
DAY = date(2026, 4, 10)


def issue(**changes: Any) -> Document:
    wanted: dict[str, Any] = {
        "kind": "park_use.permit",
        "title": "公園内行為許可書",
        "language": "ja",
        "html": HTML,
        "code": codes.new_code(),
        "valid_from": DAY,
        "valid_until": DAY + timedelta(days=2),
        "document_id": uuid.uuid4(),
    }
    return actions.issue(**(wanted | changes))


def test_issue_stores_what_was_rendered(town: Any) -> None:
    document = issue()
    stored = Path(document.file.path)
    assert stored == Path(settings.MEDIA_ROOT).resolve() / "shiomi" / "private" / document.file.name
    assert hashlib.sha256(stored.read_bytes()).hexdigest() == document.sha256
    assert stored.stat().st_mode & 0o077 == 0
    assert document.file.name == f"documents/{document.pk.hex[:2]}/{document.pk}.pdf"


def test_issue_twice_is_once(town: Any) -> None:
    first = issue()
    second = issue(document_id=first.pk, html="<p>other</p>", title="other")
    assert second == first
    assert second.title == first.title
    assert Document.objects.count() == 1
    assert files.read(first).startswith(b"%PDF-1.7")


def test_issue_replaces_the_file_a_killed_process_left(town: Any) -> None:
    document_id = uuid.uuid4()
    left = (
        Path(settings.MEDIA_ROOT).resolve()
        / "shiomi/private/documents"
        / document_id.hex[:2]
        / f"{document_id}.pdf"
    )
    left.parent.mkdir(parents=True, exist_ok=True)
    left.write_bytes(b"half a fi")
    document = issue(document_id=document_id)
    assert Path(document.file.path) == left
    assert files.read(document).startswith(b"%PDF-1.7")


def test_issue_that_fails_leaves_no_row(town: Any) -> None:
    with pytest.raises(RenderingError):
        issue(html='<img alt="x" src="file:///etc/hostname">')
    assert not Document.objects.exists()


@pytest.mark.parametrize("code", ["", "short", "7k3qx-9m2pd-wt4gb-0zhre"])
def test_issue_refuses_a_code_that_nobody_could_type(town: Any, code: str) -> None:
    with pytest.raises(RenderingError):
        issue(code=code)


@pytest.mark.parametrize(
    ("today", "state"),
    [
        (DAY - timedelta(days=1), "not_yet"),
        (DAY, "valid"),
        (DAY + timedelta(days=2), "valid"),
        (DAY + timedelta(days=3), "expired"),
    ],
)
def test_by_code_says_whether_it_is_valid_today(town: Any, today: date, state: str) -> None:
    document = issue()
    with time_machine.travel(f"{today}T03:00:00+00:00", tick=False):
        assert queries.by_code(document.code.lower()).state == state


def test_by_code_last_minute_counts_by_the_towns_clock(town: Any) -> None:
    document = issue()
    with time_machine.travel("2026-04-12T14:59:00+00:00", tick=False):
        assert queries.by_code(document.code).state == "valid"
    with time_machine.travel("2026-04-12T15:01:00+00:00", tick=False):
        assert queries.by_code(document.code).state == "expired"


def test_by_code_without_period_is_valid(town: Any) -> None:
    assert queries.by_code(issue(valid_from=None, valid_until=None).code).state == "valid"


@pytest.mark.parametrize("code", ["", "nonsense", "00000-00000-00000-00000"])
def test_by_code_unknown(town: Any, code: str) -> None:
    issue()
    assert queries.by_code(code) == queries.Verification(state="unknown")


def test_verification_has_no_personal_data() -> None:
    assert set(queries.Verification.__dataclass_fields__) == {
        "state", "code", "kind", "title", "language", "issued_on", "valid_from", "valid_until",
        "revoked_on", "replaced_on", "is_signed",
    }  # fmt: skip


def test_revoke_takes_it_back_and_is_recorded_once(town: Any) -> None:
    from audit.models import LedgerEntry

    document = issue(valid_from=None, valid_until=None)
    actions.revoke(document_id=document.pk, by=SYSTEM)
    actions.revoke(document_id=document.pk, by=SYSTEM)
    assert queries.by_code(document.code).state == "revoked"
    entries = LedgerEntry.objects.filter(event="document.revoked", object_id=str(document.pk))
    assert entries.count() == 1


def test_revoke_what_does_not_exist(town: Any) -> None:
    with pytest.raises(NotFound):
        actions.revoke(document_id=uuid.uuid4(), by=SYSTEM)


def test_two_towns_cannot_see_each_others_documents(
    town: Any, other_town: Any, in_town: Any
) -> None:
    document = issue(valid_from=None, valid_until=None)
    with in_town(other_town):
        assert queries.by_code(document.code).state == "unknown"
        assert not Document.objects.filter(pk=document.pk).exists()
        with pytest.raises(DamagedFile):
            files.read(document)  # the same path leads into the other town's folder
        theirs = issue(document_id=document.pk, valid_from=None, valid_until=None)
        assert "/suginosawa/" in theirs.file.path
    assert files.read(document).startswith(b"%PDF-1.7")
    assert queries.by_code(theirs.code).state == "unknown"


def test_download_headers(town: Any) -> None:
    document = issue()
    response = files.download(document, filename="許可書 260401-7K3F9QXM")
    assert b"".join(response.streaming_content) == files.read(document)
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"].startswith("attachment; filename*=utf-8''%E8%A8%B1")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "private, no-store"
    assert "sandbox" in response["Content-Security-Policy"]


@pytest.mark.parametrize("damage", [b"", b"%PDF-1.7 forged", None])
def test_download_refuses_a_damaged_file(town: Any, damage: bytes | None) -> None:
    document = issue()
    stored = Path(document.file.path)
    if damage is None:
        stored.unlink()
    else:
        stored.write_bytes(damage)
    with pytest.raises(DamagedFile):
        files.download(document)


def test_download_refuses_a_file_with_something_added(town: Any) -> None:
    document = issue()
    with Path(document.file.path).open("ab") as file:
        file.write(b"more")
    with pytest.raises(DamagedFile):
        files.download(document)
