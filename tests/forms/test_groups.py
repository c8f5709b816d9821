"""Groups within groups: what is checked, asked, read, shown, told and carried of their entries."""

from __future__ import annotations

import copy
from typing import Any

import jsonschema
import pytest
import yaml
from django.http import QueryDict
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from common.actor import SYSTEM
from forms import display, drafts, entries, news, parsing, profile, reasons, rebase, versions
from forms import questions as questions_of
from forms.comparison import compare
from forms.definitions import DefinitionError, FormDefinition, load
from forms.models import Draft
from forms.parsing import Read
from forms.prepared import Prepared, prepare
from forms.state import evaluate
from forms.validation import problems
from tests.forms.nested import ANSWERS, FAMILY, POSTED
from tests.forms.support import a_draft, save
from tests.forms.versions_of import edited

FORM = load(FAMILY)
PREPARED = prepare(FORM)


def answers_with(**first_income: Any) -> dict[str, Any]:
    found = copy.deepcopy(ANSWERS)
    found["members"][0]["incomes"][0] |= first_income
    return found


def told(answers: dict[str, Any]) -> list[tuple[str, str]]:
    return [(p.field, p.message) for p in problems(PREPARED, evaluate(PREPARED, answers))]


def a_family(**more: Any) -> Draft:
    draft = a_draft(FORM)
    draft.answers = {**copy.deepcopy(ANSWERS), **more}
    draft.save()
    return draft


# --- what is refused --------------------------------------------------------------------------
def nest(levels: int, **more: Any) -> dict[str, Any]:
    inner: dict[str, Any] = {"id": "word", "type": "text", "label": "x"}
    for level in range(levels):
        inner = {
            "id": f"group_{level}", "type": "group", "label": "x", "item_label": "x",
            "questions": [inner], **more,
        }  # fmt: skip
    return {"key": "deep", "title": "x", "steps": [{"id": "s", "title": "x", "questions": [inner]}]}


def test_third_level_is_refused_with_place_and_reason() -> None:
    assert load(nest(2)).question("word").id == "word"
    with pytest.raises(DefinitionError, match="groups repeat at most 2 deep") as refused:
        load(nest(3))
    assert refused.value.path == (
        "steps", 0, "questions", 0, "questions", 0, "questions", 0, "type",
    )  # fmt: skip


def test_definition_with_very_many_levels_is_refused() -> None:
    with pytest.raises(DefinitionError):
        load(nest(400))


def test_more_inputs_than_a_page_takes_are_refused() -> None:
    with pytest.raises(DefinitionError, match="inputs, and a page takes 1800: lower max"):
        load(nest(2, max=50))


def test_ids_are_single_across_levels() -> None:
    with pytest.raises(DefinitionError, match="two questions have the id 'called'"):
        load(FAMILY.replace("id: slip,", "id: called,"))


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("amount * 12", "yearly * 12", "depends on its own question"),
        ("amount * 12", "own_total * 12", "go in a circle"),
        ("amount * 12", "size(members)", "no question 'members'"),
        ("amount * 12", "size(incomes)", "no question 'incomes'"),
        ("sum(incomes.map(i, i.amount))", "amount", "no question 'amount'"),
        ("m.incomes.exists(i, i.amount > 0)", "m.incomes.exists(i, i.pay > 0)", "has no part"),
        ('source == "other"', 'source == "othr"', "has no option 'othr'"),
    ],
)
def test_rule_sees_its_entry_and_what_is_around_and_nothing_else(
    before: str, after: str, message: str
) -> None:
    assert before in FAMILY
    with pytest.raises(DefinitionError, match=message):
        load(FAMILY.replace(before, after))


# --- rules ------------------------------------------------------------------------------------
def test_sums_and_macros_go_over_both_levels() -> None:
    state = evaluate(PREPARED, ANSWERS)
    assert state.values["total"] == 230_000
    assert [m.get("own_total") for m in state.values["members"]] == [230_000, 0]
    assert [i["yearly"] for i in state.values["members"][0]["incomes"]] == [2_400_000, 360_000]
    assert "why_nothing" not in state.visible
    nothing = copy.deepcopy(ANSWERS)
    nothing["members"][0]["works"] = False
    state = evaluate(PREPARED, nothing)
    assert state.values["total"] == 0
    assert "why_nothing" in state.visible
    assert "incomes" not in state.answers()["members"][0]


