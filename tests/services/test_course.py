"""Every shipped service from the sent form to its letter, as the office works on it."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine
from django.utils import timezone

from audit.models import LedgerEntry
from billing import actions as payments
from cases import actions, letters, periods, policies
from cases.linked import opening
from cases.models import Case, Decision, RegisterEntry
from catalogue import offerings
from catalogue.letter_fields import OF_THE_TOWN
from catalogue.registry import catalogue
from catalogue.template import Kind
from common import outbox
from common.actor import Actor
from common.errors import InvalidInput, NotAllowed
from forms import drafts
from forms.models import Draft
from identity.models import User
from notifications.models import Message
from tests.factories import cases as make
from tests.factories import people
from tests.services.walks import TODAY, WALKS, answers_of, fill_in
from workflow.definition import Verb

pytestmark = pytest.mark.usefixtures("town")

#: Yen that a walk costs by the template's rates; the others cost nothing.
FEES = {
    ("park_use", "least"): 480,
    ("park_use", "photography"): 960,
    ("park_use", "film"): 14_580,
    ("park_use", "show"): 19_440,
    ("park_use", "event"): 4_860,
    ("road_occupancy", "least"): 6_600,  # 1.2 ㎡ count as 2, a year
    ("road_occupancy", "everything"): 8_400,
    ("road_occupancy", "costly"): 504_000,
    ("road_occupancy", "renewal"): 1_800,
    ("outdoor_advertisement", "least"): 800,  # 2.5 m × 0.8 m are exactly 2 ㎡
    ("outdoor_advertisement", "everything"): 800,
    ("outdoor_advertisement", "over the road"): 800,
    ("outdoor_advertisement", "tall"): 800,
    ("outdoor_advertisement", "lit"): 1_600,
    ("outdoor_advertisement", "renewal"): 800,
    ("dog_registration", "least"): 3_000,
    ("dog_registration", "everything"): 3_550,
    ("dog_registration", "reissue"): 2_150,
    ("event", "least"): 3_240,
    ("event", "everything"): 14_960,  # the show 12,960, two tents of 9.5 ㎡ for a month 2,000
    ("event", "market"): 320,
    ("event", "photographs"): 960,
    ("event", "film"): 9_720,
    ("event", "road"): 2_000,
}


def filled(key: str, variant: str, upload: Any) -> tuple[Draft, User]:
    """A walk filled in and not sent, by the template's own rates; and whose it is."""
    template = catalogue().get(key)
    offering = offerings.adopt(
        key, by=Actor("system", "", ""), department=people.department(template.service.department),
        rates={}, choices={},
    )  # fmt: skip
    if template.service.only_from_a_case:
        draft, resident = _contesting()
    else:
        resident = people.resident(name="髙橋 𠮷子")
        draft = drafts.open_draft(
            resident=resident, version=offering.form_version, subject=offering.slug,
            claims=resident.eid.claims,
        )  # fmt: skip
    assert fill_in(draft, answers_of(key, variant), upload) == {}
    return draft, resident


def sent(key: str, variant: str, upload: Any) -> Case:
    """The case of a walk."""
    draft, resident = filled(key, variant, upload)
    return actions.submit_application(draft=draft, by=Actor.of(resident), language="ja")


def _contesting() -> tuple[Draft, User]:
    """An appeal that is begun against a refusal."""
    first = make.claimed_case()
    make.decision_on(first, "refused")
    assert outbox.drain().failed == 0
    way = opening.way(Case.objects.get(pk=first.pk), "appeal", first.resident)
    draft = opening.begin(way, claims=first.resident.eid.claims, by=first.resident)
    return draft, first.resident


def begun(case: Case) -> Case:
    """The case where the office begins: its fee paid where that comes first."""
    if case.fee is not None:
        payments.receive(
            fee_id=case.fee.pk, source="counter", key="1", amount=case.fee.amount,
            received_on=timezone.localdate(), by=Actor("system", "", ""),
        )  # fmt: skip
        outbox.drain()
    return Case.objects.get(pk=case.pk)


def outcomes(case: Case) -> list[str]:
    """What the workflow of a case can lead to."""
    return [outcome for outcome, verb in policies.VERB_OF.items() if verb in case.workflow.verbs]


