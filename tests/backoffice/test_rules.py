"""The pages on which a lead declares who gets which cases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from cases.assigning import arriving
from cases.assigning.models import AssignmentRule
from cases.models_desk import BulkRun
from identity.models import Role, StaffRole, User
from tests.factories import cases as make
from tests.factories import people

Desk = Callable[[User], Client]
RULES = "/en/desk/rules/"


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("common.outbox._wake_worker", lambda: None)


def _typed(*members: User, **more: Any) -> dict[str, Any]:
    return {
        "name": "撮影",
        "service": "park-use",
        "condition-mode": "all",
        "condition-n": "1",
        "condition-0-name": "act_type",
        "condition-0-for": "act_type",
        "condition-0-op": "is",
        "condition-0-value": "photography",
        "person": [str(member.pk) for member in members],
        "how": "fewest",
        **more,
    }


def test_rule_is_picked_kept_changed_and_shown_at_the_case(town: Any, desk: Desk) -> None:
    make.offering()
    lead, worker = people.staff(Role.LEAD), people.caseworker(name="青木 一")
    client = desk(lead)
    assert "Who gets which cases" in client.get("/en/desk/office/").content.decode()
    assert "There is no rule yet" in client.get(RULES).content.decode()
    # The form fills itself: first the service, then what can be compared.
    step = client.post(f"{RULES}new/", _typed(_do="cond-add:condition"))
    assert step.status_code == 200
    assert step.content.decode().count("Choose a question") == 2
    assert '<option value="photography" selected>' in step.content.decode()
    answer = client.post(f"{RULES}new/", _typed(worker))
    assert answer.status_code == 302
    rule = AssignmentRule.objects.get()
    assert rule.condition == 'act_type == "photography"'
    listed = client.get(RULES).content.decode()
    assert "青木 一" in listed
    assert "” is “" in listed
    again = client.get(f"{RULES}{rule.pk}/").content.decode()
    assert '<option value="photography" selected>' in again
    assert f'value="{worker.pk}" checked' in again
    case = make.submitted_case()
    arriving.assign({"case_id": str(case.pk)})
    short = desk(worker).get(f"/en/desk/cases/{case.pk}/team/short/").content.decode()
    assert "Assigned by the rule “撮影”." in short
    assert (
        "Assigned by the rule"
        in desk(worker).get(f"/en/desk/cases/{case.pk}/team/").content.decode()
    )
    client.post(f"{RULES}{rule.pk}/", _typed(worker, name="別名", **{"condition-mode": "always"}))
    rule.refresh_from_db()
    assert (rule.name, rule.condition) == ("別名", "")
    for do, state in (("off", False), ("on", True)):
        client.post(f"{RULES}{rule.pk}/", {"do": do})
        rule.refresh_from_db()
        assert rule.is_on is state
    client.post(f"{RULES}{rule.pk}/", {"do": "delete"})
    assert not AssignmentRule.objects.exists()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"name": ""}, "Write a name for it."),
        ({"person": []}, "Choose at least one person."),
        ({"person": ["x", "00000000-0000-4000-8000-000000000000"]}, "Choose people who work"),
        ({"how": "dice"}, "Choose how it is decided."),
        ({"condition-0-for": "", "condition-0-value": ""}, "The condition is not complete."),
        ({"condition-mode": "text", "condition-text": "crew >="}, "rule"),
        ({"condition-mode": "text", "condition-text": "1 + crew"}, "is so or is not so"),
    ],
)
def test_mistakes_are_said_and_nothing_is_lost(
    town: Any, desk: Desk, more: dict[str, Any], said: str
) -> None:
    make.offering()
    worker = people.caseworker()
    answer = desk(people.staff(Role.LEAD)).post(f"{RULES}new/", _typed(worker) | more)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert said in page
    assert ('value="撮影"' in page) == ("name" not in more)
    assert not AssignmentRule.objects.exists()


def test_rule_that_names_somebody_who_left_is_shown_as_broken(town: Any, desk: Desk) -> None:
    make.offering()
    gone = people.caseworker(name="前任 者")
    client = desk(people.staff(Role.LEAD))
    client.post(f"{RULES}new/", _typed(gone))
    assert "broken" not in client.get(RULES).content.decode()
    StaffRole.objects.filter(user=gone).delete()
    page = client.get(RULES).content.decode()
    assert '<span class="badge badge--bad">broken</span>' in page
    assert "前任 者 does not work on cases of this department any more." in page
    assert "The rule is skipped until that is put right." in page


def test_not_for_caseworkers_nor_leads_of_other_offices(town: Any, desk: Desk) -> None:
    rule = AssignmentRule.objects.create(department=people.department(), name="x", place=1)
    assert desk(people.caseworker()).get(RULES).status_code == 403
    foreign = desk(people.staff(Role.LEAD, at="child_welfare"))
    assert foreign.get(RULES).context["lines"] == []
    assert foreign.get(f"{RULES}{rule.pk}/").status_code == 404
    assert foreign.post(f"{RULES}{rule.pk}/", {"do": "delete"}).status_code == 404
    assert AssignmentRule.objects.exists()


def test_unassigned_ones_are_given_out_after_a_preview(town: Any, desk: Desk) -> None:
    case, worker = make.submitted_case(), people.caseworker(name="青木 一")
    client = desk(people.staff(Role.LEAD))
    client.post(f"{RULES}new/", _typed(worker))
    answer = client.post(
        "/en/desk/bulk/?view=unassigned", {"all": "1", "verb": "by_rule"}, follow=True
    )
    page = answer.content.decode()
    assert "青木 一, by the rule “撮影”" in page
    assert case.application.receipt_number in page
    assert BulkRun.objects.get().state == "previewed"
    assert client.post("/en/desk/bulk/", {"all": "1", "verb": "dance"}).status_code == 422
