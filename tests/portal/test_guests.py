"""Without signing in, over HTTP: begin, save, go on elsewhere by a link, sign in, send."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from cases.models import Application
from catalogue.models import Offering
from common import outbox
from forms import attachments, drafts, guests
from forms.models import Attachment, Draft, Upload
from identity.models import Session, User
from tests.factories import cases as make
from tests.factories import people
from tests.portal import sending, steps

START = "/en/apply/park-use/"
BEGIN = "/en/apply/park-use/without-sign-in/"
PICTURE = steps.picture().read()
TYPED = steps.APPLICANT | {
    "name": "山田 はなこ",
    "name_kana": "ヤマダ ハナコ",
    "birth_date-year": "1985",
    "birth_date-month": "4",
    "birth_date-day": "12",
    "address-postalCode": "1000001",
    "address-prefecture": "東京都",
    "address-city": "千代田区",
    "address-streetAddress": "千代田1-1",
}


@pytest.fixture(autouse=True)
def _no_limits_reached(town: Any) -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def telephone(town: Any, client_for: Callable[..., Client]) -> Client:
    """Another browser without a session."""
    return client_for(town)


def begin(browser: Client) -> Draft:
    """As a visitor does; the draft's id is in the address."""
    answer = browser.post(BEGIN)
    assert answer.status_code == 302, answer.content.decode()[:500]
    return Draft.objects.get(pk=answer.headers["Location"].rstrip("/").rsplit("/", 1)[1])


def fill(browser: Client, draft: Draft) -> None:
    """Every step, so that the check page comes next."""
    for step_id, fields in (
        ("applicant", TYPED),
        ("place", steps.place_fields(draft)),
        ("activity", steps.ACTIVITY),
        ("activity", steps.ACTIVITY),
        ("documents", {"site_plan": steps.picture()}),
        ("declaration", {"agreed": "yes"}),
    ):
        answer = steps.post_step(browser, draft, step_id, fields)
    assert answer.headers["Location"] == reverse("portal:check", args=[draft.pk])


def sign_in(browser: Client, user: User) -> None:
    """What the eID's answer does to the session: a new key, the same content."""
    browser.force_login(user)


def url(name: str, draft: Draft) -> str:
    return reverse(f"portal:{name}", args=[draft.pk])


def status(browser: Client, path: str, method: str = "get") -> int:
    """Of an answer that may be a file, which is read to its end."""
    answer = getattr(browser, method)(path)
    if getattr(answer, "streaming", False):
        assert b"".join(answer.streaming_content)
    return int(answer.status_code)


def mailed_link(browser: Client, draft: Draft, address: str = "hanako@example.jp") -> str:
    """Asks for a link, and takes its path out of the mail."""
    answer = browser.post(url("go_on_later", draft), {"address": address})
    assert answer.status_code == 302
    outbox.drain()
    found = re.search(r"/go-on/[\w-]+/", str(mail.outbox[-1].body))
    assert found is not None
    return found[0]


# --- beginning ----------------------------------------------------------------------------------
def test_start_page_offers_both_ways(offering: Offering, visitor: Client) -> None:
    text = visitor.get(START).content.decode()
    assert "Sign in with eID and start" in text
    assert "You can begin without signing in" in text
    assert f'action="{BEGIN}"' in text


def test_town_may_ask_for_the_sign_in_all_the_same(offering: Offering, visitor: Client) -> None:
    offering.settings = {**offering.settings, "sign_in": "required"}
    offering.save()
    assert BEGIN not in visitor.get(START).content.decode()
    assert visitor.post(BEGIN).headers["Location"] == "/en/apply/park-use/begin/"
    assert not Draft.objects.filter(resident=None).exists()


def test_service_that_says_nothing_asks_for_it(town: Any, visitor: Client) -> None:
    make.offering("child_allowance")
    page = visitor.get("/en/apply/child-allowance/").content.decode()
    assert "without-sign-in" not in page
    answer = visitor.post("/en/apply/child-allowance/without-sign-in/")
    assert answer.headers["Location"] == "/en/apply/child-allowance/begin/"
    assert not Draft.objects.filter(resident=None).exists()


