"""Mail that came back: read from whatever strangers send, noted once, mended by the resident."""

from __future__ import annotations

import io
import uuid
from pathlib import Path
from smtplib import SMTPRecipientsRefused
from types import SimpleNamespace
from typing import Any

import pytest
from django.core import mail as outgoing
from django.core.management import call_command
from hypothesis import given
from hypothesis import strategies as st

from common import outbox
from common.models import OutboxRow
from identity.models import User
from notifications import addresses, bounces, dsn, returns
from notifications.actions import MAIL, send
from notifications.channels import by_mail
from notifications.models import DeadAddress, Delivery, Message
from notifications.notices import DecisionMade

NUMBER = "260401-7K3F9QXM"


def report(
    message_id: str = "<0f7c1ad4-2f0b-4c52-9a41-6d1f0f3c9f0e@shiomi.localhost>",
    *,
    status: str = "5.1.1",
    action: str = "failed",
    to: str = "madoguchi@localhost",
    original: str = "message/rfc822",
) -> bytes:
    """As Postfix writes it."""
    return f"""From: MAILER-DAEMON@mx.example.jp
To: {to}
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="XX"

--XX
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--XX
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.jp

Final-Recipient: rfc822; canary-reader@example.jp
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 5.1.1 User unknown

--XX
Content-Type: {original}

Message-ID: {message_id}
From: madoguchi@localhost
Subject: x

text

--XX--
""".replace("\n", "\r\n").encode()


def sent(reader: User, key: str = "k") -> Delivery:
    message = send(DecisionMade, resident=reader, context={"receipt_number": NUMBER}, key=key)
    row = OutboxRow.objects.get(kind=MAIL, key=str(message.pk))
    outbox.handlers.get(MAIL)(row.payload)
    return message.deliveries.get(channel="mail")


def take(raw: bytes) -> str:
    return bounces.take(dsn.read(raw))


class TestReading:
    @pytest.mark.parametrize(
        "original", ["message/rfc822", "text/rfc822-headers", "message/rfc822-headers"]
    )
    def test_the_mail_is_known_by_its_message_id(self, original: str) -> None:
        found = dsn.read(report(original=original))
        assert found.message_id == "<0f7c1ad4-2f0b-4c52-9a41-6d1f0f3c9f0e@shiomi.localhost>"
        assert found.verdict == "permanent"

    @pytest.mark.parametrize(
        ("status", "verdict"),
        [
            ("5.1.1", "permanent"), ("5.7.1", "permanent"), ("5.2.2", "soft"), ("4.4.7", "soft"),
            ("", "soft"), ("nonsense", "soft"), ("5.1.1 (user unknown)", "permanent"),
        ],
    )  # fmt: skip
    def test_for_good_or_for_now(self, status: str, verdict: str) -> None:
        assert dsn.read(report(status=status)).verdict == verdict

    @pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded", ""])
    def test_what_did_not_fail_is_no_bounce(self, action: str) -> None:
        with pytest.raises(dsn.NoReport, match="nothing failed"):
            dsn.read(report(action=action))

    @pytest.mark.parametrize(
        "raw",
        [
            b"",
            b"\x00\xff" * 1000,
            b"Subject: I am on holiday\r\n\r\nuntil Monday",
            b"Content-Type: multipart/report; boundary=X\r\n\r\n--X\r\n\r\nx\r\n--X--",
            b"Content-Type: multipart/report\r\n\r\nno boundary",
            b"Content-Type: multipart/report; boundary=X\r\n\r\n" + b"--X\r\n\r\nx\r\n" * 100,
            b"Content-Type: multipart/report; boundary=X\r\n\r\n--X\r\n"
            b"Content-Type: message/delivery-status\r\n\r\n" + b"Action: failed\r\n\r\n" * 100,
            report("<not-ours@example.com>"),
            report("<../../etc/passwd@shiomi.localhost>"),
            report().replace(b"multipart/report", b"multipart/mixed"),
            report().replace(b"message/delivery-status", b"text/plain"),
            b"x" * (dsn.LARGEST + 1),
            b"".join(
                b"Content-Type: multipart/report; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n)
                for n in range(3_000)
            ),
        ],
    )
    def test_what_is_no_report_of_ours_is_refused(self, raw: bytes) -> None:
        with pytest.raises(dsn.NoReport):
            dsn.read(raw)

    @given(st.binary(max_size=300), st.integers(min_value=0, max_value=900))
    def test_a_damaged_report_is_read_or_refused(self, noise: bytes, at: int) -> None:
        raw = report()
        try:
            found = dsn.read(raw[:at] + noise + raw[at + len(noise) :])
        except dsn.NoReport:
            return
        assert found.verdict in {"permanent", "soft"}


