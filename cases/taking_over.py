"""What was sent without signing in goes into an account: asked for, once, and noted.

The application itself never changes, and keeps saying how it was sent. The case with its files,
messages and entry in the register becomes the account's.
"""

from __future__ import annotations

from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from audit import ledger
from cases import case_keys, timeline
from cases.models import Case, CaseKey, RegisterEntry
from cases.steps import about, locked
from common.actor import Actor
from common.errors import NotAllowed, NotFound
from forms.guests import Guest
from forms.models import Attachment, Draft, Upload
from identity.counter.queries import squeezed
from identity.models import User
from notifications.models import Message


def fits(case: Case, user: User) -> bool:
    """Whether the name in the application is the one that the account's eID asserts."""
    return squeezed(case.resident.name) == squeezed(user.name)


@transaction.atomic
def put_into_account(*, case: Case, user: User, guest: Guest) -> Case:
    """The case is `user`'s, who has opened it in this browser as `guest`.

    An address for mail shows that somebody reads it, not who they are: the name must be that of
    the eID, too. A second time changes nothing. Raises `NotFound`, `NotAllowed`.
    """
    case = locked(case, None)
    if case.resident_id == user.pk:
        return case
    if not case.is_guests or not case_keys.is_open(case, guest):
        raise NotFound(_("There is no such application."), code="no_case")
    if not fits(case, user):
        raise NotAllowed(
            _(
                "The name in the application is not that of your eID, so it stays as it is. You "
                "can go on with it by its link. If it is yours, please ask the office."
            ),
            code="other_person",
        )
    record = case.resident
    case.resident, case.lock = user, case.lock + 1
    case.save(update_fields=["resident", "lock"])
    for owned in (Attachment, Upload):
        owned.objects.filter(owner=record).update(owner=user)
    Draft.objects.filter(resident=record).update(resident=user)
    with translation.override("ja"):  # the reader's own language is added to the path
        path = reverse("portal:case", args=[case.pk])
    Message.objects.filter(recipient=record).update(recipient=user, path=path)
    RegisterEntry.objects.filter(holder=record).update(holder=user)
    CaseKey.objects.filter(case=case).delete()
    # The name stays with the application, which is never changed; the address is not needed.
    User.objects.filter(pk=record.pk).update(email="", is_active=False)
    timeline.add(case, "into_account")
    for person in (record, user):
        ledger.record(
            event="case.into_account",
            by=Actor.of(user),
            **(about(case, record=str(record.pk)) | {"about": str(person.pk)}),
        )
    return case
