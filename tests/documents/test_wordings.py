"""The words of letters: refused with place and reason, numbered, never changed."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, transaction

from common.errors import Conflict
from documents import wordings
from documents.models import LetterWording
from tests.factories import people

KNOWN = {"receipt_number": "", "answer.park": ""}
GOOD = {
    "ja": {"title": "許可書", "body": "受付番号{receipt_number}を許可します。", "remarks": ""},
    "en": {"title": "Permit", "body": "{answer.park} is permitted.", "remarks": ""},
}


def texts(language: str = "ja", **parts: str) -> dict[str, dict[str, str]]:
    return {**GOOD, language: {**GOOD[language], **parts}}


def publish(given: Any = GOOD, *, base: int = 0, key: str = "x.approved") -> LetterWording:
    return wordings.publish(
        key=key,
        texts=given,
        languages=["ja", "en"],
        known=KNOWN,
        note="はじめて",
        base=base,
        by=people.admin(),
    )


@pytest.mark.parametrize(
    ("given", "language", "part", "words"),
    [
        (texts(body="a\n{answer.parc}"), "ja", "body", "2行"),
        (texts("en", body="{receipt"), "en", "body", "1"),
        (texts("en", title=" "), "en", "title", ""),
        (texts("en", body=""), "en", "body", ""),
        (texts(remarks="備考"), "en", "remarks", ""),
        (texts(title="{receipt_number}"), "ja", "title", ""),
        (texts(title="あ" * 61), "ja", "title", "60"),
        (texts(body="{% if x %}"), "ja", "body", ""),
    ],
)
def test_what_is_wrong_cannot_be_published(
    town: Any, given: Any, language: str, part: str, words: str
) -> None:
    with pytest.raises(wordings.CannotPublish) as refusal:
        publish(given)
    found = [(one.language, one.part) for one in refusal.value.found]
    assert (language, part) in found
    assert LetterWording.objects.count() == 0


def test_the_place_of_an_unknown_field_is_told(town: Any) -> None:
    with pytest.raises(wordings.CannotPublish) as refusal:
        publish(texts(body="一行目\n公園は{answer.parc}です"))
    (found,) = refusal.value.found
    assert "2" in found.message
    assert "answer.parc" in found.message
    assert "answer.park" in found.message  # the nearest one


def test_versions_are_numbered_and_the_newest_is_in_force(town: Any) -> None:
    assert wordings.current("x.approved") is None
    assert publish().number == 1
    second = publish(texts(title="新しい許可書"), base=1)
    assert second.number == 2
    assert wordings.current("x.approved") == second
    assert publish(key="y.approved").number == 1


def test_two_editors_the_second_is_told(town: Any) -> None:
    publish()
    with pytest.raises(Conflict):
        publish(texts(title="別"), base=0)


def test_a_published_wording_is_never_changed(town: Any) -> None:
    made = publish()
    for change in (
        lambda: LetterWording.objects.filter(pk=made.pk).update(note="x"),
        lambda: LetterWording.objects.filter(pk=made.pk).delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
