"""A resident's own number for SMS, or address for mail: a code is sent there, typed here once."""

from __future__ import annotations

import hmac
import re
import unicodedata
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from common import outbox
from common.database import connection
from common.errors import InvalidInput, NotAllowed
from identity.models import User
from notifications import addresses
from notifications.channels import sms
from notifications.models import ContactCheck, Delivery, Preference

CODE = "notifications.contact_code"
MAIL, SMS = Delivery.Channel.MAIL.value, Delivery.Channel.SMS.value

LASTS = timedelta(minutes=10)
#: Wrong codes for one code sent; with one million codes a guesser has one chance in 200,000.
MOST_WRONG = 5
#: Codes within `WINDOW`, for one resident and to one address or number: an SMS costs the town
#: money, and the address may be somebody else's.
MOST_ASKED = 3
WINDOW = timedelta(hours=1)
_KEPT = timedelta(days=1)
# Mobile numbers of Japan: 060, 070, 080, 090 and eight digits.
_MOBILE = re.compile(r"(?:\+81|0)([6789]0\d{8})")


def address(typed: str) -> str:
    """A mail address as typed, in narrow letters. Raises `InvalidInput`."""
    plain = unicodedata.normalize("NFKC", typed[:300]).strip()
    try:
        validate_email(plain)
    except ValidationError:
        plain = ""
    if not plain or len(plain) > 254 or not plain.isascii():
        raise InvalidInput({"contact": [_("Write an e-mail address, such as name@example.jp.")]})
    return plain


def number(typed: str) -> str:
    """``+8190…`` of what was typed, dashes or not, wide or narrow. Raises `InvalidInput`."""
    narrow = unicodedata.normalize("NFKC", typed[:40])
    plain = "".join(each for each in narrow if not each.isspace() and each not in "-‐‑–—ー−()")
    found = _MOBILE.fullmatch(plain)
    if found is None or not plain.isascii():
        raise InvalidInput(
            {"contact": [_("Write the number of a mobile phone, such as 090-1234-5678.")]}
        )
    return f"+81{found[1]}"


@transaction.atomic
def ask(*, resident: User, channel: str, typed: str) -> ContactCheck:
    """Send a code there. Raises `InvalidInput` for "contact", `NotAllowed`."""
    if channel == SMS and not sms.is_offered():
        raise NotAllowed(_("This municipality sends no SMS."), code="not_offered")
    contact = number(typed) if channel == SMS else address(typed)
    # One after the other, so that many at once are counted, too.
    User.objects.select_for_update().get(pk=resident.pk)
    recent = ContactCheck.objects.filter(created_at__gt=timezone.now() - WINDOW)
    if (
        recent.filter(resident=resident).count() >= MOST_ASKED
        or recent.filter(address=contact).count() >= MOST_ASKED
    ):
        raise NotAllowed(
            _("We have sent several codes already. Please try again in an hour."), code="too_many"
        )
    check = ContactCheck.objects.create(resident=resident, channel=channel, address=contact)
    outbox.enqueue(CODE, str(check.pk), {"check": str(check.pk)})
    return check


def waiting(resident: User, channel: str) -> ContactCheck | None:
    """The check that a code can be typed for just now."""
    newest = ContactCheck.objects.filter(resident=resident, channel=channel).first()
    if newest is None or newest.used or newest.wrong >= MOST_WRONG or has_run_out(newest):
        return None
    return newest


def has_run_out(check: ContactCheck) -> bool:
    return check.created_at + LASTS <= timezone.now()


@transaction.atomic
def confirm(*, resident: User, channel: str, code: str) -> bool:
    """Whether it was the right code; then what was sent there is wanted there.

    A wrong one is counted. Raises `NotAllowed` when no code is waited for (any more).
    """
    User.objects.select_for_update().get(pk=resident.pk)
    check = waiting(resident, channel)
    if check is None:
        raise NotAllowed(
            _("This code has run out or was wrong too often. Please ask for a new one."),
            code="no_check",
        )
    typed = "".join(unicodedata.normalize("NFKC", code[:40]).split())
    if not hmac.compare_digest(typed.encode(), code_of(check).encode()):
        check.wrong += 1
        check.save(update_fields=["wrong"])
        return False
    check.used = True
    check.save(update_fields=["used"])
    chosen, _made = Preference.objects.get_or_create(
        resident=resident, defaults={"channels": [MAIL]}
    )
    chosen.channels = sorted({*chosen.channels, channel})
    if channel == SMS:
        chosen.phone = check.address
    else:
        resident.email = check.address
        resident.save(update_fields=["email"])
        # Whoever read the code there, gets mail there.
        addresses.revive(resident)
    chosen.save(update_fields=["phone", "channels", "updated_at"])
    return True


@transaction.atomic
def remove(*, resident: User) -> None:
    """Forget the number; no more SMS."""
    for chosen in Preference.objects.select_for_update().filter(resident=resident):
        chosen.phone = ""
        chosen.channels = [each for each in chosen.channels if each != SMS]
        chosen.save(update_fields=["phone", "channels", "updated_at"])
    ContactCheck.objects.filter(resident=resident, channel=SMS).update(used=True)


def code_of(check: ContactCheck) -> str:
    """Six digits, from the platform's secret and the row: no table and no message holds them."""
    salt = f"contact code:{connection.schema_name}"
    digest = salted_hmac(salt, f"{check.pk}:{check.address}", algorithm="sha256").digest()
    return f"{int.from_bytes(digest[:8], 'big') % 1_000_000:06d}"


def forget_old() -> None:
    """A chore: nothing needs a check after the window of its limits."""
    ContactCheck.objects.filter(created_at__lt=timezone.now() - _KEPT).delete()
