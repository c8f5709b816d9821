"""Staff sign in with password and second factor; nobody else does, and nothing else is there."""

from __future__ import annotations

import re
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.urls import NoReverseMatch, reverse

from audit.models import LedgerEntry
from identity import access
from identity.models import User
from tests.identity.support import (
    PASSWORD,
    factors_of,
    give_totp,
    make_staff,
    sign_in_staff,
    totp_code,
)

LOGIN, CODE, INDEX = "/staff/login/", "/staff/second-factor/code/", "/staff/second-factor/"
APP = "/staff/second-factor/app/"
STAFF_PAGE = "/probe/staff/"


def password_step(
    browser: Any, username: str = "kato", password: str = PASSWORD, **more: Any
) -> Any:
    return browser.post(LOGIN, {"login": username, "password": password, **more})


def secret_on(page: str) -> str:
    found = re.search(r"<code[^>]*>([A-Z2-7]{16,})</code>", page)
    assert found
    return found[1]


def test_password_and_code_open_the_desk(browser: Any) -> None:
    user = make_staff()
    secret = give_totp(user)
    response = password_step(browser, next=STAFF_PAGE)
    assert response["Location"].startswith(CODE)
    # Half a sign-in is none.
    assert "_auth_user_id" not in browser.session
    assert browser.get(STAFF_PAGE).status_code == 302
    assert browser.get(CODE).status_code == 200
    before = browser.session.session_key
    response = browser.post(CODE, {"code": totp_code(secret)})
    assert response["Location"] == STAFF_PAGE
    assert browser.session.session_key != before
    assert browser.get(STAFF_PAGE).content.decode() == f"staff {user.pk}"
    entry = LedgerEntry.objects.get(event="staff.signed_in")
    assert (entry.actor_id, entry.data) == (str(user.pk), {"methods": ["password", "totp"]})


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_first_sign_in_sets_up_the_app(
    prefix: str, browser: Any, django_capture_on_commit_callbacks: Any
) -> None:
    user = make_staff()
    response = password_step(browser, next=f"{prefix}{STAFF_PAGE}".replace("/en", ""))
    assert response["Location"] == STAFF_PAGE
    response = browser.get(STAFF_PAGE)
    assert response["Location"].startswith(INDEX)
    page = browser.get(f"{prefix}{INDEX}", {"next": STAFF_PAGE})
    assert page.status_code == 200
    page = browser.get(f"{prefix}{APP}")
    assert page.status_code == 200, page.get("Location")
    assert "data:image/svg+xml;base64," in page.content.decode()
    secret = secret_on(page.content.decode())
    wrong = browser.post(f"{prefix}{APP}", {"code": "000000"})
    assert wrong.status_code == 200
    assert 'aria-invalid="true"' in wrong.content.decode()
    assert secret_on(wrong.content.decode()) == secret
    with django_capture_on_commit_callbacks(execute=True):
        response = browser.post(f"{prefix}{APP}", {"code": totp_code(secret)})
    assert response["Location"] == f"{prefix}/staff/second-factor/recovery-codes/"
    codes = browser.get(response["Location"]).content.decode()
    assert len(re.findall(r"<code>\d{8}</code>", codes)) == 10
    assert factors_of(user) == {"totp", "recovery_codes"}
    # The factor was shown while it was made: the page that was wanted opens.
    assert STAFF_PAGE in browser.get(INDEX).content.decode()
    assert browser.get(STAFF_PAGE).status_code == 200
    assert LedgerEntry.objects.filter(event="staff.factor_added").count() == 1


def test_totp_secret_is_sealed(browser: Any) -> None:
    user = make_staff()
    secret = give_totp(user)
    assert secret not in str(Authenticator.objects.get(user=user).data)


def test_stale_password_is_asked_again_before_a_factor_is_made(browser: Any) -> None:
    make_staff()
    password_step(browser)
    session = browser.session
    session["account_authentication_methods"][0]["at"] -= 400
    session.save()
    response = browser.get(APP)
    assert response["Location"].startswith("/staff/reauthenticate/?next=")
    assert browser.get(response["Location"]).status_code == 200
    wrong = browser.post(response["Location"], {"password": "not the password"})
    assert wrong.status_code == 200
    response = browser.post(response["Location"], {"password": PASSWORD})
    assert response["Location"] == APP
    assert browser.get(APP).status_code == 200


def test_password_alone_never_changes_the_factors_of_who_has_some(browser: Any) -> None:
    user = make_staff()
    give_totp(user)
    browser.force_login(user, backend="identity.backends.StaffBackend")
    for path in (
        INDEX,
        APP,
        "/staff/second-factor/app/remove/",
        "/staff/second-factor/recovery-codes/",
        "/staff/second-factor/recovery-codes/new/",
        "/staff/second-factor/recovery-codes/download/",
        "/staff/second-factor/passkeys/add/",
        "/staff/password/",
    ):
        response = browser.get(path)
        assert response.status_code == 302, path
        assert response["Location"].startswith("/staff/second-factor/confirm/"), path


