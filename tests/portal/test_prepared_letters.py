"""A letter that the town had prepared, as whoever received it meets it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from audit.models import LedgerEntry
from cases import actions
from cases.models import Application
from cases.prepared_letters import keeping
from cases.prepared_letters.models import PreparedLetter
from catalogue.models import Offering
from forms.models import Draft
from identity.models import User
from portal import prepared as letters
from tests.cases.test_once import a_draft, send
from tests.factories import behalf, people, prepared
from tests.factories import cases as make
from tests.portal.steps import marked

SLUG = "tax-exempt-household"
RIGHT = {"number": "a 0001", "born": "1985/4/12"}


@pytest.fixture(autouse=True)
def _no_tries() -> None:
    cache.clear()


@pytest.fixture
def benefit(town: Any) -> Offering:
    return make.offering(prepared.SERVICE)


def begin(browser: Client, resident: User) -> tuple[Draft, str]:
    """Where the resident is led who begins."""
    where = browser.get(reverse("portal:begin", args=[SLUG])).headers["Location"]
    return Draft.objects.get(resident=resident, state=Draft.State.OPEN), where


def page_of(draft: Draft) -> str:
    return reverse("portal:prepared_letter", args=[draft.pk])


def guests_draft(visitor: Client) -> Draft:
    """Begun without signing in, by the button for the letter."""
    answer = visitor.post(reverse("portal:begin_as_guest", args=[SLUG]), {"letter": ""})
    draft = Draft.objects.get(resident=None)
    assert answer.headers["Location"] == page_of(draft)
    return draft


def test_letter_that_fits_the_eid_is_offered_and_filled_in_by_choice(
    benefit: Offering, resident: User, browser: Client
) -> None:
    prepared.letter(benefit)
    draft, where = begin(browser, resident)
    assert where == page_of(draft)
    page = browser.get("/en" + where).content.decode()
    assert "You have a confirmation letter prepared for you" in page
    assert "みなと銀行 本店 Ordinary account ••••567" in page
    assert "0034567" not in page
    assert "¥100,000" in page
    assert "confirmation_no" not in draft.answers
    browser.post(where, {"what": "fill"})
    draft.refresh_from_db()
    assert draft.answers["confirmation_no"] == "A-0001"
    entry = LedgerEntry.objects.filter(event="prepared_letter.used").latest("pk")
    assert "confirmation_no" in entry.data["questions"]
    # What the eID verified stays the eID's; the number cannot be changed.
    step = browser.get("/en" + reverse("portal:step", args=[draft.pk, "householder"]))
    shown = step.content.decode()
    assert "From the letter of the town" in shown
    assert "Verified by eID" in shown
    assert 'name="confirmation_no"' not in shown
    assert "Amount: ¥100,000" in shown
    account = browser.get("/en" + reverse("portal:step", args=[draft.pk, "account"]))
    assert account.status_code in {200, 302}


def test_declined_offer_fills_in_nothing_and_does_not_come_again(
    benefit: Offering, resident: User, browser: Client
) -> None:
    prepared.letter(benefit)
    draft, where = begin(browser, resident)
    step = reverse("portal:step", args=[draft.pk, "householder"])
    assert f'href="{step}"' in browser.get(where).content.decode()
    draft.refresh_from_db()
    assert "confirmation_no" not in draft.answers
    # The step says how to come back to it.
    assert page_of(draft) in browser.get(step).content.decode()


def test_without_a_letter_the_form_begins_as_ever(
    benefit: Offering, resident: User, browser: Client
) -> None:
    draft, where = begin(browser, resident)
    assert where == reverse("portal:step", args=[draft.pk, "householder"])
    other = reverse("portal:begin", args=[SLUG]) + "?letter"
    assert browser.get(other).headers["Location"] == page_of(draft)


def test_number_and_date_of_birth_fill_in_the_form_of_a_visitor(
    benefit: Offering, visitor: Client
) -> None:
    prepared.letter(benefit, 番号="A-0001")
    start = visitor.get("/en" + reverse("portal:start", args=[SLUG])).content.decode()
    assert "Have you received a confirmation letter?" in start
    draft = guests_draft(visitor)
    page = visitor.get("/en" + page_of(draft)).content.decode()
    assert "Begin with the confirmation letter" in page
    assert "みなと銀行" not in page
    answer = visitor.post(page_of(draft), RIGHT)
    assert answer.headers["Location"] == reverse("portal:step", args=[draft.pk, "householder"])
    draft.refresh_from_db()
    assert draft.answers["name"] == "山田　花子"
    assert draft.answers["address"]["city"] == "千代田区"
    shown = visitor.get("/en" + answer.headers["Location"]).content.decode()
    # The declaration says what stays: the name does, the address can be put right.
    assert 'name="name"' not in shown
    assert 'name="address-city"' in shown
    assert shown.count("From the letter of the town") >= 4


def test_wrong_number_and_wrong_date_read_the_same(benefit: Offering, visitor: Client) -> None:
    prepared.letter(benefit)
    draft = guests_draft(visitor)
    said = set()
    for tried in (RIGHT | {"number": "B-1"}, RIGHT | {"born": "1985-04-13"}):
        answer = visitor.post("/en" + page_of(draft), tried)
        assert answer.status_code == 422
        assert tried["number"] in answer.content.decode()
        said.add(tuple(answer.context["errors"]["number"]))
    assert len(said) == 1
    draft.refresh_from_db()
    assert draft.answers == {}


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"number": "", "born": "1985-04-12"}, "number"),
        ({"number": "A-0001", "born": ""}, "born"),
        ({"number": "A-0001", "born": "yesterday"}, "born"),
        ({"number": "A\x00", "born": "1985-04-12"}, "number"),
        ({"number": "' OR 1=1 --", "born": "1985-04-12"}, "number"),
        ({"number": "9" * 5000, "born": "9" * 5000}, "born"),
    ],
)
def test_bad_input_is_said_at_the_field(
    benefit: Offering, visitor: Client, typed: dict[str, str], field: str
) -> None:
    prepared.letter(benefit)
    draft = guests_draft(visitor)
    answer = visitor.post(page_of(draft), typed)
    assert answer.status_code == 422
    assert field in answer.context["errors"]


def test_guessing_is_limited(benefit: Offering, visitor: Client, settings: Any) -> None:
    prepared.letter(benefit)
    draft = guests_draft(visitor)
    for _try in range(10):
        assert visitor.post(page_of(draft), RIGHT | {"born": "1970-01-01"}).status_code == 422
    # Also with the right date now, and however the number is written.
    assert visitor.post(page_of(draft), RIGHT | {"number": "Ａ-0001"}).status_code == 429
    draft.refresh_from_db()
    assert draft.answers == {}


def test_letter_that_was_answered_or_is_over_says_so(
    benefit: Offering, resident: User, browser: Client
) -> None:
    letter = prepared.letter(benefit)
    draft, _where = begin(browser, resident)
    send(a_draft(benefit, people.resident(name="別の 人"), answers={"confirmation_no": "A-0001"}))
    answer = browser.post("/en" + page_of(draft), RIGHT)
    assert "was answered already" in answer.content.decode()
    other = prepared.letter(benefit, 番号="B-1")
    keeping.withdraw(letter_id=other.pk, by=people.admin())
    answer = browser.post("/en" + page_of(draft), RIGHT | {"number": "B-1"})
    assert "cannot be used any more" in answer.content.decode()
    prepared.letter(benefit, 番号="C-1")
    with time_machine.travel(timezone.now() + timedelta(hours=24 * 31), tick=False):
        late = people.resident()
        draft = a_draft(benefit, late)
        from cases.prepared_letters import answering, matching
        from common.errors import NotAllowed

        with pytest.raises(NotAllowed) as over:
            answering.check_open(matching.by_number(benefit, "C-1"))
    assert over.value.code == "over"
    assert letter.pk


def test_letter_of_somebody_else_can_be_taken_out_again(
    benefit: Offering, resident: User, browser: Client
) -> None:
    prepared.letter(benefit, 氏名="山田 花江")
    draft, _where = begin(browser, resident)
    browser.post(page_of(draft), RIGHT)
    assert (
        "Take out what came from the letter" in browser.get("/en" + page_of(draft)).content.decode()
    )
    browser.post(page_of(draft), {"what": "take_back"})
    draft.refresh_from_db()
    assert "confirmation_no" not in draft.answers
    assert draft.answers["name"] == "山田 花子"  # the eID's


def filled(browser: Client, of: Offering, resident: User) -> Draft:
    """A draft that is ready to be sent, filled in from the letter."""
    draft = a_draft(of, resident)
    browser.post(page_of(draft), {"what": "fill"})
    draft.refresh_from_db()
    return draft


def test_sent_with_its_letter(benefit: Offering, resident: User, browser: Client) -> None:
    letter = prepared.letter(benefit)
    draft = filled(browser, benefit, resident)
    check = reverse("portal:check", args=[draft.pk])
    page = browser.get("/en" + check).content.decode()
    assert "From your confirmation letter, number A-0001" in page
    assert "••••567" in page
    assert browser.post(check).status_code == 302
    letter.refresh_from_db()
    assert letter.case is not None
    assert letter.case.application.idempotency_key == draft.pk


def test_another_amount_is_shown_before_it_is_filled_in_or_sent(
    benefit: Offering, resident: User, browser: Client
) -> None:
    letter = prepared.letter(benefit)
    draft = a_draft(benefit, resident)
    fields = marked(browser.get("/en" + page_of(draft)))
    PreparedLetter.objects.filter(pk=letter.pk).update(amount=50_000)
    answer = browser.post("/en" + page_of(draft), fields | {"what": "fill"})
    assert answer.status_code == 409
    assert "¥50,000" in answer.content.decode()
    filling = browser.post(page_of(draft), marked(answer) | {"what": "fill"})
    assert filling.status_code == 302
    draft.refresh_from_db()
    assert draft.answers["confirmation_no"] == "A-0001"
    check = "/en" + reverse("portal:check", args=[draft.pk])
    fields = marked(browser.get(check))
    PreparedLetter.objects.filter(pk=letter.pk).update(amount=40_000)
    answer = browser.post(check, fields)
    assert answer.status_code == 409
    assert "Letter of the town" in answer.content.decode()
    assert browser.post(check, marked(answer)).status_code == 302


def test_two_drafts_of_one_letter_are_one_answer(
    benefit: Offering, resident: User, browser: Client, client_for: Callable[..., Client], town: Any
) -> None:
    prepared.letter(benefit)
    mine = filled(browser, benefit, resident)
    # Somebody else with the paper in their hands, first.
    other = people.resident(name="山田 太郎")
    theirs = client_for(town, other)
    second = a_draft(benefit, other)
    theirs.post(page_of(second), RIGHT)
    assert theirs.post(reverse("portal:check", args=[second.pk])).status_code == 302
    answer = browser.post("/en" + reverse("portal:check", args=[mine.pk]))
    assert answer.status_code == 422
    body = answer.content.decode()
    assert "was answered already" in body
    assert "#f-confirmation_no" in body
    assert Application.objects.count() == 1


def test_typed_number_is_looked_up_when_it_is_sent(
    benefit: Offering, resident: User, browser: Client
) -> None:
    prepared.letter(benefit, 生年月日="1970-01-01")
    draft = a_draft(benefit, resident, answers={"confirmation_no": "A-0001"})
    check = "/en" + reverse("portal:check", args=[draft.pk])
    # A page that is only looked at says nothing about numbers.
    assert "No letter with this number" not in browser.get(check).content.decode()
    answer = browser.post(check)
    assert answer.status_code == 422
    assert "No letter with this number was sent to somebody with this date of birth" in (
        answer.content.decode()
    )
    assert "みなと銀行" not in answer.content.decode()
    for _try in range(9):
        browser.post(check)
    assert browser.post(check).status_code == 429


def test_number_typed_into_a_correction_is_looked_up_as_seldom(
    benefit: Offering, resident: User, browser: Client
) -> None:
    prepared.letter(benefit, 生年月日="1970-01-01")
    case = send(a_draft(benefit, resident))
    case = actions.claim_case(case=case, by=people.caseworker(at=benefit.department))
    correction = make.correction_of(case, question_ids=("confirmation_no",))
    correction.draft.answers["confirmation_no"] = "A-0001"
    correction.draft.save(update_fields=["answers"])
    page = "/en" + reverse("portal:correction_send", args=[case.pk])
    answer = browser.post(page)
    assert answer.status_code == 422
    said = answer.content.decode()
    assert "No letter with this number was sent to somebody with this date of birth" in said
    assert 'href="#f-confirmation_no"' in said
    for _try in range(9):
        browser.post(page)
    assert browser.post(page).status_code == 429


def test_queue_at_the_counter_is_no_guessing(benefit: Offering, rf: Any) -> None:
    request = rf.post("/")
    request.helping = object()
    assert all(letters.may_try(request, "A-0001") for _try in range(50))
    request.helping = None
    assert not all(letters.may_try(request, "A-0001") for _try in range(50))


def test_number_with_a_forged_provenance_shows_nothing(
    benefit: Offering, resident: User, browser: Client
) -> None:
    """The seal binds the number to the draft that was opened with the letter."""
    prepared.letter(benefit)
    one = filled(browser, benefit, resident)
    other = a_draft(benefit, people.resident(name="別の 人"))
    Draft.objects.filter(pk=one.pk).update(answers={}, provenance={})
    one.answers["confirmation_no"] = "A-0001"
    from cases.prepared_letters import matching

    other.answers, other.provenance = one.answers, one.provenance
    assert matching.of_draft(other, benefit) is None


def test_whoever_acts_for_the_household_uses_the_number(
    benefit: Offering, browser: Client, client_for: Callable[..., Client], town: Any
) -> None:
    acts = behalf.attorney_of(people.resident(name="山田 次郎", born="1990-01-01"))
    prepared.letter(benefit, 生年月日=str(acts.birth_date), 氏名=acts.name)
    draft = a_draft(benefit, acts_for=acts)
    theirs = client_for(town, acts.owner)
    answer = theirs.post(page_of(draft), {"number": "A-0001", "born": str(acts.birth_date)})
    assert answer.status_code == 302
    assert theirs.post(reverse("portal:check", args=[draft.pk])).status_code == 302


def test_services_without_letters_pay_no_statement(
    offering: Offering, resident: User, browser: Client
) -> None:
    draft = make.draft_ready_to_send(of=offering, resident=resident)
    check = reverse("portal:check", args=[draft.pk])
    browser.get(check)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        browser.get(check)
    assert not [query for query in asked if "preparedletter" in query["sql"]]
    assert browser.get(page_of(draft)).status_code == 302


def test_pages_of_a_letter_ask_for_it_once(
    benefit: Offering, resident: User, browser: Client
) -> None:
    prepared.letter(benefit)
    draft = filled(browser, benefit, resident)
    for page in (
        reverse("portal:check", args=[draft.pk]),
        reverse("portal:step", args=[draft.pk, "householder"]),
    ):
        with CaptureQueriesContext(connection) as asked:
            browser.get(page)
        assert len([query for query in asked if "preparedletter" in query["sql"]]) == 1
