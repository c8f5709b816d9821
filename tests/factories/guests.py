"""Somebody who fills in without having signed in, in the town that is active."""

from __future__ import annotations

import uuid
from typing import Any

from cases import case_keys, guest_sending, links, proving, resuming
from cases.links import Purpose
from cases.models import Case, SendingAddress
from catalogue.models import Offering
from forms import guests
from forms.guests import Guest
from forms.models import Draft, ResumeLink
from tests.factories import cases

ADDRESS = "guest@example.jp"


def guest(name: str = "a browser") -> Guest:
    return Guest.of(name)


def draft(of: Offering, whose: Guest | None = None) -> Draft:
    """What a guest has begun."""
    return guests.begin(guest=whose or guest(), version=of.form_version, subject=of.slug)


def token_of(link: ResumeLink) -> str:
    """What the mail holds."""
    return links.token_of(Purpose.RESUME, link.pk, link.token_hash)


def resume_link(of: Offering) -> str:
    """The token of a link that works."""
    begun = draft(of)
    link = resuming.ask(draft=begun, guest=Guest(begun.guest), address=ADDRESS, language="ja")
    return token_of(link)


#: What somebody without an eID writes of themselves.
PERSON = {
    "name": "山田 はなこ",
    "name_kana": "ヤマダ ハナコ",
    "birth_date": "1985-04-12",
    "address": {
        "postalCode": "1000001",
        "prefecture": "東京都",
        "city": "千代田区",
        "streetAddress": "千代田1-1",
    },
    "phone": "090-1234-5678",
    "email": "hanako@example.jp",
}


def ready(of: Offering, whose: Guest | None = None, **changes: Any) -> Draft:
    """A guest's draft with everything answered."""
    made = draft(of, whose)
    known = made.form.questions_by_id
    person = {name: value for name, value in PERSON.items() if name in known}
    usual = cases._ANSWERS.get(of.template_key, lambda _of: {})
    made.answers = person | usual(of) | changes
    for question_id in cases._FILES.get(of.template_key, ()):
        made.answers[question_id] = [str(cases.attachment(made, question_id).pk)]
    made.steps_done = [step.id for step in made.form.steps]
    made.save(update_fields=["answers", "steps_done"])
    return made


def code_of(draft: Draft) -> str:
    """What the mail with the code holds."""
    row = SendingAddress.objects.get(draft=draft)
    found = proving.code_to_send(str(draft.pk), row.number)
    assert found is not None
    return found[1]


def show(draft: Draft, address: str = ADDRESS, language: str = "ja") -> Draft:
    """The address of a draft, shown by its code."""
    guest = Guest(draft.guest)
    proving.ask(draft=draft, guest=guest, address=address, language=language)
    assert proving.confirm(draft=draft, guest=guest, code=code_of(draft))
    return draft


def sent_case(
    of: Offering | None = None, whose: Guest | None = None, language: str = "ja", **changes: Any
) -> Case:
    """What a guest has sent; of the stalls' notification, unless told otherwise."""
    made = ready(of or cases.offering("street_stalls"), whose, **changes)
    show(made, language=language)
    return guest_sending.send(draft=made, guest=Guest(made.guest), language=language)


def case_link(case: Case) -> str:
    """The token of a link that opens it."""
    token = case_keys.new_link(case, str(uuid.uuid4()))
    assert token is not None
    return token
