"""The administrator's page of notices: wordings, mail that came back, the town's own system."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from cases.models import TimelineEntry
from common import outbox
from identity.models import User
from notifications import bounces, dsn
from notifications.models import Delivery, TownWording, WebhookTarget
from tests.factories import cases as make
from tests.factories import people
from tests.notifications.test_bounces import report
from tests.notifications.test_wording import GOOD

POSTED = {
    f"{part}-{language}": GOOD[language][index]
    for language in GOOD
    for index, part in enumerate(("subject", "body"))
}


@pytest.fixture
def browser(desk: Callable[[User], Client]) -> Client:
    return desk(people.admin())


@pytest.fixture
def editor(town: Any) -> str:
    return reverse("desk:notice_wording", args=["decision_made"])


def test_a_wording_is_looked_at_saved_and_taken_back(browser: Client, editor: str) -> None:
    looked = browser.post(editor, {**POSTED, "seen": "", "preview": "1"})
    assert looked.status_code == 200
    assert "公園使用の許可" in looked.content.decode()
    assert not TownWording.objects.exists()
    assert browser.post(editor, {**POSTED, "seen": ""}).status_code == 302
    page = browser.get(reverse("desk:notices")).content.decode()
    assert "お知らせ {receipt_number}" in page
    assert 'hreflang="en"' in page  # the links to the other languages, beside the wordings' own
    assert "English: " in page
    seen = TownWording.objects.get().changed_at.isoformat()
    assert browser.post(editor, {**POSTED, "seen": seen, "revert": "1"}).status_code == 302
    assert not TownWording.objects.exists()


def test_what_is_wrong_is_said_at_its_place_and_nothing_is_lost(
    browser: Client, editor: str
) -> None:
    wrong = {**POSTED, "body-en": "{receipt_number} {{ settings.SECRET_KEY }} <b>", "seen": ""}
    for posted in (wrong, {**wrong, "preview": "1"}):
        answer = browser.post(editor, posted)
        page = answer.content.decode()
        assert answer.status_code == 422
        assert 'id="body-en-error"' in page
        assert "{receipt_number} {{ settings.SECRET_KEY }} &lt;b&gt;" in page
    assert not TownWording.objects.exists()


def test_two_at_once_are_told(browser: Client, editor: str) -> None:
    browser.post(editor, {**POSTED, "seen": ""})
    answer = browser.post(editor, {**POSTED, "subject-en": "Mine", "seen": ""})
    assert answer.status_code == 409
    assert 'value="Mine"' in answer.content.decode()
    assert TownWording.objects.get().subject["en"] == GOOD["en"][0]


def test_a_notice_that_does_not_exist_is_not_there(browser: Client, town: Any) -> None:
    assert browser.get(reverse("desk:notice_wording", args=["nothing"])).status_code == 404


def test_a_mail_that_came_back_is_seen_here_and_on_the_case(browser: Client, town: Any) -> None:
    case = make.submitted_case(of=make.offering(), resident=people.resident())
    outbox.drain()
    delivery = Delivery.objects.get(channel="mail")
    assert bounces.take(dsn.read(report(delivery.rfc_message_id))) == "bounced"
    page = browser.get(reverse("desk:notices")).content.decode()
    assert case.application.receipt_number in page
    assert reverse("desk:case", args=[case.pk]) in page
    assert TimelineEntry.objects.filter(case=case, code="mail_came_back").count() == 1


def test_the_secret_of_a_webhook_is_shown_once(browser: Client, town: Any) -> None:
    answer = browser.post(reverse("desk:webhook"), {"url": "https://example.lg.jp/notices"})
    assert answer.status_code == 200
    assert "<code>" in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    page = browser.get(reverse("desk:notices")).content.decode()
    assert 'value="https://example.lg.jp/notices"' in page
    assert browser.post(reverse("desk:webhook"), {"remove": "1"}).status_code == 302
    assert not WebhookTarget.objects.exists()


def test_a_wrong_address_stays_in_its_field(browser: Client, town: Any) -> None:
    answer = browser.post(reverse("desk:webhook"), {"url": "https://127.0.0.1/<x>"})
    assert answer.status_code == 422
    assert 'value="https://127.0.0.1/&lt;x&gt;"' in answer.content.decode()
    assert not WebhookTarget.objects.exists()
