"""Every action: who may, at which stage, under which guard, with what it leaves behind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import translation

from cases import actions
from cases.models import Case, Consultation, Decision
from common.actor import Actor
from common.errors import Conflict, DomainError, InvalidInput, NotAllowed, NotFound
from identity.models import Role, User
from tests.factories import cases as make
from tests.factories import people


def _fresh(case: Case) -> Case:
    return Case.objects.get(pk=case.pk)


def _claim(case: Case, by: User) -> object:
    return actions.claim_case(case=case, by=by)


def _consult(case: Case, by: User) -> object:
    return actions.request_consultation(
        case=case, department=people.department("police"), question="支障はありますか。", by=by
    )


def _correct(case: Case, by: User) -> object:
    return actions.request_correction(
        case=case, question_ids=["purpose"], message="くわしく。", by=by
    )


def _approve(case: Case, by: User) -> object:
    return actions.decide(case=case, outcome="approved", conditions=[], reason="", by=by)


def _refuse(case: Case, by: User) -> object:
    return actions.decide(case=case, outcome="refused", conditions=[], reason="重なる。", by=by)


DESK: dict[str, Callable[[Case, User], object]] = {
    "claim": _claim,
    "consult": _consult,
    "correct": _correct,
    "approve": _approve,
    "refuse": _refuse,
}


def _at_stage(stage: str) -> Case:
    """A park use case at a stage of its workflow."""
    if stage == "received":
        return make.submitted_case()
    case = make.claimed_case()
    if stage == "correction":
        make.correction_of(case)
    elif stage == "payment":
        make.decision_on(case)
    elif stage == "issued":
        make.decision_on(_waivable(case), waive_fee=True)
    elif stage == "refused":
        make.decision_on(case, "refused")
    elif stage == "withdrawn":
        actions.withdraw(case=case, by=Actor.of(case.resident))
    return _fresh(case)


def _waivable(case: Case) -> Case:
    """A case whose applicant asked to be let off the fee: a fresh one at review."""
    return make.claimed_case(
        by=case.assigned_to,
        resident=people.resident(name="佐藤 次郎"),
        answers={"fee_waiver": True, "waiver_reason": "community"},
    )


ALLOWED = {
    "received": {"claim"},
    "review": {"claim", "consult", "correct", "approve", "refuse"},
    "correction": {"claim"},
    "payment": set(),
    "refused": set(),
    "withdrawn": set(),
}


@pytest.mark.parametrize("stage", ALLOWED)
@pytest.mark.parametrize("action", DESK)
def test_stage_decides_what_is_possible(town: Any, stage: str, action: str) -> None:
    case = _at_stage(stage)
    by = people.caseworker(at=case.department)
    if action in ALLOWED[stage]:
        DESK[action](case, by)
        assert _fresh(case).lock == case.lock + 1
    else:
        with pytest.raises(NotAllowed) as refusal:
            DESK[action](case, by)
        assert refusal.value.code == "wrong_stage"
        assert _fresh(case).lock == case.lock


def _people(case: Case) -> dict[str, User]:
    return {
        "caseworker elsewhere": people.caseworker(at="child_welfare"),
        "consultee": people.consultee(at="parks"),
        "finance": people.staff(Role.FINANCE, at=case.department),
        "editor": people.staff(Role.EDITOR, at=None),
        "applicant": case.resident,
        "another resident": people.resident(name="佐藤 次郎"),
    }


@pytest.mark.parametrize(
    "who",
    [
        "caseworker elsewhere",
        "consultee",
        "finance",
        "editor",
        "applicant",
        "another resident",
    ],
)
@pytest.mark.parametrize("action", DESK)
def test_role_decides_who_may(town: Any, who: str, action: str) -> None:
    case = _at_stage("review")
    with pytest.raises(NotAllowed) as refusal:
        DESK[action](case, _people(case)[who])
    assert refusal.value.code == "wrong_role"
    assert _fresh(case).lock == case.lock


@pytest.mark.parametrize("role", [Role.CASEWORKER, Role.LEAD, Role.ADMIN])
def test_role_in_the_whole_municipality_may(town: Any, role: Role) -> None:
    case = make.submitted_case()
    assert actions.claim_case(case=case, by=people.staff(role, at=None)).stage == "review"


@pytest.mark.parametrize("action", ["approve", "refuse"])
def test_open_consultation_stops_the_decision(town: Any, action: str) -> None:
    consultation = make.consulted_case()
    case = _fresh(consultation.case)
    with translation.override("ja"), pytest.raises(NotAllowed) as refusal:
        DESK[action](case, people.caseworker(at=case.department))
    assert refusal.value.code == "guard"
    assert "照会中の課があります" in str(refusal.value)


@pytest.mark.parametrize(
    "act",
    [
        lambda case, by, lock: actions.claim_case(case=case, by=by, lock=lock),
        lambda case, by, lock: actions.request_consultation(
            case=case, department=people.department("police"), question="?", by=by, lock=lock
        ),
        lambda case, by, lock: actions.request_correction(
            case=case, question_ids=["purpose"], message="?", by=by, lock=lock
        ),
        lambda case, by, lock: actions.decide(
            case=case, outcome="approved", conditions=[], reason="", by=by, lock=lock
        ),
        lambda case, by, lock: actions.withdraw(
            case=case, by=Actor.of(case.resident), lock=lock
        ),
    ],
)  # fmt: skip
def test_page_from_before_a_change_is_refused(town: Any, act: Any) -> None:
    case = make.claimed_case()
    with pytest.raises(Conflict) as refusal:
        act(case, case.assigned_to, case.lock - 1)
    assert refusal.value.code == "changed"
    assert _fresh(case).lock == case.lock
    act(case, case.assigned_to, case.lock)


def test_claim_leaves_its_traces(town: Any, ledger: Any, outbox: Any) -> None:
    case, by = make.submitted_case(), people.caseworker()
    actions.claim_case(case=case, by=by)
    case = _fresh(case)
    assert (case.stage, case.assigned_to_id, case.lock) == ("review", by.pk, 2)
    assert ledger(case) == ["application.submitted", "case.claimed"]
    assert outbox() == ["cases.submitted"]
    assert [entry.code for entry in case.timeline.all()] == ["submitted", "claimed"]


def test_claim_by_a_colleague_is_not_told_again(town: Any) -> None:
    case = make.claimed_case()
    colleague = people.caseworker(at=case.department, name="田中 一")
    actions.claim_case(case=case, by=colleague)
    case = _fresh(case)
    assert case.assigned_to_id == colleague.pk
    assert [entry.code for entry in case.timeline.all()] == ["submitted", "claimed"]


def test_consultation_leaves_its_traces(town: Any, ledger: Any, outbox: Any) -> None:
    consultation = make.consulted_case()
    case = _fresh(consultation.case)
    assert case.stage == "review"
    assert ledger(case)[-1] == "consultation.requested"
    assert outbox()[-1] == "cases.consultation_requested"


def test_consultation_of_the_same_department_twice_is_a_conflict(town: Any) -> None:
    consultation = make.consulted_case()
    case = _fresh(consultation.case)
    with pytest.raises(Conflict) as refusal:
        actions.request_consultation(
            case=case, department=consultation.department, question="もう一度", by=case.assigned_to
        )
    assert refusal.value.code == "asked"


def test_consultations_run_in_parallel_and_join(town: Any) -> None:
    first = make.consulted_case()
    case = _fresh(first.case)
    second = actions.request_consultation(
        case=case, department=people.department("police"), question="?", by=case.assigned_to
    )
    for consultation, office in ((first, "parks"), (second, "police")):
        with pytest.raises(NotAllowed):
            _approve(_fresh(case), case.assigned_to)
        actions.answer_consultation(
            consultation=consultation,
            opinion="no_objection",
            text="",
            by=people.consultee(at=office),
        )
    _approve(_fresh(case), case.assigned_to)
    assert _fresh(case).stage == "payment"


def test_question_without_words_is_refused(town: Any) -> None:
    case = make.claimed_case()
    with pytest.raises(InvalidInput) as refusal:
        actions.request_consultation(
            case=case, department=people.department("parks"), question="  ", by=case.assigned_to
        )
    assert list(refusal.value.errors) == ["question"]


def test_opinion_of_the_asked_department(town: Any, ledger: Any) -> None:
    consultation = make.consulted_case()
    by = people.consultee()
    actions.answer_consultation(
        consultation=consultation, opinion="with_conditions", text=" 午前中に限る。 ", by=by
    )
    consultation.refresh_from_db()
    assert consultation.text == "午前中に限る。"
    assert (consultation.answered_by_id, bool(consultation.answered_at)) == (by.pk, True)
    assert ledger(consultation.case)[-1] == "consultation.answered"


@pytest.mark.parametrize("who", ["police", "caseworker"])
def test_opinion_of_another_department_is_refused(town: Any, who: str) -> None:
    consultation = make.consulted_case()
    by = people.consultee(at="police") if who == "police" else people.caseworker()
    with pytest.raises(NotAllowed) as refusal:
        actions.answer_consultation(
            consultation=consultation, opinion="no_objection", text="", by=by
        )
    assert refusal.value.code == "wrong_department"


def test_second_opinion_is_a_conflict(town: Any) -> None:
    consultation = make.consulted_case()
    by = people.consultee()
    actions.answer_consultation(consultation=consultation, opinion="no_objection", text="", by=by)
    with pytest.raises(Conflict):
        actions.answer_consultation(
            consultation=consultation, opinion="objection", text="待って", by=by
        )


@pytest.mark.parametrize(
    ("opinion", "text", "field"),
    [("maybe", "x", "opinion"), ("objection", " ", "text"), ("with_conditions", "", "text")],
)
def test_opinion_that_is_incomplete_is_refused(
    town: Any, opinion: str, text: str, field: str
) -> None:
    consultation = make.consulted_case()
    with pytest.raises(InvalidInput) as refusal:
        actions.answer_consultation(
            consultation=consultation, opinion=opinion, text=text, by=people.consultee()
        )
    assert list(refusal.value.errors) == [field]


def test_opinion_that_comes_after_a_withdrawal_is_refused(town: Any) -> None:
    consultation = make.consulted_case()
    actions.withdraw(case=consultation.case, by=Actor.of(consultation.case.resident))
    with pytest.raises(NotAllowed) as refusal:
        actions.answer_consultation(
            consultation=consultation, opinion="no_objection", text="", by=people.consultee()
        )
    assert refusal.value.code == "wrong_stage"


def test_correction_leaves_its_traces(town: Any, ledger: Any, outbox: Any) -> None:
    correction = make.correction_of(make.claimed_case(), question_ids=("hours", "purpose"))
    case = _fresh(correction.case)
    assert case.stage == "correction"
    assert correction.question_ids == ["hours", "purpose"]
    assert ledger(case)[-1] == "correction.requested"
    assert outbox()[-1] == "cases.correction_requested"
    assert correction.draft is not None
    assert correction.draft.resident_id == case.resident_id


@pytest.mark.parametrize(
    ("question_ids", "message", "field"),
    [
        ([], "x", "question_ids"),
        (["no_such_question"], "x", "question_ids"),
        (["purpose", "no_such_question"], "x", "question_ids"),
        (["purpose"], "  ", "message"),
    ],
)
def test_correction_that_is_incomplete_is_refused(
    town: Any, question_ids: list[str], message: str, field: str
) -> None:
    case = make.claimed_case()
    with pytest.raises(InvalidInput) as refusal:
        actions.request_correction(
            case=case, question_ids=question_ids, message=message, by=case.assigned_to
        )
    assert list(refusal.value.errors) == [field]


def test_answer_replaces_only_what_changed(town: Any, ledger: Any) -> None:
    correction = make.correction_of(make.claimed_case(), question_ids=("hours", "purpose"))
    before = correction.case.application.answers["purpose"]
    case = make.answered_correction(correction, purpose="観光協会の依頼による撮影")
    correction.refresh_from_db()
    case = _fresh(case)
    assert (case.stage, case.answers["purpose"]) == ("review", "観光協会の依頼による撮影")
    assert correction.replaced == {"purpose": before}
    assert set(case.corrected) == {"purpose"}
    assert case.application.answers["purpose"] == before
    assert ledger(case)[-1] == "correction.answered"


def test_answer_that_makes_a_question_fall_away(town: Any) -> None:
    case = make.claimed_case(answers={"fee_waiver": True, "waiver_reason": "community"})
    correction = make.correction_of(case, question_ids=("fee_waiver",))
    case = _fresh(make.answered_correction(correction, fee_waiver=False))
    assert case.answers["fee_waiver"] is False
    assert "waiver_reason" not in case.answers
    correction.refresh_from_db()
    assert correction.replaced["waiver_reason"] == "community"


def test_second_answer_changes_nothing(town: Any, ledger: Any) -> None:
    correction = make.correction_of(make.claimed_case())
    case = make.answered_correction(correction, purpose="新しい目的")
    again = actions.answer_correction(correction=correction, by=Actor.of(case.resident))
    assert (again.pk, _fresh(case).lock) == (case.pk, case.lock)
    assert ledger(case).count("correction.answered") == 1


def test_somebody_else_cannot_answer(town: Any) -> None:
    correction = make.correction_of(make.claimed_case())
    with pytest.raises(NotFound):
        actions.answer_correction(
            correction=correction, by=Actor.of(people.resident(name="佐藤 次郎"))
        )


def test_answer_that_is_incomplete_is_refused(town: Any) -> None:
    correction = make.correction_of(make.claimed_case())
    with pytest.raises(InvalidInput) as refusal:
        make.answered_correction(correction, purpose="")
    assert list(refusal.value.errors) == ["purpose"]
    assert _fresh(correction.case).stage == "correction"


def test_approval_with_a_fee_waits_for_the_payment(town: Any, ledger: Any, outbox: Any) -> None:
    decision = make.decision_on(make.claimed_case(), conditions=[" 一つ目 ", "", "二つ目"])
    case = _fresh(decision.case)
    assert (case.stage, case.closed_at, case.due_on) == ("payment", None, None)
    assert decision.conditions == ["一つ目", "二つ目"]
    assert decision.number.startswith("公")
    assert ledger(case)[-1] == "case.approved"
    assert outbox()[-1] == "cases.decided"


def test_approval_with_the_fee_waived_closes_the_case(town: Any) -> None:
    case = make.claimed_case(answers={"fee_waiver": True, "waiver_reason": "community"})
    decision = make.decision_on(case, waive_fee=True)
    case = _fresh(case)
    assert (case.stage, decision.fee_waived, case.closed_at is not None) == ("issued", True, True)


@pytest.mark.parametrize("outcome", ["approved", "refused"])
def test_waiver_that_nobody_asked_for_is_refused(town: Any, outcome: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        make.decision_on(make.claimed_case(), outcome, waive_fee=True)
    assert list(refusal.value.errors) == ["waive_fee"]


def test_refusal_needs_its_reason(town: Any) -> None:
    case = make.claimed_case()
    with pytest.raises(InvalidInput) as refusal:
        make.decision_on(case, "refused", reason=" ")
    assert list(refusal.value.errors) == ["reason"]
    assert not Decision.objects.filter(case=case).exists()


def test_refusal_closes_the_case_without_conditions(town: Any, ledger: Any) -> None:
    decision = make.decision_on(make.claimed_case(), "refused", conditions=["無視される"])
    case = _fresh(decision.case)
    assert (case.stage, decision.conditions, case.closed_at is not None) == ("refused", [], True)
    assert ledger(case)[-1] == "case.refused"


def test_unknown_outcome_is_refused(town: Any) -> None:
    with pytest.raises(InvalidInput):
        make.decision_on(make.claimed_case(), "postponed")


@pytest.mark.parametrize("stage", ["received", "review", "correction"])
def test_applicant_withdraws(town: Any, ledger: Any, stage: str) -> None:
    case = _at_stage(stage)
    actions.withdraw(case=case, by=Actor.of(case.resident))
    case = _fresh(case)
    assert (case.stage, case.closed_at is not None, case.due_on) == ("withdrawn", True, None)
    assert ledger(case)[-1] == "case.withdrawn"
    assert not case.corrections.filter(answered_at__isnull=True).exists()


@pytest.mark.parametrize("stage", ["payment", "refused"])
def test_applicant_cannot_withdraw_after_the_decision(town: Any, stage: str) -> None:
    case = _at_stage(stage)
    with pytest.raises(NotAllowed):
        actions.withdraw(case=case, by=Actor.of(case.resident))


def test_somebody_else_cannot_withdraw(town: Any) -> None:
    case = make.submitted_case()
    with pytest.raises(NotFound):
        actions.withdraw(case=case, by=Actor.of(people.resident(name="佐藤 次郎")))


def test_reading_is_noted_with_its_purpose(town: Any, ledger: Any) -> None:
    from audit.models import LedgerEntry

    case, by = make.submitted_case(), people.caseworker()
    actions.open_case(case=case, by=Actor.of(by))
    entry = LedgerEntry.objects.get(event="case.opened", object_id=str(case.pk))
    assert (entry.about, entry.purpose, entry.actor_id) == (
        case.resident_id,
        "processing",
        str(by.pk),
    )


def test_refused_action_leaves_nothing(town: Any, ledger: Any, outbox: Any) -> None:
    case = make.submitted_case()
    before = (ledger(case), outbox(), _fresh(case).lock)
    for action in ("consult", "correct", "approve", "refuse"):
        with pytest.raises(DomainError):
            DESK[action](case, people.caseworker())
    assert (ledger(case), outbox(), _fresh(case).lock) == before
    assert not Consultation.objects.filter(case=case).exists()
