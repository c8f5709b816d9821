"""Sensitive answers: sealed when typed, said to be there, shown to nobody by the way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.utils import translation

from forms import display, drafts, pages, parsing, sensitive, versions
from forms.building.fields import fields_of
from forms.definitions import DefinitionError, load
from forms.following import Earlier, carried
from forms.models import Draft
from forms.normalise import Unreadable, check_digit, individual_number
from forms.rebase import carry_answer
from tests.forms.support import a_draft, a_resident, posted, save

NUMBER = "123456789018"
OTHER = "210987654320"
FORM = """
key: secret
title: Secret
steps:
  - id: all
    title: All
    questions:
      - {id: number, type: text, format: individual_number, sensitive: true, label: Number}
      - {id: word, type: text, label: Word}
      - id: children
        type: group
        label: Children
        item_label: Child
        min: 0
        required: false
        questions:
          - {id: child, type: text, label: Name}
          - id: childs
            type: text
            format: individual_number
            sensitive: true
            required: false
            label: Childs number
"""


@pytest.fixture
def draft(town: Any) -> Draft:
    return a_draft(load(FORM), a_resident())


def stored(draft: Draft) -> str:
    """The row as the database has it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT answers::text || coalesce(rebased::text, '') FROM forms_draft WHERE id = %s",
            [draft.pk],
        )
        return str(cursor.fetchone()[0])


def html(draft: Draft) -> str:
    return str(pages.step_page(draft, "all").fields)


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


class TestIndividualNumber:
    @pytest.mark.parametrize(
        "typed", [NUMBER, "1234-5678-9018", "１２３４　５６７８　９０１８", " 1234 5678 9018 "]
    )
    def test_number_is_read_however_it_is_typed(self, typed: str) -> None:
        assert individual_number(typed) == NUMBER

    @pytest.mark.parametrize("typed", ["12345678901", "1234567890188", "abc", "1234567890１x"])
    def test_number_of_other_length_is_refused(self, typed: str) -> None:
        with pytest.raises(Unreadable, match="has 12 digits"):
            individual_number(typed)

    def test_every_wrong_digit_is_noticed(self) -> None:
        for place in range(12):
            wrong = str((int(NUMBER[place]) + 1) % 10)
            with pytest.raises(Unreadable, match="a digit is wrong"):
                individual_number(NUMBER[:place] + wrong + NUMBER[place + 1 :])

    def test_remainder_of_nought_or_one_gives_nought(self) -> None:
        assert {check_digit("00000000000"), check_digit("00000010000")} == {0, 5}
        assert check_digit(OTHER[:-1]) == 0


class TestDefinition:
    def test_sensitive_goes_through_json_and_is_a_field_of_the_builder(self) -> None:
        form = load(FORM)
        assert load(form.as_json()) == form
        assert form.as_json()["steps"][0]["questions"][0]["sensitive"] is True
        (spec,) = [one for one in fields_of("text") if one.key == "sensitive"]
        assert spec.kind == "flag"

    def test_schema_says_that_it_is_never_handed_out(self) -> None:
        schema = load(FORM).json_schema()
        assert schema["properties"]["number"]["writeOnly"] is True
        assert schema["properties"]["number"]["x-sensitive"] is True
        assert schema["required"] == ["word"]

    @pytest.mark.parametrize(
        ("line", "what"),
        [
            ("format: individual_number", "is asked with 'sensitive: true'"),
            ("sensitive: true, concept: person.number", "has no concept"),
            ("sensitive: true, autocomplete: name", "has no concept"),
        ],
    )
    def test_what_does_not_go_together_is_refused(self, line: str, what: str) -> None:
        with pytest.raises(DefinitionError, match=what):
            load(FORM.replace("format: individual_number, sensitive: true", line))

    @pytest.mark.parametrize("rule", ['number == "1"', 'children.exists(c, c.childs == "1")'])
    def test_no_rule_reads_it(self, rule: str) -> None:
        with pytest.raises(DefinitionError):
            load(FORM.replace("label: Word", f"label: Word, show_when: '{rule}'"))