def test_looking_makes_no_draft(offering: Offering, visitor: Client) -> None:
    assert visitor.get(BEGIN).status_code == 405
    visitor.get(START)
    assert not Draft.objects.filter(resident=None).exists()


def test_unknown_service(town: Any, visitor: Client) -> None:
    assert visitor.post("/en/apply/flying-carpet/without-sign-in/").status_code == 404


def test_whoever_is_signed_in_begins_as_ever(
    offering: Offering, browser: Client, town: Any, client_for: Any
) -> None:
    assert browser.post(BEGIN).headers["Location"] == "/en/apply/park-use/begin/"
    staff = people.sign_in_staff(client_for(town), people.caseworker())
    assert staff.post(BEGIN, follow=True).status_code == 403
    assert not Draft.objects.filter(resident=None).exists()


def test_forms_need_the_csrf_token(
    offering: Offering, visitor: Client, town: Any, client_for: Any
) -> None:
    draft = begin(visitor)
    link = mailed_link(visitor, draft)
    visitor.handler.enforce_csrf_checks = True
    for path in (
        BEGIN,
        steps.step_url(draft, "applicant"),
        url("go_on_later", draft),
        url("discard", draft),
        url("take_over", draft),
        url("uploads", draft),
        link,
    ):
        assert visitor.post(path).status_code == 403, path
    page = visitor.get(START).content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert token is None  # begun already: there is nothing to post
    page = visitor.get(url("discard", draft)).content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert token is not None
    answer = visitor.post(url("discard", draft), {"csrfmiddlewaretoken": token[1]})
    assert answer.status_code == 302


def test_beginning_twice_and_in_two_tabs(offering: Offering, visitor: Client) -> None:
    assert begin(visitor) == begin(visitor)
    page = visitor.get(START).content.decode()
    assert "You have begun this application" in page
    assert "Sign in with eID and start" not in page


def test_session_gets_a_new_key_and_lasts_as_long_as_the_draft(
    offering: Offering, visitor: Client
) -> None:
    session = visitor.session  # planted by somebody who knows its key
    session["x"] = 1
    session.save()
    visitor.cookies["sessionid"] = session.session_key
    draft = begin(visitor)
    key = visitor.cookies["sessionid"].value
    assert key != session.session_key
    assert not Session.objects.filter(session_key=session.session_key).exists()
    with time_machine.travel(timezone.now() + timedelta(days=6, hours=20), tick=False):
        assert visitor.get(steps.step_url(draft, "applicant")).status_code == 200
        steps.post_step(visitor, draft, "applicant", {"phone": "090-1234-5678"})
    with time_machine.travel(timezone.now() + timedelta(days=13), tick=False):
        assert visitor.get(steps.step_url(draft, "applicant")).status_code == 200


def test_sign_in_through_a_planted_session_leads_nowhere_else(
    offering: Offering, visitor: Client, resident: User, town: Any, client_for: Any
) -> None:
    """Whoever knows the session's key before a guest begins is not in it afterwards."""
    thief = client_for(town)
    session = visitor.session
    session["x"] = 1
    session.save()
    for one in (visitor, thief):
        one.cookies["sessionid"] = session.session_key
    draft = begin(visitor)
    assert thief.get(url("check", draft)).status_code == 302  # to the sign-in, as any visitor


# --- limits -------------------------------------------------------------------------------------
def test_addresses_of_the_network_have_a_limit(
    offering: Offering, town: Any, client_for: Any, settings: Any
) -> None:
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "guest_draft": "2/h/ip"}
    for _ in range(2):
        begin(client_for(town))
    answer = client_for(town).post(BEGIN)
    assert answer.status_code == 429
    assert "try again in an hour" in answer.content.decode()
    assert Draft.objects.filter(resident=None).count() == 2


