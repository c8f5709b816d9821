"""Sending without signing in, over HTTP: an address is shown, the application sent and followed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from audit.models import LedgerEntry
from cases import (
    actions,
    alarms,
    case_keys,
    exports,
    guest_sending,
    proving,
    taking_over,
    writing,
)
from cases.columns import Columns
from cases.exports import Format, Selection
from cases.letters import addressee_of
from cases.models import (
    Application,
    Case,
    CaseKey,
    CorrectionRequest,
    SendingAddress,
    Thread,
)
from catalogue.models import Offering
from common import kept, outbox
from common.actor import Actor
from common.errors import NotFound
from common.models import OutboxRow
from forms import drafts
from forms.errors import DraftClosed
from forms.guests import Guest
from forms.models import Attachment, Draft
from identity.models import User
from notifications.models import Message
from tests.factories import cases as make
from tests.factories import guests as begun
from tests.factories import people
from tests.portal import steps

BEGIN = "/en/apply/street-stalls/without-sign-in/"
ADDRESS = "hanako@example.jp"


@pytest.fixture(autouse=True)
def _no_limits_reached(town: Any) -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def stalls(town: Any) -> Offering:
    return make.offering("street_stalls")


@pytest.fixture
def telephone(town: Any, client_for: Callable[..., Client]) -> Client:
    """Another browser without a session."""
    return client_for(town)


def path(name: str, *more: Any) -> str:
    with translation.override("ja"):  # the last request's language is still active
        return reverse(name, args=more)


def url(name: str, of: Draft | Case, *more: Any) -> str:
    return "/en" + path(f"portal:{name}", of.pk, *more)


def led(answer: Any) -> str:
    """Where an answer leads, without the language."""
    return str(answer.headers["Location"]).removeprefix("/en")


def answered(browser: Client) -> Draft:
    """Begun in this browser, and everything answered."""
    answer = browser.post(BEGIN)
    draft = Draft.objects.get(pk=answer.headers["Location"].rstrip("/").rsplit("/", 1)[1])
    ready = begun.ready(make.offering("street_stalls"), Guest(draft.guest))
    assert ready == draft
    return ready


def show(browser: Client, draft: Draft, address: str = ADDRESS) -> None:
    """Asks for a code, takes it out of the mail, types it."""
    assert browser.post(url("send_by_mail", draft), {"address": address}).status_code == 302
    outbox.drain()
    code = begun.code_of(draft)
    assert any(code in str(one.body) for one in mail.outbox if one.to == [address])
    answer = browser.post(url("send_by_mail", draft), {"code": f" {code[:4]} {code[4:]}"})
    assert led(answer) == path("portal:check", draft.pk)


def send(browser: Client, draft: Draft) -> Any:
    return browser.post(url("check", draft), {"_version": draft.version_id})


def sent(browser: Client) -> Case:
    draft = answered(browser)
    show(browser, draft)
    assert "/receipt/" in send(browser, draft).headers["Location"]
    return Case.objects.get(application__idempotency_key=draft.pk)


def mailed_link() -> str:
    """The path in the newest mail with a link."""
    found = [re.search(r"/open/[\w-]+/", str(one.body)) for one in mail.outbox]
    return [one[0] for one in found if one is not None][-1]


def opened(browser: Client, case: Case) -> None:
    """By a link that was asked for with number and address."""
    answer = browser.post(
        "/link-to-an-application/",
        {"number": case.application.receipt_number.lower(), "address": ADDRESS.upper()},
    )
    assert answer.status_code == 302
    outbox.drain()
    assert browser.post(mailed_link()).status_code == 302


def status(browser: Client, case: Case, name: str = "case") -> int:
    return int(browser.get(url(name, case)).status_code)


def text(browser: Client, address: str) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    return str(answer.content.decode())


# --- showing an address, sending ----------------------------------------------------------------
def test_both_ways_are_offered_and_one_is_taken(stalls: Offering, visitor: Client) -> None:
    assert "You can apply without signing in" in text(visitor, "/en/apply/street-stalls/")
    draft = answered(visitor)
    page = text(visitor, url("check", draft))
    assert "Sign in with eID to send" in page
    assert f'href="{url("send_by_mail", draft)}"' in page
    assert "Send the application" not in page
    assert 'value="hanako@example.jp"' in text(visitor, url("send_by_mail", draft))
    show(visitor, draft)
    assert f"We write to {ADDRESS}" in text(visitor, url("check", draft))
    receipt = send(visitor, draft).headers["Location"]
    application = Application.objects.get(idempotency_key=draft.pk)
    page = text(visitor, receipt)
    assert application.receipt_number in page
    assert ADDRESS in page
    record = application.resident
    assert (record.name, record.email, record.language) == ("山田 はなこ", ADDRESS, "en")
    assert (application.without_sign_in, hasattr(record, "eid")) == (True, False)
    assert not SendingAddress.objects.filter(draft=draft).exists()
    assert Attachment.objects.get(draft=draft).owner == record
    entry = LedgerEntry.objects.get(event="application.submitted", about=record.pk)
    assert (entry.actor_kind, entry.actor_id) == ("guest", str(record.pk))
    assert entry.data["without_sign_in"] is True


def test_receipt_comes_by_mail_without_more_than_the_number(
    stalls: Offering, visitor: Client
) -> None:
    case = sent(visitor)
    outbox.drain()
    received = mail.outbox[-1]
    assert received.to == [ADDRESS]
    body = str(received.body)
    assert case.application.receipt_number in body
    assert f"/en/applications/{case.pk}/by-mail/" in body
    assert "You need no account" in body
    assert "stalls" not in body + received.subject
    assert "千代田" not in body


def test_sending_twice_and_in_two_tabs_is_sending_once(stalls: Offering, visitor: Client) -> None:
    draft = answered(visitor)
    show(visitor, draft)
    first, second = send(visitor, draft), send(visitor, draft)
    assert first.headers["Location"] == second.headers["Location"]
    assert Application.objects.filter(idempotency_key=draft.pk).count() == 1
    # A tab whose session is from before the first "send".
    again = guest_sending.send(draft=draft, guest=Guest(draft.guest), language="ja")
    assert again.application.idempotency_key == draft.pk
    stranger = begun.guest("somebody else")
    with pytest.raises(DraftClosed):
        guest_sending.send(draft=draft, guest=stranger, language="ja")


def test_without_a_shown_address_nothing_is_sent(stalls: Offering, visitor: Client) -> None:
    draft = answered(visitor)
    assert "/eid/start/" in send(visitor, draft).headers["Location"]
    visitor.post(url("send_by_mail", draft), {"address": ADDRESS})
    assert "/eid/start/" in send(visitor, draft).headers["Location"]
    for wrong in ("", "12345678", "x" * 5000):
        answer = visitor.post(url("send_by_mail", draft), {"code": wrong})
        assert answer.status_code == 422
        assert "This is not the code" in answer.content.decode()
    assert not Application.objects.filter(idempotency_key=draft.pk).exists()


def test_code_is_tried_a_few_times_and_runs_out(stalls: Offering, visitor: Client) -> None:
    draft = answered(visitor)
    here = url("send_by_mail", draft)
    visitor.post(here, {"address": ADDRESS})
    code = begun.code_of(draft)
    for _ in range(proving.MOST_WRONG):
        visitor.post(here, {"code": "00000000"})
    answer = visitor.post(here, {"code": code})
    assert answer.status_code == 422
    assert "run out or was wrong too often" in answer.content.decode()
    visitor.post(here, {"address": ADDRESS})
    code = begun.code_of(draft)
    with time_machine.travel(timezone.now() + timedelta(minutes=11), tick=False):
        assert visitor.post(here, {"code": code}).status_code == 422
    assert proving.shown(draft) == ""


def test_address_changed_after_the_code_needs_a_new_one(stalls: Offering, visitor: Client) -> None:
    draft = answered(visitor)
    here = url("send_by_mail", draft)
    visitor.post(here, {"address": "mine@example.jp"})
    code = begun.code_of(draft)
    visitor.post(here, {"address": "theirs@example.jp"})
    assert visitor.post(here, {"code": code}).status_code == 422
    show(visitor, draft, "mine@example.jp")
    visitor.post(here, {"address": "theirs@example.jp"})  # in another tab, before "send"
    assert "/eid/start/" in send(visitor, draft).headers["Location"]
    assert not Application.objects.filter(idempotency_key=draft.pk).exists()


def test_shown_address_does_not_move_with_the_draft(
    stalls: Offering, visitor: Client, telephone: Client
) -> None:
    draft = answered(visitor)
    show(visitor, draft)
    visitor.post(url("go_on_later", draft), {"address": ADDRESS})
    outbox.drain()
    found = re.search(r"/go-on/[\w-]+/", str(mail.outbox[-1].body))
    assert found is not None
    telephone.post(found[0])
    assert "/eid/start/" in send(telephone, draft).headers["Location"]
    assert send(visitor, draft).status_code == 404
    assert telephone.get(url("send_by_mail", draft)).status_code == 200


@pytest.mark.parametrize("wrong", ["", "me", "a@b", "a@b.jp\nBcc: c@d.jp"])
def test_address_is_checked(stalls: Offering, visitor: Client, wrong: str) -> None:
    answer = visitor.post(url("send_by_mail", answered(visitor)), {"address": wrong})
    assert answer.status_code == 422
    assert "name@example.jp" in answer.content.decode()
    assert not SendingAddress.objects.exists()


def test_codes_have_limits(stalls: Offering, visitor: Client, settings: Any) -> None:
    draft = answered(visitor)
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "guest_code_to": "1/h/key"}
    here = url("send_by_mail", draft)
    assert visitor.post(here, {"address": ADDRESS}).status_code == 302
    assert visitor.post(here, {"address": ADDRESS.upper()}).status_code == 429
    SendingAddress.objects.update(number=proving.MOST_CODES)
    answer = visitor.post(here, {"address": "other@example.jp"})
    assert answer.status_code == 409
    assert "Too many codes" in answer.content.decode()


def test_town_may_ask_for_the_sign_in_all_the_same(stalls: Offering, visitor: Client) -> None:
    draft = answered(visitor)
    show(visitor, draft)
    stalls.settings = {**stalls.settings, "sign_in": "to_send"}
    stalls.save()
    kept.forget()
    assert url("send_by_mail", draft) not in text(visitor, url("check", draft))
    assert visitor.get(url("send_by_mail", draft)).status_code == 302
    answer = send(visitor, draft)
    assert answer.status_code == 409
    assert "Sign in with your eID to send" in answer.content.decode()
    assert not Application.objects.filter(idempotency_key=draft.pk).exists()


def test_what_is_missing_is_said_and_nothing_is_left(stalls: Offering, visitor: Client) -> None:
    draft = answered(visitor)
    show(visitor, draft)
    people_before = User.objects.count()
    Draft.objects.filter(pk=draft.pk).update(answers={**draft.answers, "event_name": ""})
    assert send(visitor, draft).status_code == 422
    draft.refresh_from_db()
    assert (draft.is_guest, User.objects.count()) == (True, people_before)


# --- what follows -------------------------------------------------------------------------------
def test_case_is_followed_corrected_and_its_letter_read(stalls: Offering, visitor: Client) -> None:
    case = sent(visitor)
    worker = people.caseworker()
    actions.open_case(case=case, by=Actor.of(worker))
    actions.claim_case(case=case, by=worker)
    make.correction_of(case, question_ids=("event_name",), by=worker)
    outbox.drain()
    page = text(visitor, url("case", case))
    assert "It is your turn" in page
    assert "Please check your application" in page  # the message, with all of its text
    assert f"{worker.name} opened the application and read it" in page
    assert "Close it in this browser" in page
    answer = visitor.post(url("correction", case), _correction(visitor, case))
    assert answer.headers["Location"].endswith("/correction/send/")
    assert visitor.post(url("correction_send", case)).status_code == 302
    case.refresh_from_db()
    assert case.corrected["event_name"] == "春まつり"
    fresh = Case.objects.get(pk=case.pk)
    decision = make.decision_on(fresh, "acknowledged", by=worker)
    outbox.drain()
    decision.refresh_from_db()
    assert decision.letter is not None
    assert addressee_of(decision.case).address == "東京都千代田区千代田1-1"
    assert status(visitor, case, "decision") == 200
    pdf = visitor.get(url("document", case, decision.letter.pk))
    assert b"".join(pdf.streaming_content).startswith(b"%PDF")
    for name in ("sent", "receipt", "data"):
        assert "山田" in visitor.get(url(name, case)).content.decode() or name == "receipt"
    assert len([one for one in mail.outbox if one.to == [ADDRESS]]) == 4  # code, 3 notices


def test_guest_and_office_write_to_each_other_with_files(stalls: Offering, visitor: Client) -> None:
    case = sent(visitor)
    assert url("thread_new", case) in text(visitor, url("case", case))
    page = text(visitor, url("thread_new", case))
    hidden = dict(re.findall(r'name="(draft|_seen|_shown)" value="([^"]*)"', page))
    pieces = re.findall(r'data-uploads="([^"]*)"', page)
    assert visitor.get(pieces[0]).status_code == 200
    answer = visitor.post(
        url("thread_new", case),
        {**hidden, "subject": "消火器", "text": "10本です。", "files": steps.picture()},
    )
    thread = Thread.objects.get(case=case)
    assert answer.headers["Location"].endswith(path("portal:thread", case.pk, thread.pk))
    assert "10本です。" in text(visitor, url("thread", case, thread.pk))
    file = Attachment.objects.get(draft__subject__startswith="message:")
    assert visitor.get(url("thread_file", case, file.pk)).status_code == 200
    stranger = Client(HTTP_HOST="shiomi.localhost")
    for address in (url("thread", case, thread.pk), url("thread_file", case, file.pk)):
        assert stranger.get(address).status_code in (302, 404)
    assert stranger.get(pieces[0]).status_code == 401


def test_later_mails_lead_to_where_a_link_is_mailed(stalls: Offering, visitor: Client) -> None:
    case, worker = sent(visitor), people.caseworker()
    actions.claim_case(case=case, by=worker)
    asked = actions.request_correction(
        case=Case.objects.get(pk=case.pk),
        question_ids=["event_name"],
        message="ご確認ください。",
        due_on=timezone.localdate() + timedelta(days=9),
        by=worker,
    )
    CorrectionRequest.objects.filter(pk=asked.pk).update(alarm_on=timezone.localdate())
    alarms.ring_correction(correction_id=asked.pk)
    case = Case.objects.select_related("application").get(pk=case.pk)
    draft = writing.draft_of(case=case, thread=None, by=worker)
    drafts.put(draft, {"subject": "消火器", "text": "10本ですか。"})
    writing.send(draft=draft, case=case, thread=None, by=worker)
    outbox.drain()
    told = Message.objects.filter(recipient=case.resident).values_list("kind", "path")
    assert {"correction_requested", "correction_reminder", "message_written"} <= dict(told).keys()
    assert {there for _kind, there in told} == {path("portal:case_by_mail", case.pk)}


def _correction(browser: Client, case: Case) -> dict[str, str]:
    page = browser.get(url("correction", case)).context["page"]
    return {"event_name": "春まつり", "_seen": page.seen, "_shown": page.shown}


def test_fee_is_paid_and_application_withdrawn(
    offering: Offering, visitor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Offering, "sends_without_sign_in", True)
    whose = _guest_of(visitor)
    approved, other = (begun.sent_case(offering, whose, hours=hours) for hours in ("9", "10"))
    worker = people.caseworker()
    actions.claim_case(case=approved, by=worker)
    make.decision_on(Case.objects.get(pk=approved.pk), by=worker)
    outbox.drain()
    assert "Pay ¥" in text(visitor, url("pay", approved))
    assert visitor.post(url("pay", approved)).status_code == 302
    assert status(visitor, approved, "fee") == 200
    assert visitor.post(url("withdraw", other)).status_code == 302
    assert Case.objects.get(pk=other.pk).stage == "withdrawn"
    # Each is of a record of its own.
    assert approved.resident_id != other.resident_id


def _guest_of(browser: Client) -> Guest:
    """The browser as a guest that has had a case open."""
    session = browser.session
    session["guest"], session["guest_cases"] = "a secret", True
    session.save()
    browser.cookies["sessionid"] = session.session_key
    return Guest.of("a secret")


def test_closing_and_running_out(stalls: Offering, visitor: Client) -> None:
    case = sent(visitor)
    with time_machine.travel(timezone.now() + timedelta(days=1, minutes=1), tick=False):
        answer = visitor.get(url("case", case))
        assert answer.status_code == 404
        assert "not open in this browser" in answer.content.decode()
    assert status(visitor, case) == 200
    assert visitor.post(url("close_case", case)).headers["Location"].endswith("/by-mail/")
    assert status(visitor, case) == 404


def test_other_cases_do_not_exist(
    stalls: Offering, visitor: Client, telephone: Client, resident: User, browser: Client
) -> None:
    case, other = sent(visitor), sent(telephone)
    theirs = make.submitted_case(resident=resident)
    for name in ("case", "receipt", "sent", "copy", "data", "withdraw", "correction", "pay", "fee"):
        for foreign in (other, theirs):
            assert status(visitor, foreign, name) == 404, name
        assert status(browser, case, name) == 404, name
    file = Attachment.objects.get(owner=other.resident)
    own = Attachment.objects.get(owner=case.resident)
    assert visitor.get(path("portal:attachment", file.pk)).status_code == 404
    answer = visitor.get(path("portal:attachment", own.pk))
    assert b"".join(answer.streaming_content)
    for page in ("/en/applications/", "/en/my-data/", "/en/messages/"):
        assert visitor.get(page).status_code == 302, page


# --- links by mail ------------------------------------------------------------------------------
def test_link_opens_it_in_another_browser_once(
    stalls: Offering, visitor: Client, telephone: Client
) -> None:
    case = sent(visitor)
    opened(telephone, case)
    assert status(telephone, case) == status(visitor, case) == 200
    link = mailed_link()
    assert telephone.post(link).status_code == 404
    assert "does not work any more" in telephone.get("/en" + link).content.decode()
    assert LedgerEntry.objects.filter(event="case.opened_by_link", object_id=str(case.pk)).exists()
    row = CaseKey.objects.get(case=case, token_hash__isnull=False)
    assert link.split("/")[2] not in str(vars(row))


def test_looking_at_a_link_does_not_use_it_up(
    stalls: Offering, visitor: Client, telephone: Client
) -> None:
    case = sent(visitor)
    assert telephone.get(url("case_by_mail", case)).status_code == 200
    assert telephone.post(url("case_by_mail", case)).status_code == 302
    outbox.drain()
    link = mailed_link()
    for _ in range(2):
        assert case.application.receipt_number in text(telephone, "/en" + link)
    assert status(telephone, case) == 302  # nothing is open yet: to the sign-in
    with time_machine.travel(timezone.now() + timedelta(hours=2, minutes=1), tick=False):
        assert telephone.post(link).status_code == 404
    telephone.post(url("case_by_mail", case))
    outbox.drain()
    assert telephone.post(link).status_code == 404  # a newer one was sent
    assert telephone.post(mailed_link()).status_code == 302


def test_asking_says_nothing_about_what_there_is(
    stalls: Offering, visitor: Client, telephone: Client, resident: User
) -> None:
    case = sent(visitor)
    outbox.drain()
    theirs = make.submitted_case(resident=resident).application.receipt_number
    outbox.drain()
    before, pages = len(mail.outbox), set()
    for number, address in (
        (case.application.receipt_number, "wrong@example.jp"),
        (theirs, resident.email or ADDRESS),
        ("260401-7K3F9QXM", ADDRESS),
        ("あ\x00", ADDRESS),
    ):
        answer = telephone.post(
            "/en/link-to-an-application/", {"number": number, "address": address}, follow=True
        )
        page = re.sub(r'value="\w{64}"', "", answer.content.decode())
        pages.add((answer.status_code, page))
        cache.clear()
    assert len(pages) == 1
    outbox.drain()
    assert len(mail.outbox) == before
    held = OutboxRow.objects.filter(kind="cases.case_link_asked")
    assert ADDRESS not in str([row.payload for row in held])


def test_numbers_are_not_tried_out(
    stalls: Offering, visitor: Client, telephone: Client, settings: Any
) -> None:
    case = sent(visitor)
    asked = {"number": case.application.receipt_number, "address": "a@example.jp"}
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "case_link_to": "1/h/key"}
    here = "/en/link-to-an-application/"
    assert telephone.post(here, asked).status_code == 302
    assert telephone.post(here, {**asked, "address": "b@example.jp"}).status_code == 429
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "case_link": "2/h/ip"}
    cache.clear()
    found = [
        telephone.post(here, {"number": f"260401-{n}", "address": f"{n}@example.jp"}).status_code
        for n in range(3)
    ]
    assert found == [302, 302, 429]
    missing = telephone.post(here, {"number": "", "address": "x"})
    assert missing.status_code == 422
    assert "Write the receipt number" in missing.content.decode()


def test_mails_to_one_address_have_a_most_a_day(stalls: Offering, town: Any) -> None:
    case = begun.sent_case()
    outbox.drain()
    before = len(mail.outbox)
    for _ in range(case_keys.MOST_A_DAY + 2):
        case_keys.ask_for(case.pk)
    outbox.drain()
    assert len(mail.outbox) - before == case_keys.MOST_A_DAY
    links = CaseKey.objects.filter(token_hash__isnull=False, expires_at__gt=timezone.now())
    assert links.count() == 1


def test_link_of_another_town_or_for_something_else(
    stalls: Offering, visitor: Client, in_town: Any
) -> None:
    with in_town("suginosawa"):
        foreign = begun.case_link(begun.sent_case())
    other = begun.resume_link(make.offering())
    for token in (foreign, other, "x" * 43, "x" * 5000):
        assert visitor.get(f"/open/{token}/").status_code == 404
        assert visitor.post(f"/open/{token}/").status_code == 404


# --- into an account ----------------------------------------------------------------------------
def test_going_into_an_account(
    stalls: Offering, visitor: Client, telephone: Client, town: Any
) -> None:
    case = sent(visitor)
    outbox.drain()
    record = case.resident
    opened(telephone, case)
    user = people.resident(name="山田　はなこ")
    visitor.force_login(user)
    into = path("portal:into_account", case.pk)
    assert led(visitor.get(url("case", case))) == into
    page = text(visitor, "/en" + into)
    assert case.application.receipt_number in page
    assert "Put it into my account" in page
    assert visitor.post(into).status_code == 302
    assert led(visitor.post(into)) == path("portal:case", case.pk)
    case.refresh_from_db()
    record.refresh_from_db()
    assert case.resident == user
    assert (record.email, record.is_active) == ("", False)
    assert case.application.resident == record  # what was sent never changes
    page = text(visitor, url("case", case))
    assert "You put the application into your account" in page
    assert "Close it in this browser" not in page
    message = Message.objects.get(recipient=user, kind="application_received")
    assert message.path == f"/applications/{case.pk}/"
    assert status(telephone, case) == 404
    assert not CaseKey.objects.filter(case=case).exists()
    assert led(visitor.get(url("case_by_mail", case))) == path("portal:case", case.pk)
    noted = LedgerEntry.objects.filter(event="case.into_account", object_id=str(case.pk))
    assert {entry.about for entry in noted} == {record.pk, user.pk}
    before = len(mail.outbox)
    telephone.post(url("case_by_mail", case))
    outbox.drain()
    assert len(mail.outbox) == before  # no link leads there any more


def test_somebody_else_in_the_same_browser(stalls: Offering, visitor: Client, town: Any) -> None:
    case = sent(visitor)
    visitor.force_login(people.resident(name="別の 人"))
    into = url("into_account", case)
    page = text(visitor, into)
    assert "The name in the application is another one" in page
    assert '<form method="post" action="' + into not in page
    assert visitor.post(into).status_code == 409
    assert status(visitor, case, "sent") == 302  # asked, not shown
    assert visitor.get(url("case_by_mail", case)).status_code == 200
    case.refresh_from_db()
    assert case.is_guests


def test_not_by_whoever_has_not_opened_it(stalls: Offering, town: Any, browser: Client) -> None:
    case = begun.sent_case()
    user = people.resident(name="山田 はなこ")
    with pytest.raises(NotFound):
        taking_over.put_into_account(case=case, user=user, guest=begun.guest("another browser"))
    assert browser.get(url("into_account", case)).status_code == 404


# --- the office ---------------------------------------------------------------------------------
def test_office_sees_that_nothing_is_verified(
    stalls: Offering, visitor: Client, town: Any, client_for: Any
) -> None:
    case = sent(visitor)
    make.submitted_case(of=stalls)
    worker = people.caseworker(at=case.department)
    desk = people.sign_in_staff(client_for(town), worker)
    inbox = text(desk, "/en/desk/?view=open")
    assert inbox.count("without sign-in</span>") == 1
    page = text(desk, "/en" + path("desk:case", case.pk))
    assert "Sent without sign-in" in page
    assert "Nothing about the person is verified" in page
    assert ADDRESS in page
    chosen = Selection(stalls)
    exported = exports.export(
        chosen, as_format=Format.JSON, purpose="Report", by=worker, language="en"
    )
    with exported.file as file:
        assert file.read().count(b'"without_sign_in": true') == 1
    with translation.override("en"):
        columns = Columns([stalls.form_version.form], "en", unproven=True)
        (_table, row), *_rest = columns.rows(case, {})
        assert row[4] is not None
        assert "nothing about the person" in str(columns.tables("x")[0].columns[4])


def test_nightly_tidying(stalls: Offering, town: Any) -> None:
    begun.sent_case()
    draft = begun.show(begun.ready(stalls, begun.guest("x")))
    case_keys.tidy()
    assert CaseKey.objects.count() == 1
    assert SendingAddress.objects.filter(draft=draft).exists()
    with time_machine.travel(timezone.now() + timedelta(days=8), tick=False):
        case_keys.tidy()
    assert not CaseKey.objects.exists()
    assert not SendingAddress.objects.exists()