def test_stale_factor_is_asked_again_before_factors_change(browser: Any) -> None:
    user = make_staff()
    secret = give_totp(user)
    sign_in_staff(browser, user)
    session = browser.session
    session["account_authentication_methods"][1]["at"] -= 400
    session.save()
    response = browser.get("/staff/password/")
    assert response["Location"].startswith("/staff/second-factor/confirm/?next=")
    assert browser.get(response["Location"]).status_code == 200
    response = browser.post(
        response["Location"], {"code": totp_code(secret), "next": "/staff/password/"}
    )
    assert response["Location"] == "/staff/password/"
    assert browser.get("/staff/password/").status_code == 200


def test_last_factor_stays(browser: Any) -> None:
    user = make_staff()
    give_totp(user)
    sign_in_staff(browser, user)
    page = browser.get("/staff/second-factor/app/remove/")
    assert page.status_code == 200
    assert 'role="status"' in page.content.decode()
    assert browser.post("/staff/second-factor/app/remove/").status_code == 200
    assert factors_of(user) == {"totp"}


def test_recovery_code_signs_in_once(browser: Any) -> None:
    from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes

    user = make_staff()
    give_totp(user)
    code = RecoveryCodes.activate(user).get_unused_codes()[0]
    password_step(browser, next=STAFF_PAGE)
    assert browser.post(CODE, {"code": code})["Location"] == STAFF_PAGE
    browser.post("/sign-out/")
    password_step(browser, next=STAFF_PAGE)
    assert browser.post(CODE, {"code": code}).status_code == 200
    assert "_auth_user_id" not in browser.session


def test_new_recovery_codes_replace_the_old(
    browser: Any, django_capture_on_commit_callbacks: Any
) -> None:
    from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes

    user = make_staff()
    give_totp(user)
    old = set(RecoveryCodes.activate(user).get_unused_codes())
    sign_in_staff(browser, user)
    assert browser.get("/staff/second-factor/recovery-codes/new/").status_code == 200
    with django_capture_on_commit_callbacks(execute=True):
        browser.post("/staff/second-factor/recovery-codes/new/")
    response = browser.get("/staff/second-factor/recovery-codes/download/")
    assert response["Content-Type"].startswith("text/plain")
    new = set(response.content.decode().split())
    assert len(new) == 10
    assert not new & old


def test_code_works_once(browser: Any) -> None:
    secret = give_totp(make_staff())
    password_step(browser)
    code = totp_code(secret)
    assert browser.post(CODE, {"code": code}).status_code == 302
    browser.post("/sign-out/")
    password_step(browser)
    assert browser.post(CODE, {"code": code}).status_code == 200
    assert "_auth_user_id" not in browser.session


BAD_PASSWORDS = {
    "wrong password": ("kato", "another long password"),
    "unknown user": ("nobody", PASSWORD),
    "empty": ("", ""),
    "resident": ("resident", PASSWORD),
    "blocked": ("blocked", "another long password"),
}


@pytest.mark.parametrize("case", BAD_PASSWORDS)
def test_bad_password_signs_nobody_in(case: str, browser: Any) -> None:
    make_staff()
    make_staff("blocked", is_active=False)
    resident = User.objects.create_resident(name="x")
    User.objects.filter(pk=resident.pk).update(username="resident")
    username, password = BAD_PASSWORDS[case]
    response = password_step(browser, username, password)
    assert response.status_code == 200
    assert 'role="alert"' in response.content.decode()
    assert "_auth_user_id" not in browser.session


def test_unknown_and_known_user_names_read_the_same(browser: Any) -> None:
    make_staff()

    def words(username: str) -> str:
        page = password_step(browser, username, "wrong wrong wrong").content.decode()
        return re.sub(r'value="[^"]*"', "", page)

    assert words("kato") == words("somebody")


def test_blocked_staff_with_the_right_password_is_told(browser: Any) -> None:
    make_staff(is_active=False)
    response = password_step(browser)
    assert response["Location"] == "/staff/inactive/"
    assert browser.get("/staff/inactive/").status_code == 200
    assert "_auth_user_id" not in browser.session


def test_guessing_passwords_is_stopped(browser: Any) -> None:
    give_totp(make_staff())
    pages = [password_step(browser, password=f"guess number {turn}") for turn in range(6)]
    assert all(page.status_code == 200 for page in pages)
    # Now the right one does not help either, until the limit has passed.
    assert password_step(browser).status_code == 200
    assert "account_login" not in browser.session


def test_guessing_codes_is_stopped(browser: Any) -> None:
    secret = give_totp(make_staff())
    password_step(browser)
    for turn in range(6):
        assert browser.post(CODE, {"code": f"{turn:06}"}).status_code == 200
    assert browser.post(CODE, {"code": totp_code(secret)}).status_code == 200
    assert "_auth_user_id" not in browser.session


