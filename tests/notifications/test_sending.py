"""From the action to the mail: once, in the reader's language, with nothing personal."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from django.core import mail as outgoing

from common import outbox
from common.errors import NotFound
from common.models import OutboxRow
from common.text import Text
from identity.models import User
from notifications import actions, queries
from notifications.actions import MAIL, send
from notifications.errors import NoticeError
from notifications.models import Delivery, Message
from notifications.notices import ApplicationReceived, ConsultationRequested, DecisionMade

NUMBER = "260401-7K3F9QXM"


def arrival(**changes: Any) -> dict[str, Any]:
    return {
        "receipt_number": NUMBER,
        "service": Text({"ja": "カナリア給付金", "en": "Canary benefit"}),
        "path": "/applications/6b6a2b1e-7c1c-4c5e-9a5e-0c9f7a1f2b3c/",
        "received_on": date(2026, 4, 1),
    } | changes


def deliver(message: Message) -> None:
    """What the worker does with the row."""
    row = OutboxRow.objects.get(kind=MAIL, key=str(message.pk))
    outbox.handlers.get(MAIL)(row.payload)


def test_send_writes_inbox_delivery_and_outbox(reader: User) -> None:
    message = send(ApplicationReceived, resident=reader, context=arrival(), key="case:1:submitted")
    assert message.subject.in_language("ja") == f"申請を受け付けました（受付番号 {NUMBER}）"
    assert message.subject.in_language("en") == f"We have received your application ({NUMBER})"
    assert "「カナリア給付金」の申請" in message.body.in_language("ja")
    assert "2026年4月1日" in message.body.in_language("ja")
    assert message.deliveries.get().state == Delivery.State.PENDING
    row = OutboxRow.objects.get(kind=MAIL)
    assert row.payload == {"message": str(message.pk)}
    assert outgoing.outbox == []


def test_send_twice_is_once(reader: User) -> None:
    first = send(ApplicationReceived, resident=reader, context=arrival(), key="case:1:submitted")
    second = send(ApplicationReceived, resident=reader, context=arrival(), key="case:1:submitted")
    assert second == first
    assert (Message.objects.count(), Delivery.objects.count()) == (1, 1)
    assert OutboxRow.objects.filter(kind=MAIL).count() == 1


def test_send_of_one_happening_to_two_people(reader: User) -> None:
    other = User.objects.create_resident(name="乙", email="b@example.jp")
    send(DecisionMade, resident=reader, context={"receipt_number": NUMBER}, key="k")
    send(DecisionMade, resident=other, context={"receipt_number": NUMBER}, key="k")
    ids = set(Delivery.objects.values_list("rfc_message_id", flat=True))
    assert len(ids) == 2


def test_send_refuses_unknown_context_and_writes_nothing(reader: User) -> None:
    with pytest.raises(NoticeError):
        send(ApplicationReceived, resident=reader, context=arrival(phone="090"), key="k")
    assert not Message.objects.exists()


def test_mail_is_text_and_html_in_the_readers_language(reader: User) -> None:
    deliver(send(ApplicationReceived, resident=reader, context=arrival(), key="k"))
    (mail,) = outgoing.outbox
    html, kind = mail.alternatives[0]
    assert kind == "text/html"
    assert mail.subject == f"申請を受け付けました（受付番号 {NUMBER}）"
    assert mail.to == ["canary-reader@example.jp"]
    assert mail.from_email.endswith("<madoguchi@localhost>")
    link = "http://shiomi.localhost:8000/applications/6b6a2b1e-7c1c-4c5e-9a5e-0c9f7a1f2b3c/"
    assert link in mail.body
    assert f'href="{link}"' in html
    assert '<html lang="ja">' in html
    assert Delivery.objects.get().state == Delivery.State.SENT


def test_mail_in_english_leads_to_the_english_page(reader: User) -> None:
    reader.language = "en"
    reader.save()
    deliver(send(ApplicationReceived, resident=reader, context=arrival(), key="k"))
    (mail,) = outgoing.outbox
    assert mail.subject == f"We have received your application ({NUMBER})"
    assert "http://shiomi.localhost:8000/en/applications/" in mail.body
    assert mail.extra_headers["Content-Language"] == "en"


def test_mail_says_the_receipt_number_and_nothing_personal(reader: User) -> None:
    deliver(send(ApplicationReceived, resident=reader, context=arrival(), key="k"))
    (mail,) = outgoing.outbox
    everything = mail.message().as_string() + mail.body + mail.alternatives[0][0]
    assert "髙橋" not in everything
    assert NUMBER in everything
    without_address = everything.replace("canary-reader@example.jp", "")
    for canary in ("カナリア", "Canary", "canary", str(reader.pk), reader.username):
        assert canary not in without_address


def test_mail_escapes_in_html_only(reader: User) -> None:
    context = {"receipt_number": NUMBER, "department": Text({"ja": "<img src=x> & Co"})}
    deliver(send(ConsultationRequested, resident=reader, context=context, key="k"))
    (mail,) = outgoing.outbox
    assert "<img src=x> & Co" in mail.body
    assert "<img" not in mail.alternatives[0][0]


def test_mail_subject_cannot_smuggle_headers(reader: User) -> None:
    reader.name = "A\r\nBcc: everyone@example.jp"
    reader.save()
    deliver(send(DecisionMade, resident=reader, context={"receipt_number": NUMBER}, key="k"))
    assert "Bcc" not in outgoing.outbox[0].message()


def test_mail_twice_after_a_crash_has_the_same_message_id(reader: User) -> None:
    message = send(ApplicationReceived, resident=reader, context=arrival(), key="k")
    deliver(message)
    Delivery.objects.update(state=Delivery.State.PENDING)  # sent, but the commit was lost
    deliver(message)
    first, second = (mail.message()["Message-ID"] for mail in outgoing.outbox)
    assert first == second
    assert re.fullmatch(r"<[0-9a-f-]{36}@shiomi\.localhost>", first)


def test_mail_is_not_sent_again_once_it_is_sent(reader: User) -> None:
    message = send(ApplicationReceived, resident=reader, context=arrival(), key="k")
    deliver(message)
    deliver(message)
    assert len(outgoing.outbox) == 1


def test_mail_is_skipped_without_an_address(reader: User) -> None:
    reader.email = ""
    reader.save()
    deliver(send(ApplicationReceived, resident=reader, context=arrival(), key="k"))
    assert outgoing.outbox == []
    assert Delivery.objects.get().state == Delivery.State.SKIPPED


def test_mail_is_skipped_when_the_reader_wants_none(reader: User) -> None:
    actions.set_preference(user=reader, channels=[])
    deliver(send(ApplicationReceived, resident=reader, context=arrival(), key="k"))
    assert outgoing.outbox == []


def test_mail_follows_the_preferred_language(reader: User) -> None:
    actions.set_preference(user=reader, language="en", channels=["mail"])
    deliver(send(ApplicationReceived, resident=reader, context=arrival(), key="k"))
    assert outgoing.outbox[0].subject.startswith("We have received")


def test_mail_to_an_erased_account_is_dropped(reader: User) -> None:
    message = send(ApplicationReceived, resident=reader, context=arrival(), key="k")
    payload = {"message": str(message.pk)}
    message.delete()
    outbox.handlers.get(MAIL)(payload)
    assert outgoing.outbox == []


def test_preference_refuses_what_does_not_exist(reader: User) -> None:
    with pytest.raises(ValueError, match="unknown"):
        actions.set_preference(user=reader, channels=["pigeon"])


def test_inbox_is_ones_own(reader: User) -> None:
    other = User.objects.create_resident(name="乙")
    message = send(ApplicationReceived, resident=reader, context=arrival(), key="k")
    assert queries.unread_count(reader) == 1
    actions.mark_read(queries.message_for(reader, message.pk))
    assert queries.unread_count(reader) == 0
    assert list(queries.inbox(other)) == []
    with pytest.raises(NotFound):
        queries.message_for(other, message.pk)


def test_messages_stay_in_their_town(reader: User, other_town: Any, in_town: Any) -> None:
    message = send(ApplicationReceived, resident=reader, context=arrival(), key="k")
    with in_town(other_town):
        theirs = User.objects.create_resident(name="丙", email="c@example.jp")
        assert not Message.objects.filter(pk=message.pk).exists()
        same = send(ApplicationReceived, resident=theirs, context=arrival(), key="k")
        deliver(same)
    assert "http://suginosawa.localhost:8000/" in outgoing.outbox[0].body
    assert same.deliveries.model.objects.filter(message=message).exists()
    assert outgoing.outbox[0].message()["Message-ID"].endswith("@suginosawa.localhost>")
