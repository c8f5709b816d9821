"""A resident signs in with the eID, and what is kept of it."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from jwcrypto import jwk

from identity import claims as eid_claims
from identity.eid import registration
from identity.models import EidClient, EidIdentity, EidSession, User
from tests.identity.misbehaving import Provider, encrypted, sign
from tests.identity.support import Journey, make_staff


def test_resident_signs_in_and_goes_on(journey: Journey, eid_client: EidClient) -> None:
    response = journey.sign_in(next="/probe/residents/?page=2")
    assert response.status_code == 302
    assert response["Location"] == "/probe/residents/?page=2"
    user = journey.user()
    assert user is not None
    assert (user.kind, user.name, user.name_kana) == ("resident", "佐藤 恵", "サトウ メグミ")
    assert not user.has_usable_password()
    assert (user.eid.issuer, user.eid.subject) == (eid_client.issuer, "pairwise-adult")
    page = journey.browser.get("/probe/residents/")
    assert page.content.decode() == f"resident {user.pk} -"
    events = list(journey.ledger().values_list("event", "about"))
    assert events == [("eid.asserted", user.pk), ("resident.signed_in", user.pk)]


def test_request_uses_code_flow_pkce_state_and_nonce(journey: Journey) -> None:
    asked = journey.leave()
    assert asked["response_type"] == "code"
    assert asked["scope"] == "openid"
    assert asked["code_challenge_method"] == "S256"
    assert len(asked["code_challenge"]) == 43
    assert len(asked["state"]) == len(asked["nonce"]) == 43
    assert asked["redirect_uri"] == "http://shiomi.localhost/eid/callback/"
    assert asked["acr_values"] == "aal2"
    assert "prompt" not in asked
    second = journey.leave()
    assert second["state"] != asked["state"]
    assert second["nonce"] != asked["nonce"]
    assert second["code_challenge"] != asked["code_challenge"]


def test_only_the_name_is_asked_and_kept_when_no_form_needs_more(journey: Journey) -> None:
    asked = journey.leave()
    assert json.loads(asked["claims"]) == {"userinfo": {"name": None, "name#ja-Kana-JP": None}}
    journey.answer()
    user = journey.user()
    assert user is not None
    # The provider of the test sends everything; what was not asked for is not stored.
    assert set(user.eid.claims) == {eid_claims.FULL_NAME, eid_claims.FULL_NAME_KANA}
    assert user.email == ""


def test_concepts_of_the_form_are_asked_and_kept(
    journey: Journey, monkeypatch: pytest.MonkeyPatch, eid_client: EidClient
) -> None:
    forms = {"park-use": {eid_claims.ADDRESS, eid_claims.DATE_OF_BIRTH, "park.name"}}
    monkeypatch.setattr(eid_claims, "_form_concepts", [lambda slug: forms.get(slug, set())])
    asked = journey.leave(form="park-use", next="/apply/park-use/")
    assert list(json.loads(asked["claims"])["userinfo"]) == [
        "name", "name#ja-Kana-JP", "birthdate", "address",
    ]  # fmt: skip
    journey.answer()
    user = journey.user()
    assert user is not None
    assert user.eid.claims[eid_claims.DATE_OF_BIRTH]["value"] == "1986-05-14"
    entry = user.eid.claims[eid_claims.ADDRESS]
    assert entry["value"] == {
        "postalCode": "2480012",
        "prefecture": "神奈川県",
        "city": "鎌倉市",
        "streetAddress": "御成町12-40",
        "building": "コーポ潮風",
    }
    assert (entry["source"], entry["issuer"], entry["acr"]) == (
        "eid",
        eid_client.issuer,
        "aal3 crl",
    )
    told = journey.ledger().get(event="eid.asserted").data
    assert told["concepts"] == sorted(user.eid.claims)
    assert "1986" not in json.dumps(told)


def test_requested_concepts_are_asked_once(journey: Journey) -> None:
    session = journey.browser.session
    session["eid_concepts"] = [eid_claims.SEX, "made.up"]
    session.save()
    journey.browser.cookies["sessionid"] = session.session_key
    assert "gender" in json.loads(journey.leave()["claims"])["userinfo"]
    assert "gender" not in json.loads(journey.leave()["claims"])["userinfo"]


def test_provider_without_claims_parameter_is_asked_by_scopes(
    journey: Journey, eid_client: EidClient
) -> None:
    EidClient.objects.update(ask_by="scope")
    asked = journey.leave()
    assert asked["scope"] == "openid name"
    assert "claims" not in asked


def test_second_sign_in_is_the_same_person_with_new_details(
    journey: Journey, provider: Provider
) -> None:
    journey.sign_in()
    first = journey.user()
    journey.browser.logout()
    provider.person["name"] = "鈴木 恵"
    journey.sign_in()
    second = journey.user()
    assert first is not None
    assert second == first
    assert second.name == "鈴木 恵"
    assert journey.new_residents() == 1


def test_concept_no_longer_told_is_forgotten(journey: Journey, provider: Provider) -> None:
    journey.sign_in()
    journey.browser.logout()
    del provider.person["name#ja-Kana-JP"]
    journey.sign_in()
    user = journey.user()
    assert user is not None
    assert set(user.eid.claims) == {eid_claims.FULL_NAME}


def test_accounts_are_never_linked_by_mail(journey: Journey, provider: Provider) -> None:
    staff = make_staff(email=provider.person["email"])
    resident = User.objects.create_resident(name="別人", email=provider.person["email"])
    session = journey.browser.session
    session["eid_concepts"] = [eid_claims.EMAIL]
    session.save()
    journey.browser.cookies["sessionid"] = session.session_key
    journey.sign_in()
    user = journey.user()
    assert user is not None
    assert user not in (staff, resident)
    assert user.email == provider.person["email"]


def test_same_subject_of_another_issuer_is_another_person(
    journey: Journey, eid_client: EidClient
) -> None:
    other = User.objects.create_resident(name="別人")
    EidIdentity.objects.create(
        user=other, issuer="https://x.example.test", subject="pairwise-adult"
    )
    journey.sign_in()
    assert journey.user() != other


def test_session_key_changes_at_sign_in(journey: Journey, eid_client: EidClient) -> None:
    journey.leave()
    before = journey.browser.session.session_key
    journey.answer()
    after = journey.browser.session.session_key
    assert before
    assert after != before
    assert EidSession.objects.get(issuer=eid_client.issuer).session_key == after


def test_other_person_in_the_same_browser_finds_nothing_of_the_first(
    journey: Journey, provider: Provider
) -> None:
    journey.sign_in()
    session = journey.browser.session
    session["secret of the first"] = "x"
    session.save()
    provider.person["sub"] = "pairwise-other"
    provider.sid = "sid-2"
    journey.sign_in()
    assert "secret of the first" not in journey.browser.session
    assert journey.new_residents() == 2


def test_access_token_is_not_kept(journey: Journey) -> None:
    journey.sign_in()
    assert "access-1" not in json.dumps(dict(journey.browser.session.items()))


def test_small_clock_differences_are_forgiven(journey: Journey, provider: Provider) -> None:
    def change(claims: dict[str, Any]) -> None:
        claims["iat"] = int(time.time()) + 10
        claims["exp"] = int(time.time()) - 10

    provider.bend_id_token = change
    journey.sign_in()
    assert journey.user() is not None


def test_encrypted_userinfo_is_read(
    journey: Journey, provider: Provider, eid_client: EidClient
) -> None:
    jwks = registration.new_keys(encryption=True)
    _client, public = registration.register(
        client_id="shiomi", document=provider.document, jwks=jwks, userinfo_encrypted=True
    )
    provider.client_keys = public
    key = next(key for key in public["keys"] if key["use"] == "enc")
    provider.sign_userinfo = lambda claims: (
        "application/jwt",
        encrypted(sign(claims, provider.es_key, {"alg": "ES256", "kid": "es-1"}), key),
    )
    journey.sign_in()
    assert journey.user() is not None


@pytest.mark.parametrize("body", ["plain", "stranger", "rubbish"])
def test_userinfo_that_should_be_encrypted_and_is_not_readable_is_refused(
    body: str, journey: Journey, provider: Provider, eid_client: EidClient
) -> None:
    jwks = registration.new_keys(encryption=True)
    _client, public = registration.register(
        client_id="shiomi", document=provider.document, jwks=jwks, userinfo_encrypted=True
    )
    provider.client_keys = public
    other = jwk.JWK.generate(kty="EC", crv="P-256", kid="x").export_public(as_dict=True)

    def answer(claims: dict[str, Any]) -> tuple[str, bytes]:
        token = sign(claims, provider.es_key, {"alg": "ES256", "kid": "es-1"})
        made = {
            "plain": token.encode(),
            "stranger": encrypted(token, other),
            "rubbish": b"a.b.c.d.e",
        }
        return "application/jwt", made[body]

    provider.sign_userinfo = answer
    journey.sign_in()
    assert journey.user() is None
    assert journey.browser.session["eid_problem"]["code"] == "userinfo_invalid"


def test_plain_userinfo_is_read_where_it_is_registered_so(
    journey: Journey, provider: Provider
) -> None:
    EidClient.objects.update(userinfo_alg="")
    provider.sign_userinfo = lambda claims: ("application/json", json.dumps(claims).encode())
    journey.sign_in()
    assert journey.user() is not None


@pytest.mark.parametrize("alg", ["PS256", "RS256"])
def test_other_registered_algorithms_work(alg: str, journey: Journey, provider: Provider) -> None:
    provider.rsa_key = jwk.JWK.generate(kty="RSA", size=2048, kid="rsa", use="sig", alg=alg)
    EidClient.objects.update(id_token_alg=alg, userinfo_alg=alg)
    provider.sign_id_token = lambda claims, head: sign(
        claims, provider.rsa_key, {"alg": alg, "kid": "rsa"}
    )
    provider.sign_userinfo = lambda claims: (
        "application/jwt",
        sign(claims, provider.rsa_key, {"alg": alg, "kid": "rsa"}).encode(),
    )
    journey.sign_in()
    assert journey.user() is not None


def test_keys_are_fetched_once_and_again_for_a_new_key(
    journey: Journey, provider: Provider
) -> None:
    for _turn in range(3):
        journey.sign_in()
        journey.browser.logout()
    assert provider.calls.count("/jwks") == 1
    provider.es_key = jwk.JWK.generate(kty="EC", crv="P-256", kid="es-2", use="sig", alg="ES256")
    provider.bend_header = lambda head: head.update(kid="es-2")
    provider.sign_userinfo = lambda claims: (
        "application/jwt",
        sign(claims, provider.es_key, {"alg": "ES256", "kid": "es-2"}).encode(),
    )
    journey.sign_in()
    assert journey.user() is not None
    assert provider.calls.count("/jwks") == 2


def test_flood_of_unknown_keys_is_not_passed_on(journey: Journey, provider: Provider) -> None:
    journey.sign_in()
    journey.browser.logout()
    provider.bend_header = lambda head: head.update(kid="made-up")
    for _turn in range(5):
        journey.sign_in()
    assert provider.calls.count("/jwks") == 2


def test_language_is_kept_on_the_way(journey: Journey) -> None:
    asked = journey.leave("/en/eid/start/")
    assert asked["ui_locales"] == "en"
    assert asked["redirect_uri"] == "http://shiomi.localhost/eid/callback/"
    response = journey.answer()
    assert response["Location"] == "/en/"
    user = journey.user()
    assert user is not None
    assert user.language == "en"


def test_problem_page_is_in_the_language_of_the_visit(journey: Journey) -> None:
    journey.leave("/en/eid/start/")
    response = journey.answer(code=..., error="access_denied")
    assert response["Location"] == "/en/eid/problem/"


def test_two_tabs_each_come_back_to_their_own_page(journey: Journey, provider: Provider) -> None:
    first = journey.leave(next="/first/")
    first_nonce, first_challenge = provider.nonce, provider.challenge
    second = journey.leave(next="/second/")
    assert journey.answer()["Location"] == "/second/"
    assert second != first
    journey.asked = first
    provider.nonce, provider.challenge = first_nonce, first_challenge
    provider.code = "code-of-the-first"
    assert journey.answer()["Location"] == "/first/"


# --- Step-up ---------------------------------------------------------------------------------


def test_step_up_asks_for_a_fresh_and_strong_confirmation(journey: Journey) -> None:
    journey.sign_in()
    session = journey.browser.session
    session["eid_auth"] = {**session["eid_auth"], "auth_time": time.time() - 900}
    session.save()
    response = journey.browser.get("/probe/delicate/")
    assert response["Location"] == "/eid/start/?next=%2Fprobe%2Fdelicate%2F&step_up=1"
    asked = journey.leave(next="/probe/delicate/", step_up="1")
    assert (asked["acr_values"], asked["prompt"], asked["max_age"]) == ("aal3", "login", "0")
    response = journey.answer()
    assert response["Location"] == "/probe/delicate/"
    assert journey.browser.get("/probe/delicate/").content == b"delicate"
    assert journey.ledger().filter(event="resident.stepped_up").count() == 1


STEP_UP_CASES: dict[str, tuple[Callable[[Provider], None], str]] = {
    "acr of an ordinary sign-in": (lambda p: setattr(p, "acr", "aal2"), "acr_too_low"),
    "signed in an hour ago": (
        lambda p: setattr(p, "auth_time", int(time.time()) - 3600),
        "auth_too_old",
    ),
    "no auth_time": (lambda p: setattr(p, "auth_time", ...), "auth_too_old"),
    "auth_time no number": (lambda p: setattr(p, "auth_time", "now"), "auth_too_old"),
    "auth_time lies ahead": (
        lambda p: setattr(p, "auth_time", int(time.time()) + 3600),
        "token_invalid",
    ),
    "another person": (lambda p: p.person.update(sub="pairwise-other"), "other_person"),
}


@pytest.mark.parametrize("case", STEP_UP_CASES)
def test_bad_step_up_changes_nothing(case: str, journey: Journey, provider: Provider) -> None:
    bend, code = STEP_UP_CASES[case]
    journey.sign_in()
    before = journey.user()
    kept = journey.browser.session["eid_auth"]
    bend(provider)
    journey.leave(step_up="1")
    assert journey.answer()["Location"] == "/eid/problem/"
    session = journey.browser.session
    assert session["eid_problem"]["code"] == code
    assert session["eid_auth"] == kept
    assert journey.user() == before
    assert journey.new_residents() == 1
    page = journey.browser.get("/eid/problem/").content.decode()
    assert "step_up=1" in page


# --- What is used later -----------------------------------------------------------------------


def test_old_assertions_do_not_fill_a_form(journey: Journey) -> None:
    journey.sign_in()
    user = journey.user()
    assert user is not None
    assert set(eid_claims.fresh(user)) == {eid_claims.FULL_NAME, eid_claims.FULL_NAME_KANA}
    assert set(eid_claims.fresh(user, {eid_claims.FULL_NAME})) == {eid_claims.FULL_NAME}
    entry = user.eid.claims[eid_claims.FULL_NAME]
    entry["asserted_at"] = (timezone.now() - dt.timedelta(hours=13)).isoformat()
    user.eid.save()
    assert set(eid_claims.fresh(user)) == {eid_claims.FULL_NAME_KANA}


def test_user_without_eid_has_no_claims(town: Any) -> None:
    assert eid_claims.fresh(User.objects.create_resident(name="x")) == {}


def test_sign_in_page_says_what_will_be_asked(journey: Journey) -> None:
    page = journey.browser.get("/en/sign-in/", {"next": "/probe/residents/"}).content.decode()
    assert "/en/eid/start/?next=%2Fprobe%2Fresidents%2F" in page
    assert "your name" in page
    assert "your address" not in page


def test_signed_in_resident_does_not_see_the_sign_in_page(journey: Journey) -> None:
    journey.sign_in()
    response = journey.browser.get("/sign-in/", {"next": "/probe/residents/"})
    assert response["Location"] == "/probe/residents/"
    assert journey.browser.get("/sign-in/")["Location"] == "/"


def test_client_assertion_of_a_foreign_key_is_refused_by_the_provider(
    journey: Journey, provider: Provider
) -> None:
    """The misbehaving provider is strict about us, so the other tests prove our assertion."""
    provider.client_keys = registration.public_part(registration.new_keys())
    journey.sign_in()
    assert journey.browser.session["eid_problem"]["code"] == "not_set_up"
