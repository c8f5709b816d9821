"""The JSON Schema of a form: what the form accepts is valid, and typical wrong shapes are not."""

from __future__ import annotations

import datetime as dt
from typing import Any

import jsonschema
import pytest
from django.http import QueryDict
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forms import parsing, state, validation
from forms.definitions import FormDefinition, load
from forms.prepared import prepare
from tests.forms.support import everything

FILE = "00000000-0000-4000-8000-000000000000"
ITEM_TYPES = (
    "text", "digits", "katakana", "long_text", "choice", "multiple", "yes_no", "number", "decimal",
    "money", "date", "email", "phone", "address", "bank_account", "file", "declaration",
)  # fmt: skip
COMPUTED = {
    "number": "1 + 2",
    "money": "2 * 100",
    "text": '"a" == "b" ? "" : "x"',
    "yes_no": "1 == 2",
    "date": "today",
}


def label(name: str) -> dict[str, str]:
    return {"ja": f"質問 {name}", "en": f"Question {name}"}


words = st.text(st.sampled_from("ab1 ｱがか゛髙𠮷ー=-、\n"), max_size=12)
days = st.dates(dt.date(1868, 1, 25), dt.date(2200, 12, 31))
numerals = st.integers(-(10**13), 10**13).map(str)


@st.composite
def questions(draw: st.DrawFn, name: str, kind: str = "") -> dict[str, Any]:
    """A question of `kind` (else of any but a group), required or not, with its own limits."""
    kind = kind or draw(st.sampled_from([*ITEM_TYPES, "computed"]))
    made: dict[str, Any] = {"id": name, "label": label(name), "type": kind}
    made["required"] = draw(st.booleans())
    least = draw(st.integers(0, 3))
    match kind:
        case "digits" | "katakana":
            made |= {"type": "text", "format": kind, "max_length": draw(st.integers(1, 20))}
        case "text":
            made |= {"min_length": least, "max_length": draw(st.integers(3, 20))}
        case "choice" | "multiple":
            made["choices"] = [{"value": v, "label": label(v)} for v in ("a", "b", "c")]
            if kind == "multiple":
                made |= {"min": least, "max": draw(st.integers(max(least, 1), 3))}
        case "number" | "decimal":
            made |= {"type": "number", "decimals": 2 if kind == "decimal" else 0}
            made |= draw(st.sampled_from([{}, {"min": -5}, {"max": 7}, {"min": 0, "max": 10**12}]))
        case "money":
            made |= draw(st.sampled_from([{}, {"min": -500}, {"max": 7_000}]))
        case "file":
            made["max_files"] = draw(st.integers(1, 3))
        case "computed":
            made["result"] = draw(st.sampled_from(sorted(COMPUTED)))
            made["rule"] = COMPUTED[made["result"]]
        case "group":
            made |= {"item_label": label("item"), "min": least, "max": draw(st.integers(3, 4))}
            made["questions"] = [
                draw(questions(f"{name}_{place}")) for place in range(draw(st.integers(1, 4)))
            ]
    if draw(st.integers(0, 4)) == 0:
        made["show_when"] = draw(st.sampled_from(["true", "false"]))
    if draw(st.integers(0, 4)) == 0:
        made["required_when"] = draw(st.sampled_from(["true", "false"]))
    return made


@st.composite
def forms(draw: st.DrawFn, kind: str) -> FormDefinition:
    """A question of `kind`, and up to two others in a second step."""
    more = [draw(questions(f"b{number}")) for number in range(draw(st.integers(0, 2)))]
    steps = [[draw(questions("a0", kind))], more]
    made: list[dict[str, Any]] = [
        {"id": f"s{place}", "title": label("step"), "questions": found}
        for place, found in enumerate(steps)
        if found
    ]
    if draw(st.integers(0, 3)) == 0:
        made[-1]["show_when"] = draw(st.sampled_from(["true", "false"]))
    return load({"key": "made_up", "title": label("form"), "steps": made})


