"""Signing out here, at the provider, and by the provider."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from audit.models import LedgerEntry
from identity.models import EidClient, EidSession, Session
from tests.identity.misbehaving import Provider
from tests.identity.support import Journey, make_staff, sign_in_staff

BACKCHANNEL = "/eid/backchannel-logout/"


def test_sign_out_ends_the_session_and_offers_the_provider(
    journey: Journey, provider: Provider
) -> None:
    journey.sign_in()
    key = journey.browser.session.session_key
    response = journey.browser.post("/sign-out/")
    assert response["Location"] == "/signed-out/"
    assert not Session.objects.filter(session_key=key).exists()
    assert not EidSession.objects.filter(issuer=provider.issuer).exists()
    assert journey.ledger().filter(event="resident.signed_out").count() == 1
    assert journey.browser.get("/probe/residents/").status_code == 302
    assert "/eid/sign-out/" in journey.browser.get("/signed-out/").content.decode()
    response = journey.browser.get("/eid/sign-out/")
    parts = urlsplit(response["Location"])
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    assert response["Location"].startswith(f"{provider.issuer}/end?")
    assert query["client_id"] == "shiomi"
    assert query["post_logout_redirect_uri"] == "http://shiomi.localhost/signed-out/"
    assert query["id_token_hint"].count(".") == 2
    back = journey.browser.get("/signed-out/", {"state": query["state"]}).content.decode()
    assert "/eid/sign-out/" not in back
    assert journey.browser.get("/eid/sign-out/")["Location"] == "/signed-out/"


def test_sign_out_needs_a_post(journey: Journey) -> None:
    journey.sign_in()
    assert journey.browser.get("/sign-out/").status_code == 405
    assert journey.user() is not None


def test_sign_out_needs_a_csrf_token(journey: Journey) -> None:
    journey.sign_in()
    journey.browser.handler.enforce_csrf_checks = True
    assert journey.browser.post("/sign-out/").status_code == 403
    assert journey.user() is not None


def test_sign_out_of_a_visitor_is_harmless(browser: Any) -> None:
    assert browser.post("/sign-out/")["Location"] == "/signed-out/"
    assert not LedgerEntry.objects.filter(event__endswith="signed_out").exists()


def test_staff_sign_out_offers_no_provider(browser: Any) -> None:
    user = make_staff()
    sign_in_staff(browser, user)
    browser.post("/sign-out/")
    assert LedgerEntry.objects.filter(event="staff.signed_out", actor_id=str(user.pk)).exists()
    assert "/eid/sign-out/" not in browser.get("/signed-out/").content.decode()


def test_provider_ends_the_session(
    journey: Journey, provider: Provider, client_for: Callable[..., Any], town: Any
) -> None:
    journey.sign_in()
    second = Journey(client_for(town), provider, journey.client)
    provider.sid = "sid-2"
    second.sign_in()
    machine = client_for(town)
    machine.handler.enforce_csrf_checks = True
    token = provider.logout_token(sid="sid-1")
    response = machine.post(BACKCHANNEL, {"logout_token": token})
    assert (response.status_code, response.content) == (200, b"")
    assert "no-store" in response["Cache-Control"]
    assert journey.browser.get("/probe/residents/").status_code == 302
    assert second.browser.get("/probe/residents/").status_code == 200
    assert journey.ledger().filter(event="eid.session_ended").count() == 1


def test_provider_ends_every_session_of_a_person(
    journey: Journey, provider: Provider, client_for: Callable[..., Any], town: Any
) -> None:
    journey.sign_in()
    second = Journey(client_for(town), provider, journey.client)
    provider.sid = "sid-2"
    second.sign_in()
    client_for(town).post(BACKCHANNEL, {"logout_token": provider.logout_token(sid=...)})
    assert journey.browser.get("/probe/residents/").status_code == 302
    assert second.browser.get("/probe/residents/").status_code == 302


def test_logout_token_of_an_unknown_session_is_accepted_and_ends_nothing(
    journey: Journey, provider: Provider
) -> None:
    journey.sign_in()
    response = journey.browser.post(
        BACKCHANNEL, {"logout_token": provider.logout_token(sid="sid-9")}
    )
    assert response.status_code == 200
    assert journey.browser.get("/probe/residents/").status_code == 200


LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
BAD_LOGOUT: dict[str, Callable[[Provider], str]] = {
    "missing": lambda p: "",
    "rubbish": lambda p: "a.b.c",
    "aud": lambda p: p.logout_token(aud="suginosawa"),
    "iss": lambda p: p.logout_token(iss="https://x.example.test"),
    "expired": lambda p: p.logout_token(exp=int(time.time()) - 60),
    "no exp": lambda p: p.logout_token(exp=...),
    "old": lambda p: p.logout_token(iat=int(time.time()) - 7200),
    "from the future": lambda p: p.logout_token(iat=int(time.time()) + 300),
    "no iat": lambda p: p.logout_token(iat=...),
    "no jti": lambda p: p.logout_token(jti=...),
    "jti no text": lambda p: p.logout_token(jti=5),
    "with a nonce": lambda p: p.logout_token(nonce="n"),
    "no events": lambda p: p.logout_token(events=...),
    "other event": lambda p: p.logout_token(events={"x": {}}),
    "events a list": lambda p: p.logout_token(events=[LOGOUT_EVENT]),
    "names nobody": lambda p: p.logout_token(sid=..., sub=...),
    "sid no text": lambda p: p.logout_token(sid=["sid-1"]),
    "stranger's key": lambda p: p.logout_token(key=p.stranger),
    "alg none": lambda p: p.logout_token(header={"alg": "none"}),
    "alg HS256": lambda p: p.logout_token(header={"alg": "HS256"}),
    "kid unknown": lambda p: p.logout_token(header={"kid": "x"}),
    "typ of an ID token": lambda p: p.logout_token(header={"typ": "at+jwt"}),
}


@pytest.mark.parametrize("case", BAD_LOGOUT)
def test_bad_logout_token_ends_nothing(case: str, journey: Journey, provider: Provider) -> None:
    journey.sign_in()
    response = journey.browser.post(BACKCHANNEL, {"logout_token": BAD_LOGOUT[case](provider)})
    assert response.status_code == 400
    assert response.json() == {"error": "invalid_request"}
    assert journey.browser.get("/probe/residents/").status_code == 200


def test_id_token_is_no_logout_token(journey: Journey, provider: Provider) -> None:
    journey.sign_in()
    token = journey.browser.session["oidc_id_token"]
    assert journey.browser.post(BACKCHANNEL, {"logout_token": token}).status_code == 400


def test_logout_token_works_once(journey: Journey, provider: Provider) -> None:
    journey.sign_in()
    token = provider.logout_token()
    assert journey.browser.post(BACKCHANNEL, {"logout_token": token}).status_code == 200
    journey.sign_in()
    assert journey.browser.post(BACKCHANNEL, {"logout_token": token}).status_code == 400
    assert journey.browser.get("/probe/residents/").status_code == 200


def test_logout_token_of_this_town_ends_nothing_in_another(
    journey: Journey,
    provider: Provider,
    client_for: Callable[..., Any],
    other_town: Any,
    in_town: Callable[..., Any],
) -> None:
    with in_town("suginosawa"):
        from identity.eid import registration

        _client, _public = registration.register(client_id="suginosawa", document=provider.document)
    journey.sign_in()
    elsewhere = client_for(other_town)
    token = provider.logout_token()
    assert elsewhere.post(BACKCHANNEL, {"logout_token": token}).status_code == 400
    assert journey.browser.get("/probe/residents/").status_code == 200


def test_back_channel_needs_a_post(browser: Any, eid_client: EidClient) -> None:
    assert browser.get(BACKCHANNEL).status_code == 405
