"""Whatever is posted or written as a definition: a refusal or a result, never an exception."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.utils import translation
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from forms import drafts, pages, parsing
from forms.definitions import FormDefinition, load
from forms.errors import DefinitionError
from forms.models import Draft
from forms.normalise import without_invisible
from forms.prepared import prepare
from forms.questions import GroupQuestion
from tests.forms.support import ACT, EVERYTHING, PERSON, a_draft, everything, save

ROOT = Path(__file__).resolve().parents[2]
SERVICES = [
    path.read_text(encoding="utf-8") for path in sorted((ROOT / "services").glob("*/*/form.yaml"))
]
QUICK = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
#: Seconds for one definition or one post, on a machine that is busy with other tests.
PATIENCE = 5.0

# --- definitions ----------------------------------------------------------------------------------
_WRONG = st.sampled_from(
    [
        None,
        True,
        0,
        -1,
        2**70,
        1.5,
        float("nan"),
        "",
        " ",
        "x",
        "あ" * 300,
        "\x00",
        "\ud800",
        "‮",
        [],
        {},
        [[]],
        [None],
        [1, [2]],
        {"ja": 1},
        {"ja": ""},
        {"": "x"},
        {1: 2},
        {"id": {"id": []}},
        "today",
        "children",
        "a" * 100,
        "size(",
        "true",
        "1 / 0 == 1",
        ["ja", "fr"],
        "ja",
        7,
        {"ja": "x", "en": "y"},
        "group",
        "computed",
    ]
)


def _places(data: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield way
    if isinstance(data, dict | list):
        for key, value in data.items() if isinstance(data, dict) else enumerate(data):
            yield from _places(value, (*way, key))


_DATA: list[dict[str, Any]] = [load(source).as_json() for source in [EVERYTHING, *SERVICES]]
_PLACES = [[place for place in _places(data) if place] for data in _DATA]


@st.composite
def _broken_data(draw: st.DrawFn) -> Any:
    number = draw(st.integers(0, len(_DATA) - 1))
    data = copy.deepcopy(_DATA[number])
    for _ in range(draw(st.integers(1, 3))):
        way = draw(st.sampled_from(_PLACES[number]))
        here: Any = data
        try:
            for part in way[:-1]:
                here = here[part]
            here[way[-1]]
        except (LookupError, TypeError):
            continue  # what was there is gone already
        change = draw(st.sampled_from(["put", "put", "remove", "double", "rename"]))
        if change == "remove":
            del here[way[-1]]
        elif change == "double" and isinstance(here, list):
            here.append(here[way[-1]])
        elif change == "rename" and isinstance(here, dict):
            here[draw(st.sampled_from(["id", "type", "rule", "x", "", "show_when", "min"]))] = (
                here.pop(way[-1])
            )
        else:
            here[way[-1]] = draw(_WRONG)
    return data


def _loads_or_refuses(source: Any) -> None:
    began = time.perf_counter()
    try:
        form = load(source)
    except DefinitionError:
        pass
    else:
        assert load(form.as_json()).digest() == form.digest()
    assert time.perf_counter() - began < PATIENCE


@QUICK
@given(_broken_data())
@example({"languages": 5})
@example({"languages": [[]]})
@example({"languages": {"ja": 1}})
@example({1: 2})
def test_broken_definition_is_refused_or_loaded(data: Any) -> None:
    _loads_or_refuses(data)


_SPLINTERS = st.sampled_from(
    [
        "\n",
        "  ",
        "- ",
        ": ",
        "{",
        "}",
        "[",
        "]",
        '"',
        "'",
        "&a ",
        "*a",
        "!!binary x",
        "|",
        ">",
        "? ",
        "? [a]\n: b\n",
        "#",
        "%YAML 9.9\n",
        "---\n",
        "...\n",
        "2026-99-99",
        "0x",
        "0b2",
        ".inf",
        "<<: {a: b}\n",
        "\t",
        "\x00",
        "\ufeff",
        "‮",
        "\ud800",
        "😀",
        "!!python/object:os.x {}",
        "[" * 50,
        "1_0:99:99",
        "!!int x",
        "!!timestamp x",
        "!!set {a}",
        "12:30:45.5",
        "=",
    ]
)


@st.composite
def _broken_yaml(draw: st.DrawFn) -> str:
    source = draw(st.sampled_from([EVERYTHING, *SERVICES]))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(source)))
        length = draw(st.sampled_from([0, 0, 1, 3, 40, 400]))
        source = source[:at] + draw(_SPLINTERS | st.text(max_size=5)) + source[at + length :]
    return source


@QUICK
@given(_broken_yaml())
@example("? [a]\n: b\n")
@example("? {a: b}\n: c\n")
@example("steps: 2026-99-99\n")
@example("a: !!int x\n")
@example("{" * 30_000)
@example("- " * 30_000)
@example("? " * 30_000)
@example("a: !!timestamp x\n")
@example("\ud800: a")
@example("a: \x00")
@example("key: 1_0:99:99\nsteps: !!set {a}\n")
def test_broken_yaml_is_refused_or_loaded(source: str) -> None:
    _loads_or_refuses(source)


# --- what is posted -------------------------------------------------------------------------------
NASTY = [
    "",
    " ",
    "0",
    "-1",
    "-500",
    "−500",
    "２０２６",
    "2026",
    "13",
    "31",
    "令和0年",
    "令和99",
    "平成1年13月",
    "2026-02-30",
    "0000-00-00",
    "9999-12-31",
    "1,000,000,000,000,000",
    "9" * 400,
    "NaN",
    "inf",
    "1e5",
    "0x10",
    "1.23456789",
    "٣",
    "½",
    "あ" * 10_000,
    "a" * 30_000,
    "\u202eabc\u202c",
    "a\x00b",
    "\x00",
    "👨‍👩‍👧‍👦" * 10,
    "<script>alert(1)</script>",
    '"><b onclick=x>',
    "yes",
    "no",
    "film",
    "sale",
    "tea",
    "unknown",
    "'; DROP TABLE x; --",
    "\r\n\t",
    "\ufeff",
    "\u2028",
    "\ud800",
    "{{ 7*7 }}",
    "%s %(x)s",
    "00000000-0000-0000-0000-000000000000",
    "165-0026",
    "〒１６５−００２６",
    "000",
    "hanako@example.jp",
    "a@b" * 100,
    "+81 3",
    "ordinary",
    "ﾔﾏﾀﾞ",
    "10000",
    "3",
    "1",
]
ACTIONS = [
    "leave",
    "refresh",
    "add:children",
    "add:nobody",
    "add:",
    "remove:children:0",
    "remove:children:7",
    "remove:children:99999999999999999999",
    "remove:children:-1",
    "remove:children:٣",
    "remove:::",
    "remove-file:x",
    "remove-file:",
    "lookup:home",
    "lookup:nobody",
    "lookup:",
    "lookup:\x00",
    ":",
    "x",
    "remove:children",
    "add:plan",
    "\x00",
]
STORED: dict[str, Any] = {
    "name": "山田 花子", "born": "1990-04-01", "mail": "hanako@example.jp",
    "home": {"postalCode": "165-0026", "prefecture": "東京都", "city": "中野区",
             "streetAddress": "新井1-1"},
    "kind": "film", "cameras": 2, "start": "2026-04-01", "end": "2026-04-03", "area": "10.5",
    "waiver": True, "reason": "理由", "note": "備考",
    "children": [{"child_name": "空", "together": False, "apart": "大阪"}],
    "account": {"bankCode": "0001", "branchCode": "001", "accountType": "ordinary",
                "number": "0012345", "holder": "ヤマダ"},
    "agreed": True,
}  # fmt: skip


def _names(form: FormDefinition, step_id: str) -> list[str]:
    """Every field of a step, entries of groups as well, and some that do not exist."""
    found = ["csrfmiddlewaretoken", "nobody", "", "children-0", "children--1-child_name"]
    for question in prepare(form).steps[step_id].questions:
        found += parsing.field_names(question, question.id)
        if isinstance(question, GroupQuestion):
            for index in ("0", "1", "2", "9", "00", "٣", "99999999999"):
                for item in question.questions:
                    found += parsing.field_names(item, f"{question.id}-{index}-{item.id}")
    return found


FORM = everything()
_FIELDS = {step.id: _names(FORM, step.id) for step in FORM.steps}


@st.composite
def _posts(draw: st.DrawFn) -> tuple[str, dict[str, list[str]]]:
    step_id = draw(st.sampled_from(sorted(_FIELDS)))
    values = st.lists(st.sampled_from(NASTY) | st.text(max_size=20), min_size=1, max_size=3)
    names = st.sampled_from(_FIELDS[step_id])
    post = draw(st.dictionaries(names, values, max_size=25))
    shown = [
        q.id for q in prepare(FORM).steps[step_id].questions if parsing.posted(q, q.id, post, {})
    ]
    post["_shown"] = [" ".join(shown)]
    if draw(st.booleans()):
        post["_do"] = [draw(st.sampled_from(ACTIONS))]
    if draw(st.integers(0, 4)) == 0:
        post["_seen"] = [draw(st.sampled_from(["", "x", "\x00", "0" * 16]))]
    return step_id, post


@pytest.fixture
def draft(town: Any) -> Iterator[Draft]:
    with translation.override("ja"):
        yield a_draft()


def _holds(draft: Draft, step_id: str, post: dict[str, list[str]]) -> None:
    """Post, and see that nothing breaks, and that nothing is lost that was not answered anew."""
    draft.answers, draft.provenance, draft.steps_done = copy.deepcopy(STORED), {}, []
    asked = set(post["_shown"][0].split())
    began = time.perf_counter()
    outcome = save(draft, step_id, post)
    if outcome.page:
        render_to_string("forms/step.html", {"page": outcome.page})
    assert time.perf_counter() - began < PATIENCE
    assert {name: value for name, value in draft.answers.items() if name not in asked} == {
        name: value for name, value in STORED.items() if name not in asked
    }
    if "_do" not in post:
        for name in asked & STORED.keys():
            # What could not be read leaves what was there; but whatever is not "yes" is no consent.
            fields = parsing.field_names(FORM.question(name), name)
            typed = [post.get(field, [""])[-1] for field in fields]
            sent = any(without_invisible(words).split() for words in typed)
            wrong = outcome.errors.keys() & {name, *fields}
            assert name in draft.answers or not (sent and wrong) or name == "agreed"
    kept = Draft.objects.get(pk=draft.pk)
    if outcome.page is None or "refresh" not in post.get("_do", [""])[0]:
        assert kept.answers == draft.answers or outcome.conflict
    for step in FORM.steps:
        pages.step_page(draft, step.id)
    drafts.review(draft)
    json.dumps(draft.answers).encode()


@QUICK
@given(_posts())
def test_whatever_is_posted_breaks_nothing_and_loses_nothing(
    draft: Draft, posted: tuple[str, dict[str, list[str]]]
) -> None:
    _holds(draft, *posted)


@pytest.mark.parametrize("step_id", sorted(_FIELDS))
@pytest.mark.parametrize("value", ["a\x00b", "\ud800", "9" * 400, "あ" * 10_000, "−500", "\u202e"])
def test_same_nasty_text_in_every_field(draft: Draft, step_id: str, value: str) -> None:
    fields = {key: [value] for key in _FIELDS[step_id]}
    questions = prepare(FORM).steps[step_id].questions
    _holds(draft, step_id, {**fields, "_shown": [" ".join(q.id for q in questions)]})


@pytest.mark.parametrize("count", ["10000", "999", "51", "4", "-1", "1e3", "٣", "x", "", "9" * 400])
def test_made_up_number_of_entries_is_told_and_changes_nothing(draft: Draft, count: str) -> None:
    post = {"children-n": [count], "children-0-child_name": ["海"], "_shown": ["children"]}
    _holds(draft, "family", post)
    assert draft.answers["children"] == STORED["children"]
    outcome = save(draft, "family", post)
    assert [words for words in outcome.errors if words.startswith("children")] == ["children"]
    assert outcome.page is not None
    assert 'name="children-n" value="1"' in outcome.page.fields
    assert 'value="海"' in outcome.page.fields
    assert "children-1-" not in outcome.page.fields


def test_ten_thousand_entries_are_shown_as_far_as_they_fit(draft: Draft) -> None:
    post = {"children-n": ["10000"], "_shown": ["children"]}
    for index in range(10_000):
        post[f"children-{index}-child_name"] = ["空"]
    _holds(draft, "family", post)
    assert draft.answers["children"] == STORED["children"]
    outcome = save(draft, "family", post)
    assert outcome.page is not None
    assert 'name="children-n" value="3"' in outcome.page.fields


def test_entries_stored_when_more_were_allowed_can_be_taken_out_one_by_one(draft: Draft) -> None:
    post = {f"children-{index}-child_name": f"空{index}" for index in range(5)}
    post |= {"children-n": "5", "_shown": "children"}
    told = save(draft, "family", post)
    assert "children" in told.errors
    assert told.page is not None
    assert 'value="空4"' in told.page.fields
    gone = save(draft, "family", post | {"_do": "remove:children:0"})
    assert gone.page is not None
    assert [child["child_name"] for child in draft.answers["children"]] == [
        "空1", "空2", "空3", "空4",
    ]  # fmt: skip


def test_steps_out_of_order_and_unknown_ones(draft: Draft) -> None:
    for step_id in ("papers", "family", "act", "person"):
        save(draft, step_id, {})
    assert save(draft, "act", ACT).ok
    assert save(draft, "person", PERSON).ok
    assert draft.answers["kind"] == "film"
    for unknown in ("", "nobody", "\x00", "あ" * 10_000):
        with pytest.raises(LookupError):
            save(draft, unknown, PERSON)