def typed(draw: st.DrawFn, question: Any, name: str, post: QueryDict) -> None:
    """Fields as somebody might fill them in: mostly well, sometimes not."""
    if draw(st.integers(0, 9)) == 0:
        return
    match question.type:
        case "group":
            count = draw(st.integers(0, 4))
            post[f"{name}-n"] = str(count)
            for index in range(count):
                for item in question.questions:
                    typed(draw, item, f"{name}-{index}-{item.id}", post)
        case "address":
            places = {"postalCode": "１６５-0026", "prefecture": "東京都", "city": "中野区",
                      "streetAddress": "新井1-1", "building": draw(words)}  # fmt: skip
            for part, text in places.items():
                post[f"{name}-{part}"] = text if draw(st.integers(0, 20)) else draw(words)
        case "bank_account":
            kind = draw(st.sampled_from(["ordinary", "current", "savings"]))
            account = {"bankCode": "0001", "branchCode": "０１２", "accountType": kind,
                       "number": draw(st.integers(0, 10**7 - 1).map(str)),
                       "holder": "ﾔﾏﾀﾞ ﾊﾅｺ"}  # fmt: skip
            for part, text in account.items():
                post[f"{name}-{part}"] = text
        case "multiple":
            post.setlist(name, draw(st.lists(st.sampled_from("abcabcabcx"), max_size=5)))
        case "file":
            post.setlist(f"{name}-kept", [FILE] * draw(st.integers(0, 3)))
        case "date":
            day = draw(days)
            post[name] = draw(st.sampled_from([day.isoformat(), f"{day:%Y}年{day:%m}月{day:%d}日"]))
        case other:
            kind = {"digits": "digits", "katakana": "katakana"}.get(
                getattr(question, "format", ""), other
            )
            post[name] = draw(_TYPED.get(kind, words))


_TYPED = {
    "choice": st.sampled_from("abcx"),
    "yes_no": st.sampled_from(["yes", "no"]),
    "declaration": st.just("yes"),
    "number": st.one_of(st.integers(-6, 8).map(str), numerals, st.just("１．５０"), st.just("-0")),
    "money": st.one_of(st.just("¥1,200円"), st.integers(-600, 9_000).map(str), numerals),
    "email": st.sampled_from(["hanako@example.jp", "a@b.co", "nobody"]),
    "phone": st.sampled_from(["03-1234-5678", "０９０１２３４５６７８", "+81 3 1234 5678", "1"]),
    "digits": st.one_of(st.just("０１２"), st.just("001"), words),
    "katakana": st.one_of(st.just("やまだ"), st.just("ﾔﾏﾀﾞ ｿﾗ"), words),
    "text": st.one_of(words, st.just("0012"), st.just("やまだ")),
}


def submitted(form: FormDefinition, post: QueryDict) -> dict[str, Any] | None:
    """The answers that a submission of `post` keeps; None when the form does not accept it."""
    prepared = prepare(form)
    into = parsing.Read()

    def files(_node: Any, name: str, _into: parsing.Read) -> list[str] | None:
        return post.getlist(f"{name}-kept") or None

    for question in form.questions():
        parsing.read(prepared.nodes[question.id], question.id, post, into, files)
    found = state.evaluate(prepared, into.values, dt.date(2026, 4, 1))
    if into.errors or validation.problems(prepared, found):
        return None
    return found.answers()


def errors_of(schema: dict[str, Any], answers: Any) -> list[str]:
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    validator = jsonschema.Draft202012Validator(schema, format_checker=checker)
    return [f"{list(error.path)}: {error.message}" for error in validator.iter_errors(answers)]