def test_inner_questions_hang_on_their_entry_the_one_around_and_the_form() -> None:
    def which(called: str, *, detailed: bool) -> tuple[bool, list[str]]:
        answers = copy.deepcopy(ANSWERS) | {"detailed": detailed}
        answers["members"][0]["called"] = called
        state = evaluate(PREPARED, answers)
        asked = "which" in state.item_visible["members-0-incomes"][1]
        return asked, [p.field for p in problems(PREPARED, state)]

    assert which("空", detailed=False) == (False, [])
    assert which("陸", detailed=False) == (True, [])
    assert which("陸", detailed=True) == (True, ["members-0-incomes-1-which"])


def test_inner_entries_are_checked_one_by_one() -> None:
    assert told(ANSWERS) == []
    assert told(answers_with(amount=2_000_000)) == [("members-0-incomes-0-amount", "大きすぎます")]
    assert [name for name, _words in told(answers_with(source="x"))] == [
        "members-0-incomes-0-source"
    ]
    few = copy.deepcopy(ANSWERS) | {"detailed": True}
    few["members"][0]["incomes"].pop()
    assert told(few) == [("members-0-incomes", "2つ以上")]
    none = copy.deepcopy(ANSWERS)
    none["members"][0]["incomes"] = []
    assert [name for name, _words in told(none)] == ["members-0-incomes"]
    many = copy.deepcopy(ANSWERS)
    many["members"][0]["incomes"] *= 3
    assert [name for name, _words in told(many)] == ["members-0-incomes"]


@pytest.mark.parametrize("language", ["ja", "en"])
def test_reasons_name_both_entries(language: str) -> None:
    with translation.override(language):
        (problem,) = problems(PREPARED, evaluate(PREPARED, answers_with(amount=2_000_000)))
        assert problem.question_id == "members"
        assert problem.cause is not None
        because = reasons.of_cause(PREPARED, problem.cause)
        state = evaluate(PREPARED, ANSWERS)
        total = reasons.of_rule(PREPARED, PREPARED.nodes["why_nothing"].show, state.values)  # type: ignore[arg-type]
    assert because.questions == {"members", "detailed"}
    expected = {
        "ja": ["方 1、収入 1: 金額", "くわしく", "方 1、収入 2: 金額"],
        "en": ["Member 1, Income 1: Amount", "In detail", "Member 1, Income 2: Amount"],
    }[language]
    assert [label in line for label, line in zip(expected[:2], because.lines, strict=True)] == [
        True,
        True,
    ]
    assert sum(expected[2] in line for line in total.lines) == 1


def test_staff_are_told_why_an_inner_answer_was_computed() -> None:
    state = evaluate(PREPARED, ANSWERS)
    answers = state.answers()
    with translation.override("en"):
        steps = display.rows(FORM, answers, {}, "en")
        explained = reasons.explained(steps, PREPARED, answers, state.values["today"])
    rows = {row.anchor: row for row in explained[0].rows}
    assert [
        line for why in rows["members-0-incomes-1-yearly"].why for line in why.because.lines
    ] == ["“Member 1, Income 2: Amount” is “¥30,000”"]
    assert any(
        "Income 1: Amount" in line for why in rows["total"].why for line in why.because.lines
    )


# --- reading ----------------------------------------------------------------------------------
def read(**changes: Any) -> Read:
    post, into = QueryDict(mutable=True), Read()
    post.update({**POSTED, **{name.replace("__", "-"): value for name, value in changes.items()}})
    parsing.read(PREPARED.nodes["members"], "members", post, into, lambda *_args: None)
    return into


def test_what_was_posted_becomes_entries_within_entries() -> None:
    assert read().values["members"] == ANSWERS["members"]


@pytest.mark.parametrize("count", ["9999", "10000", "-1", "1e3", "٣", "99999999999999999999", ""])
@pytest.mark.parametrize("field", ["members-n", "members-0-incomes-n"])
def test_made_up_number_of_entries_leaves_the_whole_group_alone(field: str, count: str) -> None:
    """An entry without its inner entries would be another entry."""
    found = read(**{field: count})
    assert found.values == {}
    assert list(found.errors) == [field.removesuffix("-n")]


def test_gaps_and_unknown_places_do_no_harm() -> None:
    found = read(
        members__n="3", members__2__incomes__n="2", members__2__incomes__1__amount="5",
        members__7__called="x", members__0__incomes__9__amount="1", members__x__called="x",
        members__0__nothing__0__amount="3",
    )  # fmt: skip
    assert found.values["members"][:2] == ANSWERS["members"]
    assert found.values["members"][2] == {"incomes": [{}, {"amount": 5}]}
    assert found.errors == {}


