"""The demo's payment page, from the town's request to the town's answer."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.conf import settings
from django.test import Client

from billing.providers import signing
from billing.providers.sandbox import ANSWER, PARAMETER, REQUEST

PAGE = "/sandbox/pay/"
BACK = "http://shiomi.localhost:8000/en/applications/1/pay/?step=2"


def order(**changes: Any) -> str:
    content = {
        "town": "shiomi",
        "payee": {"ja": "汐見市", "en": "Shiomi City"},
        "fee": "f",
        "reference": "260401-7K3F9QXM",
        "title": {"ja": "公園<使用料>", "en": "Park <fee>"},
        "amount": 1460,
        "return_url": BACK,
        "language": "ja",
        "try": "a1",
    }
    return signing.sign(settings.SANDBOX_PAY_SECRET, REQUEST, content | changes)


@pytest.fixture
def payer(db: None) -> Client:
    return Client(HTTP_HOST=settings.PLATFORM_DOMAIN)


def press(payer: Client, message: str, outcome: str) -> dict[str, Any]:
    """Press a button; what the town is told."""
    response = payer.post(f"{PAGE}?{PARAMETER}={message}", {"outcome": outcome})
    assert response.status_code == 303
    back = urlsplit(response["Location"])
    assert response["Location"].startswith(f"{BACK}&{PARAMETER}=")
    return signing.read(
        settings.SANDBOX_PAY_SECRET, ANSWER, parse_qs(back.query)[PARAMETER][0], max_age=60
    )


@pytest.mark.parametrize(
    ("language", "texts"),
    [("ja", ["汐見市", "公園<使用料>"]), ("en", ["Shiomi City", "Park <fee>", "Pay ¥1,460"])],
)
def test_page_shows_what_is_to_be_paid(payer: Client, language: str, texts: list[str]) -> None:
    response = payer.get(PAGE, {PARAMETER: order(language=language)})
    page = BeautifulSoup(response.content, "html.parser")
    assert page.html["lang"] == language
    for text in [*texts, "1,460", "260401-7K3F9QXM"]:
        assert text in page.get_text()
    assert [button["value"] for button in page.select("button")] == [
        "paid",
        "cancelled",
        "declined",
    ]


def test_page_language_can_be_switched(payer: Client) -> None:
    page = payer.get(PAGE, {PARAMETER: order(), "lang": "en"})
    assert '<html lang="en">' in page.content.decode()


def test_page_policy_lets_the_answer_back_to_the_town_only(payer: Client) -> None:
    policy = payer.get(PAGE, {PARAMETER: order()})["Content-Security-Policy"]
    assert "form-action 'self' http://shiomi.localhost:8000" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("outcome", ["paid", "declined", "cancelled"])
def test_button_answers_the_town(payer: Client, outcome: str) -> None:
    answer = press(payer, order(), outcome)
    assert answer["outcome"] == outcome
    assert (answer["town"], answer["fee"], answer["reference"], answer["amount"]) == (
        "shiomi",
        "f",
        "260401-7K3F9QXM",
        1460,
    )


def test_pressing_pay_twice_is_one_payment(payer: Client) -> None:
    message = order()
    first, second = (press(payer, message, "paid")["payment_id"] for _ in range(2))
    assert first == second
    assert press(payer, message, "declined")["payment_id"] != first
    assert press(payer, order(**{"try": "a2"}), "paid")["payment_id"] != first


def test_unknown_button_only_shows_the_page(payer: Client) -> None:
    response = payer.post(f"{PAGE}?{PARAMETER}={order()}", {"outcome": "free"})
    assert response.status_code == 200


@pytest.mark.parametrize("message", ["", "x.y", "forged"])
def test_request_that_is_not_ours_is_refused(payer: Client, message: str) -> None:
    for response in (
        payer.get(PAGE, {PARAMETER: message}),
        payer.post(f"{PAGE}?{PARAMETER}={message}", {"outcome": "paid"}),
    ):
        assert response.status_code == 400
        assert "Location" not in response


def test_answer_is_no_request(payer: Client) -> None:
    message = signing.sign(settings.SANDBOX_PAY_SECRET, ANSWER, {"return_url": "http://evil/"})
    assert payer.get(PAGE, {PARAMETER: message}).status_code == 400


def test_request_that_is_too_old_says_so(payer: Client) -> None:
    with time_machine.travel("2026-04-01T00:00:00Z", tick=False):
        message = order()
    with time_machine.travel("2026-04-01T00:31:00Z", tick=False):
        response = payer.get(PAGE, {PARAMETER: message, "lang": "en"})
    assert response.status_code == 400
    assert "open for too long" in response.content.decode()


def test_page_needs_a_csrf_token(db: None) -> None:
    payer = Client(HTTP_HOST=settings.PLATFORM_DOMAIN, enforce_csrf_checks=True)
    assert payer.post(f"{PAGE}?{PARAMETER}={order()}", {"outcome": "paid"}).status_code == 403


def test_page_exists_in_the_demo_only(payer: Client, settings: Any) -> None:
    settings.SANDBOX = False
    assert payer.get(PAGE, {PARAMETER: order()}).status_code == 404


def test_page_makes_no_query(payer: Client, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        payer.get(PAGE, {PARAMETER: order()})
