"""What the office sees of an application for somebody else, and what it finds about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from audit.models import LedgerEntry
from cases import policies
from cases.models import Case
from identity.models import Representation, User
from tests.factories import behalf, people
from tests.factories import cases as make

Desk = Callable[[User], Client]


@pytest.fixture
def attorney(town: Any) -> Representation:
    return behalf.attorney_of()


@pytest.fixture
def worker(town: Any) -> User:
    return people.caseworker()


@pytest.fixture
def case(attorney: Representation, worker: User) -> Case:
    return make.claimed_case(acts_for=attorney, by=worker)


def _url(case: Case, name: str = "case") -> str:
    with translation.override("en"):  # the last request's language may still be active
        return reverse(f"desk:{name}", args=[case.pk])


def test_case_page_says_who_acts_for_whom_on_what_basis(
    desk: Desk, case: Case, worker: User
) -> None:
    page = desk(worker).get(_url(case)).content.decode()
    for words in (
        "Sent on behalf of the applicant", "鈴木 ハル", "山田 花子", "Power of attorney",
        "To be checked", "Confirm or doubt it", "First confirm that the sender may act",
    ):  # fmt: skip
        assert words in page, words


def test_own_application_shows_nothing_of_it(desk: Desk, worker: User) -> None:
    page = desk(worker).get(_url(make.claimed_case(by=worker))).content.decode()
    assert "Sent on behalf of the applicant" not in page


def test_consulted_office_learns_neither_name(desk: Desk, attorney: Representation) -> None:
    consultation = make.consulted_case(acts_for=attorney)
    page = desk(people.consultee()).get(_url(consultation.case)).content.decode()
    for name in ("鈴木", "山田", "Sent on behalf"):
        assert name not in page, name


def test_inbox_names_the_represented(desk: Desk, case: Case, worker: User) -> None:
    page = desk(worker).get("/en/desk/").content.decode()
    assert "鈴木 ハル" in page
    assert "山田 花子" not in page


def test_confirmed(desk: Desk, case: Case, worker: User) -> None:
    browser = desk(worker)
    answer = browser.post(_url(case, "representation"), {"verdict": "confirmed", "lock": case.lock})
    assert answer.headers["Location"] == _url(case)
    assert policies.ground(Case.objects.get(pk=case.pk)) == "confirmed"
    page = browser.get(_url(case)).content.decode()
    assert "First confirm that the sender may act" not in page


def test_doubt_without_a_reason_is_shown_again(desk: Desk, case: Case, worker: User) -> None:
    browser = desk(worker)
    answer = browser.post(_url(case, "representation"), {"verdict": "doubted", "lock": case.lock})
    page = answer.content.decode()
    assert (answer.status_code, 'href="#representation-reason"' in page) == (422, True)
    answer = browser.post(
        _url(case, "representation"),
        {"verdict": "doubted", "reason": "印がない", "lock": case.lock},
    )
    assert answer.status_code == 302
    page = browser.get(_url(case)).content.decode()
    assert "印がない" in page
    assert "It is doubted that the sender may act for the applicant." in page


def test_old_page_is_told(desk: Desk, case: Case, worker: User) -> None:
    answer = desk(worker).post(_url(case, "representation"), {"verdict": "confirmed", "lock": "0"})
    assert answer.status_code == 409


def test_paper_is_handed_out_and_noted(desk: Desk, case: Case, worker: User) -> None:
    answer = desk(worker).get(_url(case, "authority"))
    assert b"".join(answer.streaming_content) == behalf.Paper().data
    entry = LedgerEntry.objects.get(event="representation.opened", object_id=str(case.pk))
    assert (entry.actor_id, entry.about) == (str(worker.pk), case.resident_id)


def test_paper_and_check_are_for_the_office_of_the_case(
    desk: Desk, attorney: Representation
) -> None:
    case = make.consulted_case(acts_for=attorney).case
    for user in (people.consultee(), people.caseworker(at="parks")):
        browser = desk(user)
        assert browser.get(_url(case, "authority")).status_code == 404
        assert browser.get(_url(case, "representation")).status_code == 404
        answer = browser.post(_url(case, "representation"), {"verdict": "confirmed"})
        assert answer.status_code == 404
    assert policies.ground(case) == "claimed"


def test_there_is_no_paper_where_none_was_given(desk: Desk, worker: User) -> None:
    case = make.claimed_case(
        by=worker,
        acts_for=behalf.employee_of(),
        answers={
            "for_organisation": True, "organisation_name": "みなと", "organisation_role": "制作",
        },
    )  # fmt: skip
    browser = desk(worker)
    assert "7000012050002" in browser.get(_url(case)).content.decode()
    assert browser.get(_url(case, "authority")).status_code == 404
