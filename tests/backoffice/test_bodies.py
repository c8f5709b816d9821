"""Bodies outside the town at the desk: their addresses, a new link, an opinion on paper."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from cases.models import Case, Consultation, ConsultedBody, GuestLink
from common import outbox
from identity.models import Role, User
from tests.cases.test_declared import POLICE, asking
from tests.factories import cases as make
from tests.factories import people

Desk = Callable[[User], Client]
URL = "/en/desk/bodies/"


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("common.outbox._wake_worker", lambda: None)


@pytest.fixture
def case(town: Any) -> Case:
    ConsultedBody.objects.all().delete()  # those of the town's own services
    return make.claimed_case(of=make.offering_with(asking(POLICE)))


def _consultation(case: Case, name: str) -> str:
    return reverse(f"desk:{name}", args=[case.pk, Consultation.objects.get(case=case).pk])


def test_address_is_entered_and_the_next_question_goes_there(case: Case, desk: Desk) -> None:
    client = desk(people.admin())
    assert "Office 1" in client.get(URL).content.decode()
    assert client.post(URL, {"key": "police", "email": " Police@Example.jp "}).status_code == 302
    assert ConsultedBody.objects.get().email == "police@example.jp"
    outbox.drain()
    mail.outbox.clear()
    posted = {"lock": str(case.lock)}
    url = _consultation(case, "guest_link")
    assert desk(people.caseworker()).post(url, posted).status_code == 302
    assert desk(people.caseworker()).post(url, posted).status_code == 409
    assert outbox.drain().failed == 0
    assert [each.to for each in mail.outbox] == [["police@example.jp"]]
    assert GuestLink.objects.count() == 1


def test_without_an_address_no_link_is_sent_and_the_page_says_so(case: Case, desk: Desk) -> None:
    client = desk(people.caseworker())
    assert outbox.drain().failed == 0
    response = client.post(_consultation(case, "guest_link"), {"lock": str(case.lock)})
    assert response.status_code == 422
    page = client.get(f"/en/desk/cases/{case.pk}/").content.decode()
    assert "No e-mail address is entered for this body" in page
    assert "Did it come by letter or telephone?" in page


def test_opinion_on_paper_is_entered_by_the_office(case: Case, desk: Desk) -> None:
    posted = {"opinion": "with_conditions", "text": "誘導員を置く。"}
    url = _consultation(case, "opinion")
    assert desk(people.consultee(at="parks")).post(url, posted).status_code == 404
    client = desk(people.caseworker())
    assert client.post(url, posted).status_code == 302
    page = client.get(reverse("desk:case", args=[case.pk])).content.decode()
    assert ">誘導員を置く。</textarea>" in page


@pytest.mark.parametrize(
    "posted",
    [{"key": "mayor", "email": "a@example.jp"}, {}, {"key": "police", "email": "no address"},
     {"key": "police", "email": "a@example.jp\nBcc: b@example.jp"}],
)  # fmt: skip
def test_wrong_address_is_refused(case: Case, desk: Desk, posted: dict[str, str]) -> None:
    assert desk(people.admin()).post(URL, posted).status_code == 422
    assert ConsultedBody.objects.get().email == ""


@pytest.mark.parametrize("role", [Role.CASEWORKER, Role.LEAD, Role.CONSULTEE])
def test_only_administrators_change_an_address(case: Case, desk: Desk, role: Role) -> None:
    posted = {"key": "police", "email": "mine@example.jp"}
    assert desk(people.staff(role)).post(URL, posted).status_code == 403
    assert ConsultedBody.objects.get().email == ""


@pytest.mark.parametrize("who", ["consultee", "elsewhere"])
def test_new_link_is_for_the_office_of_the_case(case: Case, desk: Desk, who: str) -> None:
    user = people.consultee() if who == "consultee" else people.caseworker(at="child_welfare")
    posted = {"lock": str(case.lock)}
    assert desk(user).post(_consultation(case, "guest_link"), posted).status_code == 404
