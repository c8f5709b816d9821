"""A service that is applied for once: what the second attempt sees, and what the desk sees."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.test import Client
from django.urls import reverse

from cases import actions
from cases.models import Application
from identity.models import User
from tests.cases.test_once import a_draft, send
from tests.factories import cases as make
from tests.factories import people


def test_check_page_leads_to_the_earlier_application(resident: User, browser: Client) -> None:
    benefit = make.offering("tax_exempt_household")
    first = send(a_draft(benefit, resident))
    second = a_draft(benefit, resident)
    address = reverse("portal:check", args=[second.pk])
    page = browser.get("/en" + address).content.decode()
    assert "You have applied for this already" in page
    assert first.application.receipt_number in page
    assert f'href="/en{reverse("portal:case", args=[first.pk])}"' in page
    assert "Send the application" not in page
    # A tab that was opened before says the same, and nothing is lost.
    sent = browser.post("/en" + address)
    assert sent.status_code == 409
    assert "You have applied for this already" in sent.content.decode()
    assert not Application.objects.filter(idempotency_key=second.pk).exists()


def test_resident_learns_nothing_about_somebody_elses(resident: User, browser: Client) -> None:
    benefit = make.offering("tax_exempt_household")
    other = send(a_draft(benefit, people.resident()))
    draft = a_draft(benefit, resident)
    page = browser.get("/en" + reverse("portal:check", args=[draft.pk])).content.decode()
    assert "already" not in page
    mine = send(draft)
    case = browser.get(reverse("portal:case", args=[mine.pk])).content.decode()
    assert other.application.receipt_number not in page + case


def test_desk_shows_the_same_person_elsewhere(
    resident: User, client_for: Callable[..., Client], town: Any
) -> None:
    benefit = make.offering("tax_exempt_household")
    first, second = send(a_draft(benefit, people.resident())), send(a_draft(benefit, resident))
    desk = people.sign_in_staff(client_for(town), people.caseworker(at=benefit.department))
    page = desk.get("/en" + reverse("desk:case", args=[second.pk])).content.decode()
    assert "The same name and date of birth elsewhere" in page
    assert f'href="/en{reverse("desk:case", args=[first.pk])}"' in page
    assert first.application.receipt_number in page
    asked = people.consultee(at="parks")
    worker = people.caseworker(at=benefit.department)
    taken = actions.claim_case(case=second, by=worker)
    actions.request_consultation(
        case=taken,
        department=people.department("parks"),
        question="住所は正しいですか。",
        by=worker,
    )
    other = people.sign_in_staff(client_for(town), asked)
    seen = other.get("/en" + reverse("desk:case", args=[second.pk])).content.decode()
    assert "The same name and date of birth elsewhere" not in seen
