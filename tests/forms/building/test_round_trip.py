"""What is built is what a template holds: to YAML and back, and through the editor's pages."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from django.http import QueryDict
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from common.errors import InvalidInput
from forms import definitions
from forms.building import yaml_text
from forms.building.editing import Editor, Entry, specs_at
from forms.building.examining import examine
from forms.building.fields import fields_of, question_types
from forms.building.places import parts, shaped
from forms.definitions import FormDefinition
from tests.forms.building import made_up

SERVICES = sorted(Path("services").rglob("form.yaml"))
_SLOW = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(params=SERVICES, ids=lambda path: path.parent.name)
def form(request: Any) -> definitions.FormDefinition:
    return definitions.load(request.param.read_text(encoding="utf-8"))


def posted(entries: list[Entry]) -> QueryDict:
    """What a browser sends back of a page that nobody touched."""
    post = QueryDict(mutable=True)
    for entry in entries:
        post[f"{entry.name}-here"] = "1"
        match entry.kind:
            case "text":
                for code, _name, text in entry.texts:
                    post[f"{entry.name}-{code}"] = text.replace("\n", "\r\n")
                if entry.same:
                    post[f"{entry.name}-same"] = "1"
            case "flag":
                if entry.value:
                    post[entry.name] = "1"
            case "pick" | "picks":
                post.setlist(
                    entry.name, [value for value, _label, chosen in entry.options if chosen]
                )
            case "condition":
                assert entry.condition is not None
                condition = entry.condition
                post[f"{entry.name}-mode"] = condition.mode
                post[f"{entry.name}-text"] = condition.text
                post[f"{entry.name}-was"] = condition.was
                post[f"{entry.name}-n"] = str(len(condition.rows))
                for number, row in enumerate(condition.rows):
                    prefix = f"{entry.name}-{number}-"
                    post[f"{prefix}name"], post[f"{prefix}for"] = row.name, row.shown_for
                    post[f"{prefix}op"] = row.operation
                    post.setlist(f"{prefix}value", list(row.values))
            case "rows":
                post[f"{entry.name}-n"] = str(len(entry.rows))
                for row in entry.rows:
                    post[f"{entry.name}-{row.number}-extra"] = row.extra
                    post.update(posted(row.entries))
            case _:
                post[entry.name] = str(entry.value)
    return post


def through_the_pages(data: dict[str, Any]) -> dict[str, Any]:
    """Every page of the editor opened and saved as it is."""
    for place, part in [((), data), *parts(data)]:
        editor = Editor(data, place)
        specs = specs_at(place, part)
        page = posted(editor.entries(part, specs))
        saved = editor.read(page, dict(part), specs)
        assert editor.errors == {}, (place, editor.errors)
        part.clear()
        part.update(saved)
    return data


def test_services_go_to_yaml_and_back_without_loss(form: definitions.FormDefinition) -> None:
    again = yaml_text.read(yaml_text.write(shaped(form.as_json())))
    assert again == form.as_json()
    assert definitions.load(again).digest() == form.digest()
    assert definitions.load(yaml_text.write(shaped(form.as_json()))).digest() == form.digest()


def test_services_go_through_the_pages_without_loss(form: definitions.FormDefinition) -> None:
    data = through_the_pages(shaped(form.as_json()))
    assert data == form.as_json()
    assert examine(data).problems == ()


def _unused(data: dict[str, Any]) -> list[tuple[str, str]]:
    """Fields of the models that `data` says nothing of, by what they belong to."""
    used: set[tuple[str, str]] = set()
    all_of_them: set[tuple[str, str]] = set()
    kinds = [("form", data)] + [
        ("step" if len(place) == 1 else str(part["type"]), part) for place, part in parts(data)
    ]
    for kind, part in kinds:
        used |= {(kind, key) for key in part}
        for spec in fields_of(kind):
            all_of_them.add((kind, spec.key))
            for row in part.get(spec.key, ()) if spec.kind == "rows" else ():
                used |= {(f"{kind}.{spec.key}", key) for key in row}
            all_of_them |= {(f"{kind}.{spec.key}", one.key) for one in spec.fields}
    return sorted(all_of_them - used)


def test_a_definition_that_says_everything_goes_through_yaml_and_pages_without_loss() -> None:
    """Whoever adds a field or a type adds it to ``everything.yaml`` as well."""
    source = (Path(__file__).parent / "everything.yaml").read_text(encoding="utf-8")
    form = definitions.load(source)
    data = shaped(form.as_json())
    assert _unused(data) == []
    assert FormDefinition.model_fields.keys() == data.keys()
    assert {part["type"] for place, part in parts(data) if len(place) > 1} == set(question_types())
    assert yaml_text.read(yaml_text.write(data)) == data
    assert through_the_pages(copy.deepcopy(data)) == data
    assert definitions.load(data).digest() == form.digest()


_TEXTS = [
    "a\x85", "\u2028a", "a\r\nb", "\ufeffa", "a\n\n b ", "yes", "1", "~", "a: b", "# a", "'", '"',
    "\x07", "🏯", " ", "a\tb", "2026-01-01",
]  # fmt: skip


@pytest.mark.parametrize("text", _TEXTS)
def test_any_text_goes_to_yaml_and_back(text: str) -> None:
    data = shaped({"key": text, "steps": []})
    assert yaml_text.read(yaml_text.write(data)) == data


@_SLOW
@given(made_up.definitions())
def test_made_up_definitions_go_to_yaml_and_back_without_loss(data: dict[str, Any]) -> None:
    form = definitions.load(data)
    assert definitions.load(yaml_text.write(shaped(form.as_json()))).digest() == form.digest()
    assert yaml_text.read(yaml_text.write(shaped(data))) == shaped(data)


@_SLOW
@given(made_up.definitions())
def test_made_up_definitions_go_through_the_pages_without_loss(data: dict[str, Any]) -> None:
    """But for white space around a text, which a page takes away."""
    form = definitions.load(data)
    before = _stripped(shaped(form.as_json()))
    assert through_the_pages(_stripped(shaped(form.as_json()))) == before


def _stripped(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _stripped(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_stripped(item) for item in value]
    if isinstance(value, str):
        return " ".join(value.replace("\r", "").split())
    return value


_JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    | st.dates() | st.binary(max_size=4),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.text(max_size=6) | st.integers(), inner, max_size=3)
    | st.dictionaries(st.sampled_from(["steps", "questions", "id", "type", "label", "choices",
                                       "show_when", "validate", "rule", "languages", "key"]),
                      inner, max_size=5),
    max_leaves=12,
)  # fmt: skip


@_SLOW
@given(_JUNK)
@example({"questions": [None]})
def test_whatever_comes_in_is_kept_or_refused(junk: Any) -> None:
    try:
        data = shaped(junk)
    except InvalidInput as refused:
        said = str(refused)
    else:
        said = ""
        _looks_at(data)
    assert said or data["steps"] is not None


def _looks_at(data: dict[str, Any]) -> None:
    found = examine(data)
    assert found.problems
    for place, part in [((), data), *parts(data)]:
        Editor(data, place).entries(part, specs_at(place, part))
    assert yaml_text.read(yaml_text.write(data)) == data


@_SLOW
@given(made_up.definitions(), st.data())
def test_a_definition_with_junk_in_it_is_examined_and_told(data: dict[str, Any], more: Any) -> None:
    part = more.draw(st.sampled_from([one for _place, one in parts(data)]))
    key = more.draw(st.sampled_from([*part, "surprise"]))
    part[key] = more.draw(_JUNK)
    try:
        data = shaped(data)
    except InvalidInput:
        return
    found = examine(data)
    try:
        definitions.load(data)
    except definitions.DefinitionError:
        assert found.problems
    else:
        assert found.problems == ()
    through = [Editor(data, place).entries(one, specs_at(place, one)) for place, one in parts(data)]
    assert through


@pytest.mark.parametrize(
    "source",
    ["", "- a", "a: [", "a: &x 1\nb: *x", "a: 2026-13-45", "? [a]\n: b", "steps: 5",
     "steps: [5]", "steps: [{questions: {a: 1}}]", "a: .nan", "a: 2026-01-01",
     "steps: [{questions: [{questions: [{questions: [{questions: []}]}]}]}]", "[" * 3000,
     "a: " + "x" * 500_000],
)  # fmt: skip
def test_yaml_that_cannot_be_kept_is_refused_with_a_reason(source: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        yaml_text.read(source)
    assert refused.value.errors["source"][0]
