"""How a resident wants to be told: times, SMS with a number of one's own, mail that comes back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import time, timedelta
from typing import Any, ClassVar

import pytest
import time_machine
from django.core import mail as outgoing
from django.test import Client
from django.utils import timezone

from common import outbox
from common.models import OutboxRow
from identity.models import User
from notifications import addresses, contacts
from notifications.models import ContactCheck, Preference
from tests.factories import people

SETTINGS, PHONE = "/en/messages/settings/", "/en/messages/settings/phone/"


class Phones:
    """Keeps what it is given."""

    sent: ClassVar[list[tuple[str, str]]] = []

    def send(self, *, to: str, text: str, key: str) -> None:
        self.sent.append((to, text))


@pytest.fixture
def sent(settings: Any) -> Iterator[list[tuple[str, str]]]:
    settings.SMS_PROVIDER = "tests.portal.test_telling.Phones"
    Phones.sent.clear()
    yield Phones.sent
    Phones.sent.clear()


def code_in(sent: list[tuple[str, str]]) -> str:
    for row in OutboxRow.objects.filter(kind=contacts.CODE, state="pending"):
        outbox.handlers.get(row.kind)(row.payload)
        OutboxRow.objects.filter(pk=row.pk).update(state="done")
    return next(word.strip(".") for word in sent[-1][1].split() if word.strip(".").isdigit())


class TestTimes:
    def test_they_are_kept_and_shown(self, browser: Client, resident: User) -> None:
        posted = {
            "channels": ["mail"], "digest": "daily", "digest_at": "07:00",
            "quiet": "1", "quiet_from": "22:00", "quiet_until": "06:00",
        }  # fmt: skip
        assert browser.post(SETTINGS, posted).status_code == 302
        chosen = Preference.objects.get(resident=resident)
        assert (chosen.quiet_from, chosen.quiet_until) == (time(22), time(6))
        assert chosen.digest_at == time(7)
        page = browser.get(SETTINGS).content.decode()
        assert '<option value="22:00" selected>' in page
        assert '<option value="07:00" selected>' in page

    def test_without_the_box_there_are_none(self, browser: Client, resident: User) -> None:
        posted = {"digest": "", "digest_at": "07:00", "quiet_from": "22:00", "quiet_until": "6:00"}
        assert browser.post(SETTINGS, posted).status_code == 302
        chosen = Preference.objects.get(resident=resident)
        assert (chosen.quiet_from, chosen.quiet_until, chosen.digest_at) == (None, None, None)

    @pytest.mark.parametrize("hour", ["", "25:00", "21:30", "x", "21:00:01", "０８:00"])
    def test_what_is_no_hour_is_refused(self, browser: Client, hour: str) -> None:
        posted = {"quiet": "1", "quiet_from": hour, "quiet_until": "06:00"}
        assert browser.post(SETTINGS, posted).status_code == 400
        assert browser.post(SETTINGS, {"digest": "1", "digest_at": hour}).status_code == 400


class TestPhone:
    def test_a_number_is_confirmed_by_its_code(
        self, browser: Client, resident: User, sent: Any
    ) -> None:
        assert browser.post(PHONE, {"contact": "０９０－１２３４－５６７８"}).status_code == 302
        assert "090-1234-5678" in browser.get(PHONE).content.decode()
        code = code_in(sent)
        assert sent[-1][0] == "+819012345678"
        assert browser.post(PHONE, {"code": f" {code[:3]} {code[3:]}"}).status_code == 302
        chosen = Preference.objects.get(resident=resident)
        assert (chosen.phone, chosen.channels) == ("+819012345678", ["mail", "sms"])
        assert 'value="sms" checked' in browser.get(SETTINGS).content.decode()

    def test_a_code_works_once(self, browser: Client, sent: Any) -> None:
        browser.post(PHONE, {"contact": "090-1234-5678"})
        code = code_in(sent)
        browser.post(PHONE, {"code": code})
        assert browser.post(PHONE, {"code": code}).status_code == 422

    def test_a_code_runs_out(self, browser: Client, resident: User, sent: Any) -> None:
        browser.post(PHONE, {"contact": "090-1234-5678"})
        code = code_in(sent)
        with time_machine.travel(timezone.now() + contacts.LASTS + timedelta(seconds=1)):
            assert browser.post(PHONE, {"code": code}).status_code == 422
        assert not Preference.objects.filter(resident=resident).exists()

    def test_guessing_ends(self, browser: Client, resident: User, sent: Any) -> None:
        browser.post(PHONE, {"contact": "090-1234-5678"})
        code = code_in(sent)
        wrong = "000000" if code != "000000" else "111111"
        for _try in range(contacts.MOST_WRONG):
            assert browser.post(PHONE, {"code": wrong}).status_code == 422
        assert browser.post(PHONE, {"code": code}).status_code == 422
        assert not Preference.objects.filter(resident=resident).exists()

    def test_asking_ends_for_a_resident_and_for_a_number(
        self, browser: Client, town: Any, client_for: Any, sent: Any
    ) -> None:
        for _try in range(contacts.MOST_ASKED):
            assert browser.post(PHONE, {"contact": "090-1234-5678"}).status_code == 302
        assert browser.post(PHONE, {"contact": "090-9999-9999"}).status_code == 422
        other = client_for(town, people.resident(name="別の 人"))
        assert other.post(PHONE, {"contact": "09012345678"}).status_code == 422
        assert other.post(PHONE, {"contact": "090-9999-9999"}).status_code == 302
        with time_machine.travel(timezone.now() + contacts.WINDOW + timedelta(minutes=1)):
            assert browser.post(PHONE, {"contact": "090-1234-5678"}).status_code == 302

    def test_a_code_of_another_resident_is_wrong(
        self, browser: Client, town: Any, client_for: Any, sent: Any
    ) -> None:
        browser.post(PHONE, {"contact": "090-1234-5678"})
        code = code_in(sent)
        other = client_for(town, people.resident(name="別の 人"))
        assert other.post(PHONE, {"code": code}).status_code == 422

    @pytest.mark.parametrize(
        "typed",
        ["", "03-1234-5678", "090-1234-567", "+1 555 0100", "x" * 9999, "٠٩٠١٢٣٤٥٦٧٨", "<b>"],
    )
    def test_what_is_no_mobile_number_is_refused(
        self, browser: Client, sent: Any, typed: str
    ) -> None:
        answer = browser.post(PHONE, {"contact": typed})
        assert answer.status_code == 422
        assert "090-1234-5678" in answer.content.decode()
        assert "<b>" not in answer.content.decode()
        assert not ContactCheck.objects.exists()

    def test_it_can_be_deleted(self, browser: Client, resident: User, sent: Any) -> None:
        Preference.objects.create(
            resident=resident, phone="+819012345678", channels=["mail", "sms"]
        )
        assert browser.post(PHONE, {"remove": "1"}).status_code == 302
        chosen = Preference.objects.get(resident=resident)
        assert (chosen.phone, chosen.channels) == ("", ["mail"])

    def test_without_a_provider_it_is_not_offered(self, browser: Client) -> None:
        assert PHONE not in browser.get(SETTINGS).content.decode()
        assert browser.post(PHONE, {"contact": "090-1234-5678"}).status_code == 422
        assert not ContactCheck.objects.exists()

    def test_sms_needs_a_confirmed_number(self, browser: Client, sent: Any) -> None:
        assert browser.post(SETTINGS, {"channels": ["mail", "sms"]}).status_code == 400

    def test_the_outbox_holds_no_number_and_no_code(self, browser: Client, sent: Any) -> None:
        browser.post(PHONE, {"contact": "090-1234-5678"})
        code = code_in(sent)
        rows = str(list(OutboxRow.objects.values()))
        assert "12345678" not in rows
        assert code not in str(list(ContactCheck.objects.values("wrong", "used", "address")))

    def test_old_checks_are_forgotten(self, resident: User) -> None:
        old = ContactCheck.objects.create(resident=resident, channel="sms", address="+819012345678")
        ContactCheck.objects.create(resident=resident, channel="sms", address="+819012345678")
        ContactCheck.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=2))
        contacts.forget_old()
        assert ContactCheck.objects.count() == 1


ADDRESS = "/en/messages/settings/address/"


class TestAddress:
    def test_another_one_is_confirmed_by_its_code(self, browser: Client, resident: User) -> None:
        addresses.bury(resident.pk, addresses.fingerprint("new@example.jp"))
        before = resident.email
        assert browser.post(ADDRESS, {"contact": " ｎｅｗ@example.jp "}).status_code == 302
        assert "new@example.jp" in browser.get(ADDRESS).content.decode()
        row = OutboxRow.objects.get(kind=contacts.CODE)
        assert "example.jp" not in str(row.payload)
        outbox.handlers.get(row.kind)(row.payload)
        (mail,) = outgoing.outbox
        assert mail.to == ["new@example.jp"]
        resident.refresh_from_db()
        assert resident.email == before
        code = mail.subject.split()[-1].split("：")[-1]
        assert browser.post(ADDRESS, {"code": "0" + code}).status_code == 422
        assert browser.post(ADDRESS, {"code": code}).status_code == 302
        resident.refresh_from_db()
        assert resident.email == "new@example.jp"
        assert not addresses.is_dead(resident)

    @pytest.mark.parametrize(
        "typed", ["", "x", "a@b", "a@example.jp\r\nBcc: b@example.jp", "a" * 300 + "@example.jp"]
    )
    def test_what_is_no_address_is_refused(self, browser: Client, typed: str) -> None:
        assert browser.post(ADDRESS, {"contact": typed}).status_code == 422
        assert not ContactCheck.objects.exists()

    def test_a_code_for_a_number_is_none_for_an_address(self, browser: Client, sent: Any) -> None:
        browser.post(PHONE, {"contact": "090-1234-5678"})
        assert browser.post(ADDRESS, {"code": code_in(sent)}).status_code == 422


class TestMailThatComesBack:
    def test_it_is_said_and_can_be_tried_again(self, browser: Client, resident: User) -> None:
        address_hash = addresses.fingerprint(resident.email)
        addresses.bury(resident.pk, address_hash)
        for page in (SETTINGS, "/en/messages/"):
            assert "Our mails do not reach you" in browser.get(page).content.decode()
        assert browser.post("/en/messages/settings/mail-again/").status_code == 302
        assert "do not reach you" not in browser.get(SETTINGS).content.decode()

    def test_nothing_is_said_when_it_works(self, browser: Client) -> None:
        assert "do not reach you" not in browser.get(SETTINGS).content.decode()
