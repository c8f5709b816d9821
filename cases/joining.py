"""Joining what was entered at the counter, for somebody without an eID, with the eID they have now.

Applications never change whose they are, so the eID moves: it signs in to the record of the counter
from now on, and the account of the first sign-in, in which nothing was begun, is closed.
"""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from audit import ledger
from cases.models import Application
from common.actor import Actor
from common.errors import Conflict, NotAllowed
from forms.models import Attachment, Draft, Upload
from identity.counter import codes, queries
from identity.models import (
    CounterCode,
    EidIdentity,
    EidSession,
    Helping,
    Representation,
    User,
)


def join(*, user: User, code: str, name: str, birth_date: date) -> User | None:
    """Whose record the eID of `user` belongs to from now on; None: there is no such code.

    `name` and `birth_date` are what the eID asserts. All three must fit: the code from the paper,
    the day of birth and the name; a name alone joins nothing. The caller ends the session. Raises
    `NotAllowed`, `Conflict`, `InvalidInput`.
    """
    if Application.objects.filter(resident=user).exists():
        raise Conflict(
            _(
                "You have applied with your eID already, so the two cannot be joined any more. "
                "What was entered at the counter is answered by post. Please ask there."
            ),
            code="not_empty",
        )
    record = codes.use(code=code, purpose=CounterCode.Purpose.JOIN, user=user)
    if record is None:
        return None
    last = (
        Helping.objects.select_related("representation")
        .filter(resident=record)
        .order_by("-opened_at")
        .first()
    )
    fits = (
        last is not None
        and not hasattr(record, "eid")
        and last.representation.birth_date == birth_date
        and queries.squeezed(last.representation.name) == queries.squeezed(name)
    )
    if not fits:
        raise NotAllowed(
            _(
                "Name or date of birth at the counter were not those of your eID. For your safety "
                "the code does not work any more. Please ask at the counter, with your paper."
            ),
            code="other_person",
        )
    _move(user, record)
    return record


@transaction.atomic
def _move(user: User, record: User) -> None:
    EidIdentity.objects.select_for_update().get(user=user)
    EidIdentity.objects.filter(user=user).update(user=record)
    EidSession.objects.filter(user=user).delete()
    # What was begun at home comes along; files belong to whose answers they are in.
    Draft.objects.filter(resident=user).update(resident=record)
    for owned in (Attachment, Upload, Representation):
        owned.objects.filter(owner=user).update(owner=record)
    Representation.objects.filter(person=user).update(person=record)
    User.objects.filter(pk=user.pk).update(is_active=False)
    if user.email and not record.email:
        User.objects.filter(pk=record.pk).update(email=user.email)
    for about in (user, record):
        ledger.record(
            event="counter.joined",
            by=Actor.of(user),
            about=str(about.pk),
            object_kind="user",
            object_id=str(record.pk),
            purpose="counter",
        )
