"""Where mails about a case go: to the address that was written in its form.

It is read from the answers as they stand, each time: so a correction changes it, nothing copies it,
and it goes when the case is deleted. See docs/adr/0030-where-mails-go.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cases.models import Case
from forms.definitions import FormDefinition
from forms.models import Draft
from forms.validation import is_uuid
from identity.claims import EMAIL
from identity.models import User
from notifications import addresses, queries
from notifications.addresses import Mailing
from notifications.models import Message


def written(form: FormDefinition, answers: Mapping[str, Any]) -> str:
    """The address that a form was given for news about the application; "" for none."""
    given = (answers.get(one.id) for one in form.questions() if one.concept == EMAIL)
    return next((str(address) for address in given if address), "")


def own_of(case: Case) -> str:
    """The address written in a case; "" without a sign-in, where only one that was shown counts."""
    return "" if case.is_guests else written(case.application.version.form, case.answers)


def of_case(case: Case) -> Mailing:
    """Where the next mail about the case goes."""
    return _mailing(case.resident, own_of(case))


def of_draft(draft: Draft, answers: Mapping[str, Any], shown: str) -> Mailing | None:
    """Where mails will go once a draft is sent with these `answers`.

    `shown`: the address for mail that a guest has shown. None: they have not shown any yet, or sign
    in first.
    """
    if draft.is_guest:
        return Mailing(shown) if shown else None
    return _mailing(draft.applicant, written(draft.form, answers))


def of_message(message: Message) -> str:
    """The address of the case that a message to its resident is about; "" for anything else."""
    case = about(message)
    if case is None or case.resident_id != message.recipient_id:
        return ""
    return own_of(case)


def about(message: Message) -> Case | None:
    """The case that a message is about, by its key (`cases.telling.key_of`)."""
    kind, _sign, rest = message.key.partition(":")
    case_id = rest.partition(":")[0]
    if kind != "case" or not is_uuid(case_id):
        return None
    return Case.objects.select_related("application", "resident").filter(pk=case_id).first()


def _mailing(recipient: User, own: str) -> Mailing:
    return addresses.mailing(recipient, own, queries.preference_of(recipient))
