"""What staff are told about their cases: once, by whoever stands in while they are away."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.core import mail
from django.utils import timezone

from cases import actions, alarms, bulk, desk_actions, people, proposals
from cases.assigning import actions as assigning
from cases.assigning.actions import Wanted
from cases.desk import InboxFilter
from cases.models import Case, Consultation
from cases.models_desk import Absence
from common import outbox
from common.actor import Actor
from common.chores import chores
from common.models import OutboxRow
from identity.models import Role, StaffRole, User
from notifications import bounces
from notifications.models import Delivery, Message
from tests.cases.test_clock import Today
from tests.cases.test_looking import refusal, with_four_eyes
from tests.factories import cases as make
from tests.factories import people as persons

pytestmark = pytest.mark.usefixtures("town")


KINDS = [
    "cases.correction_answered", "cases.opinion_given", "cases.opinion_overdue",
    "cases.withdrawn", "cases.assigned", "cases.proposed", "cases.proposal_closed",
]  # fmt: skip


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("common.outbox._wake_worker", lambda: None)


@pytest.fixture
def worker() -> User:
    return persons.caseworker(name="担当 一郎")


@pytest.fixture
def case(worker: User) -> Case:
    return make.claimed_case(by=worker)


def told(kind: str) -> list[str]:
    """Who has it in the inbox, after what waited was worked off: twice, as a worker may."""
    waiting = list(OutboxRow.objects.filter(kind__in=KINDS, state=OutboxRow.State.PENDING))
    assert outbox.drain().failed == 0
    for row in waiting:
        outbox.handlers.get(row.kind)(row.payload)
    found = Message.objects.filter(kind=kind).order_by("recipient__name")
    return [one.recipient.name for one in found]


def away(absent: User, *stand_in: User, days: int = 0) -> None:
    today = timezone.localdate()
    for substitute in stand_in:
        Absence.objects.create(
            absent=absent, substitute=substitute, first=today, last=today + timedelta(days=days)
        )


class TestAway:
    def test_who_stands_in_is_told_and_the_absent_finds_it_without_a_mail(
        self, case: Case, worker: User
    ) -> None:
        away(worker, persons.caseworker(at="child_welfare", name="代理 二郎"))
        make.message_about(case, by=case.resident)
        Case.objects.filter(pk=case.pk).update(
            due_on=timezone.localdate() - timedelta(days=1), alarm_on=timezone.localdate()
        )
        alarms.ring(case_id=case.pk)
        for kind in ("resident_wrote", "case_overdue"):
            assert told(kind)[:2] == ["代理 二郎", "担当 一郎"]
            mailed = Delivery.objects.filter(message__kind=kind)
            names = {one.message.recipient.name for one in mailed}
            assert ("代理 二郎" in names, "担当 一郎" in names) == (True, False)

    def test_where_nobody_is_there_the_leads_are_in_charge(self, case: Case, worker: User) -> None:
        other = persons.caseworker(name="代理 二郎")
        lead = persons.staff(Role.LEAD, name="係長 三郎")
        away(worker, other)
        assert people.in_charge(case) == {other.pk: other}
        away(other, worker)
        assert people.in_charge(case) == {lead.pk: lead}

    def test_tomorrow_is_not_today(self, case: Case, worker: User) -> None:
        day = timezone.localdate() + timedelta(days=1)
        Absence.objects.create(absent=worker, substitute=persons.caseworker(), first=day, last=day)
        assert list(people.in_charge(case)) == [worker.pk]


class TestWhatSomebodyWaitsFor:
    def test_correction(self, case: Case) -> None:
        make.answered_correction(make.correction_of(case), purpose="別の目的")
        assert told("correction_answered") == ["担当 一郎"]

    def test_opinion_of_another_office_and_not_ones_own(self, case: Case, worker: User) -> None:
        for office in ("parks", "police"):
            actions.request_consultation(
                case=Case.objects.get(pk=case.pk),
                department=persons.department(office),
                question="?",
                by=worker,
            )
        make.opinions_on(case)
        assert told("opinion_given") == ["担当 一郎"] * 2

    def test_opinion_that_one_enters_oneself_is_no_news(self, case: Case) -> None:
        make.guest_token(case)
        make.opinions_on(case)  # on paper
        assert told("opinion_given") == []

    def test_mail_names_neither_the_service_nor_the_office(self, case: Case, worker: User) -> None:
        actions.request_consultation(
            case=case, department=persons.department("parks"), question="?", by=worker
        )
        make.opinions_on(case)
        outbox.drain()
        message = Message.objects.get(kind="opinion_given")
        office = str(case.consultations.get().office["ja"])
        assert office in message.body["ja"]
        sent = next(each for each in mail.outbox if "回答がありました" in each.subject)
        assert case.application.receipt_number in sent.body
        for private in (office, str(case.offering.title), "山田"):
            assert private not in sent.body

    def test_withdrawal_of_a_case_that_somebody_has(self, case: Case) -> None:
        for each in (case, make.submitted_case()):
            actions.withdraw(case=each, by=Actor.of(each.resident))
        persons.staff(Role.LEAD, name="係長 三郎")
        assert told("case_withdrawn") == ["担当 一郎"]

    def test_a_case_that_somebody_else_hands_over(self, case: Case, worker: User) -> None:
        other = persons.caseworker(name="同僚 四郎")
        desk_actions.assign_case(case=case, to=worker, by=worker)
        assert told("case_assigned") == []
        desk_actions.assign_case(case=case, to=other, by=worker)
        assert told("case_assigned") == ["同僚 四郎"]

    def test_a_case_that_a_rule_gives(self, worker: User) -> None:
        office = persons.department()
        assigning.save_rule(
            rule=None,
            wanted=Wanted(office, "順番", None, "", [worker.pk], "in_turn"),
            by=persons.staff(Role.LEAD, at=office),
        )
        make.submitted_case()
        assert told("case_assigned") == ["担当 一郎"]

    def test_many_at_once_are_one_mail(self, worker: User) -> None:
        other = persons.caseworker(name="同僚 四郎")
        for _number in range(3):
            desk_actions.assign_case(case=make.submitted_case(), to=other, by=worker)
        assert told("case_assigned") == ["同僚 四郎"] * 3
        assert Delivery.objects.filter(message__kind="case_assigned").count() == 1

    def test_what_comes_back_from_staff_is_not_the_residents_trouble(
        self, case: Case, worker: User
    ) -> None:
        make.answered_correction(make.correction_of(case), purpose="別の目的")
        outbox.drain()
        delivery = Delivery.objects.get(message__kind="correction_answered")
        bounces.came_back(delivery)
        case.refresh_from_db()
        assert case.undelivered_at is None
        assert Message.objects.get(kind="mail_undelivered").path == "/desk/messages/settings/"


class TestSecondLook:
    @pytest.fixture
    def case(self, worker: User) -> Case:
        return make.claimed_case(of=make.offering_with(with_four_eyes()), by=worker)

    def test_those_who_may_confirm_are_asked(self, case: Case, worker: User) -> None:
        away(persons.caseworker(name="不在 五郎"), worker)
        persons.caseworker(name="同僚 四郎")
        StaffRole.objects.filter(user__name="山本 真理").delete()  # of the town itself
        persons.caseworker(at="child_welfare", name="別の課")
        close = persons.caseworker(name="申請者の妹")
        desk_actions.declare_interest(case=case, reason="妹です。", by=close)
        refusal(Case.objects.get(pk=case.pk), worker)
        assert told("second_look_asked") == ["同僚 四郎"]

    def test_the_proposer_hears_what_became_of_it(self, case: Case, worker: User) -> None:
        other = persons.caseworker(name="同僚 四郎")
        first = refusal(case, worker)
        proposals.send_back(case=case, proposal_id=first.pk, note="条文", by=other)  # type: ignore[arg-type]
        assert told("proposal_returned") == ["担当 一郎"]
        second = refusal(case, worker)
        proposals.confirm(case=case, proposal_id=second.pk, by=other)  # type: ignore[arg-type]
        assert told("proposal_confirmed") == ["担当 一郎"]
        # Both were looked at before the worker came.
        assert not Message.objects.filter(kind="second_look_asked").exists()

    def test_taken_back_is_nobodys_news(self, case: Case, worker: User) -> None:
        persons.caseworker(name="同僚 四郎")
        made = refusal(case, worker)
        proposals.take_back(case=case, proposal_id=made.pk, by=worker)  # type: ignore[arg-type]
        assert told("second_look_asked") == told("proposal_returned") == []


class TestOverdueOpinion:
    def test_office_is_told_once_and_only_while_it_waits(
        self, worker: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        today = Today(monkeypatch)
        today.is_now(date(2026, 6, 1))
        case = make.claimed_case(by=worker)
        persons.consultee(name="公園 花子")
        for office in ("parks", "police"):
            actions.request_consultation(
                case=Case.objects.get(pk=case.pk),
                department=persons.department(office),
                question="?",
                due_on=date(2026, 6, 8),
                by=worker,
            )
        police = Consultation.objects.get(department__key="police")
        assert police.remind_on == date(2026, 6, 4)
        actions.answer_consultation(
            consultation=police,
            opinion="no_objection",
            text="",
            by=persons.consultee(at="police"),
        )
        for day, reminded, late in ((4, 1, 0), (8, 1, 0), (9, 1, 1), (10, 1, 1)):
            today.is_now(date(2026, 6, day))
            chores.get("cases.opinion_reminders")()
            assert told("opinion_reminder").count("公園 花子") == reminded
            assert told("opinion_overdue") == ["担当 一郎"] * late


def test_handing_to_somebody_who_is_away_is_said_in_the_preview(case: Case, worker: User) -> None:
    other = persons.caseworker(name="不在 五郎")
    away(other, persons.caseworker(name="代理 二郎"), days=3)
    run = bulk.choose(by=worker, chosen=InboxFilter(), ids=[case.pk], query="")
    run = bulk.preview(
        run=run, verb="assign", options=bulk.options_of("assign", {"to": str(other.pk)})
    )
    item = run.items.get()
    assert item.state == "waiting"
    assert "不在 五郎" in item.reason
    assert "代理 二郎" in item.reason
