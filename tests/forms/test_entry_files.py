"""Files of entries: they come in pieces, and stay with their entry when others come and go."""

from __future__ import annotations

import hashlib
import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from common.actor import SYSTEM
from forms import attachments, drafts, entries, pages, resumable, saving
from forms.definitions import load
from forms.models import Attachment, Draft, Upload
from tests.forms.nested import FAMILY, POSTED
from tests.forms.support import a_draft, save

pytestmark = pytest.mark.usefixtures("town")
FORM = load(FAMILY)
KEYS = {
    "members-0-_row": "aa", "members-0-incomes-0-_row": "b0", "members-0-incomes-1-_row": "b1",
    "members-1-_row": "cc",
}  # fmt: skip


def picture(shade: int = 9) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (30, 30), (shade, 90, 40)).save(out, "JPEG")
    return out.getvalue()


@pytest.fixture
def draft(town: Any) -> Draft:
    made = a_draft(FORM)
    assert save(made, "members", POSTED | KEYS).ok
    return made


def begin(draft: Draft, entry: str, data: bytes, question: str = "slip") -> Upload:
    return resumable.begin(
        draft=draft, question_id=question, name="明細.jpg", size=len(data),
        sha256=hashlib.sha256(data).hexdigest(), entry=entry,
    )  # fmt: skip


def send(draft: Draft, entry: str, shade: int = 9) -> Attachment:
    data = picture(shade)
    upload = resumable.append(begin(draft, entry, data), offset=0, data=data)
    return resumable.finish(upload, by=SYSTEM).attachment


def slips(draft: Draft) -> dict[str, list[str]]:
    """The files of each income, by its amount."""
    draft.refresh_from_db()
    return {
        str(income.get("amount")): income.get("slip", [])
        for member in draft.answers["members"]
        for income in member.get("incomes", [])
    }


def test_a_file_goes_to_its_entry(draft: Draft) -> None:
    file = send(draft, "aa/b1")
    assert slips(draft) == {"200000": [], "30000": [str(file.pk)]}
    assert attachments.referenced(draft.prepared, draft.answers) == {str(file.pk)}
    field = pages.field_of(draft, "slip", [], ["aa", "b1"])
    assert 'data-entry="aa/b1"' in field
    assert f'name="members-0-incomes-1-slip-kept" value="{file.pk}"' in field


@pytest.mark.parametrize(
    ("action", "left"),
    [
        ("up:members-0-incomes:1", {"30000", "200000"}),
        ("up:members:1", {"30000", "200000"}),
        ("remove:members-0-incomes:0", {"30000"}),
        ("remove:members:1", {"30000", "200000"}),
        ("add:members-0-incomes", {"30000", "200000", "None"}),
    ],
)
def test_entries_moved_while_a_file_is_on_its_way(
    draft: Draft, action: str, left: set[str]
) -> None:
    data = picture()
    upload = begin(draft, "aa/b1", data)
    save(draft, "members", POSTED | KEYS | {"_do": action})
    upload = resumable.append(upload, offset=0, data=data)
    file = resumable.finish(upload, by=SYSTEM).attachment
    found = slips(draft)
    assert found.keys() == left
    assert {amount for amount, files in found.items() if files} == {"30000"}
    assert found["30000"] == [str(file.pk)]


@pytest.mark.parametrize("action", ["remove:members-0-incomes:1", "remove:members:0"])
def test_a_file_whose_entry_was_removed_goes_nowhere(draft: Draft, action: str) -> None:
    data = picture()
    upload = begin(draft, "aa/b1", data)
    save(draft, "members", POSTED | KEYS | {"_do": action})
    draft.refresh_from_db()
    upload = resumable.append(Upload.objects.get(pk=upload.pk), offset=0, data=data)
    with pytest.raises(LookupError):
        resumable.finish(upload, by=SYSTEM)
    assert not Attachment.objects.filter(draft=draft).exists()


def test_removing_an_entry_deletes_its_files_even_if_the_page_did_not_list_them(
    draft: Draft, django_capture_on_commit_callbacks: Any
) -> None:
    kept, gone = send(draft, "aa/b0", 1), send(draft, "aa/b1", 2)
    draft.refresh_from_db()
    with django_capture_on_commit_callbacks(execute=True):
        save(draft, "members", POSTED | KEYS | {"_do": "remove:members-0-incomes:1"})
    assert slips(draft) == {"200000": [str(kept.pk)]}
    assert not Attachment.objects.filter(pk=gone.pk).exists()


def test_a_page_that_was_open_meanwhile_neither_loses_the_file_nor_is_out_of_date(
    draft: Draft,
) -> None:
    page = pages.step_page(draft, "members")
    file = send(draft, "aa/b0")
    draft.refresh_from_db()
    changed = {"_seen": page.seen, "members-0-incomes-1-amount": "31,000"}
    outcome = save(draft, "members", POSTED | KEYS | changed)
    assert outcome.ok
    assert slips(draft) == {"200000": [str(file.pk)], "31000": []}


def test_another_window_that_saved_other_answers_is_still_noticed(draft: Draft) -> None:
    page = pages.step_page(draft, "members")
    save(draft, "members", POSTED | KEYS | {"members-0-incomes-1-amount": "1"})
    draft.refresh_from_db()
    outcome = save(draft, "members", POSTED | KEYS | {"_seen": page.seen})
    assert outcome.conflict


