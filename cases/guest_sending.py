"""Sending without signing in.

As at the counter for somebody without an eID, a record is made that nobody signs in to; here it
holds what the guest wrote of themselves and the address that they have shown, and is of this one
application. So everything that follows a submission works as it is.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from cases import actions, case_keys, policies, proving, queries
from cases.models import Case, SendingAddress
from catalogue.queries import published_one
from common.errors import NotAllowed
from forms import adoption
from forms.errors import DraftClosed
from forms.guests import Guest
from forms.models import Draft
from identity.claims import FULL_NAME, FULL_NAME_KANA
from identity.models import User


@transaction.atomic
def send(*, draft: Draft, guest: Guest, language: str, mark: str = "") -> Case:
    """Send a guest's draft with the address that they have shown, and open it in this browser.

    Idempotent as `cases.actions.submit_application`, and raises what that raises; `NotAllowed`
    where no address was shown or a sign-in is needed, `DraftClosed` for what is not this guest's.
    """
    held = Draft.objects.select_for_update().get(pk=draft.pk)
    if not held.is_guest or held.guest != guest.digest:
        return _sent_before(held, guest)
    offering = published_one(held.subject)
    if offering is not None:  # else the submission says so
        policies.check_sends_without_sign_in(offering)
    address = proving.shown(held)
    if not held.is_open or not address:
        raise NotAllowed(
            _("First show that the e-mail address is yours, with the code that we send there."),
            code="no_address",
        )
    record = User.objects.create_resident(
        name=_written(held, FULL_NAME),
        name_kana=_written(held, FULL_NAME_KANA),
        email=address,
        language=language,
    )
    held.resident, held.guest = record, ""
    held.save(update_fields=["resident", "guest"])
    adoption.pass_files(held, record)
    case = actions.submit_application(
        draft=draft,
        by=case_keys.actor_of(record),
        language=language,
        without_sign_in=True,
        mark=mark,
    )
    SendingAddress.objects.filter(draft=held).delete()
    case_keys.keep_open(case, guest)
    return case


def _sent_before(draft: Draft, guest: Guest) -> Case:
    """A second "send": the case of the first, if this browser may open it."""
    sent = queries.case_of_draft(draft.pk)
    if sent is None or not case_keys.is_open(sent, guest):
        raise DraftClosed
    return sent


def _written(draft: Draft, concept: str) -> str:
    answers: list[Any] = [
        draft.answers.get(question.id)
        for question in draft.form.questions()
        if question.concept == concept
    ]
    return " ".join(str(answer) for answer in answers[:1] if answer)[:200]
