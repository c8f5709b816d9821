"""Whoever can write every table still cannot change the ledger unseen."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path

import psycopg
import pytest
from django.db import ProgrammingError, connection, transaction
from django.test.utils import CaptureQueriesContext

from audit import export, ledger, verify
from audit.models import LedgerEntry, LedgerHead, LedgerSeal
from sandbox.servers import APP
from tests.audit.conftest import STAFF, faults, report, seal, sql, write
from tests.conftest import create_database, server_url

_FORGERY = (
    "CREATE TEMP TABLE audit_ledgerseal (entry_id bigint); "
    "CREATE TRIGGER forged AFTER INSERT ON pg_temp.audit_ledgerseal "
    "FOR EACH ROW EXECUTE FUNCTION audit_ledger_seal()"
)
_CHANGES = {
    "actor_name": "'someone else'",
    "actor_id": "'x'",
    "actor_kind": "'system'",
    "event": "'test.other'",
    "about": "NULL",
    "object_kind": "'file'",
    "object_id": "'y'",
    "purpose": "''",
    "at": "at + interval '1 microsecond'",
    "data": """'{"n": 7}'""",
}


@pytest.mark.usefixtures("as_owner")
class TestChain:
    def test_untouched_ledger_is_whole(self) -> None:
        write(5)
        found = report()
        assert found.faults == []
        assert found.entries == 5
        assert found.root == export.head() == verify.Root(5, found.root.hash)

    def test_empty_ledger_is_whole(self) -> None:
        assert report() == verify.Report(entries=0, faults=[], root=verify.Root(0, bytes(32)))

    @pytest.mark.parametrize("column", _CHANGES)
    def test_changed_column_is_named_at_its_row(self, column: str) -> None:
        write(5)
        third = sql("SELECT entry_id FROM audit_ledgerseal WHERE seq = 3")[0][0]
        sql(
            f"UPDATE audit_ledgerentry SET {column} = {_CHANGES[column]} WHERE id = %s",  # noqa: S608
            third,
        )
        assert faults() == [f"seal 3, entry {third}: entry or seal changed"]

    def test_deleted_entry_is_named(self) -> None:
        write(5)
        third = sql("SELECT entry_id FROM audit_ledgerseal WHERE seq = 3")[0][0]
        sql("DELETE FROM audit_ledgerentry WHERE id = %s", third)
        assert faults() == [f"seal 3, entry {third}: entry deleted, its seal is left"]

    def test_deleted_entry_and_seal_is_named_at_the_gap(self) -> None:
        write(5)
        ids = [row[0] for row in sql("SELECT entry_id FROM audit_ledgerseal ORDER BY seq")]
        sql("DELETE FROM audit_ledgerentry WHERE id = %s", ids[2])
        sql("DELETE FROM audit_ledgerseal WHERE seq = 3")
        assert faults() == [f"seal 4, entry {ids[3]}: seal 3 missing before this one"]

    def test_deleted_and_renumbered_is_named(self) -> None:
        write(5)
        delete_entries("seq = 3")
        sql("DELETE FROM audit_ledgerseal WHERE seq = 3")
        sql("UPDATE audit_ledgerseal SET seq = 3 WHERE seq = 4")
        sql("UPDATE audit_ledgerseal SET seq = 4 WHERE seq = 5")
        sql("UPDATE audit_ledgerhead SET seq = 4")
        ids = [row[0] for row in sql("SELECT entry_id FROM audit_ledgerseal ORDER BY seq")]
        assert faults() == [
            f"seal 3, entry {ids[2]}: does not follow the entry before it",
            f"seal 3, entry {ids[2]}: entry or seal changed",
            f"seal 4, entry {ids[3]}: entry or seal changed",
        ]

    def test_swapped_entries_are_named(self) -> None:
        write(5)
        ids = [row[0] for row in sql("SELECT entry_id FROM audit_ledgerseal ORDER BY seq")]
        sql("UPDATE audit_ledgerseal SET entry_id = -1 WHERE seq = 2")
        sql("UPDATE audit_ledgerseal SET entry_id = %s WHERE seq = 3", ids[1])
        sql("UPDATE audit_ledgerseal SET entry_id = %s WHERE seq = 2", ids[2])
        assert faults() == [
            f"seal 2, entry {ids[2]}: entry or seal changed",
            f"seal 3, entry {ids[1]}: entry or seal changed",
        ]

    def test_truncation_is_named_by_the_head(self) -> None:
        write(5)
        delete_entries("seq > 3")
        sql("DELETE FROM audit_ledgerseal WHERE seq > 3")
        assert faults() == ["seal 5: the chain ends at 3, its head says 5: entries cut off"]

    def test_truncation_with_a_repaired_head_is_named_by_the_root_outside(self) -> None:
        write(5)
        root = export.head()
        delete_entries("seq > 3")
        sql("DELETE FROM audit_ledgerseal WHERE seq > 3")
        sql(
            "UPDATE audit_ledgerhead SET seq = 3, "
            "hash = (SELECT hash FROM audit_ledgerseal WHERE seq = 3)"
        )
        assert faults() == []
        assert faults(root) == ["seal 5: cut off: a root kept outside names it"]

    def test_rewritten_chain_is_named_by_the_root_outside(self) -> None:
        write(3)
        root = export.head()
        sql("DELETE FROM audit_ledgerentry")
        sql("DELETE FROM audit_ledgerseal")
        sql("UPDATE audit_ledgerhead SET seq = 0, hash = decode(repeat('00', 32), 'hex')")
        write(4, purpose="another story")
        assert faults() == []
        third = sql("SELECT entry_id FROM audit_ledgerseal WHERE seq = 3")[0][0]
        assert faults(root) == [f"seal 3, entry {third}: differs from the root kept outside"]

    def test_everything_deleted_is_named(self) -> None:
        write(3)
        for table in ("entry", "seal", "head"):
            sql(f"DELETE FROM audit_ledger{table}")  # noqa: S608
        assert report().whole is False

    def test_entry_smuggled_past_the_trigger_is_named(self) -> None:
        write(2)
        sql("ALTER TABLE audit_ledgerentry DISABLE TRIGGER audit_ledger_queue")
        write(1)
        sql("ALTER TABLE audit_ledgerentry ENABLE TRIGGER audit_ledger_queue")
        newest = sql("SELECT max(id) FROM audit_ledgerentry")[0][0]
        assert faults() == [f"entry {newest}: entry without a seal"]

    def test_one_broken_row_is_one_fault(self) -> None:
        write(200)
        sql(
            "UPDATE audit_ledgerentry SET purpose = 'x' "
            "WHERE id = (SELECT min(id) FROM audit_ledgerentry)"
        )
        assert len(faults()) == 1

    def test_odd_texts_are_hashed_alike(self) -> None:
        write(1, purpose="", object_id="")
        write(1, about=None, data={})
        write(
            1,
            purpose="𠮷野家の髙﨑さん,3:x,-,",
            data={"キー": '値"\\/\n\t\x7f', "b": False, "big": 2**62},
        )
        assert report().faults == []

    def test_standalone_verifier_reads_an_export(self, tmp_path: Path) -> None:
        write(3)
        head, rows = export.ledger()
        lines = [json.dumps(export.root_statement("shiomi", head))]
        lines += [verify.to_line(row) for row in rows]
        whole, broken, roots = tmp_path / "whole", tmp_path / "broken", tmp_path / "roots"
        whole.write_text("\n".join(lines))
        broken.write_text("\n".join([lines[0], lines[1].replace("審査", "却下"), *lines[2:]]))
        roots.write_text(lines[0] + "\n")
        program = Path(verify.__file__)
        for file, code in ((whole, 0), (broken, 1)):
            run = subprocess.run(
                [sys.executable, "-I", "-S", program, file, "--roots", roots],
                capture_output=True,
                text=True,
                check=False,
            )
            assert run.returncode == code, run.stdout + run.stderr
        assert "entry or seal changed" in run.stdout

    def test_commit_locks_the_head_after_every_foreign_key(self) -> None:
        """The seal is made in a later round of deferred triggers than Django's foreign keys."""
        triggers = sql(
            "SELECT tgname, tgdeferrable, tginitdeferred FROM pg_trigger "
            "WHERE tgname LIKE 'audit_ledger%%' AND tgrelid::regclass::text LIKE 'audit_ledger%%' "
            "ORDER BY tgname"
        )
        assert triggers == [("audit_ledger_queue", True, True), ("audit_ledger_seal", True, True)]