@pytest.mark.parametrize(("key", "variant"), WALKS)
@time_machine.travel(TODAY, tick=False)
def test_sent_application_has_its_fee_and_every_letter(key: str, variant: str, upload: Any) -> None:
    case = sent(key, variant, upload)
    template = catalogue().get(key)
    assert case.application.computed_fee.total == FEES.get((key, variant), 0)
    case = actions.claim_case(case=begun(case), by=people.caseworker(at=case.department))
    for outcome in outcomes(case):
        decision = Decision(case=case, outcome=outcome, number="第1号", reason="要件を欠くため。")
        letter = letters.compose(decision, None)
        words = template.letters.of(outcome)
        assert letter.title == words.title["ja"]
        assert letter.title in letter.html
        assert case.application.receipt_number in letter.html
        assert words.remarks == () or words.remarks[0]["ja"] in letter.html
        for question_id in words.particulars:
            if question_id in OF_THE_TOWN:  # there was no letter of the town
                continue
            question = template.form.questions_by_id[question_id]
            if question.type not in {"group", "computed"} and case.answers.get(question_id):
                label = template.letters.labels.get(question_id, question.label)
                assert label["ja"] in letter.html
        assert "{" not in "".join(
            text["ja"] for text in (words.title, *template.letters.legal_basis)
        )


@pytest.mark.parametrize("key", sorted(catalogue()))
@time_machine.travel(TODAY, tick=False)
def test_service_goes_from_form_to_letter(key: str, upload: Any) -> None:
    case = sent(key, "least", upload)
    case = actions.claim_case(case=begun(case), by=people.caseworker(at=case.department))
    if Verb.CONFIRM_COMPLETE in case.workflow.verbs:
        case = periods.confirm_complete(case=case, by=people.caseworker(at=case.department))
    decision = make.decision_on(make.opinions_on(case), outcomes(case)[0])
    assert outbox.drain().failed == 0
    if case.workflow.fee_first:
        assert case.fee is not None
        assert (case.fee.amount, decision.fee) == (FEES[(key, "least")], None)
    elif decision.fee_id or FEES.get((key, "least")):
        decision.refresh_from_db()
        assert decision.fee is not None
        assert decision.fee.amount == FEES[(key, "least")]
        case = Case.objects.get(pk=case.pk)
        assert (case.stage, decision.letter) == ("payment", None)
        actions.mark_fee_paid(fee_id=decision.fee.pk)
        assert outbox.drain().failed == 0
    decision.refresh_from_db()
    case = Case.objects.get(pk=case.pk)
    assert case.stage_now.final
    assert case.stage_now.outcome == decision.outcome
    assert decision.letter is not None
    assert decision.letter.title == catalogue().get(key).letters.of(decision.outcome).title["ja"]
    entry = RegisterEntry.objects.filter(decision=decision).first()
    rule = catalogue().get(key).service.register_entry
    assert (entry is None) == (rule is None)
    if rule and entry and rule.valid_until:
        assert entry.valid_until is not None
        assert entry.valid_until.isoformat() == case.answers[rule.valid_until]


def _words_of(html: str) -> str:
    return html[html.index("<body") :]


@time_machine.travel(TODAY, tick=False)
def test_notification_is_acknowledged_and_nothing_is_decided(upload: Any) -> None:
    case = sent("street_stalls", "least", upload)
    worker = people.caseworker(at=case.department)
    case = actions.claim_case(case=case, by=worker)
    for outcome in (Decision.Outcome.APPROVED, Decision.Outcome.REFUSED):
        with pytest.raises(NotAllowed):
            make.decision_on(case, outcome)
    offered = {option.verb for option in policies.options(case, worker)}
    assert {Verb.APPROVE, Verb.REFUSE}.isdisjoint(offered)
    assert Verb.ACKNOWLEDGE in offered

    decision = make.decision_on(case, Decision.Outcome.ACKNOWLEDGED)
    assert outbox.drain().failed == 0
    decision.refresh_from_db()
    assert (decision.conditions, decision.reason) == ([], "")
    assert decision.letter is not None
    assert decision.letter.kind == "street_stalls.acknowledged"
    told = Message.objects.filter(recipient=case.resident).values_list("kind", flat=True)
    assert set(told) == {"application_received", "document_ready"}
    codes = [row.code for row in case.timeline.all()]
    assert codes == ["submitted", "claimed", "acknowledged", "document_issued"]
    events = LedgerEntry.objects.filter(object_id=str(case.pk)).order_by("id")
    assert [entry.event for entry in events][-1] == "case.acknowledged"