class TestDraft:
    def test_number_is_sealed_and_never_shown_again(self, draft: Draft) -> None:
        assert save(draft, "all", {"number": "１２３４-5678-9018", "word": "x"}).ok
        assert NUMBER not in stored(draft)
        assert sensitive.opened(draft.answers["number"]) == NUMBER
        page = html(draft)
        assert NUMBER not in page
        assert draft.answers["number"] not in page
        assert "Entered, not shown" in page
        assert 'autocomplete="off"' in page
        (step,) = drafts.review(draft, "en").steps
        assert [row.text for row in step.rows][:2] == ["Entered, not shown", "x"]

    def test_number_stays_is_replaced_or_taken_away(self, draft: Draft) -> None:
        save(draft, "all", {"number": NUMBER, "word": "x"})
        first = draft.answers["number"]
        held = {"number-held": sensitive.reference(first), "word": "y"}
        assert save(draft, "all", {"number": "", **held}).ok
        assert draft.answers["number"] == first
        assert save(draft, "all", {"number": OTHER, **held}).ok
        assert sensitive.opened(draft.answers["number"]) == OTHER
        # The reference of what is not stored here keeps nothing.
        assert list(save(draft, "all", {"number": "", **held}).errors) == ["number"]
        assert "number" not in draft.answers

    def test_wrong_number_is_told_and_not_stored(self, draft: Draft) -> None:
        outcome = save(draft, "all", {"number": "123456789012", "word": "x"})
        assert "a digit is wrong" in outcome.errors["number"][0]
        assert "number" not in draft.answers
        assert "123456789012" not in stored(draft)

    def test_entries_keep_theirs_when_one_before_them_goes(self, draft: Draft) -> None:
        save(
            draft,
            "all",
            {
                "number": NUMBER, "word": "x", "children-n": "2",
                "children-0-child": "A", "children-0-childs": NUMBER,
                "children-1-child": "B", "children-1-childs": OTHER,
            },
        )  # fmt: skip
        second = draft.answers["children"][1]["childs"]
        mine = sensitive.reference(draft.answers["number"])
        save(
            draft,
            "all",
            {
                "number": "", "number-held": mine, "word": "x", "children-n": "1",
                "children-0-child": "B", "children-0-childs": "",
                "children-0-childs-held": sensitive.reference(second),
            },
        )  # fmt: skip
        assert draft.answers["children"] == [{"child": "B", "childs": second}]
        assert NUMBER not in stored(draft)
        assert OTHER not in stored(draft)

    def test_answer_in_plain_words_is_sealed_when_the_form_becomes_sensitive(
        self, town: Any
    ) -> None:
        plain = versions.publish(
            load(FORM.replace("format: individual_number, sensitive: true", "format: digits"))
        )
        secret = versions.publish(load(FORM))
        old, new = plain.prepared.nodes["number"], secret.prepared.nodes["number"]
        kept, lost = carry_answer(str(plain.pk), old, new, "number", NUMBER, {})
        assert (sensitive.opened(kept), lost) == (NUMBER, [])
        # The other way it is asked anew, and shown as what it was.
        kept, lost = carry_answer(str(secret.pk), new, old, "number", kept, {})
        assert kept is None
        assert display.text_of(new.question, lost[0].value, "en") == "Entered, not shown"

    def test_application_that_follows_asks_anew(self, town: Any) -> None:
        version = versions.publish(load(FORM))
        answers = {"number": sensitive.seal(NUMBER), "word": "x"}
        sources = {"number": "number", "word": "word"}
        earlier = Earlier("1", "2026-04-01T09:00:00+09:00", version, answers, sources)
        assert carried(earlier, version) == {"word": "x"}


class TestSealing:
    def test_same_answer_is_never_sealed_alike(self, town: Any) -> None:
        assert sensitive.seal(NUMBER) != sensitive.seal(NUMBER)

    def test_keys_are_changed_one_after_the_other(self, town: Any, settings: Any) -> None:
        settings.SENSITIVE_ANSWER_KEYS = ["first"]
        box = sensitive.seal(NUMBER)
        settings.SENSITIVE_ANSWER_KEYS = ["second", "first"]
        assert sensitive.opened(box) == NUMBER
        newer = sensitive.seal(NUMBER)
        settings.SENSITIVE_ANSWER_KEYS = ["second"]
        assert sensitive.opened(newer) == NUMBER
        with pytest.raises(sensitive.CannotOpen):
            sensitive.opened(box)

    def test_another_town_cannot_open_it(self, town: Any, in_town: Any, other_town: Any) -> None:
        box = sensitive.seal(NUMBER)
        with in_town(other_town.schema_name), pytest.raises(sensitive.CannotOpen):
            sensitive.opened(box)

    @pytest.mark.parametrize("value", [NUMBER, "sealed:1:", "sealed:1:x", "sealed:1:AAAA", None])
    def test_what_is_not_sealed_is_not_opened(self, town: Any, value: Any) -> None:
        with pytest.raises(sensitive.CannotOpen):
            sensitive.opened(value)

    def test_answer_whose_key_is_gone_is_asked_anew(self, draft: Draft, settings: Any) -> None:
        save(draft, "all", {"number": NUMBER, "word": "x"})
        settings.SENSITIVE_ANSWER_KEYS = ["another"]
        (problem,) = drafts.review(draft, "en").problems
        assert problem.field == "number"

    def test_handed_out_without_it(self, town: Any) -> None:
        answers = {
            "number": sensitive.seal(NUMBER),
            "word": "x",
            "children": [{"child": "A", "childs": sensitive.seal(OTHER)}],
        }
        handed = sensitive.without(load(FORM).questions(), answers)
        assert handed == {"word": "x", "children": [{"child": "A"}]}
        assert "sealed" not in json.dumps(handed)

    def test_typed_text_that_looks_sealed_is_sealed(self, town: Any) -> None:
        version = versions.publish(
            load(FORM.replace("format: individual_number, sensitive: true", "sensitive: true"))
        )
        into = parsing.Read()
        node = version.prepared.nodes["number"]
        parsing.read(node, "number", posted(number="sealed:1:abc"), into, lambda *_args: None)
        assert sensitive.opened(into.values["number"]) == "sealed:1:abc"
