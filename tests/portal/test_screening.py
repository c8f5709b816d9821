"""“You probably cannot apply”: told after the answer, kept with the application, seen by staff."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from cases.models import Application
from catalogue.models import Offering
from forms import versions
from forms.definitions import load
from forms.models import Draft
from identity.models import User
from tests.factories import cases as make
from tests.factories import people
from tests.portal.steps import post_step, step_url


@pytest.fixture
def allowance(town: Any) -> Offering:
    return make.offering("child_allowance")


def a_draft(of: Offering, resident: User, **answers: Any) -> Draft:
    return make.draft_ready_to_send(of=of, resident=resident, answers=answers)


def screening_url(draft: Draft) -> str:
    return reverse("portal:screening", args=[draft.pk])


CLAIMANT = {"phone": "090-1234-5678", "email": "a@example.jp", "pension_type": "national",
            "claim_reason": "other"}  # fmt: skip


def test_answer_that_speaks_against_applying_leads_to_the_page(
    allowance: Offering, browser: Client, resident: User
) -> None:
    draft = a_draft(allowance, resident)
    answer = post_step(browser, draft, "claimant", CLAIMANT | {"public_servant": "yes"})
    assert (answer.status_code, answer.headers["Location"]) == (302, screening_url(draft))
    page = browser.get("/en" + screening_url(draft))
    text = page.content.decode()
    for words in (
        "You probably cannot apply",
        "please claim from your employer",
        "“Are you a public servant?” is “Yes”",
        "The office decides.",
        "Go on all the same",
        step_url(draft, "claimant"),
    ):
        assert words in text, words
    assert allowance.department.name.in_language("en") in html.unescape(text)
    # The next step, and another one saved, do not tell it again.
    on = post_step(browser, draft, "spouse", {"has_spouse": "no"})
    assert on.headers["Location"] == step_url(draft, "children")


def test_answer_that_is_changed_leads_on(
    allowance: Offering, browser: Client, resident: User
) -> None:
    draft = a_draft(allowance, resident, public_servant=True)
    assert browser.get(screening_url(draft)).status_code == 200
    answer = post_step(browser, draft, "claimant", CLAIMANT | {"public_servant": "no"})
    assert answer.headers["Location"] == step_url(draft, "spouse")
    assert browser.get(screening_url(draft)).status_code == 302


def test_sent_all_the_same_is_kept_with_reasons_and_shown_to_staff(
    allowance: Offering,
    browser: Client,
    resident: User,
    client_for: Callable[..., Client],
    town: Any,
) -> None:
    draft = a_draft(allowance, resident, public_servant=True)
    check = browser.get("/en" + reverse("portal:check", args=[draft.pk])).content.decode()
    assert "You probably cannot apply" in check
    assert "Send the application" in check
    browser.post(reverse("portal:check", args=[draft.pk]))
    application = Application.objects.get(idempotency_key=draft.pk)
    stored = {finding["id"]: finding for finding in application.screening or []}
    assert stored["not_public_servant"] == {
        "id": "not_public_servant",
        "severity": "stop",
        "met": False,
        "facts": [{"name": "public_servant", "part": "", "entry": None, "value": True}],
    }
    assert stored["child_of_age"]["met"] is True
    desk = people.sign_in_staff(client_for(town), people.caseworker(at=allowance.department))
    page = desk.get("/en" + reverse("desk:case", args=[application.case.pk])).content.decode()
    assert "First check by the answers" in page
    assert "“Are you a public servant?” is “Yes”" in page


def test_form_that_lets_nobody_else_apply_takes_no_application(
    allowance: Offering, browser: Client, resident: User
) -> None:
    strict = allowance.form_version.form.as_json() | {"may_apply_anyway": False}
    allowance.form_version = versions.publish(load(strict))
    allowance.save(update_fields=["form_version"])
    draft = a_draft(allowance, resident, public_servant=True)
    check = browser.get("/en" + reverse("portal:check", args=[draft.pk])).content.decode()
    assert "you cannot send the application online" in check
    assert "Send the application" not in check
    assert "Go on all the same" not in browser.get("/en" + screening_url(draft)).content.decode()
    assert browser.post(reverse("portal:check", args=[draft.pk])).status_code == 409
    assert not Application.objects.filter(idempotency_key=draft.pk).exists()


def test_form_without_criteria_keeps_nothing(offering: Offering, resident: User) -> None:
    assert make.submitted_case(of=offering, resident=resident).application.screening is None