@time_machine.travel(TODAY, tick=False)
def test_letter_of_receipt_says_nothing_of_a_decision(upload: Any) -> None:
    case = sent("street_stalls", "least", upload)
    decision = Decision(case=case, outcome="acknowledged", number="第1号")
    html = _words_of(letters.compose(decision, None).html)
    assert "受理しました" in html
    assert "教示" not in html
    assert "審査請求" not in html
    for word in ("許可します", "決定しました", "認定しました", "条件"):
        assert word not in html


@time_machine.travel(TODAY, tick=False)
def test_permit_is_not_acknowledged(upload: Any) -> None:
    case = sent("park_use", "least", upload)
    worker = people.caseworker(at=case.department)
    case = actions.claim_case(case=case, by=worker)
    assert Verb.ACKNOWLEDGE not in {option.verb for option in policies.options(case, worker)}
    with pytest.raises(NotAllowed):
        make.decision_on(case, Decision.Outcome.ACKNOWLEDGED)
    with pytest.raises(InvalidInput):
        make.decision_on(case, "blessed")


@pytest.mark.parametrize("key", sorted(catalogue()))
def test_service_is_told_in_both_languages(key: str) -> None:
    template = catalogue().get(key)
    service, workflow = template.service, template.workflow
    texts = [service.title, service.summary, service.who, service.legal_basis]
    texts += [*service.bring, *service.how_it_goes, *service.standard_conditions]
    texts += [text for pair in service.questions_and_answers for text in pair]
    texts += [text for stage in workflow.stages for text in (stage.title, stage.resident)]
    texts += [move.otherwise for move in workflow.moves if move.otherwise]
    texts += [item.text for item in template.fees.items]
    texts += [*template.letters.legal_basis]
    for outcome, verb in policies.VERB_OF.items():
        if verb in workflow.verbs:
            letter = template.letters.of(outcome)
            texts += [letter.title, *letter.paragraphs, *letter.remarks]
    for text in texts:
        assert text.get("ja"), text
        assert text.get("en"), text
    assert service.bring
    assert service.how_it_goes
    assert service.questions_and_answers or key == "child_allowance"
    if not service.only_from_a_case:
        assert any(word.isascii() for word in service.search_words)
        assert any(not word.isascii() for word in service.search_words)


@pytest.mark.parametrize("key", sorted(catalogue()))
def test_period_and_way_out_are_declared(key: str) -> None:
    template = catalogue().get(key)
    clock = template.workflow.clock
    assert (clock.days, clock.unit.value) == {
        "park_use": (6, "working_days"),
        "road_occupancy": (21, "calendar_days"),
        "outdoor_advertisement": (21, "calendar_days"),
        "street_stalls": (2, "working_days"),
        "dog_registration": (5, "working_days"),
        "event": (21, "calendar_days"),
        "child_allowance": (30, "calendar_days"),
        "school_aid": (30, "calendar_days"),
        "tax_exempt_household": (30, "calendar_days"),
        "child_medical_aid": (14, "calendar_days"),
        "review_request": (150, "calendar_days"),
    }[key]
    ends = {stage.outcome for stage in template.workflow.stages if stage.final}
    if template.service.kind is Kind.NOTIFICATION:
        assert ends == {"acknowledged", "withdrawn"}
    else:
        lapses = {"lapsed"} if template.fees.unpaid.then == "lapse" else set()
        assert ends == {"approved", "refused", "withdrawn"} | lapses
    verbs = template.workflow.verbs
    assert {Verb.REQUEST_CONSULTATION, Verb.ANSWER_CONSULTATION, Verb.REQUEST_CORRECTION} <= verbs