def test_browser_has_a_limit(
    offering: Offering, visitor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.offering("street_stalls")
    monkeypatch.setattr(guests, "MOST_DRAFTS", 1)
    begin(visitor)
    answer = visitor.post("/en/apply/street-stalls/without-sign-in/")
    assert answer.status_code == 409
    assert "Sign in, or delete one of them first" in answer.content.decode()


def test_files_have_a_limit(
    offering: Offering, visitor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = begin(visitor)
    monkeypatch.setattr(attachments, "MOST_BYTES_PER_GUEST_DRAFT", 100)
    answer = steps.post_step(visitor, draft, "documents", {"site_plan": steps.picture()})
    assert answer.status_code == 422
    assert sending.announce(visitor, draft, PICTURE).status_code == 422
    assert not Attachment.objects.filter(draft=draft).exists()


# --- filling in ---------------------------------------------------------------------------------
def test_every_step_and_then_the_sign_in(offering: Offering, visitor: Client) -> None:
    draft = begin(visitor)
    fill(visitor, draft)
    page = visitor.get(url("check", draft))
    text = page.content.decode()
    assert page.headers["Cache-Control"] == "private, no-store"
    assert "eIDでログインして送る" in text
    assert "eid/start/?form=park-use&amp;next=" in text
    assert f'action="{url("check", draft)}"' not in text
    assert 'name="keep"' not in text
    sent = visitor.post(url("check", draft))  # as if there were a button
    assert "/eid/start/?form=park-use&next=" in sent.headers["Location"]
    assert not Application.objects.filter(idempotency_key=draft.pk).exists()


def test_saving_for_later_says_how_to_come_back(offering: Offering, visitor: Client) -> None:
    draft = begin(visitor)
    answer = steps.post_step(visitor, draft, "applicant", {"phone": "090-1", "_do": "leave"})
    assert answer.status_code == 422  # what cannot be read would be lost
    answer = steps.post_step(
        visitor, draft, "applicant", {"phone": "090-1234-5678", "_do": "leave"}
    )
    assert answer.headers["Location"] == url("go_on_later", draft)
    assert visitor.get(url("draft", draft)).headers["Location"] == steps.step_url(
        draft, "applicant"
    )


def test_two_windows_of_a_guest(offering: Offering, visitor: Client) -> None:
    draft = begin(visitor)
    page = visitor.get(steps.step_url(draft, "applicant")).context["page"]
    old = {"_seen": page.seen, "_shown": page.shown}
    steps.post_step(visitor, draft, "applicant", TYPED)
    answer = visitor.post(
        steps.step_url(draft, "applicant"), {**old, **TYPED, "phone": "080-9999-8888"}
    )
    assert answer.context["page"].conflict
    draft.refresh_from_db()
    assert draft.answers["phone"] != "080-9999-8888"


def test_files_in_pieces(offering: Offering, visitor: Client, telephone: Client) -> None:
    draft = begin(visitor)
    made = sending.announce(visitor, draft, PICTURE)
    where = made.headers["Location"]
    begin(telephone)  # a guest, too
    for method in ("get", "head", "patch", "delete"):
        assert getattr(telephone, method)(where).status_code == 404, method
    sending.piece(visitor, where, PICTURE, 0)
    assert telephone.post(f"{where}finish/").status_code == 404
    assert visitor.post(f"{where}finish/").status_code == 200
    (file,) = Attachment.objects.filter(draft=draft)
    for name in ("attachment", "thumbnail"):
        assert status(visitor, reverse(f"portal:{name}", args=[file.pk])) == 200
        assert status(telephone, reverse(f"portal:{name}", args=[file.pk])) == 404


def test_deleting(offering: Offering, visitor: Client) -> None:
    draft = begin(visitor)
    steps.post_step(visitor, draft, "applicant", TYPED)
    assert visitor.post(url("discard", draft)).headers["Location"] == "/apply/park-use/"
    draft.refresh_from_db()
    assert (draft.state, draft.answers) == ("discarded", {})
    assert visitor.get(url("check", draft)).status_code == 404
    assert begin(visitor) != draft


def test_statements_of_a_step(offering: Offering, visitor: Client, browser: Client) -> None:
    """A guest costs no more than a resident, and one save more of the session."""
    own, theirs = make.draft_ready_to_send(of=offering, resident=None), begin(visitor)
    sign_in(browser, own.applicant)

    def count(client: Client, draft: Draft) -> int:
        with CaptureQueriesContext(connection) as found:
            assert client.get(steps.step_url(draft, "applicant")).status_code == 200
        return len(found)

    count(browser, own)
    count(visitor, theirs)
    assert count(visitor, theirs) <= count(browser, own)


# --- somebody else's ----------------------------------------------------------------------------
PAGES = ("draft", "check", "discard", "screening", "go_on_later", "take_over", "cosigners", "reuse")


def test_nobody_else_reads_or_changes_it(
    offering: Offering, visitor: Client, telephone: Client, browser: Client, town: Any,
    client_for: Any,
) -> None:  # fmt: skip
    draft = begin(visitor)
    fill(visitor, draft)
    before = Draft.objects.values().get(pk=draft.pk)
    begin(telephone)
    staff = people.sign_in_staff(client_for(town), people.admin())
    paths = [url(name, draft) for name in PAGES] + [steps.step_url(draft, "applicant")]
    for path in paths:
        for method in ("get", "post"):
            found = [
                getattr(one, method)(path).status_code
                for one in (telephone, browser, client_for(town), staff)
            ]
            allowed = (
                [404, 404, 302, 403],
                [302, 404, 302, 403],  # only for residents: a guest is led to the sign-in, too
                [405, 405, 405, 405],
            )
            assert found in allowed, (path, method, found)
    for one in (telephone, browser):
        assert one.get(url("uploads", draft)).status_code == 404
        assert sending.announce(one, draft, PICTURE).status_code == 404
    assert client_for(town).get(url("uploads", draft)).status_code == 401
    assert Draft.objects.values().get(pk=draft.pk) == before


def test_guest_reads_nothing_of_a_resident(
    offering: Offering, visitor: Client, resident: User
) -> None:
    begin(visitor)
    own = make.draft_ready_to_send(of=offering, resident=resident)
    (file,) = Attachment.objects.filter(owner=resident, draft=own)
    upload = Upload.objects.create(
        owner=resident, draft=own, question_id="site_plan", name="a.pdf", size=9
    )
    for path in (
        *(url(name, own) for name in ("draft", "check", "discard", "screening", "go_on_later")),
        steps.step_url(own, "applicant"),
        reverse("portal:attachment", args=[file.pk]),
        reverse("portal:upload", args=[upload.pk]),
        url("uploads", own),
    ):
        mine, made_up = visitor.get(path), visitor.get(path.replace(str(own.pk)[:8], "00000000"))
        assert mine.status_code == 404, path
        assert made_up.status_code == 404
    for name in ("applications", "messages", "my_data"):
        assert visitor.get(reverse(f"portal:{name}")).status_code == 302


def test_session_of_another_town_is_nobodys(
    offering: Offering, visitor: Client, in_town: Any
) -> None:
    draft = begin(visitor)
    with in_town("suginosawa"):
        make.offering()
    visitor.defaults["HTTP_HOST"] = "suginosawa.localhost"
    assert visitor.get(url("check", draft)).status_code == 302  # to the sign-in
    assert "You have begun" not in visitor.get(START).content.decode()


# --- the link -----------------------------------------------------------------------------------
def test_link_is_opened_by_a_button_in_another_browser(
    offering: Offering, visitor: Client, telephone: Client
) -> None:
    draft = begin(visitor)
    steps.post_step(visitor, draft, "applicant", TYPED)
    link = mailed_link(visitor, draft)
    for _ in range(3):  # a scanner of mails
        page = telephone.get(link)
        assert page.status_code == 200
        assert "no-store" in page.headers["Cache-Control"]
        assert "山田" not in page.content.decode()
    assert visitor.get(steps.step_url(draft, "place")).status_code == 200
    answer = telephone.post(link)
    assert answer.headers["Location"] == url("draft", draft)
    assert "山田" in telephone.get(steps.step_url(draft, "applicant")).content.decode()
    # Where it was begun it is open no more, and the page says why.
    gone = visitor.get(steps.step_url(draft, "place"))
    assert gone.status_code == 404
    assert "リンク" in gone.content.decode() or "link in our mail" in gone.content.decode()
    for one in (telephone, visitor):
        assert one.get(link).status_code == 404
        assert one.post(link).status_code == 404


def test_link_is_the_same_dead_page_whatever_the_reason(
    offering: Offering, visitor: Client, telephone: Client, in_town: Any
) -> None:
    draft = begin(visitor)
    link = mailed_link(visitor, draft)
    made_up = telephone.get("/go-on/" + "x" * 43 + "/")
    telephone.defaults["HTTP_HOST"] = "suginosawa.localhost"
    foreign = telephone.get(link)
    unknown = telephone.get("/go-on/" + "x" * 43 + "/")
    assert [one.status_code for one in (made_up, foreign, unknown)] == [404, 404, 404]
    assert _plain(foreign) == _plain(unknown)
    assert telephone.post(link).status_code == 404
    assert visitor.get(link).status_code == 200  # where it belongs it still works


def _plain(page: Any) -> str:
    return re.sub(r'nonce="[^"]*"', "", page.content.decode())


@pytest.mark.parametrize("token", ["%00", "あ", "..%2f", "x" * 3000, "'--", "%ff"])
def test_hostile_link(offering: Offering, visitor: Client, token: str) -> None:
    assert visitor.get(f"/go-on/{token}/").status_code == 404
    assert visitor.post(f"/go-on/{token}/").status_code == 404


def test_link_opened_signed_in_is_taken_over(
    offering: Offering, visitor: Client, browser: Client, resident: User
) -> None:
    draft = begin(visitor)
    link = mailed_link(visitor, draft)
    answer = browser.post(link, follow=True)
    assert answer.status_code == 200
    draft.refresh_from_db()
    assert draft.resident == resident


def test_staff_open_no_link(
    offering: Offering, visitor: Client, town: Any, client_for: Any
) -> None:
    link = mailed_link(visitor, begin(visitor))
    staff = people.sign_in_staff(client_for(town), people.caseworker())
    assert staff.post(link).status_code == 403
    assert visitor.get(link).status_code == 200


def test_address_over_its_limit_is_told_nothing_else(
    offering: Offering, visitor: Client, telephone: Client, settings: Any
) -> None:
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "guest_link_to": "1/d/key"}
    draft, other = begin(visitor), begin(telephone)
    first = visitor.post(url("go_on_later", draft), {"address": "a@example.jp"}, follow=True)
    again = telephone.post(url("go_on_later", other), {"address": "A@example.jp "}, follow=True)
    outbox.drain()
    assert len(mail.outbox) == 1
    said = [[str(message) for message in page.context["messages"]] for page in (first, again)]
    assert said[0] == said[1] != []


def test_network_has_a_limit_for_links(offering: Offering, visitor: Client, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "guest_link": "1/h/ip"}
    draft = begin(visitor)
    mailed_link(visitor, draft)
    answer = visitor.post(url("go_on_later", draft), {"address": "b@example.jp"})
    assert answer.status_code == 429


def test_wrong_address_is_told_beside_the_field(offering: Offering, visitor: Client) -> None:
    draft = begin(visitor)
    answer = visitor.post(url("go_on_later", draft), {"address": "no address"})
    assert answer.status_code == 422
    text = answer.content.decode()
    assert 'id="address-error"' in text
    assert 'value="no address"' in text


def test_residents_ask_for_no_link(offering: Offering, browser: Client, resident: User) -> None:
    draft = make.draft_ready_to_send(of=offering, resident=resident)
    answer = browser.post(url("go_on_later", draft), {"address": "a@example.jp"})
    assert answer.headers["Location"] == url("check", draft)
    outbox.drain()
    assert mail.outbox == []


# --- signing in ---------------------------------------------------------------------------------
def test_signs_in_takes_over_and_sends(offering: Offering, visitor: Client, resident: User) -> None:
    draft = begin(visitor)
    fill(visitor, draft)
    sign_in(visitor, resident)
    answer = visitor.get(url("take_over", draft))
    assert answer.headers["Location"] == url("check", draft)
    page = visitor.get(url("check", draft))
    text = page.content.decode()
    assert "<del>山田 はなこ</del>" in text  # typed; the eID says it otherwise
    assert "<ins>山田 花子</ins>" in text
    assert "guest" not in visitor.session
    assert visitor.get(url("take_over", draft)).headers["Location"] == url("check", draft)
    sent = visitor.post(url("check", draft), {"_version": page.context["draft"].version_id})
    assert "/receipt/" in sent.headers["Location"]
    application = Application.objects.get(idempotency_key=draft.pk)
    assert application.resident == resident
    assert application.answers["name"] == "山田 花子"
    assert application.provenance["name"]["verified"]
    assert "phone" not in application.provenance
    assert list(application.answers["site_plan"]) == [
        str(Attachment.objects.get(owner=resident).pk)
    ]


def test_any_page_of_the_draft_leads_to_taking_it_over_and_back(
    offering: Offering, visitor: Client, resident: User
) -> None:
    draft = begin(visitor)
    steps.post_step(visitor, draft, "applicant", TYPED)
    sign_in(visitor, resident)  # by the link in the header
    here = steps.step_url(draft, "applicant")
    answer = visitor.get(here)
    assert answer.headers["Location"].startswith(url("take_over", draft))
    done = visitor.get(here, follow=True)
    assert done.redirect_chain[-1][0] == here
    assert "<del>山田 はなこ</del>" in done.content.decode()


def test_what_was_typed_in_an_old_window_is_kept(
    offering: Offering, visitor: Client, resident: User
) -> None:
    draft = begin(visitor)
    page = visitor.get(steps.step_url(draft, "place")).context["page"]
    hidden = {"_seen": page.seen, "_shown": page.shown}
    sign_in(visitor, resident)  # in another window
    answer = visitor.post(
        steps.step_url(draft, "place"), {**hidden, **steps.place_fields(draft)}, follow=True
    )
    assert answer.redirect_chain[-1][0] == steps.step_url(draft, "place")
    draft.refresh_from_db()
    assert (draft.resident, draft.answers["area_m2"]) == (resident, 20)


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/en/drafts/x/"])
def test_way_back_leads_nowhere_else(
    offering: Offering, visitor: Client, resident: User, target: str
) -> None:
    draft = begin(visitor)
    sign_in(visitor, resident)
    answer = visitor.get(url("take_over", draft), {"to": target})
    assert answer.headers["Location"] == steps.step_url(draft, "applicant")


def test_signed_in_elsewhere_is_told_and_begins_no_second_one(
    offering: Offering, visitor: Client, resident: User
) -> None:
    draft = begin(visitor)
    sign_in(visitor, resident)
    assert url("take_over", draft) in visitor.get(reverse("portal:applications")).content.decode()
    assert f"/en{url('take_over', draft)}" in visitor.get(START).content.decode()
    answer = visitor.get("/apply/park-use/begin/")
    assert answer.headers["Location"] == url("take_over", draft)


def test_with_another_one_begun_nothing_is_lost_until_they_choose(
    offering: Offering, visitor: Client, resident: User
) -> None:
    own = make.draft_ready_to_send(of=offering, resident=resident)
    draft = begin(visitor)
    steps.post_step(visitor, draft, "documents", {"site_plan": steps.picture()})
    sign_in(visitor, resident)
    for answer in (visitor.get(url("take_over", draft)), visitor.post(url("take_over", draft))):
        assert answer.status_code in {200, 422}
        assert [one.pk for _name, one, _review in answer.context["pairs"]] == [own.pk, draft.pk]
    assert Draft.objects.filter(pk__in=[own.pk, draft.pk], state="open").count() == 2
    (file,) = Attachment.objects.filter(draft=draft)
    assert status(visitor, reverse("portal:attachment", args=[file.pk])) == 200


@pytest.mark.parametrize("keep", ["own", "new"])
def test_choosing_between_two(
    offering: Offering, visitor: Client, resident: User, keep: str
) -> None:
    own = make.draft_ready_to_send(of=offering, resident=resident)
    draft = begin(visitor)
    sign_in(visitor, resident)
    answer = visitor.post(url("take_over", draft), {"keep": keep})
    kept, gone = (own, draft) if keep == "own" else (draft, own)
    for one in (own, draft):
        one.refresh_from_db()
    assert str(kept.pk) in answer.headers["Location"]
    assert (kept.state, kept.resident) == ("open", resident)
    assert (gone.state, gone.answers) == ("discarded", {})
    assert not Attachment.objects.filter(draft=gone).exists()
    assert "guest" not in visitor.session
    again = visitor.post(url("take_over", draft), {"keep": keep})  # a double click
    assert again.status_code in {302, 404}
    kept.refresh_from_db()
    assert kept.state == "open"


def test_what_was_gone_on_with_since_is_not_deleted_unseen(
    offering: Offering, visitor: Client, resident: User
) -> None:
    own = make.draft_ready_to_send(of=offering, resident=resident)
    draft = begin(visitor)
    sign_in(visitor, resident)
    fields = steps.marked(visitor.get(url("take_over", draft)))
    Draft.objects.filter(pk=own.pk).update(lock=own.lock + 1)
    answer = visitor.post(url("take_over", draft), fields | {"keep": "new"})
    assert answer.status_code == 409
    for one in (own, draft):
        one.refresh_from_db()
        assert one.is_open
    # Only what would be deleted must be as it was.
    answer = visitor.post(url("take_over", draft), fields | {"keep": "own"})
    assert str(own.pk) in answer.headers["Location"]


def test_somebody_else_on_the_same_device_is_given_nothing_unasked(
    offering: Offering, visitor: Client, resident: User
) -> None:
    draft = begin(visitor)
    sign_in(visitor, resident)
    visitor.get(reverse("portal:applications"))
    draft.refresh_from_db()
    assert draft.resident is None


def test_after_signing_out_the_browser_knows_nothing(
    offering: Offering, visitor: Client, resident: User
) -> None:
    draft = begin(visitor)
    sign_in(visitor, resident)
    visitor.get(url("take_over", draft))
    visitor.post(reverse("identity:sign_out"))
    assert visitor.get(url("check", draft)).status_code == 302
    assert begin(visitor) != draft


def test_cookie_that_was_lost(offering: Offering, visitor: Client, telephone: Client) -> None:
    draft = begin(visitor)
    link = mailed_link(visitor, draft)
    visitor.cookies.clear()
    assert visitor.get(url("check", draft)).status_code == 302
    assert visitor.get(url("uploads", draft)).status_code == 401
    assert visitor.post(link).headers["Location"] == url("draft", draft)
    assert visitor.get(steps.step_url(draft, "applicant")).status_code == 200


def test_tampered_value_of_a_guest_is_refused(offering: Offering, visitor: Client) -> None:
    draft = begin(visitor)
    draft.answers = {"name": "x"}
    draft.provenance = {"name": {"verified": True, "source": "eid", "seal": "made up"}}
    draft.save()
    assert visitor.get(url("check", draft)).status_code == 409
    with pytest.raises(drafts.TamperedValue):
        drafts.review(draft)
