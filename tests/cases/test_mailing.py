"""Mails about a case go to the address that was written in its form."""

from __future__ import annotations

from datetime import time
from typing import Any

import pytest
from django.core import mail as outgoing
from django.test import Client
from django.urls import reverse

from cases import mailing
from cases.models import Case
from cases.telling import tell_resident
from common import outbox
from common.models import OutboxRow
from identity.models import User
from notifications import actions, addresses, queries
from notifications.addresses import Mailing
from notifications.models import Delivery, Message
from notifications.notices import DocumentReady
from tests.factories import cases as make
from tests.factories import people

TYPED = "typed@example.jp"


def sent_case(resident: User) -> Case:
    return make.submitted_case(resident=resident, answers={"email": TYPED})


def mails() -> list[Any]:
    """What the worker sends now."""
    for row in OutboxRow.objects.filter(kind=actions.MAIL, state="pending"):
        outbox.handlers.get(row.kind)(row.payload)
        OutboxRow.objects.filter(pk=row.pk).update(state="done")
    return outgoing.outbox


def tell(case: Case, happening: str = "letter") -> None:
    tell_resident(Case.objects.get(pk=case.pk), DocumentReady, happening)


@pytest.fixture
def minor(town: Any) -> User:
    """The eID told no address."""
    return people.resident(email="")


def test_who_has_no_address_in_the_eid_gets_mail_at_the_typed_one(minor: User) -> None:
    tell(sent_case(minor))
    (mail,) = mails()
    assert mail.to == [TYPED]
    assert minor.name not in mail.message().as_string() + mail.body


def test_the_typed_address_counts_more_than_the_one_of_the_eid(town: Any) -> None:
    tell(sent_case(people.resident(email="old@example.jp")))
    assert [mail.to for mail in mails()] == [[TYPED]]


def test_a_form_without_an_address_leaves_the_accounts(town: Any) -> None:
    case = sent_case(people.resident(email="old@example.jp"))
    Case.objects.filter(pk=case.pk).update(corrected={"email": None})
    tell(case)
    assert [mail.to for mail in mails()] == [["old@example.jp"]]


def test_a_correction_changes_where_mails_go(minor: User) -> None:
    case = sent_case(minor)
    tell(case)
    Case.objects.filter(pk=case.pk).update(corrected={"email": "new@example.jp"})
    tell(case, "letter:2")
    assert {mail.to[0] for mail in mails()} == {"new@example.jp"}


def test_what_is_not_about_a_case_goes_to_the_account(town: Any) -> None:
    resident = people.resident(email="old@example.jp")
    sent_case(resident)
    actions.send(DocumentReady, resident=resident, context={"receipt_number": "1"}, key="other")
    assert [mail.to for mail in mails()] == [["old@example.jp"]]


def test_staff_get_their_mails_about_a_case_at_their_own_address(minor: User) -> None:
    case, worker = sent_case(minor), people.staff()
    User.objects.filter(pk=worker.pk).update(email="desk@example.jp")
    worker.refresh_from_db()
    message = actions.send(
        DocumentReady, resident=worker, context={"receipt_number": "1"}, key=f"case:{case.pk}:x"
    )
    wishes = queries.preference_of(worker)
    assert addresses.of(message, wishes) == Mailing("desk@example.jp")


def test_mails_switched_off_stay_off(minor: User) -> None:
    case = sent_case(minor)
    actions.set_preference(user=minor, channels=[])
    tell(case)
    assert mails() == []
    assert Delivery.objects.get(message__kind=DocumentReady.kind).reason == "unwanted"
    assert mailing.of_case(case) == Mailing(TYPED, "unwanted")


def test_an_address_from_which_mail_came_back_gives_way_to_the_accounts(town: Any) -> None:
    resident = people.resident(email="old@example.jp")
    case = sent_case(resident)
    addresses.bury(resident.pk, addresses.fingerprint(TYPED))
    tell(case)
    assert [mail.to for mail in mails()] == [["old@example.jp"]]
    addresses.bury(resident.pk, addresses.fingerprint("old@example.jp"))
    assert mailing.of_case(case) == Mailing(TYPED, "dead_address")


