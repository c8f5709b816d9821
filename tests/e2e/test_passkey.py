"""A member of staff adds a passkey and signs in with nothing else: no password, no code."""

from __future__ import annotations

from collections.abc import Callable

from config.settings.test import SECRET_KEY
from sandbox import parts
from sandbox.visitor import Visitor
from tests.e2e.looking import Findings

#: A fingerprint reader that always finds the right finger.
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
BUTTON = "#passkey-button"


def test_passkey_is_added_and_signs_in_alone(open_browser: Callable[..., Visitor]) -> None:
    findings = Findings()
    office = open_browser("shiomi", "en", findings=findings)
    reader = office.context.new_cdp_session(office.page)
    reader.send("WebAuthn.enable")
    key = reader.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    parts.staff_sign_in(office, "shiomi", "yamamoto", SECRET_KEY)
    office.go("/staff/second-factor/")
    office.follow('main a[href*="/passkeys/add/"]')
    office.look("add a passkey")
    office.fill({"name": "Office computer"})
    office.press(BUTTON)
    office.go("/staff/second-factor/")
    office.shows("Office computer")
    office.look("passkeys")
    made = reader.send("WebAuthn.getCredentials", {"authenticatorId": key["authenticatorId"]})
    assert [one["rpId"] for one in made["credentials"]] == ["shiomi.localhost"]

    office.press('form[action*="/sign-out/"] button')
    office.page.goto(office.base + "/en/desk/")
    assert "/staff/login/" in office.page.url
    office.look("staff sign-in with a passkey")
    office.press(BUTTON)
    assert office.page.url.endswith("/en/desk/"), office.text[:400]
    assert office.page.locator('form[action*="/sign-out/"]').count()
    findings.none()
