"""Rows that a process keeps."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases.models import Application, Case
from common import kept
from common.text import Text
from forms.models import Draft
from tests.factories import cases as make


def test_a_published_version_is_read_once(town: Any) -> None:
    draft = make.draft_ready_to_send()
    kept.forget()
    with CaptureQueriesContext(connection) as statements:
        first = Draft.objects.get(pk=draft.pk).version
        second = Draft.objects.get(pk=draft.pk).version
    assert first is second
    assert first == draft.version
    assert len(statements) == 3


def test_each_town_has_its_own(town: Any, in_town: Any) -> None:
    case = make.submitted_case()
    with in_town("suginosawa"):
        other = make.submitted_case()
        assert Case.objects.get(pk=other.pk).offering.pk == other.offering_id
    assert Case.objects.get(pk=case.pk).offering.pk == case.offering_id
    schemas = {schema for schema, _label, _key in kept._kept}
    assert schemas == {"shiomi", "suginosawa"}


def test_what_can_change_is_kept_for_seconds(town: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    case = make.submitted_case()
    kept.forget()
    now = 1000.0
    monkeypatch.setattr(kept.time, "monotonic", lambda: now)
    offering = Case.objects.get(pk=case.pk).offering
    type(offering).objects.filter(pk=offering.pk).update(title=Text({"ja": "新", "en": "New"}))
    assert Case.objects.get(pk=case.pk).offering is offering
    now += 5.1
    assert str(Case.objects.get(pk=case.pk).offering.title.in_language("en")) == "New"


def test_only_so_many_are_kept(town: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MOST_KEPT", 2)
    case = make.submitted_case()
    kept.forget()
    fresh = Case.objects.get(pk=case.pk)
    assert [fresh.offering.pk, fresh.department.pk] == [case.offering_id, case.department_id]
    assert Application.objects.get(pk=case.application_id).version.pk
    assert len(kept._kept) == 2


def test_to_the_database_it_is_an_ordinary_foreign_key() -> None:
    name, path, _args, kwargs = Case._meta.get_field("offering").deconstruct()
    assert (name, path) == ("offering", "django.db.models.ForeignKey")
    assert "seconds" not in kwargs
