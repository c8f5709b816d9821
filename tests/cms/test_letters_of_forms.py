"""A question that a letter prints is neither taken away nor renamed without a word."""

from __future__ import annotations

import re
from typing import Any

import pytest

from cms.building import actions
from cms.models import FormEdit
from documents.models import LetterWording
from forms.models import FormVersion
from tests.cms.test_form_builder import (
    FORM,
    button,
    colleague,
    desk,
    edit,
    editor,
    fields,
    place_of,
    soup,
    words,
)
from tests.factories import people

__all__ = ["colleague", "desk", "edit", "editor"]
LETTER = "/admin/letters/park-use/approved/"


@pytest.fixture
def wording(edit: FormEdit) -> LetterWording:
    """The town's own permit, which prints the prices."""
    texts = {
        "ja": {"title": "許可書", "body": "許可します。\n価格：{answer.price}"},
        "en": {"title": "Permit", "body": "Permitted at {answer.price}."},
    }
    return LetterWording.objects.create(
        key="park_use.approved", number=1, texts=texts, published_by=people.staff(at=None)
    )


def _remove(desk: Any, edit: FormEdit) -> None:
    where = place_of(edit, "price")
    step = where.split("-")[0]
    page = soup(desk.get(f"{FORM}part/{step}/"))
    desk.post(f"{FORM}part/{step}/", {"lock": edit.lock, "_do": button(page, f"remove:{where}:")})
    edit.refresh_from_db()


def _publish(desk: Any, edit: FormEdit) -> Any:
    edit.refresh_from_db()
    return desk.post(f"{FORM}publish/", {"lock": edit.lock, "note": "shorter", "_do": "publish"})


def test_taking_away_what_a_letter_prints_is_told_with_its_place_and_refused(
    desk: Any, edit: FormEdit, wording: LetterWording
) -> None:
    before = FormVersion.objects.count()
    _remove(desk, edit)
    page = desk.get(f"{FORM}publish/")
    said = words(page)
    label = str(edit.offering.form_version.form.question("price").label)
    assert f"prints the answer to “{label}”" in said
    assert "line 2: “価格：{answer.price}”" in said  # in Japanese
    assert "line 1: “Permitted at {answer.price}.”" in said
    assert soup(page).select_one(f'#problems a[href="{LETTER}"]') is not None
    assert soup(page).select_one('button[value="publish"][disabled]') is not None
    refused = _publish(desk, edit)  # as if the button were not greyed out
    assert refused.status_code == 422
    assert "Letter: Approval" in words(refused)
    assert FormVersion.objects.count() == before


def test_mended_in_the_letter_it_is_published(
    desk: Any, edit: FormEdit, wording: LetterWording
) -> None:
    _remove(desk, edit)
    texts = {f"{code}-{part}": text for code, parts in wording.texts.items()
             for part, text in parts.items()}  # fmt: skip
    mended = {name: re.sub(r"\{answer\.\w+\}", "-", text) for name, text in texts.items()}
    posted = {"ja-remarks": "", "en-remarks": "", "base": "1", "note": "", **mended}
    assert desk.post(LETTER, posted).status_code == 302
    assert "prints the answer" not in words(desk.get(f"{FORM}publish/"))
    assert _publish(desk, edit).status_code == 302


def test_a_new_name_is_told_and_the_old_one_mends_it(
    desk: Any, edit: FormEdit, wording: LetterWording
) -> None:
    page = f"{FORM}part/{place_of(edit, 'price')}/"
    desk.post(page, fields(soup(desk.get(page))) | {"id": "spot"})
    said = words(desk.get(FORM))
    assert "Bring the question back with the name “price”" in said
    assert _publish(desk, edit).status_code == 422
    desk.post(page, fields(soup(desk.get(page))) | {"id": "price"})
    assert "prints the answer" not in words(desk.get(FORM))


def test_an_answer_that_is_no_text_any_more_cannot_be_printed(
    desk: Any, edit: FormEdit, wording: LetterWording
) -> None:
    data = edit.definition
    for step in data["steps"]:
        for question in step["questions"]:
            if question["id"] == "price":
                label = question["label"]
                question.clear()
                question |= {"id": "price", "type": "file", "label": label}
    actions.replace(edit=edit, lock=edit.lock, data=data, by=edit.edited_by)
    assert "prints the answer" in words(desk.get(FORM))


def test_words_of_before_and_of_other_services_are_in_nobodys_way(
    desk: Any, edit: FormEdit, wording: LetterWording
) -> None:
    people_ = wording.published_by
    LetterWording.objects.create(
        key="park_use.approved", number=2, published_by=people_,
        texts={code: {"title": "x", "body": "{park}{applicant_name}"} for code in ("ja", "en")},
    )  # fmt: skip
    LetterWording.objects.create(
        key="road_use.approved", number=1, published_by=people_, texts=wording.texts
    )
    _remove(desk, edit)
    assert "prints the answer" not in words(desk.get(f"{FORM}publish/"))