def test_a_digest_is_one_mail_to_each_address(town: Any) -> None:
    resident = people.resident(email="old@example.jp")
    case = sent_case(resident)
    actions.set_preference(user=resident, channels=["mail"], digest_at=time(18))
    tell(case)
    tell(case, "letter:2")
    actions.send(DocumentReady, resident=resident, context={"receipt_number": "1"}, key="other")
    assert mails() == []
    (row,) = OutboxRow.objects.filter(kind=actions.DIGEST)
    outbox.handlers.get(row.kind)(row.payload)
    assert {mail.to[0]: mail.body.count("・") for mail in outgoing.outbox} == {
        TYPED: 2,
        "old@example.jp": 1,
    }
    ids = {mail.extra_headers["Message-ID"] for mail in outgoing.outbox}
    kept = Delivery.objects.filter(message__kind=DocumentReady.kind)
    assert len(ids) == 2
    assert ids == set(kept.values_list("rfc_message_id", flat=True))


def test_the_check_page_and_the_receipt_name_the_address(
    minor: User, town: Any, client_for: Any
) -> None:
    draft = make.draft_ready_to_send(resident=minor, answers={"email": TYPED})
    browser: Client = client_for(town, minor)
    check = "/en" + reverse("portal:check", args=[draft.pk]).removeprefix("/en")
    assert f"A mail goes to {TYPED}." in browser.get(check).content.decode()
    receipt = browser.post(check).headers["Location"]
    assert f"A mail goes to {TYPED}." in browser.get(receipt).content.decode()


def test_without_an_address_the_pages_say_that_no_mail_goes_out(
    minor: User, town: Any, client_for: Any
) -> None:
    case = sent_case(minor)
    Case.objects.filter(pk=case.pk).update(corrected={"email": None})
    browser: Client = client_for(town, minor)
    receipt = browser.get(f"/en/applications/{case.pk}/receipt/").content.decode()
    assert "No mail is sent: no address is known." in receipt
    assert 'href="/en/messages/"' in receipt


def test_the_check_page_says_that_mails_are_switched_off(
    minor: User, town: Any, client_for: Any
) -> None:
    draft = make.draft_ready_to_send(resident=minor, answers={"email": TYPED})
    actions.set_preference(user=minor, channels=[])
    browser: Client = client_for(town, minor)
    check = "/en" + reverse("portal:check", args=[draft.pk]).removeprefix("/en")
    text = browser.get(check).content.decode()
    assert "No mail is sent: mails are switched off." in text
    assert 'href="/en/messages/settings/"' in text


def test_who_writes_to_the_office_reads_where_the_answer_comes(
    minor: User, town: Any, client_for: Any
) -> None:
    case = sent_case(minor)
    browser: Client = client_for(town, minor)
    begin = f"/en/applications/{case.pk}/messages/new/"
    page = browser.get(begin).content.decode()
    assert f"When there is an answer: A mail goes to {TYPED}." in page
    actions.set_preference(user=minor, channels=[])
    page = browser.get(begin)
    assert "No mail is sent: mails are switched off." in page.content.decode()
    seen, draft = page.context["page"].seen, page.context["page"].draft.pk
    hidden = {"draft": str(draft), "_seen": seen, "_shown": page.context["page"].shown}
    typed = {"subject": "日程", "text": "いつですか。"}
    answer = browser.post(begin, hidden | typed, follow=True)
    text = answer.content.decode()
    assert "you read it here. No mail is sent: mails are switched off." in text


def test_the_inbox_has_no_copy_of_the_address(minor: User) -> None:
    tell(sent_case(minor))
    (message,) = Message.objects.filter(kind=DocumentReady.kind)
    assert TYPED not in str([message.context, message.key, str(message.body)])
