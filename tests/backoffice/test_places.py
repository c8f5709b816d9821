"""A place in an answer: where the caseworker can see it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from django.urls import reverse

from cases.models import Case
from identity.models import User
from tests.factories import cases as make
from tests.factories import people

Desk = Callable[[User], Client]
TILES = "https://cyberjapandata.gsi.go.jp"


@pytest.fixture
def case(town: Any) -> Case:
    place = {"description": "港町商店街", "coordinates": "34.6021, 138.2214"}
    return make.submitted_case(of=make.offering("street_stalls"), answers={"place": place})


def opened(desk: Desk, case: Case) -> Any:
    return desk(people.caseworker()).get(reverse("desk:case", args=[case.pk]))


def test_place_can_be_opened_on_a_map(desk: Desk, case: Case) -> None:
    answer = opened(desk, case)
    page = BeautifulSoup(answer.content, "html.parser")
    offer = page.select_one("[data-map]")
    assert "港町商店街34.6021, 138.2214" in offer.parent.get_text(strip=True)
    assert (offer["data-place"], offer.has_attr("hidden")) == ("34.6021, 138.2214", True)
    link = offer.parent.find("a")
    assert link["href"] == "https://maps.gsi.go.jp/#17/34.6021/138.2214/"
    assert link["rel"] == ["noopener", "noreferrer"]
    assert link["referrerpolicy"] == "no-referrer"
    assert page.select_one("template#map-panel") is not None
    assert f"img-src 'self' data: {TILES};" in answer.headers["Content-Security-Policy"] + ";"


def test_case_without_coordinates_shows_none(town: Any, desk: Desk) -> None:
    answer = opened(desk, make.submitted_case(of=make.offering("street_stalls")))
    assert "港町商店街" in answer.content.decode()
    assert "data-map" not in answer.content.decode()
    assert TILES not in answer.headers["Content-Security-Policy"]


def test_without_the_setting_the_numbers_are_there(desk: Desk, case: Case, settings: Any) -> None:
    settings.MAP_TILES = ""
    answer = opened(desk, case)
    assert "34.6021, 138.2214" in answer.content.decode()
    assert "maps.gsi.go.jp" not in answer.content.decode()
    assert "map-panel" not in answer.content.decode()
    assert TILES not in answer.headers["Content-Security-Policy"]
