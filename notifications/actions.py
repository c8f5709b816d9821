"""Telling people, and noting what they read and want."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone, translation

from common import outbox
from common.database import connection
from common.text import Text
from identity.models import User
from notifications.models import Delivery, Message, Preference
from notifications.notice import LANGUAGES, Notice, NoticeContext
from tenants.links import absolute

MAIL = "notifications.mail"

# Message-IDs are UUIDs of this namespace: town, notice, happening and person always give the same.
_MESSAGE_IDS = uuid.UUID("0f7c1ad4-2f0b-4c52-9a41-6d1f0f3c9f0e")


@transaction.atomic
def send(notice: type[Notice], *, resident: User, context: Mapping[str, Any], key: str) -> Message:
    """Put `notice` into an inbox, and its mail into the outbox, in the caller's transaction.

    `key` names the happening (``f"case:{case.pk}:decided"``): telling it again changes nothing and
    answers with the first message. `resident` may be staff where the notice is for them.
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
    if is_new:
        Delivery.objects.create(message=message, rfc_message_id=_message_id(message))
        outbox.enqueue(MAIL, str(message.pk), {"message": str(message.pk)})
    return message


def mark_read(message: Message) -> None:
    """Note when it was first opened."""
    if message.read_at is None:
        message.read_at = timezone.now()
        message.save(update_fields=["read_at"])


def set_preference(
    *, user: User, language: str = "", channels: Collection[str], by_post: bool = False
) -> Preference:
    """How `user` wants to be told: language ("" = the account's), channels ("mail"), and whether
    letters come on paper, too."""
    unknown = set(channels) - set(Delivery.Channel.values)
    if unknown or language not in {"", *LANGUAGES}:
        raise ValueError("unknown channel or language")
    preference, _ = Preference.objects.update_or_create(
        resident=user,
        defaults={"language": language, "channels": sorted(channels), "by_post": by_post},
    )
    return preference


def _in_every_language(
    notice: type[Notice], content: NoticeContext, recipient: User
) -> dict[str, Text]:
    subject, body = {}, {}
    for language in LANGUAGES:
        with translation.override(language):
            town = str(connection.tenant.name)
        words = notice.worded(
            content, language=language, name=recipient.name, town=town, private=True
        )
        subject[language], body[language] = words.subject, words.body
    return {"subject": Text(subject), "body": Text(body)}


def _message_id(message: Message) -> str:
    return message_id_of(message.kind, message.key, str(message.recipient_id))


def message_id_of(kind: str, key: str, recipient: str) -> str:
    """RFC 5322 Message-ID of a mail: the same for every try."""
    name = f"{connection.schema_name}:{kind}:{key}:{recipient}"
    host = absolute("/").split("//", 1)[1].split("/", 1)[0].split(":", 1)[0]
    return f"<{uuid.uuid5(_MESSAGE_IDS, name)}@{host}>"
