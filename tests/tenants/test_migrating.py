"""Migrations over all municipalities: recorded once, replayed, and what happens when one fails."""

from __future__ import annotations

import importlib
import io
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.management import CommandError, call_command
from django.db import connection

from audit.models import LedgerEntry
from tenants import context, fingerprint, migrating, owner, privileges, provisioning
from tenants.models import Municipality
from tests.tenants.catalogue import catalogue
from tests.tenants.catalogue import privileges as privileges_of
from tests.tenants.conftest import provision

_HEAD = """
from django.db import migrations, models
import django.db.models.deletion

class Migration(migrations.Migration):
    dependencies = [("audit", "{before}")]
    {options}
    operations = [{operations}]
"""
_ADDITIVE = """
    migrations.AddField("ledgerentry", "colour",
                        models.CharField(max_length=9, db_default="grün %")),
    migrations.AddIndex("ledgerentry", models.Index(fields=["colour"], name="probe_colour")),
    migrations.CreateModel("Probe", fields=[
        ("id", models.BigAutoField(primary_key=True)),
        ("name", models.CharField(max_length=50, unique=True)),
        ("type", models.ForeignKey("contenttypes.ContentType", models.CASCADE)),
    ]),
    migrations.RunSQL("INSERT INTO audit_probe (name, type_id) "
                      "SELECT 'it''s 100 % -- ; done', min(id) FROM django_content_type"),
"""
_LATER = """
    migrations.AlterField("probe", "name", models.CharField(max_length=60, db_index=True)),
    migrations.RenameField("probe", "name", "title"),
"""
_PYTHON = """
    migrations.RunPython(fill, migrations.RunPython.noop),
"""
_FILL = """
def fill(apps, schema_editor):
    Probe = apps.get_model("audit", "Probe")
    ContentType = apps.get_model("contenttypes", "ContentType")
    kind, _ = ContentType.objects.get_or_create(app_label="audit", model="probe")
    Probe.objects.create(name="by python in " + schema_editor.connection.schema_name, type=kind)
"""