# --- the page ---------------------------------------------------------------------------------
pytestmark = pytest.mark.usefixtures("town")


def press(draft: Draft, action: str, **changes: Any) -> drafts.StepOutcome:
    named = {name.replace("__", "-"): value for name, value in changes.items()}
    return save(draft, "members", {**POSTED, **named, "_do": action})


def incomes(draft: Draft, member: int = 0) -> list[Any]:
    return [item.get("amount") for item in draft.answers["members"][member].get("incomes", [])]


def test_entries_are_added_moved_and_removed_at_both_levels() -> None:
    draft = a_draft(FORM)
    added = press(draft, "add:members-0-incomes")
    assert added.focus == "members-0-incomes-2"
    assert added.page is not None
    assert 'id="f-members-0-incomes-2"' in added.page.fields
    assert incomes(draft) == [200_000, 30_000, None]
    moved = press(draft, "up:members-0-incomes:1")
    assert moved.focus == "members-0-incomes-0"
    assert incomes(draft) == [30_000, 200_000]
    gone = press(draft, "remove:members-0-incomes:0")
    assert gone.focus == "members-0-incomes"
    assert incomes(draft) == [30_000]
    press(draft, "up:members:1")
    assert [m["called"] for m in draft.answers["members"]] == ["海", "空"]
    assert incomes(draft, 1) == [200_000, 30_000]
    press(draft, "remove:members:1")
    assert [m["called"] for m in draft.answers["members"]] == ["空"]
    assert incomes(draft) == [200_000, 30_000]
    press(draft, "remove:members:0")
    assert [m["called"] for m in draft.answers["members"]] == ["海"]


@pytest.mark.parametrize(
    "action",
    [
        "add:members-9-incomes", "add:members-0-called", "add:members-0", "add:members--incomes",
        "add:incomes", "remove:members-0-incomes:9", "remove:members-0-incomes:x", "remove:members",
        "up:members:0", "up:members:7", "up:members-0-incomes:0", "up::",
        "remove:members-x-incomes:0",
        "add:members-0-incomes-0-slip", "up:members-0-incomes:٣",
    ],
)  # fmt: skip
def test_made_up_button_changes_nothing(action: str) -> None:
    draft = a_draft(FORM)
    outcome = press(draft, action)
    assert not outcome.ok
    kept = evaluate(PREPARED, draft.answers).answers()
    assert kept == evaluate(PREPARED, ANSWERS).answers()


def test_errors_lead_to_the_inner_field() -> None:
    outcome = save(a_draft(FORM), "members", POSTED | {"members-0-incomes-1-amount": "lots"})
    assert outcome.page is not None
    (link,) = outcome.page.errors
    assert (link.anchor, link.label) == (
        "f-members-0-incomes-1-amount", "方 1、収入 2: 金額",
    )  # fmt: skip
    assert f'id="{link.anchor}"' in outcome.page.fields
    assert 'value="lots"' in outcome.page.fields


def test_buttons_do_not_inherit_what_their_group_refreshes() -> None:
    outcome = press(a_draft(FORM), "refresh")
    assert outcome.page is not None
    page = outcome.page.fields
    assert 'hx-vals=\'{"_do":"refresh"}\'' in page
    assert page.count('<button class="f-button') == page.count('hx-post="" hx-vals="unset">') > 4


def test_full_group_says_so_and_loses_nothing() -> None:
    full = {f"members-0-incomes-{n}-amount": str(n + 1) for n in range(4)}
    outcome = press(a_draft(FORM), "add:members-0-incomes", **full, **{"members-0-incomes-n": "4"})
    assert outcome.notice
    assert outcome.focus == "members-0-incomes"
    assert outcome.page is not None
    assert 'value="add:members-0-incomes"' not in outcome.page.fields
    assert outcome.page.fields.count('value="remove:members-0-incomes:') == 4


def test_saved_answers_are_shown_and_sent_without_keys() -> None:
    draft = a_draft(FORM)
    first = save(
        draft, "members", POSTED | {"members-0-_row": "ab12", "members-0-incomes-1-_row": "c"}
    )
    assert first.ok
    assert draft.answers["members"][0]["_row"] == "ab12"
    review = drafts.review(draft, "ja")
    assert "_row" not in str(review.answers)
    rows = {row.anchor: row for step in review.steps for row in step.rows}
    assert rows["members-0-incomes-1-amount"].label == "方 1、収入 2: 金額"
    assert rows["members-0-incomes-1-amount"].entry == 1
    assert rows["members-0-incomes-1-amount"].question_id == "members"
    assert "members-1-incomes" not in rows
    jsonschema.validate(review.answers, FORM.json_schema())


