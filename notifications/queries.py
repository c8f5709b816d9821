"""Reading messages."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from common.errors import NotFound
from common.lookup import Lookup
from identity.models import User
from notifications.models import Delivery, Message, Preference


def inbox(user: User) -> QuerySet[Message]:
    """Somebody's messages, newest first."""
    return Message.objects.filter(recipient=user)


def unread_first(user: User) -> QuerySet[Message]:
    """Somebody's messages: those that they have not opened, then the others, each newest first."""
    opened = ExpressionWrapper(Q(read_at__isnull=False), output_field=BooleanField())
    return inbox(user).order_by(opened, "-created_at", "-id")


def unread_count(user: User) -> int:
    """How many messages somebody has not opened yet."""
    return inbox(user).filter(read_at=None).count()


def is_told(user: User, about: str) -> bool:
    """Whether a message whose key begins with `about` waits in somebody's inbox, unread."""
    return inbox(user).filter(key__startswith=about, read_at=None).exists()


def told_lately(user: User, kind: str, within: timedelta) -> bool:
    """Whether a message of this kind went out to somebody just before."""
    lately = inbox(user).filter(kind=kind, created_at__gt=timezone.now() - within)
    return lately.filter(deliveries__isnull=False).exists()


def message_for(user: User, message_id: uuid.UUID) -> Message:
    """One of somebody's own messages. Raises `NotFound` for anybody else's."""
    message = inbox(user).filter(pk=message_id).first()
    if message is None:
        raise NotFound(_("There is no such message."), code="no_message")
    return message


def came_back() -> QuerySet[Delivery]:
    """Mails that did not arrive, the latest first."""
    return (
        Delivery.objects.filter(state=Delivery.State.BOUNCED)
        .select_related("message")
        .order_by("-bounced_at")
    )


_preference: Lookup[Preference] = Lookup(
    lambda user: Preference.objects.filter(resident=user), user=uuid.UUID
)


def preference_of(user: User) -> Preference:
    """How somebody wants to be told; unsaved and with mail when nothing was chosen."""
    chosen = _preference.one(user=user.pk)
    return chosen or Preference(resident=user, channels=["mail"])
