"""While a new version is rolled out, the old one still writes, and names no newer column."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ModelState, ProjectState
from django.db.models import NOT_PROVIDED

from forms.models import Draft
from tests import sources
from tests.factories import cases as make

Fields = dict[tuple[str, str], dict[str, Any]]


def _must_be_named(field: Any) -> bool:
    """Whether a row cannot be inserted without a word about this column."""
    return not field.null and field.db_default is NOT_PROVIDED and not field.many_to_many


def _fields(state: ProjectState) -> Fields:
    return {key: dict(model.fields) for key, model in state.models.items()}


def _closed_to_old(before: Fields, after: Fields) -> Iterator[tuple[str, str, str]]:
    """Columns of tables that were there before, which an old process could leave out until now."""
    for key in before.keys() & after.keys():
        for name, field in after[key].items():
            old = before[key].get(name)
            if _must_be_named(field) and (old is None or not _must_be_named(old)):
                yield (*key, name)


def _closed_in_the_end() -> list[str]:
    graph = MigrationLoader(None).graph
    ours = {app.label for app in apps.get_app_configs() if sources.is_ours(app)}
    steps = dict.fromkeys(key for leaf in graph.leaf_nodes() for key in graph.forwards_plan(leaf))
    state, found = ProjectState(), set()
    for app, name in steps:
        migration = graph.nodes[app, name]
        if app not in ours:
            continue  # of no column of ours
        before = _fields(state)
        for operation in migration.operations:
            operation.state_forwards(app, state)
        if not migration.initial:
            found |= set(_closed_to_old(before, _fields(state)))
    last = _fields(state)
    return sorted(
        ".".join((app, model, name))
        for app, model, name in found
        if name in last.get((app, model), {}) and _must_be_named(last[app, model][name])
    )


def test_what_an_old_process_does_not_name_has_a_default_in_the_database() -> None:
    assert _closed_in_the_end() == []


@pytest.mark.parametrize(
    ("field", "closed"),
    [
        (models.CharField(max_length=9, default=""), True),
        (models.CharField(max_length=9, default="", db_default=""), False),
        (models.CharField(max_length=9, null=True), False),
    ],
)
def test_a_column_without_a_default_is_found(field: Any, closed: bool) -> None:
    state = ProjectState()
    state.add_model(ModelState("room", "Thing", [("id", models.AutoField(primary_key=True))]))
    before = _fields(state)
    migrations.AddField("thing", "word", field).state_forwards("room", state)
    assert list(_closed_to_old(before, _fields(state))) == [("room", "thing", "word")] * closed


def test_an_old_process_begins_a_draft(town: Any) -> None:
    """As the version before guests did: without a word about them."""
    draft = make.draft_ready_to_send()
    fields = [field for field in Draft._meta.concrete_fields if field.name != "guest"]
    columns = ", ".join(f'"{field.column}"' for field in fields)
    Draft.objects.filter(pk=draft.pk).update(state="discarded")
    values = columns.replace('"id"', "gen_random_uuid()")
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO forms_draft ({columns}) SELECT {values} FROM forms_draft"  # noqa: S608  names of the model
        )
    assert set(Draft.objects.values_list("guest", flat=True)) == {""}
