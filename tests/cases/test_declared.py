"""Opinions that a workflow asks for by itself, and how many a decision waits for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.utils import timezone

from cases import actions, clocks, guests
from cases.models import Case, Consultation, ConsultedBody, GuestLink
from catalogue.registry import catalogue
from catalogue.template import TemplateError
from common import outbox
from common.calendar import add_working_days
from common.chores import chores
from common.errors import Conflict, NotAllowed
from notifications.models import Message
from tests.cases.test_clock import Today
from tests.factories import cases as make
from tests.factories import people
from tests.services.test_course import begun, sent
from tests.services.walks import TODAY
from tests.workflow.samples import sample
from workflow.definition import WorkflowError, load

pytestmark = pytest.mark.usefixtures("town")


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("common.outbox._wake_worker", lambda: None)


@pytest.fixture
def upload(monkeypatch: pytest.MonkeyPatch) -> Any:
    from tests.services import conftest

    return conftest.upload.__wrapped__(monkeypatch)  # type: ignore[attr-defined]


def one(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"opinion_{number}",
        "department": f"office_{number}",
        "name": {"ja": f"第{number}課", "en": f"Office {number}"},
        "question": {"ja": "支障はありませんか。", "en": "Is there an objection?"},
        "stages": ["review"],
        "days": 5,
        **changes,
    }


def asking(*declared: dict[str, Any], joining: Any = "all") -> Callable[[dict[str, Any]], None]:
    def change(data: dict[str, Any]) -> None:
        data["consultations"] = list(declared)
        data["joining"] = joining

    return change


POLICE = one(1, department="", body="police", sees=["park", "purpose", "site_plan"])


@pytest.fixture(autouse=True)
def _no_body_is_known(town: Any) -> None:
    """The town's own services have made theirs known."""
    ConsultedBody.objects.all().delete()


def _case(*declared: dict[str, Any], joining: Any = "all") -> Case:
    for each in declared:
        if each["department"]:
            people.department(each["department"])
    return make.claimed_case(of=make.offering_with(asking(*declared, joining=joining)))


def _answer(case: Case, declared: str) -> None:
    found = case.consultations.get(declared=declared)
    by = people.consultee(at=found.department) if found.department else case.assigned_to
    assert by is not None
    actions.answer_consultation(consultation=found, opinion="no_objection", text="", by=by)


def _decidable(case: Case) -> bool:
    from cases import policies

    return policies.facts(Case.objects.get(pk=case.pk))["open_consultations"] == 0


class TestJoining:
    @pytest.mark.parametrize(
        ("joining", "enough"), [("all", 3), ("any", 1), (1, 1), (2, 2), (3, 3)]
    )
    def test_decision_waits_for_as_many_as_declared(self, joining: Any, enough: int) -> None:
        case = _case(one(1), one(2), one(3), joining=joining)
        for number in range(1, 4):
            assert not _decidable(case) or number > enough
            _answer(case, f"opinion_{number}")
            assert _decidable(case) is (number >= enough)

    def test_what_is_not_required_is_not_waited_for(self) -> None:
        case = _case(one(1), one(2, required=False))
        _answer(case, "opinion_1")
        assert _decidable(case)
        assert make.decision_on(case).outcome == "approved"
        late = case.consultations.get(declared="opinion_2")
        with pytest.raises(NotAllowed):  # the case has gone on
            actions.answer_consultation(
                consultation=late, opinion="objection", text="遅い。",
                by=people.consultee(at="office_2"),
            )  # fmt: skip

    def test_what_was_asked_by_hand_is_waited_for_all_the_same(self) -> None:
        case = _case(one(1), one(2), joining="any")
        assert case.assigned_to is not None
        _answer(case, "opinion_1")
        actions.request_consultation(
            case=case, department=people.department("parks"), question="?", by=case.assigned_to
        )
        with pytest.raises(NotAllowed) as refusal:
            make.decision_on(case)
        assert refusal.value.code == "guard"


