"""Whoever writes to a resident sees whether a mail tells them, and where they read it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from backoffice import reaching
from cases.models import Case
from notifications import actions, addresses
from notifications.addresses import Mailing
from tests.factories import cases as make
from tests.factories import people

TYPED = "typed@example.jp"


@pytest.fixture
def case(town: Any) -> Case:
    return make.claimed_case(resident=people.resident(email=""), answers={"email": TYPED})


@pytest.fixture
def client(town: Any, case: Case, client_for: Callable[..., Client]) -> Client:
    assert case.assigned_to is not None
    return people.sign_in_staff(client_for(town), case.assigned_to)


def _text(client: Client, path: str) -> str:
    page = client.get(f"/en/desk/cases/{path}")
    assert page.status_code == 200
    return page.content.decode()


@pytest.mark.parametrize("page", ["messages/new/", "messages/short/", "correct/"])
def test_the_address_is_named_where_something_is_written(
    client: Client, case: Case, page: str
) -> None:
    told = f"A mail goes to {TYPED}. They read it in their online account."
    assert told in _text(client, f"{case.pk}/{page}")


def test_it_is_said_why_no_mail_goes(client: Client, case: Case) -> None:
    addresses.bury(case.resident_id, addresses.fingerprint(TYPED))
    dead = f"No mail is sent: the last one to {TYPED} came back."
    assert dead in _text(client, f"{case.pk}/messages/short/")
    actions.set_preference(user=case.resident, channels=[])
    assert "mails are switched off" in _text(client, f"{case.pk}/messages/short/")
    Case.objects.filter(pk=case.pk).update(corrected={"email": None})
    actions.set_preference(user=case.resident, channels=["mail"])
    assert "no address is known" in _text(client, f"{case.pk}/messages/short/")


def test_after_asking_for_a_correction_it_is_said_again(client: Client, case: Case) -> None:
    asked = {"question_ids": ["purpose"], "message": "目的を。", "lock": case.lock}
    answer = client.post(f"/en/desk/cases/{case.pk}/correct/", asked, follow=True)
    assert f"The clock is stopped. A mail goes to {TYPED}." in answer.content.decode()


@pytest.mark.parametrize(
    ("by_link", "reason", "sure", "words"),
    [
        (True, "", True, "the link in the mail opens the application"),
        (True, "dead_address", False, "please call, or write by post"),
        (False, "", False, "please call, or write by post"),
    ],
)
def test_who_has_no_account_is_reached_by_a_link_or_by_hand(
    by_link: bool, reason: str, sure: bool, words: str
) -> None:
    found = reaching.Reach(Mailing("guest@example.jp", reason), False, by_link)
    with translation.override("en"):
        assert words in found.in_words
    assert found.is_sure == sure
