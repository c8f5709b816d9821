# ruff: noqa: E501 -- tables read better with a case on one line
"""Definitions: what is refused, where, and that what is stored reads back the same."""

import jsonschema
import pytest

from forms.definitions import DefinitionError, load
from tests.forms.support import EVERYTHING, everything

HEAD = "key: a\ntitle: {ja: あ, en: A}\nsteps:\n  - id: one\n    title: {ja: い, en: B}\n    questions:\n"
QUESTION = "      - {id: q, type: text, label: {ja: う, en: C}}\n"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (HEAD + "      - {id: q, type: text, label: {ja: う}}\n",
         "line 7: steps[0] 'one' › questions[0] 'q' › label: the text is missing in: en"),
        (HEAD + "      - id: q\n        type: text\n", "questions[0] 'q' › label: Field required"),
        (HEAD + QUESTION + "      - {id: p, type: text, label: a, colour: red}\n",
         "line 8: steps[0] 'one' › questions[1] 'p' › colour"),
        (HEAD + "      - {id: q, type: riddle, label: a}\n", "questions[0] 'q'"),
        (HEAD + QUESTION + QUESTION, "line 8: steps[0] 'one' › questions[1] 'q' › id: two questions"),
        (HEAD + "      - {id: size, type: text, label: a}\n", "'size' cannot be the id"),
        (HEAD + "      - {id: today, type: text, label: a}\n", "'today' cannot be the id"),
        (HEAD + "      - {id: Q, type: text, label: a}\n", "questions[0] 'Q' › id"),
        (HEAD + QUESTION + "      - id: p\n        type: text\n        label: a\n        show_when: nobody == 1\n",
         "line 11: steps[0] 'one' › questions[1] 'p' › show_when: there is no question 'nobody'"),
        (HEAD + QUESTION + "      - {id: p, type: text, label: a, show_when: q == 1}\n",
         "text is never equal to a int"),
        (HEAD + QUESTION + "      - {id: p, type: text, label: a, show_when: q}\n",
         "the rule gives a text, not a bool"),
        (HEAD + "      - {id: p, type: text, label: a, show_when: p == \"x\"}\n", "its own question"),
        (HEAD + "      - {id: p, type: yes_no, label: a, show_when: r}\n"
         "      - {id: r, type: yes_no, label: a, show_when: p}\n", "in a circle: p → r → p"),
        (HEAD + "      - {id: p, type: computed, label: a, rule: r + 1, result: number}\n"
         "      - {id: r, type: computed, label: a, rule: p + 1, result: number}\n", "in a circle"),
        (HEAD + "      - {id: c, type: choice, label: a, choices: [{value: x, label: x}]}\n"
         "      - {id: p, type: text, label: a, show_when: c == \"y\"}\n", "'c' has no option 'y'"),
        (HEAD + "      - {id: c, type: multiple, label: a, choices: [{value: x, label: x}]}\n"
         "      - {id: p, type: text, label: a, show_when: \"'y' in c\"}\n", "'c' has no option 'y'"),
        (HEAD + "      - {id: c, type: choice, label: a, choices: [{value: x, label: x}, {value: x, label: x}]}\n",
         "two options 'x'"),
        (HEAD + "      - {id: g, type: group, label: a, item_label: i, questions: [{id: h, type: group}]}\n",
         "questions[0] 'g' › questions[0] 'h'"),
        (HEAD + "      - {id: g, type: group, label: a, item_label: i, min: 3, max: 2, questions: [{id: h, type: text, label: a}]}\n",
         "min is larger"),
        (HEAD + "      - {id: g, type: group, label: a, item_label: i, questions: [{id: h, type: text, label: a, concept: person.name}]}\n",
         "their group has a concept"),
        (HEAD, "questions"),
        ("key: a\nkey: b\n", "line 2: 'key' occurs twice"),
        ("a: &x 1\nb: *x\n", "anchors and aliases"),
        ("a: [", "line"),
        ("[]", "a form definition is a mapping"),
        ("", "empty"),
        ("[" * 3_000 + "]" * 3_000, "nested too deeply"),
        ("a: " + "x" * 500_000, "longer than"),
        ("!!python/object/apply:os.system [ls]", "constructor"),
    ],
)  # fmt: skip
def test_wrong_definition_is_refused_with_its_place(source: str, expected: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        load(source)
    assert expected in caught.value.message


def test_dict_is_refused_with_its_path() -> None:
    with pytest.raises(DefinitionError) as caught:
        load({"key": "a", "title": "a", "steps": [{"id": "one", "title": "a", "questions": []}]})
    assert caught.value.path == ("steps", 0, "questions")


def test_definition_reads_back_the_same() -> None:
    form = everything()
    again = load(form.as_json())
    assert again == form
    assert again.digest() == form.digest()


def test_digest_changes_with_a_word() -> None:
    assert load(EVERYTHING.replace("Everything", "Nearly")).digest() != everything().digest()


def test_definition_is_frozen() -> None:
    form = everything()
    with pytest.raises(ValueError, match="frozen"):
        form.key = "other"


def test_concepts_are_what_is_asked_of_the_eid() -> None:
    assert everything().concepts() == frozenset(
        {"person.fullName", "person.dateOfBirth", "person.address", "contact.email"}
    )


def test_question_is_found_inside_a_group() -> None:
    assert everything().question("apart").label.in_language("en") == "Where"
    with pytest.raises(LookupError):
        everything().question("nobody")


def test_schema_accepts_a_submission_and_refuses_others() -> None:
    schema = everything().json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    good = {
        "name": "a", "born": "1990-04-01", "mail": "a@example.jp", "kind": "film", "cameras": 2,
        "home": {"postalCode": "165-0026", "prefecture": "東京都", "city": "中野区",
                 "streetAddress": "1", "building": ""},
        "start": "2026-04-01", "end": "2026-04-01", "days": 1, "area": "1.5", "waiver": False,
        "plan": ["00000000-0000-4000-8000-000000000000"], "agreed": True,
        "children": [{"child_name": "a", "together": True}],
    }  # fmt: skip
    validator = jsonschema.Draft202012Validator(schema)
    assert list(validator.iter_errors(good)) == []
    for wrong in ({"kind": "x"}, {"agreed": False}, {"area": 1.5}, {"cameras": "2"}, {"extra": 1}):
        assert list(validator.iter_errors(good | wrong)), wrong
