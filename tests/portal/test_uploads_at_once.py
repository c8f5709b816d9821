"""Several windows at the same moment, on a database in which transactions really commit."""

from __future__ import annotations

import hashlib
from io import BytesIO
from typing import Any

import pytest
from django.http import QueryDict
from PIL import Image

from common.actor import Actor
from forms import drafts, resumable
from forms.errors import FileRefused
from forms.models import Attachment, Draft, Upload
from tenants.context import municipality
from tests.cases.test_concurrency import TOWN, _at_once
from tests.factories import cases as make
from tests.factories import people


def picture(number: int) -> bytes:
    out = BytesIO()
    Image.new("RGB", (40 + number, 30), "navy").save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def draft_id(own_database: str) -> Any:
    """An open draft without files."""
    with municipality(TOWN):
        of, resident = make.offering(), people.resident()
        return drafts.open_draft(resident=resident, version=of.form_version, subject=of.slug).pk


def begun(draft_id: Any, number: int) -> Upload:
    """A complete upload that is not finished yet."""
    data = picture(number)
    upload = resumable.begin(
        draft=Draft.objects.get(pk=draft_id), question_id="site_plan", name=f"{number}.png",
        size=len(data), sha256=hashlib.sha256(data).hexdigest(),
    )  # fmt: skip
    return resumable.append(upload, offset=0, data=data)


def finish(upload_id: Any) -> Any:
    with municipality(TOWN):
        upload = Upload.objects.select_related("draft", "owner").get(pk=upload_id)
        return str(resumable.finish(upload, by=Actor.of(upload.owner)).attachment.pk)


def answers(draft_id: Any) -> Any:
    with municipality(TOWN):
        return Draft.objects.get(pk=draft_id).answers


def test_the_last_place_is_taken_once(draft_id: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resumable, "MOST_PER_RESIDENT", 1)

    def announce(number: int) -> Any:
        with municipality(TOWN):
            draft = Draft.objects.get(pk=draft_id)
            return resumable.begin(draft=draft, question_id="site_plan", name="a", size=9 + number)

    results = _at_once(announce, 4)
    assert sorted(type(one).__name__ for one in results) == ["FileRefused"] * 3 + ["Upload"]
    with municipality(TOWN):
        assert Upload.objects.count() == 1


def test_a_piece_that_is_sent_by_two_windows_counts_once(draft_id: Any) -> None:
    with municipality(TOWN):
        draft = Draft.objects.get(pk=draft_id)
        upload = resumable.begin(draft=draft, question_id="site_plan", name="a", size=9)

    def send(_number: int) -> Any:
        with municipality(TOWN):
            return resumable.append(upload, offset=0, data=b"four").offset

    results = _at_once(send, 3)
    assert sorted(str(getattr(one, "offset", one)) for one in results) == ["4", "4", "4"]
    assert sum(isinstance(one, int) for one in results) == 1


def test_finishing_at_once_attaches_once(draft_id: Any) -> None:
    with municipality(TOWN):
        upload_id = begun(draft_id, 1).pk
    results = _at_once(lambda _number: finish(upload_id), 3)
    assert len(set(results)) == 1, results
    assert answers(draft_id)["site_plan"] == [results[0]]
    with municipality(TOWN):
        assert Attachment.objects.filter(draft_id=draft_id).count() == 1


def test_files_and_a_saved_step_lose_nothing_of_each_other(draft_id: Any) -> None:
    """Three files for two places, while another window saves another step."""
    with municipality(TOWN):
        ids = [begun(draft_id, number).pk for number in range(3)]

    def work(number: int) -> Any:
        if number < 3:
            return finish(ids[number])
        with municipality(TOWN):
            draft = Draft.objects.select_related("resident").get(pk=draft_id)
            post = QueryDict("phone=090-1234-5678&_do=leave")
            return drafts.save_step(
                draft=draft, step_id="applicant", post=post, by=Actor.of(draft.resident)
            ).leave

    results = _at_once(work, 4)
    assert results[3] is True, results
    attached = [one for one in results[:3] if isinstance(one, str)]
    assert sorted(answers(draft_id)["site_plan"]) == sorted(attached)
    assert len(attached) == 2, results
    assert answers(draft_id)["phone"] == "090-1234-5678"
    assert any(isinstance(one, FileRefused) for one in results)
    with municipality(TOWN):
        assert Attachment.objects.filter(draft_id=draft_id).count() == 2
