"""A look-up finds what the query set finds, with SQL that is built once."""

import uuid
from datetime import datetime, timedelta
from typing import Any
from unittest import mock

import pytest
from django.db import connection, transaction
from django.db.models import Count
from django.db.models.sql.compiler import SQLCompiler
from django.http import HttpRequest, HttpResponse
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cases.models import Case, Consultation, CorrectionRequest
from common.lookup import Lookup, attach_each
from identity.middleware import UserMiddleware
from identity.models import Session, StaffRole, User
from identity.sessions import SessionStore
from tests.factories import cases as make
from tests.factories import people


def _case(pk: Any) -> Any:
    return Case.objects.select_related("application", "assigned_to").filter(pk=pk)


def test_one_is_what_the_query_set_gives(town: Any) -> None:
    case = make.claimed_case()
    found = Lookup(_case, pk=uuid.UUID).one(pk=case.pk)
    assert found is not None
    expected = _case(case.pk).get()
    for model, field in ((found, expected), (found.application, expected.application)):
        for column in model._meta.concrete_fields:
            assert getattr(model, column.attname) == getattr(field, column.attname), column
    with CaptureQueriesContext(connection) as statements:
        assert found.assigned_to == expected.assigned_to
        assert found.application.receipt_number
    assert len(statements) == 0


def test_an_outer_join_that_finds_nothing_is_none(town: Any) -> None:
    found = Lookup(_case, pk=uuid.UUID).one(pk=make.submitted_case().pk)
    assert found is not None
    assert found.assigned_to is None


def test_no_row_is_none(town: Any) -> None:
    assert Lookup(_case, pk=uuid.UUID).one(pk=uuid.uuid4()) is None


def test_sql_is_built_once_and_serves_every_town(town: Any, in_town: Any) -> None:
    look = Lookup(_case, pk=uuid.UUID)
    case = make.submitted_case()
    with in_town("suginosawa"):
        other = make.submitted_case()
        assert look.one(pk=other.pk) == other
        assert look.one(pk=case.pk) is None
    with mock.patch.object(SQLCompiler, "as_sql", side_effect=AssertionError):
        found = look.one(pk=case.pk)
        assert look.one(pk=other.pk) is None
    assert found == case


def test_all_keeps_the_order(town: Any) -> None:
    user = people.staff()
    StaffRole.objects.filter(user=user).delete()
    for role in ("lead", "consultee", "caseworker"):
        StaffRole.objects.create(user=user, role=role)
    look = Lookup(lambda user: StaffRole.objects.filter(user=user).order_by("role"), user=uuid.UUID)
    assert [held.role for held in look.all(user=user.pk)] == ["caseworker", "consultee", "lead"]


def test_attach_is_prefetching(town: Any) -> None:
    case = make.claimed_case()
    make.answered_correction(make.correction_of(case), purpose="x")
    look = Lookup(lambda case: CorrectionRequest.objects.filter(case=case), case=uuid.UUID)
    case = Case.objects.get(pk=case.pk)
    look.attach(case, "corrections", case=case.pk)
    with CaptureQueriesContext(connection) as statements:
        (request,) = case.corrections.all()
        assert request.case is case
    assert len(statements) == 0


def test_attach_each_is_one_statement_or_none(town: Any) -> None:
    consultation = make.consulted_case()
    case = Case.objects.get(pk=consultation.case_id)
    asked = Consultation.objects.get(pk=consultation.pk)
    with CaptureQueriesContext(connection) as statements:
        attach_each([case, asked], "assigned_to", "asked_by", "answered_by")
        attach_each([case, asked], "assigned_to", "asked_by", "answered_by")
        attach_each([], "assigned_to")
        assert (case.assigned_to, asked.answered_by) == (consultation.asked_by, None)
        assert asked.asked_by == consultation.asked_by
    assert len(statements) == 1


def test_a_parameter_must_be_compared_with() -> None:
    look = Lookup(lambda pk: User.objects.all(), pk=uuid.UUID)
    with pytest.raises(TypeError, match=r"does not compare with \['pk'\]"):
        look._compiled  # noqa: B018


def test_every_parameter_has_a_type() -> None:
    with pytest.raises(TypeError, match="pk"):
        Lookup(lambda pk: User.objects.filter(pk=pk))


