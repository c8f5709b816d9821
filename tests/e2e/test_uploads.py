"""A photograph over a bad line: it arrives whole, and one hears and sees how far it is."""

from __future__ import annotations

from collections.abc import Callable
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Route

from sandbox import parts
from sandbox.visitor import Visitor
from tests.e2e.conftest import PHONE
from tests.e2e.looking import Findings
from tests.portal import sending

OpenBrowser = Callable[..., Visitor]
NAME = "現地の写真.jpg"
INPUT = '[name="site_plan"][type="file"]'
LISTED = '[name="site_plan-kept"]:not([value=""])'
#: Everything that the page's live regions said, in order.
_LISTEN = """() => {
  window.heard = [];
  new MutationObserver(() => {
    const words = document.querySelector('form > [aria-live=polite]').textContent;
    if (words && words !== heard[heard.length - 1]) heard.push(words);
  }).observe(document.querySelector('form > [aria-live=polite]'), {childList: true});
}"""


@pytest.fixture(scope="module")
def photo() -> bytes:
    data = sending.photo()
    assert len(data) > 7.5 * 1024 * 1024
    return data


def on_documents(visitor: Visitor, persona: str) -> dict[str, str]:
    """A draft's step that asks for files, with the script for them in place. What it may say."""
    parts.begin(visitor, "park-use", persona)
    with visitor.page.expect_response("**/uploads/for/**") as waiting:
        visitor.go(f"/drafts/{parts.draft_id(visitor)}/documents/")
    words: dict[str, str] = waiting.value.json()["words"]
    visitor.page.wait_for_load_state("networkidle")
    return words


def choose(page: Page, data: bytes, name: str = NAME) -> None:
    page.locator(INPUT).set_input_files({"name": name, "mimeType": "image/jpeg", "buffer": data})


class BadLine:
    """Breaks at the given pieces, before they arrive or (the answer is lost) after."""

    def __init__(self, page: Page, breaks: dict[int, str]) -> None:
        self.page = page
        self.pieces = 0
        self.broken = 0
        self.breaks = breaks
        page.route("**/uploads/*/", self._on_route)

    def _on_route(self, route: Route) -> None:
        if route.request.method != "PATCH":
            route.continue_()
            return
        self.pieces += 1
        how = self.breaks.get(self.pieces)
        if how is None:
            route.continue_()
            return
        self.broken += 1
        if how == "after":
            self._arrive(route)
        route.abort("connectionreset")

    def _arrive(self, route: Route) -> None:
        """The server gets the piece; the browser will not hear of it."""
        at = urlsplit(route.request.url)
        cookies = self.page.context.cookies(route.request.url)
        headers = route.request.headers | {
            "Host": at.netloc,
            "Cookie": "; ".join(f"{one['name']}={one['value']}" for one in cookies),
        }
        body = route.request.post_data_buffer
        connection = HTTPConnection("127.0.0.1", at.port, timeout=20)
        connection.request("PATCH", at.path, body, headers)
        assert connection.getresponse().status == 204
        connection.close()


def beginning(words: str) -> str:
    """What a text of the script begins with, up to the share."""
    return words.replace("{name}", NAME).split("{percent}")[0]


def test_eight_megabytes_over_a_line_that_breaks_twice(
    open_browser: OpenBrowser, photo: bytes
) -> None:
    findings = Findings()
    resident = open_browser("shiomi", "ja", size=PHONE, findings=findings)
    words = on_documents(resident, "adult")
    page = resident.page
    line = BadLine(page, {3: "before", 6: "after"})
    page.evaluate(_LISTEN)
    page.locator('[name="project_outline"][type="file"]').focus()
    with page.expect_response("**/finish/", timeout=60_000) as waiting:
        choose(page, photo)
        page.get_by_role("progressbar", name=NAME).wait_for()
        resident.look("a file on its way")
    # What the server received is, byte for byte, what was chosen.
    assert waiting.value.headers["repr-digest"] == sending.digest(photo)
    assert line.broken == 2
    assert line.pieces > 15
    page.locator(LISTED).wait_for(state="attached")
    page.get_by_role("progressbar").wait_for(state="detached")
    # Where one was, one still is; and what happened was said, not piece by piece.
    assert page.evaluate("() => document.activeElement.name") == "project_outline"
    heard = page.evaluate("() => heard")
    for key in ("progress", "broken", "checking", "done"):
        assert any(one.startswith(beginning(words[key])) for one in heard), (key, heard)
    assert len(heard) <= 14, heard
    resident.save()
    assert parts.step_of(resident) == "declaration", resident.text[:600]
    findings.none()


def test_it_goes_on_after_a_new_page_and_a_new_session(
    open_browser: OpenBrowser, photo: bytes
) -> None:
    findings = Findings()
    resident = open_browser("shiomi", "ja", size=PHONE, findings=findings)
    words = on_documents(resident, "guardian")
    page = resident.page
    BadLine(page, dict.fromkeys(range(5, 500), "before"))
    choose(page, photo)
    page.get_by_text(beginning(words["broken"])).first.wait_for()
    page.unroute_all()
    resident.context.clear_cookies(name="sessionid")
    page.evaluate("() => window.dispatchEvent(new Event('online'))")
    door = page.get_by_role("button", name=words["sign_in"])
    door.wait_for()
    resident.look("signed out while a file is on its way")
    with page.expect_navigation(url="**/sign-in/**"):
        door.click()
    resident.follow(parts.START)
    parts.choose_persona(resident, "guardian")
    assert parts.step_of(resident) == "documents", page.url
    page.get_by_text(beginning(words["waiting"])).wait_for()
    resident.look("a file that waits to go on")
    offsets: list[int] = []
    page.on(
        "request",
        lambda one: (
            offsets.append(int(one.headers["upload-offset"])) if one.method == "PATCH" else None
        ),
    )
    with page.expect_response("**/finish/", timeout=60_000) as waiting:
        choose(page, photo)
    assert waiting.value.headers["repr-digest"] == sending.digest(photo)
    assert offsets[0] > 500_000
    page.locator(LISTED).wait_for(state="attached")
    page.get_by_role("progressbar").wait_for(state="detached")
    findings.none()


def test_saving_waits_for_the_file_and_a_refusal_is_at_the_question(
    open_browser: OpenBrowser,
) -> None:
    findings = Findings()
    resident = open_browser("shiomi", "en", findings=findings)
    on_documents(resident, "foreign_resident")
    page = resident.page
    page.locator(INPUT).focus()
    with page.expect_response("**/finish/") as waiting:
        choose(page, b"MZ" + bytes(300), "plan.pdf.exe")
    assert waiting.value.status == 422
    page.locator("#f-site_plan-error").wait_for()
    assert page.evaluate("() => document.activeElement.id") == "f-site_plan"
    resident.look("a file that was refused")
    held: list[Route] = []
    page.route("**/finish/", lambda route: held.append(route))
    with page.expect_request("**/finish/"):
        choose(page, parts.PLAN["buffer"], "plan.png")
    page.locator("main form .actions > button.button").click()
    assert parts.step_of(resident) == "documents"
    with page.expect_navigation(wait_until="load"):
        held[0].continue_()
    assert parts.step_of(resident) == "declaration", resident.text[:600]
    findings.none()
