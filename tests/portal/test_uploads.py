"""Files in pieces over HTTP: what breaks, what is sent twice, what is somebody else's."""

from __future__ import annotations

import hashlib
import io
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from catalogue.models import Offering
from common import chores
from forms import attachments, resumable
from forms.models import Attachment, Draft, Upload
from forms.questions import MEGABYTE
from identity.models import User
from tenants.files import PrivateStorage
from tests.factories import cases as make
from tests.factories import people
from tests.portal import sending, steps

PICTURE = steps.picture().read()


@pytest.fixture
def draft(offering: Offering, browser: Client, resident: User) -> Draft:
    return steps.begin(browser, resident)


@pytest.fixture
def url(browser: Client, draft: Draft) -> str:
    """Where a picture is being sent to."""
    return str(sending.announce(browser, draft, PICTURE).headers["Location"])


def parts() -> list[str]:
    storage = PrivateStorage()
    return storage.listdir("uploads")[1] if storage.exists("uploads") else []


@pytest.fixture(autouse=True)
def _no_parts_before(offering: Offering) -> None:
    for name in parts():
        PrivateStorage().delete(f"uploads/{name}")


def answers(draft: Draft) -> Any:
    draft.refresh_from_db()
    return draft.answers.get("site_plan")


# --- the way it should go -------------------------------------------------------------------------
def test_eight_megabytes_over_a_line_that_breaks_twice_arrive_whole(
    browser: Client, draft: Draft, django_capture_on_commit_callbacks: Any
) -> None:
    data = sending.photo()
    assert len(data) > 7.5 * MEGABYTE
    made = sending.announce(browser, draft, data)
    assert (made.status_code, made.headers["Upload-Offset"]) == (201, "0")
    url = made.headers["Location"]
    for _ in range(3):
        offset = int(browser.head(url).headers["Upload-Offset"])
        sending.piece(browser, url, data, offset)
    # The line breaks in the middle of a piece: what arrived of it counts.
    cut = browser.patch(
        url, data[3 * sending.PIECE :][:100_001],
        content_type="application/offset+octet-stream",
        headers={"Upload-Offset": str(3 * sending.PIECE)},
    )  # fmt: skip
    assert int(cut.headers["Upload-Offset"]) == 3 * sending.PIECE + 100_001
    # It breaks again, and an answer is lost: the piece is sent a second time.
    known = browser.head(url)
    assert known.headers["Upload-Length"] == str(len(data))
    assert known.headers["Cache-Control"] == "private, no-store"
    offset = int(known.headers["Upload-Offset"])
    sending.piece(browser, url, data, offset)
    again = sending.piece(browser, url, data, offset)
    assert (again.status_code, int(again.headers["Upload-Offset"])) == (409, offset + sending.PIECE)
    sending.all_of(browser, url, data, offset + sending.PIECE)
    with django_capture_on_commit_callbacks(execute=True):
        answer = sending.end(browser, url)
    assert answer.status_code == 200
    assert answer.headers["Repr-Digest"] == sending.digest(data)
    kept = Attachment.objects.get(draft=draft)
    assert answers(draft) == [str(kept.pk)]
    assert kept.filename == "写真.jpg"
    # Written anew like any picture.
    with kept.file.open("rb") as file, Image.open(io.BytesIO(file.read())) as image:
        assert image.format == "JPEG"
        assert max(image.size) <= 3_500
    assert "写真.jpg" in answer.content.decode()
    assert parts() == []


def test_finishing_twice_attaches_once(browser: Client, draft: Draft, url: str) -> None:
    sending.all_of(browser, url, PICTURE)
    first, second = sending.end(browser, url), sending.end(browser, url)
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.content == second.content
    assert len(answers(draft)) == Attachment.objects.filter(draft=draft).count() == 1


def test_the_same_file_goes_on_after_a_reload(browser: Client, draft: Draft) -> None:
    data = sending.photo(1)
    url = sending.announce(browser, draft, data).headers["Location"]
    sending.piece(browser, url, data, 0)
    waiting = browser.get(reverse("portal:uploads", args=[draft.pk])).json()["waiting"]
    assert waiting == [
        {"url": url, "question": "site_plan", "entry": "", "name": "写真.jpg", "size": len(data),
         "offset": sending.PIECE}
    ]  # fmt: skip
    again = sending.announce(browser, draft, data)
    assert (again.headers["Location"], again.headers["Upload-Offset"]) == (url, str(sending.PIECE))
    other = sending.announce(browser, draft, data, sha256="")
    assert other.headers["Location"] != url
    assert other.headers["Upload-Offset"] == "0"


