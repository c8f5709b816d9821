"""Telling people, and noting what they read and want."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from datetime import datetime, time
from typing import Any

from django.db import transaction
from django.utils import timezone, translation

from common import outbox
from common.database import connection
from common.text import Text
from identity.models import User
from notifications import wording
from notifications.channels import sms, webhook
from notifications.models import Delivery, Message, Preference
from notifications.notice import LANGUAGES, Notice, NoticeContext
from tenants.links import absolute

#: Outbox rows: "notifications." and the channel.
MAIL = "notifications.mail"
SMS = "notifications.sms"
WEBHOOK = "notifications.webhook"
DIGEST = "notifications.digest"

# Message-IDs are UUIDs of this namespace: town, notice, happening and person always give the same.
_MESSAGE_IDS = uuid.UUID("0f7c1ad4-2f0b-4c52-9a41-6d1f0f3c9f0e")


@transaction.atomic
def send(
    notice: type[Notice],
    *,
    resident: User,
    context: Mapping[str, Any],
    key: str,
    outside: bool = True,
) -> Message:
    """Put `notice` into an inbox, its ways outside into the outbox, in the caller's transaction.

    `key` names the happening (``f"case:{case.pk}:decided"``): telling it again changes nothing and
    answers with the first message. `resident` may be staff where the notice is for them.
    `outside` False: into the inbox only.
    Raises `notifications.errors.NoticeError` for a context the notice does not take.
    """
    content = notice.checked(context)
    message, is_new = Message.objects.get_or_create(
        recipient=resident,
        kind=notice.kind,
        key=key,
        defaults={
            **_in_every_language(notice, content, resident),
            "context": content.model_dump(mode="json"),
            "path": content.path,
        },
    )
    if is_new and outside:
        _send_outside(message, notice)
    return message


def _send_outside(message: Message, notice: type[Notice]) -> None:
    ways = [name for name in _ways(message.recipient) if name in notice.channels]
    Delivery.objects.bulk_create(
        Delivery(message=message, channel=name, rfc_message_id=own_message_id(message))
        for name in ways
    )
    for name in ways:
        outbox.enqueue(f"notifications.{name}", str(message.pk), {"message": str(message.pk)})


def _ways(recipient: User) -> list[str]:
    """Where a delivery is noted: mail always; the rest only where it can be sent at all."""
    ways = [Delivery.Channel.MAIL.value]
    if sms.is_offered():
        chosen = Preference.objects.filter(resident=recipient).exclude(phone="").first()
        if chosen is not None and Delivery.Channel.SMS in chosen.channels:
            ways.append(Delivery.Channel.SMS.value)
    if webhook.target() is not None:
        ways.append(Delivery.Channel.WEBHOOK.value)
    return ways


def put_off(delivery: Delivery, *, until: datetime) -> None:
    """Deliver it then. Keyed by the time, so that a repeated task adds nothing."""
    delivery.held_until = until
    delivery.save(update_fields=["held_until"])
    outbox.enqueue(
        f"notifications.{delivery.channel}",
        f"{delivery.message_id}:{until:%Y%m%d%H%M%S%f}",
        {"message": str(delivery.message_id)},
        not_before=until,
    )


def put_into_digest(delivery: Delivery, *, due: datetime) -> None:
    """Let it go with others of this resident, in the mail of `due`."""
    recipient = str(delivery.message.recipient_id)
    when = f"{due:%Y%m%dT%H%M%z}"
    message_id = message_id_of("digest", when, recipient)
    delivery.held_until, delivery.rfc_message_id = due, message_id
    delivery.save(update_fields=["held_until", "rfc_message_id"])
    outbox.enqueue(DIGEST, f"{recipient}:{when}", {"message_id": message_id}, not_before=due)


def mark_read(message: Message) -> None:
    """Note when it was first opened."""
    if message.read_at is None:
        message.read_at = timezone.now()
        message.save(update_fields=["read_at"])


def mark_told(*, recipient: User, about: str) -> None:
    """Note that `recipient` knows what messages say whose key begins with `about`."""
    waiting = Message.objects.filter(recipient=recipient, key__startswith=about, read_at=None)
    waiting.update(read_at=timezone.now())


def mark_all_read(recipient: User) -> None:
    """Note that somebody has seen everything in their inbox."""
    mark_told(recipient=recipient, about="")


def set_preference(
    *,
    user: User,
    language: str = "",
    channels: Collection[str],
    quiet: tuple[time, time] | None = None,
    digest_at: time | None = None,
    by_post: bool = False,
) -> Preference:
    """How `user` wants to be told.

    `language`: "" is the account's. `channels`: "mail", and "sms" with a confirmed number. `quiet`:
    from when until when neither comes; `digest_at`: when the one mail a day goes; both in the
    town's time. `by_post`: letters come on paper, too. Raises `ValueError`.
    """
    if set(channels) - {Delivery.Channel.MAIL, Delivery.Channel.SMS}:
        raise ValueError("unknown channel")
    if language not in {"", *LANGUAGES}:
        raise ValueError("unknown language")
    phone = Preference.objects.filter(resident=user).values_list("phone", flat=True).first()
    if Delivery.Channel.SMS in channels and not phone:
        raise ValueError("no confirmed number")
    start, end = quiet or (None, None)
    preference, _ = Preference.objects.update_or_create(
        resident=user,
        defaults={
            "language": language,
            "channels": sorted(channels),
            "quiet_from": start,
            "quiet_until": end,
            "digest_at": digest_at,
            "by_post": by_post,
        },
    )
    return preference


def _in_every_language(
    notice: type[Notice], content: NoticeContext, recipient: User
) -> dict[str, Text]:
    subject, body, own = {}, {}, wording.own_of(notice.kind)
    for language in LANGUAGES:
        with translation.override(language):
            town = str(connection.tenant.name)
            words = wording.worded(
                notice,
                content,
                own=own,
                language=language,
                name=recipient.name,
                town=town,
                private=True,
            )
        subject[language], body[language] = words.subject, words.body
    return {"subject": Text(subject), "body": Text(body)}


def own_message_id(message: Message) -> str:
    """The Message-ID of the mail that carries this message alone."""
    return message_id_of(message.kind, message.key, str(message.recipient_id))


def message_id_of(kind: str, key: str, recipient: str) -> str:
    """RFC 5322 Message-ID of a mail: the same for every try."""
    name = f"{connection.schema_name}:{kind}:{key}:{recipient}"
    host = absolute("/").split("//", 1)[1].split("/", 1)[0].split(":", 1)[0]
    return f"<{uuid.uuid5(_MESSAGE_IDS, name)}@{host}>"
