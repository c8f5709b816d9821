"""A place on a map: what pages offer, to whom they let the browser speak, and what is kept."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from django.urls import reverse

from catalogue.models import Offering
from cms import brand
from cms.models import Branding
from forms.models import Draft
from identity.models import User
from tests.factories import cases as make
from tests.portal import steps

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:{}; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'; manifest-src 'self'"
)
TILES = "https://cyberjapandata.gsi.go.jp"


@pytest.fixture
def stalls(town: Any) -> Offering:
    return make.offering("street_stalls")


@pytest.fixture
def draft(stalls: Offering, browser: Client, resident: User) -> Draft:
    browser.get(reverse("portal:begin", args=["street-stalls"]))
    return Draft.objects.get(resident=resident, subject="street-stalls")


def policy(answer: Any) -> set[str]:
    return {part.strip() for part in answer.headers["Content-Security-Policy"].split(";")}


def expected(more: str = "") -> set[str]:
    return {part.strip() for part in POLICY.format(more).split(";")}


def place_step(draft: Draft) -> str:
    return next(step.id for step in draft.form.steps for one in step.questions if one.id == "place")


def place_page(browser: Client, draft: Draft) -> Any:
    return browser.get(steps.step_url(draft, place_step(draft)))


def test_page_with_a_place_offers_a_map_and_lets_pictures_come_from_its_server_alone(
    browser: Client, draft: Draft
) -> None:
    answer = place_page(browser, draft)
    page = BeautifulSoup(answer.content, "html.parser")
    assert policy(answer) == expected(f" {TILES}")
    offer = page.select_one('[data-map="place"]')
    assert offer.has_attr("hidden")  # until a script says that it can be shown
    assert "cyberjapandata.gsi.go.jp" in offer.p.text
    assert offer.button["type"] == "button"
    assert page.find(id=offer.button["aria-describedby"]) == offer.p
    assert page.find(id=offer.button["aria-controls"]) is not None
    panel = page.select_one("template#map-panel")
    assert panel["data-tiles"] == f"{TILES}/xyz/pale/{{z}}/{{x}}/{{y}}.png"
    credit = panel.select_one(".map__credit a")
    assert (credit["href"], credit["rel"]) == (
        "https://maps.gsi.go.jp/development/ichiran.html",
        ["noopener", "noreferrer"],
    )
    assert "国土地理院" in str(credit)
    # Nothing of it is loaded before somebody asks.
    loaded = [tag.get("src") or tag.get("href") for tag in page.select("script, link, img")]
    assert not [path for path in loaded if path and ("leaflet" in path or "map" in path)]


def test_other_pages_know_no_map(browser: Client, draft: Draft) -> None:
    answer = browser.get(steps.step_url(draft, "applicant"))
    assert policy(answer) == expected()
    assert "data-map" not in answer.content.decode()
    assert "map-panel" not in answer.content.decode()


def test_without_the_setting_there_are_the_two_boxes(
    browser: Client, draft: Draft, settings: Any
) -> None:
    settings.MAP_TILES = ""
    answer = place_page(browser, draft)
    text = answer.content.decode()
    assert policy(answer) == expected()
    assert 'name="place-description"' in text
    assert 'name="place-coordinates"' in text
    assert "data-map" not in text
    assert "map-panel" not in text


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("https://{s}.tile.example/{z}/{x}/{y}.png?key=1", " https://*.tile.example"),
        ("http://127.0.0.1:8123/{z}/{x}/{y}.png", " http://127.0.0.1:8123"),
        ("/tiles/{z}/{x}/{y}.png", ""),
    ],
)
def test_own_tiles(browser: Client, draft: Draft, settings: Any, address: str, source: str) -> None:
    settings.MAP_TILES = address
    assert policy(place_page(browser, draft)) == expected(source)


def test_map_begins_where_the_town_is(browser: Client, draft: Draft) -> None:
    branding = Branding.objects.get()
    branding.centre = "北緯34度36分 東経138度13分"
    branding.full_clean()
    branding.save()
    assert branding.centre == "34.6, 138.216667"
    brand.forget()
    assert 'data-centre="34.6, 138.216667"' in place_page(browser, draft).content.decode()


def test_what_was_pasted_is_kept_as_two_numbers(browser: Client, draft: Draft) -> None:
    fields = {
        "event_name": "港まつり",
        "place-description": "港町商店街",
        "place-coordinates": "https://maps.gsi.go.jp/#15/34.602100/138.221400/&base=std",
        "_do": "leave",
    }
    assert steps.post_step(browser, draft, place_step(draft), fields).status_code == 302
    draft.refresh_from_db()
    assert draft.answers["place"] == {
        "description": "港町商店街",
        "coordinates": "34.6021, 138.2214",
    }
    assert 'value="34.6021, 138.2214"' in place_page(browser, draft).content.decode()


def test_place_abroad_is_refused_and_nothing_is_lost(browser: Client, draft: Draft) -> None:
    fields = {"place-description": "エッフェル塔", "place-coordinates": "48.8584, 2.2945"}
    answer = steps.post_step(browser, draft, place_step(draft), fields)
    page = BeautifulSoup(answer.content, "html.parser")
    assert answer.status_code == 422
    # The map is offered here, too.
    assert policy(answer) == expected(f" {TILES}")
    assert page.find(id="f-place-coordinates")["value"] == "48.8584, 2.2945"
    assert page.find(id="f-place-description")["value"] == "エッフェル塔"
    assert "48.8584, 2.2945" in page.find(id="f-place-coordinates-error").text
    assert page.select_one('.f-summary a[href="#f-place-coordinates"]') is not None


def test_where_in_a_park_can_be_shown_on_the_map(
    offering: Offering, browser: Client, resident: User
) -> None:
    draft = steps.begin(browser, resident)
    answer = browser.get(steps.step_url(draft, "place"))
    page = BeautifulSoup(answer.content, "html.parser")
    assert page.select_one('[data-map="place_detail"]') is not None
    assert policy(answer) == expected(f" {TILES}")
    typed = steps.place_fields(draft) | {"place_detail-coordinates": "34.6021, 138.2214"}
    steps.post_step(browser, draft, "place", typed)
    draft.refresh_from_db()
    assert draft.answers["place_detail"] == {
        "description": "噴水の北側の芝生",
        "coordinates": "34.6021, 138.2214",
    }