def test_flood_from_one_address_gets_429(browser: Any, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login": "3/m/ip"}
    answers = [password_step(browser, password="x").status_code for _turn in range(5)]
    assert answers[-1] == 429


def test_limits_of_one_town_do_not_count_in_another(
    browser: Any, client_for: Any, other_town: Any, settings: Any
) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login": "3/m/ip"}
    for _turn in range(5):
        password_step(browser, password="x")
    assert password_step(client_for(other_town), password="x").status_code == 200


def test_session_of_one_town_is_nobody_in_another(
    browser: Any, client_for: Any, other_town: Any
) -> None:
    sign_in_staff(browser, make_staff())
    stranger = client_for(other_town)
    stranger.cookies = browser.cookies
    assert stranger.get(STAFF_PAGE).status_code == 302


def test_code_page_without_password_leads_to_sign_in(browser: Any) -> None:
    assert browser.get(CODE)["Location"] == LOGIN
    assert browser.post(CODE, {"code": "123456"})["Location"] == LOGIN


def test_half_a_sign_in_can_be_cancelled(browser: Any) -> None:
    give_totp(make_staff())
    password_step(browser)
    response = browser.post("/staff/logout/", {"next": LOGIN})
    assert response["Location"] == LOGIN
    assert browser.get(CODE)["Location"] == LOGIN


def test_staff_signs_out(browser: Any) -> None:
    user = make_staff()
    sign_in_staff(browser, user)
    assert browser.get("/staff/logout/").status_code == 405
    assert browser.post("/staff/logout/")["Location"] == "/signed-out/"
    assert LedgerEntry.objects.filter(event="staff.signed_out").count() == 1
    assert browser.get(STAFF_PAGE).status_code == 302


def test_password_is_changed(browser: Any) -> None:
    user = make_staff()
    give_totp(user)
    sign_in_staff(browser, user)
    form = {"oldpassword": PASSWORD, "password1": "short", "password2": "short"}
    assert browser.post("/staff/password/", form).status_code == 200
    new = "another quite long one"
    form = {"oldpassword": "wrong", "password1": new, "password2": new}
    assert browser.post("/staff/password/", form).status_code == 200
    response = browser.post("/staff/password/", {**form, "oldpassword": PASSWORD})
    assert response["Location"] == INDEX
    user.refresh_from_db()
    assert user.check_password(new)
    assert browser.get(STAFF_PAGE).status_code == 200


def test_staff_without_password_is_told_so(browser: Any) -> None:
    user = User.objects.create_staff("key", name="x")
    give_totp(user)
    sign_in_staff(browser, user)
    assert browser.get("/staff/password/")["Location"] == INDEX


@pytest.mark.parametrize(
    "name",
    [
        "account_signup",
        "account_email",
        "account_reset_password",
        "account_reset_password_done",
        "account_set_password",
        "account_confirm_email",
        "account_request_login_code",
        "mfa_trust",
        "mfa_signup_webauthn",
        "mfa_list_webauthn",
        "socialaccount_login",
    ],
)
def test_unused_pages_do_not_exist(name: str) -> None:
    with pytest.raises(NoReverseMatch):
        reverse(name)


@pytest.mark.parametrize("path", ["signup/", "email/", "password/reset/", "2fa/", "login/code/"])
def test_unused_addresses_are_not_found(path: str, browser: Any) -> None:
    assert browser.get(f"/staff/{path}").status_code == 404


@pytest.mark.parametrize("path", [LOGIN, CODE, APP, "/staff/passkey/", "/staff/logout/"])
def test_every_post_needs_a_csrf_token(path: str, browser: Any) -> None:
    browser.handler.enforce_csrf_checks = True
    assert browser.post(path, {}).status_code == 403


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_pages_carry_no_inline_script_or_style(prefix: str, browser: Any) -> None:
    user = make_staff()
    give_totp(user)
    pages = [browser.get(f"{prefix}{LOGIN}"), browser.get(f"{prefix}/sign-in/")]
    password_step(browser)
    pages.append(browser.get(f"{prefix}{CODE}"))
    sign_in_staff(browser, user)
    manage = (INDEX, "/staff/password/", "/staff/second-factor/passkeys/add/")
    pages.extend(browser.get(f"{prefix}{path}") for path in manage)
    for page in pages:
        assert page.status_code == 200
        text = page.content.decode()
        assert not re.search(r"<script(?![^>]*(src=|type=\"application/json\"))", text)
        assert not re.search(r"\sstyle=|\son\w+=|<style", text)


def test_second_factor_costs_no_query(
    browser: Any, rf: Any, django_assert_num_queries: Any
) -> None:
    user = make_staff()
    sign_in_staff(browser, user)
    request = rf.get("/")
    request.session, request.user = browser.session, user
    request.session.get("x")
    with django_assert_num_queries(0):
        assert access.has_second_factor(request)
