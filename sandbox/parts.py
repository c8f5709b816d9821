"""Parts of a story: what residents and staff do, each on the page where they do it."""

from __future__ import annotations

import re
import time
from datetime import date, timedelta
from typing import Any

from playwright.sync_api import Download

from sandbox.story import PASSWORD, one_time_code, site_plan
from sandbox.visitor import Visitor, check
from sandbox.walk import WalkError

PLAN: Any = {"name": "案内図.png", "mimeType": "image/png", "buffer": site_plan()}
STEPS = ("applicant", "place", "activity", "documents", "declaration")
START = 'main a[href*="/eid/start/"]'
RECEIPT = re.compile(r"\b\d{6}-[0-9A-Z]{8}\b")


def in_days(days: int) -> str:
    return (date.today() + timedelta(days=days)).isoformat()  # noqa: DTZ011  near enough


# --- signing in ---------------------------------------------------------------------------------


def choose_persona(visitor: Visitor, persona: str) -> None:
    """At the eID provider."""
    visitor.press(f'button[name="login"][value="{persona}"]')


def begin(visitor: Visitor, slug: str, persona: str = "adult") -> None:
    """From the start page through the eID to the first step, or to where one had left."""
    visitor.go(f"/apply/{slug}/")
    visitor.follow(START)
    choose_persona(visitor, persona)
    check("/drafts/" in visitor.page.url, visitor.page.url)


def staff_sign_in(
    visitor: Visitor,
    town: str,
    username: str,
    secret_key: str,
    *,
    looks: bool = False,
    ends: str = "/desk/",
) -> None:
    """Password, then the code that the account's app shows. `ends`: where that leads."""
    visitor.go(f"/staff/login/?next={visitor.prefix}/desk/")
    if looks:
        visitor.look("staff sign-in")
    visitor.fill({"login": username, "password": PASSWORD})
    visitor.press("main form .button[type=submit]")
    if looks:
        visitor.look("second factor")
    code = one_time_code(secret_key, town, username, time.time())
    visitor.fill({"code": code})
    visitor.press("main form .button[type=submit]")
    check(visitor.page.url.endswith(ends), visitor.text[:400])


# --- the park use permit ------------------------------------------------------------------------


def step_of(visitor: Visitor) -> str:
    return visitor.page.url.rstrip("/").rsplit("/", 1)[1]


def draft_id(visitor: Visitor) -> str:
    return _id_after("drafts", visitor)


def _id_after(place: str, visitor: Visitor) -> str:
    """The id that follows `place` (a regular expression) in the address."""
    found = re.search(rf"/(?:{place})/([0-9a-f-]{{36}})/", visitor.page.url)
    if found is None:
        raise WalkError(f"no id in {visitor.page.url}")
    return found[1]


def fill_applicant(visitor: Visitor) -> None:
    visitor.fill(
        {
            "phone": "０９０−１２３４−５６７８",
            "email": "megumi@example.test",
            "for_organisation": "no",
        }
    )


def fill_place(visitor: Visitor, days: int = 2) -> None:
    park = visitor.page.locator('main [name="park"]').first.get_attribute("value")
    visitor.fill(
        {"park": park, "place_detail-description": visitor.say("芝生", "Lawn"), "area_m2": "25"}
    )
    visitor.fill_date("use_from", in_days(30))
    visitor.fill_date("use_to", in_days(29 + days))
    visitor.fill({"hours": "9:00–17:00"})


def fill_activity(visitor: Visitor, *, script: bool) -> None:
    """Filming: the number of cameras is asked only of those who film."""
    later = visitor.page.locator('main [name="cameras"], main [name="goods"]')
    check(not later.count(), "asked before anybody said what for")
    visitor.fill(
        {"purpose": visitor.say("記録映像の撮影", "A short film."), "act_type": "photography"}
    )
    if not script:
        visitor.save()  # shows the questions that follow from the answer
    check(visitor.page.input_value('[name="purpose"]'), "the purpose is gone")
    check(not visitor.page.locator('[name="goods"]').count(), "asks for goods")
    visitor.fill({"crew": "6", "cameras": "2", "fee_waiver": "no"})


def fill_all(visitor: Visitor, *, script: bool = False) -> str:
    """From the first step to the check page, without a glance; returns the draft's id."""
    fill_applicant(visitor)
    visitor.save()
    fill_place(visitor)
    visitor.save()
    fill_activity(visitor, script=script)
    visitor.save()
    visitor.fill({"site_plan": PLAN})
    visitor.save()
    visitor.fill({"agreed": "yes"})
    visitor.save()
    check(step_of(visitor) == "check", visitor.text[:600])
    return draft_id(visitor)


def send(visitor: Visitor) -> tuple[str, str]:
    """Press once; the case's id and receipt number."""
    visitor.save()
    return case_id(visitor), receipt_number(visitor)


def case_id(visitor: Visitor) -> str:
    return _id_after("applications|cases|counter/sent", visitor)


def receipt_number(visitor: Visitor) -> str:
    found = RECEIPT.search(visitor.text)
    if found is None:
        raise WalkError(f"no receipt number: {visitor.text[:400]}")
    return found[0]


# --- the office ---------------------------------------------------------------------------------


def act(visitor: Visitor, panel: str) -> None:
    """Open one of the case page's panels."""
    place = visitor.page.locator(f"details#{panel}")
    if place.get_attribute("open") is None:
        place.locator("summary").first.click()


def press_in(visitor: Visitor, address: str) -> None:
    """The main button of the form that goes to `address`."""
    visitor.press(f'form[action*="/{address}/"] button:not([name])')


def tick_needed(visitor: Visitor) -> None:
    """Every line of the case's checklist without which nothing is decided."""
    needed = '.checks__line[name="tick"]:has(.badge)'
    for _line in range(visitor.page.locator(needed).count()):
        visitor.press(needed)


def claim(visitor: Visitor, case: str) -> None:
    visitor.go(f"/desk/cases/{case}/")
    press_in(visitor, "claim")


def download(visitor: Visitor, css: str) -> bytes:
    """What a link gives."""
    with visitor.page.expect_download() as waiting:
        visitor.page.locator(css).first.click()
    got: Download = waiting.value
    return got.path().read_bytes()