def test_it_goes_on_after_signing_in_again(
    browser: Client, draft: Draft, url: str, resident: User
) -> None:
    sending.piece(browser, url, PICTURE[:100], 0)
    browser.logout()
    assert browser.head(url).status_code == 401
    assert sending.piece(browser, url, PICTURE, 100).status_code == 401
    assert sending.end(browser, url).status_code == 401
    assert browser.session.get("parked_posts") is None
    browser.force_login(resident)
    offset = int(browser.head(url).headers["Upload-Offset"])
    assert offset == 100
    sending.all_of(browser, url, PICTURE, offset)
    assert sending.end(browser, url).headers["Repr-Digest"] == sending.digest(PICTURE)


def test_a_step_saved_meanwhile_keeps_the_file(browser: Client, draft: Draft, url: str) -> None:
    """The page was made before the file came: it neither removes it nor is it out of date."""
    page = browser.get(steps.step_url(draft, "documents")).context["page"]
    sending.all_of(browser, url, PICTURE)
    sending.end(browser, url)
    held = answers(draft)
    fields = {"_seen": page.seen, "_shown": page.shown, "site_plan-kept": ""}
    answer = browser.post(steps.step_url(draft, "documents"), fields)
    assert answer.status_code == 302
    assert answers(draft) == held


def test_a_correction_takes_files_in_pieces(
    browser: Client, offering: Offering, resident: User
) -> None:
    case = make.claimed_case(of=offering, resident=resident)
    correction = make.correction_of(case, question_ids=["site_plan"])
    draft = correction.draft
    assert draft is not None
    page = browser.get(reverse("portal:correction", args=[case.pk])).content.decode()
    assert reverse("portal:uploads", args=[draft.pk]) in page
    held = draft.answers["site_plan"][0]
    browser.post(reverse("portal:correction", args=[case.pk]), {"_do": f"remove-file:{held}"})
    url = sending.announce(browser, draft, PICTURE).headers["Location"]
    sending.all_of(browser, url, PICTURE)
    assert sending.end(browser, url).status_code == 200
    kept = answers(draft)
    assert len(kept) == 1
    assert kept != [held]
    assert sending.announce(browser, draft, PICTURE, question="purpose").status_code == 404


# --- what is refused ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"MZ" + b"\0" * 200, "請求書.pdf.exe", "請求書.pdf.exe"),
        (b"<svg onload=alert(1)>", "<b>x</b>.svg", "&lt;b&gt;x&lt;/b&gt;.svg"),
    ],
)
def test_what_arrived_is_examined(
    browser: Client, draft: Draft, data: bytes, name: str, words: str,
    django_capture_on_commit_callbacks: Any,
) -> None:  # fmt: skip
    url = sending.announce(browser, draft, data, name=name).headers["Location"]
    sending.all_of(browser, url, data)
    with django_capture_on_commit_callbacks(execute=True):
        answer = sending.end(browser, url)
    html = answer.content.decode()
    assert answer.status_code == 422
    assert 'id="f-site_plan-error"' in html
    assert 'aria-invalid="true"' in html
    assert words in html
    assert answers(draft) is None
    assert not Attachment.objects.filter(draft=draft).exists()
    assert browser.head(url).status_code == 404
    assert parts() == []


def test_a_file_damaged_on_its_way_is_refused(browser: Client, draft: Draft) -> None:
    url = sending.announce(browser, draft, PICTURE).headers["Location"]
    sending.all_of(browser, url, PICTURE[:-1] + b"?")
    assert sending.end(browser, url).status_code == 422
    assert browser.head(url).status_code == 404


def test_a_scanner_that_is_down_costs_no_second_sending(
    browser: Client, draft: Draft, url: str, settings: Any
) -> None:
    sending.all_of(browser, url, PICTURE)
    settings.CLAMAV_SOCKET = "/nowhere"
    assert sending.end(browser, url).status_code == 422
    settings.CLAMAV_SOCKET = ""
    again = sending.announce(browser, draft, PICTURE)
    assert (again.headers["Location"], again.headers["Upload-Offset"]) == (url, str(len(PICTURE)))
    assert sending.end(browser, url).status_code == 200


def test_limits_are_told_before_anything_is_sent(browser: Client, draft: Draft, url: str) -> None:
    large = sending.announce(browser, draft, PICTURE, size=10 * MEGABYTE + 1)
    empty = sending.announce(browser, draft, b"")
    assert (large.status_code, empty.status_code) == (422, 422)
    assert "10 MB" in large.content.decode()
    for place in (url, None):
        place = place or sending.announce(browser, draft, PICTURE).headers["Location"]
        sending.all_of(browser, place, PICTURE)
        assert sending.end(browser, place).status_code == 200
    assert sending.announce(browser, draft, PICTURE).status_code == 422  # two are the most


