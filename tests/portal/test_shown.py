"""What is done is what the page showed: one window shows it, something changes, it is pressed."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from cases import actions
from cases.models import Case, CorrectionRequest
from catalogue.models import Offering
from common.actor import Actor
from forms.models import Draft
from identity.models import User
from tests.factories import cases as make
from tests.portal.steps import marked

CHANGED = "something has changed meanwhile"


def url(name: str, *ids: Any) -> str:
    with translation.override("en"):
        return reverse(f"portal:{name}", args=ids)


def shown(browser: Client, address: str) -> dict[str, str]:
    page = browser.get(address)
    assert page.status_code == 200
    return marked(page)


def answer(draft: Draft | None, **answers: Any) -> None:
    """In another window."""
    assert draft is not None
    kept = Draft.objects.get(pk=draft.pk)
    Draft.objects.filter(pk=draft.pk).update(answers={**kept.answers, **answers})


def purpose_of(case: Case) -> str:
    return str(Case.objects.get(pk=case.pk).answers["purpose"])


@pytest.fixture
def case(offering: Offering, resident: User) -> Case:
    return make.claimed_case(of=offering, resident=resident)


class TestCorrection:
    @pytest.fixture
    def correction(self, case: Case) -> CorrectionRequest:
        found = make.correction_of(case)
        answer(found.draft, purpose="花の撮影")
        return found

    def test_is_sent_once_as_it_was_shown(
        self, browser: Client, case: Case, correction: CorrectionRequest
    ) -> None:
        here = url("correction_send", case.pk)
        fields = shown(browser, here)
        for _press in range(2):
            assert browser.post(here, fields).headers["Location"] == url("case", case.pk)
        assert purpose_of(case) == "花の撮影"

    def test_other_answers_are_shown_first(
        self, browser: Client, case: Case, correction: CorrectionRequest
    ) -> None:
        here = url("correction_send", case.pk)
        fields = shown(browser, here)
        answer(correction.draft, purpose="虫の撮影")
        page = browser.post(here, fields)
        text = page.content.decode()
        assert page.status_code == 409
        assert CHANGED in text
        assert "虫の撮影" in text
        assert purpose_of(case) != "虫の撮影"
        assert browser.post(here, marked(page)).status_code == 302
        assert purpose_of(case) == "虫の撮影"

    def test_an_old_page_does_not_answer_what_was_asked_since(
        self, browser: Client, case: Case, correction: CorrectionRequest, resident: User
    ) -> None:
        here = url("correction_send", case.pk)
        fields = shown(browser, here)
        actions.answer_correction(correction=correction, by=Actor.of(resident))
        later = make.correction_of(Case.objects.get(pk=case.pk), question_ids=("hours",))
        page = browser.post(here, fields)
        assert page.status_code == 409
        assert "What the office asks for" in page.content.decode()
        assert later.message in page.content.decode()
        later.refresh_from_db()
        assert later.answered_at is None


class TestDeleting:
    @pytest.fixture
    def draft(self, offering: Offering, resident: User) -> Draft:
        return make.draft_ready_to_send(of=offering, resident=resident)

    def test_what_was_saved_since_is_not_deleted_unseen(
        self, browser: Client, draft: Draft
    ) -> None:
        here = url("discard", draft.pk)
        fields = shown(browser, here)
        Draft.objects.filter(pk=draft.pk).update(lock=draft.lock + 1)
        page = browser.post(here, fields)
        assert page.status_code == 409
        assert CHANGED in page.content.decode()
        draft.refresh_from_db()
        assert draft.is_open
        assert browser.post(here, marked(page)).status_code == 302
        draft.refresh_from_db()
        assert (draft.state, draft.answers) == (Draft.State.DISCARDED, {})