class TestTownRole:
    """The role that a request runs with."""

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE audit_ledgerentry SET purpose = ''",
            "DELETE FROM audit_ledgerentry",
            "TRUNCATE audit_ledgerentry",
            "INSERT INTO audit_ledgerseal (entry_id) VALUES (1)",
            "UPDATE audit_ledgerseal SET seq = 1",
            "DELETE FROM audit_ledgerseal",
            "UPDATE audit_ledgerhead SET seq = 0",
            "DELETE FROM audit_ledgerhead",
            "ALTER TABLE audit_ledgerentry DISABLE TRIGGER ALL",
            "DROP TRIGGER audit_ledger_queue ON audit_ledgerentry",
            "SET LOCAL session_replication_role = replica",
            _FORGERY,
        ],
    )
    def test_can_only_insert(self, town: object, statement: str) -> None:
        with (
            pytest.raises(ProgrammingError, match=r"permission denied|must be owner"),
            transaction.atomic(),
        ):
            sql(statement)

    def test_reads_and_seals(self, town: object) -> None:
        before = LedgerHead.objects.get().seq
        write(2)
        assert report().faults == []
        assert LedgerEntry.objects.count() == LedgerSeal.objects.count() == before + 2
        assert LedgerHead.objects.get().seq == before + 2

    def test_record_is_one_statement(self, town: object) -> None:
        with CaptureQueriesContext(connection) as queries:
            ledger.record(event="test.looked_at", by=STAFF)
        assert [query["sql"].split()[0] for query in queries] == ["INSERT"]

    def test_a_shadowing_temporary_table_is_not_used(self, town: object) -> None:
        before = LedgerHead.objects.get().seq
        sql("CREATE TEMP TABLE audit_ledgerhead (id int, seq bigint, hash bytea)")
        sql("CREATE TEMP TABLE audit_ledgerseal (entry_id bigint)")
        write(1)
        schema = connection.schema_name
        head = f"SELECT seq FROM {schema}.audit_ledgerhead"  # noqa: S608
        assert sql(head) == [(before + 1,)]
        assert sql("SELECT count(*) FROM pg_temp.audit_ledgerseal") == [(0,)]

    def test_nothing_is_sealed_of_what_was_rolled_back(self, town: object) -> None:
        before = report().entries
        with transaction.atomic():
            write(1)
            transaction.set_rollback(True)
        write(1)
        seal()
        assert report().entries == before + 1


