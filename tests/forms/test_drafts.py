"""Drafts step by step: saved, resumed, protected, handed over."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.models import LedgerEntry
from common.actor import Actor
from forms import drafts, pages, seals, versions
from forms.definitions import load
from forms.errors import DraftClosed, TamperedValue
from forms.models import Draft
from tests.forms.support import (
    ACT,
    EVERYTHING,
    PERSON,
    a_draft,
    a_resident,
    claims,
    everything,
    save,
)

pytestmark = pytest.mark.usefixtures("town")


def fresh(draft: Draft) -> Draft:
    return Draft.objects.select_related("version").get(pk=draft.pk)


# --- opening ----------------------------------------------------------------------------------
def test_open_draft_resumes_the_open_one() -> None:
    draft = a_draft()
    again = drafts.open_draft(resident=draft.resident, version=draft.version, subject="everything")
    assert again.pk == draft.pk


def test_open_draft_keeps_its_version_when_a_newer_is_published() -> None:
    draft = a_draft()
    newer = versions.publish(load(EVERYTHING.replace("Everything", "Newer")))
    again = drafts.open_draft(resident=draft.resident, version=newer, subject="everything")
    assert again.version_id == draft.version_id
    assert again.form.title.in_language("en") == "Everything"


def test_open_draft_after_sending_is_a_new_one() -> None:
    draft = a_draft()
    drafts.close(draft)
    again = drafts.open_draft(resident=draft.resident, version=draft.version, subject="everything")
    assert again.pk != draft.pk


def test_open_draft_of_another_resident_is_another() -> None:
    draft = a_draft()
    other = a_draft(resident=a_resident("鈴木"))
    assert other.pk != draft.pk
    assert drafts.get_draft(resident_id=other.resident_id, draft_id=draft.pk) is None
    assert drafts.get_draft(resident_id=draft.resident_id, draft_id=draft.pk) == draft


def test_draft_of_another_town_does_not_exist(in_town: Any) -> None:
    draft = a_draft()
    with in_town("suginosawa"):
        assert not Draft.objects.filter(pk=draft.pk).exists()


# --- autofill ---------------------------------------------------------------------------------
def test_claims_fill_by_concept_with_provenance() -> None:
    draft = a_draft(claims=claims())
    assert draft.answers["name"] == "髙橋 𠮷子"
    assert draft.answers["born"] == "1985-04-12"
    assert draft.answers["home"]["postalCode"] == "165-0026"
    assert draft.answers["mail"] == "yoshiko@example.jp"
    assert draft.provenance["name"]["verified"] is True
    assert draft.provenance["name"]["source"] == "eid"
    assert draft.provenance["mail"]["verified"] is False
    assert "seal" not in draft.provenance["mail"]


def test_claims_used_are_in_the_ledger_by_concept_only() -> None:
    draft = a_draft(claims=claims())
    entry = LedgerEntry.objects.get(event="draft.autofilled")
    assert entry.data == {
        "concepts": ["contact.email", "person.address", "person.dateOfBirth", "person.fullName"]
    }
    assert str(entry.about) == str(draft.resident_id)


def test_claim_that_is_no_answer_is_left_out() -> None:
    wrong = claims()
    wrong["person.dateOfBirth"]["value"] = "unknown"
    wrong["person.fullName"]["value"] = {"given": "x"}
    wrong["contact.email"]["value"] = "nobody"
    draft = a_draft(claims=wrong)
    assert set(draft.answers) == {"home"}


def test_incomplete_address_claim_fills_but_is_not_verified() -> None:
    partly = claims()
    partly["person.address"]["value"] = {"prefecture": "東京都"}
    draft = a_draft(claims=partly)
    assert draft.answers["home"]["prefecture"] == "東京都"
    assert draft.provenance["home"]["verified"] is False


def test_newer_claim_replaces_a_verified_value_on_resuming() -> None:
    draft = a_draft(claims=claims())
    moved = claims()
    moved["person.address"]["value"]["streetAddress"] = "本町2-2"
    again = drafts.open_draft(
        resident=draft.resident, version=draft.version, subject="everything", claims=moved
    )
    assert fresh(again).answers["home"]["streetAddress"] == "本町2-2"
    drafts.check_seals(again)


def test_typed_value_is_not_overwritten_by_an_unverified_claim() -> None:
    draft = a_draft()
    save(draft, "person", PERSON)
    again = drafts.open_draft(
        resident=draft.resident, version=draft.version, subject="everything", claims=claims()
    )
    assert again.answers["mail"] == "hanako@example.jp"
    assert again.answers["name"] == "髙橋 𠮷子"


def test_prefilled_value_says_that_it_was_changed() -> None:
    draft = a_draft(claims=claims())
    outcome = save(draft, "person", {"mail": "new@example.jp"})
    assert outcome.ok
    assert fresh(draft).answers["mail"] == "new@example.jp"
    assert fresh(draft).provenance["mail"] == {"changed_from": "eid"}
    assert "name" in fresh(draft).provenance


# --- tampering --------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "posted",
    [
        {"name": "別人"},
        {"name": ""},
        {"born-year": "2000", "born-month": "1", "born-day": "1"},
        {"home-city": "別の市"},
        {"born": "not a date"},
    ],
)
def test_changed_verified_value_is_refused_and_recorded(posted: dict[str, str]) -> None:
    draft = a_draft(claims=claims())
    before = fresh(draft).answers
    with pytest.raises(TamperedValue):
        save(draft, "person", {"mail": "a@example.jp"} | posted)
    assert fresh(draft).answers == before
    entry = LedgerEntry.objects.get(event="draft.tampered")
    assert entry.data == {"questions": [next(iter(posted)).split("-")[0]]}


def test_same_verified_value_posted_is_fine() -> None:
    draft = a_draft(claims=claims())
    assert save(draft, "person", {"mail": "a@example.jp", "name": "髙橋 𠮷子"}).ok


@pytest.mark.parametrize("act", ["save", "review"])
def test_value_changed_in_the_database_is_refused(act: str) -> None:
    draft = a_draft(claims=claims())
    Draft.objects.filter(pk=draft.pk).update(answers=draft.answers | {"name": "別人"})
    draft = fresh(draft)
    calls = {
        "save": lambda: save(draft, "act", ACT),
        "review": lambda: drafts.review(draft),
    }
    with pytest.raises(TamperedValue):
        calls[act]()
    assert LedgerEntry.objects.filter(event="draft.tampered").count() == 1


def test_seal_fits_only_its_own_draft_question_value_and_origin() -> None:
    draft = a_draft(claims=claims())
    entry = draft.provenance["name"]
    assert seals.holds(draft.pk, "name", "髙橋 𠮷子", entry)
    other = a_draft(resident=a_resident("x"))
    assert not seals.holds(other.pk, "name", "髙橋 𠮷子", entry)
    assert not seals.holds(draft.pk, "kana", "髙橋 𠮷子", entry)
    assert not seals.holds(draft.pk, "name", "高橋 吉子", entry)
    for key in ("source", "issuer", "acr", "asserted_at"):
        assert not seals.holds(draft.pk, "name", "髙橋 𠮷子", entry | {key: "x"})
    assert not seals.holds(draft.pk, "name", "髙橋 𠮷子", {**entry, "seal": ""})


def test_dropping_the_verified_flag_does_not_unlock() -> None:
    draft = a_draft(claims=claims())
    provenance = draft.provenance | {"name": draft.provenance["name"] | {"verified": False}}
    Draft.objects.filter(pk=draft.pk).update(provenance=provenance)
    with pytest.raises(TamperedValue):
        save(fresh(draft), "person", {"name": "別人", "mail": "a@example.jp"})


def test_seal_of_a_key_being_rotated_out_still_holds(settings: Any) -> None:
    draft = a_draft(claims=claims())
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "a new key for the tests"
    drafts.check_seals(draft)


# --- saving -----------------------------------------------------------------------------------
def test_step_saved_and_complete_leads_to_the_next() -> None:
    draft = a_draft()
    outcome = save(draft, "person", PERSON)
    assert (outcome.ok, outcome.next_step_id, dict(outcome.errors)) == (True, "act", {})
    stored = fresh(draft)
    assert stored.answers == {
        "name": "山田　花子",
        "born": "1990-04-01",
        "mail": "hanako@example.jp",
        "home": {
            "postalCode": "165-0026", "prefecture": "東京都", "city": "中野区",
            "streetAddress": "新井1-1", "building": "",
        },
    }  # fmt: skip
    assert stored.steps_done == ["person"]
    assert stored.lock == 1


def test_next_step_skips_one_with_nothing_to_show() -> None:
    draft = a_draft()
    assert save(draft, "act", ACT).next_step_id == "family"
    assert save(draft, "act", ACT | {"waiver": "yes", "reason": "公益"}).next_step_id == "extra"


def test_last_step_leads_to_the_check_page(png: bytes, upload: Any) -> None:
    draft = a_draft()
    outcome = save(draft, "papers", {"agreed": "yes"}, plan=upload(png))
    assert (outcome.ok, outcome.next_step_id) == (True, None)


def test_valid_answers_are_kept_beside_wrong_ones() -> None:
    draft = a_draft()
    outcome = save(draft, "person", PERSON | {"mail": "nobody", "home-city": ""})
    assert not outcome.ok
    assert set(outcome.errors) == {"mail", "home-city"}
    assert fresh(draft).answers["name"] == "山田　花子"
    assert "mail" not in fresh(draft).answers
    assert 'value="nobody"' in outcome.page.fields
    assert [link.anchor for link in outcome.page.errors] == ["f-home-city", "f-mail"]


def test_missing_answers_are_named() -> None:
    outcome = save(a_draft(), "person", {})
    assert set(outcome.errors) == {"name", "born-year", "home-postalCode", "mail"}


def test_question_shown_by_an_answer_appears_without_an_error() -> None:
    """Without JavaScript: the page comes back with the new questions, and what was typed."""
    draft = a_draft()
    page = pages.step_page(draft, "act")
    first = {"kind": "film", "start-year": "2026", "start-month": "4", "start-day": "1"}
    first |= {"end": "2026-04-03", "area": "10", "waiver": "no", "_shown": page.shown}
    outcome = save(draft, "act", first)
    assert not outcome.ok
    assert not outcome.errors
    assert outcome.notice
    assert 'name="cameras"' in outcome.page.fields
    again = save(draft, "act", first | {"cameras": "2", "_shown": outcome.page.shown})
    assert again.ok


def test_hidden_question_shows_no_field_and_leaves_the_submission() -> None:
    draft = a_draft()
    save(draft, "act", ACT)
    assert fresh(draft).answers["cameras"] == 2
    page = pages.step_page(draft, "act")
    save(draft, "act", ACT | {"kind": "sale", "goods": ["tea"], "_shown": page.shown + " goods"})
    answers = drafts.review(fresh(draft)).answers
    assert "cameras" not in answers
    assert answers["goods"] == ["tea"]
    assert 'name="cameras"' not in pages.step_page(fresh(draft), "act").fields


def test_condition_on_a_hidden_question_does_not_hold() -> None:
    draft = a_draft()
    save(draft, "act", ACT | {"kind": "sale", "goods": ["fire"], "safety": "水"})
    assert drafts.review(draft).answers["safety"] == "水"
    save(draft, "act", ACT)
    assert "safety" not in drafts.review(draft).answers


def test_required_when_and_validation_rule() -> None:
    draft = a_draft()
    small = ACT | {"waiver": "yes"}
    page = pages.step_page(draft, "act")
    once = save(draft, "act", small | {"_shown": page.shown + " cameras"})
    assert once.page.focus == "reason"  # shown, though it may stay empty
    assert save(draft, "act", small).ok
    assert set(save(draft, "act", small | {"area": "200"}).errors) == {"reason"}
    outcome = save(draft, "act", ACT | {"end": "2026-03-01"})
    assert outcome.errors == {"end": ["開始日より後にしてください"]}


def test_computed_value_is_worked_out_and_never_taken_from_the_post() -> None:
    draft = a_draft()
    save(draft, "act", ACT | {"days": "999"})
    assert drafts.review(draft).answers["days"] == 3
    assert "days" not in fresh(draft).answers


@pytest.mark.parametrize("value", ["a\x00b", "x" * 10_001])
def test_input_that_cannot_be_is_refused_at_the_field(value: str) -> None:
    draft = a_draft()
    outcome = save(draft, "person", PERSON | {"name": value})
    assert set(outcome.errors) == {"name"}
    assert "name" not in fresh(draft).answers


@pytest.mark.parametrize(
    ("field", "value"),
    [("kind", "steal"), ("goods", ["tea", "gold"]), ("waiver", "maybe"), ("cameras", "99")],
)
def test_made_up_option_is_refused(field: str, value: object) -> None:
    base = ACT if field != "goods" else ACT | {"kind": "sale"}
    assert field in save(a_draft(), "act", base | {field: value}).errors


def test_save_and_leave_does_not_insist_on_what_is_missing() -> None:
    draft = a_draft()
    outcome = save(draft, "person", {"name": "山田", "_do": "leave"})
    assert (outcome.ok, outcome.leave) == (True, True)
    assert fresh(draft).answers == {"name": "山田"}
    assert fresh(draft).steps_done == []


def test_save_and_leave_stays_when_something_cannot_be_read() -> None:
    outcome = save(a_draft(), "person", {"mail": "nobody", "_do": "leave"})
    assert (outcome.ok, outcome.leave, set(outcome.errors)) == (False, False, {"mail"})


def test_unknown_step_is_a_lookup_error() -> None:
    draft = a_draft()
    for step in ("nowhere", "", "check"):
        with pytest.raises(LookupError):
            save(draft, step, {})


def test_closed_draft_takes_no_answers() -> None:
    draft = a_draft()
    drafts.close(draft)
    with pytest.raises(DraftClosed):
        save(draft, "person", PERSON)


def test_saving_is_one_update_and_reading_costs_nothing_more() -> None:
    draft = fresh(a_draft())
    assert draft.form
    with CaptureQueriesContext(
        connection,
    ) as queries:
        save(draft, "person", PERSON)
    assert [query["sql"].split()[0] for query in queries] == ["UPDATE"]
    with CaptureQueriesContext(connection) as queries:
        pages.step_page(draft, "act")
    assert len(queries) == 0


# --- two tabs ---------------------------------------------------------------------------------
def test_two_tabs_on_different_steps_do_not_disturb_each_other() -> None:
    draft = a_draft()
    first, second = fresh(draft), fresh(draft)
    one, two = pages.step_page(first, "person"), pages.step_page(second, "act")
    assert save(first, "person", PERSON | {"_seen": one.seen, "_shown": one.shown}).ok
    assert save(second, "act", ACT | {"_seen": two.seen}).ok
    stored = fresh(draft).answers
    assert stored["name"] == "山田　花子"
    assert stored["kind"] == "film"


def test_two_tabs_on_the_same_step_tell_the_second_one() -> None:
    draft = a_draft()
    page = pages.step_page(draft, "person")
    marks = {"_seen": page.seen, "_shown": page.shown}
    assert save(fresh(draft), "person", PERSON | marks).ok
    second = fresh(draft)
    outcome = save(second, "person", PERSON | marks | {"name": "別の名前"})
    assert (outcome.ok, outcome.conflict) == (False, True)
    assert fresh(draft).answers["name"] == "山田　花子"
    assert "別の名前" in outcome.page.fields
    again = {"_seen": outcome.page.seen, "_shown": outcome.page.shown, "name": "別の名前"}
    assert save(second, "person", PERSON | again).ok
    assert fresh(draft).answers["name"] == "別の名前"


def test_double_click_is_no_conflict() -> None:
    draft = a_draft()
    page = pages.step_page(draft, "person")
    marks = {"_seen": page.seen, "_shown": page.shown}
    assert save(fresh(draft), "person", PERSON | marks).ok
    assert save(fresh(draft), "person", PERSON | marks).ok


def test_row_changed_while_saving_is_read_again() -> None:
    """The UPDATE is guarded: a writer that came in between loses nothing."""
    draft = a_draft()
    stale, other = fresh(draft), fresh(draft)
    save(other, "act", ACT)
    assert save(stale, "person", PERSON).ok
    stored = fresh(draft)
    assert stored.lock == 2
    assert {"kind", "name"} <= set(stored.answers)


# --- groups -----------------------------------------------------------------------------------
def test_group_add_keeps_what_was_typed_and_shows_no_errors() -> None:
    draft = a_draft()
    data = {"children-n": "1", "children-0-child_name": "", "children-0-together": "yes"}
    outcome = save(draft, "family", data | {"_do": "add:children"})
    assert (outcome.ok, dict(outcome.errors)) == (False, {})
    assert 'name="children-1-child_name"' in outcome.page.fields
    assert outcome.focus == "children-1"
    assert len(fresh(draft).answers["children"]) == 2


def test_group_remove_moves_the_rest_up() -> None:
    draft = a_draft()
    data = {
        "children-n": "3",
        "children-0-child_name": "一",
        "children-1-child_name": "二",
        "children-2-child_name": "三",
        "children-2-together": "yes",
    }
    outcome = save(draft, "family", data | {"_do": "remove:children:1"})
    assert not outcome.ok
    assert fresh(draft).answers["children"] == [
        {"child_name": "一"},
        {"child_name": "三", "together": True},
    ]


def test_group_conditional_question_inside_an_entry() -> None:
    draft = a_draft()
    data = {"children-n": "1", "children-0-child_name": "一", "children-0-together": "no"}
    outcome = save(draft, "family", data)
    assert set(outcome.errors) == {"children-0-apart"}
    assert save(draft, "family", data | {"children-0-apart": "大阪"}).ok
    together = data | {"children-0-together": "yes", "children-0-apart": "大阪"}
    assert save(draft, "family", together).ok
    assert drafts.review(draft).answers["children"] == [{"child_name": "一", "together": True}]


@pytest.mark.parametrize("count", ["4", "99999", "-1", "x", "１"])
def test_group_count_made_up_is_bounded(count: str) -> None:
    draft = a_draft()
    outcome = save(draft, "family", {"children-n": count})
    assert len(fresh(draft).answers.get("children", [])) <= 4
    if count == "4":
        assert "children" in outcome.errors


def test_refresh_shows_what_follows_and_saves_nothing() -> None:
    draft = a_draft()
    before = fresh(draft).lock
    outcome = save(
        draft, "family", {"children-n": "1", "children-0-child_name": "一", "_do": "refresh"}
    )
    assert outcome.page is not None
    assert "一" in str(outcome.page.fields)
    assert (fresh(draft).answers.get("children"), fresh(draft).lock) == (None, before)


@pytest.mark.parametrize(
    "do", ["add:nobody", "remove:children:9", "remove:children:x", "remove:", "add:name", "lookup:",
           "lookup:name", "remove-file:x", "unknown:y", "::::"],
)  # fmt: skip
def test_made_up_button_does_no_harm(do: str) -> None:
    draft = a_draft()
    save(draft, "family", {"children-n": "1", "children-0-child_name": "一", "_do": do})
    assert fresh(draft).answers["children"][0]["child_name"] == "一"


# --- address look-up --------------------------------------------------------------------------
def test_look_up_fills_the_address_by_a_plain_button() -> None:
    draft = a_draft()
    outcome = save(draft, "person", {"home-postalCode": "１６５ー００２６", "_do": "lookup:home"})
    assert not outcome.ok
    assert not outcome.errors
    assert fresh(draft).answers["home"] == {
        "postalCode": "165-0026",
        "prefecture": "東京都",
        "city": "中野区",
        "streetAddress": "新井",
        "building": "",
    }
    assert 'value="中野区"' in outcome.page.fields


def test_look_up_fills_in_only_what_all_places_of_a_code_share() -> None:
    draft = a_draft()
    outcome = save(draft, "person", {"home-postalCode": "452-0961", "_do": "lookup:home"})
    assert fresh(draft).answers["home"] == {
        "postalCode": "452-0961", "prefecture": "愛知県", "city": "清須市", "streetAddress": "",
        "building": "",
    }  # fmt: skip
    assert outcome.focus == "home-streetAddress"
    assert '<option value="春日明河原"></option>' in outcome.page.fields
    assert '<option value="春日一番割"></option>' in outcome.page.fields


def test_look_up_of_a_code_of_two_prefectures_fills_in_neither() -> None:
    draft = a_draft()
    outcome = save(draft, "person", {"home-postalCode": "498-0000", "_do": "lookup:home"})
    assert fresh(draft).answers["home"]["prefecture"] == ""
    assert outcome.focus == "home-prefecture"
    for words in ("愛知県", "三重県", "弥富市", "桑名郡木曽岬町"):
        assert f'<option value="{words}"></option>' in outcome.page.fields


def test_look_up_of_a_code_that_does_not_exist_says_so() -> None:
    outcome = save(a_draft(), "person", {"home-postalCode": "000-0000", "_do": "lookup:home"})
    assert set(outcome.errors) == {"home-postalCode"}
    assert 'value="000-0000"' in outcome.page.fields


def test_account_needs_a_number_and_a_name() -> None:
    posted = {
        "children-n": "0", "account-bankCode": "0001", "account-branchCode": "001",
        "account-accountType": "ordinary", "account-number": "0", "account-holder": "ー",
    }  # fmt: skip
    draft = a_draft()
    assert set(save(draft, "family", posted).errors) == {"account-number", "account-holder"}
    assert save(draft, "family", posted | {"account-number": "1", "account-holder": "ヤマダ"}).ok
    assert fresh(draft).answers["account"]["number"] == "0000001"


# --- review and snapshot ----------------------------------------------------------------------
def complete(draft: Draft, upload: Any, png: bytes) -> None:
    save(draft, "person", PERSON)
    save(draft, "act", ACT)
    save(draft, "family", {"children-n": "0"})
    save(draft, "papers", {"agreed": "yes"}, plan=upload(png))


def test_review_names_every_problem_with_step_and_field() -> None:
    draft = a_draft()
    save(draft, "person", PERSON | {"mail": ""})
    review = drafts.review(draft)
    assert not review.ok
    found = {(p.step_id, p.question_id, p.field) for p in review.problems}
    assert ("person", "mail", "mail") in found
    assert ("papers", "plan", "plan") in found
    assert ("act", "start", "start-year") in found


def test_complete_draft_reviews_clean_and_its_snapshot_fits_the_schema(
    upload: Any, png: bytes
) -> None:
    import jsonschema

    draft = a_draft()
    complete(draft, upload, png)
    review = drafts.review(fresh(draft))
    assert review.problems == []
    assert [step.step_id for step in review.steps] == ["person", "act", "family", "papers"]
    answers, files = review.answers, review.files
    jsonschema.validate(answers, draft.form.json_schema())
    assert [str(item.pk) for item in files] == answers["plan"]
    assert pages.first_open_step(fresh(draft)) is None


def test_review_display_in_both_languages() -> None:
    draft = a_draft()
    save(draft, "person", PERSON)
    save(draft, "act", ACT | {"price": "12000"})
    japanese = {
        row.question_id: row.text for s in drafts.review(draft, "ja").steps for row in s.rows
    }
    english = {
        row.question_id: row.text for s in drafts.review(draft, "en").steps for row in s.rows
    }
    assert japanese["start"] == "2026年（令和8年）4月1日"
    assert english["start"] == "1 April 2026"
    assert japanese["days"] == "3日"
    assert english["days"] == "3 days"
    assert english["kind"] == "Filming"
    assert japanese["kind"] == "撮影"
    assert english["price"] == "¥12,000"
    assert japanese["home"] == "〒165-0026\n東京都中野区新井1-1"
    assert english["kana"] == ""


def test_required_date_rule_reads_the_day_of_asking() -> None:
    form = load(
        "key: a\ntitle: a\nsteps:\n  - id: one\n    title: a\n    questions:\n"
        "      - id: due\n        type: date\n        input: text\n        label: a\n"
        "        validate: [{rule: due >= today, message: past}]\n"
    )
    draft = a_draft(form)
    with time_machine.travel("2026-04-01T16:00:00+00:00", tick=False):  # 2 April in Japan
        assert save(draft, "one", {"due": "2026-04-01"}).errors == {"due": ["past"]}
        assert save(draft, "one", {"due": "2026-04-02"}).ok


# --- corrections ------------------------------------------------------------------------------
def a_correction(*question_ids: str) -> Draft:
    draft = a_draft(claims=claims())
    save(draft, "person", {"mail": "a@example.jp"})
    save(draft, "act", ACT)
    review, version = drafts.review(draft), draft.version
    answers, provenance = review.answers, review.provenance
    drafts.close(draft)
    return drafts.open_correction(
        resident=draft.resident, version=version, subject="correction:1", answers=answers,
        provenance=provenance, question_ids=list(question_ids), judged_on=timezone.localdate(),
    )  # fmt: skip


def test_correction_shows_only_its_questions_and_what_hangs_on_them() -> None:
    page = pages.step_page(a_correction("kind"), "")
    assert 'name="kind"' in page.fields
    assert 'name="cameras"' in page.fields
    assert 'name="area"' not in page.fields
    assert page.steps == []


def test_correction_takes_only_its_questions() -> None:
    draft = a_correction("area")
    outcome = save(draft, "", {"area": "20", "kind": "sale", "name": "x"})
    assert (outcome.ok, outcome.next_step_id) == (True, None)
    stored = fresh(draft).answers
    assert (stored["area"], stored["kind"], stored["name"]) == ("20", "film", "髙橋 𠮷子")


def test_correction_keeps_verified_values_sealed_to_its_own_draft() -> None:
    draft = a_correction("name")
    drafts.check_seals(draft)
    assert draft.provenance["born"]["verified"] is True
    draft.answers["born"] = "2000-01-01"
    with pytest.raises(TamperedValue):
        drafts.check_seals(draft)


def test_correction_of_what_the_eid_had_confirmed_is_the_residents_own_word() -> None:
    draft = a_correction("name")
    assert save(draft, "", {"name": "別人"}).ok
    stored = fresh(draft)
    assert stored.answers["name"] == "別人"
    assert stored.provenance["name"] == {"changed_from": "eid"}


def test_correction_review_looks_at_its_questions_only() -> None:
    draft = a_correction("area")
    assert drafts.review(draft).problems == []
    save(draft, "", {"area": ""})
    assert [p.question_id for p in drafts.review(draft).problems] == ["area"]


def test_correction_of_an_unknown_question_is_a_lookup_error() -> None:
    with pytest.raises(LookupError):
        a_correction("nobody")


# --- the end ----------------------------------------------------------------------------------
def test_discarded_draft_is_empty_and_recorded(upload: Any, png: bytes) -> None:
    draft = a_draft()
    save(draft, "papers", {"agreed": "yes"}, plan=upload(png))
    drafts.discard(draft=draft, by=Actor("resident", str(draft.resident_id), ""))
    stored = fresh(draft)
    assert (stored.state, stored.answers) == ("discarded", {})
    assert draft.attachments.count() == 0
    assert LedgerEntry.objects.filter(event="draft.discarded").count() == 1


def test_publishing_the_same_form_gives_the_same_version() -> None:
    first = versions.publish(everything())
    assert versions.publish(everything()) == first
    second = versions.publish(load(EVERYTHING.replace("Everything", "Second")))
    assert (second.number, second.key) == (first.number + 1, first.key)
