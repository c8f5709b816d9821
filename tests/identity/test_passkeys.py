"""Passkeys, with an authenticator in software: made, used alone, used as a second factor."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from audit.models import LedgerEntry
from identity.models import User
from tests.identity.authenticator import PRESENT, Passkey
from tests.identity.support import PASSWORD, factors_of, give_totp, make_staff, sign_in_staff

ADD = "/staff/second-factor/passkeys/add/"
LOGIN, PASSKEY_LOGIN, CODE = "/staff/login/", "/staff/passkey/", "/staff/second-factor/code/"
STAFF_PAGE = "/probe/staff/"


def options_on(page: Any, name: str) -> dict[str, Any]:
    found = re.search(r'<script id="passkey-data"[^>]*>(.*?)</script>', page.content.decode(), re.S)
    assert found
    options: dict[str, Any] = json.loads(found[1])[name]
    return options


@pytest.fixture
def passkey(settings: Any) -> Passkey:
    # As in production: the origin must be the town's own, by HTTPS.
    settings.MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = False
    return Passkey("https://shiomi.localhost", "shiomi.localhost")


def add(browser: Any, passkey: Passkey, name: str = "役所のパソコン") -> Any:
    page = browser.get(ADD)
    assert page.status_code == 200, page.get("Location")
    credential = passkey.create(options_on(page, "creation_options"))
    return browser.post(
        ADD, {"name": name, "passwordless": "on", "credential": json.dumps(credential)}
    )


@pytest.fixture
def enrolled(browser: Any, passkey: Passkey) -> User:
    """Staff whose only factor is the passkey, signed out again."""
    user = make_staff()
    browser.post(LOGIN, {"login": "kato", "password": PASSWORD})
    response = add(browser, passkey)
    assert response.status_code == 302, response.content.decode()[:3000]
    browser.post("/sign-out/")
    return user


def login_options(browser: Any) -> dict[str, Any]:
    response = browser.get(PASSKEY_LOGIN, headers={"Accept": "application/json"})
    options: dict[str, Any] = response.json()["request_options"]
    return options


def test_first_factor_may_be_a_passkey(browser: Any, passkey: Passkey) -> None:
    user = make_staff()
    browser.post(LOGIN, {"login": "kato", "password": PASSWORD})
    response = add(browser, passkey)
    assert response["Location"] == "/staff/second-factor/recovery-codes/"
    assert factors_of(user) == {"webauthn", "recovery_codes"}
    assert browser.get(STAFF_PAGE).status_code == 200
    assert "役所のパソコン" in browser.get("/staff/second-factor/").content.decode()
    entry = LedgerEntry.objects.get(event="staff.factor_added")
    assert entry.data == {"factor": "webauthn"}


def test_passkey_alone_signs_in(browser: Any, enrolled: User, passkey: Passkey) -> None:
    credential = passkey.get(login_options(browser))
    response = browser.post(
        PASSKEY_LOGIN, {"credential": json.dumps(credential), "next": STAFF_PAGE}
    )
    assert response["Location"] == STAFF_PAGE
    assert browser.get(STAFF_PAGE).content.decode() == f"staff {enrolled.pk}"
    entry = LedgerEntry.objects.filter(event="staff.signed_in").latest("id")
    assert entry.data == {"methods": ["webauthn"]}


def test_passkey_as_second_factor(browser: Any, enrolled: User, passkey: Passkey) -> None:
    browser.post(LOGIN, {"login": "kato", "password": PASSWORD, "next": STAFF_PAGE})
    credential = passkey.get(options_on(browser.get(CODE), "request_options"))
    response = browser.post(CODE, {"credential": json.dumps(credential)})
    assert response["Location"] == STAFF_PAGE
    assert browser.get(STAFF_PAGE).status_code == 200


def test_answer_to_another_challenge_is_refused(
    browser: Any, enrolled: User, passkey: Passkey
) -> None:
    old = passkey.get(login_options(browser))
    login_options(browser)
    response = browser.post(PASSKEY_LOGIN, {"credential": json.dumps(old)})
    assert response["Location"] == LOGIN
    assert "_auth_user_id" not in browser.session
    assert "notice" in browser.get(LOGIN).content.decode()


def test_answer_is_not_accepted_twice(browser: Any, enrolled: User, passkey: Passkey) -> None:
    credential = json.dumps(passkey.get(login_options(browser)))
    browser.post(PASSKEY_LOGIN, {"credential": credential})
    browser.post("/sign-out/")
    assert browser.post(PASSKEY_LOGIN, {"credential": credential})["Location"] == LOGIN
    assert "_auth_user_id" not in browser.session


def bad_origin(passkey: Passkey) -> None:
    passkey.origin = "https://evil.example"


def origin_of_another_town(passkey: Passkey) -> None:
    passkey.origin = "https://suginosawa.localhost"


def other_town(passkey: Passkey) -> None:
    passkey.rp_id = "suginosawa.localhost"


def not_verified(passkey: Passkey) -> None:
    passkey.flags = PRESENT


def unknown_credential(passkey: Passkey) -> None:
    passkey.credential_id = bytes(32)


def other_key(passkey: Passkey) -> None:
    passkey.key = Passkey("", "").key


def no_handle(passkey: Passkey) -> None:
    passkey.user_handle = ""


@pytest.mark.parametrize(
    "bend",
    [
        bad_origin,
        origin_of_another_town,
        other_town,
        not_verified,
        unknown_credential,
        other_key,
        no_handle,
    ],
)
def test_bad_passkey_signs_nobody_in(
    bend: Any, browser: Any, enrolled: User, passkey: Passkey
) -> None:
    bend(passkey)
    credential = passkey.get(login_options(browser))
    response = browser.post(PASSKEY_LOGIN, {"credential": json.dumps(credential)})
    assert response["Location"] == LOGIN
    assert "_auth_user_id" not in browser.session


@pytest.mark.parametrize("credential", ["", "{}", "[]", "null", "5", "rubbish", '{"response":{}}'])
def test_rubbish_signs_nobody_in(credential: str, browser: Any, enrolled: User) -> None:
    login_options(browser)
    response = browser.post(PASSKEY_LOGIN, {"credential": credential})
    assert response.status_code in {200, 302}
    assert "_auth_user_id" not in browser.session


def test_blocked_staff_does_not_come_in_by_passkey(
    browser: Any, enrolled: User, passkey: Passkey
) -> None:
    User.objects.update(is_active=False)
    credential = passkey.get(login_options(browser))
    response = browser.post(PASSKEY_LOGIN, {"credential": json.dumps(credential)})
    assert response["Location"] == "/staff/inactive/"
    assert "_auth_user_id" not in browser.session


def test_passkey_is_renamed_and_removed(browser: Any, passkey: Passkey) -> None:
    user = make_staff()
    give_totp(user)
    sign_in_staff(browser, user)
    add(browser, passkey)
    key = user.authenticator_set.get(type="webauthn").pk
    path = f"/staff/second-factor/passkeys/{key}/"
    assert browser.get(path).status_code == 200
    browser.post(path, {"name": "電話"})
    assert "電話" in browser.get("/staff/second-factor/").content.decode()
    assert browser.get(f"{path}remove/").status_code == 200
    browser.post(f"{path}remove/")
    assert factors_of(user) == {"totp", "recovery_codes"}


def test_last_passkey_stays(browser: Any, enrolled: User, passkey: Passkey) -> None:
    sign_in_staff(browser, enrolled)
    key = enrolled.authenticator_set.get(type="webauthn").pk
    browser.post(f"/staff/second-factor/passkeys/{key}/remove/")
    assert "webauthn" in factors_of(enrolled)


def test_passkey_of_another_is_not_found(browser: Any, enrolled: User, passkey: Passkey) -> None:
    other = make_staff("other")
    give_totp(other)
    sign_in_staff(browser, other)
    key = enrolled.authenticator_set.get(type="webauthn").pk
    for path in (
        f"/staff/second-factor/passkeys/{key}/",
        f"/staff/second-factor/passkeys/{key}/remove/",
    ):
        assert browser.get(path).status_code == 404
        assert browser.post(path, {"name": "x"}).status_code == 404
    assert "webauthn" in factors_of(enrolled)


def test_passkey_confirms_again(browser: Any, enrolled: User, passkey: Passkey) -> None:
    sign_in_staff(browser, enrolled)
    session = browser.session
    session["account_authentication_methods"][1]["at"] -= 400
    session.save()
    confirm = "/staff/second-factor/passkeys/confirm/"
    page = browser.get(confirm, {"next": "/staff/password/"})
    credential = json.dumps(passkey.get(options_on(page, "request_options")))
    response = browser.post(confirm, {"credential": credential, "next": "/staff/password/"})
    assert response["Location"] == "/staff/password/"
    assert browser.get("/staff/password/").status_code == 200
