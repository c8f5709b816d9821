"""The mail of a message: plain text and HTML, in the recipient's language and the town's brand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from email.utils import formataddr, parseaddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from identity.models import User
from notifications import brand as brands
from notifications import returns, wording
from notifications.brand import MailBrand
from notifications.models import Delivery, Message, TownWording
from notifications.notice import LANGUAGES, Notice, NoticeContext, Wording, notices
from tenants.links import absolute


def language_for(user: User, wanted: str = "") -> str:
    """The language to write in: as chosen, else the account's, else Japanese."""
    for language in (wanted, user.language.split("-")[0]):
        if language in LANGUAGES:
            return language
    return LANGUAGES[0]


def compose(delivery: Delivery, *, address: str, language: str) -> EmailMultiAlternatives:
    """The mail of `delivery` to `address`; it says less than the inbox (`notifications.notice`)."""
    message: Message = delivery.message
    recipient: User = message.recipient
    notice = notices.get(message.kind)
    return _composed(
        notice,
        notice.checked(message.context),
        language=language,
        name=recipient.name,
        address=address,
        message_id=delivery.rfc_message_id,
        sender=returns.address_of(delivery.pk),
    )


def to_address(
    notice: type[Notice],
    *,
    address: str,
    context: Mapping[str, Any],
    language: str,
    message_id: str,
) -> EmailMultiAlternatives:
    """A mail to somebody who may have no account, and so no inbox.

    `message_id` is the same on every try. Raises `notifications.errors.NoticeError`.
    """
    return _composed(
        notice,
        notice.checked(context),
        language=language if language in LANGUAGES else LANGUAGES[0],
        name="",
        address=address,
        message_id=message_id,
    )


def digest(
    deliveries: Sequence[Delivery], *, address: str, language: str
) -> EmailMultiAlternatives:
    """One mail for several messages to one address: what each is about, by its subject line.

    It says less than a mail of its own: no name, no text.
    """
    first = deliveries[0]
    own = {row.kind: row for row in TownWording.objects.all()}
    with translation.override(language):
        brand = brands.current()
        lines = [_subject(delivery, own, language, brand) for delivery in deliveries]
        count = len(lines)
        words = Wording(
            ngettext("%(count)s new message", "%(count)s new messages", count) % {"count": count},
            "\n\n".join(
                [
                    _("There is something new for you. Please sign in to read it."),
                    "\n".join(f"・{line}" for line in lines),
                ]
            ),
        )
        return _posted(
            words,
            brand,
            path="/messages/",
            link_label=_("See your messages"),
            language=language,
            address=address,
            message_id=first.rfc_message_id,
            sender=returns.address_of(first.pk),
        )


def code(code: str, *, address: str, language: str, key: str) -> EmailMultiAlternatives:
    """The code that shows that an address is somebody's own. `key`: the same on every try."""
    host = absolute("/").split("//", 1)[1].split("/", 1)[0].split(":", 1)[0]
    with translation.override(language):
        brand = brands.current()
        body = _("Your code is %(code)s. Please type it on the page you have open.")
        words = Wording(
            _("Your code: %(code)s") % {"code": code},
            "\n\n".join(
                [
                    body % {"code": code},
                    _("You did not ask for it? Then you need not do anything."),
                ]
            ),
        )
        return _posted(
            words,
            brand,
            path="",
            link_label="",
            language=language,
            address=address,
            message_id=f"<{key}@{host}>",
            sender="",
        )


def _subject(
    delivery: Delivery, own: Mapping[str, TownWording], language: str, brand: MailBrand
) -> str:
    notice = notices.get(delivery.message.kind)
    return wording.worded(
        notice,
        notice.checked(delivery.message.context),
        own=own.get(notice.kind),
        language=language,
        name="",
        town=brand.town,
        private=False,
    ).subject


def _composed(
    notice: type[Notice],
    content: NoticeContext,
    *,
    language: str,
    name: str,
    address: str,
    message_id: str,
    sender: str = "",
) -> EmailMultiAlternatives:
    own = wording.own_of(notice.kind)
    with translation.override(language):
        brand = brands.current()
        words = wording.worded(
            notice,
            content,
            own=own,
            language=language,
            name=name,
            town=brand.town,
            private=False,
        )
        return _posted(
            words,
            brand,
            path=content.path,
            link_label=str(notice.link_label),
            language=language,
            address=address,
            message_id=message_id,
            sender=sender,
        )


def _posted(
    words: Wording,
    brand: MailBrand,
    *,
    path: str,
    link_label: str,
    language: str,
    address: str,
    message_id: str,
    sender: str,
) -> EmailMultiAlternatives:
    """The mail in the active language. `sender`: where it comes back to; "" = who it is from."""
    context = {
        "language": language,
        "words": words,
        "brand": brand,
        "link": _link(path, language),
        "link_label": link_label,
    }
    shown = formataddr((brand.town, parseaddr(settings.DEFAULT_FROM_EMAIL)[1]))
    headers = {
        "Message-ID": message_id,
        "Auto-Submitted": "auto-generated",
        "Content-Language": language,
    }
    if sender:
        headers["From"] = shown
    mail = EmailMultiAlternatives(
        subject=words.subject,
        body=render_to_string("notifications/mail.txt", context),
        from_email=sender or shown,
        to=[address],
        headers=headers,
    )
    mail.attach_alternative(render_to_string("notifications/mail.html", context), "text/html")
    return mail


def _link(path: str, language: str) -> str:
    if not path:
        return ""
    prefix = "" if language == settings.LANGUAGE_CODE else f"/{language}"
    return absolute(f"{prefix}{path}")
