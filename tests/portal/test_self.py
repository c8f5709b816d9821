"""Messages, my data, and the pages for everybody."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cases import actions
from cases.models import Case
from catalogue.models import Offering
from common import outbox
from common.actor import Actor
from documents.models import Document
from identity.models import User
from notifications.models import Message, Preference
from tests.factories import cases as make
from tests.factories import people


@pytest.fixture
def case(offering: Offering, resident: User) -> Case:
    made = make.submitted_case(of=offering, resident=resident)
    outbox.drain()
    return made


# --- messages ---------------------------------------------------------------------------------


def test_message_is_new_until_it_is_opened(browser: Client, case: Case, resident: User) -> None:
    message = Message.objects.get(recipient=resident)
    assert "is-new" in browser.get("/en/messages/").content.decode()
    page = browser.get(f"/en/messages/{message.pk}/").content.decode()
    assert case.application.receipt_number in page
    assert f'href="/en/applications/{case.pk}/"' in page
    assert "is-new" not in browser.get("/en/messages/").content.decode()


def test_japanese_message_links_without_prefix(browser: Client, case: Case, resident: User) -> None:
    message = Message.objects.get(recipient=resident)
    page = browser.get(f"/messages/{message.pk}/").content.decode()
    assert f'href="/applications/{case.pk}/"' in page


def test_message_of_somebody_else_is_not_there(browser: Client, offering: Offering) -> None:
    make.submitted_case(of=offering)
    outbox.drain()
    foreign = Message.objects.get()
    assert browser.get(f"/messages/{foreign.pk}/").status_code == 404
    assert Message.objects.get().read_at is None


def test_empty_inbox_says_so(browser: Client) -> None:
    assert "No messages" in browser.get("/en/messages/").content.decode()


def test_preference_is_kept(browser: Client, resident: User) -> None:
    answer = browser.post("/messages/settings/", {"language": "en"})
    assert answer.status_code == 302
    chosen = Preference.objects.get(resident=resident)
    assert (chosen.language, chosen.channels) == ("en", [])
    assert browser.post("/messages/settings/", {"channels": ["pigeon"]}).status_code == 400
    assert browser.post("/messages/settings/", {"language": "xx"}).status_code == 400


# --- my data ----------------------------------------------------------------------------------


def test_my_data_shows_readings_with_reason(browser: Client, case: Case) -> None:
    worker = people.caseworker(at=case.department)
    actions.open_case(case=case, by=Actor.of(worker))
    text = browser.get("/en/my-data/").content.decode()
    assert "山本 真理 opened the application and read it" in text
    assert "Work on your application" in text
    assert "sent the application" not in text
    everything = browser.get("/en/my-data/?show=all").content.decode()
    assert "sent the application" in everything
    assert "Application: Park use permit" in everything


def test_readings_one_after_another_on_a_day_are_one_line(browser: Client, case: Case) -> None:
    worker, other = people.caseworker(at=case.department), people.caseworker(at=case.department)
    for one in (worker, worker, worker, other, worker):
        actions.open_case(case=case, by=Actor.of(one))
    text = browser.get("/en/my-data/").content.decode()
    assert text.count("opened the application and read it") == 3
    assert text.count("3 times, ") == 1


def test_my_data_shows_the_profile_with_sources(browser: Client) -> None:
    text = browser.get("/en/my-data/").content.decode()
    assert "12 April 1985" in text
    assert "〒100-0001 東京都千代田区千代田1-1" in text
    assert "eID, " in text
    assert "Nobody has looked at your data yet" in text


def test_my_data_tells_verified_facts_from_others(browser: Client) -> None:
    text = browser.get("/en/my-data/").content.decode()
    told = dict(re.findall(r"<dd>([^<]*)<br><span class=\"source[^>]*>([^<]*)</span>", text))
    for value, words in (
        ("山田 花子", "Verified by eID, "),
        ("hanako@example.jp", "From your eID, not verified, "),
        ("090-1234-5678", "From your eID, not verified, "),
    ):
        assert told[value].startswith(words)


def test_my_data_shows_nobody_elses(browser: Client, offering: Offering) -> None:
    foreign = make.claimed_case(of=offering)
    text = browser.get("/en/my-data/?show=all").content.decode()
    assert foreign.application.receipt_number not in text
    assert "took over" not in text


# --- for everybody ----------------------------------------------------------------------------


def paper(**changes: Any) -> Document:
    today = timezone.localdate()
    return Document.objects.create(
        **{
            "kind": "park_use.approved",
            "title": "公園内行為許可書",
            "language": "ja",
            "size": 1,
            "sha256": "0" * 64,
            "code": "7K3QX-9M2PD-WT4GB-0ZHRE",
            "issued_on": today,
            "valid_from": today,
            "valid_until": today,
            **changes,
        }
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "Genuine and valid"),
        ({"valid_from": 1, "valid_until": 2}, "Genuine, not valid yet"),
        ({"valid_from": -2, "valid_until": -1}, "Genuine, but no longer valid"),
        ({"revoked_at": 0}, "Genuine, but revoked"),
    ],
)
def test_verification_answers(
    town: Any, visitor: Client, changes: dict[str, int], words: str
) -> None:
    today = timezone.localdate()
    paper(
        **{
            name: timezone.now() if name == "revoked_at" else today + timedelta(days=days)
            for name, days in changes.items()
        }
    )
    page = visitor.get("/en/verify/7k3qx9m2pdwt4gb0zhre/")
    assert page.status_code == 200
    assert words in page.content.decode()
    assert page.headers["X-Robots-Tag"] == "noindex"


def test_verification_says_nothing_about_the_person(
    browser: Client, visitor: Client, offering: Offering, resident: User
) -> None:
    case = make.claimed_case(of=offering, resident=resident)
    make.decision_on(case, "refused")
    outbox.drain()
    letter = Case.objects.get(pk=case.pk).decision.letter
    assert letter is not None
    text = visitor.get(reverse("portal:verify", args=[letter.code])).content.decode()
    assert letter.code in text
    for personal in (resident.name, "千代田", "1985", case.application.receipt_number):
        assert personal not in text


@pytest.mark.parametrize("code", ["AAAA", "7K3QX-9M2PD-WT4GB-0ZHRF", "<script>", "x" * 400])
def test_unknown_code_is_answered(town: Any, visitor: Client, code: str) -> None:
    page = visitor.get(reverse("portal:verify_ask"), {"code": code}, follow=True)
    assert page.status_code == 200
    assert page.context["found"].state == "unknown"
    assert "<script>" not in page.content.decode()


def test_code_of_another_town_is_unknown(town: Any, visitor: Client, in_town: Any) -> None:
    with in_town("suginosawa"):
        paper()
    page = visitor.get("/en/verify/7K3QX-9M2PD-WT4GB-0ZHRE/")
    assert "We do not know this code" in page.content.decode()


def test_empty_code_is_asked_for_again(town: Any, visitor: Client) -> None:
    assert "Type the code first." in visitor.get("/en/verify/?code=").content.decode()


def test_postal_code_as_page_fragment_and_json(town: Any, visitor: Client) -> None:
    page = visitor.get("/en/postal-code/?code=1000001").content.decode()
    assert "東京都千代田区千代田" in page
    assert "<html" in page
    fragment = visitor.get(
        "/en/postal-code/?code=1000001", headers={"HX-Request": "true"}
    ).content.decode()
    assert "<html" not in fragment
    assert "東京都千代田区千代田" in fragment
    found = visitor.get("/postal-code/?code=100-0001", headers={"Accept": "application/json"})
    assert found.json()["prefecture"] == "東京都"
    missing = visitor.get("/postal-code/?code=0000000", headers={"Accept": "application/json"})
    assert missing.status_code == 404
    assert (
        "No address has this postal code."
        in visitor.get("/en/postal-code/?code=0000000").content.decode()
    )


def test_what_we_do_with_data_is_public(town: Any, visitor: Client) -> None:
    assert visitor.get("/en/your-data/").status_code == 200
