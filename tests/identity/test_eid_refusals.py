"""What a bad provider, a bad network or a bad visitor can send: nothing of it signs anybody in."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from jwcrypto import jwk

from identity.eid import http
from identity.eid.problems import PROBLEMS
from identity.models import EidClient, EidIdentity, User
from tests.identity.misbehaving import Provider, sign
from tests.identity.support import Journey

NOW = time.time


def assert_refused(journey: Journey, response: Any, code: str, *, attempted: bool = True) -> None:
    """Led to a page that helps, nobody signed in, no account made, the refusal written down."""
    assert response.status_code == 302
    assert response["Location"] == "/eid/problem/"
    page = journey.browser.get(response["Location"])
    assert page.status_code == PROBLEMS[code].status
    text = page.content.decode()
    kept = journey.browser.session["eid_problem"]
    assert kept["code"] == code
    assert kept["reference"] in text
    assert journey.user() is None
    assert journey.new_residents() == 0
    assert not EidIdentity.objects.filter(issuer=journey.provider.issuer).exists()
    assert [entry.event for entry in journey.ledger()] == ["eid.refused"] * attempted


def claim(**values: Any) -> Callable[[Provider], None]:
    """The ID token with these claims; `...` leaves one out."""

    def bend(provider: Provider) -> None:
        def change(claims: dict[str, Any]) -> None:
            for name, value in values.items():
                if value is ...:
                    claims.pop(name, None)
                else:
                    claims[name] = value() if callable(value) else value

        provider.bend_id_token = change

    return bend


def header(**values: Any) -> Callable[[Provider], None]:
    def bend(provider: Provider) -> None:
        def change(head: dict[str, Any]) -> None:
            for name, value in values.items():
                if value is ...:
                    head.pop(name, None)
                else:
                    head[name] = value

        provider.bend_header = change

    return bend


def signed_by(
    make: Callable[[Provider], jwk.JWK], alg: str = "ES256"
) -> Callable[[Provider], None]:
    def bend(provider: Provider) -> None:
        provider.sign_id_token = lambda claims, head: sign(
            claims, make(provider), {**head, "alg": alg}
        )

    return bend


def token_answer(change: Callable[[dict[str, Any]], Any]) -> Callable[[Provider], None]:
    def bend(provider: Provider) -> None:
        provider.bend_token_answer = change

    return bend


def raw(
    path: str, status: int, body: bytes, media: str = "application/json"
) -> Callable[[Provider], None]:
    def bend(provider: Provider) -> None:
        provider.raw[path] = (status, media, body)

    return bend


def userinfo(**values: Any) -> Callable[[Provider], None]:
    def bend(provider: Provider) -> None:
        def change(claims: dict[str, Any]) -> None:
            for name, value in values.items():
                if value is ...:
                    claims.pop(name, None)
                else:
                    claims[name] = value() if callable(value) else value

        provider.bend_userinfo = change

    return bend


def userinfo_as(
    media: str, make: Callable[[Provider, dict[str, Any]], bytes]
) -> Callable[[Provider], None]:
    def bend(provider: Provider) -> None:
        provider.sign_userinfo = lambda claims: (media, make(provider, claims))

    return bend


def without(answer: dict[str, Any], name: str) -> dict[str, Any]:
    answer.pop(name)
    return answer


def break_signature(answer: dict[str, Any]) -> dict[str, Any]:
    head, body, signature = answer["id_token"].split(".")
    swapped = ("A" if signature[0] != "A" else "B") + signature[1:]
    return {**answer, "id_token": f"{head}.{body}.{swapped}"}


def publish_nothing(provider: Provider) -> None:
    provider.published = []


def weak(provider: Provider) -> None:
    provider.acr = "aal1"


def no_acr(provider: Provider) -> None:
    provider.acr = ...


PROVIDER_CASES: dict[str, tuple[Callable[[Provider], None], str]] = {
    # --- ID token: claims
    "aud of another client": (claim(aud="suginosawa"), "token_invalid"),
    "aud missing": (claim(aud=...), "token_invalid"),
    "aud a list with a stranger": (claim(aud=["shiomi", "other"], azp="shiomi"), "token_invalid"),
    "aud a list without azp": (claim(aud=["shiomi", "other"]), "token_invalid"),
    "azp of another client": (claim(azp="suginosawa"), "token_invalid"),
    "iss of another provider": (claim(iss="https://eid.example.test"), "token_invalid"),
    "iss missing": (claim(iss=...), "token_invalid"),
    "iss a list": (claim(iss=["https://eid.example.test"]), "token_invalid"),
    "exp in the past": (claim(exp=lambda: int(NOW()) - 120), "token_invalid"),
    "exp missing": (claim(exp=...), "token_invalid"),
    "exp no number": (claim(exp="soon"), "token_invalid"),
    "iat in the future": (claim(iat=lambda: int(NOW()) + 300), "token_invalid"),
    "iat missing": (claim(iat=...), "token_invalid"),
    "iat an hour ago": (claim(iat=lambda: int(NOW()) - 3600), "token_invalid"),
    "nbf in the future": (claim(nbf=lambda: int(NOW()) + 300), "token_invalid"),
    "nonce of another sign-in": (claim(nonce="another"), "token_invalid"),
    "nonce missing": (claim(nonce=...), "token_invalid"),
    "nonce a list": (claim(nonce=["x"]), "token_invalid"),
    "sub missing": (claim(sub=...), "token_invalid"),
    "sub empty": (claim(sub=""), "token_invalid"),
    "sub a number": (claim(sub=7), "token_invalid"),
    "sub with a zero byte": (claim(sub="a\x00b"), "token_invalid"),
    "at_hash of another access token": (claim(at_hash="AAAA"), "token_invalid"),
    "a logout token instead": (
        claim(events={"http://schemas.openid.net/event/backchannel-logout": {}}),
        "token_invalid",
    ),
    # --- ID token: signature
    "alg none": (header(alg="none"), "token_invalid"),
    "alg None in capitals": (header(alg="NONE"), "token_invalid"),
    "alg HS256 with the public key": (signed_by(lambda p: p.es_key, "HS256"), "token_invalid"),
    "alg RS256 with another key": (header(alg="RS256", kid="rs-1"), "token_invalid"),
    "properly signed by another algorithm": (
        lambda p: setattr(
            p,
            "sign_id_token",
            lambda claims, head: sign(claims, p.rsa_key, {"alg": "RS256", "kid": "rs-1"}),
        ),
        "token_invalid",
    ),
    "kid unknown": (header(kid="nobody"), "token_invalid"),
    "kid missing": (header(kid=...), "token_invalid"),
    "kid of the RSA key": (header(kid="rs-1"), "token_invalid"),
    "kid no text": (header(kid=5), "token_invalid"),
    "signed by a stranger's key": (signed_by(lambda p: p.stranger), "token_invalid"),
    "key offered in the header": (
        lambda p: (
            signed_by(lambda q: q.stranger)(p),
            header(jwk=p.stranger.export_public(as_dict=True))(p),
        )[0],
        "token_invalid",
    ),
    "signature changed": (token_answer(break_signature), "token_invalid"),
    "unknown critical header": (header(crit=["exp2"], exp2=1), "token_invalid"),
    "typ of a logout token": (header(typ="logout+jwt"), "token_invalid"),
    "provider has no keys": (publish_nothing, "token_invalid"),
    # --- token endpoint
    "token endpoint 500": (raw("/token", 500, b"{}"), "provider_down"),
    "token endpoint 503": (raw("/token", 503, b""), "provider_down"),
    "token endpoint says too many": (raw("/token", 429, b"{}"), "provider_down"),
    "token endpoint no JSON": (raw("/token", 200, b"<html>"), "provider_answer"),
    "token endpoint a list": (raw("/token", 200, b"[]"), "provider_answer"),
    "token endpoint deep JSON": (raw("/token", 200, b"[" * 100_000), "provider_answer"),
    "token endpoint huge": (raw("/token", 200, b" " * 600_000), "provider_answer"),
    "token endpoint redirects": (raw("/token", 302, b"http://127.0.0.1:1/x"), "provider_answer"),
    "code refused": (raw("/token", 400, b'{"error":"invalid_grant"}'), "code_refused"),
    "client refused": (raw("/token", 401, b'{"error":"invalid_client"}'), "not_set_up"),
    "id_token missing": (token_answer(lambda a: without(a, "id_token")), "provider_answer"),
    "id_token no text": (token_answer(lambda a: {**a, "id_token": {"a": 1}}), "provider_answer"),
    "id_token rubbish": (token_answer(lambda a: {**a, "id_token": "a.b.c"}), "token_invalid"),
    "id_token huge": (token_answer(lambda a: {**a, "id_token": "a" * 200_000}), "token_invalid"),
    "access_token missing": (token_answer(lambda a: without(a, "access_token")), "provider_answer"),
    "token type unknown": (token_answer(lambda a: {**a, "token_type": "mac"}), "provider_answer"),
    # --- keys
    "keys endpoint 500": (raw("/jwks", 500, b""), "provider_down"),
    "keys no JSON": (raw("/jwks", 200, b"-"), "provider_answer"),
    "keys no list": (raw("/jwks", 200, b'{"keys":{}}'), "provider_answer"),
    "keys broken": (
        raw("/jwks", 200, b'{"keys":[{"kty":"EC","kid":"es-1","crv":"P-256","x":"!","y":"!"}]}'),
        "token_invalid",
    ),
    # --- userinfo
    "userinfo of another subject": (userinfo(sub="pairwise-other"), "userinfo_invalid"),
    "userinfo without subject": (userinfo(sub=...), "userinfo_invalid"),
    "userinfo not signed": (
        userinfo_as("application/json", lambda p, c: json.dumps(c).encode()),
        "userinfo_invalid",
    ),
    "userinfo plain but called JWT": (
        userinfo_as("application/jwt", lambda p, c: json.dumps(c).encode()),
        "userinfo_invalid",
    ),
    "userinfo alg none": (
        userinfo_as(
            "application/jwt",
            lambda p, c: sign(c, p.es_key, {"alg": "none", "kid": "es-1"}).encode(),
        ),
        "userinfo_invalid",
    ),
    "userinfo signed by a stranger": (
        userinfo_as(
            "application/jwt",
            lambda p, c: sign(c, p.stranger, {"alg": "ES256", "kid": "es-1"}).encode(),
        ),
        "userinfo_invalid",
    ),
    "userinfo for another client": (userinfo(aud="suginosawa"), "userinfo_invalid"),
    "userinfo of another issuer": (userinfo(iss="https://x.example.test"), "userinfo_invalid"),
    "userinfo expired": (userinfo(exp=lambda: int(NOW()) - 120), "userinfo_invalid"),
    "userinfo in no alphabet": (
        userinfo_as("application/jwt", lambda p, c: "ねこ".encode()),
        "userinfo_invalid",
    ),
    "userinfo 401": (raw("/userinfo", 401, b"{}"), "provider_answer"),
    "userinfo 500": (raw("/userinfo", 500, b"{}"), "provider_down"),
    # --- assurance
    "acr too low": (weak, "acr_too_low"),
    "acr missing": (no_acr, "acr_too_low"),
    "acr no text": (claim(acr=["aal3"]), "acr_too_low"),
    "acr unknown": (claim(acr="urn:example:very-strong"), "acr_too_low"),
}


@pytest.mark.parametrize("case", PROVIDER_CASES)
def test_bad_provider_signs_nobody_in(case: str, journey: Journey, provider: Provider) -> None:
    bend, code = PROVIDER_CASES[case]
    bend(provider)
    journey.leave(next="/probe/residents/")
    assert_refused(journey, journey.answer(), code)


ANSWER_CASES: dict[str, tuple[dict[str, Any], str]] = {
    "iss of another provider": ({"iss": "https://eid.example.test"}, "mixed_up"),
    "iss missing": ({"iss": ...}, "mixed_up"),
    "iss with a slash more": ({"iss": "http://127.0.0.1/"}, "mixed_up"),
    "code missing": ({"code": ...}, "provider_answer"),
    "code wrong": ({"code": "guessed"}, "code_refused"),
    "code with a zero byte": ({"code": "a\x00b"}, "code_refused"),
    "cancelled": ({"code": ..., "error": "access_denied"}, "cancelled"),
    "card expired": (
        {"code": ..., "error": "access_denied", "error_description": "certificate expired"},
        "card_expired",
    ),
    "provider error": ({"code": ..., "error": "server_error"}, "provider_down"),
    "temporarily unavailable": ({"code": ..., "error": "temporarily_unavailable"}, "provider_down"),
    "invalid request": ({"code": ..., "error": "invalid_request"}, "provider_refused"),
    "error and code": ({"error": "access_denied"}, "cancelled"),
    "error of another provider": (
        {"code": ..., "error": "access_denied", "iss": "https://x.example.test"},
        "mixed_up",
    ),
    "level not reachable": (
        {"code": ..., "error": "unmet_authentication_requirements"},
        "acr_too_low",
    ),
}


@pytest.mark.parametrize("case", ANSWER_CASES)
def test_bad_answer_signs_nobody_in(case: str, journey: Journey) -> None:
    query, code = ANSWER_CASES[case]
    journey.leave()
    assert_refused(journey, journey.answer(**query), code)


def test_error_description_is_never_shown(journey: Journey) -> None:
    journey.leave()
    response = journey.answer(
        code=..., error="invalid_request", error_description="<b>Call 0120-000-000</b>"
    )
    page = journey.browser.get(response["Location"]).content.decode()
    assert "0120" not in page


STATE_CASES: dict[str, dict[str, Any]] = {
    "unknown": {"state": "guessed"},
    "empty": {"state": ""},
    "missing": {"state": ...},
    "zero byte": {"state": "\x00"},
}


@pytest.mark.parametrize("case", STATE_CASES)
def test_bad_state_signs_nobody_in(case: str, journey: Journey, provider: Provider) -> None:
    journey.leave()
    response = journey.answer(**STATE_CASES[case])
    # Without an attempt of this browser nothing is asked of the provider or written down.
    assert_refused(journey, response, "state_unknown", attempted=False)
    assert provider.calls == []


def test_state_of_another_browser_signs_nobody_in(
    journey: Journey, client_for: Callable[..., Any], town: Any
) -> None:
    journey.leave()
    victim = Journey(client_for(town), journey.provider, journey.client)
    victim.asked = journey.asked
    assert_refused(victim, victim.answer(), "state_unknown", attempted=False)


def test_state_of_another_town_signs_nobody_in(journey: Journey) -> None:
    journey.leave()
    session = journey.browser.session
    session["oidc_states"][journey.asked["state"]]["tenant"] = "suginosawa"
    session.save()
    assert_refused(journey, journey.answer(), "state_unknown", attempted=False)


def test_cookie_and_state_at_another_town_sign_nobody_in(
    journey: Journey, client_for: Callable[..., Any], other_town: Any, in_town: Callable[..., Any]
) -> None:
    journey.leave()
    stranger = client_for(other_town)
    stranger.cookies = journey.browser.cookies
    response = stranger.get(
        "/eid/callback/",
        {
            "code": journey.provider.code,
            "state": journey.asked["state"],
            "iss": journey.provider.issuer,
        },
    )
    assert response["Location"] == "/eid/problem/"
    with in_town("suginosawa"):
        assert not EidIdentity.objects.filter(issuer=journey.provider.issuer).exists()


def test_state_works_once(journey: Journey, provider: Provider) -> None:
    journey.sign_in()
    assert journey.user() is not None
    journey.browser.logout()
    provider.code = "code-again"
    response = journey.answer()
    assert response["Location"] == "/eid/problem/"
    assert journey.browser.session["eid_problem"]["code"] == "state_unknown"
    assert journey.user() is None


def test_state_of_a_refused_sign_in_is_used_up(journey: Journey, provider: Provider) -> None:
    journey.leave()
    journey.answer(code="guessed")
    assert_refused_again = journey.answer()
    assert journey.browser.session["eid_problem"]["code"] == "state_unknown"
    assert assert_refused_again.status_code == 302
    assert journey.user() is None


def test_state_expires(journey: Journey) -> None:
    journey.leave()
    session = journey.browser.session
    session["oidc_states"][journey.asked["state"]]["started_at"] = NOW() - 16 * 60
    session.save()
    assert_refused(journey, journey.answer(), "state_unknown", attempted=False)


def test_simultaneous_answers_with_one_state_count_once(journey: Journey) -> None:
    """The stored session no longer holds the state, whatever this request has loaded."""
    from identity.sessions import SessionStore

    journey.leave()
    session = journey.browser.session
    stale = {**session["oidc_states"]}
    del session["oidc_states"]
    session.save()

    class Stale(SessionStore):
        def load(self) -> dict[str, Any]:
            return {**super().load(), "oidc_states": stale}

    from identity.eid import attempts
    from identity.eid.problems import EidRefused

    class Request:
        GET = {"state": journey.asked["state"]}
        session = Stale(journey.browser.session.session_key)

    with pytest.raises(EidRefused, match="already used"):
        attempts.claim(Request())  # type: ignore[arg-type]


def test_wrong_code_verifier_signs_nobody_in(journey: Journey, provider: Provider) -> None:
    journey.leave()
    provider.challenge = "of-somebody-else"
    assert_refused(journey, journey.answer(), "code_refused")


@pytest.mark.parametrize("path", ["/token", "/jwks", "/userinfo"])
def test_slow_provider_signs_nobody_in(
    path: str, journey: Journey, provider: Provider, settings: Any
) -> None:
    settings.EID_READ_TIMEOUT = 0.15
    provider.slow[path] = 0.6
    journey.leave()
    started = time.monotonic()
    assert_refused(journey, journey.answer(), "provider_slow")
    assert time.monotonic() - started < 2


def test_dripping_provider_signs_nobody_in(
    journey: Journey, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "TOTAL_SECONDS", 0.3)
    provider.raw["/token"] = (200, "application/json", b" " * 100)
    provider.drip.add("/token")
    journey.leave()
    assert_refused(journey, journey.answer(), "provider_slow")


def test_provider_down_signs_nobody_in(
    journey: Journey, eid_client: EidClient, free_port: int
) -> None:
    EidClient.objects.update(token_endpoint=f"http://127.0.0.1:{free_port}/token")
    journey.leave()
    assert_refused(journey, journey.answer(), "provider_down")


def test_endpoint_without_tls_is_not_called(journey: Journey, settings: Any) -> None:
    journey.leave()
    settings.EID_ALLOW_HTTP = False
    assert_refused(journey, journey.answer(), "not_set_up")
    assert journey.provider.calls == []


def test_blocked_resident_is_not_signed_in(journey: Journey) -> None:
    journey.sign_in()
    User.objects.update(is_active=False)
    journey.browser.logout()
    response = journey.sign_in()
    assert response["Location"] == "/eid/problem/"
    assert journey.browser.session["eid_problem"]["code"] == "account_blocked"
    assert journey.user() is None


def test_town_without_registration_says_so(browser: Any) -> None:
    EidClient.objects.all().delete()
    response = browser.get("/eid/start/")
    assert response["Location"] == "/eid/problem/"
    page = browser.get("/eid/problem/")
    assert page.status_code == PROBLEMS["not_set_up"].status


def test_registration_with_a_forbidden_algorithm_is_not_used(
    browser: Any, eid_client: EidClient
) -> None:
    EidClient.objects.update(id_token_alg="HS256")
    browser.get("/eid/start/")
    assert browser.session["eid_problem"]["code"] == "not_set_up"


def test_problem_page_without_a_problem_leads_to_sign_in(browser: Any) -> None:
    response = browser.get("/eid/problem/")
    assert response["Location"] == "/sign-in/"


def test_problem_page_offers_the_way_back(journey: Journey) -> None:
    journey.leave(next="/probe/residents/")
    response = journey.answer(code=..., error="access_denied")
    page = journey.browser.get(response["Location"]).content.decode()
    assert "/eid/start/?next=%2Fprobe%2Fresidents%2F" in page


@pytest.mark.parametrize("code", PROBLEMS)
@pytest.mark.parametrize("prefix", ["", "/en"])
def test_every_problem_has_a_page(code: str, prefix: str, browser: Any) -> None:
    session = browser.session
    session["eid_problem"] = {"code": code, "reference": "ABCD-2345", "next": "", "step_up": False}
    session.save()
    browser.cookies["sessionid"] = session.session_key
    page = browser.get(f"{prefix}/eid/problem/")
    assert page.status_code == PROBLEMS[code].status
    assert page.status_code < 500
    assert "ABCD-2345" in page.content.decode()