def test_schema_describes_inner_entries() -> None:
    answers = evaluate(PREPARED, ANSWERS).answers()
    schema = FORM.json_schema()
    jsonschema.validate(answers, schema)
    answers["members"][0]["incomes"][0]["amount"] = "much"
    with pytest.raises(jsonschema.ValidationError) as wrong:
        jsonschema.validate(answers, schema)
    assert list(wrong.value.absolute_path) == ["members", 0, "incomes", 0, "amount"]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_removing_and_moving_is_what_a_list_does(data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.lists(st.integers(1, 999), max_size=4), min_size=1, max_size=5))
    post = QueryDict(mutable=True)
    post["members-n"] = str(len(rows))
    for number, row in enumerate(rows):
        post[f"members-{number}-incomes-n"] = str(len(row))
        for place, amount in enumerate(row):
            post[f"members-{number}-incomes-{place}-amount"] = str(amount)
    at = data.draw(st.integers(0, len(rows) - 1))
    verb = data.draw(st.sampled_from(["remove", "up", "inner remove", "inner up"]))
    inner = rows[at]
    place = data.draw(st.integers(0, max(len(inner) - 1, 0)))
    name = f"members-{at}-incomes" if verb.startswith("inner") else "members"
    group, index = entries.group_at(PREPARED, name), place if verb.startswith("inner") else at
    assert group is not None
    target = inner if verb.startswith("inner") else rows
    if verb.endswith("remove"):
        entries.remove(group, name, post, index)
        if target:
            target.pop(index)
    else:
        entries.move_up(group, name, post, index)
        if index and target:
            target[index - 1], target[index] = target[index], target[index - 1]
    into = Read()
    parsing.read(PREPARED.nodes["members"], "members", post, into, lambda *_args: None)
    assert [
        [income["amount"] for income in member.get("incomes", [])]
        for member in into.values["members"]
    ] == rows


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["", "0", "1", "2", "ab12", "zz"]), max_size=6), st.integers(0, 8))
def test_keys_are_single_and_the_same_again(given_keys: list[str], count: int) -> None:
    found = entries.keys(given_keys, count)
    assert len(found) == len(set(found)) == count
    assert entries.keys(found, count) == found
    wanted = [key for key in dict.fromkeys(given_keys[:count]) if key]
    assert [key for key in found if key in wanted] == wanted


# --- versions ---------------------------------------------------------------------------------
def inner(*edits: Any) -> FormDefinition:
    """The form with other questions in the inner group."""

    def edit(data: dict[str, Any]) -> None:
        questions = data["steps"][0]["questions"][1]["questions"][2]["questions"]
        for each in edits:
            each(questions)

    return load(edited(yaml.safe_load(FAMILY), edit))


def without(question_id: str) -> Any:
    def edit(questions: list[dict[str, Any]]) -> None:
        questions[:] = [q for q in questions if q["id"] != question_id]

    return edit


def retyped(question_id: str, **values: Any) -> Any:
    def edit(questions: list[dict[str, Any]]) -> None:
        question = next(q for q in questions if q["id"] == question_id)
        question.update(values)
        for name in [name for name, value in question.items() if value is None]:
            del question[name]

    return edit


def added(questions: list[dict[str, Any]]) -> None:
    questions.append({"id": "note", "type": "text", "label": {"ja": "備考", "en": "Note"}})


def rebased(form: FormDefinition) -> Draft:
    draft = a_family()
    draft.steps_done = ["members"]
    draft.save()
    version = versions.publish(form)
    assert rebase.rebase_draft(draft=draft, version=version, by=SYSTEM)
    return Draft.objects.get(pk=draft.pk)


def test_inner_answer_that_is_gone_is_kept_readable() -> None:
    after = rebased(inner(without("which"), retyped("source", type="text", choices=None)))
    assert incomes(after) == [200_000, 30_000]
    assert [
        (lost.question_id, lost.value, lost.group_id, lost.entry, lost.inner_id, lost.inner_entry)
        for lost in rebase.not_kept_of(after)
    ] == [
        ("source", "wages", "members", 1, "incomes", 1),
        ("source", "other", "members", 1, "incomes", 2),
    ]
    with translation.override("en"):
        report = news.of_draft(after)
    assert report is not None
    assert [(row.label, row.text) for row in report.not_kept] == [
        ("Member 1, Income 1: Kind", "Wages"), ("Member 1, Income 2: Kind", "Other"),
    ]  # fmt: skip
    assert report.gone == ["Which"]
    assert after.steps_done == []


