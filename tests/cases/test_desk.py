"""What the desk finds and walks, who stands in, who steps aside, notes and tags."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone

from cases import absences, actions, desk, desk_actions, paging, people, policies, presence, search
from cases.desk import InboxFilter
from cases.models import Case
from cases.models_desk import SearchRow
from common import chores, outbox
from common.errors import Conflict, InvalidInput, NotAllowed, NotFound
from identity.models import User
from notifications.models import Message
from tests.factories import cases as make
from tests.factories import people as persons


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("common.outbox._wake_worker", lambda: None)


def _found(user: User, text: str, **also: str) -> list[Case]:
    return list(desk.inbox(user, InboxFilter(text=text, **also)))


@pytest.mark.parametrize(
    "typed",
    [
        "090-1234-5678", "09012345678", "０９０－１２３４－５６７８", "(090)1234-5678", "5678",
        "+81-90-1234-5678", "+819012345678", "＋８１－９０－１２３４－５６７８",
        "千代田区千代田", "噴水の北側", "番組", "hanako", "山田花子 噴水", "ﾔﾏﾀﾞ",
    ],
)  # fmt: skip
def test_phone_address_and_answers_are_found(town: Any, typed: str) -> None:
    case = make.submitted_case()
    make.submitted_case(
        resident=persons.resident(
            name="鈴木 一郎",
            name_kana="スズキ イチロウ",
            phone="03-9999-0000",
            email="s@example.jp",
        ),
        answers={"place_detail": {"description": "池のほとり"}, "purpose": "朝市"},
    )
    for each in Case.objects.select_related("application", "resident"):
        search.put(each)
    if typed in ("千代田区千代田", "5678"):
        typed += " 山田"
    assert _found(persons.caseworker(), typed) == [case]


def test_an_answer_with_the_country_code_is_found_as_it_is_dialled(town: Any) -> None:
    """Kept so by an application from before they were brought into one form."""
    case = make.submitted_case(answers={"phone": "+81-90-0000-0102"})
    search.put(case)
    for typed in ("090-0000-0102", "09000000102", "+81 90 0000 0102"):
        assert _found(persons.caseworker(), typed) == [case]


def test_pairs_in_another_order_are_not_the_word(town: Any) -> None:
    case = make.submitted_case(answers={"purpose": "京都東京"})
    search.put(case)
    worker = persons.caseworker()
    assert _found(worker, "京都東京") == [case]
    assert _found(worker, "東京都東") == []


def test_found_by_many_is_the_same_as_found_by_few(
    town: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = [make.submitted_case() for _ in range(3)]
    search.put_all(cases)
    worker = persons.caseworker()
    few = _found(worker, "噴水")
    monkeypatch.setattr(search, "_FEW", 2)
    assert _found(worker, "噴水") == few
    assert {case.pk for case in few} == {case.pk for case in cases}


def test_only_what_one_may_read_is_found(town: Any) -> None:
    case = make.submitted_case()
    search.put(case)
    assert _found(persons.caseworker(), "噴水") == [case]
    assert _found(persons.caseworker(at="child_welfare"), "噴水") == []
    consultee = persons.consultee()
    make.actions.claim_case(case=case, by=persons.caseworker())
    asked = make.consulted_case()
    search.put(asked.case)
    assert _found(consultee, "噴水") == []
    assert _found(consultee, asked.case.application.receipt_number) == [asked.case]


def test_worker_of_one_office_who_is_asked_by_another_finds_both(town: Any) -> None:
    asked = make.consulted_case()
    own = make.submitted_case(of=make.offering("child_allowance"))
    for case in (asked.case, own):
        search.put(case)
    user = persons.consultee()
    persons.StaffRole.objects.create(
        user=user, role="caseworker", department=persons.department("child_welfare")
    )
    assert _found(user, asked.case.application.receipt_number) == [asked.case]
    assert _found(user, "山田") == [own]


def test_row_comes_with_the_submission_and_follows_a_correction(town: Any) -> None:
    case = make.claimed_case()
    outbox.drain()
    worker = persons.caseworker()
    assert _found(worker, "紹介番組") == [case]
    correction = make.correction_of(case)
    make.answered_correction(correction, purpose="花火大会の準備")
    assert _found(worker, "紹介番組") == []
    assert _found(worker, "花火大会") == [case]


def test_a_decision_is_found_by_its_number_and_only_by_its_own(town: Any) -> None:
    cases = [make.claimed_case() for _ in range(2)]
    numbers = [make.decision_on(case, "refused").number for case in cases]
    outbox.drain()
    worker = persons.caseworker()
    prefix, year, last = re.fullmatch(r"(\D+)(\d{4})-(\d+)", numbers[0]).groups()  # type: ignore[union-attr]
    for typed in (numbers[0], f"{numbers[0]}号", f"{prefix}{year}ー{last}", f"{year}-{last}"):
        assert _found(worker, typed, view="closed") == [cases[0]], typed
    assert _found(worker, numbers[1], view="closed") == [cases[1]]
    assert _found(worker, f"{prefix}{year}-{last}9", view="closed") == []


def test_night_writes_rows_anew_that_lack_the_number(town: Any) -> None:
    case = make.claimed_case()
    outbox.drain()
    decision = make.decision_on(case, "refused")
    SearchRow.objects.update(edition=1)
    assert _found(persons.caseworker(), decision.number, view="closed") == []
    chores.chores.get("cases.search_rows")()
    assert _found(persons.caseworker(), decision.number, view="closed") == [case]
    assert set(SearchRow.objects.values_list("edition", flat=True)) == {search.EDITION}


def test_night_makes_up_for_missing_rows(town: Any) -> None:
    case = make.submitted_case()
    assert not SearchRow.objects.filter(case=case).exists()
    chores.chores.get("cases.search_rows")()
    assert _found(persons.caseworker(), "噴水") == [case]


def test_pages_neither_lose_nor_repeat_cases_while_they_are_worked_off(town: Any) -> None:
    worker, today = persons.caseworker(), timezone.localdate()
    cases = [make.submitted_case() for _ in range(6)]
    for number, case in enumerate(cases):
        due = today + timedelta(days=number) if number < 4 else None
        Case.objects.filter(pk=case.pk).update(due_on=due, days_left_when_paused=None if due else 2)
    listed = desk.inbox(worker, InboxFilter())
    first = paging.page(listed, None, 2)
    Case.objects.filter(pk=first.cases[0].pk).update(closed_at=timezone.now())
    second = paging.page(listed, paging.cursor_of(first.after, closed=False), 2)
    third = paging.page(listed, paging.cursor_of(second.after, closed=False), 2)
    assert [case.pk for case in second.cases] == [cases[2].pk, cases[3].pk]
    assert {case.pk for case in third.cases} == {cases[4].pk, cases[5].pk}
    assert third.after == ""
    back = paging.page(listed, paging.cursor_of(third.before, closed=False), 2)
    assert back.cases == second.cases


def test_counts_stop(town: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        make.submitted_case()
    monkeypatch.setattr(desk, "MOST_COUNTED", 1)
    assert desk.inbox_counts(persons.caseworker())["open"] == 2


class TestAbsence:
    def test_substitute_of_another_office_has_the_cases_for_the_time(self, town: Any) -> None:
        worker = persons.caseworker()
        other = persons.caseworker(at="child_welfare", name="小川 春")
        case = make.claimed_case(by=worker)
        assert not policies.may_read(case, other)
        today = timezone.localdate()
        desk_actions.enter_absence(substitute=other, first=today, last=today, by=worker)
        absences.forget(other)
        assert policies.may_process(case, other)
        assert list(desk.inbox(other, InboxFilter(view="mine"))) == [case]
        assert make.decision_on(case, "refused", by=other).decided_by == other
        unassigned = make.submitted_case()
        assert not policies.may_read(unassigned, other)

    @pytest.mark.parametrize("days", [-1, 1])
    def test_not_before_and_not_after(self, town: Any, days: int) -> None:
        worker = persons.caseworker()
        other = persons.caseworker(at="child_welfare", name="小川 春")
        case, day = make.claimed_case(by=worker), timezone.localdate() + timedelta(days=days)
        absences.Absence.objects.create(absent=worker, substitute=other, first=day, last=day)
        assert not policies.may_read(case, other)

    def test_substitute_is_told_unless_it_was_taken_back(self, town: Any) -> None:
        worker, other = persons.caseworker(), persons.caseworker(name="小川 春")
        today = timezone.localdate()
        desk_actions.enter_absence(substitute=other, first=today, last=today, by=worker)
        outbox.drain()
        assert Message.objects.filter(recipient=other, kind="stands_in").count() == 1
        second = desk_actions.enter_absence(substitute=other, first=today, last=today, by=worker)
        with pytest.raises(NotFound):
            desk_actions.remove_absence(absence=second, by=other)
        desk_actions.remove_absence(absence=second, by=worker)
        outbox.drain()
        assert Message.objects.filter(recipient=other, kind="stands_in").count() == 1

    def test_impossible_entries_are_refused_at_their_field(self, town: Any) -> None:
        worker, today = persons.caseworker(), timezone.localdate()
        other, editor = persons.caseworker(), persons.staff("editor", at=None)
        day = timedelta(days=1)
        for first, last, who, field in (
            (today, today - day, other, "last"),
            (today - 2 * day, today - day, other, "last"),
            (today, today, worker, "substitute"),
            (today, today, editor, "substitute"),
        ):
            with pytest.raises(InvalidInput) as refused:
                desk_actions.enter_absence(substitute=who, first=first, last=last, by=worker)
            assert list(refused.value.errors) == [field]


class TestStepAside:
    def test_who_stepped_aside_decides_nothing_and_a_colleague_can(self, town: Any) -> None:
        worker, other = persons.caseworker(), persons.caseworker(name="小川 春")
        case = make.claimed_case(by=worker)
        desk_actions.declare_interest(case=case, reason="申請者は兄です。", by=worker)
        case.refresh_from_db()
        assert case.assigned_to_id is None
        with pytest.raises(NotAllowed) as refused:
            make.decision_on(case, "refused", by=worker)
        assert refused.value.code == "close"
        options = {option.verb: option for option in policies.options(case, worker)}
        assert not options["approve"].allowed  # type: ignore[index]
        assert make.decision_on(case, "refused", by=other).decided_by == other

    def test_somebody_with_the_applicants_name_or_mail_is_found(self, town: Any) -> None:
        case = make.claimed_case(by=persons.caseworker())
        for change in (
            {"name": "山田花子", "name_kana": "ヤマダ　ハナコ"},
            {"email": "HANAKO@example.jp"},
        ):
            same = persons.caseworker(name="別 名")
            for name, value in change.items():
                setattr(same, name, value)
            same.save()
            with pytest.raises(NotAllowed) as refused:
                make.decision_on(case, "refused", by=same)
            assert refused.value.code == "close"


def test_hand_over_is_told_when_somebody_was_faster(town: Any) -> None:
    worker, other = persons.caseworker(), persons.caseworker(name="小川 春")
    case = make.claimed_case(by=worker)
    seen = case.lock
    desk_actions.assign_case(case=case, to=other, by=worker, lock=seen)
    with pytest.raises(Conflict):
        desk_actions.release_case(case=case, by=worker, lock=seen)
    case.refresh_from_db()
    assert case.assigned_to == other


def test_notes_and_tags_are_kept_with_the_ledger_and_go_with_the_case(
    town: Any, ledger: Any
) -> None:
    worker = persons.caseworker()
    case = make.claimed_case(by=worker)
    desk_actions.write_note(case=case, text=" 電話で確認。\x00", by=worker)
    desk_actions.tag_case(case=case, name="要 確認", by=worker)
    desk_actions.tag_case(case=case, name="要　確認", by=worker)
    assert [note.text for note in case.notes.all()] == ["電話で確認。"]
    assert _found(worker, "", tag="要 確認") == [case]
    desk_actions.untag_case(case=case, name="要 確認", by=worker)
    assert ledger(case)[-3:] == ["case.noted", "case.tagged", "case.untagged"]
    with pytest.raises(NotAllowed):
        desk_actions.write_note(case=case, text="x", by=persons.consultee())


def test_assigned_case_that_is_not_begun_can_be_begun(town: Any) -> None:
    worker = persons.caseworker()
    case = desk_actions.assign_case(case=make.submitted_case(), to=worker, by=worker)
    assert case.stage == "received"
    assert actions.claim_case(case=case, by=worker).stage == "review"


def test_two_who_have_a_case_open_see_each_other(town: Any) -> None:
    cache.clear()
    one, two = persons.caseworker(), persons.caseworker(name="小川 春")
    case = make.submitted_case()
    assert presence.mark(case.pk, one) == []
    assert [other.name for other in presence.mark(case.pk, two)] == [one.name]
    assert [other.name for other in presence.mark(case.pk, one)] == [two.name]


def test_colleagues_are_those_of_ones_departments(town: Any) -> None:
    worker, other = persons.caseworker(), persons.caseworker(name="小川 春")
    outsider, admin = persons.caseworker(at="child_welfare"), persons.admin()
    found = set(people.colleagues_of(worker))
    assert {worker, other, admin} <= found
    assert outsider not in found
