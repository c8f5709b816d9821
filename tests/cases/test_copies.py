"""The resident's copy of an application as PDF."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from typing import Any

import pikepdf
import pytest
from django.utils import timezone, translation

from cases import copies
from cases.models import Application, Case
from common import outbox
from common.models import OutboxRow
from documents import brand
from documents import files as stored
from documents.models import Document
from forms import display
from forms.models import Attachment
from tests.factories import cases as make
from tests.factories import people


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("common.outbox._wake_worker", lambda: None)


def html_of(application: Application) -> str:
    """What is rendered, as plain words: the language is the application's."""
    from django.template.loader import render_to_string

    with translation.override(application.language):
        context = copies._context(application, "title", application.language)
        return render_to_string("cases/copy.html", context)


def due() -> None:
    """Let the copies be due now."""
    OutboxRow.objects.filter(kind=copies.KIND).update(next_at=timezone.now())


def test_a_copy_follows_the_notice_of_a_submission(town: Any) -> None:
    case = make.submitted_case()
    application = case.application
    assert copies.document_of(application) is None
    assert copies.making(application) == copies.Making.NOT_ASKED
    outbox.drain()
    row = OutboxRow.objects.get(kind=copies.KIND)
    assert row.next_at > timezone.now()
    assert copies.making(application) == copies.Making.COMING
    due()
    assert outbox.drain().done == 1
    document = copies.document_of(application)
    assert document is not None
    assert (document.pk, document.language) == (application.pk, "ja")
    assert stored.read(document)[:5] == b"%PDF-"


def test_there_is_one_copy_however_often_it_is_asked_for(town: Any) -> None:
    application = make.submitted_case().application
    for _ in range(3):
        copies.request(application)
    assert OutboxRow.objects.filter(kind=copies.KIND).count() == 1
    first = copies.make(application)
    assert copies.make(application) == first
    OutboxRow.objects.update(state=OutboxRow.State.PENDING, next_at=timezone.now())
    assert outbox.drain().failed == 0
    assert Document.objects.filter(kind=copies.KIND).count() == 1


def test_pdf_is_tagged_and_names_its_language(town: Any) -> None:
    resident = people.resident(language="en")
    case = make.submitted_case(resident=resident)
    document = copies.make(case.application)
    assert document.language == "en"
    with pikepdf.open(io.BytesIO(stored.read(document))) as pdf:
        assert str(pdf.Root.Lang) == "en"
        assert bool(pdf.Root.MarkInfo.Marked)
        assert str(pdf.docinfo["/Title"]) == document.title
        with pdf.open_metadata() as metadata:
            assert metadata["pdfuaid:part"] == "1"
        box = [float(side) for side in pdf.pages[0].MediaBox]
    assert [round(side) for side in box[2:]] == [595, 842]


@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_answer_is_in_it_as_the_page_shows_it(town: Any, language: str) -> None:
    case = make.submitted_case(resident=people.resident(language=language))
    application = case.application
    html = html_of(application)
    steps = display.rows(
        application.version.form, application.answers, application.provenance, language
    )
    for step in steps:
        assert step.title in html
        for row in step.rows:
            assert row.label in html
            for line in row.text.splitlines():
                assert line in html
            assert row.provenance_label in html
    assert any(row.provenance_label for step in steps for row in step.rows)
    assert application.receipt_number in html
    with translation.override(language):
        assert brand.current().town in html
        assert brand.current().colour in html
    local = timezone.localtime(application.submitted_at)
    assert f"{local:%H:%M}" in html


def test_files_are_named_with_size_and_checksum(town: Any) -> None:
    case = make.submitted_case()
    file = Attachment.objects.get(pk=case.application.answers["site_plan"][0])
    html = html_of(case.application)
    assert re.search(rf"位置図\.pdf.*1 kB · SHA-256 {file.sha256[:16]}…", html)
    assert file.sha256 not in html


def test_later_corrections_do_not_change_it(town: Any) -> None:
    case = make.claimed_case()
    make.answered_correction(make.correction_of(case), purpose="新しい目的")
    html = html_of(Application.objects.get(pk=case.application_id))
    assert "地域の紹介番組の撮影" in html
    assert "新しい目的" not in html


def test_markup_and_odd_characters_are_text(town: Any) -> None:
    text = '<script>alert(1)</script> <img src="http://evil.example/x"> 👩‍👧 𠮷'
    case = make.submitted_case(answers={"purpose": text})
    assert "<script>" not in html_of(case.application)
    assert copies.make(case.application).size > 1_000


def test_every_service_has_a_copy_with_its_groups(town: Any) -> None:
    case = make.submitted_case(of=make.offering("child_allowance"))
    assert "山田 空" in html_of(case.application)
    assert copies.make(case.application).kind == copies.KIND


def test_the_answers_of_an_entry_stay_together(town: Any) -> None:
    of = make.offering("child_allowance")
    (child,) = make.child_allowance_answers(of)["children"]
    names = ("𠮷髙﨑 空", "山田 海")
    children = [child | {"child_name": name} for name in names]
    html = html_of(make.submitted_case(of=of, answers={"children": children}).application)
    blocks = re.findall(r'<tbody class="entry">(.*?)</tbody>', html, re.DOTALL)
    assert [sum(name in block for name in names) for block in blocks] == [1, 1]
    assert [block.count("<tr>") for block in blocks] == [7, 7]


def test_a_copy_that_failed_is_known(town: Any) -> None:
    application = make.submitted_case().application
    copies.request(application)
    OutboxRow.objects.filter(kind=copies.KIND).update(state=OutboxRow.State.DEAD)
    assert copies.making(application) == copies.Making.FAILED


def test_an_old_application_gets_its_copy_when_asked(town: Any) -> None:
    case: Case = make.submitted_case()
    assert timezone.now() - case.application.submitted_at < timedelta(minutes=1)
    copies.request(case.application)
    # No need to wait for a notice.
    assert OutboxRow.objects.get(kind=copies.KIND).next_at <= timezone.now()
