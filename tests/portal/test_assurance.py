"""A service that asks for a fresh and strong eID: at the start and at the sending."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from cases import actions
from cases.models import Application
from catalogue.models import Offering
from catalogue.registry import catalogue
from common.actor import Actor
from common.errors import NotAllowed
from forms.models import Draft
from identity.eid import registration
from identity.models import EidClient, User
from tests.factories import behalf, services
from tests.factories import cases as make
from tests.identity.misbehaving import Provider

BEGIN = "/en/apply/sure-thing/begin/"
FOR = "/en/apply/sure-thing/for/"


@pytest.fixture
def sure(town: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Offering]:
    services.install("sure_thing", monkeypatch)
    yield services.offered("sure_thing")
    catalogue.cache_clear()


@pytest.fixture
def eid_client(town: Any) -> Iterator[EidClient]:
    EidClient.objects.filter(is_active=True).update(is_active=False)
    provider = Provider()
    client, _public = registration.register(client_id="shiomi", document=provider.document)
    yield client
    provider.close()


@pytest.fixture
def draft(sure: Offering, resident: User) -> Draft:
    return make.draft_ready_to_send(of=sure, resident=resident, answers=services.answers())


def confirmed(browser: Client, *, acr: str = "aal3", ago: int = 0) -> None:
    """What the sign-in leaves in the session."""
    session = browser.session
    now = int(time.time()) - ago
    session["eid_auth"] = {"acr": acr, "auth_time": now, "at": now, "step_up": True}
    session.save()


@pytest.mark.parametrize(
    "how", [None, {"acr": "aal2"}, {"acr": "aal3", "ago": 601}, {"acr": ""}, {"acr": "aal9"}]
)
def test_without_a_fresh_and_strong_confirmation_one_is_asked_for(
    sure: Offering, eid_client: EidClient, browser: Client, resident: User, draft: Draft, how: Any
) -> None:
    draft.delete()
    if how is not None:
        confirmed(browser, **how)
    answer = browser.get(BEGIN)
    assert answer.headers["Location"] == (
        "/en/eid/start/?next=%2Fen%2Fapply%2Fsure-thing%2Fbegin%2F&step_up=1"
    )
    assert not Draft.objects.filter(resident=resident).exists()


def test_confirmed_begins(
    sure: Offering, eid_client: EidClient, browser: Client, resident: User
) -> None:
    confirmed(browser)
    browser.get(BEGIN)
    assert Draft.objects.filter(resident=resident, subject="sure-thing").exists()


def test_on_behalf_too(
    sure: Offering, eid_client: EidClient, browser: Client, resident: User
) -> None:
    made = behalf.attorney_of(resident)
    answer = browser.post(FOR, {"whom": str(made.pk)})
    assert "step_up=1" in answer.headers["Location"]
    confirmed(browser)
    browser.post(FOR, {"whom": str(made.pk)})
    assert Draft.objects.get(resident=resident).representation == made


def test_sending_asks_again_and_comes_back_to_the_check_page(
    eid_client: EidClient, browser: Client, draft: Draft
) -> None:
    path = f"/en/drafts/{draft.pk}/check/"
    confirmed(browser, ago=700)
    answer = browser.post(path)
    assert "step_up=1" in answer.headers["Location"]
    assert str(draft.pk) in answer.headers["Location"]
    assert not Application.objects.filter(idempotency_key=draft.pk).exists()
    confirmed(browser)
    assert "/receipt/" in browser.post(path).headers["Location"]
    assert Application.objects.filter(idempotency_key=draft.pk).count() == 1


def test_town_without_an_eid_lets_nobody_through(
    sure: Offering, eid_client: EidClient, browser: Client, resident: User
) -> None:
    EidClient.objects.update(is_active=False)
    confirmed(browser)
    answer = browser.get(BEGIN, follow=True)
    assert "/eid/problem/" in answer.redirect_chain[-1][0]
    assert not Draft.objects.filter(resident=resident).exists()


def test_action_refuses_by_itself(draft: Draft, resident: User) -> None:
    with pytest.raises(NotAllowed) as refused:
        actions.submit_application(draft=draft, by=Actor.of(resident), language="ja")
    assert refused.value.code == "step_up"
    case = actions.submit_application(
        draft=draft, by=Actor.of(resident), language="ja", confirmed=True
    )
    assert case.stage == "arrived"


def test_ordinary_service_asks_for_nothing(
    offering: Offering, browser: Client, resident: User
) -> None:
    answer = browser.get("/en/apply/park-use/begin/")
    assert "eid/start" not in answer.headers["Location"]
    own = make.draft_ready_to_send(of=offering, resident=resident)
    assert "/receipt/" in browser.post(f"/en/drafts/{own.pk}/check/").headers["Location"]
