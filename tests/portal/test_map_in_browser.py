"""The map in a real browser, by touch and by keyboard. Its pages are fetched beforehand: what the
browser asks for is answered here, and whatever else it asks for is written down."""

from __future__ import annotations

import base64
import mimetypes
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse
from django.utils import translation
from playwright.sync_api import BrowserContext, Page, Route, expect, sync_playwright

from forms.models import Draft
from identity.models import User
from sandbox.browser import FLAGS, chromium
from tests.e2e.looking import Findings
from tests.factories import cases as make
from tests.factories import people

pytestmark = pytest.mark.browser

SITE = "http://shiomi.localhost"
TILES = "https://cyberjapandata.gsi.go.jp"
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII="
)
PHONE = {"width": 360, "height": 740}
VIEW = ".map__view"
BOX = "#f-place-coordinates"


@dataclass
class Line:
    """All that a browser reaches: our pages and files, and a server of tiles, which may be down."""

    pages: dict[str, tuple[str, str]]
    tiles: bool = True
    abroad: list[str] = field(default_factory=list)

    def join(self, context: BrowserContext) -> None:
        context.route("**/*", self._answer)

    def _answer(self, route: Route) -> None:
        parts = urlsplit(route.request.url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin == SITE and parts.path in self.pages:
            body, policy = self.pages[parts.path]
            kind = "text/css" if parts.path.endswith(".css") else "text/html; charset=utf-8"
            headers = {"Content-Security-Policy": policy, "Content-Type": kind}
            route.fulfill(body=body, headers=headers)
        elif origin == SITE and parts.path.startswith("/static/"):
            path = finders.find(parts.path.removeprefix("/static/"))
            assert path, parts.path
            kind = mimetypes.guess_type(parts.path)[0] or "application/octet-stream"
            route.fulfill(body=Path(path).read_bytes(), content_type=kind)
        elif origin == SITE:
            route.fulfill(status=204)
        else:
            self.abroad.append(origin)
            if self.tiles and origin == TILES:
                route.fulfill(body=PNG, content_type="image/png")
            else:
                route.abort()


def fetched(client: Client, path: str) -> tuple[str, str]:
    with translation.override("en"):
        answer = client.get(path)
    assert answer.status_code == 200, path
    return answer.content.decode(), answer.headers.get("Content-Security-Policy", "")


@pytest.fixture
def line(
    town: Any, resident: User, browser: Client, client_for: Callable[..., Client]
) -> tuple[Line, str, str]:
    """The line, and the addresses of a step with a place and of a case with one."""
    offering = make.offering("street_stalls")
    place = {"description": "港町商店街", "coordinates": "34.6021, 138.2214"}
    case = make.submitted_case(of=offering, answers={"place": place})
    with translation.override("en"):
        browser.get(reverse("portal:begin", args=["street-stalls"]))
        draft = Draft.objects.get(resident=resident, state=Draft.State.OPEN)
        asking = next(s.id for s in draft.form.steps for q in s.questions if q.id == "place")
        step = reverse("portal:step", args=[draft.pk, asking])
        seen = reverse("desk:case", args=[case.pk])
    desk = people.sign_in_staff(client_for(town), people.caseworker())
    styles = urlsplit(browser.get("/brand.css").request["PATH_INFO"]).path
    pages = {step: fetched(browser, step), seen: fetched(desk, seen)}
    return Line(pages | {styles: fetched(browser, styles)}), step, seen


def numbers(page: Page) -> tuple[float, float]:
    north, east = page.input_value(BOX).split(", ")
    assert len(north.partition(".")[2]) == len(east.partition(".")[2]) == 6
    return float(north), float(east)


def tab_to(page: Page, words: str) -> None:
    for _step in range(9):
        page.keyboard.press("Tab")
        if words in page.evaluate("document.activeElement.textContent"):
            return
    raise AssertionError(f"no key leads to “{words}”")


def test_a_place_is_shown_by_finger_keys_and_position(line: tuple[Line, str, str]) -> None:
    reached, step, seen = line
    findings = Findings()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        here = {"latitude": 35.6812, "longitude": 139.7671, "accuracy": 12.0}
        phone: Any = {"viewport": PHONE, "has_touch": True, "reduced_motion": "reduce"}
        context = browser.new_context(**phone, geolocation=here)
        context.set_default_timeout(8000)
        reached.join(context)
        page = context.new_page()
        findings.watch(page)

        page.goto(SITE + step)
        page.wait_for_load_state("networkidle")
        show = page.get_by_role("button", name="Show a map")
        show.scroll_into_view_if_needed()
        assert reached.abroad == []
        assert not page.evaluate("'L' in window")

        # A finger.
        show.tap()
        page.locator(".leaflet-tile-loaded").first.wait_for()
        assert set(reached.abroad) == {TILES}
        page.locator(VIEW).tap(position={"x": 100, "y": 100})
        first = numbers(page)
        assert first == pytest.approx((34.6021, 138.2214), abs=0.02)
        assert first[0] > 34.6021  # above the middle of the town, where the map begins
        assert first[1] < 138.2214
        status = page.locator(".map [role=status]")
        assert page.input_value(BOX) in status.inner_text()

        # Keys: into the map, about in it, out of it.
        page.focus("[data-map-button]")
        page.keyboard.press("Tab")
        assert page.evaluate(f"document.activeElement.matches('{VIEW}')")
        page.keyboard.press("+")
        for _time in range(3):
            page.keyboard.press("ArrowRight")
        tab_to(page, "Put the marker at the centre")
        page.keyboard.press("Enter")
        second = numbers(page)
        assert second[1] > first[1]
        assert second[0] == pytest.approx(first[0], abs=0.01)

        # Where one is: refused at first.
        me = page.get_by_role("button", name="Use my position")
        me.tap()
        expect(status).to_contain_text("not allowed")
        assert numbers(page) == second
        context.grant_permissions(["geolocation"])
        me.tap()
        expect(status).to_contain_text("12 m: 35.681200, 139.767100")
        assert numbers(page) == (35.6812, 139.7671)
        for button in page.locator(".map button, [data-map-button]").all():
            box = button.bounding_box()
            assert box
            assert box["height"] >= 44
        findings.look(page, "map below a place")

        page.get_by_role("button", name="Hide the map").click()
        assert not page.locator(VIEW).is_visible()

        # The desk looks and changes nothing.
        page.goto(SITE + seen)
        page.get_by_role("button", name="Show a map").click()
        page.locator(".leaflet-marker-icon").wait_for()
        assert page.get_by_role("button", name="Put the marker").count() == 0
        assert page.get_by_role("button", name="Nearer").is_visible()

        # No pictures come: the page says so, and goes on.
        reached.tiles = False
        page.goto(SITE + step)
        page.get_by_role("button", name="Show a map").click()
        expect(status).to_contain_text("describe the place in words")
        page.fill(BOX, "35.1, 139.1")
        page.keyboard.press("Tab")
        page.locator(".map__pin").wait_for()
        page.fill(BOX, "")
        page.keyboard.press("Tab")
        expect(page.locator(".map__pin")).to_have_count(0)
        assert set(reached.abroad) == {TILES}

        # Without scripts there are the two boxes.
        plain = browser.new_context(viewport=PHONE, java_script_enabled=False)
        reached.join(plain)
        page = plain.new_page()
        page.goto(SITE + step)
        page.fill("#f-place-description", "駅前")
        page.fill(BOX, "35.1, 139.1")
        assert page.locator("[data-map]").count() == 1
        assert not page.locator("[data-map]").is_visible()
        browser.close()
    findings.none()