class TestMarks:
    def test_a_mail_comes_back_to_an_address_of_its_own(self, reader: User, settings: Any) -> None:
        settings.BOUNCE_ADDRESS = "bounces@mail.example.jp"
        delivery = sent(reader)
        (mail,) = outgoing.outbox
        assert mail.from_email == returns.address_of(delivery.pk)
        assert mail.message()["From"].endswith("<madoguchi@localhost>")
        mark = returns.mark_in(mail.from_email)
        assert mark is not None
        assert mark.delivery == delivery.pk
        assert len(mail.from_email.partition("@")[0]) <= 64

    def test_a_report_without_message_id_is_known_by_it(self, reader: User, settings: Any) -> None:
        settings.BOUNCE_ADDRESS = "bounces@mail.example.jp"
        delivery = sent(reader)
        assert take(report("", to=returns.address_of(delivery.pk).upper())) == "bounced"
        delivery.refresh_from_db()
        assert delivery.state == Delivery.State.BOUNCED

    def test_a_made_up_mark_is_none(self, town: Any, settings: Any) -> None:
        settings.BOUNCE_ADDRESS = "bounces@mail.example.jp"
        good = returns.address_of(uuid.uuid4())
        name, _sign, host = good.partition("@")
        bad = name[:-1] + ("a" if name[-1] != "a" else "b")
        assert returns.mark_in(f"{bad}@{host}") is None
        assert returns.mark_in(good) is not None

    def test_without_such_an_address_mail_comes_from_the_town(self, reader: User) -> None:
        sent(reader)
        assert outgoing.outbox[0].from_email.endswith("<madoguchi@localhost>")


