from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.core.management import CommandError, call_command
from django.utils import translation

from audit import events, ledger, queries
from audit.models import LedgerEntry
from common.actor import SYSTEM
from tests.audit.conftest import RESIDENT, STAFF, write


def test_record_keeps_what_was_said(town: Any) -> None:
    ledger.record(
        event="test.looked_at", by=STAFF, about=RESIDENT, object_kind="case", object_id="7",
        purpose="review", data={"stage": "check"},
    )  # fmt: skip
    entry = LedgerEntry.objects.latest("pk")
    assert (entry.event, entry.actor_kind, entry.actor_id, entry.actor_name) == (
        "test.looked_at", "staff", STAFF.id, STAFF.name,
    )  # fmt: skip
    assert (str(entry.about), entry.object_kind, entry.object_id) == (RESIDENT, "case", "7")
    assert (entry.purpose, entry.data) == ("review", {"stage": "check"})
    assert entry.at is not None
    assert entry.wording == f"{STAFF.name} looked at it: review"


def test_unknown_event_is_refused(town: Any) -> None:
    with pytest.raises(LookupError, match=r"no ledger event 'test\.unknown'"):
        ledger.record(event="test.unknown", by=SYSTEM)


@pytest.mark.parametrize(
    "data",
    [{"a": "x" * 201}, {"a": {"b": "c"}}, {"a": 1.5}, {"a": ["x", ["y"]]}, {"a": "nul\x00"}],
    ids=["long", "nested", "float", "nested list", "nul"],
)
def test_data_that_cannot_be_ids_is_refused(town: Any, data: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="ledger data 'a'"):
        ledger.record(event="test.looked_at", by=SYSTEM, data=data)


def test_about_is_newest_first_and_of_one_resident(town: Any) -> None:
    write(2)
    write(1, about="5f0c2f7e-0000-4000-8000-00000000000b")
    assert [entry.object_id for entry in queries.about(RESIDENT)] == ["case-1", "case-0"]
    assert [entry.event for entry in queries.of_object("case", "case-1")] == ["test.looked_at"]


def test_ledger_is_not_seen_from_another_town(town: Any, other_town: Any, in_town: Any) -> None:
    write(2)
    with in_town(other_town):
        assert list(queries.about(RESIDENT)) == []


def test_event_whose_room_is_gone_reads_as_its_key() -> None:
    assert LedgerEntry(event="old.event").wording == "old.event"


def test_event_is_registered_once() -> None:
    events.register("test.looked_at", wording="{name} looked at it: {purpose}")
    with pytest.raises(ValueError, match="registered twice"):
        events.register("test.looked_at", wording="other")


@pytest.mark.parametrize("language", ["ja", "en"])
def test_wordings_name_only_known_placeholders(language: str) -> None:
    with translation.override(language):
        events.check_wordings()


def test_verify_command_names_the_town(
    django_db_setup: None, django_db_blocker: Any, tmp_path: Path
) -> None:
    out = io.StringIO()
    with django_db_blocker.unblock():
        call_command("verify_ledger", "shiomi", "--export", str(tmp_path), stdout=out)
        with pytest.raises(CommandError, match="No active municipality: nowhere"):
            call_command("verify_ledger", "nowhere")
    assert out.getvalue().startswith("shiomi: ")
    assert json.loads((tmp_path / "shiomi.jsonl").read_text().splitlines()[0])["ledger"] == "shiomi"


def test_root_is_signed(django_db_setup: None, django_db_blocker: Any, tmp_path: Path) -> None:
    import base64

    key = Ed25519PrivateKey.generate()
    file = tmp_path / "key.pem"
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    out = io.StringIO()
    with django_db_blocker.unblock():
        call_command("export_ledger_root", "--key", str(file), stdout=out)
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [line["ledger"] for line in lines] == ["shiomi", "suginosawa"]
    for line in lines:
        signature = base64.b64decode(line.pop("signature"))
        key.public_key().verify(signature, json.dumps(line, sort_keys=True).encode())
