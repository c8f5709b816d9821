"""One-time codes: made, tried, used up. A wrong one counts, and a few make one wait."""

from __future__ import annotations

import secrets
import unicodedata
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from audit import ledger
from common.actor import Actor
from common.database import connection
from common.errors import InvalidInput, NotAllowed
from identity import events
from identity.counter.models import CounterCode, WrongCode
from identity.models import User

Purpose = CounterCode.Purpose

#: Digits are read out and typed quickest; without the letters that look alike for what is typed at
#: home from paper.
_ALPHABETS = {Purpose.HELP: "0123456789", Purpose.JOIN: "23456789ABCDEFGHJKMNPQRSTUVWXYZ"}
_LENGTHS = {Purpose.HELP: 8, Purpose.JOIN: 12}
LASTS = {Purpose.HELP: timedelta(minutes=10), Purpose.JOIN: timedelta(days=90)}
#: So many wrong ones within `WINDOW`, and the next is not even looked at: with one live code among
#: 10⁸ a helper who guesses all year long has about one chance in five hundred of hitting it.
MOST_WRONG = 5
WINDOW = timedelta(minutes=15)


@transaction.atomic
def make(*, resident: User, purpose: str, by: Actor) -> tuple[str, CounterCode]:
    """A new code, grouped for reading; an earlier one works no more. Shown once, kept hashed."""
    kind = Purpose(purpose)
    User.objects.select_for_update().get(pk=resident.pk)
    CounterCode.objects.filter(resident=resident, purpose=kind).delete()
    while True:
        code = "".join(secrets.choice(_ALPHABETS[kind]) for _place in range(_LENGTHS[kind]))
        if not CounterCode.objects.filter(code_hash=_hash(code, kind)).exists():
            break
    row = CounterCode.objects.create(
        resident=resident,
        purpose=kind,
        code_hash=_hash(code, kind),
        expires_at=timezone.now() + LASTS[kind],
    )
    if kind == Purpose.HELP:
        _note(events.COUNTER_CODE_MADE, by, about=str(resident.pk))
    else:
        _note(events.COUNTER_JOIN_CODE_MADE, by, about=str(resident.pk))
    return " ".join(code[start : start + 4] for start in range(0, len(code), 4)), row


@transaction.atomic
def use(*, code: str, purpose: str, user: User) -> User | None:
    """Whose code that is, which is used up by this. None: no such code, and that was counted.

    Raises `NotAllowed` when `user` has tried too often, `InvalidInput` for what is no code at all.
    """
    kind = Purpose(purpose)
    # One try after the other, so that many at once are counted, too.
    User.objects.select_for_update().get(pk=user.pk)
    now = timezone.now()
    WrongCode.objects.filter(user=user, at__lt=now - WINDOW).delete()
    if WrongCode.objects.filter(user=user).count() >= MOST_WRONG:
        raise NotAllowed(
            _("Too many wrong codes. Please wait %(minutes)s minutes, then ask for a new code.")
            % {"minutes": int(WINDOW.total_seconds() // 60)},
            code="too_many",
        )
    typed = _plain(code)
    if len(typed) != _LENGTHS[kind] or set(typed) - set(_ALPHABETS[kind]):
        raise InvalidInput(
            {"code": [_("Write the %(count)s characters of the code.") % {"count": _LENGTHS[kind]}]}
        )
    found = (
        CounterCode.objects.select_for_update(of=("self",))
        .select_related("resident")
        .filter(code_hash=_hash(typed, kind), purpose=kind, expires_at__gt=now)
        .first()
    )
    if found is None or not found.resident.is_active:
        WrongCode.objects.create(user=user)
        _note(events.COUNTER_CODE_REFUSED, Actor.of(user), about=None, purpose=kind.value)
        return None
    found.delete()
    return found.resident


def _plain(code: str) -> str:
    """Without spaces and dashes, in narrow capitals, however it was typed."""
    narrow = unicodedata.normalize("NFKC", code[:100]).upper()
    return "".join(each for each in narrow if not each.isspace() and each not in "-‐‑–—ー−")


def _hash(code: str, purpose: Purpose) -> str:
    """Keyed: eight digits could be tried out from a plain hash. Bound to the municipality."""
    salt = f"counter code:{connection.tenant.schema_name}:{purpose.value}"
    return salted_hmac(salt, code, algorithm="sha256").hexdigest()


def _note(event: str, by: Actor, *, about: str | None, **data: str) -> None:
    ledger.record(
        event=event, by=by, about=about, object_kind="user", object_id=about or by.id, data=data
    )