def test_new_inner_question_is_reported_and_the_step_looked_at_again() -> None:
    after = rebased(inner(added))
    assert after.rebased is not None
    assert after.rebased["new"] == ["note"]
    assert after.rebased["not_kept"] == []
    assert after.steps_done == []
    assert after.answers == ANSWERS


def test_inner_words_alone_change_nothing_about_answers() -> None:
    after = rebased(inner(retyped("amount", hint={"ja": "税込", "en": "Before tax"})))
    assert after.answers == ANSWERS
    assert after.rebased is not None
    assert after.rebased["changed"] == ["amount"]


def test_comparison_names_the_inner_group() -> None:
    changes = {c.question_id: c for c in compare(FORM, inner(added, without("slip"))).changes}
    assert (changes["note"].kind, str(changes["note"].group_label)) == ("new", "収入")
    assert (changes["slip"].kind, str(changes["slip"].group_label)) == ("gone", "収入")


def test_page_of_an_older_version_loses_no_inner_answer() -> None:
    draft = a_draft(FORM)
    old = draft.version
    version = versions.publish(inner(retyped("source", type="text", choices=None)))
    assert rebase.rebase_draft(draft=draft, version=version, by=SYSTEM)
    draft = Draft.objects.get(pk=draft.pk)
    outcome = save(
        draft, "members",
        POSTED | {"_version": str(old.pk), "members-0-incomes-0-amount": "lots"},
    )  # fmt: skip
    assert outcome.form_changed
    lost = {
        (item.question_id, str(item.value), item.inner_entry) for item in rebase.not_kept_of(draft)
    }
    assert lost == {("amount", "lots", 1), ("source", "wages", 1), ("source", "other", 2)}
    assert incomes(draft) == [None, 30_000]


# --- what is kept for the next time -----------------------------------------------------------
def test_inner_groups_are_kept_and_filled_by_concept() -> None:
    def concepts(data: dict[str, Any]) -> None:
        group = data["steps"][0]["questions"][1]
        group["concept"] = "household.members"
        group["questions"][0]["concept"] = "person.fullName"
        group["questions"][2]["concept"] = "household.incomes"
        group["questions"][2]["questions"][2]["concept"] = "household.income"

    form = load(edited(yaml.safe_load(FAMILY), concepts))
    draft = a_draft(form)
    draft.answers = copy.deepcopy(ANSWERS)
    draft.save()
    profile.keep(draft, by=SYSTEM)
    (fact,) = profile.facts_of(draft.resident)
    assert fact.lines[0].startswith("空")
    assert "200,000" in fact.lines[0]
    drafts.discard(draft=draft, by=SYSTEM)
    again = a_draft(form, draft.resident)
    assert profile.use(again, {"members"}, by=SYSTEM) == ["members"]
    assert again.answers["members"] == [
        {"called": "空", "incomes": [{"amount": 200_000}, {"amount": 30_000}]},
        {"called": "海"},
    ]


def test_prepared_form_stays_small() -> None:
    most = nest(2, max=20)
    prepared: Prepared = prepare(load(most))
    assert [node.groups for node in prepared.nodes.values()] == [
        (), ("group_1",), ("group_1", "group_0"),
    ]  # fmt: skip
    assert questions_of.DEEPEST_GROUPS == 2


def test_what_cannot_be_read_hides_nothing_that_is_missing_elsewhere(
    town: Any, japanese: None
) -> None:
    """One look at the page is enough: all that is wrong in the entries is told at once."""
    draft = a_draft(FORM)
    wrong = {
        "members-0-called": "",
        "members-0-incomes-0-source": "",
        "members-0-incomes-0-amount": "たくさん",
        "members-0-incomes-1-source": "",
        "members-1-called": "",
    }
    outcome = save(draft, "members", POSTED | wrong)
    assert [link.anchor for link in outcome.page.errors] == [
        "f-members-0-called",
        "f-members-0-incomes-0-source",
        "f-members-0-incomes-0-amount",
        "f-members-0-incomes-1-source",
        "f-members-1-called",
    ]
    assert [link.label for link in outcome.page.errors] == [
        "方 1: 名前",
        "方 1、収入 1: 種類",
        "方 1、収入 1: 金額",
        "方 1、収入 2: 種類",
        "方 2: 名前",
    ]