def test_an_entry_that_stands_there_from_the_first_takes_files(town: Any) -> None:
    draft = a_draft(FORM)
    draft.answers = {"detailed": False, "members": [{"works": True}]}
    draft.save()
    page = pages.step_page(draft, "members")
    assert 'data-entry="0/0"' in page.fields
    file = send(draft, "0/0")
    draft.refresh_from_db()
    assert draft.answers["members"] == [
        {"works": True, "_row": "0", "incomes": [{"_row": "0", "slip": [str(file.pk)]}]}
    ]
    posted = POSTED | {
        "_seen": page.seen, "members-n": "1", "members-0-_row": "0",
        "members-0-incomes-n": "1", "members-0-incomes-0-_row": "0",
    }  # fmt: skip
    assert save(draft, "members", posted).ok
    assert slips(draft) == {"200000": [str(file.pk)]}


def test_without_a_script_files_of_inner_entries_come_with_the_form(draft: Draft) -> None:

    upload = SimpleUploadedFile("明細.jpg", picture(), "image/jpeg")
    outcome = save(
        draft, "members", POSTED | KEYS | {"_do": "up:members-0-incomes:1"},
    )  # fmt: skip
    assert not outcome.ok
    moved = POSTED | {
        "members-0-_row": "aa", "members-1-_row": "cc",
        "members-0-incomes-0-_row": "b1", "members-0-incomes-1-_row": "b0",
        "members-0-incomes-0-source": "other", "members-0-incomes-0-amount": "30000",
        "members-0-incomes-1-source": "wages", "members-0-incomes-1-amount": "200000",
    }  # fmt: skip
    assert save(draft, "members", moved, members__0__incomes__0__slip=upload).ok
    found = slips(draft)
    assert [len(found[amount]) for amount in ("30000", "200000")] == [1, 0]
    # Taken off again by its own button.
    (file,) = found["30000"]
    save(draft, "members", moved | {"_do": f"remove-file:{file}"})
    assert slips(draft) == {"30000": [], "200000": []}


@pytest.mark.parametrize(
    ("entry", "question"),
    [
        ("", "slip"), ("aa", "slip"), ("aa/b9", "slip"), ("cc/b0", "slip"), ("aa/b0/b0", "slip"),
        ("aa/b0", "amount"), ("../x", "slip"), ("aa/" + "x" * 500, "slip"),
    ],
)  # fmt: skip
def test_unknown_entry_takes_no_file(draft: Draft, entry: str, question: str) -> None:
    with pytest.raises(LookupError):
        begin(draft, entry, picture(), question)
    assert not Upload.objects.filter(draft=draft).exists()


def test_an_entry_takes_as_many_files_as_the_question_says(draft: Draft) -> None:
    send(draft, "aa/b0", 1)
    send(draft, "aa/b0", 2)
    with pytest.raises(saving.FileRefused):
        begin(Draft.objects.get(pk=draft.pk), "aa/b0", picture(3))
    send(Draft.objects.get(pk=draft.pk), "aa/b1", 4)


def test_the_same_file_for_two_entries_is_two_uploads(draft: Draft) -> None:
    data = picture()
    first = begin(draft, "aa/b0", data)
    assert begin(draft, "aa/b0", data).pk == first.pk
    assert begin(draft, "aa/b1", data).pk != first.pk


def test_files_are_sent_with_the_application_and_keys_are_not(draft: Draft) -> None:
    file = send(draft, "aa/b0")
    draft.refresh_from_db()
    review = drafts.review(draft, "ja")
    assert [item.pk for item in review.files] == [file.pk]
    assert entries.KEY not in str(review.answers)
    rows = {row.anchor: row for step in review.steps for row in step.rows}
    assert [f.id for f in rows["members-0-incomes-0-slip"].attachments] == [str(file.pk)]


@pytest.mark.parametrize(
    ("action", "amounts"),
    [
        ("remove:members-0-incomes:0", {"30000"}),
        ("up:members-0-incomes:1", {"200000", "30000"}),
        ("up:members:1", {"200000", "30000"}),
    ],
)
def test_a_file_chosen_beside_a_button_goes_with_its_entry(
    draft: Draft, action: str, amounts: set[str]
) -> None:
    upload = SimpleUploadedFile("明細.jpg", picture(), "image/jpeg")
    save(
        draft, "members", POSTED | KEYS | {"_do": action}, members__0__incomes__1__slip=upload
    )  # fmt: skip
    found = slips(draft)
    assert found.keys() == amounts
    assert {amount: len(files) for amount, files in found.items() if files} == {"30000": 1}


@pytest.mark.parametrize("keys", [KEYS, {}], ids=["keys", "no keys"])
def test_a_new_entry_takes_no_file_of_another(draft: Draft, keys: dict[str, str]) -> None:
    files = [str(send(draft, "aa/b0", 1).pk), str(send(draft, "aa/b1", 2).pk)]
    draft.refresh_from_db()
    added = POSTED | keys | {"_do": "add:members-0-incomes"}
    save(draft, "members", added)
    assert slips(draft) == {"200000": files[:1], "30000": files[1:], "None": []}
    save(draft, "members", added | {"members-0-incomes-n": "3",
                                    "_do": "remove:members-0-incomes:2"})  # fmt: skip
    assert slips(draft) == {"200000": files[:1], "30000": files[1:]}
    assert Attachment.objects.filter(draft=draft).count() == 2
