"""Without the card at hand: begun as a guest on a telephone, gone on with by the mailed link, then
signed in for, taken over and sent."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from sandbox import parts
from sandbox.visitor import Visitor
from tests.e2e.conftest import DESKTOP, PHONE
from tests.e2e.demo import QuickDemo
from tests.e2e.looking import Findings

OpenBrowser = Callable[..., Visitor]
AS_GUEST = 'form[action*="/without-sign-in/"] button'
ADDRESS = "megumi@example.test"


@pytest.mark.parametrize(
    ("language", "script", "size"),
    [
        pytest.param("en", True, PHONE, id="phone-english-script"),
        pytest.param("ja", False, DESKTOP, id="desktop-japanese-no-script"),
    ],
)
def test_guest_begins_goes_on_elsewhere_signs_in_and_sends(
    open_browser: OpenBrowser, demo: QuickDemo, language: str, script: bool, size: dict[str, int]
) -> None:
    findings = Findings()
    how: dict[str, Any] = {"script": script, "size": size, "findings": findings}
    story = GuestStory(lambda: open_browser("shiomi", language, **how), demo.base, script)
    story.begins()
    story.goes_away_with_a_link()
    story.goes_on_by_the_link()
    story.fills_in_the_rest()
    story.signs_in_to_send()
    story.sends()
    findings.none()


class GuestStory:
    def __init__(self, browser: Callable[[], Visitor], base: str, script: bool) -> None:
        self.browser = browser
        self.base = base
        self.script = script
        self.guest = browser()
        self.draft = ""

    def begins(self) -> None:
        guest = self.guest
        guest.go("/apply/park-use/")
        guest.look("start page, both ways")
        guest.press(AS_GUEST)
        assert parts.step_of(guest) == "applicant"
        self.draft = parts.draft_id(guest)
        assert not guest.page.locator(".f-badge--verified").count()
        guest.look("guest: first step")
        guest.fill({"name": "佐藤 めぐみ", "name_kana": "サトウ メグミ"})
        guest.fill_date("birth_date", "1985-04-12")
        guest.fill(
            {
                "address-postalCode": "2480006",
                "address-prefecture": "神奈川県",
                "address-city": "鎌倉市",
                "address-streetAddress": "小町1-1",
            }
        )
        parts.fill_applicant(guest)
        guest.save()
        assert parts.step_of(guest) == "place", guest.text[:600]

    def goes_away_with_a_link(self) -> None:
        guest = self.guest
        guest.press('button[value="leave"]')
        assert parts.step_of(guest) == "go-on-later"
        guest.look("guest: how to go on")
        guest.fill({"address": "nobody"})
        guest.save()
        assert guest.page.locator(".field__error").count()
        guest.look("guest: wrong address")
        guest.fill({"address": ADDRESS})
        guest.save()
        guest.look("guest: the link is on its way")

    def _mailed(self) -> str:
        """The newest mail's link, from the sandbox's page of mails."""
        page = self.guest.page
        for _try in range(80):
            page.goto(f"{self.base}/sandbox/mail/?lang={self.guest.language}")
            for mail in page.locator('a[href*="/sandbox/mail/"]').all()[:8]:
                found = page.request.get(f"{self.base}{mail.get_attribute('href')}").text()
                link = re.search(r"http://shiomi[^\s\"<]*/go-on/[\w-]+/", found)
                if link is not None:
                    assert "佐藤" not in found
                    return link[0]
            page.wait_for_timeout(250)
        pytest.fail("no mail with a link")

    def goes_on_by_the_link(self) -> None:
        link = self._mailed()
        begun, self.guest = self.guest, self.browser()
        guest = self.guest
        for _ in range(2):  # somebody's mail scanner, then they themselves
            guest.go(link)
        guest.look("the mailed link")
        guest.press("main form button")
        assert parts.step_of(guest) == "place", guest.text[:400]
        assert parts.draft_id(guest) == self.draft
        begun.go(f"/drafts/{self.draft}/place/", status=404)
        begun.look("guest: open elsewhere")
        begun.go(link, status=404)
        begun.look("the link was used")
        begun.context.close()

    def fills_in_the_rest(self) -> None:
        guest = self.guest
        parts.fill_place(guest)
        guest.save()
        parts.fill_activity(guest, script=self.script)
        guest.save()
        guest.fill({"site_plan": parts.PLAN})
        guest.save()
        guest.fill({"agreed": "yes"})
        guest.save()
        assert parts.step_of(guest) == "check", guest.text[:600]
        guest.shows("佐藤 めぐみ", "案内図.png")
        guest.look("guest: check answers")
        assert not guest.page.locator('main form button[data-busy*="…"]').count()

    def signs_in_to_send(self) -> None:
        guest = self.guest
        guest.follow('main .actions a.button[href*="/eid/start/"]')
        parts.choose_persona(guest, "adult")
        assert parts.step_of(guest) == "check", guest.text[:600]
        assert parts.draft_id(guest) == self.draft
        assert "佐藤 めぐみ" in guest.page.locator("del").all_inner_texts()
        assert "佐藤 恵" in guest.page.locator("ins").all_inner_texts()
        guest.look("taken over: check answers")

    def sends(self) -> None:
        case, number = parts.send(self.guest)
        self.guest.go(f"/applications/{case}/sent/")
        self.guest.shows("佐藤 恵", "案内図.png")
        assert "めぐみ" not in self.guest.text
        self.guest.go("/applications/")
        self.guest.shows(number)
