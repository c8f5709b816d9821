"""The period of a case: it begins, is extended, ends, and begins anew."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from audit.models import LedgerEntry
from cases import actions, alarms, clocks, periods, policies
from cases.models import Case, ClosingDay
from common import kept, outbox
from common.actor import Actor
from common.chores import chores
from common.errors import Conflict, InvalidInput, NotAllowed
from identity.models import Role, User
from notifications.models import Message
from tests.cases.test_clock import Today
from tests.factories import cases as make
from tests.factories import people
from workflow.clock import Alarm
from workflow.definition import Verb

pytestmark = pytest.mark.usefixtures("town")

DESK = ["caseworker", "lead"]


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("common.outbox._wake_worker", lambda: None)


@pytest.fixture
def today(monkeypatch: pytest.MonkeyPatch) -> Today:
    return Today(monkeypatch)


def _extendable(data: dict[str, Any]) -> None:
    data["clock"]["extension"] = {"days": 5, "times": 2}
    data["moves"].append({"verb": "extend", "from": ["review", "correction"], "roles": DESK})


def _not_extendable(data: dict[str, Any]) -> None:
    data["clock"].pop("extension", None)
    data["moves"] = [move for move in data["moves"] if move["verb"] != "extend"]


def _reopenable(data: dict[str, Any]) -> None:
    data["moves"].append(
        {"verb": "reopen", "from": ["withdrawn"], "to": "review", "roles": ["lead"]}
    )


def _completed_first(data: dict[str, Any]) -> None:
    data["clock"]["starts"] = "completeness"
    data["stages"][0]["clock"] = "waiting"
    data["moves"] = [
        move
        for move in data["moves"]
        if not (move["verb"] == "claim" and move["from"] == ["received"])
    ]
    data["moves"] += [
        {"verb": "claim", "from": ["received"], "roles": DESK},
        {"verb": "confirm_complete", "from": ["received"], "to": "review", "roles": DESK},
    ]


def _ends(at_end: str) -> Callable[[dict[str, Any]], None]:
    def change(data: dict[str, Any]) -> None:
        data["clock"]["at_end"] = at_end
        if at_end == "deemed_refusal":
            data["clock"]["deemed_basis"] = {"ja": "条例第5条", "en": "Ordinance, Article 5"}

    return change


def _fresh(case: Case) -> Case:
    return Case.objects.get(pk=case.pk)


class TestCompleteness:
    def test_clock_begins_when_the_office_confirms(self, today: Today) -> None:
        today.is_now(date(2026, 6, 1))
        worker = people.caseworker()
        case = make.claimed_case(of=make.offering_with(_completed_first), by=worker)
        assert (case.due_on, clocks.now(case).days_left) == (None, None)
        assert clocks.now(case).waits_for == "completeness"
        today.is_now(date(2026, 6, 8))
        case = _fresh(periods.confirm_complete(case=case, by=worker, lock=case.lock))
        assert (case.due_on, case.stage) == (date(2026, 6, 16), "review")
        assert case.clock_log == [{"event": "started", "on": "2026-06-08", "due_on": "2026-06-16"}]

    def test_only_once(self) -> None:
        worker = people.caseworker()
        case = make.claimed_case(of=make.offering_with(_completed_first), by=worker)
        periods.confirm_complete(case=case, by=worker)
        with pytest.raises(NotAllowed):
            periods.confirm_complete(case=case, by=worker)


class TestExtension:
    @pytest.fixture
    def case(self, today: Today) -> Case:
        today.is_now(date(2026, 6, 1))
        return make.claimed_case(of=make.offering_with(_extendable))

    def test_is_told_with_its_reason(self, case: Case) -> None:
        worker = case.assigned_to
        assert worker is not None
        case = _fresh(
            periods.extend_period(
                case=case, days="3", reason=" 現地の確認に時間がかかるため。", by=worker,
                lock=case.lock,
            )
        )  # fmt: skip
        assert case.due_on == date(2026, 6, 12)
        assert clocks.now(case).extended[0].reason == "現地の確認に時間がかかるため。"
        assert clocks.now(case).days_allowed == 9
        outbox.drain()
        told = Message.objects.get(recipient=case.resident, kind="period_extended")
        assert "2026年6月12日" in told.body["ja"]
        assert "現地" not in told.body["ja"]
        entry = LedgerEntry.objects.get(event="case.extended")
        assert entry.data["days"] == 3
        assert "現地" not in str(entry.data)

    @pytest.mark.parametrize("days", ["", "0", "-1", "6", "x", "1.5", "９９", "99999999999", "²"])
    def test_days_that_are_not_allowed(self, case: Case, days: str) -> None:
        worker = case.assigned_to
        assert worker is not None
        with pytest.raises(InvalidInput) as refusal:
            periods.extend_period(case=case, days=days, reason="理由", by=worker)
        assert refusal.value.errors.keys() == {"days"}
        assert _fresh(case).clock_log == case.clock_log

    def test_needs_a_reason(self, case: Case) -> None:
        with pytest.raises(InvalidInput) as refusal:
            periods.extend_period(case=case, days="1", reason=" ", by=people.caseworker())
        assert refusal.value.errors.keys() == {"reason"}

    def test_no_further_than_declared(self, case: Case) -> None:
        worker = case.assigned_to
        assert worker is not None
        periods.extend_period(case=case, days="2", reason="理由", by=worker)
        with pytest.raises(InvalidInput):
            periods.extend_period(case=case, days="4", reason="理由", by=worker)
        periods.extend_period(case=case, days="3", reason="理由", by=worker)
        with pytest.raises(NotAllowed) as refusal:
            periods.extend_period(case=case, days="1", reason="理由", by=worker)
        assert refusal.value.code == "no_extension"
        options = {each.verb: each for each in policies.options(_fresh(case), worker)}
        assert not options[Verb.EXTEND].allowed

    def test_while_the_resident_is_asked(self, case: Case, today: Today) -> None:
        worker = case.assigned_to
        assert worker is not None
        today.is_now(date(2026, 6, 5))
        correction = make.correction_of(case)
        case = _fresh(periods.extend_period(case=case, days="3", reason="理由", by=worker))
        assert (case.due_on, case.days_left_when_paused) == (None, 5)
        today.is_now(date(2026, 6, 8))
        case = _fresh(make.answered_correction(correction, purpose="新しい目的"))
        assert case.due_on == date(2026, 6, 15)
        assert clocks.now(case).days_not_counted == 1

    def test_of_another_department_or_the_resident_is_refused(self, case: Case) -> None:
        for by in (people.caseworker(at="child_welfare"), case.resident):
            with pytest.raises(NotAllowed):
                periods.extend_period(case=case, days="1", reason="理由", by=by)

    def test_from_a_page_of_before_is_a_conflict(self, case: Case) -> None:
        with pytest.raises(Conflict):
            periods.extend_period(
                case=case, days="1", reason="理由", by=people.caseworker(), lock=case.lock - 1
            )

    def test_where_none_is_declared(self) -> None:
        worker = people.caseworker()
        case = make.claimed_case(of=make.offering_with(_not_extendable), by=worker)
        with pytest.raises(NotAllowed):
            periods.extend_period(case=case, days="1", reason="理由", by=worker)
        assert Verb.EXTEND not in {each.verb for each in policies.options(case, worker)}


class TestReopening:
    def _withdrawn(self) -> Case:
        case = make.claimed_case(of=make.offering_with(_reopenable))
        return actions.withdraw(case=case, by=Actor.of(case.resident))

    def test_period_begins_anew_and_the_resident_is_told(self, today: Today) -> None:
        today.is_now(date(2026, 6, 1))
        case = self._withdrawn()
        today.is_now(date(2026, 6, 8))
        lead = people.staff(Role.LEAD, at=case.department)
        case = _fresh(periods.reopen(case=case, reason="誤って取り下げたため。", by=lead))
        assert (case.stage, case.closed_at, case.due_on) == ("review", None, date(2026, 6, 16))
        outbox.drain()
        assert Message.objects.filter(recipient=case.resident, kind="case_reopened").count() == 1
        decision = make.decision_on(case, "refused")
        assert decision.case.closed_at is not None

    def test_only_by_a_lead_with_a_reason(self) -> None:
        case = self._withdrawn()
        with pytest.raises(NotAllowed) as refusal:
            periods.reopen(case=case, reason="理由", by=people.caseworker(at=case.department))
        assert refusal.value.code == "wrong_role"
        with pytest.raises(InvalidInput):
            periods.reopen(case=case, reason="", by=people.staff(Role.LEAD, at=case.department))
        assert _fresh(case).stage == "withdrawn"

    def test_open_case_offers_none(self) -> None:
        case = make.claimed_case(of=make.offering_with(_reopenable))
        lead = people.staff(Role.LEAD, at=case.department)
        assert Verb.REOPEN not in {each.verb for each in policies.options(case, lead)}


class TestAlarms:
    """Park use: six working days from Monday, 1 June 2026, end on Tuesday, 9 June."""

    def _told(self, kind: str) -> set[str]:
        return set(Message.objects.filter(kind=kind).values_list("recipient__name", flat=True))

    def _night(self) -> None:
        chores.get("cases.clock_alarms")()
        assert outbox.drain().failed == 0

    def test_caseworker_is_reminded_then_the_leads_hear_of_it(self, today: Today) -> None:
        today.is_now(date(2026, 6, 1))
        worker = people.staff(Role.CASEWORKER, at="permits", name="担当 一郎")
        people.staff(Role.LEAD, at="permits", name="係長 二郎")
        people.staff(Role.LEAD, at="child_welfare", name="よその 係長")
        case = make.claimed_case(by=worker)
        self._night()
        assert Message.objects.filter(kind__startswith="case_").count() == 0
        today.is_now(date(2026, 6, 8))
        self._night()
        self._night()
        assert self._told("case_due_soon") == {"担当 一郎"}
        today.is_now(date(2026, 6, 9))
        self._night()
        assert self._told("case_overdue") == set()
        today.is_now(date(2026, 6, 10))
        self._night()
        self._night()
        assert self._told("case_overdue") == {"担当 一郎", "係長 二郎"}
        assert Message.objects.filter(kind="case_overdue").count() == 2
        assert _fresh(case).stage == "review"
        events = LedgerEntry.objects.filter(object_id=str(case.pk)).order_by("id")
        assert [entry.event for entry in events][-2:] == ["clock.reminded", "clock.ended"]

    @pytest.mark.parametrize(
        ("at_end", "staff", "resident"),
        [
            ("warn", {"担当 一郎"}, set()),
            ("escalate", {"担当 一郎", "係長 二郎"}, set()),
            ("deemed_refusal", {"担当 一郎", "係長 二郎"}, {"山田 花子"}),
        ],
    )
    def test_what_the_end_brings_is_never_a_decision(
        self, today: Today, at_end: str, staff: set[str], resident: set[str]
    ) -> None:
        today.is_now(date(2026, 6, 1))
        worker = people.staff(Role.CASEWORKER, at="permits", name="担当 一郎")
        people.staff(Role.LEAD, at="permits", name="係長 二郎")
        case = make.claimed_case(
            by=worker,
            of=make.offering_with(_ends(at_end)),
            resident=people.resident(name="山田 花子"),
        )
        today.is_now(date(2026, 6, 15))
        self._night()
        assert self._told("case_overdue") == staff
        assert self._told("deemed_refusal") == resident
        case = _fresh(case)
        assert (case.stage, case.closed_at) == ("review", None)
        assert make.decision_on(case).outcome == "approved"  # late, but decided by somebody

    def test_nobodys_case_goes_to_the_leads_and_without_them_to_the_administrators(
        self, today: Today
    ) -> None:
        today.is_now(date(2026, 6, 1))
        people.staff(Role.ADMIN, at=None, name="管理 三郎")
        make.submitted_case()
        today.is_now(date(2026, 6, 8))
        self._night()
        admins = User.objects.filter(roles__role=Role.ADMIN, roles__department=None)
        assert self._told("case_due_soon") == set(admins.values_list("name", flat=True))

    def test_pause_and_decision_silence_it(self, today: Today) -> None:
        today.is_now(date(2026, 6, 1))
        paused, decided = make.claimed_case(), make.claimed_case()
        make.correction_of(paused)
        make.decision_on(decided)
        today.is_now(date(2026, 7, 1))
        self._night()
        assert Message.objects.filter(kind__startswith="case_").count() == 0

    def test_decided_between_the_night_and_the_worker(self, today: Today) -> None:
        today.is_now(date(2026, 6, 1))
        case = make.claimed_case()
        today.is_now(date(2026, 6, 10))
        chores.get("cases.clock_alarms")()
        make.decision_on(_fresh(case))
        assert outbox.drain().failed == 0
        assert Message.objects.filter(kind="case_overdue").count() == 0

    def test_extension_sets_it_anew(self, today: Today) -> None:
        today.is_now(date(2026, 6, 1))
        case = make.claimed_case(of=make.offering_with(_extendable))
        assert case.assigned_to is not None
        periods.extend_period(case=case, days="5", reason="理由", by=case.assigned_to)
        today.is_now(date(2026, 6, 10))
        self._night()
        assert alarms.ring(case_id=case.pk) is None
        today.is_now(date(2026, 6, 15))
        assert alarms.ring(case_id=case.pk) is Alarm.SOON


def test_towns_closing_day_counts_for_its_own_cases_only(today: Today) -> None:
    today.is_now(date(2026, 6, 1))
    ClosingDay.objects.create(
        day=date(2026, 6, 2), reason="電気設備の点検", entered_by=people.caseworker()
    )
    kept.forget()
    case = make.submitted_case()
    assert case.due_on == date(2026, 6, 10)
    assert clocks.now(case, date(2026, 6, 1)).days_left == 6
