"""Files reach their owner and nobody else."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from PIL import Image

from cases.models import Case
from catalogue.models import Offering
from common import outbox
from forms.models import Attachment
from identity.models import User
from tests.factories import cases as make
from tests.factories import people
from tests.portal import steps


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content)  # which closes it, too


@pytest.fixture
def attachment(offering: Offering, browser: Client, resident: User) -> Attachment:
    """A picture, uploaded through the form."""
    draft = steps.begin(browser, resident)
    steps.post_step(browser, draft, "documents", {"site_plan": steps.picture()})
    return Attachment.objects.get(owner=resident)


def test_owner_gets_the_file_as_a_download(browser: Client, attachment: Attachment) -> None:
    answer = browser.get(reverse("portal:attachment", args=[attachment.pk]))
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert len(body(answer)) == attachment.size


def test_a_file_that_is_not_what_was_examined_is_not_handed_out(
    browser: Client, attachment: Attachment
) -> None:
    with attachment.file.storage.open(attachment.file.name, "wb") as file:
        file.write(b"<script>other</script>")
    assert browser.get(reverse("portal:attachment", args=[attachment.pk])).status_code == 404


def test_small_picture_is_small(browser: Client, attachment: Attachment) -> None:
    answer = browser.get(reverse("portal:thumbnail", args=[attachment.pk]))
    content = body(answer)
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert len(content) < 10_000
    assert max(Image.open(io.BytesIO(content)).size) <= 192


def test_form_and_check_page_show_picture_and_code(
    browser: Client, offering: Offering, resident: User, attachment: Attachment
) -> None:
    draft = attachment.draft
    assert draft is not None
    small = reverse("portal:thumbnail", args=[attachment.pk])
    for path in (steps.step_url(draft, "documents"), reverse("portal:check", args=[draft.pk])):
        html = browser.get(path).content.decode()
        assert f'<img src="{small}" alt=""' in html
        assert f"<code>{attachment.sha256[:8]}</code>" in html
        assert f"SHA-256: {attachment.sha256}" in html


def test_pdf_shows_no_picture_but_its_code(
    browser: Client, offering: Offering, resident: User
) -> None:
    draft = make.draft_ready_to_send(of=offering, resident=resident)
    pdf = Attachment.objects.get(draft=draft)
    for path in (steps.step_url(draft, "documents"), reverse("portal:check", args=[draft.pk])):
        html = browser.get(path).content.decode()
        assert reverse("portal:thumbnail", args=[pdf.pk]) not in html
        assert f"<code>{pdf.sha256[:8]}</code>" in html


def test_only_pictures_have_a_small_one(
    browser: Client, offering: Offering, resident: User
) -> None:
    draft = make.draft_ready_to_send(of=offering, resident=resident)
    pdf = Attachment.objects.get(draft=draft)
    assert browser.get(reverse("portal:thumbnail", args=[pdf.pk])).status_code == 404


def test_broken_picture_has_none(browser: Client, attachment: Attachment) -> None:
    with attachment.file.open("wb") as file:
        file.write(b"\x89PNG broken")
    assert browser.get(reverse("portal:thumbnail", args=[attachment.pk])).status_code == 404


def test_missing_file_is_not_there(browser: Client, attachment: Attachment) -> None:
    attachment.file.storage.delete(attachment.file.name)
    assert browser.get(reverse("portal:attachment", args=[attachment.pk])).status_code == 404


def test_document_is_downloaded_by_its_holder(
    browser: Client, offering: Offering, resident: User, town: Any, client_for: Any
) -> None:
    case = make.claimed_case(of=offering, resident=resident)
    make.decision_on(case, "refused")
    outbox.drain()
    letter = Case.objects.get(pk=case.pk).decision.letter
    assert letter is not None
    path = reverse("portal:document", args=[case.pk, letter.pk])
    answer = browser.get(path)
    assert body(answer).startswith(b"%PDF-")
    stranger = client_for(town, people.resident(name="別の 人"))
    assert stranger.get(path).status_code == 404
    own = make.submitted_case(of=offering, resident=resident)
    mixed = reverse("portal:document", args=[own.pk, letter.pk])
    assert browser.get(mixed).status_code == 404
