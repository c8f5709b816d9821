"""The resident's fee: its parts, a receipt, asking to be let off."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import translation

from cases.models import Case, FeeWaiver
from common import outbox
from identity.models import User
from sandbox.story import site_plan
from tests.factories import cases as make


@pytest.fixture
def case(offering: Any, resident: User) -> Case:
    return make.due_case(of=offering, resident=resident)


def url(name: str, *args: Any) -> str:
    with translation.override("ja"):  # the last request's language is still active
        return "/en" + reverse(f"portal:{name}", args=args)


def test_paid_fee_gives_its_receipt(browser: Client, offering: Any, resident: User) -> None:
    case = make.paid_case(of=offering, resident=resident)
    page = browser.get(url("fee", case.pk)).content.decode()
    receipt = url("receipt_pdf", case.pk, case.decision.fee_id)
    assert receipt in page
    pdf = browser.get(receipt)
    assert pdf.headers["Content-Type"] == "application/pdf"
    assert b"".join(pdf.streaming_content).startswith(b"%PDF")  # type: ignore[attr-defined]
    assert url("fee", case.pk) in browser.get(url("case", case.pk)).content.decode()


def test_unpaid_fee_has_no_receipt(browser: Client, case: Case) -> None:
    assert browser.get(url("receipt_pdf", case.pk, case.decision.fee_id)).status_code == 404
    assert "Pay ¥" in browser.get(url("fee", case.pk)).content.decode()


def test_waiver_is_asked_with_a_paper(browser: Client, case: Case) -> None:
    here = url("waiver", case.pk, case.decision.fee_id)
    assert here in browser.get(url("pay", case.pk)).content.decode()
    assert browser.post(here, {"reason": " "}).status_code == 422
    bad = SimpleUploadedFile("a.exe", b"MZ\x90")
    kept = browser.post(here, {"reason": "学校行事", "evidence": bad})
    assert kept.status_code == 422
    assert "学校行事" in kept.content.decode()
    assert not FeeWaiver.objects.exists()
    good = SimpleUploadedFile("証明.png", site_plan())
    assert browser.post(here, {"reason": "学校行事", "evidence": good}).status_code == 302
    waiver = FeeWaiver.objects.get()
    assert waiver.evidence_type == "image/png"
    assert browser.get(here).status_code == 302  # asked once
    assert "学校行事" in browser.get(url("fee", case.pk)).content.decode()
    outbox.drain()


def test_somebody_elses_fee_is_not_there(browser: Client, offering: Any) -> None:
    other = make.due_case(of=offering)
    for name in ("waiver", "receipt_pdf", "pay_part"):
        assert browser.get(url(name, other.pk, other.decision.fee_id)).status_code == 404
    mine = make.due_case(of=offering, resident=None)
    assert browser.get(url("fee", mine.pk)).status_code == 404


def test_part_of_another_case_is_not_there(
    browser: Client, case: Case, offering: Any, resident: User
) -> None:
    other = make.due_case(of=offering, resident=resident)
    path = url("pay_part", case.pk, other.decision.fee_id)
    assert browser.get(path).status_code == 404