class TestAsking:
    def test_by_itself_once_with_a_day(self, today: Today) -> None:
        today.is_now(date(2026, 6, 1))
        case = _case(one(1), POLICE | {"id": "police"})
        found = {each.declared: each for each in case.consultations.all()}
        assert found.keys() == {"opinion_1", "police"}
        assert {each.due_on for each in found.values()} == {date(2026, 6, 8)}
        assert {each.remind_on for each in found.values()} == {date(2026, 6, 4)}
        assert (found["police"].department, found["police"].office["ja"]) == (None, "第1課")
        make.answered_correction(make.correction_of(case), purpose="別の目的")
        assert case.consultations.count() == 2

    @pytest.fixture
    def today(self, monkeypatch: pytest.MonkeyPatch) -> Today:
        return Today(monkeypatch)

    def test_only_when_the_answers_call_for_it(self) -> None:
        case = _case(one(1, when="cameras > 5"), one(2, when='act_type == "photography"'))
        assert [each.declared for each in case.consultations.all()] == ["opinion_2"]

    def test_correction_may_call_for_one_more(self) -> None:
        case = _case(one(1, when="crew > 100"))
        assert case.consultations.count() == 0
        correction = make.correction_of(case, question_ids=("crew",))
        make.answered_correction(correction, crew=300)
        assert case.consultations.get().declared == "opinion_1"

    def test_when_it_cannot_be_told_it_is_asked(self) -> None:
        assert _case(one(1, when="capacity > 100")).consultations.count() == 1

    def test_town_without_the_department_enters_what_came_on_paper(self) -> None:
        case = make.claimed_case(of=make.offering_with(asking(one(1))))
        found = case.consultations.get()
        assert (found.department, found.body.key) == (None, "office_1")
        assert not GuestLink.objects.exists()
        assert not _decidable(case)
        _answer(case, "opinion_1")
        assert _decidable(case)

    def test_by_hand_of_another_office_what_a_body_wrote_is_refused(self) -> None:
        case = _case(POLICE)
        for by in (people.caseworker(at="child_welfare"), people.consultee(at="parks")):
            with pytest.raises(NotAllowed):
                actions.answer_consultation(
                    consultation=case.consultations.get(), opinion="no_objection", text="", by=by
                )

    def test_reminder_comes_once_and_to_those_who_owe_it(self, today: Today) -> None:
        today.is_now(date(2026, 6, 1))
        people.consultee(at=people.department("office_2"), name="二課 太郎")
        people.consultee(at=people.department("office_3"), name="三課 次郎")
        ConsultedBody.objects.create(key="police", name=POLICE["name"], email="police@example.jp")
        case = _case(POLICE | {"id": "police"}, one(2), one(3))
        outbox.drain()
        _answer(case, "opinion_3")
        mail.outbox.clear()
        for day in (3, 4, 5):
            today.is_now(date(2026, 6, day))
            chores.get("cases.opinion_reminders")()
            assert outbox.drain().failed == 0
        told = Message.objects.filter(kind="opinion_reminder")
        assert [each.recipient.name for each in told] == ["二課 太郎"]
        assert sum("police@example.jp" in each.to for each in mail.outbox) == 1


class TestShipped:
    @pytest.mark.parametrize(
        ("key", "variant", "asked"),
        [
            ("road_occupancy", "least", {"police"}),
            ("event", "least", {"parks"}),
            ("event", "road", {"police", "roads"}),
            ("event", "stalls", {"fire"}),
            ("event", "everything", {"police", "fire", "roads", "parks"}),
            ("outdoor_advertisement", "least", set()),
            ("outdoor_advertisement", "over the road", {"police", "roads"}),
            ("outdoor_advertisement", "lit", {"police"}),
            ("outdoor_advertisement", "everything", {"police", "roads", "building"}),
        ],
    )
    @time_machine.travel(TODAY, tick=False)
    def test_offices_that_a_service_asks(
        self, upload: Any, key: str, variant: str, asked: set[str]
    ) -> None:
        people.department("parks")
        case = sent(key, variant, upload)
        case = begun(case)
        case = actions.claim_case(case=case, by=people.caseworker(at=case.department))
        assert {each.declared for each in case.consultations.all()} == asked
        due = {add_working_days(timezone.localdate(), days) for days in (5, 7)}
        assert {each.due_on for each in case.consultations.all()} <= due

    @pytest.mark.parametrize("key", ["road_occupancy", "event", "outdoor_advertisement"])
    def test_no_body_reads_who_applies(self, key: str) -> None:
        from cases.opinions import needed_for_an_opinion

        template = catalogue().get(key)
        for each in template.workflow.consultations:
            for question in each.sees:
                assert needed_for_an_opinion(template.form.questions_by_id[question]), question


def test_conditions_are_the_lines_of_an_opinion_with_conditions() -> None:
    given = Consultation(opinion="with_conditions", text=" 誘導員を置く。\n\n夜間は行わない。 ")
    assert given.conditions == ["誘導員を置く。", "夜間は行わない。"]
    assert Consultation(opinion="objection", text="危ない。").conditions == []


