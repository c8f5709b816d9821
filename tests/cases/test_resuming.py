"""Links by mail with which a guest goes on: once, for a week, in one town, in one browser."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.utils import timezone

from audit.models import LedgerEntry
from cases import actions, links, resuming
from cases.links import Purpose
from catalogue.models import Offering
from common import outbox
from common.actor import GUEST, Actor
from common.errors import Conflict, InvalidInput, NotAllowed, NotFound
from forms import adoption, drafts, guests
from forms.errors import DraftClosed
from forms.guests import Guest
from forms.models import Draft, ResumeLink
from tests.factories import cases as make
from tests.factories import guests as begun
from tests.factories import people

ME, PHONE = begun.guest("me"), begun.guest("my telephone")


@pytest.fixture
def offering(town: Any) -> Offering:
    return make.offering()


@pytest.fixture
def draft(offering: Offering) -> Draft:
    return begun.draft(offering, ME)


def ask(draft: Draft, guest: Guest = ME, address: str = begun.ADDRESS) -> ResumeLink:
    return resuming.ask(draft=draft, guest=guest, address=address, language="ja")


def redeem(link: ResumeLink, guest: Guest = PHONE) -> Draft:
    return resuming.redeem(token=begun.token_of(link), guest=guest)


def is_dead(link: ResumeLink, guest: Guest = PHONE) -> bool:
    with pytest.raises(NotFound) as refused:
        redeem(link, guest)
    return refused.value.code == "no_link"


class TestMail:
    def test_holds_the_link_and_nothing_personal(self, draft: Draft) -> None:
        link = ask(draft)
        assert outbox.drain().done == 1
        (sent,) = mail.outbox
        assert sent.to == [begun.ADDRESS]
        token = begun.token_of(link)
        assert f"/go-on/{token}/" in sent.body
        assert "公園" not in sent.body + sent.subject  # which service is nobody's business
        assert str(draft.pk) not in str(sent.message())
        link.refresh_from_db()
        assert link.address == ""
        assert link.token_hash == links.token_hash(token)
        assert token not in str(vars(link))

    def test_goes_out_once(self, draft: Draft) -> None:
        link = ask(draft)
        outbox.drain()
        outbox.handlers.get("cases.resume_link_asked")({"link_id": str(link.pk)})
        assert len(mail.outbox) == 1

    def test_interrupted_sending_is_repeated_as_the_same_mail(
        self, draft: Draft, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        link = ask(draft)
        payload = {"link_id": str(link.pk)}
        with monkeypatch.context() as patched:
            patched.setattr(resuming, "forget_address", lambda link: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                outbox.handlers.get("cases.resume_link_asked")(payload)
        outbox.handlers.get("cases.resume_link_asked")(payload)
        one, two = mail.outbox
        assert one.extra_headers["Message-ID"] == two.extra_headers["Message-ID"]
        assert one.body == two.body

    @pytest.mark.parametrize("end", ["deleted", "taken over", "asked anew"])
    def test_of_a_link_that_leads_nowhere_is_not_sent(self, draft: Draft, end: str) -> None:
        link = ask(draft)
        if end == "deleted":
            drafts.discard(draft=draft, by=GUEST)
        elif end == "taken over":
            adoption.adopt(
                draft=draft, guest=ME, resident=people.resident(), version=None, claims={}
            )
        else:
            ask(draft, address="other@example.jp")
        outbox.handlers.get("cases.resume_link_asked")({"link_id": str(link.pk)})
        assert mail.outbox == []

    @pytest.mark.parametrize("wrong", ["", "me", "a@b", "a@b.jp\nBcc: c@d.jp", "a" * 250 + "@b.jp"])
    def test_address_is_checked(self, draft: Draft, wrong: str) -> None:
        with pytest.raises(InvalidInput):
            ask(draft, address=wrong)

    def test_there_is_a_most_a_day(self, draft: Draft) -> None:
        for _ in range(resuming.MOST_A_DAY):
            ask(draft)
        with pytest.raises(Conflict):
            ask(draft)
        with time_machine.travel(timezone.now() + timedelta(days=1, minutes=1), tick=False):
            ask(draft)

    def test_of_somebody_elses_draft_cannot_be_asked_for(self, draft: Draft) -> None:
        with pytest.raises(DraftClosed):
            ask(draft, PHONE)
        own = make.draft_ready_to_send()
        with pytest.raises(DraftClosed):
            ask(own, Guest(""))


class TestLink:
    def test_moves_the_draft_to_the_other_browser(self, draft: Draft) -> None:
        link = ask(draft)
        assert redeem(link).pk == draft.pk
        assert guests.get_draft(guest=PHONE, draft_id=draft.pk) == draft
        assert guests.get_draft(guest=ME, draft_id=draft.pk) is None
        entry = LedgerEntry.objects.get(event="draft.resumed", object_id=str(draft.pk))
        assert (entry.actor_kind, entry.about) == ("guest", None)

    def test_looking_does_not_use_it_up(self, draft: Draft) -> None:
        link = ask(draft)
        for _ in range(3):
            assert resuming.by_token(begun.token_of(link)) == link
        redeem(link)

    def test_works_once(self, draft: Draft) -> None:
        link = ask(draft)
        redeem(link)
        assert is_dead(link)
        assert is_dead(link, begun.guest("a third"))
        assert redeem(ask(draft, PHONE), ME).guest == ME.digest  # a new one can be asked for

    def test_in_the_same_browser_works_too(self, draft: Draft) -> None:
        link = ask(draft)
        assert redeem(link, ME).guest == ME.digest
        assert is_dead(link, ME)

    def test_runs_out(self, draft: Draft) -> None:
        link = ask(draft)
        with time_machine.travel(timezone.now() + timedelta(days=6, hours=23), tick=False):
            assert resuming.by_token(begun.token_of(link))
        with time_machine.travel(timezone.now() + timedelta(days=7, minutes=1), tick=False):
            assert is_dead(link)

    def test_newer_one_makes_the_older_one_void(self, draft: Draft) -> None:
        old, new = ask(draft), ask(draft)
        assert is_dead(old)
        assert redeem(new)

    def test_other_browser_with_one_of_its_own_loses_nothing(
        self, offering: Offering, draft: Draft
    ) -> None:
        other = begun.draft(offering, PHONE)
        link = ask(draft)
        with pytest.raises(Conflict) as refused:
            redeem(link)
        assert refused.value.code == "other_begun"
        drafts.discard(draft=other, by=GUEST)
        assert redeem(link).pk == draft.pk  # it was not used up

    def test_does_not_get_around_the_most_drafts(self, offering: Offering, draft: Draft) -> None:
        for number in range(guests.MOST_DRAFTS):
            guests.begin(guest=PHONE, version=offering.form_version, subject=f"s{number}")
        with pytest.raises(Conflict):
            redeem(ask(draft))

    def test_is_dead_after_the_draft_was_taken_over_or_deleted(
        self, offering: Offering, draft: Draft
    ) -> None:
        link = ask(draft)
        token = begun.token_of(link)
        adoption.adopt(draft=draft, guest=ME, resident=people.resident(), version=None, claims={})
        with pytest.raises(NotFound):
            resuming.redeem(token=token, guest=PHONE)
        again = begun.draft(offering, ME)
        link = ask(again)
        drafts.discard(draft=again, by=GUEST)
        assert is_dead(link)

    @pytest.mark.parametrize("wrong", ["", "x" * 43, "x" * 5000, "\x00", "%00", "あ"])
    def test_made_up(self, draft: Draft, wrong: str) -> None:
        ask(draft)
        with pytest.raises(NotFound):
            resuming.redeem(token=wrong, guest=PHONE)

    def test_is_no_cosigners(self, draft: Draft) -> None:
        link = ask(draft)
        with pytest.raises(NotFound):
            resuming.by_token(links.new_token(Purpose.COSIGN, link.pk))

    def test_of_another_town(self, draft: Draft, in_town: Any) -> None:
        token = begun.token_of(ask(draft))
        with in_town("suginosawa"):
            with pytest.raises(NotFound) as foreign:
                resuming.by_token(token)
            with pytest.raises(NotFound) as made_up:
                resuming.by_token("x" * 43)
            assert str(foreign.value) == str(made_up.value)
        assert resuming.by_token(token)


def test_guest_sends_nothing(draft: Draft) -> None:
    for by in (GUEST, Actor("resident", "None", ""), Actor.of(people.resident())):
        with pytest.raises(NotAllowed) as refused:
            actions.submit_application(draft=draft, by=by, language="ja")
        assert refused.value.code == "sign_in"
