"""How far an application is, as the resident reads it, for every end that it can have."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import translation

from cases import actions, periods, queries
from cases.models import Case
from catalogue.registry import catalogue
from common import outbox
from common.actor import Actor
from portal.progress import steps
from tests.factories import cases as make
from tests.factories import people
from tests.services.conftest import upload as upload  # the scanner's stand-in
from tests.services.test_course import FEES, begun, outcomes, sent
from tests.services.walks import TODAY
from workflow.definition import Verb


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("common.outbox._wake_worker", lambda: None)


def told(case: Case) -> list[tuple[str, str]]:
    fresh = queries.case_for_resident(case.resident, case.pk)
    with translation.override("en"):
        return [(step.state.value, step.text) for step in steps(queries.progress(fresh))]


RECEIVED = ("done", "We received your application")
STARTED = ("done", "A caseworker started to check your application")
MAY_ASK = ("possible", "We may ask you to correct or add something")
DECIDE = "We decide about your application"
FEE = ("possible", "If it is approved: you pay the fee")
LETTER = "You receive our letter here"


def test_a_permit_from_the_receipt_to_the_letter(town: Any) -> None:
    worker = people.caseworker()
    case = make.submitted_case()
    assert told(case) == [
        RECEIVED, ("now", "Received"), ("next", "We check your application"), MAY_ASK,
        ("later", DECIDE), FEE, ("later", LETTER),
    ]  # fmt: skip
    case = actions.claim_case(case=case, by=worker)
    assert told(case) == [
        RECEIVED, STARTED, ("now", "Under review"), MAY_ASK, ("next", DECIDE), FEE,
        ("later", LETTER),
    ]  # fmt: skip
    correction = make.correction_of(case, by=worker)
    assert told(case) == [
        RECEIVED, STARTED, ("now", "Waiting for your correction"),
        ("next", "We go on checking your application"), MAY_ASK, ("later", DECIDE), FEE,
        ("later", LETTER),
    ]  # fmt: skip
    case = make.answered_correction(correction, purpose="番組の撮影")
    answered = ("done", "You sent the correction. The clock runs again")
    assert told(case)[2:4] == [answered, ("now", "Under review")]
    make.decision_on(case, by=worker)
    outbox.drain()
    approved = ("done", "We decided: approved")
    assert told(case) == [
        RECEIVED, STARTED, answered, approved, ("now", "Waiting for payment"),
        ("possible", "If the fee is not paid in time, it ends here"), ("next", LETTER),
    ]  # fmt: skip


def test_ends(town: Any) -> None:
    paid = make.paid_case()
    assert [state for state, _text in told(paid)] == ["done"] * 5
    refused = make.claimed_case()
    make.decision_on(refused, "refused")
    assert told(refused) == [
        RECEIVED, STARTED, ("done", "We decided: refused"), ("next", LETTER)
    ]  # fmt: skip
    withdrawn = make.submitted_case()
    actions.withdraw(case=withdrawn, by=Actor.of(withdrawn.resident))
    assert told(withdrawn) == [RECEIVED, ("done", "You withdrew the application")]
    lapsed = make.due_case()
    assert lapsed.decision.fee_id is not None
    actions.lapse_unpaid(fee_id=lapsed.decision.fee_id)
    assert told(lapsed)[-1] == (
        "done", "The fee was not paid in time. Your permit was not issued"
    )  # fmt: skip


@pytest.mark.parametrize("key", sorted(catalogue()))
@time_machine.travel(TODAY, tick=False)
def test_every_service_reads_well(key: str, town: Any, upload: Any) -> None:
    case = sent(key, "least", upload)
    notified = outcomes(case) == ["acknowledged"]
    first = told(case)
    certain = [state for state, _text in first if state != "possible"]
    assert certain[:3] == ["done", "now", "next"]
    charged_later = (key, "least") in FEES and not case.workflow.fee_first
    assert (FEE in first) == charged_later
    assert (("later", DECIDE) in first) != notified
    case = actions.claim_case(case=begun(case), by=people.caseworker(at=case.department))
    if notified:
        assert ("next", "We check that your notification is complete") in told(case)
    if Verb.CONFIRM_COMPLETE in case.workflow.verbs:
        case = periods.confirm_complete(case=case, by=people.caseworker(at=case.department))
    make.decision_on(make.opinions_on(case), outcomes(case)[0])
    assert outbox.drain().failed == 0
    after = told(case)
    assert MAY_ASK not in after
    assert FEE not in after
    assert len(after) == len(set(after))
    if not charged_later:
        assert {state for state, _text in after} == {"done"}


@time_machine.travel(TODAY, tick=False)
def test_a_reopened_case_goes_on(town: Any, upload: Any) -> None:
    case = sent("event", "least", upload)
    actions.withdraw(case=case, by=Actor.of(case.resident))
    lead = people.admin()
    periods.reopen(case=case, reason="誤って取り下げたため", by=lead)
    found = told(case)
    assert found[-5:] == [
        ("now", "Under review"),
        MAY_ASK,
        ("next", DECIDE),
        FEE,
        ("later", LETTER),
    ]
    assert found[1] == ("done", "You withdrew the application")


def test_the_page_has_it_as_an_ordered_list(offering: Any, browser: Client, resident: Any) -> None:
    case = make.submitted_case(of=offering, resident=resident)
    text = browser.get(f"/en/applications/{case.pk}/").content.decode()
    assert '<li class="is-now" aria-current="step">' in text
    assert '<li class="is-next is-possible"><span class="timeline__when">Possible</span>' in text
    assert "Everything that happened, step by step" in text
