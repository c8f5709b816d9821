"""A body outside the town over HTTP: link, code, what it may read, its opinion."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import LedgerEntry
from backoffice.facts import CaseFacts
from backoffice.panels import Typed, panels
from cases import actions
from cases.models import Case, Consultation, ConsultedBody, GuestLink
from common import outbox
from common.actor import Actor
from tests.cases.test_declared import POLICE, asking
from tests.factories import cases as make
from tests.factories import people

OPINION = {
    "opinion": "with_conditions",
    "text": "誘導員を置く。\n夜間は行わない。",
    "name": "交通課 佐藤",
}


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("common.outbox._wake_worker", lambda: None)


@pytest.fixture
def case(town: Any) -> Case:
    """A case on which the police were asked by mail."""
    ConsultedBody.objects.update_or_create(
        key="police", defaults={"name": POLICE["name"], "email": "police@example.jp"}
    )
    case = make.claimed_case(
        of=make.offering_with(asking(POLICE)), resident=people.resident(name="山田 花子")
    )
    assert outbox.drain().failed == 0
    return case


def _last_mail() -> str:
    """The text of the last mail to the body's registered address."""
    return [str(each.body) for each in mail.outbox if each.to == ["police@example.jp"]][-1]


def _mailed(pattern: str) -> str:
    found = re.findall(pattern, _last_mail())
    assert found
    return str(found[0])


@pytest.fixture
def path(case: Case) -> str:
    return _mailed(r"/consulted/[\w-]+/")


@pytest.fixture
def guest(case: Case, path: str, visitor: Client) -> Client:
    """The body's browser, let in."""
    assert visitor.post(path, {"_do": "send"}).status_code == 302
    assert outbox.drain().failed == 0
    code = _mailed(r"\b\d{8}\b")
    assert visitor.post(path, {"code": f" {code[:4]} {code[4:]} "}).status_code == 302
    return visitor


def test_mail_says_neither_who_nor_what(case: Case, path: str) -> None:
    body = _last_mail()
    assert case.application.receipt_number in body
    assert "山田" not in body
    assert str(case.offering.title) not in body


def test_link_alone_shows_nothing(case: Case, path: str, visitor: Client) -> None:
    page = visitor.get(path).content.decode()
    assert "地域の紹介番組の撮影" not in page
    assert case.application.receipt_number not in page
    for posted in (OPINION, OPINION | {"code": "00000000"}, {"_do": "answer", **OPINION}):
        assert visitor.post(path, posted).status_code == 422
    assert not Consultation.objects.get().opinion


def test_body_reads_what_is_declared_and_nothing_else(case: Case, path: str, guest: Client) -> None:
    page = guest.get(path).content.decode()
    assert "地域の紹介番組の撮影" in page  # the purpose
    assert "位置図.pdf" in page
    for kept_back in ("山田", "噴水の北側", case.resident.email, "9時から17時"):
        assert kept_back not in page
    events = LedgerEntry.objects.filter(object_id=str(case.pk)).order_by("id")
    last = events.last()
    assert last is not None
    assert (last.event, last.actor_kind, last.actor_id) == (
        "consultation.opened",
        "guest",
        "police",
    )


def test_body_asked_by_hand_reads_the_matter_and_not_who_applies(
    town: Any, visitor: Client
) -> None:
    case = make.claimed_case(resident=people.resident(name="山田 花子"))
    assert case.assigned_to is not None
    body, _new = ConsultedBody.objects.update_or_create(
        key="police", defaults={"name": POLICE["name"], "email": "police@example.jp"}
    )
    actions.request_consultation(
        case=case, body=body, question="夜間の支障は?", by=case.assigned_to
    )
    assert outbox.drain().failed == 0
    path = _mailed(r"/consulted/[\w-]+/")
    assert visitor.post(path, {"_do": "send"}).status_code == 302
    assert outbox.drain().failed == 0
    assert visitor.post(path, {"code": _mailed(r"\b\d{8}\b")}).status_code == 302
    page = visitor.get(path).content.decode()
    for text in ("夜間の支障は?", "地域の紹介番組の撮影", "噴水の北側", "位置図.pdf"):
        assert text in page
    for kept_back in ("山田", "ヤマダ", "千代田", "1985", "090-1234", case.resident.email):
        assert kept_back not in page
    file = case.application.answers["site_plan"][0]
    assert visitor.get(f"{path}files/{file}/").status_code == 200


