"""A draft is brought to a newer version of its form, and no answer is lost silently."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone, translation
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.models import LedgerEntry
from common.actor import SYSTEM
from forms import attachments, drafts, news, pages, rebase, seals
from forms.definitions import load
from forms.models import Attachment, Draft, FormVersion
from forms.rebase import NotKept, carry
from tests.forms import support
from tests.forms.support import ACT, a_draft, claims, save
from tests.forms.versions_of import changed, everything_but, moved, with_question, without

pytestmark = pytest.mark.usefixtures("town")
CHILDREN = [
    {"child_name": "空", "together": True},
    {"child_name": "海", "together": False, "apart": "札幌市"},
]


def filled(**answers: Any) -> Draft:
    """A draft with a person from the eID and all of the second step."""
    draft = a_draft(claims=claims())
    save(draft, "person", {"mail": "a@example.jp"})
    save(draft, "act", ACT)
    if answers:
        draft.answers = {**draft.answers, **answers}
        draft.save()
    return draft


def to(draft: Draft, *edits: Any) -> Draft:
    assert rebase.rebase_draft(draft=draft, version=everything_but(*edits), by=SYSTEM)
    return Draft.objects.get(pk=draft.pk)


def lost(draft: Draft) -> list[tuple[str, Any]]:
    return [(item.question_id, item.value) for item in rebase.not_kept_of(draft)]


# --- what is carried --------------------------------------------------------------------------
def test_answers_are_carried_by_id_and_type() -> None:
    draft = filled(children=CHILDREN)
    before = dict(draft.answers)
    after = to(draft, changed("reason", label={"ja": "わけ", "en": "Why"}))
    assert after.answers == before
    assert after.version.number == draft.version.number
    assert lost(after) == []
    assert after.rebased is not None
    assert after.rebased["changed"] == ["reason"]


def test_answer_to_a_question_that_is_gone_can_still_be_read() -> None:
    after = to(filled(), without("area", "reason"))
    assert "area" not in after.answers
    assert lost(after) == [("area", "10.5")]
    told = news.of_draft(after)
    assert told is not None
    assert [(row.label, row.text) for row in told.not_kept] == [("面積", "10.5")]
    assert told.gone == ["面積", "理由"]


def test_answer_of_another_type_is_not_kept() -> None:
    after = to(filled(price=500), changed("price", type="text"))
    assert lost(after) == [("price", 500)]
    assert "price" not in after.answers


def test_place_in_words_is_the_description_of_a_place_on_a_map() -> None:
    draft = filled(reason="駅前")
    after = to(draft, changed("reason", type="location"))
    assert after.answers["reason"] == {"description": "駅前", "coordinates": ""}
    assert lost(after) == []


def test_option_that_does_not_exist_any_more_is_not_kept() -> None:
    sale = {"value": "sale", "label": {"ja": "販売", "en": "Sale"}}
    after = to(filled(), changed("kind", choices=[sale]), changed("cameras", show_when=None))
    assert lost(after) == [("kind", "film")]
    assert after.answers["cameras"] == 2
    with translation.override("en"):
        told = news.of_draft(after)
        assert told is not None
        assert [row.text for row in told.not_kept] == ["Filming"]


def test_options_that_stay_are_kept_of_several() -> None:
    tea = {"value": "tea", "label": {"ja": "お茶", "en": "Tea"}}
    draft = filled(kind="sale", goods=["fire", "tea"])
    after = to(draft, changed("goods", choices=[tea]), without("safety"))
    assert after.answers["goods"] == ["tea"]
    assert lost(after) == [("goods", ["fire"])]


def test_entries_of_a_group_are_carried_question_by_question() -> None:
    after = to(filled(children=CHILDREN), without("apart"), changed("together", type="text"))
    assert after.answers["children"] == [{"child_name": "空"}, {"child_name": "海"}]
    assert [(i.question_id, i.entry, i.value) for i in rebase.not_kept_of(after)] == [
        ("together", 1, True),
        ("together", 2, False),
        ("apart", 2, "札幌市"),
    ]
    told = news.of_draft(after)
    assert told is not None
    assert [(row.label, row.text) for row in told.not_kept] == [
        ("お子さん 1: 同居", "はい"),
        ("お子さん 2: 同居", "いいえ"),
        ("お子さん 2: 別居先", "札幌市"),
    ]


def test_entries_whose_questions_are_all_gone_are_still_counted() -> None:
    after = to(
        filled(children=CHILDREN),
        with_group_question("nickname"),
        without("child_name", "together", "apart", "child_file"),
    )
    assert after.answers["children"] == [{}, {}]
    assert len(lost(after)) == 5


def with_group_question(question_id: str) -> Any:
    def edit(data: Any) -> None:
        group = next(s for s in data["steps"] if s["id"] == "family")["questions"][0]
        label = {"ja": "呼び名", "en": "Nickname"}
        group["questions"].append({"id": question_id, "type": "text", "label": label})

    return edit


def test_narrower_limit_keeps_the_answer_and_the_step_says_what_is_wrong() -> None:
    after = to(filled(), changed("cameras", max=1))
    assert after.answers["cameras"] == 2
    assert lost(after) == []
    problems = drafts.review(after).problems
    assert "cameras" in {problem.question_id for problem in problems}


def test_whole_number_stays_when_decimals_are_allowed_and_not_the_reverse() -> None:
    draft = filled()
    after = to(draft, changed("cameras", decimals=1), changed("area", decimals=0))
    assert after.answers["cameras"] == 2
    assert lost(after) == [("area", "10.5")]


def test_declaration_in_other_words_has_to_be_made_again() -> None:
    after = to(filled(agreed=True), changed("agreed", label={"ja": "承諾", "en": "I accept"}))
    assert "agreed" not in after.answers
    assert lost(after) == [("agreed", True)]


def test_question_in_another_step_keeps_its_answer() -> None:
    after = to(filled(), moved("start", "family"))
    assert after.answers["start"] == "2026-04-01"
    assert "family" not in after.steps_done


# --- verified values --------------------------------------------------------------------------
def test_verified_value_stays_verified_and_sealed() -> None:
    after = to(filled(), changed("name", hint={"ja": "戸籍のとおり", "en": "As registered"}))
    assert seals.is_verified(after.provenance["name"])
    assert seals.broken(after.pk, after.answers, after.provenance) == []


def test_value_is_not_verified_for_another_concept() -> None:
    after = to(filled(), changed("name", concept="person.familyName"))
    assert after.answers["name"] == "髙橋 𠮷子"
    assert not seals.is_verified(after.provenance["name"])
    assert after.provenance["name"]["source"] == "eid"
    assert save(after, "person", {"mail": "a@example.jp", "name": "高橋"}).ok


def test_verified_value_that_is_too_long_now_can_be_changed() -> None:
    """It would be shown read-only with an error that nobody could put right."""
    after = to(filled(), changed("name", max_length=3))
    assert not seals.is_verified(after.provenance["name"])


def test_broken_seal_is_not_mended() -> None:
    draft = filled()
    draft.answers = {**draft.answers, "name": "別の 人"}
    draft.save()
    after = to(draft, without("price"))
    assert seals.broken(after.pk, after.answers, after.provenance) == ["name"]


def test_provenance_of_a_lost_answer_is_gone() -> None:
    after = to(filled(), changed("born", type="text", concept="local.born"))
    assert lost(after) == [("born", "1985-04-12")]
    assert "born" not in after.provenance


# --- files ------------------------------------------------------------------------------------
def test_files_of_kept_and_of_lost_answers_stay_until_it_is_sent(upload: Any, png: bytes) -> None:
    draft = filled()
    save(draft, "papers", {"agreed": "yes"}, plan=upload(png))
    after = to(draft, without("plan"))
    file = Attachment.objects.get(draft=draft)
    assert lost(after) == [("plan", [str(file.pk)])]
    told = news.of_draft(after)
    assert told is not None
    assert [ref.filename for ref in told.not_kept[0].attachments] == ["位置図.png"]
    assert save(after, "family", {}).ok
    assert Attachment.objects.filter(pk=file.pk).exists()  # the message was read; the file stays
    drafts.close(after)
    assert not Attachment.objects.filter(pk=file.pk).exists()


def test_kind_of_file_that_is_not_taken_any_more_is_not_kept(upload: Any, png: bytes) -> None:
    draft = filled()
    save(draft, "papers", {"agreed": "yes"}, plan=upload(png))
    after = to(draft, changed("plan", accept=["pdf"]))
    assert "plan" not in after.answers
    assert len(lost(after)) == 1
    other = a_draft(resident=support.a_resident("鈴木"))
    save(other, "papers", {"agreed": "yes"}, plan=upload(png))
    kept = to(other, changed("plan", accept=["image"]))
    assert attachments.referenced(kept.prepared, kept.answers) == {kept.answers["plan"][0]}


# --- steps, report, ledger --------------------------------------------------------------------
def test_steps_are_looked_at_again_when_their_questions_changed() -> None:
    draft = filled()
    assert draft.steps_done == ["person", "act"]
    assert to(draft, changed("kind", why={"ja": "別", "en": "Other"})).steps_done == ["person"]


def test_wider_box_is_no_reason_to_look_again() -> None:
    after = to(filled(), changed("name", width="20"))
    assert after.steps_done == ["person", "act"]
    assert after.rebased is not None
    assert after.rebased["changed"] == []


def test_step_with_a_new_question_is_next() -> None:
    after = to(filled(), with_question("person", id="nickname", type="text"))
    assert pages.first_open_step(after) == "person"
    with translation.override("en"):
        told = news.of_draft(after)
    assert told is not None
    assert told.summary == "This form has changed since you last saved. 1 question is new."
    assert told.new == ["New"]


def test_summary_is_in_words() -> None:
    after = to(
        filled(),
        without("area"),
        changed("kind", why={"ja": "別", "en": "Other"}),
        changed("start", hint={"ja": "日", "en": "Day"}),
        changed("reason", required_when=None),
    )
    with translation.override("en"):
        told = news.of_draft(after)
        assert told is not None
        assert told.summary == (
            "This form has changed since you last saved. 3 questions changed, "
            "1 question is not asked any more, 1 answer could not be kept."
        )


def test_ledger_has_counts_and_ids_and_no_values() -> None:
    draft = filled()
    to(draft, without("area"), changed("reason", required_when=None))
    entry = LedgerEntry.objects.get(event="draft.rebased", object_id=str(draft.pk))
    assert entry.about == draft.resident_id
    assert entry.data == {
        "from": 1, "to": 2, "new": 0, "changed": 1, "gone": 1,
        "kept": len(draft.answers), "not_kept": 1, "questions_not_kept": ["area"],
    }  # fmt: skip


def test_two_changes_before_anybody_looked_are_told_together() -> None:
    draft = filled(price=500)
    after = to(draft, without("price"))
    again = to(after, without("price", "area"), changed("reason", required_when=None))
    assert again.rebased is not None
    assert sorted(again.rebased["gone"]) == ["area", "price"]
    assert again.rebased["changed"] == ["reason"]
    assert lost(again) == [("price", 500), ("area", "10.5")]
    told = news.of_draft(again)
    assert told is not None
    assert [row.label for row in told.not_kept] == ["金額", "面積"]


def test_report_is_gone_once_the_resident_went_on() -> None:
    after = to(filled(), without("area"), changed("reason", required_when=None))
    assert not save(after, "act", {**ACT, "start": ""}).ok
    assert news.of_draft(Draft.objects.get(pk=after.pk)) is not None
    assert save(after, "act", ACT).ok
    stored = Draft.objects.get(pk=after.pk)
    assert stored.rebased == {"seen": True}
    assert news.of_draft(stored) is None


def test_discarding_takes_the_old_answers_along() -> None:
    after = to(filled(), without("area"), changed("reason", required_when=None))
    drafts.discard(draft=after, by=SYSTEM)
    assert Draft.objects.get(pk=after.pk).rebased is None


# --- when not ---------------------------------------------------------------------------------
def test_correction_is_never_rebased() -> None:
    draft = a_draft()
    correction = drafts.open_correction(
        resident=draft.resident, version=draft.version, subject="correction:1",
        answers={"kind": "film"}, provenance={}, question_ids=["kind"],
        judged_on=timezone.localdate(),
    )  # fmt: skip
    newer = everything_but(without("price"))
    assert not rebase.rebase_draft(draft=correction, version=newer, by=SYSTEM)
    assert correction.version_id == draft.version_id


def test_sent_draft_and_another_form_are_left_alone() -> None:
    draft = filled()
    other = everything_but(lambda data: data.update(key="another"))
    assert not rebase.rebase_draft(draft=draft, version=other, by=SYSTEM)
    drafts.close(draft)
    assert not rebase.rebase_draft(draft=draft, version=everything_but(without("price")), by=SYSTEM)


def test_rebasing_twice_is_rebasing_once() -> None:
    draft = filled()
    newer = everything_but(without("area"), changed("reason", required_when=None))
    assert rebase.rebase_draft(draft=draft, version=newer, by=SYSTEM)
    once = Draft.objects.values().get(pk=draft.pk)
    assert not rebase.rebase_draft(draft=draft, version=newer, by=SYSTEM)
    assert Draft.objects.values().get(pk=draft.pk) == once


def test_answer_saved_in_the_same_moment_is_carried_too() -> None:
    """The draft in memory is older than the row: the guarded UPDATE fails, and it reads again."""
    draft = filled()
    other = Draft.objects.get(pk=draft.pk)
    save(other, "act", {**ACT, "cameras": "7"})
    newer = everything_but(without("price"))
    assert rebase.rebase_draft(draft=draft, version=newer, by=SYSTEM)
    assert draft.answers["cameras"] == 7
    assert Draft.objects.get(pk=draft.pk).answers["cameras"] == 7


def test_draft_rebased_by_somebody_else_is_as_they_left_it() -> None:
    draft = filled()
    newer = everything_but(without("price"))
    assert rebase.rebase_draft(draft=Draft.objects.get(pk=draft.pk), version=newer, by=SYSTEM)
    assert not rebase.rebase_draft(draft=draft, version=newer, by=SYSTEM)
    assert draft.version_id == newer.pk


# --- a page of the old version ----------------------------------------------------------------
def shown(draft: Draft, step_id: str) -> dict[str, str]:
    page = pages.step_page(draft, step_id)
    return {"_seen": page.seen, "_shown": page.shown, "_version": page.version}


def test_fields_that_still_exist_are_read_and_the_others_reported() -> None:
    draft = filled()
    hidden = shown(draft, "act")
    after = to(draft, without("area", "reason"))
    outcome = save(after, "act", {**ACT, **hidden, "cameras": "5", "area": "99.5"})
    assert outcome.form_changed
    assert not outcome.ok
    stored = Draft.objects.get(pk=draft.pk)
    assert stored.answers["cameras"] == 5
    assert "area" not in stored.answers
    assert lost(stored) == [("area", "10.5"), ("area", "99.5")]
    assert news.of_draft(stored) is not None


def test_question_in_another_step_is_read_from_the_old_page() -> None:
    draft = filled()
    hidden = shown(draft, "act")
    after = to(draft, moved("price", "family"))
    save(after, "act", {**ACT, **hidden, "price": "1200"})
    assert Draft.objects.get(pk=draft.pk).answers["price"] == 1200


def test_step_that_is_gone_is_still_read() -> None:
    draft = filled()
    hidden = shown(draft, "family")

    def into_one(data: Any) -> None:
        family = next(step for step in data["steps"] if step["id"] == "family")
        data["steps"].remove(family)
        data["steps"][1]["questions"] += family["questions"]

    after = to(draft, into_one)
    save(after, "family", {**hidden, "children-n": "1", "children-0-child_name": "空",
                           "children-0-together": "yes"})  # fmt: skip
    assert Draft.objects.get(pk=draft.pk).answers["children"] == [
        {"child_name": "空", "together": True}
    ]


def test_what_cannot_be_read_is_shown_as_it_was_typed() -> None:
    draft = filled()
    hidden = shown(draft, "act")
    after = to(draft, without("price"))
    save(after, "act", {**ACT, **hidden, "cameras": "たくさん", "start": ["2026-13-45"]})
    told = news.of_draft(Draft.objects.get(pk=draft.pk))
    assert told is not None
    assert {row.label: row.text for row in told.not_kept} == {
        "台数": "たくさん",
        "開始": "2026-13-45",
    }


def test_unreadable_field_of_an_entry_is_shown_with_its_entry() -> None:
    draft = filled()
    hidden = shown(draft, "family")
    after = to(draft, without("price"))
    save(after, "family", {**hidden, "children-n": "1", "children-0-child_name": "a\x07b",
                           "children-0-together": "yes"})  # fmt: skip
    stored = Draft.objects.get(pk=draft.pk)
    assert stored.answers["children"] == [{"together": True}]
    item = rebase.not_kept_of(stored)[0]
    assert (item.question_id, item.group_id, item.entry, item.typed) == (
        "child_name", "children", 1, True,
    )  # fmt: skip


def test_answers_of_another_window_stay_and_the_old_pages_are_shown() -> None:
    draft = filled()
    hidden = shown(draft, "act")
    after = to(draft, without("price"))
    assert save(after, "act", {**ACT, "cameras": "3"}).ok
    save(after, "act", {**ACT, **hidden, "cameras": "8"})
    stored = Draft.objects.get(pk=draft.pk)
    assert stored.answers["cameras"] == 3
    assert lost(stored) == [("cameras", 8)]


def test_changed_verified_value_is_refused_on_an_old_page_too() -> None:
    draft = filled()
    hidden = shown(draft, "person")
    after = to(draft, without("price"))
    with pytest.raises(drafts.TamperedValue):
        save(after, "person", {**hidden, "name": "別の 人"})


@pytest.mark.parametrize(
    "said", ["", "x", "0", "7becd173-744a-4895-aa95-0a37c4ca11a3", "\x00", "../../etc"]
)
def test_made_up_version_of_a_page_is_ignored(said: str) -> None:
    draft = filled()
    assert save(draft, "act", {**ACT, "_version": said}).ok


def test_file_of_an_old_page_is_kept(upload: Any, png: bytes) -> None:
    draft = filled()
    hidden = shown(draft, "papers")
    after = to(draft, without("price"))
    save(after, "papers", {**hidden, "agreed": "yes"}, plan=upload(png))
    stored = Draft.objects.get(pk=draft.pk)
    assert attachments.of_draft(stored).keys() == set(stored.answers["plan"])


# --- all drafts of a service ------------------------------------------------------------------
def test_all_open_drafts_are_rebased_in_chunks() -> None:
    made = [a_draft(resident=support.a_resident(f"人{n}")) for n in range(5)]
    drafts.close(made[4])
    newer = everything_but(without("price"))
    last, seen = None, []
    while True:
        chunk = rebase.rebase_chunk(
            subject="everything", version=newer, by=SYSTEM, after=last, size=2
        )
        seen.append((chunk.rebased, chunk.looked_at))
        last = chunk.last
        if last is None:
            break
    assert seen == [(2, 2), (2, 2), (0, 0)]
    assert Draft.objects.filter(version=newer).count() == 4


def test_command_names_what_is_wrong() -> None:
    with pytest.raises(CommandError, match="no service 'castle'"):
        call_command("rebase_drafts", "shiomi", "castle")
    with pytest.raises(CommandError, match="nowhere"):
        call_command("rebase_drafts", "nowhere", "park-use")


# --- properties -------------------------------------------------------------------------------
_TYPES: dict[str, st.SearchStrategy[Any]] = {
    "text": st.text("あいう漢字abc ", min_size=1, max_size=8),
    "number": st.integers(-99, 99),
    "money": st.integers(0, 10**6),
    "yes_no": st.booleans(),
    "declaration": st.just(True),
    "date": st.dates().map(lambda day: day.isoformat()),
    "choice": st.sampled_from("abcd"),
    "multiple": st.lists(st.sampled_from("abcd"), min_size=1, max_size=4, unique=True),
    "file": st.lists(st.uuids().map(str), min_size=1, max_size=3, unique=True),
}
_OPTIONS = st.lists(st.sampled_from("abcd"), min_size=1, max_size=4, unique=True)


@st.composite
def simple_questions(draw: Any, ids: str) -> list[dict[str, Any]]:
    found = []
    for name in draw(st.lists(st.sampled_from(ids), min_size=1, max_size=5, unique=True)):
        kind = draw(st.sampled_from(sorted(_TYPES)))
        question = {"id": name, "type": kind, "label": draw(st.sampled_from(["甲", "乙"]))}
        if kind in {"choice", "multiple"}:
            question["choices"] = [{"value": value, "label": value} for value in draw(_OPTIONS)]
        found.append(question)
    return found


@st.composite
def forms_to_be(draw: Any) -> FormVersion:
    """Any small form over the same few ids: two questions of an id may have any two types."""
    questions = draw(simple_questions("pqrst"))
    if draw(st.booleans()):
        label = {"label": "組", "item_label": "人"}
        inner = draw(simple_questions("uvwx"))
        questions.append({"id": "g", "type": "group", "questions": inner, **label})
    steps = [{"id": "one", "title": "一", "questions": questions}]
    if len(questions) > 1 and draw(st.booleans()):
        steps = [
            {"id": "one", "title": "一", "questions": questions[:1]},
            {"id": "two", "title": "二", "questions": questions[1:]},
        ]
    form = load({"key": "any", "title": "何か", "steps": steps})
    return FormVersion(key="any", number=1, definition=form.as_json(), digest=form.digest())


@st.composite
def answered(draw: Any) -> tuple[FormVersion, dict[str, Any]]:
    version = draw(forms_to_be())
    return version, draw(answers_to(version.form.steps))


@st.composite
def answers_to(draw: Any, steps: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for step in steps:
        for question in step.questions:
            if not draw(st.booleans()):
                continue
            if question.type == "group":
                found[question.id] = [
                    {
                        item.id: draw(_value_of(item))
                        for item in question.questions
                        if draw(st.booleans())
                    }
                    for _ in range(draw(st.integers(1, 3)))
                ]
            else:
                found[question.id] = draw(_value_of(question))
    return found


def _value_of(question: Any) -> st.SearchStrategy[Any]:
    values = [option.value for option in getattr(question, "choices", ())]
    if question.type == "choice":
        return st.sampled_from(values)
    if question.type == "multiple":
        return st.lists(st.sampled_from(values), min_size=1, unique=True)
    return _TYPES[question.type]


Leaf = tuple[str, int, str, str]


def leaves(answers: dict[str, Any]) -> Iterator[Leaf]:
    """Every single thing that was answered: (group, entry, question, value); options and files one
    by one."""
    for name, value in answers.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            for number, entry in enumerate(value, start=1):
                for inner, answer in entry.items():
                    yield from _each(name, number, inner, answer)
        else:
            yield from _each("", 0, name, value)


def _each(group: str, entry: int, name: str, value: Any) -> Iterator[Leaf]:
    for one in value if isinstance(value, list) else [value]:
        yield group, entry, name, repr(one)


def leaves_of(not_kept: list[NotKept]) -> Iterator[Leaf]:
    for item in not_kept:
        if item.group_id:
            yield from _each(item.group_id, item.entry, item.question_id, item.value)
        else:
            yield from leaves({item.question_id: item.value})


@given(answered(), forms_to_be())
@settings(max_examples=300, deadline=None)
def test_kept_and_not_kept_are_all_answers_unchanged(
    before: tuple[FormVersion, dict[str, Any]], new: FormVersion
) -> None:
    old, answers = before
    found = carry(old, new, answers, {})
    kept, rest = list(leaves(found.answers)), list(leaves_of(found.not_kept))
    assert sorted(kept + rest) == sorted(leaves(answers))
    assert set(found.answers) <= set(new.form.questions_by_id)


@given(answered())
@settings(max_examples=200, deadline=None)
def test_rebasing_to_the_same_form_changes_nothing(
    before: tuple[FormVersion, dict[str, Any]],
) -> None:
    version, answers = before
    origin = {name: {"source": "eid", "verified": False} for name in answers}
    found = carry(version, version, answers, origin)
    assert (found.answers, found.provenance, found.not_kept) == (answers, origin, [])
    steps = [step.id for step in version.form.steps]
    assert rebase.steps_still_done(version, version, steps, found) == steps


@given(answered(), forms_to_be())
@settings(max_examples=200, deadline=None)
def test_a_second_time_changes_nothing_more(
    before: tuple[FormVersion, dict[str, Any]], new: FormVersion
) -> None:
    old, answers = before
    once = carry(old, new, answers, {name: {"source": "eid"} for name in answers})
    twice = carry(new, new, once.answers, once.provenance)
    assert (twice.answers, twice.provenance, twice.not_kept) == (
        once.answers, once.provenance, [],
    )  # fmt: skip


@given(answered(), forms_to_be())
@settings(max_examples=200, deadline=None)
def test_every_lost_answer_can_be_read(
    before: tuple[FormVersion, dict[str, Any]], new: FormVersion
) -> None:
    """In the words of the old form, in both languages, with the entry it was in."""
    old, answers = before
    found = carry(old, new, answers, {})
    for language in ("ja", "en"):
        with translation.override(language):
            rows = list(news._rows(found.not_kept, {str(old.pk): old}, language, {}))
            assert len(rows) >= len([item for item in found.not_kept if not item.group_id and
                                     not isinstance(item.value, list)])  # fmt: skip
            assert all(row.text or row.attachments for row in rows)
