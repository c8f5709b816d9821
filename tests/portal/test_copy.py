"""The copy and the data of one's own application; what an export looks like to the resident."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from django.test import Client
from django.urls import reverse

from cases import copies, exports
from cases.models import Case
from catalogue.models import Offering
from common.models import OutboxRow
from documents.models import Document
from identity.models import User
from tests.factories import cases as make
from tests.factories import people
from tests.portal.test_schema import path_of


@pytest.fixture
def case(offering: Offering, resident: User) -> Case:
    return make.submitted_case(of=offering, resident=resident)


def url(name: str, case: Case) -> str:
    return "/en" + reverse(f"portal:{name}", args=[case.pk])


def text_of(answer: Any) -> str:
    assert answer.status_code == 200
    return str(answer.content.decode())


class TestCopy:
    def test_it_is_offered_once_it_is_ready(self, browser: Client, case: Case) -> None:
        assert "Copy (PDF): not ready yet" in text_of(browser.get(url("case", case)))
        copies.make(case.application)
        page = text_of(browser.get(url("case", case)))
        assert "Download a copy (PDF)" in page
        assert "not ready yet" not in page
        answer = browser.get(url("copy", case))
        assert b"".join(answer.streaming_content)[:5] == b"%PDF-"
        assert answer.headers["Content-Type"] == "application/pdf"
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert answer.headers["Content-Disposition"].startswith("attachment;")

    def test_asking_too_early_says_so_kindly(self, browser: Client, case: Case) -> None:
        copies.request(case.application)
        assert "is being prepared" in text_of(browser.get(url("copy", case)))
        OutboxRow.objects.filter(kind=copies.KIND).update(state=OutboxRow.State.DEAD)
        page = text_of(browser.get(url("copy", case)))
        assert "could not be made" in page
        assert "safe with us" in page

    def test_an_old_application_gets_one_on_request(self, browser: Client, case: Case) -> None:
        assert "Make the copy (PDF)" in text_of(browser.get(url("copy", case)))
        assert not OutboxRow.objects.filter(kind=copies.KIND).exists()
        for _ in range(2):
            answer = browser.post(url("copy", case))
            assert answer.status_code == 302
        assert OutboxRow.objects.filter(kind=copies.KIND).count() == 1
        assert "is being prepared" in text_of(browser.get(url("copy", case)))

    def test_asking_for_one_that_is_there_does_nothing(self, browser: Client, case: Case) -> None:
        copies.make(case.application)
        browser.post(url("copy", case))
        assert not OutboxRow.objects.filter(kind=copies.KIND).exists()

    def test_a_damaged_one_is_not_handed_out(self, browser: Client, case: Case) -> None:
        copies.make(case.application)
        Document.objects.update(sha256="0" * 64)
        assert browser.get(url("copy", case)).status_code == 409

    def test_it_is_the_residents_alone(self, case: Case, client_for: Any, town: Any) -> None:
        copies.make(case.application)
        stranger = client_for(town, people.resident(name="別の 人"))
        for name in ("copy", "data"):
            assert stranger.get(url(name, case)).status_code == 404
        assert stranger.post(url("copy", case)).status_code == 404


class TestData:
    def test_answers_with_their_schema(
        self, browser: Client, visitor: Client, case: Case, offering: Offering
    ) -> None:
        answer = browser.get(url("data", case))
        assert answer.headers["Content-Disposition"] == (
            f'attachment; filename="park-use_{case.application.receipt_number}.json"'
        )
        assert answer.headers["Cache-Control"] == "private, no-store"
        found = answer.json()
        assert found["answers"] == case.application.answers
        assert found["schema"].endswith(path_of(offering.form_version))
        schema = visitor.get(path_of(offering.form_version)).json()
        assert schema["$id"] == found["schema"]
        jsonschema.validate(found["answers"], schema)
        assert found["origins"]["name"]["verified"] is True
        assert "seal" not in answer.content.decode()
        assert found["files"][0]["filename"] == "位置図.pdf"

    def test_corrections_are_in_place(self, browser: Client, resident: User, case: Case) -> None:
        worked = make.claimed_case(of=case.offering, resident=resident)
        make.answered_correction(make.correction_of(worked), purpose="別の目的")
        found = browser.get(url("data", worked)).json()
        assert found["answers"]["purpose"] == "別の目的"


def test_my_data_says_what_was_exported_and_what_for(
    browser: Client, visitor: Client, case: Case, client_for: Any, town: Any
) -> None:
    worker = people.caseworker(at=case.department)
    chosen = exports.Selection(case.offering)
    purpose = '<b>processing</b> "統計"'
    exports.export(
        chosen, as_format=exports.Format.CSV, purpose=purpose, by=worker, language="ja"
    ).file.close()
    page = text_of(browser.get("/en/my-data/"))
    assert "山本 真理 took the answers out of this system, in a list (export)" in page
    assert "The municipality used it for: &lt;b&gt;processing&lt;/b&gt;" in page
    assert case.application.receipt_number in page
    other = client_for(town, people.resident(name="別の 人"))
    assert "export" not in text_of(other.get("/en/my-data/"))


def test_somebodys_own_words_are_never_taken_for_a_code(browser: Client, case: Case) -> None:
    worker = people.caseworker(at=case.department)
    exports.export(
        exports.Selection(case.offering),
        as_format=exports.Format.JSON,
        purpose="sign_in",
        by=worker,
        language="ja",
    ).file.close()
    assert "The municipality used it for: sign_in" in text_of(browser.get("/en/my-data/"))
