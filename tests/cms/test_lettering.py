"""Letters in the administration: publishing with checks, prepared texts, seals."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from catalogue import prepared_texts
from catalogue.models import Offering
from cms import brand
from cms.models import Branding
from documents.models import LetterWording
from tests.cms.test_form_builder import make_editor
from tests.documents.test_pdf import text_of
from tests.factories import people

HERE = "/admin/letters/park-use/approved/"
GOOD = {
    "ja-title": "公園使用の許可書",
    "ja-body": "{applicant_name}さん、{answer.park}の使用を許可します。",
    "ja-remarks": "",
    "en-title": "Permit",
    "en-body": "{answer.park} is permitted.",
    "en-remarks": "",
    "base": "0",
    "note": "やさしい文にした",
}


@pytest.fixture
def desk(town: Any, client_for: Callable[..., Any]) -> Any:
    return people.sign_in_staff(client_for(town), make_editor(language="ja"))


def test_a_wording_is_published_and_listed(desk: Any) -> None:
    assert desk.get(HERE).status_code == 200
    assert desk.post(HERE, GOOD).status_code == 302
    made = LetterWording.objects.get()
    assert (made.key, made.number) == ("park_use.approved", 1)
    assert "やさしい文にした" in desk.get(HERE).content.decode()
    assert "公園使用の許可書" in desk.get(f"{HERE}1/").content.decode()
    assert "第1版" in desk.get("/admin/letters/").content.decode()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"ja-body": "一行目\n{answer.parc}"}, "2行目"),
        ({"ja-body": "{% load x %}"}, "プログラム"),
        ({"ja-body": "{town"}, "閉じられていません"),
        ({"en-body": ""}, "この言語の文がありません"),
        ({"ja-title": "{applicant_name}の許可書"}, "題名に項目は使えません"),
    ],
)
def test_a_wording_that_cannot_work_is_not_published(
    desk: Any, changes: dict[str, str], told: str
) -> None:
    answer = desk.post(HERE, GOOD | changes)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert told in page
    assert "公園使用の許可書" in page or "ja-title" in changes  # nothing typed is lost
    assert not LetterWording.objects.exists()


def test_two_editors_the_second_keeps_the_text_and_sees_the_other(desk: Any) -> None:
    desk.post(HERE, GOOD)
    answer = desk.post(HERE, GOOD | {"ja-title": "別の題名"})
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "別の題名" in page
    assert "公園使用の許可書" in page


def test_a_preview_while_writing_in_each_language(desk: Any) -> None:
    for language, words in (("ja", "の使用を許可します"), ("en", "is permitted")):
        answer = desk.post(f"{HERE}preview/", GOOD | {"language": language})
        text = text_of(b"".join(answer.streaming_content))
        assert words in text.replace("\n", "")
    assert desk.post(f"{HERE}preview/", GOOD | {"language": "xx"}).status_code == 404
    broken = desk.post(f"{HERE}preview/", {"ja-body": "{% x {", "language": "ja"})
    assert broken.status_code == 200
    assert not LetterWording.objects.exists()


def test_a_letter_that_the_service_does_not_have(desk: Any) -> None:
    for path in ("acknowledged", "nonsense"):
        assert desk.get(f"/admin/letters/park-use/{path}/").status_code == 404
    assert desk.get("/admin/letters/none/approved/").status_code == 404


def test_prepared_texts_are_kept_one_a_line(desk: Any) -> None:
    here = "/admin/letters/park-use/prepared/"
    assert desk.get(here).status_code == 200
    data = {"conditions": "一つ目\n\n二つ目\n一つ目", "grounds": ""}
    assert desk.post(here, data).status_code == 302
    offering = Offering.objects.get(slug="park-use")
    assert prepared_texts.own(offering, "conditions") == ["一つ目", "二つ目"]
    answer = desk.post(here, {"conditions": "あ" * 1001, "grounds": ""})
    assert answer.status_code == 422


# --- Seals ------------------------------------------------------------------------------------


def picture(*, side: int = 300, clear: bool = True, kind: str = "PNG") -> SimpleUploadedFile:
    ground = (255, 255, 255, 0 if clear else 255)
    image = Image.new("RGBA", (side, side), ground)
    image.paste((200, 16, 46, 255), (20, 20, side // 2, side // 2))
    file = io.BytesIO()
    (image if kind == "PNG" else image.convert("RGB")).save(file, kind)
    return SimpleUploadedFile("seal.png", file.getvalue(), content_type="image/png")


@pytest.fixture
def admin(town: Any, client_for: Callable[..., Any]) -> Any:
    user = people.admin()
    user.is_staff = user.is_superuser = True
    user.save()
    return people.sign_in_staff(client_for(town), user)


def test_a_seal_with_a_transparent_ground_is_printed(admin: Any) -> None:
    assert admin.get("/admin/letters/seals/").status_code == 200
    data = {"of": "town", "file": picture()}
    assert admin.post("/admin/letters/seals/", data).status_code == 302
    brand.forget()
    assert brand.current()["seal"].startswith("data:image/png;base64,")
    assert admin.post("/admin/letters/seals/", {"of": "town", "remove": "1"}).status_code == 302
    assert Branding.objects.get().seal_image == ""


@pytest.mark.parametrize(
    "upload",
    [
        picture(clear=False),
        picture(side=100),
        picture(kind="JPEG"),
        SimpleUploadedFile("seal.png", b"<svg onload=x>"),
        SimpleUploadedFile("seal.png", b"\x89PNG\r\n\x1a\n" + b"\x00" * 50),
        SimpleUploadedFile("seal.png", b"x" * 300_001),
    ],
)
def test_what_is_no_seal_is_refused(admin: Any, upload: SimpleUploadedFile) -> None:
    upload.seek(0)
    answer = admin.post("/admin/letters/seals/", {"of": "town", "file": upload})
    assert answer.status_code == 422
    assert Branding.objects.get().seal_image == ""


def test_seals_are_for_administrators(desk: Any) -> None:
    assert desk.get("/admin/letters/seals/").status_code in {302, 403}