@pytest.mark.parametrize("kind", [*ITEM_TYPES, "computed", "group"])
def test_whatever_a_form_accepts_is_valid(kind: str) -> None:
    accepted: list[Any] = []

    # Not at random from run to run: how many are accepted is part of the test.
    @settings(max_examples=100, deadline=None, derandomize=True, database=None,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(st.data())
    def check(data: st.DataObject) -> None:
        form = data.draw(forms(kind))
        schema = form.json_schema()
        jsonschema.Draft202012Validator.check_schema(schema)
        post = QueryDict(mutable=True)
        for question in form.questions():
            typed(data.draw, question, question.id, post)
        answers = submitted(form, post)
        if answers is not None:
            assert errors_of(schema, answers) == []
            accepted.append(answers.get("a0"))

    check()
    assert sum(answer is not None for answer in accepted) >= 5


GOOD: dict[str, Any] = {
    "name": "a", "born": "1990-04-01", "mail": "a@example.jp", "kind": "film", "cameras": 2,
    "home": {"postalCode": "165-0026", "prefecture": "東京都", "city": "中野区",
             "streetAddress": "1", "building": ""},
    "start": "2026-04-01", "end": "2026-04-01", "days": 1, "area": "1.5", "waiver": False,
    "goods": ["tea"], "phone": "03-1234-5678", "price": 100,
    "account": {"bankCode": "0001", "branchCode": "001", "accountType": "ordinary",
                "number": "0000001", "holder": "ヤマダ"},
    "plan": [FILE], "agreed": True, "children": [{"child_name": "a", "together": True}],
}  # fmt: skip


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""}, {"name": "x" * 201}, {"name": None}, {"name": 1}, {"born": "2026-02-30"},
        {"born": "1 April"}, {"mail": "nobody"}, {"phone": "call me"}, {"kind": "x"},
        {"cameras": "2"}, {"cameras": 10}, {"cameras": 1.5}, {"days": "1"}, {"area": 1.5},
        {"area": "1e5"}, {"price": "100"}, {"price": -1}, {"waiver": "no"}, {"agreed": False},
        {"goods": []}, {"goods": ["x"]}, {"goods": ["tea", "tea"]}, {"goods": "tea"},
        {"home": "東京都"}, {"home": {"postalCode": "165-0026"}},
        {"home": GOOD["home"] | {"country": "JP"}}, {"home": GOOD["home"] | {"city": ""}},
        {"account": GOOD["account"] | {"number": "123"}},
        {"account": GOOD["account"] | {"accountType": "gold"}},
        {"plan": []}, {"plan": ["../secret"]}, {"plan": [FILE, FILE, FILE]}, {"plan": FILE},
        {"children": []}, {"children": {}}, {"children": [{}]},
        {"children": [{"child_name": "a", "together": True, "age": 1}]},
        {"children": [{"child_name": "a", "together": True}] * 4}, {"extra": 1},
    ],
)  # fmt: skip
def test_a_wrong_shape_is_refused(wrong: dict[str, Any]) -> None:
    schema = everything().json_schema()
    assert errors_of(schema, GOOD) == []
    assert len(errors_of(schema, GOOD | wrong)) >= 1


@pytest.mark.parametrize("missing", ["name", "home", "kind", "area", "plan", "agreed"])
def test_what_is_always_asked_is_required(missing: str) -> None:
    answers = {name: value for name, value in GOOD.items() if name != missing}
    assert errors_of(everything().json_schema(), answers) == [
        f"[]: '{missing}' is a required property"
    ]


def test_questions_carry_labels_units_and_concepts() -> None:
    found = everything().json_schema("https://town.example/schema.json")
    assert found["$id"] == "https://town.example/schema.json"
    assert found["x-titles"] == {"ja": "なんでも", "en": "Everything"}
    parts = found["properties"]
    assert parts["born"]["x-concept"] == "person.dateOfBirth"
    assert parts["days"]["x-unit"] == {"ja": "日", "en": "days"}
    assert parts["days"]["readOnly"] is True
    assert parts["price"]["x-unit"] == {"ja": "円", "en": "yen"}
    assert parts["kind"]["x-options"]["film"] == {"ja": "撮影", "en": "Filming"}
    item = parts["children"]["items"]["properties"]["child_name"]
    assert (item["title"], item["x-titles"]["en"], item["x-type"]) == ("名前", "Name", "text")


def test_schema_is_the_same_in_every_language() -> None:
    found = []
    for language in ("ja", "en"):
        with translation.override(language):
            found.append(everything().json_schema())
    assert found[0] == found[1]
    assert found[0]["title"] == "なんでも"


def test_a_computed_answer_may_be_missing() -> None:
    made = {"id": "both", "type": "computed", "label": label("both"), "required": True,
            "rule": "1 + 1", "result": "number"}  # fmt: skip
    step = {"id": "s", "title": label("s"), "questions": [made]}
    form = load({"key": "f", "title": label("f"), "steps": [step]})
    assert form.json_schema()["required"] == []
