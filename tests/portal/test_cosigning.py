"""Signatures of others through the pages, of the applicant and of whoever signs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from cases import cosigning
from cases.models import Application, Cosignature
from catalogue.models import Offering
from catalogue.registry import catalogue
from forms.models import Draft
from identity.models import User
from tests.factories import behalf, people, services
from tests.factories import cases as make
from tests.portal import steps


@pytest.fixture
def event(town: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Offering]:
    services.install("joint_event", monkeypatch)
    yield services.offered("joint_event")
    catalogue.cache_clear()


@pytest.fixture
def draft(event: Offering, resident: User) -> Draft:
    return make.draft_ready_to_send(of=event, resident=resident, answers=services.answers())


@pytest.fixture
def signer(town: Any) -> User:
    return people.resident(name="田中 実", email="tanaka@example.jp")


@pytest.fixture
def their_browser(town: Any, signer: User, client_for: Any) -> Client:
    browser: Client = client_for(town, signer)
    return browser


def _urls(draft: Draft) -> tuple[str, str]:
    return f"/en/drafts/{draft.pk}/check/", f"/en/drafts/{draft.pk}/cosigners/"


def _sign(browser: Client, token: str, **changes: Any) -> Any:
    path = f"/en/cosign/{token}/"
    seen = browser.get(path).context["seen"]
    return browser.post(path, {"answer": "sign", "seen": seen, **changes})


def test_check_page_leads_to_the_signatures_first(browser: Client, draft: Draft) -> None:
    check, cosigners = _urls(draft)
    page = browser.get(check).content.decode()
    assert "The owner of the land has to sign." in page
    assert cosigners in page
    assert "Send the application" not in page
    answer = browser.post(check)
    assert answer.status_code == 409
    assert "not everybody has signed" in answer.content.decode()


def test_from_asking_to_sending(browser: Client, their_browser: Client, draft: Draft) -> None:
    check, cosigners = _urls(draft)
    assert browser.post(cosigners, {"address": ["tanaka@example.jp", ""]}).status_code == 302
    assert "Asked, not signed yet" in browser.get(cosigners).content.decode()
    row = Cosignature.objects.get()
    from cases import links
    from cases.links import Purpose

    token = links.new_token(Purpose.COSIGN, row.pk)
    page = their_browser.get(f"/en/cosign/{token}/").content.decode()
    assert "山田 花子 asks for your signature" in page
    assert "You sign as 田中 実." in page
    assert "12" in page
    done = _sign(their_browser, token)
    assert "You have signed" in done.content.decode()
    assert their_browser.get(f"/en/cosign/{token}/").status_code == 409
    page = browser.get(check).content.decode()
    assert "田中 実" in page
    assert "Send the application" in page
    assert browser.post(check).status_code == 302
    assert len(Application.objects.get(idempotency_key=draft.pk).cosigned) == 1


def test_wrong_address_is_said_at_its_field_and_kept(browser: Client, draft: Draft) -> None:
    answer = browser.post(_urls(draft)[1], {"address": ["", "tanaka", "hanako@example.jp"]})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'href="#address-1"' in page
    assert 'id="address-2-error"' in page
    assert 'value="tanaka"' in page
    assert not Cosignature.objects.exists()


def test_take_back_and_ask_again(browser: Client, draft: Draft) -> None:
    cosigners = _urls(draft)[1]
    row, _token = behalf.asked_to_sign(draft)
    browser.post(cosigners, {"_do": f"again:{row.pk}"})
    row.refresh_from_db()
    assert row.state == "void"
    newer = Cosignature.objects.get(state="asked")
    browser.post(cosigners, {"_do": f"back:{newer.pk}"})
    assert not Cosignature.objects.filter(state="asked").exists()
    assert browser.post(cosigners, {"_do": f"back:{newer.pk}"}).status_code == 409
    for wrong in ("back:x", "again:", f"back:{draft.pk}"):
        assert browser.post(cosigners, {"_do": wrong}).status_code == 404


def test_changing_an_answer_says_that_the_signature_is_void(
    browser: Client, their_browser: Client, draft: Draft
) -> None:
    _row, token = behalf.asked_to_sign(draft)
    _sign(their_browser, token)
    day = draft.answers["use_day"].split("-")
    fields = dict(zip(("use_day-year", "use_day-month", "use_day-day"), day, strict=True))
    path = f"/en/drafts/{draft.pk}/room/"
    page = browser.get(path).context["page"]
    hidden = {"_seen": page.seen, "_shown": page.shown}
    refresh = {**hidden, **fields, "people": "40", "_do": "refresh"}
    browser.post(path, refresh, headers={"HX-Request": "true"})
    assert Cosignature.objects.get().state == "signed"
    same = browser.post(path, {**hidden, **fields, "people": "12"}, follow=True)
    assert "does not count any more" not in same.content.decode()
    changed = browser.post(path, {**hidden, **fields, "people": "40"}, follow=True)
    assert "1 signature does not count any more" in changed.content.decode()
    assert Cosignature.objects.get().state == "void"
    assert "Send the application" not in browser.get(_urls(draft)[0]).content.decode()


def test_answers_changed_while_reading(
    browser: Client, their_browser: Client, draft: Draft
) -> None:
    _row, token = behalf.asked_to_sign(draft)
    path = f"/en/cosign/{token}/"
    seen = their_browser.get(path).context["seen"]
    draft.answers = {**draft.answers, "people": 40}
    draft.save(update_fields=["answers"])
    answer = their_browser.post(path, {"answer": "sign", "seen": seen})
    assert answer.status_code == 422
    assert "changed the answers while you were reading" in answer.content.decode()
    assert "40" in answer.content.decode()
    assert _sign(their_browser, token).status_code == 200


@pytest.mark.parametrize("fields", [{}, {"answer": "x"}, {"answer": "refuse", "reason": " "}])
def test_answer_that_is_none_changes_nothing(
    their_browser: Client, draft: Draft, fields: dict[str, str]
) -> None:
    _row, token = behalf.asked_to_sign(draft)
    answer = their_browser.post(f"/en/cosign/{token}/", fields)
    assert answer.status_code == 422
    assert Cosignature.objects.get().state == "asked"


def test_refusal_reaches_the_applicant(
    browser: Client, their_browser: Client, draft: Draft
) -> None:
    _row, token = behalf.asked_to_sign(draft)
    done = _sign(their_browser, token, answer="refuse", reason="聞いていません")
    assert "You have refused to sign." in done.content.decode()
    page = browser.get(_urls(draft)[1]).content.decode()
    assert "聞いていません" in page


def test_oneself_is_refused_in_words(browser: Client, draft: Draft) -> None:
    _row, token = behalf.asked_to_sign(draft)
    for answer in (
        browser.get(f"/en/cosign/{token}/"),
        browser.post(f"/en/cosign/{token}/", {"answer": "sign"}),
    ):
        assert answer.status_code == 409
        assert "Somebody else has to sign it." in answer.content.decode()
    assert Cosignature.objects.get().state == "asked"


def test_visitor_signs_in_with_their_own_eid_and_comes_back(visitor: Client, draft: Draft) -> None:
    _row, token = behalf.asked_to_sign(draft)
    answer = visitor.get(f"/en/cosign/{token}/")
    assert answer.headers["Location"] == f"/en/sign-in/?next=%2Fen%2Fcosign%2F{token}%2F"


def test_browser_says_where_the_answer_comes_from(their_browser: Client, draft: Draft) -> None:
    """Without a referrer a browser sends ``Origin: null``, and no answer gets through."""
    _row, token = behalf.asked_to_sign(draft)
    answer = their_browser.get(f"/en/cosign/{token}/")
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert "referrer" not in answer.content.decode()


def test_made_up_and_foreign_tokens_are_not_there(
    browser: Client, their_browser: Client, draft: Draft, in_town: Any
) -> None:
    with in_town("suginosawa"):
        elsewhere = behalf.asked_to_sign(make.draft_ready_to_send())[1]
    for token in (elsewhere, "x" * 43, "x", "x" * 500):
        assert their_browser.get(f"/en/cosign/{token}/").status_code == 404
        assert their_browser.post(f"/en/cosign/{token}/", {"answer": "sign"}).status_code == 404


def test_answers_and_files_stay_the_applicants(their_browser: Client, draft: Draft) -> None:
    """Whoever signs reads once; the draft and its pages are not theirs."""
    _row, token = behalf.asked_to_sign(draft)
    _sign(their_browser, token)
    for path in (*_urls(draft), f"/en/drafts/{draft.pk}/room/"):
        assert their_browser.get(path).status_code == 404


def test_cosigners_page_of_an_ordinary_service_leads_back(
    offering: Offering, browser: Client, resident: User
) -> None:
    draft = steps.begin(browser, resident)
    check, cosigners = _urls(draft)
    assert browser.get(cosigners).headers["Location"] == check


def test_desk_sees_who_signed(
    browser: Client, their_browser: Client, draft: Draft, client_for: Any, town: Any
) -> None:
    _row, token = behalf.asked_to_sign(draft)
    _sign(their_browser, token)
    browser.post(_urls(draft)[0])
    case = Application.objects.get(idempotency_key=draft.pk).case
    desk = people.sign_in_staff(client_for(town), people.caseworker(at="community"))
    page = desk.get(f"/en/desk/cases/{case.pk}/").content.decode()
    assert "Signatures of others" in page
    assert "田中 実" in page


def test_statements_do_not_grow_with_the_signatures(
    browser: Client, draft: Draft, resident: User
) -> None:
    from tests.portal.test_weight import statements

    check = _urls(draft)[0]
    behalf.asked_to_sign(draft)
    browser.get(check)
    one = statements(lambda: browser.get(check))
    for name in ("b", "c"):
        behalf.asked_to_sign(draft, f"{name}@example.jp")
    assert statements(lambda: browser.get(check)) == one
    assert len(cosigning.signatures_of(draft, Offering.objects.get(slug=draft.subject))) == 3
