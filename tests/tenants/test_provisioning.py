from __future__ import annotations

import io
from typing import Any

import psycopg
import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.management import CommandError, call_command
from django.db import transaction

from tenants import context, owner, provisioning
from tenants.errors import ProvisioningError, UnknownMunicipality
from tenants.middleware import municipality_of
from tenants.models import Municipality
from tenants.schema_script import script_of
from tests.tenants.catalogue import catalogue, privileges
from tests.tenants.conftest import provision

MANY = 50


def test_fifty_schemas_are_identical_to_the_ordinary_path(owner_conn: psycopg.Connection) -> None:
    """Tables, columns, defaults, constraint names, indexes, functions, triggers, rows, ids."""
    ordinary = catalogue(owner_conn, provisioning.TEMPLATE_SCHEMA)
    assert len(ordinary["tables"]) > 50
    assert ordinary["functions"]
    assert ordinary["triggers"]
    allowed = None
    for number in range(MANY):
        town = provision(number)
        assert catalogue(owner_conn, town.schema_name) == ordinary
        may = privileges(owner_conn, town.schema_name, town.role)
        assert allowed in (None, may)
        allowed = may
    assert allowed is not None
    assert allowed["audit_ledgerentry"] == ["INSERT", "SELECT"]
    assert allowed["audit_ledgerseal"] == allowed["audit_ledgerhead"] == ["SELECT"]
    assert allowed["django_migrations"] == ["SELECT"]
    assert allowed["identity_user"] == ["DELETE", "INSERT", "SELECT", "UPDATE"]


def test_template_equals_a_schema_migrated_from_nothing(owner_conn: psycopg.Connection) -> None:
    """The recorded run that made the template did what plain `migrate` does."""
    from django.core.management.sql import emit_post_migrate_signal
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    owner_conn.execute("CREATE SCHEMA from_nothing")
    with owner.owner_connection("from_nothing"):
        executor = MigrationExecutor(connection)
        state = executor.migrate(executor.loader.graph.leaf_nodes())
        state.clear_delayed_apps_cache()
        emit_post_migrate_signal(verbosity=0, interactive=False, db="default", apps=state.apps)
    plain = catalogue(owner_conn, "from_nothing")
    template = catalogue(owner_conn, provisioning.TEMPLATE_SCHEMA)
    # Wagtail's first pages carry random keys and times.
    for found in (plain, template):
        for what in [what for what in found if "wagtailcore_" in what]:
            del found[what]
    assert plain == template


def test_content_type_ids_are_equal_everywhere(own_database: str) -> None:
    provision(1)
    seen = []
    for schema in ("shiomi", "suginosawa", "town001"):
        with context.municipality(schema):
            seen.append(list(ContentType.objects.order_by("id").values_list("id", "model")))
    assert seen[0] == seen[1] == seen[2]
    assert len(seen[0]) > 20


_REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"schema_name": "shiomi"}, "same schema"),
    ({"code": "990019"}, "same code"),
    ({"domains": ["new.localhost", "shiomi.localhost"]}, "same address"),
    ({"schema_name": "pg_town"}, "cannot name a municipality"),
    ({"schema_name": "public"}, "cannot name a municipality"),
    ({"schema_name": "madoguchi_app"}, "cannot name a municipality"),
    ({"schema_name": "madoguchi_template"}, "cannot name a municipality"),
    ({"schema_name": 'a"; DROP SCHEMA shiomi; --'}, "cannot name a municipality"),
    ({"schema_name": "Town"}, "cannot name a municipality"),
    ({"schema_name": "t" * 41}, "cannot name a municipality"),
    ({"code": "1320"}, "no municipality code"),
    ({"domains": []}, "at least one address"),
    ({"domains": ["UPPER.example"]}, "cannot be a municipality's address"),
    ({"domains": ["a.example:8000"]}, "cannot be a municipality's address"),
    ({"domains": ["localhost"]}, "cannot be a municipality's address"),
    ({"languages": ["xx"]}, "Languages must be"),
    ({"languages": []}, "Languages must be"),
]


