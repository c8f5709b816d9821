"""How we tell you, on a phone: hours, a number for SMS with its code; and the desk's notices."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from config.settings.test import SECRET_KEY
from sandbox import parts
from sandbox.visitor import Visitor
from tests.e2e.demo import QuickDemo

OpenBrowser = Callable[..., Visitor]
PHONE = {"width": 360, "height": 740}


@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_number_is_confirmed_and_hours_are_kept(
    open_browser: OpenBrowser, demo: QuickDemo, language: str
) -> None:
    resident = open_browser("shiomi", language, size=PHONE)
    parts.begin(resident, "park-use", "adult" if language == "ja" else "single_parent")
    resident.go("/messages/settings/")
    resident.look("settings")
    resident.go("/messages/settings/phone/")
    resident.look("phone")
    resident.fill({"contact": "090-1234-567"})
    resident.press("main form .button")
    resident.look("phone wrong")
    number = "090-1234-5678" if language == "ja" else "080-1234-5678"
    resident.fill({"contact": number})
    resident.press("main form .button")
    resident.look("code")
    code = _code_for(resident, demo, number)
    resident.fill({"code": code})
    resident.press("main form .button")
    assert resident.page.url.endswith("/messages/settings/")
    resident.page.check('input[name="quiet"]')
    resident.page.check('input[name="digest"][value="daily"]')
    resident.press("main form .actions .button")
    assert resident.page.is_checked('input[name="quiet"]')
    assert resident.page.is_checked('input[name="channels"][value="sms"]')
    resident.look("settings saved")
    resident.go("/messages/settings/address/")
    resident.look("address")


def _code_for(resident: Visitor, demo: QuickDemo, number: str) -> str:
    """From the demo's page of mails, where the worker's SMS arrives."""
    page = resident.context.new_page()
    to = "81" + number.replace("-", "")[1:]
    for _try in range(40):
        page.goto(f"http://localhost:{demo.ports.web}/sandbox/mail/")
        found = page.locator("li", has_text=to)
        if found.count():
            words = found.first.inner_text()
            page.close()
            return re.findall(r"\b\d{6}\b", words)[0]
        page.wait_for_timeout(500)
    raise AssertionError("no SMS came")


@pytest.mark.parametrize("language", ["ja", "en"])
def test_an_administrator_words_a_notice(open_browser: OpenBrowser, language: str) -> None:
    admin = open_browser("shiomi" if language == "ja" else "suginosawa", language)
    town = "shiomi" if language == "ja" else "suginosawa"
    parts.staff_sign_in(admin, town, "admin", SECRET_KEY)
    admin.go("/desk/notices/")
    admin.look("notices")
    admin.follow('main a[href*="/desk/notices/decision_made/"]')
    admin.fill({"subject-en": "Decided [ {service}"})
    admin.press("main form .button:not([name])")
    admin.look("wording wrong")
    admin.fill({"subject-en": "Decided ({receipt_number})"})
    admin.press('main form [name="preview"]')
    admin.look("wording preview")
    admin.press("main form .button:not([name])")
    assert admin.page.url.endswith("/desk/notices/")
    admin.look("notices changed")