def test_annotations_are_refused() -> None:
    counted = User.objects.annotate(held=Count("roles"))
    look = Lookup(lambda pk: counted.filter(pk=pk), pk=uuid.UUID)
    with pytest.raises(TypeError, match="annotations"):
        look._compiled  # noqa: B018


def test_session_is_found_until_it_expires(town: Any) -> None:
    store = SessionStore()
    store["kept"] = "x"
    store.create()
    assert SessionStore(store.session_key)["kept"] == "x"
    expired: datetime = timezone.now() - timedelta(seconds=1)
    Session.objects.filter(session_key=store.session_key).update(expire_date=expired)
    late = SessionStore(store.session_key)
    assert late.get("kept") is None
    assert late.session_key is None


def test_session_of_another_town_is_nobodys(town: Any, in_town: Any) -> None:
    with in_town("suginosawa"):
        store = SessionStore()
        store["kept"] = "x"
        store.create()
    assert SessionStore(store.session_key).get("kept") is None


_by_name: Lookup[User] = Lookup(lambda name: User.objects.filter(username=name), name=str)


def test_planned_once_it_stays_in_its_town(town: Any, in_town: Any) -> None:
    """A kept plan knows the tables of one schema; the next town must never be answered by it."""
    here = User.objects.create_staff("twin", name="")
    with in_town("suginosawa"):
        there = User.objects.create_staff("twin", name="")
    for _ in range(8):
        assert _found() == here
        with in_town("suginosawa"):
            assert _found() == there
    names = {line.rsplit(" -- ", 1)[-1] for line in _prepared("identity_user")}
    assert {"shiomi", "suginosawa"} <= names


def test_plans_are_made_anew_after_a_rollback(town: Any) -> None:
    here = User.objects.create_staff("twin", name="")
    for _ in range(8):
        assert _found() == here
    with transaction.atomic():
        User.objects.create_staff("gone", name="")
        transaction.set_rollback(True)
    for _ in range(8):
        assert _found() == here


def test_a_pooler_that_cannot_prepare_needs_not(town: Any, monkeypatch: Any) -> None:
    here = User.objects.create_staff("twin", name="")
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "prepare_threshold", None)
    before = _prepared("identity_user")
    for _ in range(8):
        assert _found() == here
    assert _prepared("identity_user") == before


def _found() -> User | None:
    return _by_name.one(name="twin")


def _prepared(table: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements")
        return [statement for (statement,) in cursor.fetchall() if table in statement]


def test_user_comes_with_the_session(
    town: Any, client: Any, django_assert_num_queries: Any
) -> None:
    resident = people.resident()
    client.force_login(resident, "identity.backends.EidBackend")
    assert Session.objects.get().user == resident
    store = SessionStore(client.session.session_key)
    request = HttpRequest()
    request.session = store
    UserMiddleware(lambda request: HttpResponse()).process_request(request)
    with django_assert_num_queries(1):
        assert request.user == resident


@pytest.mark.parametrize("kind", ["blocked", "of the other kind"])
def test_session_of_a_blocked_account_is_nobodys(town: Any, client: Any, kind: str) -> None:
    resident = people.resident()
    backend = "Eid" if kind == "blocked" else "Staff"
    client.force_login(resident, f"identity.backends.{backend}Backend")
    if kind == "blocked":
        User.objects.filter(pk=resident.pk).update(is_active=False)
    request = HttpRequest()
    request.session = SessionStore(client.session.session_key)
    UserMiddleware(lambda request: HttpResponse()).process_request(request)
    assert not request.user.is_authenticated


def test_sessions_go_with_the_account(town: Any, client: Any) -> None:
    resident = people.resident()
    client.force_login(resident, "identity.backends.EidBackend")
    resident.delete()
    assert not Session.objects.exists()


def test_any_of_finds_whichever_there_are(town: Any) -> None:
    look = Lookup(lambda ids: Case.objects.filter(pk__any_of=ids).order_by("pk"), ids=list)
    cases = sorted((make.submitted_case() for _ in range(3)), key=lambda case: case.pk)
    ids = [case.pk for case in cases]
    assert look.all(ids=ids) == cases
    assert look.all(ids=[ids[1], uuid.uuid4()]) == [cases[1]]
    assert look.all(ids=[]) == []
