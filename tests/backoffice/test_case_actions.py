"""What a caseworker does on the case page: without a script, step by step."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from django.utils import timezone

from cases import actions
from cases.models import Case, Consultation, ConsultedBody, CorrectionRequest, Decision
from common.text import Text
from identity.models import User
from tests.factories import cases as make
from tests.factories import people

Desk = Callable[[User], Client]


def _url(case: Case, *parts: str) -> str:
    return "/".join(["/en/desk/cases", str(case.pk), *parts, ""])


def _fresh(case: Case) -> Case:
    return Case.objects.get(pk=case.pk)


def test_claim(town: Any, desk: Desk) -> None:
    case, user = make.submitted_case(), people.caseworker()
    client = desk(user)
    response = client.post(_url(case, "claim") + "?view=unassigned", {"lock": case.lock})
    assert response.status_code == 302
    assert response["Location"] == _url(case) + "?view=unassigned"
    assert _fresh(case).assigned_to_id == user.pk
    assert "The case is on your desk." in client.get(response["Location"]).content.decode()


@pytest.mark.parametrize("panel", ["consult", "correct", "approve", "refuse"])
def test_address_of_an_action_opens_its_panel(town: Any, desk: Desk, panel: str) -> None:
    page = desk(people.caseworker()).get(_url(make.claimed_case(), panel)).content.decode()
    assert re.search(rf'<details class="act" id="{panel}" open>', page)


def test_consult(town: Any, desk: Desk) -> None:
    case = make.claimed_case()
    office = people.department("parks")
    response = desk(people.caseworker()).post(
        _url(case, "consult"),
        {"lock": case.lock, "department": office.key, "question": "支障はありますか。"},
    )
    assert response.status_code == 302
    assert Consultation.objects.get(case=case).department_id == office.pk


def test_consult_without_a_department_keeps_the_question(town: Any, desk: Desk) -> None:
    case = make.claimed_case()
    response = desk(people.caseworker()).post(
        _url(case, "consult"),
        {"lock": case.lock, "department": "no-such-office", "question": "支障はありますか。"},
    )
    page = response.content.decode()
    assert response.status_code == 422
    assert 'href="#consult-department"' in page
    assert ">支障はありますか。</textarea>" in page
    assert not Consultation.objects.exists()


def test_consult_an_outside_body_by_a_day(town: Any, desk: Desk) -> None:
    case, client = make.claimed_case(), desk(people.caseworker())
    body, _new = ConsultedBody.objects.update_or_create(
        key="fire", defaults={"name": Text("消防本部"), "email": "fire@example.jp"}
    )
    assert '<option value="body:fire">消防本部</option>' in client.get(_url(case)).content.decode()
    due_on = timezone.localdate() + timedelta(days=30)
    posted = {
        "department": "body:fire", "question": "支障は?", "due_on": str(due_on), "lock": case.lock,
    }  # fmt: skip
    for wrong in ({"due_on": str(timezone.localdate())}, {"due_on": "x"}, {"department": "body:x"}):
        refused = client.post(_url(case, "consult"), posted | wrong)
        assert refused.status_code == 422
        assert "支障は?</textarea>" in refused.content.decode()
    assert client.post(_url(case, "consult"), posted).status_code == 302
    asked = case.consultations.get()
    assert (asked.body, asked.due_on, asked.links.count()) == (body, due_on, 1)
    assert asked.remind_on is not None
    page = client.get(_url(case)).content.decode()
    assert "waiting for the opinion" in page
    assert '<option value="body:fire">' not in page


def test_correction(town: Any, desk: Desk) -> None:
    case = make.claimed_case()
    response = desk(people.caseworker()).post(
        _url(case, "correct"),
        {"lock": case.lock, "question_ids": ["purpose", "site_plan"], "message": "くわしく。"},
    )
    assert response.status_code == 302
    assert CorrectionRequest.objects.get(case=case).question_ids == ["purpose", "site_plan"]
    assert _fresh(case).stage == "correction"


def test_correction_without_a_message_keeps_the_ticks(town: Any, desk: Desk) -> None:
    case = make.claimed_case()
    response = desk(people.caseworker()).post(
        _url(case, "correct"), {"lock": case.lock, "question_ids": ["purpose"], "message": " "}
    )
    page = response.content.decode()
    assert response.status_code == 422
    assert 'value="purpose" checked' in page
    assert 'id="correct-message-error"' in page
    # The questions stand below the steps that they were asked in.
    group = BeautifulSoup(page, "html.parser").select_one('.asked [value="purpose"]')
    assert group is not None
    step = group.find_parent(role="group")
    assert step is not None
    assert step.get_text().startswith("What you will do")


def test_approval_asks_first_and_says_what_will_happen(town: Any, desk: Desk) -> None:
    case = make.claimed_case()
    client = desk(people.caseworker())
    posted = {"lock": case.lock, "standard": ["0", "2"], "own": "午前中に限る。\n\n"}
    asked = client.post(_url(case, "approve"), posted)
    page = asked.content.decode()
    assert asked.status_code == 200
    assert not Decision.objects.exists()
    for text in (
        "原状に回復",
        "音量は",
        "午前中に限る。",
        "The case goes on to “Waiting for payment”.",
        f"A fee of ¥{case.application.computed_fee.total:,} becomes due.",
        "The approval is entered in the register.",
    ):
        assert text in page, text
    hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page)
    again = {name: [v for n, v in hidden if n == name] for name, _ in hidden}
    done = client.post(_url(case, "approve"), {**again, "confirmed": "1"})
    assert done.status_code == 302
    decision = Decision.objects.get(case=case)
    assert len(decision.conditions) == 3
    assert decision.conditions[0].startswith("使用後は")
    assert decision.conditions[2] == "午前中に限る。"


def test_approval_with_the_fee_waived(town: Any, desk: Desk) -> None:
    case = make.claimed_case(answers={"fee_waiver": True, "waiver_reason": "community"})
    client = desk(people.caseworker())
    assert 'name="waive_fee"' in client.get(_url(case, "approve")).content.decode()
    posted = {"lock": case.lock, "waive_fee": "1"}
    page = client.post(_url(case, "approve"), posted).content.decode()
    assert "is waived." in page
    assert "The case goes on to “Permit issued”." in page
    assert client.post(_url(case, "approve"), {**posted, "confirmed": "1"}).status_code == 302
    assert Decision.objects.get(case=case).fee_waived


def test_waiver_is_offered_only_when_asked(town: Any, desk: Desk) -> None:
    case = make.claimed_case()
    client = desk(people.caseworker())
    assert 'name="waive_fee"' not in client.get(_url(case, "approve")).content.decode()
    response = client.post(_url(case, "approve"), {"lock": case.lock, "waive_fee": "1"})
    assert response.status_code == 422
    assert not Decision.objects.exists()


def test_going_back_from_the_confirmation_keeps_everything(town: Any, desk: Desk) -> None:
    case = make.claimed_case()
    response = desk(people.caseworker()).post(
        _url(case, "approve"),
        {"lock": case.lock, "standard": ["1"], "own": "午前中に限る。", "change": "1"},
    )
    page = response.content.decode()
    assert 'name="standard" value="1" checked' in page
    assert ">午前中に限る。</textarea>" in page
    assert not Decision.objects.exists()


def test_refusal(town: Any, desk: Desk) -> None:
    case = make.claimed_case()
    client = desk(people.caseworker())
    posted = {"lock": case.lock, "reason": "場所が重なるため。"}
    assert "場所が重なるため。" in client.post(_url(case, "refuse"), posted).content.decode()
    assert client.post(_url(case, "refuse"), {**posted, "confirmed": "1"}).status_code == 302
    assert Decision.objects.get(case=case).reason == "場所が重なるため。"


def test_refusal_without_a_reason_is_not_even_asked_for(town: Any, desk: Desk) -> None:
    case = make.claimed_case()
    response = desk(people.caseworker()).post(_url(case, "refuse"), {"lock": case.lock})
    assert response.status_code == 422
    assert 'href="#refuse-reason"' in response.content.decode()


@pytest.mark.parametrize("lock", ["old", "missing", "x", "-1", "9" * 40, "１"])
def test_page_from_before_a_change_is_refused_and_what_was_typed_stays(
    town: Any, desk: Desk, lock: str
) -> None:
    case = make.claimed_case()
    posted = {"reason": "場所が重なるため。", "confirmed": "1"}
    if lock != "missing":
        posted["lock"] = str(case.lock - 1) if lock == "old" else lock
    response = desk(people.caseworker()).post(_url(case, "refuse"), posted)
    page = response.content.decode()
    assert response.status_code == 409
    assert "Somebody else changed this case in the meantime" in page
    assert "What you typed is still in its place." in page
    assert ">場所が重なるため。</textarea>" in page
    assert f'name="lock" value="{case.lock}"' in page
    assert not Decision.objects.exists()


def test_action_that_is_not_possible_now_says_why_and_keeps_the_text(town: Any, desk: Desk) -> None:
    consultation = make.consulted_case()
    case = _fresh(consultation.case)
    response = desk(people.caseworker()).post(
        _url(case, "refuse"), {"lock": case.lock, "reason": "場所が重なるため。"}
    )
    page = response.content.decode()
    assert response.status_code == 422
    assert "A department has not answered yet" in page
    assert ">場所が重なるため。</textarea>" in page


def test_opinion(town: Any, desk: Desk) -> None:
    consultation = make.consulted_case()
    client = desk(people.consultee())
    url = _url(consultation.case, "opinion", str(consultation.pk))
    refused = client.post(url, {"opinion": "objection", "text": ""})
    assert refused.status_code == 422
    assert 'value="objection" checked' in refused.content.decode()
    done = client.post(url, {"opinion": "objection", "text": "花見と重なる。"})
    assert done.status_code == 302
    consultation.refresh_from_db()
    assert (consultation.opinion, consultation.text) == ("objection", "花見と重なる。")
    assert "Give an opinion" not in client.get(done["Location"]).content.decode()


def test_caseworker_cannot_answer_for_the_asked_department(town: Any, desk: Desk) -> None:
    consultation = make.consulted_case()
    url = _url(consultation.case, "opinion", str(consultation.pk))
    client = desk(people.caseworker())
    assert client.post(url, {"opinion": "no_objection"}).status_code == 404
    consultation.refresh_from_db()
    assert consultation.answered_at is None


def test_consultee_cannot_decide(town: Any, desk: Desk) -> None:
    consultation = make.consulted_case()
    case = _fresh(consultation.case)
    user = people.consultee()
    actions.answer_consultation(consultation=consultation, opinion="no_objection", text="", by=user)
    response = desk(user).post(_url(case, "approve"), {"lock": case.lock + 1, "confirmed": "1"})
    assert response.status_code == 422
    assert not Decision.objects.exists()
    assert "山田" not in response.content.decode()


@pytest.fixture
def notification(town: Any) -> Case:
    return make.claimed_case(of=make.offering("street_stalls"))


def test_notification_is_acknowledged_after_a_page_that_says_so(
    notification: Case, desk: Desk
) -> None:
    client = desk(people.caseworker(at=notification.department))
    page = client.get(_url(notification, "acknowledge")).content.decode()
    assert re.search(r'<details class="act" id="acknowledge" open>', page)
    assert 'id="approve"' not in page
    assert 'id="refuse"' not in page
    asked = client.post(_url(notification, "acknowledge"), {"lock": notification.lock})
    page = asked.content.decode()
    assert asked.status_code == 200
    assert not Decision.objects.exists()
    assert "The letter says that the notification has arrived and is complete." in page
    assert "A decision cannot be changed" not in page
    posted = {"lock": notification.lock, "confirmed": "1"}
    done = client.post(_url(notification, "acknowledge"), posted)
    assert done.status_code == 302
    assert _fresh(notification).stage == "acknowledged"
    page = client.get(done["Location"]).content.decode()
    assert "The notification is acknowledged." in page
    assert "Acknowledged on" in page


def test_permit_has_no_acknowledgement(town: Any, desk: Desk) -> None:
    case = make.claimed_case()
    client = desk(people.caseworker())
    assert 'id="acknowledge"' not in client.get(_url(case)).content.decode()
    response = client.post(_url(case, "acknowledge"), {"lock": case.lock, "confirmed": "1"})
    assert response.status_code == 422
    assert not Decision.objects.exists()
