"""Mail, SMS and webhook behind one interface: what each says, and where it may go."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, ClassVar

import pytest
from django.core import mail as outgoing

from common import outbox
from common.models import OutboxRow
from common.text import Text
from identity import sealed
from identity.models import User
from notifications import actions
from notifications.actions import send
from notifications.channels import fetching, sms, webhook
from notifications.channels.fetching import AddressRefused, AnswerRefused
from notifications.models import Delivery, Message, Preference, WebhookTarget
from notifications.notices import DecisionMade, MailUndelivered
from sandbox.mail import messages as sandbox_mail

NUMBER = "260401-7K3F9QXM"
CONTEXT = {"receipt_number": NUMBER, "service": Text({"ja": "カナリア給付金", "en": "Canary"})}
SECRET = b"a secret of the tests"


class Phones:
    """Keeps what it is given."""

    sent: ClassVar[list[tuple[str, str, str]]] = []

    def send(self, *, to: str, text: str, key: str) -> None:
        self.sent.append((to, text, key))


@pytest.fixture
def phones(settings: Any) -> Iterator[list[tuple[str, str, str]]]:
    settings.SMS_PROVIDER = "tests.notifications.test_channels.Phones"
    Phones.sent.clear()
    yield Phones.sent
    Phones.sent.clear()


def work_off(message: Message) -> None:
    """What the worker does with every row of a message."""
    for row in OutboxRow.objects.filter(key__startswith=str(message.pk)).order_by("pk"):
        outbox.handlers.get(row.kind)(row.payload)


def wants_sms(user: User) -> None:
    Preference.objects.create(resident=user, channels=["mail", "sms"], phone="+819012345678")


class TestSms:
    def test_it_says_only_that_there_is_a_message(self, reader: User, phones: Any) -> None:
        wants_sms(reader)
        message = send(DecisionMade, resident=reader, context=CONTEXT, key="k")
        work_off(message)
        delivery = message.deliveries.get(channel="sms")
        assert delivery.state == Delivery.State.SENT
        ((to, text, key),) = phones
        assert (to, key) == ("+819012345678", str(delivery.pk))
        assert text == sms.notice_text("ja")
        assert text.endswith(" http://shiomi.localhost:8000/messages/")
        for private in ("カナリア", "髙橋", NUMBER):
            assert private not in text
        assert len(outgoing.outbox) == 1

    @pytest.mark.parametrize("language", ["ja", "en"])
    def test_it_is_one_sms_in_the_longest_town(
        self, town: Any, language: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(
            town, "name", Text("とても長い名前の広域連合事務組合と周辺の町村の共同窓口")
        )
        assert sms.fits(sms.notice_text(language))
        assert sms.fits(sms.code_text("123456", language))
        assert "123456" in sms.code_text("123456", language)

    def test_a_character_outside_the_basic_plane_counts_twice(self) -> None:
        assert sms.fits("𠮷" * 35)
        assert not sms.fits("𠮷" * 35 + "あ")
        assert sms.fits("a" * 160)

    def test_a_second_try_has_the_same_key(self, reader: User, phones: Any) -> None:
        wants_sms(reader)
        message = send(DecisionMade, resident=reader, context=CONTEXT, key="k")
        work_off(message)
        Delivery.objects.update(state=Delivery.State.PENDING)  # sent, but the commit was lost
        work_off(message)
        assert len({key for _to, _text, key in phones}) == 1
        assert len(phones) == 2

    def test_without_a_provider_there_is_no_sms(self, reader: User) -> None:
        wants_sms(reader)
        message = send(DecisionMade, resident=reader, context=CONTEXT, key="k")
        assert [row.channel for row in message.deliveries.all()] == ["mail"]

    def test_a_provider_taken_away_later_is_noted(
        self, reader: User, phones: Any, settings: Any
    ) -> None:
        wants_sms(reader)
        message = send(DecisionMade, resident=reader, context=CONTEXT, key="k")
        settings.SMS_PROVIDER = ""
        work_off(message)
        delivery = message.deliveries.get(channel="sms")
        assert (delivery.state, delivery.reason) == ("skipped", "not_offered")
        assert phones == []

    def test_the_demo_shows_it_beside_the_mails(
        self, reader: User, settings: Any, tmp_path: Any
    ) -> None:
        settings.SMS_PROVIDER, settings.SANDBOX_MAIL_DIR = (
            "sandbox.mail.sms.SandboxSms", str(tmp_path),
        )  # fmt: skip
        wants_sms(reader)
        work_off(send(DecisionMade, resident=reader, context=CONTEXT, key="k"))
        (kept,) = sandbox_mail.newest()
        assert kept.sender == "SMS"
        assert "http://shiomi.localhost:8000/messages/" in kept.subject
        assert kept.recipient.startswith("819012345678")


@dataclass
class Receiver:
    """A system of the town, on this machine."""

    url: str = ""
    status: int = 204
    location: str = ""
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def receiver(settings: Any, town: Any) -> Iterator[Receiver]:
    settings.WEBHOOK_MAY_CALL_ANYWHERE = True
    kept = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            kept.got.append((dict(self.headers), content))
            self.send_response(kept.status)
            if kept.location:
                self.send_header("Location", kept.location)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    kept.url = f"http://127.0.0.1:{server.server_port}/notices?from=town"
    WebhookTarget.objects.create(
        url=kept.url,
        secret=sealed.seal(SECRET, purpose=webhook.PURPOSE, context=town.schema_name),
    )
    yield kept
    server.shutdown()
    server.server_close()
    thread.join()


class TestWebhook:
    def test_it_tells_ids_only_and_is_signed(
        self, reader: User, receiver: Receiver, town: Any
    ) -> None:
        message = send(DecisionMade, resident=reader, context=CONTEXT, key="case:1:decided")
        work_off(message)
        delivery = message.deliveries.get(channel="webhook")
        ((headers, content),) = receiver.got
        assert json.loads(content) == {
            "id": str(delivery.pk),
            "municipality": town.code,
            "notice": "decision_made",
            "message": str(message.pk),
            "happening": "case:1:decided",
            "created_at": message.created_at.isoformat(timespec="seconds"),
        }
        said = content.decode() + str(headers)
        for private in ("カナリア", "Canary", "髙橋", "canary", NUMBER, str(reader.pk)):
            assert private not in said
        assert headers["Idempotency-Key"] == str(delivery.pk)
        stamp, sign = headers["Madoguchi-Signature"].split(",")
        signed = stamp.removeprefix("t=").encode() + b"." + content
        assert sign == "v1=" + hmac.new(SECRET, signed, hashlib.sha256).hexdigest()
        assert delivery.state == Delivery.State.SENT

    @pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 404, 500])
    def test_anything_but_2xx_is_tried_again_and_no_redirect_followed(
        self, reader: User, receiver: Receiver, status: int
    ) -> None:
        receiver.status, receiver.location = status, receiver.url
        message = send(DecisionMade, resident=reader, context=CONTEXT, key="k")
        row = OutboxRow.objects.get(kind=actions.WEBHOOK)
        with pytest.raises(AnswerRefused):
            outbox.handlers.get(row.kind)(row.payload)
        assert len(receiver.got) == 1
        assert message.deliveries.get(channel="webhook").state == Delivery.State.PENDING

    def test_without_an_address_there_is_no_delivery(self, reader: User) -> None:
        message = send(DecisionMade, resident=reader, context=CONTEXT, key="k")
        assert not message.deliveries.filter(channel="webhook").exists()

    def test_an_address_removed_meanwhile_is_noted(self, reader: User, receiver: Receiver) -> None:
        message = send(DecisionMade, resident=reader, context=CONTEXT, key="k")
        WebhookTarget.objects.all().delete()
        work_off(message)
        assert message.deliveries.get(channel="webhook").reason == "no_address"
        assert receiver.got == []

    @pytest.mark.parametrize(
        ("url", "code"),
        [
            ("http://example.jp/", "https"),
            ("ftp://example.jp/", "https"),
            ("file:///etc/passwd", "url"),
            ("https://", "url"),
            ("https://user:pass@example.jp/", "url"),
            ("https://example.jp:99999/", "url"),
            ("https://example.jp/\r\nHost: x", "url"),
            ("https://exa mple.jp/", "url"),
            ("https://例え.jp/", "url"),
            ("https://[::1", "url"),
            ("https://example.jp/" + "x" * 500, "url"),
        ],
    )
    def test_a_wrong_address_is_refused(self, url: str, code: str) -> None:
        with pytest.raises(AddressRefused) as refused:
            fetching.checked(url)
        assert refused.value.code == code

    @pytest.mark.parametrize(
        "place",
        [
            "127.0.0.1", "127.8.8.8", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254",
            "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255", "192.0.2.1", "::1", "::",
            "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
            "64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:1::1", "::127.0.0.1", "::ffff:0:127.0.0.1",
            "64:ff9b:1::7f00:1", "fec0::1",
        ],
    )  # fmt: skip
    def test_our_own_network_is_not_called(
        self, place: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert not fetching.is_public(place)
        # One bad answer among good ones is enough.
        answers = [(0, 0, 0, "", ("8.8.8.8", 443)), (0, 0, 0, "", (place, 443))]
        monkeypatch.setattr(fetching.socket, "getaddrinfo", lambda *a, **k: answers)
        with pytest.raises(AddressRefused) as refused:
            fetching.post("https://evil.example/", b"{}", headers={})
        assert refused.value.code == "private"

    def test_the_open_network_is(self) -> None:
        assert fetching.is_public("8.8.8.8")
        assert fetching.is_public("2001:4860:4860::8888")

    @pytest.mark.parametrize("drip", [b"X", b"HTTP/1.1 100 Continue\r\n\r\n"])
    def test_an_answer_that_never_ends_is_not_waited_for(
        self, drip: bytes, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A byte at a time, each of them soon enough for the socket's own limit."""
        settings.WEBHOOK_MAY_CALL_ANYWHERE = True
        now = [0.0]
        monkeypatch.setattr(fetching.time, "monotonic", lambda: now[0])

        class Slow:
            def settimeout(self, seconds: float) -> None:
                assert 0 < seconds <= fetching.TIMEOUT_SECONDS

            def gettimeout(self) -> float:
                return fetching.TIMEOUT_SECONDS

            def makefile(self, _mode: str, **_more: int) -> Any:
                return self

            def readinto(self, buffer: memoryview) -> int:
                now[0] += 0.5
                assert now[0] < 60, "it was waited for"
                buffer[: len(drip)] = drip
                return len(drip)

            def sendall(self, content: bytes) -> None:
                pass

            def close(self) -> None:
                pass

        monkeypatch.setattr(fetching.socket, "create_connection", lambda *_place: Slow())
        with pytest.raises(OSError, match="took too long"):
            fetching.post("http://127.0.0.1:9/", b"{}", headers={})
        assert now[0] <= fetching.TIMEOUT_SECONDS + 0.5

    def test_the_connection_goes_to_the_address_that_was_checked(
        self, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A name that answers differently the second time gains nothing."""
        asked = []

        def once(host: str, port: int, **_options: Any) -> Any:
            asked.append(host)
            assert len(asked) == 1
            return [(0, 0, 0, "", ("127.0.0.1", port))]

        real = fetching.socket.create_connection
        places = []

        def connect(place: tuple[str, int], timeout: float) -> Any:
            places.append(place[0])
            monkeypatch.undo()
            return real(place, timeout)

        url = receiver.url.replace("127.0.0.1", "town.example")
        monkeypatch.setattr(fetching.socket, "getaddrinfo", once)
        monkeypatch.setattr(fetching.socket, "create_connection", connect)
        fetching.post(url, b"{}", headers={})
        assert (asked, places) == (["town.example"], ["127.0.0.1"])
        assert receiver.got[0][0]["Host"].startswith("town.example:")


def test_a_notice_of_the_inbox_only_goes_nowhere(reader: User, receiver: Receiver) -> None:
    message = send(MailUndelivered, resident=reader, context={"receipt_number": ""}, key="k")
    assert not message.deliveries.exists()
    assert not OutboxRow.objects.filter(key=str(message.pk)).exists()
