"""Checklists, and decisions that two people make."""

from __future__ import annotations

from typing import Any

import pytest

from cases import actions, bulk, checking, checklist, policies, proposals
from cases.desk import InboxFilter, inbox
from cases.models import Case, Decision, Proposal
from common.actor import Actor
from common.errors import Conflict, InvalidInput, NotAllowed, NotFound
from common.models import OutboxRow
from identity.models import StaffRole, User
from tests.factories import cases as make
from tests.factories import people
from workflow import definition as workflow_definition
from workflow.definition import Verb, WorkflowError

CHECKS = [
    {"id": "place", "text": {"ja": "場所を確かめた", "en": "The place is checked"}},
    {"id": "cameras", "text": {"ja": "台数", "en": "Cameras"}, "when": "cameras > 5",
     "keeps": ["approve"]},
    {"id": "nice", "text": {"ja": "参考", "en": "Nice to know"}, "required": False},
]  # fmt: skip


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("common.outbox._wake_worker", lambda: None)


def with_checks(data: dict[str, Any]) -> None:
    next(stage for stage in data["stages"] if stage["id"] == "review")["checks"] = CHECKS


def with_four_eyes(when: str | None = None, verb: str = "refuse") -> Any:
    def change(data: dict[str, Any]) -> None:
        for move in data["moves"]:
            if move["verb"] == verb:
                move["four_eyes"] = {"when": when} if when else True

    return change


def case_with(change: Any, by: User, **answers: Any) -> Case:
    return make.claimed_case(of=make.offering_with(change), by=by, answers=answers or None)


def keys(case: Case) -> list[tuple[str, bool]]:
    fresh = Case.objects.get(pk=case.pk)
    return [(line.text, line.done) for line in checklist.lines(fresh)]


def refusal(case: Case, by: User, **more: Any) -> Decision | Proposal:
    return proposals.decide_or_propose(
        case=case, outcome="refused", conditions=[], reason="重なるため。", by=by, **more
    )


# --- Checklists -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("check", "words"),
    [
        ({"id": "a", "text": "A", "keeps": ["pay"]}, "keeps back pay, which nobody can do there"),
        ({"id": "a", "text": "A", "keeps": []}, "keeps back nothing"),
        ({"id": "place", "text": "A"}, "declared twice"),
    ],
)
def test_a_checklist_that_cannot_work_is_refused(
    town: Any, check: dict[str, Any], words: str
) -> None:
    data = make.offering().template.workflow.as_json()
    next(stage for stage in data["stages"] if stage["id"] == "review")["checks"] += [check]
    with pytest.raises(WorkflowError, match=words):
        workflow_definition.load(data)


def test_an_open_required_line_keeps_decisions_back(town: Any, ledger: Any) -> None:
    worker = people.caseworker()
    case = case_with(with_checks, worker)
    assert keys(case) == [("場所を確かめた", False), ("参考", False)]
    options = {option.verb: option for option in policies.options(case, worker)}
    assert not options[Verb.REFUSE].allowed
    assert "場所を確かめた" in options[Verb.REFUSE].reason
    assert options[Verb.REQUEST_CORRECTION].allowed
    with pytest.raises(NotAllowed, match="場所を確かめた"):
        actions.decide(case=case, outcome="refused", conditions=[], reason="。", by=worker)

    lock = Case.objects.get(pk=case.pk).lock
    checking.tick(case=case, key="place", by=worker)
    checking.tick(case=case, key="place", by=worker)
    assert keys(case)[0] == ("場所を確かめた", True)
    checking.untick(case=case, key="place", by=worker)
    checking.tick(case=case, key="place", by=worker)
    assert Case.objects.get(pk=case.pk).lock == lock
    assert ledger(case)[-3:] == ["case.check_ticked", "case.check_unticked", "case.check_ticked"]
    actions.decide(case=case, outcome="refused", conditions=[], reason="。", by=worker)