@pytest.fixture
def add_migration(
    own_database: str, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., None]]:
    """``add_migration("0003_x", "…operations…")`` to the room `audit`."""
    import audit.migrations

    package = "probe_migrations"
    folder = tmp_path / package
    shutil.copytree(
        Path(audit.migrations.__file__).parent, folder, ignore=shutil.ignore_patterns("*.pyc")
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    settings.MIGRATION_MODULES = {"audit": package}

    def add(
        name: str, operations: str, *, before: str, prologue: str = "", options: str = ""
    ) -> None:
        text = _HEAD.format(before=before, operations=operations, options=options)
        (folder / f"{name}.py").write_text(textwrap.dedent(prologue) + text)
        importlib.invalidate_caches()

    yield add
    for module in [name for name in sys.modules if name.split(".")[0] == package]:
        del sys.modules[module]


def _schemas() -> list[str]:
    return ["shiomi", "suginosawa"]


def test_nothing_to_do_is_one_query(owner_conn: psycopg.Connection) -> None:
    target = fingerprint.of_schema(owner_conn, "public")
    assert migrating._stale(owner_conn, target) == []
    outcome = migrating.migrate_all()
    assert (outcome.recorded, outcome.replayed, outcome.behind) == ([], [], {})
    assert {town.migration_fingerprint for town in Municipality.objects.all()} == {target}


def test_fingerprint_is_the_same_in_python(owner_conn: psycopg.Connection) -> None:
    applied = owner_conn.execute("SELECT app, name FROM shiomi.django_migrations").fetchall()
    assert fingerprint.of_names(applied) == fingerprint.of_schema(owner_conn, "shiomi")


def test_replayed_schemas_equal_the_ordinary_path(
    add_migration: Callable[..., None], owner_conn: psycopg.Connection
) -> None:
    for number in range(3):
        provision(number)
    with context.municipality("shiomi"):
        LedgerEntry.objects.create(event="old", actor_kind="system")
    add_migration("0003_add", _ADDITIVE, before="0002_seals")
    add_migration("0004_alter", _LATER, before="0003_add")
    outcome = migrating.migrate_all(rounds=1)
    assert outcome.behind == {}
    assert outcome.recorded == [provisioning.TEMPLATE_SCHEMA]
    assert outcome.replayed == ["shiomi", "suginosawa", "town000", "town001", "town002"]
    ordinary = catalogue(owner_conn, provisioning.TEMPLATE_SCHEMA)
    for schema in ("suginosawa", "town000", "town002"):
        found = catalogue(owner_conn, schema)
        different = [what for what in ordinary if ordinary[what] != found[what]]
        allowed = {what for what in different if what.startswith("rows of ")}
        assert set(different) - allowed - {"sequences"} == set()
        assert found["rows of audit_probe"] == ordinary["rows of audit_probe"]
        assert found["rows of django_content_type"] == ordinary["rows of django_content_type"]
        assert found["rows of auth_permission"] == ordinary["rows of auth_permission"]
        assert found["rows of django_migrations"] == ordinary["rows of django_migrations"]
    assert "it's 100 % -- ; done" in ordinary["rows of audit_probe"][0]
    # What was there stays, with the new column's default, and new rows are possible as the town.
    with context.municipality("shiomi") as town, connection.cursor() as cursor:
        cursor.execute("SELECT event, colour FROM audit_ledgerentry WHERE event = 'old'")
        assert cursor.fetchall() == [("old", "grün %")]
        cursor.execute(
            "INSERT INTO audit_probe (title, type_id) SELECT 'x', min(id) FROM "
            "django_content_type RETURNING title"
        )
        assert cursor.fetchall() == [("x",)]
    assert privileges_of(owner_conn, "shiomi", town.role)["audit_probe"] == [
        "DELETE", "INSERT", "SELECT", "UPDATE",
    ]  # fmt: skip
    # The next town is made from the migrated template.
    provision(9)
    assert migrating.migrate_all().replayed == []


def test_python_runs_in_each_schema(
    add_migration: Callable[..., None], owner_conn: psycopg.Connection
) -> None:
    add_migration("0003_add", _ADDITIVE, before="0002_seals")
    add_migration("0004_fill", _PYTHON, before="0003_add", prologue=_FILL)
    add_migration("0005_alter", _LATER, before="0004_fill")
    outcome = migrating.migrate_all(rounds=1)
    assert outcome.behind == {}
    assert outcome.replayed == _schemas()
    kinds = set()
    for schema in [*_schemas(), provisioning.TEMPLATE_SCHEMA]:
        rows = owner_conn.execute(
            f"SELECT title, type_id FROM {schema}.audit_probe ORDER BY id DESC LIMIT 1"  # noqa: S608
        ).fetchone()
        assert rows is not None
        assert rows[0] == f"by python in {schema}"
        kinds.add(rows[1])
    assert len(kinds) == 1
    with context.municipality("shiomi"):
        assert ContentType.objects.get(app_label="audit", model="probe").pk in kinds


def test_town_that_fails_is_left_behind_and_tried_again(
    add_migration: Callable[..., None], owner_conn: psycopg.Connection
) -> None:
    for _ in range(2):
        with context.municipality("shiomi"):
            LedgerEntry.objects.create(event="twice", actor_kind="system", purpose="secret words")
    add_migration(
        "0003_unique",
        'migrations.AddConstraint("ledgerentry", models.UniqueConstraint('
        'fields=["event"], condition=models.Q(event="twice"), name="probe_once"))',
        before="0002_seals",
    )
    before = fingerprint.of_schema(owner_conn, "shiomi")
    out, err = io.StringIO(), io.StringIO()
    with pytest.raises(CommandError, match=r"1 schema\(s\) are behind"):
        call_command("migrate_towns", "--rounds", "2", "--pause", "0", stdout=out, stderr=err)
    assert err.getvalue() == "shiomi: UniqueViolation, audit_ledgerentry, probe_once\n"
    assert "2 schema(s) migrated" in out.getvalue()
    assert fingerprint.of_schema(owner_conn, "shiomi") == before
    # It still works in its old state, and the next run brings it along.
    with context.municipality("shiomi"):
        assert LedgerEntry.objects.filter(event="twice").count() == 2
    owner_conn.execute("DELETE FROM shiomi.audit_ledgerentry WHERE event = 'twice'")
    outcome = migrating.migrate_all(rounds=1)
    assert (outcome.recorded, outcome.behind) == (["shiomi"], {})
    target = fingerprint.of_schema(owner_conn, "public")
    assert fingerprint.of_schema(owner_conn, "shiomi") == target


def test_lock_is_waited_for_briefly_and_the_town_is_tried_again(
    add_migration: Callable[..., None],
    owner_conn: psycopg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(migrating, "LOCK_TIMEOUT", "100ms")
    add_migration("0003_add", _ADDITIVE, before="0002_seals")
    with owner.connect() as busy:
        busy.autocommit = False
        busy.execute("LOCK TABLE suginosawa.audit_ledgerentry IN ACCESS SHARE MODE")
        naps: list[float] = []

        def nap(seconds: float) -> None:
            naps.append(seconds)
            busy.rollback()

        monkeypatch.setattr(migrating.time, "sleep", nap)
        outcome = migrating.migrate_all(rounds=2, pause=1.5)
    assert naps == [1.5]
    assert outcome.behind == {}
    assert sorted(outcome.recorded) == [provisioning.TEMPLATE_SCHEMA, "suginosawa"]
    assert outcome.replayed == ["shiomi"]


def test_python_that_fails_in_one_town_does_not_stop_the_others(
    add_migration: Callable[..., None], owner_conn: psycopg.Connection
) -> None:
    add_migration(
        "0003_fill",
        "migrations.RunPython(check)",
        before="0002_seals",
        prologue="""
        def check(apps, schema_editor):
            if schema_editor.connection.schema_name == "shiomi":
                raise KeyError("personal value")
        """,
    )
    outcome = migrating.migrate_all(rounds=1)
    assert outcome.behind == {"shiomi": "KeyError"}
    assert outcome.replayed == ["suginosawa"]


def test_schema_in_an_unexpected_state_is_not_touched(
    add_migration: Callable[..., None], owner_conn: psycopg.Connection
) -> None:
    """Somebody faked a migration in one town: the guard keeps the recording away from it."""
    owner_conn.execute("DELETE FROM suginosawa.django_migrations WHERE app = 'taggit'")
    add_migration("0003_add", _ADDITIVE, before="0002_seals")
    outcome = migrating.migrate_all(rounds=1)
    assert outcome.replayed == ["shiomi"]
    assert list(outcome.behind) == ["suginosawa"]
    columns = owner_conn.execute(
        "SELECT count(*) FROM information_schema.columns WHERE table_schema = 'suginosawa' "
        "AND table_name = 'audit_ledgerentry' AND column_name = 'colour'"
    ).fetchone()
    assert columns == (0,)


def test_template_that_fails_stops_everything(
    add_migration: Callable[..., None], owner_conn: psycopg.Connection
) -> None:
    add_migration("0003_bad", 'migrations.RunSQL("SELECT 1/0")', before="0002_seals")
    before = fingerprint.of_schema(owner_conn, "shiomi")
    outcome = migrating.migrate_all(rounds=1)
    assert outcome.behind == {
        provisioning.TEMPLATE_SCHEMA: "DivisionByZero",
        "shiomi": "the template could not be migrated",
        "suginosawa": "the template could not be migrated",
    }
    assert fingerprint.of_schema(owner_conn, "shiomi") == before


def test_second_job_waits_for_the_first(own_database: str) -> None:
    import threading

    from tenants.template import changes_excluded

    entered = threading.Event()

    def second() -> None:
        with owner.connect() as conn, changes_excluded(conn):
            entered.set()

    with owner.connect() as conn, changes_excluded(conn):
        thread = threading.Thread(target=second)
        thread.start()
        assert not entered.wait(0.3)
    thread.join(20)
    assert entered.is_set()


def test_regrant_follows_the_settings(owner_conn: psycopg.Connection, settings: Any) -> None:
    settings.TOWN_TABLE_PRIVILEGES = {**settings.TOWN_TABLE_PRIVILEGES, "auth_group": "SELECT"}
    call_command("migrate_towns", "--regrant", stdout=io.StringIO())
    town = Municipality.objects.get(schema_name="shiomi")
    may = privileges_of(owner_conn, "shiomi", town.role)
    assert may["auth_group"] == ["SELECT"]
    assert may["audit_ledgerentry"] == ["INSERT", "SELECT"]
    assert privileges.of_table("identity_user") == privileges.EVERYTHING
