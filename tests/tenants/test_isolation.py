"""The database itself keeps municipalities apart."""

from __future__ import annotations

from typing import Any
from unittest import mock

import psycopg
import pytest
from django.db import DatabaseError, DataError, ProgrammingError, connection, transaction
from django.test import Client

from identity.models import User
from tenants import context
from tenants.errors import OutsideTenant, UnknownMunicipality
from tenants.models import Municipality
from tenants.postgresql import base
from tests.tenants.conftest import provision


def _one(statement: str, *parameters: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchone()[0]


def _where() -> tuple[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('search_path'), current_user")
        found = cursor.fetchone()
    return found[0], found[1]


SHIOMI = ('"shiomi"', "madoguchi.shiomi")


@pytest.fixture
def unblocked(django_db_setup: None, django_db_blocker: Any) -> Any:
    """No transaction around the test, as in a command or a worker."""
    with django_db_blocker.unblock():
        yield
        assert not connection.in_atomic_block
        connection.set_schema_to_public()


class TestPathAndRole:
    def test_are_set_together_and_end_with_the_transaction(self, unblocked: None) -> None:
        with context.municipality("shiomi"):
            assert _where() == SHIOMI
        path, user = _where()
        assert "shiomi" not in path
        assert user == "madoguchi_app"

    def test_cost_one_statement_for_a_transaction(self, unblocked: None) -> None:
        from django.test.utils import CaptureQueriesContext

        town = context.by_schema("shiomi")
        with CaptureQueriesContext(connection) as queries, context.municipality(town):
            User.objects.count()
            User.objects.count()
        kinds = [query["sql"].split("(")[0].split()[0:2] for query in queries]
        assert kinds == [
            ["BEGIN"], ["SELECT", "set_config"], ["SELECT", "COUNT"], ["SELECT", "COUNT"],
            ["COMMIT"],
        ]  # fmt: skip

    def test_survive_a_savepoint_that_is_rolled_back(self, unblocked: None) -> None:
        with context.municipality("shiomi"):
            with transaction.atomic():  # the first statement is inside: its setting goes with it
                assert _where() == SHIOMI
                transaction.set_rollback(True)
            assert _where() == SHIOMI
            with pytest.raises(DatabaseError), transaction.atomic():
                _one("SELECT 1/0")
            assert _where() == SHIOMI

    def test_named_cursors_have_them(self, unblocked: None) -> None:
        with context.municipality("shiomi"), connection.chunked_cursor() as cursor:
            cursor.execute("SELECT current_user")
            assert cursor.fetchall() == [("madoguchi.shiomi",)]
        with context.municipality("shiomi"):
            assert list(User.objects.filter(username="nobody").iterator()) == []

    def test_nest_and_return(self, unblocked: None) -> None:
        with context.municipality("shiomi"):
            assert _where() == SHIOMI
            with context.public():
                assert _where()[1] == "madoguchi_app"
                assert Municipality.objects.filter(schema_name="shiomi").exists()
            assert _where() == SHIOMI
            with context.municipality("suginosawa"):
                assert _where() == ('"suginosawa"', "madoguchi.suginosawa")
            assert _where() == SHIOMI

    def test_return_after_an_error(self, unblocked: None) -> None:
        with context.municipality("shiomi"):
            with pytest.raises(ZeroDivisionError), context.municipality("suginosawa"):  # noqa: PT012
                User.objects.create_resident()
                raise ZeroDivisionError
            assert _where() == SHIOMI
        with context.municipality("suginosawa"):
            assert not User.objects.filter(username__startswith="resident-", name="").exists()

    def test_committed_work_stays_in_its_town(self, own_database: str) -> None:
        with context.municipality("shiomi"):
            User.objects.create_resident(name="one of Shiomi")
        with context.municipality("suginosawa"):
            assert not User.objects.filter(name="one of Shiomi").exists()
        with context.municipality("shiomi"):
            assert User.objects.filter(name="one of Shiomi").count() == 1


class TestFailsClosed:
    def test_outside_a_transaction(self, unblocked: None) -> None:
        connection.set_tenant(context.by_schema("shiomi"))
        with pytest.raises(OutsideTenant, match="outside its transaction"):
            User.objects.count()
        with pytest.raises(OutsideTenant), connection.cursor():
            pass

    def test_town_by_name_only(self, unblocked: None) -> None:
        connection.set_schema("shiomi")
        with pytest.raises(OutsideTenant, match="role is unknown"), transaction.atomic():
            User.objects.count()

    def test_without_a_town_there_are_no_users(self, unblocked: None) -> None:
        connection.set_schema_to_public()
        with pytest.raises(ProgrammingError, match="does not exist"):
            User.objects.count()

    def test_unknown_town(self, unblocked: None) -> None:
        with pytest.raises(UnknownMunicipality), context.municipality("nowhere"):
            pass

    def test_in_a_thread(self, unblocked: None) -> None:
        """A thread has a connection of its own, which belongs to no town."""
        import threading

        found: list[Any] = []

        def look() -> None:
            try:
                found.append(User.objects.count())
            except Exception as error:  # noqa: BLE001  whatever it is, the test compares it
                found.append(type(error))
            finally:
                connection.close()

        with context.municipality("shiomi"):
            thread = threading.Thread(target=look)
            thread.start()
            thread.join(20)
        assert found == [ProgrammingError]


class TestRole:
    @pytest.mark.parametrize(
        "statement",
        [
            "SELECT * FROM suginosawa.identity_user",
            "INSERT INTO suginosawa.auth_group (name) VALUES ('x')",
            "SELECT * FROM madoguchi_template.identity_user",
            "SELECT * FROM public.tenants_municipality",
            "UPDATE public.tenants_domain SET domain = 'x'",
            "CREATE TABLE mine (id int)",
            "CREATE TABLE public.mine (id int)",
            "CREATE SCHEMA mine",
            "DROP TABLE auth_group",
            "TRUNCATE auth_group",
            "ALTER TABLE auth_group ADD COLUMN x int",
            "UPDATE django_migrations SET name = 'x'",
            "CREATE ROLE mine",
            'ALTER ROLE "madoguchi.shiomi" SUPERUSER',
        ],
    )
    def test_cannot(self, town: Any, statement: str) -> None:
        with (
            pytest.raises(ProgrammingError, match=r"permission denied|must be owner"),
            transaction.atomic(),
        ):
            _one(statement)

    def test_missing_table_does_not_fall_through_to_public(self, town: Any) -> None:
        for table in ("tenants_municipality", "tenants_domain"):
            with pytest.raises(ProgrammingError, match="does not exist"), transaction.atomic():
                _one(f"SELECT count(*) FROM {table}")  # noqa: S608
        with pytest.raises(ProgrammingError), transaction.atomic():
            Municipality.objects.count()

    def test_the_login_itself_reads_no_town(self, unblocked: None) -> None:
        with pytest.raises(ProgrammingError, match="permission denied"):
            _one("SELECT count(*) FROM shiomi.identity_user")

    def test_every_table_answers(self, town: Any) -> None:
        """A grant was not forgotten anywhere."""
        from django.apps import apps

        shared = {"tenants"}
        for model in apps.get_models(include_auto_created=True):
            if model._meta.managed and model._meta.app_label not in shared:
                model._default_manager.exists()


class TestStartOver:
    """What an error page needs: the view's writes gone, the database still there."""

    def test_in_a_transaction(self, own_database: str) -> None:
        called: list[int] = []
        with context.municipality("shiomi"):
            User.objects.create_resident(name="lost")
            transaction.on_commit(lambda: called.append(1))
            connection.start_over()
            assert _where() == SHIOMI
            User.objects.create_resident(name="kept")
        with context.municipality("shiomi"):
            names = set(User.objects.values_list("name", flat=True))
        assert "kept" in names
        assert "lost" not in names
        assert called == []

    def test_after_a_database_error(self, own_database: str) -> None:
        with context.municipality("shiomi"):
            with pytest.raises(DatabaseError):
                _one("SELECT 1/0")
            connection.start_over()
            assert _where() == SHIOMI

    def test_inside_another_transaction(self, town: Any) -> None:
        User.objects.create_resident(name="outer")
        with transaction.atomic():
            User.objects.create_resident(name="lost")
            connection.start_over()
            User.objects.create_resident(name="kept")
        names = set(User.objects.values_list("name", flat=True))
        assert {"outer", "kept"} <= names
        assert "lost" not in names


class TestRecycling:
    def test_connection_ends_after_many_schemas(
        self, own_database: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(base, "SCHEMAS_PER_CONNECTION", 2)
        town = provision(1)
        for schema in ("shiomi", "suginosawa", "shiomi"):
            with context.municipality(schema):
                User.objects.exists()
        first = connection.connection
        connection.close_if_unusable_or_obsolete()
        assert connection.connection is first
        with context.municipality(town):
            User.objects.exists()
        connection.close_if_unusable_or_obsolete()
        assert connection.connection is None
        with context.municipality(town):
            assert User.objects.exists() is False
        connection.close_if_unusable_or_obsolete()
        assert connection.connection is not None

    def test_lost_connection_is_an_error_and_then_a_new_one(self, own_database: str) -> None:
        with pytest.raises(DatabaseError), context.municipality("shiomi"):  # noqa: PT012
            User.objects.exists()
            pid = _one("SELECT pg_backend_pid()")
            _terminate(pid)
            User.objects.exists()
        connection.close_if_unusable_or_obsolete()
        connection.close()
        with context.municipality("shiomi"):
            assert _where() == SHIOMI

    def test_a_healthy_connection_is_not_asked(self, own_database: str) -> None:
        with context.municipality("shiomi"):
            User.objects.exists()
        with mock.patch.object(base.DatabaseWrapper.__base__, "is_usable") as asked:
            assert connection.is_usable() is True
        asked.assert_not_called()
        _terminate(connection.connection.info.backend_pid)
        assert connection.is_usable() is False

    def test_enter_opens_the_transaction_and_places_it(self, own_database: str) -> None:
        town = context.by_schema("shiomi")
        connection.set_tenant(town)
        with transaction.atomic():
            connection.enter()
            status = connection.connection.pgconn.transaction_status
            assert status == psycopg.pq.TransactionStatus.INTRANS
            assert _where() == SHIOMI
            with transaction.atomic():  # one in it opens none
                connection.enter()
            User.objects.create_resident(name="kept")
        with context.municipality(town):
            assert User.objects.filter(name="kept").exists()

    def test_enter_with_an_unknown_role_says_so(self, own_database: str) -> None:
        town = context.by_schema("shiomi")
        town.role = "nobody-at-all"
        connection.set_tenant(town)
        with (
            pytest.raises(DataError, match="nobody-at-all"),
            transaction.atomic(),
        ):
            connection.enter()
        with context.municipality("shiomi"):
            assert _where() == SHIOMI

    def test_request_whose_first_statement_finds_the_server_gone_is_answered(
        self, own_database: str
    ) -> None:
        """The test client does not ask before a request, as Django does."""
        client = Client()
        host = {"HTTP_HOST": "shiomi.localhost"}
        assert client.get("/applications/", **host).status_code == 302
        first = connection.connection.info.backend_pid
        _terminate(first)
        assert client.get("/applications/", **host).status_code == 302
        assert connection.connection.info.backend_pid != first


def _terminate(pid: int) -> None:
    """End a server process, and wait until it is gone."""
    from tests.conftest import server_url

    with psycopg.connect(server_url("postgres", "postgres"), autocommit=True) as superuser:
        superuser.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])


class TestCacheKeys:
    def test_a_value_of_one_town_is_not_read_in_another(self, db: None) -> None:
        from django.core.cache import cache

        with context.municipality("shiomi"):
            cache.set("greeting", "from Shiomi")
        with context.municipality("suginosawa"):
            assert cache.get("greeting") is None
            cache.set("greeting", "from Suginosawa")
        with context.municipality("shiomi"):
            assert cache.get("greeting") == "from Shiomi"
        assert cache.get("greeting") is None


class TestFiles:
    def test_each_town_has_its_folder(self, db: None) -> None:
        from pathlib import Path

        from django.core.files.base import ContentFile

        from tenants.files import PrivateStorage, PublicStorage

        paths = {}
        for schema in ("shiomi", "suginosawa"):
            with context.municipality(schema):
                for storage in (PrivateStorage(), PublicStorage()):
                    name = storage.save("a.txt", ContentFile(schema.encode()))
                    with storage.open(name) as file:
                        assert file.read() == schema.encode()
                    paths[schema, type(storage).__name__] = Path(storage.path(name))
        assert len(set(paths.values())) == 4
        assert all(schema in path.parts for (schema, _), path in paths.items())
        private = paths["shiomi", "PrivateStorage"]
        assert oct(private.stat().st_mode & 0o777) == "0o600"

    def test_private_file_has_no_address_and_no_way_out(self, town: Any) -> None:
        from django.core.exceptions import SuspiciousFileOperation

        from tenants.files import PrivateStorage

        storage = PrivateStorage()
        with pytest.raises(ValueError, match="no address"):
            storage.url("a.txt")
        for name in ("../../suginosawa/private/a.txt", "/etc/passwd", "a/../../../b"):
            with pytest.raises(SuspiciousFileOperation):
                storage.path(name)

    def test_no_file_without_a_town(self, db: None) -> None:
        from tenants.files import PrivateStorage, PublicStorage

        connection.set_schema_to_public()
        for storage in (PrivateStorage(), PublicStorage()):
            with pytest.raises(OutsideTenant):
                storage.exists("a.txt")