class TestTaking:
    def test_a_failure_for_good_is_noted_once(self, reader: User) -> None:
        delivery = sent(reader)
        assert take(report(delivery.rfc_message_id)) == "bounced"
        assert take(report(delivery.rfc_message_id)) == "repeated"
        delivery.refresh_from_db()
        assert delivery.state == Delivery.State.BOUNCED
        assert delivery.bounced_at is not None
        assert DeadAddress.objects.count() == 1
        told = Message.objects.get(kind="mail_undelivered")
        assert told.recipient == reader
        assert told.path == "/messages/settings/"

    def test_the_address_is_not_used_again_until_the_resident_says_so(self, reader: User) -> None:
        take(report(sent(reader).rfc_message_id))
        outgoing.outbox.clear()
        second = sent(reader, "k2")
        assert (second.state, second.reason) == ("skipped", "dead_address")
        addresses.revive(reader)
        assert sent(reader, "k3").state == Delivery.State.SENT
        assert len(outgoing.outbox) == 1

    def test_another_address_works_at_once(self, reader: User) -> None:
        take(report(sent(reader).rfc_message_id))
        reader.email = "new@example.jp"
        reader.save()
        assert sent(reader, "k2").state == Delivery.State.SENT

    def test_no_address_is_kept_in_clear(self, reader: User) -> None:
        take(report(sent(reader).rfc_message_id))
        assert "canary" not in str(list(DeadAddress.objects.values()))
        assert "canary" not in str(list(Delivery.objects.values()))

    def test_a_failure_for_now_is_tried_again_and_given_up(self, reader: User) -> None:
        delivery = sent(reader)
        for tries in range(1, bounces.MOST_SOFT_FAILURES + 1):
            assert take(report(delivery.rfc_message_id, status="4.2.2")) == "tried again"
            delivery.refresh_from_db()
            assert (delivery.state, delivery.soft_failures) == (Delivery.State.PENDING, tries)
            assert take(report(delivery.rfc_message_id, status="4.2.2")) == "repeated"
            row = OutboxRow.objects.filter(kind=MAIL).latest("pk")
            assert row.next_at == delivery.held_until
            outbox.handlers.get(MAIL)(row.payload)
        assert len({mail.message()["Message-ID"] for mail in outgoing.outbox}) == 1
        assert take(report(delivery.rfc_message_id, status="4.2.2")) == "bounced"
        # The mailbox was full: the next notice may arrive.
        assert not DeadAddress.objects.exists()

    def test_a_report_of_an_unknown_mail_changes_nothing(self, reader: User) -> None:
        delivery = sent(reader)
        unknown = f"<{uuid.uuid4()}@shiomi.localhost>"
        assert take(report(unknown)) == "unknown"
        assert take(report(delivery.rfc_message_id.replace("shiomi", "nowhere"))) == "unknown"
        delivery.refresh_from_db()
        assert delivery.state == Delivery.State.SENT

    def test_a_report_of_another_town_stays_there(
        self, reader: User, other_town: Any, in_town: Any
    ) -> None:
        delivery = sent(reader)
        with in_town(other_town):
            assert take(report(delivery.rfc_message_id)) == "bounced"
            assert not Delivery.objects.exists()
            assert not DeadAddress.objects.exists()
        delivery.refresh_from_db()
        assert delivery.state == Delivery.State.BOUNCED

    def test_who_listens_is_told(self, reader: User, monkeypatch: pytest.MonkeyPatch) -> None:
        heard: list[Delivery] = []
        monkeypatch.setattr(bounces, "listeners", [heard.append])
        delivery = sent(reader)
        take(report(delivery.rfc_message_id))
        assert heard == [delivery]

    def test_a_server_that_refuses_the_recipient_says_the_same_at_once(
        self, reader: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(self: Any, *_a: Any, **_k: Any) -> int:
            raise SMTPRecipientsRefused({reader.email: (550, b"no such user")})

        monkeypatch.setattr(by_mail.EmailMessage, "send", refuse)
        assert sent(reader).state == Delivery.State.BOUNCED
        assert addresses.is_dead(reader)

    def test_a_server_that_refuses_for_now_is_asked_again(
        self, reader: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(self: Any, *_a: Any, **_k: Any) -> int:
            raise SMTPRecipientsRefused({reader.email: (451, b"try later")})

        monkeypatch.setattr(by_mail.EmailMessage, "send", refuse)
        with pytest.raises(SMTPRecipientsRefused):
            sent(reader)
        assert not DeadAddress.objects.exists()


class TestCommand:
    def test_it_reads_one_from_a_pipe(self, reader: User, monkeypatch: pytest.MonkeyPatch) -> None:
        delivery = sent(reader)
        raw = io.BytesIO(report(delivery.rfc_message_id))
        monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=raw))
        said = io.StringIO()
        call_command("take_bounces", stdout=said)
        assert said.getvalue() == "bounced\n"

    def test_it_empties_a_maildir(self, reader: User, tmp_path: Path) -> None:
        delivery = sent(reader)
        new = tmp_path / "new"
        new.mkdir()
        (new / "1").write_bytes(report(delivery.rfc_message_id))
        (new / "2").write_bytes(b"Subject: holiday\r\n\r\nuntil Monday")
        said = io.StringIO()
        call_command("take_bounces", maildir=tmp_path, stdout=said)
        assert said.getvalue() == "bounced: 1\nno report (no report): 1\n"
        assert list(new.iterdir()) == []
        assert len(list((tmp_path / "cur").iterdir())) == 2