def test_a_line_is_asked_by_the_answers_and_keeps_what_it_names(town: Any) -> None:
    worker = people.caseworker()
    case = case_with(with_checks, worker, cameras=6)
    assert [text for text, _done in keys(case)] == ["場所を確かめた", "台数", "参考"]
    checking.tick(case=case, key="place", by=worker)
    options = {each.verb: each for each in policies.options(Case.objects.get(pk=case.pk), worker)}
    assert (options[Verb.APPROVE].allowed, options[Verb.REFUSE].allowed) == (False, True)


def test_lines_of_ones_own_keep_nothing_back(town: Any, ledger: Any) -> None:
    worker = people.caseworker()
    case = make.claimed_case(by=worker)
    row = checking.add(case=case, text="  隣の  工事 ", by=worker)
    assert checking.add(case=case, text="隣の 工事", by=worker) == row
    assert keys(case)[-1] == ("隣の 工事", False)
    checking.tick(case=case, key=str(row.pk), by=worker)
    checking.take_out(case=case, key=str(row.pk), by=worker)
    assert ledger(case)[-3:] == ["case.check_added", "case.check_ticked", "case.check_removed"]
    for text in ("", "x" * 301):
        with pytest.raises(InvalidInput):
            checking.add(case=case, text=text, by=worker)
    for key in ("no_such", "", str(row.pk)):
        with pytest.raises(NotFound):
            checking.tick(case=case, key=key, by=worker)


def test_other_departments_and_closed_cases_are_refused(town: Any) -> None:
    worker = people.caseworker()
    case = case_with(with_checks, worker)
    with pytest.raises(NotAllowed):
        checking.tick(case=case, key="place", by=people.caseworker(at="child_welfare"))
    actions.withdraw(case=case, by=Actor.of(case.resident))
    with pytest.raises(NotAllowed):
        checking.tick(case=case, key="place", by=worker)


def test_bulk_preview_names_the_open_line(town: Any) -> None:
    worker = people.caseworker()
    case = case_with(with_checks, worker)
    run = bulk.choose(by=worker, chosen=InboxFilter(), ids=[case.pk], query="")
    typed = bulk.options_of("refuse", {"reason": "重なるため。"})
    (item,) = bulk.preview(run=run, verb="refuse", options=typed).items.all()
    assert item.state == "refused"
    assert "場所を確かめた" in item.reason


# --- Four eyes ------------------------------------------------------------------------------------


def test_only_decisions_need_a_second_person(town: Any) -> None:
    data = make.offering().template.workflow.as_json()
    data["moves"][0]["four_eyes"] = True
    with pytest.raises(WorkflowError, match="four_eyes is for decisions only"):
        workflow_definition.load(data)


def test_one_proposes_another_confirms(town: Any, ledger: Any, outbox: Any) -> None:
    one, other = people.caseworker(), people.caseworker(name="小川 春")
    case = case_with(with_four_eyes(), one)
    before = outbox()
    with pytest.raises(NotAllowed, match=r"second person|もう一人|."):
        actions.decide(case=case, outcome="refused", conditions=[], reason="。", by=one)
    made = refusal(case, one)
    assert isinstance(made, Proposal)
    assert (Decision.objects.count(), outbox()) == (0, [*before, "cases.proposed"])
    seen = {view: inbox(user, InboxFilter(view="second")).count()
            for view, user in (("one", one), ("other", other))}  # fmt: skip
    assert seen == {"one": 0, "other": 1}
    fresh = Case.objects.get(pk=case.pk)
    options = {option.verb: option.allowed for option in policies.options(fresh, other)}
    assert (options[Verb.APPROVE], options[Verb.REFUSE]) == (False, False)
    with pytest.raises(NotAllowed):
        proposals.confirm(case=fresh, proposal_id=made.pk, by=one)
    with pytest.raises(NotAllowed):
        actions.decide(case=fresh, outcome="approved", conditions=[], reason="", by=other)

    decision = proposals.confirm(case=fresh, proposal_id=made.pk, by=other)
    assert (decision.outcome, decision.reason, decision.decided_by) == (
        "refused", "重なるため。", other
    )  # fmt: skip
    assert ledger(case)[-2:] == ["proposal.made", "case.refused"]
    assert outbox()[len(before) :] == [
        "cases.proposed", "cases.decided", "cases.proposal_closed"
    ]  # fmt: skip
    with pytest.raises(Conflict):
        proposals.confirm(case=fresh, proposal_id=made.pk, by=other)
    assert Decision.objects.count() == 1