class TestConcurrentWriters:
    def test_they_make_one_chain_without_deadlock(
        self, database_name: str, django_db_setup: None
    ) -> None:
        database = f"{database_name}_writers"
        create_database(database)
        threads, rounds = 8, 25
        errors: list[BaseException] = []
        with psycopg.connect(server_url(APP, database)) as conn:
            _enter(conn)
            (before,) = conn.execute("SELECT seq FROM audit_ledgerhead").fetchone() or (None,)

        def work(number: int) -> None:
            try:
                with psycopg.connect(server_url(APP, database), autocommit=True) as conn:
                    for turn in range(rounds):
                        with conn.transaction():
                            _enter(conn)
                            # Each writer holds rows of its own, some of them the others' parents.
                            conn.execute("SELECT 1 FROM identity_department FOR UPDATE SKIP LOCKED")
                            for part in range(1 + turn % 2):
                                conn.execute(
                                    "INSERT INTO audit_ledgerentry (event, actor_kind, actor_id, "
                                    "actor_name, object_kind, object_id, purpose, data) "
                                    "VALUES ('e', 'system', '', '', '', %s, '', '{}')",
                                    [f"{number}-{turn}-{part}"],
                                )
            except psycopg.Error as error:
                errors.append(error)

        writers = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join(60)
        assert errors == []
        with psycopg.connect(server_url(APP, database)) as conn:
            _enter(conn)
            head, *rows = conn.execute(export._LEDGER).fetchall()
        result = verify.verify(
            (export._row(row) for row in rows), verify.Root(head[13], bytes(head[16]))
        )
        assert result.faults == []
        assert result.entries == before + threads * (rounds + rounds // 2)

    def test_seal_waits_for_no_foreign_key_while_it_holds_the_head(
        self, database_name: str, django_db_setup: None
    ) -> None:
        """A row lock on a parent, taken by somebody who writes to the ledger too: no deadlock."""
        database = f"{database_name}_parents"
        create_database(database)
        with (
            psycopg.connect(server_url(APP, database)) as first,
            psycopg.connect(server_url(APP, database)) as second,
        ):
            _enter(first)
            first.execute(
                "INSERT INTO identity_department (id, key, name) VALUES "
                "('5f0c2f7e-0000-4000-8000-0000000000d1', 'harbour', '{}')"
            )
            first.execute(
                "INSERT INTO identity_user (id, password, is_superuser, kind, username, name, "
                "name_kana, email, language, is_active, is_staff, date_joined) VALUES "
                "('5f0c2f7e-0000-4000-8000-0000000000e1', '!', false, 'staff', 'x', 'x', '', '', "
                "'ja', true, false, now())"
            )
            first.commit()
            _enter(first)
            _enter(second)
            first.execute("SELECT 1 FROM identity_department WHERE key = 'harbour' FOR UPDATE")
            _insert_entry(second)
            second.execute(
                "INSERT INTO identity_staffrole (user_id, department_id, role) VALUES "
                "('5f0c2f7e-0000-4000-8000-0000000000e1', "
                "'5f0c2f7e-0000-4000-8000-0000000000d1', 'lead')"
            )
            committing = threading.Thread(target=second.commit)
            committing.start()
            committing.join(0.5)
            assert committing.is_alive()  # waits for the parent, and must not hold the head
            _insert_entry(first)
            first.commit()
            committing.join(20)
            assert not committing.is_alive()


def delete_entries(where: str) -> None:
    chosen = f"SELECT entry_id FROM audit_ledgerseal WHERE {where}"  # noqa: S608
    sql(f"DELETE FROM audit_ledgerentry WHERE id IN ({chosen})")  # noqa: S608


def _enter(conn: psycopg.Connection) -> None:
    role = "madoguchi.shiomi"
    conn.execute(
        "SELECT set_config('search_path', 'shiomi', true), set_config('role', %s, true)", [role]
    )


def _insert_entry(conn: psycopg.Connection) -> None:
    conn.execute(
        "INSERT INTO audit_ledgerentry (event, actor_kind, actor_id, actor_name, object_kind, "
        "object_id, purpose, data) VALUES ('e', 'system', '', '', '', '', '', '{}')"
    )