def test_refused_and_nothing_remains(owner_conn: psycopg.Connection) -> None:
    before = _all_there_is(owner_conn)
    for changes, message in _REFUSED:
        with pytest.raises(ProvisioningError, match=message):
            provision(1, **changes)
    assert _all_there_is(owner_conn) == before


def test_failure_in_the_middle_leaves_nothing(
    owner_conn: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _all_there_is(owner_conn)
    monkeypatch.setattr(provisioning.privileges, "grants", lambda tables, role: [_broken()])
    with pytest.raises(psycopg.errors.UndefinedTable):
        provision(1)
    assert _all_there_is(owner_conn) == before


def test_schema_named_like_a_keyword(own_database: str) -> None:
    from audit import events, export, ledger, verify
    from common.actor import SYSTEM

    events.register("test.keyword", wording="x")
    provision(1, schema_name="select")
    with context.municipality("select"):
        ledger.record(event="test.keyword", by=SYSTEM)
    with context.municipality("select"):
        head, rows = export.ledger()
        assert (head.seq, verify.verify(rows, head).faults) == (1, [])


def test_what_cannot_be_copied_is_refused(owner_conn: psycopg.Connection) -> None:
    for statement, name in (
        ("CREATE VIEW madoguchi_template.v AS SELECT 1", "relation v"),
        ("CREATE TYPE madoguchi_template.e AS ENUM ('a')", "type e"),
        ("CREATE SEQUENCE madoguchi_template.s", "relation s"),
        ("ALTER TABLE madoguchi_template.auth_group ENABLE ROW LEVEL SECURITY", "auth_group"),
    ):
        with owner_conn.transaction(force_rollback=True):
            owner_conn.execute(statement)
            with pytest.raises(ProvisioningError, match=name):
                script_of(owner_conn, provisioning.TEMPLATE_SCHEMA)


def test_role_names_never_collide() -> None:
    long = "d" * 40
    names = {provisioning.role_name(long, f"{'s' * 39}{end}") for end in "abc"}
    assert len(names) == 3
    assert all(len(name) <= 63 for name in names)
    assert provisioning.role_name("madoguchi", "shiomi") == "madoguchi.shiomi"


def test_deactivated_town_is_reached_by_nobody(own_database: str) -> None:
    provisioning.deactivate("shiomi")
    assert municipality_of("shiomi.localhost") is None
    with pytest.raises(UnknownMunicipality), context.municipality("shiomi"):
        pass
    provisioning.activate("shiomi")
    assert municipality_of("shiomi.localhost") is not None
    with pytest.raises(UnknownMunicipality):
        provisioning.deactivate("nowhere")


def test_platform_login_cannot_write_the_registry(own_database: str) -> None:
    with pytest.raises(Exception, match="permission denied"), transaction.atomic():
        Municipality.objects.filter(schema_name="shiomi").update(is_active=False)


def test_commands(own_database: str) -> None:
    out = io.StringIO()
    arguments = [
        "--code", "132012", "--name-ja", "八王子市", "--name-en", "Hachioji",
        "--prefecture-ja", "東京都", "--prefecture-en", "Tokyo",
    ]  # fmt: skip
    call_command("provision_town", "hachi_oji", *arguments, stdout=out)
    assert "hachi_oji is at http://hachi-oji.localhost" in out.getvalue()
    with pytest.raises(CommandError, match="same schema"):
        call_command("provision_town", "hachi_oji", *arguments)
    call_command("deactivate_town", "hachi_oji", stdout=out)
    assert municipality_of("hachi-oji.localhost") is None
    call_command("deactivate_town", "hachi_oji", "--undo", stdout=out)
    assert municipality_of("hachi-oji.localhost") is not None
    with pytest.raises(CommandError, match="no municipality"):
        call_command("deactivate_town", "nowhere")


def _broken() -> Any:
    from psycopg import sql

    return sql.SQL("SELECT * FROM missing").format()


def _all_there_is(conn: psycopg.Connection) -> list[Any]:
    return [
        conn.execute("SELECT nspname FROM pg_namespace ORDER BY 1").fetchall(),
        conn.execute("SELECT schema_name FROM public.tenants_municipality ORDER BY 1").fetchall(),
        conn.execute("SELECT domain FROM public.tenants_domain ORDER BY 1").fetchall(),
    ]
