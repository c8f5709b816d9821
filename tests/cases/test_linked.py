"""Cases that came of a case: what deciding them does to the earlier one, and who may."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from audit.models import LedgerEntry
from cases import actions, policies, queries, register
from cases.linked import effects, offers, opening
from cases.models import Application, Case, Decision, RegisterEntry
from cases.reports import counting
from cases.reports.models import ReportRow
from catalogue.linked import Granted
from catalogue.models import Offering
from common import outbox
from common.actor import Actor
from common.calendar import add_months
from common.errors import InvalidInput, NotAllowed
from documents import queries as papers
from documents.models import Document
from forms.models import Draft
from identity.models import Role, User
from notifications.models import Message
from tests.factories import cases as make
from tests.factories import people

TODAY = timezone.localdate


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("common.outbox._wake_worker", lambda: None)


def drain() -> None:
    assert outbox.drain().failed == 0


def fresh(case: Case) -> Case:
    return queries.case_for_resident(User.objects.get(pk=case.resident_id), case.pk)


def free_permit(**days: int) -> Case:
    """A permit without a fee, with its letter; by default from in ten days for three days."""
    first, last = days.get("first", 10), days.get("last", 12)
    case = make.claimed_case(
        answers={
            "use_from": (TODAY() + timedelta(days=first)).isoformat(),
            "use_to": (TODAY() + timedelta(days=last)).isoformat(),
            "fee_waiver": True,
            "waiver_reason": "community",
        }
    )
    make.decision_on(case, waive_fee=True)
    drain()
    return fresh(case)


def refusal(of: Offering | None = None) -> Case:
    case = make.claimed_case(of=of)
    make.decision_on(case, "refused")
    drain()
    return fresh(case)


def drafted(case: Case, link: str, **answers: Any) -> Draft:
    way = opening.way(case, link, case.resident)
    draft = opening.begin(way, claims=case.resident.eid.claims, by=case.resident)
    draft.answers = {**draft.answers, "agreed": True, **answers}
    draft.steps_done = [step.id for step in draft.form.steps]
    draft.save(update_fields=["answers", "steps_done"])
    return draft


def sent(case: Case, link: str, **answers: Any) -> Case:
    draft = drafted(case, link, **answers)
    return actions.submit_application(draft=draft, by=Actor.of(case.resident), language="ja")


APPEAL = {
    "claim": "取消しを求めます。",
    "reasons": "重なりはありません。",
    "told_of_appeal": True,
    "hearing": False,
    "known_on": None,
}


def appealed(case: Case) -> Case:
    return sent(case, "appeal", **{**APPEAL, "known_on": TODAY().isoformat()})


def decided(case: Case, outcome: str = "approved", **changes: Any) -> Decision:
    by = changes.pop("by", None) or people.caseworker(at=case.department, name="別の 担当")
    case = actions.claim_case(case=case, by=by)
    decision = make.decision_on(case, outcome, by=by, **changes)
    drain()
    return decision


def entry_of(case: Case) -> RegisterEntry:
    return RegisterEntry.objects.get(decision__case=case)


def state_of(case: Case) -> str:
    letter = Decision.objects.get(case=case).letter
    assert letter is not None
    return papers.by_code(letter.code).state


# --- Changes and renewals -------------------------------------------------------------------------


def test_an_approved_change_takes_the_place_of_the_permit(town: Any, ledger: Any) -> None:
    permit = free_permit()
    change = sent(permit, "amendment", area_m2=35)
    assert entry_of(permit).closed_on is None
    decision = decided(change, waive_fee=True)
    # The same days: the whole permit is another from now on.
    assert entry_of(permit).closed_on == TODAY()
    assert state_of(permit) == "replaced"
    assert state_of(change) == "not_yet"
    assert "decision.replaced" in ledger(permit)
    assert permit.timeline.filter(code="replaced", values__number=decision.number).exists()
    listed = register.public_list("park-use", "ja")
    states = {one.number: register.public(one, listed, "ja").state.value
              for one in register.entries_of(listed)}  # fmt: skip
    assert states[decision.number] == "not_yet"
    assert states[Decision.objects.get(case=permit).number] == "replaced"


def test_a_change_for_later_days_leaves_the_earlier_ones(town: Any) -> None:
    permit = free_permit(first=0, last=20)
    begins = TODAY() + timedelta(days=5)
    change = sent(permit, "amendment", use_from=begins.isoformat())
    decided(change, waive_fee=True)
    assert entry_of(permit).closed_on == begins
    assert state_of(permit) == "valid"
    letter = Decision.objects.get(case=permit).letter
    assert letter is not None
    assert letter.is_valid_on(begins - timedelta(days=1))
    assert not letter.is_valid_on(begins)
    listed = register.public_list("park-use", "ja")
    assert register.entries_of(listed, only_valid=True).filter(decision__case=permit).exists()
    RegisterEntry.objects.filter(decision__case=permit).update(closed_on=TODAY())
    assert not register.entries_of(listed, only_valid=True).filter(decision__case=permit).exists()


def test_a_refused_change_leaves_the_permit_as_it_was(town: Any) -> None:
    permit = free_permit()
    decided(sent(permit, "amendment", area_m2=35), "refused")
    assert entry_of(permit).closed_on is None
    assert state_of(permit) == "not_yet"
    assert offers.links_of(permit)
    # … and it may be asked for again.
    offers.check(permit, offers.rule_of(permit, "amendment"), offers.links_of(permit))


def test_what_does_not_hold_any_more_is_not_changed(town: Any) -> None:
    permit = free_permit()
    change = sent(permit, "amendment", area_m2=35)
    worker = people.caseworker(at=change.department)
    change = actions.claim_case(case=change, by=worker)
    RegisterEntry.objects.filter(decision__case=permit).update(closed_on=TODAY())
    with pytest.raises(NotAllowed) as refused:
        make.decision_on(change, by=worker, waive_fee=True)
    assert refused.value.code == "origin_gone"
    found = {option.verb: option for option in policies.options(change, worker)}
    assert not found["approve"].allowed
    assert found["refuse"].allowed
    with pytest.raises(NotAllowed) as closed:
        opening.way(fresh(permit), "renewal", permit.resident)
    assert closed.value.code == "replaced"


def test_a_renewal_begins_when_the_permit_ends(town: Any) -> None:
    permit = free_permit()
    end = entry_of(permit).valid_until
    assert end is not None
    last = (end + timedelta(days=5)).isoformat()
    with pytest.raises(InvalidInput) as wrong:
        sent(permit, "renewal", use_to=last, use_from=(end + timedelta(days=2)).isoformat())
    assert set(wrong.value.errors) == {"use_from"}
    follows_on = (end + timedelta(days=1)).isoformat()
    renewal = sent(permit, "renewal", use_to=last, use_from=follows_on)
    decided(renewal, waive_fee=True)
    assert entry_of(renewal).valid_from == end + timedelta(days=1)
    assert entry_of(permit).closed_on is None
    assert permit.timeline.filter(code="renewed").exists()
    with pytest.raises(NotAllowed) as again:
        opening.way(fresh(permit), "renewal", permit.resident)
    assert again.value.code == "sent"


def test_a_correction_cannot_move_a_renewal(town: Any) -> None:
    permit = free_permit()
    end = entry_of(permit).valid_until
    assert end is not None
    renewal = sent(permit, "renewal", use_to=(end + timedelta(days=5)).isoformat())
    renewal = actions.claim_case(case=renewal, by=people.caseworker(at=renewal.department))
    correction = make.correction_of(renewal, question_ids=("use_from",))
    with pytest.raises(InvalidInput):
        make.answered_correction(correction, use_from=(end + timedelta(days=3)).isoformat())


def test_the_same_change_is_sent_once(town: Any) -> None:
    """A second draft, as of a window that was open all the time."""
    permit = free_permit()
    first = drafted(permit, "amendment", area_m2=35)
    by = Actor.of(permit.resident)
    actions.submit_application(draft=first, by=by, language="ja")
    second = Draft.objects.get(pk=first.pk)
    second.pk, second.state, second._state.adding = None, "open", True
    second.provenance = {}
    second.save(force_insert=True)
    with pytest.raises(NotAllowed) as refused:
        actions.submit_application(draft=second, by=by, language="ja")
    assert refused.value.code == "sent"
    assert Case.objects.filter(origin=permit).count() == 1


# --- Appeals --------------------------------------------------------------------------------------


def under_review(appeal: Case, by: User) -> Case:
    from cases import periods

    return periods.confirm_complete(case=actions.claim_case(case=appeal, by=by), by=by)


def test_nobody_rules_on_their_own_decision(town: Any) -> None:
    first = refusal()
    decider = Decision.objects.get(case=first).decided_by
    appeal = appealed(first)
    assert appeal.department.key == "general_affairs"
    people.StaffRole.objects.create(
        user=decider, role=Role.CASEWORKER, department=appeal.department
    )
    appeal = under_review(appeal, decider)
    for outcome in ("approved", "refused"):
        with pytest.raises(NotAllowed) as refused:
            make.decision_on(appeal, outcome, by=decider)
        assert refused.value.code == "own_decision"
    shown = {option.verb: option for option in policies.options(appeal, decider)}
    assert not shown["approve"].allowed
    assert not shown["refuse"].allowed
    assert not Decision.objects.filter(case=appeal).exists()


def test_the_office_that_decided_does_not_take_the_appeal(town: Any) -> None:
    first = refusal()
    Offering.objects.filter(template_key="review_request").update(department=first.department)
    with pytest.raises(NotAllowed) as refused:
        opening.way(first, "appeal", first.resident)
    assert refused.value.code == "same_office"
    Offering.objects.filter(template_key="review_request").update(
        department=people.department("general_affairs")
    )
    appeal = appealed(first)
    Case.objects.filter(pk=appeal.pk).update(department=first.department)
    worker = people.caseworker(at=first.department, name="同じ 課")
    appeal = under_review(Case.objects.get(pk=appeal.pk), worker)
    with pytest.raises(NotAllowed) as office:
        make.decision_on(appeal, by=worker)
    assert office.value.code == "same_office"


def test_a_granted_appeal_has_the_application_decided_anew(town: Any, ledger: Any) -> None:
    first = refusal()
    worker = people.caseworker(at="general_affairs", name="審理 担当")
    appeal = under_review(appealed(first), worker)
    assert policies.may_read(first, worker)  # what is contested can be read
    make.decision_on(appeal, by=worker, conditions=[])
    drain()
    assert state_of(first) == "revoked"
    assert "decision.set_aside" in ledger(first)
    anew = Case.objects.get(origin=first, origin_kind="anew")
    assert anew.application.answers == first.answers
    assert (anew.department_id, anew.stage) == (first.department_id, "received")
    assert anew.application.receipt_number != first.application.receipt_number
    assert ledger(anew) == ["case.taken_up_anew"]
    kinds = list(Message.objects.filter(recipient=first.resident).values_list("kind", flat=True))
    assert kinds.count("case_reopened") == 1
    # The outbox tries again: nothing is doubled.
    decision = Decision.objects.get(case=appeal)
    outbox.enqueue("cases.issue_letter", "again", {"decision_id": str(decision.pk)})
    drain()
    assert Case.objects.filter(origin=first, origin_kind="anew").count() == 1
    counting.count()
    received = sum(
        sum(row.figures["received"]) for row in ReportRow.objects.filter(offering=first.offering)
    )
    assert received == Application.objects.filter(offering=first.offering).count() - 1


def test_a_dismissed_appeal_leaves_the_decision(town: Any) -> None:
    first = refusal()
    worker = people.caseworker(at="general_affairs", name="審理 担当")
    appeal = under_review(appealed(first), worker)
    make.decision_on(appeal, "refused", by=worker)
    drain()
    appeal = Case.objects.get(pk=appeal.pk)
    assert appeal.stage == "dismissed"
    assert state_of(first) == "valid"
    assert not Case.objects.filter(origin_kind="anew").exists()
    with pytest.raises(NotAllowed) as again:
        opening.way(fresh(first), "appeal", first.resident)
    assert again.value.code == "sent"


def test_what_comes_too_late_is_inadmissible(town: Any) -> None:
    appeal = appealed(refusal())
    worker = people.caseworker(at="general_affairs", name="審理 担当")
    appeal = actions.claim_case(case=appeal, by=worker)
    make.decision_on(appeal, "refused", by=worker)
    drain()
    appeal = Case.objects.get(pk=appeal.pk)
    assert str(appeal.stage_now.title) == "却下"


def test_the_last_day_of_an_appeal(town: Any) -> None:
    first = refusal()
    rule = offers.rule_of(first, "appeal")
    decision = first.decision
    assert decision.letter is not None
    # Never opened: the months have not begun, but the year has.
    decided_on = timezone.localdate(decision.decided_at)
    year = offers.last_day(first, rule)
    assert year is not None
    assert year >= add_months(decided_on, 12)
    noon = timezone.make_aware(timezone.datetime(2026, 11, 30, 12))
    decision.letter.opened_at = noon
    decision.decided_at = noon - timedelta(days=3)
    # 30 November and three months: there is no 30 February, and the last one is a Sunday.
    assert offers.last_day(first, rule) == date(2027, 3, 1)


def test_a_ruling_that_takes_the_place_of_the_decision(
    town: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = free_permit()
    appeal = appealed(first)
    rule = offers.rule_of(first, "appeal").model_copy(update={"granted": Granted.REPLACES})
    monkeypatch.setattr(effects, "rules_of", lambda case: (rule,))
    worker = people.caseworker(at="general_affairs", name="審理 担当")
    make.decision_on(under_review(appeal, worker), by=worker, conditions=[])
    drain()
    assert state_of(first) == "replaced"
    assert entry_of(first).closed_on == TODAY()
    assert not Case.objects.filter(origin_kind="anew").exists()


def test_a_letter_about_a_ruling_names_the_court_only(town: Any) -> None:
    from documents import files
    from tests.documents.test_pdf import text_of

    appeal = appealed(refusal())
    worker = people.caseworker(at="general_affairs", name="審理 担当")
    make.decision_on(actions.claim_case(case=appeal, by=worker), "refused", by=worker)
    drain()
    letter = Decision.objects.get(case=appeal).letter
    assert letter is not None
    said = "".join(text_of(files.read(letter)).split())
    assert "裁決の取消しの訴え" in said
    assert "審査請求をすることができます" not in said


def test_the_ledger_says_what_came_of_what(town: Any, ledger: Any) -> None:
    permit = free_permit()
    change = sent(permit, "amendment", area_m2=35)
    assert "case.followed" in ledger(permit)
    entry = LedgerEntry.objects.get(event="application.submitted", object_id=str(change.pk))
    assert (entry.data["link"], entry.data["origin"]) == ("amendment", str(permit.pk))
    carried = LedgerEntry.objects.get(event="draft.carried")
    assert carried.data["link"] == "amendment"
    assert "purpose" in carried.data["questions"]
    assert Document.objects.filter(replaced_on__isnull=False).count() == 0