def test_its_files_and_no_others(case: Case, path: str, guest: Client, visitor: Client) -> None:
    file = case.application.answers["site_plan"][0]
    response = guest.get(f"{path}files/{file}/")
    assert response.status_code == 200
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert b"".join(response.streaming_content) == make.PDF  # type: ignore[attr-defined]
    other = make.claimed_case(resident=people.resident(name="別の 人"))
    for foreign in (other.application.answers["site_plan"][0], make.somebody_elses_id()):
        assert guest.get(f"{path}files/{foreign}/").status_code == 404
    events = LedgerEntry.objects.filter(object_id=str(case.pk), event="attachment.opened")
    assert events.count() == 1


def test_file_without_the_code_is_not_there(case: Case, path: str, visitor: Client) -> None:
    file = case.application.answers["site_plan"][0]
    assert visitor.get(f"{path}files/{file}/").status_code == 404


def test_opinion_flows_into_the_decision(case: Case, path: str, guest: Client) -> None:
    response = guest.post(path, OPINION)
    assert response.status_code == 200
    given = Consultation.objects.get()
    assert (given.opinion, given.answered_by, given.answered_name) == (
        "with_conditions",
        None,
        "交通課 佐藤",
    )
    entry = LedgerEntry.objects.filter(event="consultation.answered").get()
    assert (entry.actor_kind, entry.actor_id) == ("guest", "police")
    worker = people.caseworker()
    facts = CaseFacts(Case.objects.get(pk=case.pk), worker, timezone.localdate())
    approve = next(each for each in panels(facts, Typed()) if each.id == "approve")
    assert approve.allowed
    assert approve.values["own"] == "誘導員を置く。\n夜間は行わない。"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"opinion": ""}, "opinion"),
        ({"opinion": "approved"}, "opinion"),
        ({"text": " "}, "text"),
        ({"opinion": "objection", "text": ""}, "text"),
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
    ],
)
def test_incomplete_opinion_is_refused_and_kept(
    case: Case, path: str, guest: Client, changes: dict[str, str], field: str
) -> None:
    posted = OPINION | changes
    response = guest.post(path, posted)
    page = response.content.decode()
    assert response.status_code == 422
    assert f'href="#{field}"' in page
    assert posted["text"].strip() in page
    assert not Consultation.objects.get().opinion


def test_answer_is_given_once(case: Case, path: str, guest: Client) -> None:
    assert guest.post(path, OPINION).status_code == 200
    assert guest.post(path, OPINION | {"opinion": "objection"}).status_code == 409
    assert guest.get(path).status_code == 409
    assert Consultation.objects.get().opinion == "with_conditions"


def _expired(case: Case) -> None:
    GuestLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))


def _void(case: Case) -> None:
    GuestLink.objects.update(void_at=timezone.now())


def _withdrawn(case: Case) -> None:
    actions.withdraw(case=case, by=Actor.of(case.resident))


def _entered_by_the_office(case: Case) -> None:
    make.opinions_on(case)


@pytest.mark.parametrize("ends", [_expired, _void, _withdrawn, _entered_by_the_office])
def test_link_that_ended_says_so_also_to_whoever_is_in(
    case: Case, path: str, guest: Client, ends: Callable[[Case], None]
) -> None:
    file = case.application.answers["site_plan"][0]
    ends(case)
    before = Consultation.objects.get().opinion
    assert guest.get(path).status_code == 409
    assert guest.post(path, OPINION).status_code == 409
    assert guest.post(path, {"_do": "send"}).status_code == 409
    assert guest.get(f"{path}files/{file}/").status_code == 404
    assert Consultation.objects.get().opinion == before


def test_stay_is_for_this_link_and_this_browser_only(
    case: Case, path: str, guest: Client, town: Any, client_for: Callable[..., Client]
) -> None:
    other = reverse(
        "portal:consulted", args=[make.guest_token(make.claimed_case(by=people.caseworker()))]
    )
    assert "地域の紹介番組" not in guest.get(other).content.decode()
    assert "地域の紹介番組" not in client_for(town).get(path).content.decode()


@pytest.mark.parametrize("token", ["x", "a" * 43, "a" * 64, "a" * 500, "%00", "../desk"])
def test_made_up_link_is_not_there(case: Case, visitor: Client, token: str) -> None:
    assert visitor.get(f"/consulted/{token}/").status_code == 404


def test_link_of_another_town_is_not_there(
    case: Case, path: str, in_town: Any, client_for: Callable[..., Client]
) -> None:
    with in_town("suginosawa") as other:
        client = client_for(other)
    assert client.get(path).status_code == 404
    assert client.post(path, {"_do": "send"}).status_code == 404
