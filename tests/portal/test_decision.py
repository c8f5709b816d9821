"""The decision as a page, the proof that it arrived, and checking a paper or its file."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from audit.models import LedgerEntry
from cases import replacing, revocation
from cases.models import Case, Decision, IssuedLetter
from catalogue.models import Offering
from common import outbox
from documents import files
from documents.models import Document
from identity.models import Role, User
from tests.factories import cases as make
from tests.factories import people


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("common.outbox._wake_worker", lambda: None)


@pytest.fixture
def decision(offering: Offering, resident: User) -> Decision:
    made = make.decision_on(make.claimed_case(of=offering, resident=resident), "refused")
    assert outbox.drain().failed == 0
    return fresh(made)


def fresh(decision: Decision) -> Decision:
    return Decision.objects.select_related("letter", "case__department").get(pk=decision.pk)


def url(name: str, decision: Decision, *more: Any, language: str = "") -> str:
    return language + reverse(f"portal:{name}", args=[decision.case_id, *more])


def text_of(answer: Any) -> str:
    assert answer.status_code == 200
    return BeautifulSoup(answer.content, "html.parser").get_text(" ", strip=True)


def received() -> list[Any]:
    found = LedgerEntry.objects.filter(event="letter.received")
    return [(entry.actor_kind, entry.data["way"]) for entry in found]


def test_the_page_says_what_the_letter_says(browser: Client, decision: Decision) -> None:
    text = text_of(browser.get(url("decision", decision)))
    for expected in (
        "公園内行為不許可通知書",
        f"{decision.number}号",
        "場所がほかの行事と重なるため。",
        "3か月以内に",
        "6か月以内に",
        "都市公園条例",
    ):
        assert expected in text


def test_in_english_it_is_a_translation_and_says_so(browser: Client, decision: Decision) -> None:
    text = text_of(browser.get(url("decision", decision, language="/en")))
    assert "Notice of Refusal: Park Use" in text
    assert "This is a translation" in text
    assert "within three months" in text


def test_the_first_opening_is_the_proof_of_delivery_and_only_the_first(
    browser: Client, decision: Decision
) -> None:
    assert decision.letter is not None
    assert decision.letter.opened_at is None
    browser.head(url("decision", decision))
    assert received() == []
    browser.get(url("decision", decision))
    first = fresh(decision).letter.opened_at  # type: ignore[union-attr]
    assert first is not None
    browser.get(url("document", decision, decision.letter.pk))
    assert fresh(decision).letter.opened_at == first  # type: ignore[union-attr]
    assert received() == [("resident", "page")]


def test_downloading_is_delivery_too(browser: Client, decision: Decision) -> None:
    assert decision.letter is not None
    assert browser.get(url("document", decision, decision.letter.pk)).status_code == 200
    assert received() == [("resident", "pdf")]


def test_a_damaged_file_is_no_delivery(browser: Client, decision: Decision) -> None:
    assert decision.letter is not None
    decision.letter.file.storage.delete(decision.letter.file.name)
    browser.get(url("document", decision, decision.letter.pk))
    assert received() == []


def test_a_revoked_decision_shows_the_revocation(
    browser: Client, offering: Offering, resident: User
) -> None:
    made = make.decision_on(make.claimed_case(of=offering, resident=resident), waive_fee=False)
    from cases import tasks

    tasks.issue_letter({"decision_id": str(made.pk)})
    lead = people.staff(Role.LEAD, at=made.case.department, name="課長 一")
    revocation.revoke_decision(
        case=Case.objects.get(pk=made.case_id), grounds="条件の違反。", effective_on=None, by=lead
    )
    assert outbox.drain().failed == 0
    for language in ("", "/en"):
        assert "条件の違反。" in text_of(browser.get(url("decision", made, language=language)))
    assert "取り消" in text_of(browser.get(url("case", made)))


def test_an_earlier_edition_can_still_be_had_by_its_owner_only(
    browser: Client, decision: Decision, town: Any, client_for: Any
) -> None:
    old = decision.letter
    assert old is not None
    content = files.read(old)
    replacing.replace_letter(
        case=Case.objects.get(pk=decision.case_id),
        kind="reissue",
        note="",
        by=people.caseworker(at=decision.case.department),
    )
    assert outbox.drain().failed == 0
    answer = browser.get(url("document", decision, old.pk))
    assert b"".join(answer.streaming_content) == content  # exactly as it was
    stranger = client_for(town, people.resident(name="別の 人"))
    assert stranger.get(url("document", decision, old.pk)).status_code == 404
    other = IssuedLetter.objects.exclude(document=old).get().document
    assert browser.get(url("document", decision, other.pk)).status_code == 200


def test_the_case_page_takes_no_further_statement(
    browser: Client, decision: Decision, django_assert_max_num_queries: Any
) -> None:
    browser.get(url("decision", decision))
    page = browser.get(url("case", decision)).content.decode()
    assert url("decision", decision) in page


# --- Checking ---------------------------------------------------------------------------------


def check(visitor: Client, content: bytes) -> str:
    upload = SimpleUploadedFile("letter.pdf", content, content_type="application/pdf")
    return text_of(visitor.post(reverse("portal:verify_ask"), {"file": upload}))


def test_a_file_is_genuine_or_not_and_nothing_is_said_about_the_person(
    visitor: Client, decision: Decision
) -> None:
    assert decision.letter is not None
    content = files.read(decision.letter)
    said = check(visitor, content)
    assert "本物" in said
    assert "山田" not in said
    assert decision.letter.code not in said
    assert "発行したものではありません" in check(visitor, content[:-1] + b"X")


@pytest.mark.parametrize("content", [None, b"x" * 10_000_001])
def test_no_file_or_too_large_a_one(visitor: Client, town: Any, content: bytes | None) -> None:
    data = {} if content is None else {"file": SimpleUploadedFile("a.pdf", content)}
    assert visitor.post(reverse("portal:verify_ask"), data).status_code == 422


def test_a_replaced_paper_says_so_without_the_new_code(visitor: Client, decision: Decision) -> None:
    old = decision.letter
    assert old is not None
    replacing.replace_letter(
        case=Case.objects.get(pk=decision.case_id),
        kind="reissue",
        note="",
        by=people.caseworker(at=decision.case.department),
    )
    assert outbox.drain().failed == 0
    said = text_of(visitor.get(reverse("portal:verify", args=[old.code])))
    assert "差し替えられています" in said
    new = Document.objects.exclude(pk=old.pk).get(replaces=old)
    assert new.code not in said
