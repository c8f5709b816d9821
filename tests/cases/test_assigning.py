"""Cases come to a desk by the rules of the office: which, to whom, once, and what is broken."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from audit.models import LedgerEntry
from cases import bulk, desk_actions
from cases.assigning import actions, arriving, faults
from cases.assigning.actions import Wanted
from cases.assigning.models import AssignmentRule, RuleAssignment, RuleMember
from cases.desk import InboxFilter
from cases.models import Case
from cases.models_desk import Absence
from common import outbox
from common.chores import chores
from common.errors import InvalidInput, NotAllowed, NotFound
from common.models import OutboxRow
from identity.models import Role, StaffRole, User
from notifications.models import Message
from tests.factories import cases as make
from tests.factories import people


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("common.outbox._wake_worker", lambda: None)


def _rule(
    *members: User, how: str = "in_turn", condition: str = "", name: str = "規則", at: Any = None
) -> AssignmentRule:
    office = at or people.department()
    return actions.save_rule(
        rule=None,
        wanted=Wanted(
            office,
            name,
            make.offering() if condition else None,
            condition,
            [member.pk for member in members],
            how,
        ),
        by=people.staff(Role.LEAD, at=office),
    )


def _arrived(**of_draft: Any) -> Case:
    """A case that the worker looked at, without the rest of what it does (papers, mails)."""
    case = make.submitted_case(**of_draft)
    arriving.ask(case)
    for row in OutboxRow.objects.filter(kind=arriving.KIND, key=str(case.pk)):
        arriving.assign(row.payload)
    return Case.objects.select_related("assigned_to").get(pk=case.pk)


def _names(cases: Sequence[Case]) -> list[str]:
    return [case.assigned_to.name if case.assigned_to else "" for case in cases]


def _worker(name: str) -> User:
    return people.caseworker(name=name)


class TestArriving:
    def test_case_comes_to_a_desk_with_rule_and_ledger(self, town: Any, ledger: Any) -> None:
        worker = _worker("青木 一")
        rule = _rule(worker)
        case = make.submitted_case()
        outbox.drain()
        case.refresh_from_db()
        assert case.assigned_to == worker
        assert case.stage == "received"
        assert RuleAssignment.objects.get(case=case).name == "規則"
        entry = LedgerEntry.objects.get(event="case.assigned_by_rule")
        assert entry.actor_kind == "system"
        assert entry.data["rule"] == str(rule.pk)
        assert entry.data["to"] == str(worker.pk)
        assert "case.assigned_by_rule" in ledger(case)

    def test_no_rule_no_row_of_the_outbox(self, town: Any) -> None:
        assert _arrived().assigned_to is None
        assert not OutboxRow.objects.filter(kind="cases.assign").exists()

    def test_turns_go_round_and_pass_over_who_is_away(self, town: Any) -> None:
        one, two, three = (_worker(name) for name in ("あ", "い", "う"))
        _rule(three, one, two)
        today = timezone.localdate()
        Absence.objects.create(absent=two, substitute=three, first=today, last=today)
        assert _names([_arrived() for _ in range(4)]) == ["あ", "う", "あ", "う"]
        Absence.objects.update(first=today - timedelta(2), last=today - timedelta(1))
        assert _names([_arrived() for _ in range(2)]) == ["あ", "い"]

    def test_whoever_has_the_fewest_open_cases(self, town: Any) -> None:
        busy, idle = _worker("あ"), _worker("い")
        for _ in range(2):
            make.claimed_case(by=busy)
        closed = make.claimed_case(by=idle)
        Case.objects.filter(pk=closed.pk).update(closed_at=timezone.now(), due_on=None)
        _rule(busy, idle, how="fewest")
        assert _names([_arrived() for _ in range(3)]) == ["い", "い", "あ"]

    def test_first_rule_that_fits_and_has_somebody_free(self, town: Any) -> None:
        films, rest, other = _worker("映画"), _worker("ほか"), _worker("代わり")
        _rule(films, condition='act_type == "photography" && crew >= 5', name="撮影")
        _rule(rest, other, name="ほか", how="fewest")
        assert _arrived().assigned_to == films
        assert _arrived(answers={"crew": 2}).assigned_to in {rest, other}
        today = timezone.localdate()
        Absence.objects.create(absent=films, substitute=rest, first=today, last=today)
        assert _arrived().assigned_to in {rest, other}
        AssignmentRule.objects.filter(name="ほか").update(is_on=False)
        assert _arrived().assigned_to is None

    def test_who_is_close_or_entered_it_is_passed_over(self, town: Any) -> None:
        same, other = _worker("山田 花子"), _worker("小川 春")
        User.objects.filter(pk=same.pk).update(name_kana="ヤマダ ハナコ")
        _rule(same, other)
        assert _names([_arrived() for _ in range(2)]) == ["小川 春", "小川 春"]
        RuleMember.objects.filter(person=other).delete()
        assert _arrived().assigned_to is None

    def test_killed_or_late_worker_gives_it_out_once(self, town: Any) -> None:
        one, two = _worker("あ"), _worker("い")
        _rule(one, two)
        case = _arrived()
        row = OutboxRow.objects.get(kind="cases.assign")
        for _ in range(2):
            arriving.assign(row.payload)
        assert Case.objects.get(pk=case.pk).assigned_to == one
        assert LedgerEntry.objects.filter(event="case.assigned_by_rule").count() == 1
        # What somebody took or closed meanwhile stays.
        taken = make.submitted_case()
        desk_actions.assign_case(case=taken, to=two, by=two)
        arriving.assign({"case_id": str(taken.pk)})
        assert Case.objects.get(pk=taken.pk).assigned_to == two

    def test_handed_over_by_hand_it_is_by_the_rule_no_more(self, town: Any) -> None:
        worker = _worker("あ")
        _rule(worker)
        case = _arrived()
        desk_actions.release_case(case=case, by=worker)
        assert not RuleAssignment.objects.exists()

    def test_other_offices_and_their_people_have_no_part(self, town: Any) -> None:
        stranger = people.caseworker(at="child_welfare")
        _rule(stranger, at=people.department("child_welfare"))
        assert _arrived().assigned_to is None
        with pytest.raises(InvalidInput) as refused:
            _rule(stranger)
        assert list(refused.value.errors) == ["people"]


class TestBroken:
    def test_who_left_is_passed_over_and_the_lead_told_once(self, town: Any) -> None:
        gone, there = _worker("あ"), _worker("い")
        alone, both = _rule(gone, name="一人"), _rule(gone, there, name="二人")
        lead = people.staff(Role.LEAD, name="課長")
        StaffRole.objects.filter(user=gone).delete()
        assert _arrived().assigned_to == there
        for _ in range(2):
            chores.get("cases.broken_rules")()
        told = Message.objects.filter(recipient=lead, kind="rule_broken")
        assert sorted(message.context["rule"] for message in told) == ["一人", "二人"]
        workers = {there.pk}
        assert faults.faults_of(alone, workers).skipped
        assert not faults.faults_of(both, workers).skipped
        assert "あ" in faults.faults_of(both, workers).words[0]
        # Put right and broken again is news.
        actions.switch_rule(rule=both, on=True, by=lead)
        chores.get("cases.broken_rules")()
        assert told.all().count() == 3

    def test_condition_that_the_form_outgrew_is_skipped(self, town: Any) -> None:
        rule = _rule(_worker("あ"), condition="crew >= 1")
        AssignmentRule.objects.filter(pk=rule.pk).update(condition="gone_question == 1")
        rule.refresh_from_db()
        assert faults.faults_of(rule, set()).does_not_fit
        assert _arrived().assigned_to is None


class TestDeclaring:
    @pytest.mark.parametrize(
        ("condition", "said"),
        [
            ("crew >=", "条件"),
            ("nobody_asked == 1", "条件"),
            ("crew + 1", "条件"),
        ],
    )
    def test_wrong_condition_is_refused_at_its_field(
        self, town: Any, condition: str, said: str
    ) -> None:
        with pytest.raises(InvalidInput) as refused:
            _rule(_worker("あ"), condition=condition)
        assert list(refused.value.errors) == ["condition"]
        assert not AssignmentRule.objects.exists()

    def test_only_the_offices_lead(self, town: Any) -> None:
        rule, worker = _rule(_worker("あ")), _worker("い")
        foreign = people.staff(Role.LEAD, at="child_welfare")
        for user in (worker, foreign):
            with pytest.raises(NotFound):
                actions.rule_of(user, rule.pk)
            for do in (
                lambda user: actions.delete_rule(rule=rule, by=user),
                lambda user: actions.switch_rule(rule=rule, on=False, by=user),
                lambda user: actions.move_rule(rule=rule, up=True, by=user),
            ):
                with pytest.raises(NotAllowed):
                    do(user)
        wanted = Wanted(rule.department, "x", None, "", [worker.pk], "in_turn")
        with pytest.raises(NotAllowed):
            actions.save_rule(rule=None, wanted=wanted, by=worker)

    def test_order_is_changed(self, town: Any) -> None:
        first, second = _rule(_worker("あ"), name="一"), _rule(_worker("い"), name="二")
        lead = people.staff(Role.LEAD)
        actions.move_rule(rule=second, up=True, by=lead)
        actions.move_rule(rule=second, up=True, by=lead)
        assert [rule.name for rule in actions.rules_led_by(lead)] == ["二", "一"]
        assert _arrived().assigned_to.name == "い"  # type: ignore[union-attr]
        actions.delete_rule(rule=second, by=lead)
        assert _arrived().assigned_to.name == "あ"  # type: ignore[union-attr]
        assert first.place == 1


class TestGivingOut:
    def test_preview_then_done_and_told_why_not(self, town: Any) -> None:
        worker, other = _worker("あ"), _worker("い")
        cases = [make.submitted_case() for _ in range(3)]
        odd = make.submitted_case(answers={"crew": 1})
        taken = make.claimed_case(by=other)
        _rule(worker, other, condition="crew > 1")
        ids = [case.pk for case in (*cases, odd, taken)]
        run = bulk.choose(by=worker, chosen=InboxFilter(), ids=ids, query="")
        bulk.preview(run=run, verb="by_rule", options=bulk.options_of("by_rule", {}))
        items = {item.case_id: (item.state, item.reason) for item in run.items.all()}
        shown = [items[case.pk] for case in cases]
        assert [state for state, _reason in shown] == ["waiting"] * 3
        assert sorted(reason[0] for _state, reason in shown) == ["あ", "あ", "い"]
        assert items[odd.pk][0] == items[taken.pk][0] == "refused"
        assert not Case.objects.filter(pk__in=ids[:4], assigned_to__isnull=False).exists()
        run.refresh_from_db()
        bulk.start(run=run)
        for row in OutboxRow.objects.filter(kind="cases.bulk"):
            bulk.work_off(row.payload)
        given = Case.objects.filter(pk__in=ids[:3]).order_by("assigned_to__name")
        assert _names(given.select_related("assigned_to")) == ["あ", "あ", "い"]
        assert set(run.items.filter(state="done").values_list("reason", flat=True)) == {
            reason for _state, reason in shown
        }
        entry = LedgerEntry.objects.filter(event="case.assigned_by_rule").first()
        assert entry is not None
        assert entry.actor_id == str(worker.pk)
