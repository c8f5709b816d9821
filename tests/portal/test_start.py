"""Before the form: the start page, and the way in."""

from __future__ import annotations

from typing import Any

from django.test import Client
from django.urls import reverse

from catalogue.models import Offering
from forms.models import Draft
from identity.models import User
from tests.factories import cases as make
from tests.factories import people

START = "/en/apply/park-use/"


def test_visitor_reads_what_is_needed(offering: Offering, visitor: Client) -> None:
    page = visitor.get(START)
    text = page.content.decode()
    assert page.status_code == 200
    assert "Park use permit" in text
    assert "A site plan that shows the place" in text
    assert "about 10 minutes" in text
    assert "within 6 working days" in text
    assert "You see the fee before you send." in text
    assert "your date of birth" in text


def test_visitor_signs_in_for_exactly_this_form(offering: Offering, visitor: Client) -> None:
    page = visitor.get(START)
    assert "form=park-use&amp;next=%2Fen%2Fapply%2Fpark-use%2Fbegin%2F" in page.content.decode()


def test_page_is_japanese_without_prefix(offering: Offering, visitor: Client) -> None:
    page = visitor.get("/apply/park-use/")
    assert '<html lang="ja">' in page.content.decode()
    assert "公園内行為許可" in page.content.decode()


def test_unpublished_service_is_not_there(
    offering: Offering, visitor: Client, browser: Client
) -> None:
    offering.is_published = False
    offering.save()
    assert visitor.get(START).status_code == 404
    assert browser.get(START + "begin/").status_code == 404


def test_unknown_service_is_not_there(town: Any, visitor: Client) -> None:
    assert visitor.get("/en/apply/flying-carpet/").status_code == 404


def test_resident_with_fresh_data_starts_at_once(offering: Offering, browser: Client) -> None:
    text = browser.get(START).content.decode()
    assert "Start the application" in text
    assert "Sign in with eID and start" not in text


def test_resident_with_old_data_may_confirm_again(
    offering: Offering, browser: Client, resident: User
) -> None:
    resident.eid.claims = {}
    resident.eid.save()
    text = browser.get(START).content.decode()
    assert "Start, filled in from your eID" in text
    assert "Start with an empty form" in text


def test_begun_application_is_continued(
    offering: Offering, browser: Client, resident: User
) -> None:
    make.draft_ready_to_send(of=offering, resident=resident)
    assert "You have begun this application" in browser.get(START).content.decode()


def test_begin_opens_one_draft_filled_from_the_eid(
    offering: Offering, browser: Client, resident: User
) -> None:
    first = browser.get(START + "begin/")
    again = browser.get(START + "begin/")
    draft = Draft.objects.get(resident=resident)
    assert first.headers["Location"] == f"/en/drafts/{draft.pk}/applicant/"
    assert again.headers["Location"] == first.headers["Location"]
    assert draft.answers["name"] == resident.name


def test_begin_without_sign_in_leads_to_it(offering: Offering, visitor: Client) -> None:
    answer = visitor.get(START + "begin/")
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/en/sign-in/?next=%2Fen%2Fapply%2Fpark-use%2Fbegin%2F"


def test_staff_cannot_apply(offering: Offering, town: Any, client_for: Any) -> None:
    client = people.sign_in_staff(client_for(town), people.caseworker())
    assert client.get(START + "begin/").status_code == 403


def test_eid_is_asked_for_what_the_form_needs(offering: Offering) -> None:
    from identity import claims

    assert "person.address" in claims.concepts_of_form("park-use")
    assert claims.concepts_of_form("flying-carpet") == frozenset()


def test_draft_leads_to_its_next_step(offering: Offering, browser: Client, resident: User) -> None:
    draft = make.draft_ready_to_send(of=offering, resident=resident)
    answer = browser.get(reverse("portal:draft", args=[draft.pk]))
    assert answer.headers["Location"] == reverse("portal:check", args=[draft.pk])
