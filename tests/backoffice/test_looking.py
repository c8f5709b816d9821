"""The checklist, the second look and the newest version over HTTP, forged forms too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from cases import bulk, proposals
from cases.models import BulkRun, Case, Decision, Proposal
from common.models import OutboxRow
from identity.models import User
from tests.cases.test_looking import case_with, refusal, with_checks, with_four_eyes
from tests.cases.test_transfers import longer, renamed
from tests.factories import cases as make
from tests.factories import people

Desk = Callable[[User], Client]


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("common.outbox._wake_worker", lambda: None)


def url(name: str, *args: Any) -> str:
    with translation.override("ja"):  # a request leaves its language behind
        return "/en" + reverse(f"desk:{name}", args=args)


def page(client: Client, case: Case) -> str:
    return client.get(url("case", case.pk)).content.decode()


def test_ticking_without_scripts(town: Any, desk: Desk) -> None:
    worker = people.caseworker()
    case, client = case_with(with_checks, worker), desk(worker)
    text = page(client, case)
    assert '<span class="soft small">0 of 2</span>' in text
    assert "1 point of the checklist is still open: The place is checked" in text
    forged = client.post(
        url("refuse", case.pk), {"reason": "。", "lock": case.lock, "confirmed": "1"}
    )
    assert (forged.status_code, Decision.objects.count()) == (422, 0)
    answer = client.post(url("checklist", case.pk), {"tick": "place"})
    assert answer["Location"].endswith("#checklist")
    text = page(client, case)
    assert 'aria-checked="true" name="untick" value="place"' in text
    assert "1 of 2" in text
    assert "still open" not in text
    client.post(url("checklist", case.pk), {"check": "<b>隣の工事</b>"})
    assert "&lt;b&gt;隣の工事&lt;/b&gt;" in page(client, case)
    empty = client.post(url("checklist", case.pk), {"check": " "})
    assert empty.status_code == 422
    assert "Write what is to be looked at." in empty.content.decode()
    assert client.post(url("checklist", case.pk), {"tick": "nothing"}).status_code == 404


def test_from_the_proposal_to_the_decision(town: Any, desk: Desk) -> None:
    one, other = people.caseworker(), people.caseworker(name="小川 春")
    case, mine, theirs = case_with(with_four_eyes(), one), desk(one), desk(other)
    typed = {"reason": "場所が重なるため。", "lock": case.lock}
    sure = mine.post(url("refuse", case.pk), typed).content.decode()
    assert "A second person has to confirm it" in sure
    assert "Propose it" in sure
    mine.post(url("refuse", case.pk), typed | {"confirmed": "1"})
    made = Proposal.objects.get()
    text = page(theirs, case)
    assert "Waits for a second person" in text
    assert "Look at it and decide" in text
    assert "A decision is proposed already" in text
    assert (
        case.application.receipt_number
        in theirs.get(url("inbox"), {"view": "second"}).content.decode()
    )

    address = url("proposal", case.pk, made.pk)
    own = mine.get(address).content.decode()
    assert "You proposed it yourself" in own
    assert 'name="confirm"' not in own
    lock = Case.objects.get(pk=case.pk).lock
    assert mine.post(address, {"confirm": "1", "lock": lock}).status_code == 422
    assert theirs.post(address, {"confirm": "1", "lock": lock - 1}).status_code == 409
    assert Decision.objects.count() == 0
    seen = theirs.get(address).content.decode()
    assert "場所が重なるため。" in seen
    assert 'name="confirm"' in seen
    empty = theirs.post(address, {"send_back": "1", "note": "", "lock": lock})
    assert empty.status_code == 422
    assert "Write what is to be changed." in empty.content.decode()
    assert theirs.post(address, {"confirm": "1", "lock": lock}).status_code == 302
    assert Decision.objects.get().decided_by == other
    # The second tab.
    assert theirs.post(address, {"confirm": "1", "lock": lock}).status_code == 409
    assert Decision.objects.count() == 1


def test_what_fell_away_or_came_back_is_said_on_the_case(town: Any, desk: Desk) -> None:
    one, other = people.caseworker(), people.caseworker(name="小川 春")
    case, client = case_with(with_four_eyes(), one), desk(one)
    made = refusal(case, one)
    assert isinstance(made, Proposal)
    proposals.send_back(case=case, proposal_id=made.pk, note="条文を書くこと", by=other)
    text = page(client, case)
    assert "The proposal was sent back" in text
    assert "条文を書くこと" in text
    refusal(case, one)
    make.correction_of(Case.objects.get(pk=case.pk))
    assert "The proposal fell away" in page(client, case)
    stranger = desk(people.caseworker(at="child_welfare"))
    assert stranger.get(url("proposal", case.pk, made.pk)).status_code == 404


def test_moving_cases_from_the_office(town: Any, desk: Desk) -> None:
    admin, case = people.admin(), make.claimed_case()
    client = desk(admin)
    assert (
        "Every open case is on the newest version" in client.get(url("transfers")).content.decode()
    )
    make.offering_with(renamed)
    text = client.get(url("transfers")).content.decode()
    assert "1 open case is on an older version." in text
    key = text.split('name="behind" value="')[1].split('"')[0]
    wrong = client.post(url("transfers"), {"behind": key, "clock": "new"})
    assert wrong.status_code == 422
    assert "The new version has no stage “Under review”" in wrong.content.decode()
    none = client.post(url("transfers"), {"behind": key, "stage-review": "checking"})
    assert "Choose what becomes of the period." in none.content.decode()
    made = client.post(
        url("transfers"), {"behind": key, "stage-review": "checking", "clock": "new"}
    )
    assert made.status_code == 302
    look = client.get(made["Location"]).content.decode()
    assert "Nothing has changed yet." in look
    assert "Move 1 case" in look
    run = BulkRun.objects.get()
    assert client.get(url("bulk", run.pk)).status_code == 404
    assert client.post(made["Location"]).status_code == 302
    assert client.post(made["Location"]).status_code == 409
    bulk.work_off(OutboxRow.objects.get(kind="cases.bulk").payload)
    assert "data-reload" not in client.get(made["Location"]).content.decode()
    assert Case.objects.get(pk=case.pk).stage == "checking"
    assert client.post(url("transfers"), {"behind": key}).status_code == 422


def test_only_administrators_move_cases(town: Any, desk: Desk) -> None:
    make.claimed_case()
    make.offering_with(longer)
    assert desk(people.caseworker()).get(url("transfers")).status_code == 403