def test_a_condition_says_when_a_second_person_is_needed(town: Any) -> None:
    worker = people.caseworker()
    change = with_four_eyes("fee > 2000", verb="approve")
    small, big = case_with(change, worker), case_with(change, worker, cameras=50)
    given: dict[str, Any] = {"outcome": "approved", "conditions": ["一つ"], "reason": ""}
    assert isinstance(proposals.decide_or_propose(case=small, by=worker, **given), Decision)
    assert isinstance(proposals.decide_or_propose(case=big, by=worker, **given), Proposal)


def test_a_proposal_is_sent_back_and_made_again(town: Any, ledger: Any) -> None:
    one, other = people.caseworker(), people.caseworker(name="小川 春")
    case = case_with(with_four_eyes(), one)
    made = refusal(case, one)
    with pytest.raises(InvalidInput):
        proposals.send_back(case=case, proposal_id=made.pk, note=" ", by=other)
    with pytest.raises(NotAllowed):
        proposals.send_back(case=case, proposal_id=made.pk, note="自分で", by=one)
    proposals.send_back(case=case, proposal_id=made.pk, note="条文を書くこと", by=other)
    again = refusal(case, one)
    with pytest.raises(NotAllowed):
        proposals.take_back(case=case, proposal_id=again.pk, by=other)
    proposals.take_back(case=case, proposal_id=again.pk, by=one)
    states = list(case.proposals.values_list("state", flat=True))
    assert states == ["returned", "taken_back"]
    assert ledger(case)[-4:] == [
        "proposal.made", "proposal.returned", "proposal.made", "proposal.taken_back",
    ]  # fmt: skip


def test_a_proposal_falls_away_when_the_case_goes_another_way(town: Any) -> None:
    one, other = people.caseworker(), people.caseworker(name="小川 春")
    case = case_with(with_four_eyes(), one)
    made = refusal(case, one)
    actions.claim_case(case=case, by=other)  # the second person may take it
    made.refresh_from_db()
    assert made.state == "waiting"
    actions.withdraw(case=case, by=Actor.of(case.resident))
    made.refresh_from_db()
    assert made.state == "dropped"
    with pytest.raises(Conflict):
        proposals.confirm(case=case, proposal_id=made.pk, by=other)
    assert Decision.objects.count() == 0


def test_whoever_proposed_must_still_have_the_role(town: Any) -> None:
    one, other = people.caseworker(), people.caseworker(name="小川 春")
    case = case_with(with_four_eyes(), one)
    made = refusal(case, one)
    StaffRole.objects.filter(user=one).delete()
    with pytest.raises(NotAllowed, match="山本 真理"):
        proposals.confirm(case=case, proposal_id=made.pk, by=other)
    stranger = people.caseworker(at="child_welfare")
    with pytest.raises(NotAllowed):
        proposals.confirm(case=case, proposal_id=made.pk, by=stranger)


def test_a_page_from_before_the_proposal_decides_nothing(town: Any) -> None:
    one, other = people.caseworker(), people.caseworker(name="小川 春")
    case = case_with(with_four_eyes(), one)
    lock = case.lock
    made = refusal(case, one, lock=lock)
    with pytest.raises(Conflict):
        refusal(case, other, lock=lock)
    with pytest.raises(Conflict):
        proposals.confirm(case=case, proposal_id=made.pk, by=other, lock=lock)


def test_bulk_proposes(town: Any) -> None:
    one = people.caseworker()
    case = case_with(with_four_eyes(), one)
    run = bulk.choose(by=one, chosen=InboxFilter(), ids=[case.pk], query="")
    typed = bulk.options_of("refuse", {"reason": "重なるため。"})
    run = bulk.preview(run=run, verb="refuse", options=typed)
    assert run.items.get().reason != ""
    bulk.start(run=run)
    bulk.work_off(OutboxRow.objects.get(kind="cases.bulk").payload)
    item = run.items.get()
    assert (item.state, item.reason != "") == ("done", True)
    assert (Proposal.objects.get().outcome, Decision.objects.count()) == ("refused", 0)