def test_three_files_for_two_places_of_three_windows(
    browser: Client, draft: Draft, url: str
) -> None:
    """Both were announced while there was room: the last to arrive is told."""
    places = [url]
    for end in (b"abc", b"xyz"):
        places.append(sending.announce(browser, draft, PICTURE[:-3] + end).headers["Location"])
        sending.all_of(browser, places[-1], PICTURE[:-3] + end)
    assert len(set(places)) == 3
    sending.all_of(browser, url, PICTURE)
    assert [sending.end(browser, place).status_code for place in places] == [200, 200, 422]
    assert len(answers(draft)) == Attachment.objects.filter(draft=draft).count() == 2


def test_what_is_on_its_way_is_bounded(
    browser: Client, draft: Draft, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resumable, "MOST_PER_DRAFT", 2)
    urls = []
    for number in range(3):
        answer = sending.announce(browser, draft, PICTURE + bytes([number]))
        urls.append(answer.headers.get("Location"))
    assert urls[2] is None
    # What nobody goes on with makes room, oldest first.
    Upload.objects.update(touched_at=timezone.now() - timedelta(hours=1))
    assert sending.announce(browser, draft, b"another").status_code == 201
    assert [browser.head(url).status_code for url in urls[:2]] == [404, 200]


@pytest.mark.parametrize(
    ("room", "name", "most"),
    [
        (resumable, "MOST_PER_RESIDENT", 1),
        (resumable, "MOST_BYTES_PER_RESIDENT", 2 * len(PICTURE)),
        (attachments, "MOST_PER_DRAFT", 1),
        (attachments, "MOST_BYTES_PER_DRAFT", 2 * len(PICTURE)),
    ],
)
def test_announced_bytes_and_files_count(
    browser: Client, draft: Draft, url: str, monkeypatch: pytest.MonkeyPatch,
    room: Any, name: str, most: int,
) -> None:  # fmt: skip
    monkeypatch.setattr(room, name, most)
    assert sending.announce(browser, draft, PICTURE + b"!").status_code == 422
    assert Upload.objects.count() == 1


@pytest.mark.parametrize(
    ("headers", "data", "status"),
    [
        ({"Upload-Offset": "0"}, b"x" * (resumable.MOST_CHUNK + 1), 413),
        ({"Upload-Offset": "7"}, b"x", 409),
        ({"Upload-Offset": "0"}, b"x" * (len(PICTURE) + 1), 409),
        ({"Upload-Offset": "-1"}, b"x", 400),
        ({"Upload-Offset": "１"}, b"x", 400),
        ({"Upload-Offset": "9" * 4000}, b"x", 400),
        ({}, b"x", 400),
    ],
)
def test_a_wrong_piece_changes_nothing(
    browser: Client, url: str, headers: dict[str, str], data: bytes, status: int
) -> None:
    answer = browser.patch(
        url, data, content_type="application/offset+octet-stream",
        headers={key: value.encode().decode("latin-1") for key, value in headers.items()},
    )  # fmt: skip
    assert answer.status_code == status
    assert browser.head(url).headers["Upload-Offset"] == "0"
    plain = browser.patch(url, b"x", content_type="text/plain", headers={"Upload-Offset": "0"})
    assert plain.status_code == 415


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Upload-Length": "5"},
        {"Upload-Length": "five", "Upload-Metadata": "question c2l0ZV9wbGFu"},
        {"Upload-Length": "5", "Upload-Metadata": "question ?"},
        {"Upload-Length": "5", "Upload-Metadata": "question " + "gg=="},
        {"Upload-Length": "5", "Upload-Metadata": "question " + "A" * 4000},
        {"Upload-Length": "9" * 30, "Upload-Metadata": "question c2l0ZV9wbGFu"},
    ],
)
def test_a_wrong_announcement_is_refused(
    browser: Client, draft: Draft, headers: dict[str, str]
) -> None:
    answer = browser.post(reverse("portal:uploads", args=[draft.pk]), headers=headers)
    assert answer.status_code == 400
    assert not Upload.objects.exists()


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../../etc/passwd", "a\0b.png", "名" * 300 + ".png", "\x1b[31m.png"]
)
def test_odd_names_do_no_harm(browser: Client, draft: Draft, name: str) -> None:
    url = sending.announce(browser, draft, PICTURE, name=name).headers["Location"]
    sending.all_of(browser, url, PICTURE)
    assert sending.end(browser, url).status_code == 200
    assert Attachment.objects.get(draft=draft).filename.endswith(".png")


