"""Who gets to which page of the desk."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from identity.models import Role, User
from tests.factories import cases as make
from tests.factories import people

Desk = Callable[[User], Client]


def _addresses(case: Any, consultation_id: uuid.UUID, file_id: str) -> dict[str, str]:
    pk = case.pk
    return {
        "case": reverse("desk:case", args=[pk]),
        "claim": reverse("desk:claim", args=[pk]),
        "consult": reverse("desk:consult", args=[pk]),
        "correct": reverse("desk:correct", args=[pk]),
        "approve": reverse("desk:approve", args=[pk]),
        "refuse": reverse("desk:refuse", args=[pk]),
        "opinion": reverse("desk:opinion", args=[pk, consultation_id]),
        "attachment": reverse("desk:attachment", args=[pk, file_id]),
        "letter": reverse("desk:letter", args=[pk]),
    }


@pytest.fixture
def addresses(town: Any) -> dict[str, str]:
    """Every address of a case on which the parks department is asked."""
    consultation = make.consulted_case()
    case = consultation.case
    return _addresses(case, consultation.pk, case.application.answers["site_plan"][0])


@pytest.mark.parametrize("name", ["inbox", "operations"])
def test_visitor_is_sent_to_the_staff_sign_in(town: Any, client_for: Any, name: str) -> None:
    response = client_for(town).get(reverse(f"desk:{name}"))
    assert response.status_code == 302
    assert "/staff/" in response["Location"]


def test_password_alone_is_not_enough(town: Any, client_for: Any) -> None:
    client = client_for(town)
    client.force_login(people.caseworker(), backend="identity.backends.StaffBackend")
    response = client.get(reverse("desk:inbox"))
    assert response.status_code == 302
    assert reverse("desk:inbox") not in response["Location"].split("?")[0]


def test_resident_is_refused(town: Any, client_for: Any) -> None:
    client = client_for(town)
    client.force_login(people.resident(), backend="identity.backends.EidBackend")
    assert client.get(reverse("desk:inbox")).status_code == 403


def test_role_without_cases_is_refused(town: Any, desk: Desk) -> None:
    assert desk(people.staff(Role.EDITOR, at=None)).get(reverse("desk:inbox")).status_code == 403


@pytest.mark.parametrize(
    ("role", "page"), [(Role.FINANCE, "desk:fees"), (Role.COUNTER, "desk:counter")]
)
def test_who_works_elsewhere_is_led_there(town: Any, desk: Desk, role: Role, page: str) -> None:
    client = desk(people.staff(role, at=None))
    assert client.get(reverse("desk:inbox"))["Location"] == reverse(page)
    assert client.get(reverse(page)).status_code == 200


@pytest.mark.parametrize("role", [Role.CASEWORKER, Role.LEAD, Role.CONSULTEE])
def test_operations_are_for_administrators(town: Any, desk: Desk, role: Role) -> None:
    assert desk(people.staff(role)).get(reverse("desk:operations")).status_code == 403
    assert desk(people.admin()).get(reverse("desk:operations")).status_code == 200


@pytest.mark.parametrize("method", ["get", "post"])
def test_case_of_another_department_does_not_exist(
    town: Any, desk: Desk, addresses: dict[str, str], method: str
) -> None:
    client = desk(people.caseworker(at="child_welfare"))
    answers = {
        name: getattr(client, method)(address).status_code for name, address in addresses.items()
    }
    assert set(answers.values()) <= {404, 405}
    assert answers["case"] == (404 if method == "get" else 405)


def test_case_that_does_not_exist_is_404(town: Any, desk: Desk) -> None:
    client = desk(people.caseworker())
    for address in _addresses(
        type("Case", (), {"pk": uuid.uuid4()}), uuid.uuid4(), str(uuid.uuid4())
    ).values():
        assert client.get(address).status_code in {404, 405}


def test_case_of_another_town_does_not_exist(
    town: Any, desk: Desk, in_town: Any, client_for: Any
) -> None:
    with in_town("suginosawa"):
        case = make.claimed_case()
        worker = case.assigned_to
    assert worker is not None
    assert desk(people.admin()).get(reverse("desk:case", args=[case.pk])).status_code == 404
    with in_town("suginosawa"):
        other = people.sign_in_staff(client_for("suginosawa"), worker)
    assert other.get(reverse("desk:case", args=[case.pk])).status_code == 200
    other.defaults["HTTP_HOST"] = "shiomi.localhost"
    assert other.get(reverse("desk:case", args=[case.pk])).status_code == 302


def test_consultee_of_a_department_that_was_not_asked_gets_404(
    town: Any, desk: Desk, addresses: dict[str, str]
) -> None:
    client = desk(people.consultee(at="police"))
    assert client.get(addresses["case"]).status_code == 404
    assert client.post(addresses["opinion"], {"opinion": "no_objection"}).status_code == 404


def test_file_of_another_case_does_not_exist_here(town: Any, desk: Desk) -> None:
    case = make.claimed_case()
    other = make.submitted_case(resident=people.resident(name="佐藤 次郎"))
    file_id = other.application.answers["site_plan"][0]
    client = desk(people.caseworker())
    assert client.get(reverse("desk:attachment", args=[case.pk, file_id])).status_code == 404
    assert client.get(reverse("desk:attachment", args=[other.pk, file_id])).status_code == 200


@pytest.mark.parametrize("name", ["claim", "consult", "correct", "approve", "refuse", "opinion"])
def test_posts_need_their_token(
    town: Any, client_for: Any, addresses: dict[str, str], name: str
) -> None:
    client = people.sign_in_staff(client_for(town), people.admin())
    client.handler.enforce_csrf_checks = True
    assert client.post(addresses[name]).status_code == 403


def test_actions_that_only_post_refuse_get(
    town: Any, desk: Desk, addresses: dict[str, str]
) -> None:
    client = desk(people.caseworker())
    assert client.get(addresses["claim"]).status_code == 405
    assert client.get(reverse("desk:retry", args=[1])).status_code == 405
