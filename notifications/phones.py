"""A resident's own number for SMS: a code is sent there and typed here once."""

from __future__ import annotations

import hmac
import re
import unicodedata
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from common import outbox
from common.database import connection
from common.errors import InvalidInput, NotAllowed
from identity.models import User
from notifications.channels import sms
from notifications.models import Delivery, PhoneCheck, Preference

PHONE_CODE = "notifications.phone_code"

LASTS = timedelta(minutes=10)
#: Wrong codes for one SMS; with one million codes a guesser has one chance in 200,000.
MOST_WRONG = 5
#: SMS within `WINDOW`, for one resident and to one number: each costs the town money, and the
#: number may be somebody else's.
MOST_ASKED = 3
WINDOW = timedelta(hours=1)
_KEPT = timedelta(days=1)
# Mobile numbers of Japan: 060, 070, 080, 090 and eight digits.
_MOBILE = re.compile(r"(?:\+81|0)([6789]0\d{8})")


def normalised(typed: str) -> str:
    """``+8190…`` of what was typed, dashes or not, wide or narrow. Raises `InvalidInput`."""
    narrow = unicodedata.normalize("NFKC", typed[:40])
    plain = "".join(each for each in narrow if not each.isspace() and each not in "-‐‑–—ー−()")
    found = _MOBILE.fullmatch(plain)
    if found is None or not plain.isascii():
        raise InvalidInput(
            {"phone": [_("Write the number of a mobile phone, such as 090-1234-5678.")]}
        )
    return f"+81{found[1]}"


@transaction.atomic
def ask(*, resident: User, phone: str) -> PhoneCheck:
    """Send a code to `phone`. Raises `InvalidInput` by field, `NotAllowed`."""
    if not sms.is_offered():
        raise NotAllowed(_("This municipality sends no SMS."), code="not_offered")
    number = normalised(phone)
    # One after the other, so that many at once are counted, too.
    User.objects.select_for_update().get(pk=resident.pk)
    recent = PhoneCheck.objects.filter(created_at__gt=timezone.now() - WINDOW)
    if (
        recent.filter(resident=resident).count() >= MOST_ASKED
        or recent.filter(phone=number).count() >= MOST_ASKED
    ):
        raise NotAllowed(
            _("We have sent several codes already. Please try again in an hour."), code="too_many"
        )
    check = PhoneCheck.objects.create(resident=resident, phone=number)
    outbox.enqueue(PHONE_CODE, str(check.pk), {"check": str(check.pk)})
    return check


def waiting(resident: User) -> PhoneCheck | None:
    """The check that a code can be typed for just now."""
    newest = PhoneCheck.objects.filter(resident=resident).first()
    if newest is None or newest.used or newest.wrong >= MOST_WRONG or has_run_out(newest):
        return None
    return newest


def has_run_out(check: PhoneCheck) -> bool:
    return check.created_at + LASTS <= timezone.now()


@transaction.atomic
def confirm(*, resident: User, code: str) -> bool:
    """Whether it was the right code; then the number is the resident's, and SMS are wanted.

    A wrong one is counted. Raises `NotAllowed` when no code is waited for (any more).
    """
    User.objects.select_for_update().get(pk=resident.pk)
    check = waiting(resident)
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
        resident=resident, defaults={"channels": ["mail"]}
    )
    chosen.phone = check.phone
    chosen.channels = sorted({*chosen.channels, Delivery.Channel.SMS.value})
    chosen.save(update_fields=["phone", "channels", "updated_at"])
    return True


@transaction.atomic
def remove(*, resident: User) -> None:
    """Forget the number; no more SMS."""
    for chosen in Preference.objects.select_for_update().filter(resident=resident):
        chosen.phone = ""
        chosen.channels = [each for each in chosen.channels if each != Delivery.Channel.SMS]
        chosen.save(update_fields=["phone", "channels", "updated_at"])
    PhoneCheck.objects.filter(resident=resident).update(used=True)


def code_of(check: PhoneCheck) -> str:
    """Six digits, from the platform's secret and the row: no table and no message holds them."""
    salt = f"phone code:{connection.schema_name}"
    digest = salted_hmac(salt, f"{check.pk}:{check.phone}", algorithm="sha256").digest()
    return f"{int.from_bytes(digest[:8], 'big') % 1_000_000:06d}"


def forget_old() -> None:
    """A chore: nothing needs a check after the window of its limits."""
    PhoneCheck.objects.filter(created_at__lt=timezone.now() - _KEPT).delete()
