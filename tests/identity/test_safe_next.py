"""Nobody is led to another host after sign-in."""

from __future__ import annotations

from typing import Any

import pytest

from identity.safe_next import safe_next
from tests.identity.support import (
    PASSWORD,
    Journey,
    clear_used_codes,
    give_totp,
    make_staff,
    totp_code,
)

HOSTILE = [
    "https://evil.example",
    "http://evil.example/",
    "//evil.example",
    "///evil.example",
    "////evil.example/%2f..",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "/\\/evil.example",
    "https:evil.example",
    "https:/evil.example",
    "https:///evil.example",
    "http:\\\\evil.example",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    " javascript:alert(1)",
    "java\nscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:msgbox(1)",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    "/%09/evil.example",
    "/%0a/evil.example",
    "/%0d%0aLocation:%20https://evil.example",
    "%2f%2fevil.example",
    "/%2fevil.example",
    "/%2f%2fevil.example",
    "/%5cevil.example",
    "/%252fevil.example",
    "/%255cevil.example",
    "/.//evil.example",
    "/..//evil.example",
    "/./evil.example/..//x",
    "/a//evil.example",
    "https://shiomi.localhost@evil.example/",
    "https://shiomi.localhost.evil.example/",
    "//shiomi.localhost@evil.example",
    "https://suginosawa.localhost/",
    "//suginosawa.localhost/",
    "http://shiomi.localhost/",
    "evil.example",
    "applications/",
    "?next=//evil.example",
    "#//evil.example",
    "/\x00/evil.example",
    "/\u00a0/evil.example",
    "/\x7f",
    "http://[::1",
    "/" + "a" * 3000,
    "",
]

GOOD = [
    "/",
    "/applications/",
    "/en/applications/?page=2",
    "/drafts/1b4e28ba-2fa1-11d2-883f-0016d3cca427/place/#q-address",
    "/search/?q=公園",
    "/search/?q=%E5%85%AC%E5%9C%92",
    "/a/?next=/b/",
]


@pytest.mark.parametrize("target", HOSTILE)
def test_hostile_target_is_no_path(target: str) -> None:
    assert safe_next(target) is None


@pytest.mark.parametrize("target", GOOD)
def test_path_of_this_host_is_kept(target: str) -> None:
    assert safe_next(target) == target


@pytest.mark.parametrize("target", [None, 5, ["/"], b"/"])
def test_what_is_no_text_is_no_path(target: object) -> None:
    assert safe_next(target) is None


def test_there_are_enough_payloads() -> None:
    assert len(HOSTILE) >= 30


def test_eid_sign_in_leads_home_instead(journey: Journey) -> None:
    for target in HOSTILE:
        journey.leave(next=target)
        assert journey.answer()["Location"] == "/", target
        assert journey.browser.get("/sign-in/", {"next": target})["Location"] == "/", target


def test_problem_page_does_not_pass_it_on(journey: Journey) -> None:
    for target in HOSTILE:
        journey.leave(next=target)
        journey.answer(code=..., error="access_denied")
        assert journey.browser.session["eid_problem"]["next"] == "", target
    page = journey.browser.get("/eid/problem/").content.decode()
    assert 'href="/eid/start/"' in page


def test_staff_sign_in_leads_to_the_desk_instead(browser: Any, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = False
    secret = give_totp(make_staff())
    for target in HOSTILE:
        clear_used_codes()
        browser.post("/staff/login/", {"login": "kato", "password": PASSWORD, "next": target})
        form = {"code": totp_code(secret), "next": target}
        response = browser.post("/staff/second-factor/code/", form)
        assert response["Location"] in {"/desk/", "/staff/second-factor/"}, target
        browser.logout()
