"""The page on which a town chooses how one signs in for a service."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from catalogue.models import Offering
from tests.cms.test_form_builder import fields, make_editor, soup, words
from tests.factories import cases as make
from tests.factories import people

HERE = "/admin/forms/park-use/sign-in/"
FORM = "#sign-in-form"


@pytest.fixture
def desk(town: Any, client_for: Callable[..., Any]) -> Any:
    return people.sign_in_staff(client_for(town), make_editor())


@pytest.fixture
def park(town: Any) -> Offering:
    return make.offering()


def fresh() -> Offering:
    return Offering.objects.get(template_key="park_use")


def test_what_is_in_force_and_what_the_template_forbids_is_shown(desk: Any, park: Offering) -> None:
    assert HERE in desk.get("/admin/forms/park-use/").content.decode()
    page = soup(desk.get(HERE))
    chosen = {one["value"] for one in page.select("input[type=radio][checked]")}
    assert chosen == {"to_send", "ordinary"}
    (forbidden,) = page.select("input[type=radio][disabled]")
    assert forbidden["value"] == "optional"
    told = page.select_one("#" + str(forbidden["aria-describedby"]))
    assert told is not None
    assert "its template asks for more" in told.get_text()


def test_residents_meet_what_was_chosen(
    desk: Any, park: Offering, client_for: Callable[..., Any], town: Any
) -> None:
    typed = fields(soup(desk.get(HERE)), FORM) | {
        "sign_in": "required", "assurance": "high", "signers": "2",
        "by-ja": "町内会の役員が署名してください。", "by-en": "Two of the association sign.",
    }  # fmt: skip
    assert desk.post(HERE, typed).status_code == 302
    assert "Saved" in words(desk.get(HERE))
    visitor: Client = client_for(town)
    page = visitor.get("/en/apply/park-use/").content.decode()
    assert "Two of the association sign." in page
    assert "confirm with it when you begin" in page
    assert "begin without signing in" not in page
    assert reverse("portal:begin_as_guest", args=["park-use"]) not in page


def test_refused_with_the_reason_and_nothing_lost(desk: Any, park: Offering) -> None:
    typed = fields(soup(desk.get(HERE)), FORM) | {
        "sign_in": "to_send", "assurance": "high", "signers": "1", "by-ja": "大家さん",
    }  # fmt: skip
    answer = desk.post(HERE, typed)
    assert answer.status_code == 422
    page = soup(answer)
    assert "people sign in first" in page.get_text()
    assert "Say who signs (English)" in page.get_text()
    again = fields(page, FORM)
    assert again["assurance"] == ["high"]
    assert again["by-ja"] == ["大家さん"]
    assert again["signers"] == ["1"]
    assert fresh().sign_in_rules == park.sign_in_rules


@pytest.mark.parametrize(
    "wrong", [{"sign_in": "optional"}, {"sign_in": "x"}, {"assurance": ""}, {"signers": "11"},
              {"signers": "-1"}, {"signers": "²"}, {"seen": "made-up"}],
)  # fmt: skip
def test_what_the_page_does_not_offer_changes_nothing(
    desk: Any, park: Offering, wrong: dict[str, str]
) -> None:
    typed = fields(soup(desk.get(HERE)), FORM) | {"sign_in": "required"} | wrong
    assert desk.post(HERE, typed).status_code in {409, 422}
    assert fresh().sign_in_rules == park.sign_in_rules


def test_two_editors_the_second_is_told(
    desk: Any, park: Offering, client_for: Callable[..., Any], town: Any
) -> None:
    colleague = people.sign_in_staff(client_for(town), make_editor("別 花子"))
    mine = fields(soup(desk.get(HERE)), FORM) | {"assurance": "high", "sign_in": "required"}
    theirs = fields(soup(colleague.get(HERE)), FORM) | {"sign_in": "required"}
    assert colleague.post(HERE, theirs).status_code == 302
    answer = desk.post(HERE, mine)
    assert answer.status_code == 409
    assert "Somebody else has changed this" in words(answer)
    assert not fresh().is_sure
    assert desk.post(HERE, fields(soup(answer), FORM) | {"assurance": "high"}).status_code == 302
    assert fresh().is_sure


def test_only_whoever_may_publish_the_services_pages(
    park: Offering, client_for: Callable[..., Any], town: Any
) -> None:
    client = people.sign_in_staff(client_for(town), people.caseworker())
    assert client.get(HERE).status_code in {302, 403}
    assert client.post(HERE, {"sign_in": "required"}).status_code in {302, 403}
    assert fresh().sign_in_rules == park.sign_in_rules