ANSWER = {"verb": "answer_consultation", "from": ["review"], "roles": ["consultee"]}
BROKEN: dict[str, tuple[Any, str]] = {
    "twice": ([one(1), one(1)], "consultation 'opinion_1' is declared twice"),
    "same office": ([one(1), one(2, department="office_1")], "its office is asked twice"),
    "nobody": ([one(1, department="")], "asks a department or a body, exactly one of them"),
    "both": ([one(1, body="police", sees=["park"])], "exactly one of them"),
    "body that sees nothing": (
        [one(1, department="", body="police")],
        "consultation 'opinion_1': sees: say which answers the body may read",
    ),
    "stage": ([one(1, stages=["archive"])], "names stage 'archive', which does not exist"),
    "stage where nobody answers": (
        [one(1, stages=["received"])],
        "nobody can answer it at stage 'received'",
    ),
    "no stage": ([one(1, stages=[])], "consultations.0.stages"),
    "no days": ([one(1, days=0)], "consultations.0.days"),
    "early reminder": ([one(1, remind=6)], "the reminder would come before the question"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_declaration_is_refused_with_its_place(name: str) -> None:
    declared, message = BROKEN[name]
    data = sample() | {"consultations": declared}
    data["moves"].append(
        {"verb": "answer_consultation", "from": ["review"], "roles": ["consultee"]}
    )
    with pytest.raises(WorkflowError, match=message):
        load(data)


@pytest.mark.parametrize("joining", [0, 3, "most"])
def test_joining_rule_that_can_never_be_met_is_refused(joining: Any) -> None:
    data = sample() | {"consultations": [one(1), one(2)], "joining": joining}
    data["moves"].append(
        {"verb": "answer_consultation", "from": ["review"], "roles": ["consultee"]}
    )
    with pytest.raises(WorkflowError, match="joining"):
        load(data)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sees": ["shoe_size"]}, "sees: no question 'shoe_size'"),
        ({"when": "cameras >"}, "when: "),
        ({"when": "cameras + 1"}, "when gives a int, not yes or no"),
        ({"when": "shoe_size > 1"}, "when: "),
    ],
)
def test_declaration_that_does_not_fit_the_form_is_refused(
    changes: dict[str, Any], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    template = catalogue().get("park_use")
    data = template.workflow.as_json() | {"consultations": [POLICE | changes]}
    monkeypatch.setattr(template, "workflow", load(data))
    with pytest.raises(TemplateError, match=message):
        template._check_together()


class TestCode:
    """The code of a link: once, for minutes, five tries."""

    @pytest.fixture
    def link(self) -> GuestLink:
        return guests.by_token(make.guest_token(make.claimed_case()))

    def test_lets_in_once(self, link: GuestLink) -> None:
        guests.send_code(link=link)
        link.refresh_from_db()
        assert guests.enter(link=link, code=guests.code_of(link)) == 1
        assert guests.enter(link=link, code=guests.code_of(link)) is None

    def test_five_wrong_tries_use_it_up(self, link: GuestLink) -> None:
        guests.send_code(link=link)
        link.refresh_from_db()
        right = guests.code_of(link)
        wrong = f"{(int(right) + 1) % 10**8:08d}"
        for _try in range(5):
            assert guests.enter(link=link, code=wrong) is None
        assert guests.enter(link=link, code=right) is None

    def test_runs_out(self, link: GuestLink, monkeypatch: pytest.MonkeyPatch) -> None:
        guests.send_code(link=link)
        link.refresh_from_db()
        later = timezone.now() + timedelta(minutes=10)
        monkeypatch.setattr("django.utils.timezone.now", lambda: later)
        assert guests.enter(link=link, code=guests.code_of(link)) is None

    def test_newer_one_replaces_it_and_ends_the_stay(
        self, link: GuestLink, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        guests.send_code(link=link)
        link.refresh_from_db()
        first = guests.code_of(link)
        number = guests.enter(link=link, code=first)
        link.refresh_from_db()
        assert number == 1
        assert guests.is_signed_in(link, 1)
        with pytest.raises(NotAllowed) as refusal:
            guests.send_code(link=link)
        assert refusal.value.code == "too_soon"
        later = timezone.now() + timedelta(seconds=61)
        monkeypatch.setattr("django.utils.timezone.now", lambda: later)
        guests.send_code(link=link)
        link.refresh_from_db()
        assert not guests.is_signed_in(link, 1)
        assert guests.code_of(link) != first
        assert guests.enter(link=link, code=first) is None

    def test_not_without_end(self, link: GuestLink) -> None:
        GuestLink.objects.update(codes=guests.MOST_CODES)
        with pytest.raises(NotAllowed) as refusal:
            guests.send_code(link=link)
        assert refusal.value.code == "too_many"

    @pytest.mark.parametrize("given", ["", "x", "１２３４５６７８", "9" * 40, "\x00"])
    def test_odd_input_is_a_wrong_code(self, link: GuestLink, given: str) -> None:
        guests.send_code(link=link)
        assert guests.enter(link=link, code=given) is None

    def test_new_link_voids_the_one_before(self, link: GuestLink) -> None:
        case = link.consultation.case
        worker = people.caseworker()
        guests.send_again(case=case, consultation=link.consultation, by=worker, lock=case.lock)
        link.refresh_from_db()
        with pytest.raises(NotAllowed) as refusal:
            guests.send_code(link=link)
        assert refusal.value.code == "void"
        with pytest.raises(Conflict):
            guests.send_again(case=case, consultation=link.consultation, by=worker, lock=case.lock)

    def test_database_knows_neither_token_nor_code(self) -> None:
        token = make.guest_token(make.claimed_case())
        guests.send_code(link=guests.by_token(token))
        row = GuestLink.objects.values().get()
        assert token not in str(row)
        assert guests.code_of(GuestLink.objects.get()) not in str(row)
        assert clocks.closing_days() == frozenset()
