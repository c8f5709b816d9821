"""By SMS: that there is a message, and where to read it. Nothing else, since anybody may see it.

A provider is a class named by ``SMS_PROVIDER`` (dotted path), made without arguments. Without one
SMS is not offered.
"""

from __future__ import annotations

from typing import Protocol, cast

from django.conf import settings
from django.utils import translation
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from common.database import connection
from notifications.channels.base import SENT, Outcome, skipped
from notifications.mail import language_for
from notifications.models import Delivery, Preference
from tenants.links import absolute

#: One SMS: 70 UTF-16 units as soon as a character is outside ASCII, else 160.
LONGEST, LONGEST_ASCII = 70, 160


class SmsProvider(Protocol):
    """Hands one SMS to the network."""

    def send(self, *, to: str, text: str, key: str) -> None:
        """`to` as +81…; `key` is the same on every try, so that a second one can be dropped.

        Raises anything for what shall be tried again.
        """
        ...


def provider() -> SmsProvider | None:
    """The provider of this deployment, if there is one."""
    path = settings.SMS_PROVIDER
    return cast("SmsProvider", import_string(path)()) if path else None


def is_offered() -> bool:
    return bool(settings.SMS_PROVIDER)


class SmsChannel:
    """To the number that the resident has confirmed."""

    disturbs = True

    def refusal(self, delivery: Delivery, preference: Preference) -> Outcome | None:
        if not is_offered():
            return skipped(Delivery.Reason.NOT_OFFERED)
        if Delivery.Channel.SMS not in preference.channels:
            return skipped(Delivery.Reason.UNWANTED)
        if not preference.phone:
            return skipped(Delivery.Reason.NO_ADDRESS)
        return None

    def deliver(self, delivery: Delivery, preference: Preference) -> Outcome:
        service = provider()
        if service is None:
            return skipped(Delivery.Reason.NOT_OFFERED)
        language = language_for(delivery.message.recipient, preference.language)
        service.send(to=preference.phone, text=notice_text(language), key=str(delivery.pk))
        return SENT


def notice_text(language: str) -> str:
    """That there is a message. One SMS, whatever the town's name and address."""
    prefix = "" if language == settings.LANGUAGE_CODE else f"/{language}"
    link = absolute(f"{prefix}/messages/")
    with translation.override(language):
        town = str(connection.tenant.name)
        return fitting(
            _("%(town)s: you have a new message. %(link)s") % {"town": town, "link": link},
            _("New message: %(link)s") % {"link": link},
            link,
        )


def code_text(code: str, language: str) -> str:
    """The code that shows that a number is somebody's own."""
    with translation.override(language):
        town = str(connection.tenant.name)
        return fitting(
            _("%(town)s: your code is %(code)s. Never tell it to anybody.")
            % {"town": town, "code": code},
            _("Your code: %(code)s") % {"code": code},
        )


def fitting(*texts: str) -> str:
    """The first that is one SMS, else the last."""
    return next((text for text in texts if fits(text)), texts[-1])


def fits(text: str) -> bool:
    units = len(text.encode("utf-16-le")) // 2
    return units <= (LONGEST_ASCII if text.isascii() else LONGEST)