def test_lost_bytes_begin_anew(browser: Client, draft: Draft) -> None:
    data = sending.photo(1)
    url = sending.announce(browser, draft, data).headers["Location"]
    sending.piece(browser, url, data, 0)
    for name in parts():
        PrivateStorage().delete(f"uploads/{name}")
    assert sending.piece(browser, url, data, sending.PIECE).status_code == 404
    assert browser.head(url).status_code == 404


# --- whose it is ----------------------------------------------------------------------------------
def test_somebody_elses_upload_does_not_exist(
    browser: Client, draft: Draft, url: str, town: Any, client_for: Any
) -> None:
    stranger = client_for(town, people.resident(name="別の 人"))
    assert stranger.head(url).status_code == 404
    assert sending.piece(stranger, url, PICTURE, 0).status_code == 404
    assert stranger.delete(url).status_code == 404
    assert sending.end(stranger, url).status_code == 404
    assert sending.announce(stranger, draft, PICTURE).status_code == 404
    assert stranger.get(reverse("portal:uploads", args=[draft.pk])).status_code == 404
    assert browser.head(url).headers["Upload-Offset"] == "0"


def test_another_towns_upload_does_not_exist(
    url: str, in_town: Any, client_for: Any, other_town: Any
) -> None:
    with in_town("suginosawa"):
        somebody = client_for(other_town, people.resident())
    assert somebody.head(url).status_code == 404
    assert sending.piece(somebody, url, PICTURE, 0).status_code == 404


def test_pieces_need_the_token(town: Any, resident: User, draft: Draft, url: str) -> None:
    strict = Client(enforce_csrf_checks=True, HTTP_HOST=f"{town.schema_name}.localhost")
    strict.force_login(resident)
    place = reverse("portal:uploads", args=[draft.pk])
    assert sending.piece(strict, url, PICTURE, 0).status_code == 403
    token = strict.get(place).json()["token"]
    answer = strict.patch(
        url, PICTURE, content_type="application/offset+octet-stream",
        headers={"Upload-Offset": "0", "X-CSRFToken": token},
    )  # fmt: skip
    assert answer.status_code == 204


def test_a_post_does_for_a_piece_where_no_patch_gets_through(browser: Client, url: str) -> None:
    answer = browser.post(
        url, PICTURE, content_type="application/offset+octet-stream",
        headers={"Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"},
    )  # fmt: skip
    assert answer.headers["Upload-Offset"] == str(len(PICTURE))


# --- what is left behind --------------------------------------------------------------------------
def test_a_closed_draft_takes_nothing_more(browser: Client, draft: Draft, url: str) -> None:
    sending.all_of(browser, url, PICTURE)
    Draft.objects.filter(pk=draft.pk).update(state=Draft.State.SENT)
    assert sending.end(browser, url).status_code == 410
    assert sending.announce(browser, draft, PICTURE + b"x").status_code == 410
    assert not Attachment.objects.filter(draft=draft).exists()


def test_giving_up_and_deleting_the_draft_leave_nothing(
    browser: Client, draft: Draft, url: str, django_capture_on_commit_callbacks: Any
) -> None:
    sending.piece(browser, url, PICTURE, 0)
    other = sending.announce(browser, draft, PICTURE + b"x").headers["Location"]
    sending.piece(browser, other, PICTURE + b"x", 0)
    assert len(parts()) == 2
    with django_capture_on_commit_callbacks(execute=True):
        assert browser.delete(url).status_code == 204
        browser.post(reverse("portal:discard", args=[draft.pk]))
    assert parts() == []
    assert not Upload.objects.exists()


def test_abandoned_parts_are_deleted_at_night(
    browser: Client, draft: Draft, url: str, django_capture_on_commit_callbacks: Any
) -> None:
    sending.piece(browser, url, PICTURE, 0)
    fresh = sending.announce(browser, draft, PICTURE + b"x").headers["Location"]
    sending.piece(browser, fresh, PICTURE + b"x", 0)
    without_row = sending.announce(browser, draft, PICTURE + b"y").headers["Location"]
    sending.piece(browser, without_row, PICTURE + b"y", 0)
    Upload.objects.filter(pk=without_row.split("/")[-2]).delete()
    Upload.objects.filter(pk=url.split("/")[-2]).update(
        touched_at=timezone.now() - resumable.KEPT - timedelta(minutes=1)
    )
    with django_capture_on_commit_callbacks(execute=True):
        chores.run()
    assert [browser.head(one).status_code for one in (url, fresh)] == [404, 200]
    assert len(parts()) == 1


def test_what_the_page_hashes_is_what_arrives(browser: Client, draft: Draft, url: str) -> None:
    sending.all_of(browser, url, PICTURE)
    assert Upload.objects.get().sha256 == hashlib.sha256(PICTURE).hexdigest()
