"""What a letter says: the town's own words, parts that are refused, the notice of appeal."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pikepdf
import pytest
from django.utils import timezone

from cases import letter_words, letters, numbers, partial
from cases.models import Case, Decision, IssuedLetter, RegisterEntry
from catalogue import letter_fields
from common import outbox
from common.errors import InvalidInput
from documents import files, wordings
from documents.models import LetterWording
from tests.documents.test_pdf import structure, text_of
from tests.factories import cases as make
from tests.factories import people

APPEAL = ("3か月以内に", "6か月以内に", "審査請求", "処分の取消しの訴え", "1年を経過したとき")


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("common.outbox._wake_worker", lambda: None)


def publish(key: str, body: str, offering: Any) -> LetterWording:
    texts = {"ja": {"title": "使用許可書", "body": body}, "en": {"title": "Permit", "body": body}}
    return wordings.publish(
        key=key,
        texts=texts,
        languages=["ja", "en"],
        known=letter_fields.known(offering.form_version.form),
        note="",
        base=0,
        by=people.admin(),
    )


def flat(html: str) -> str:
    return "".join(html.split())


def test_a_letter_is_worded_as_the_town_published_it(town: Any) -> None:
    case = make.claimed_case()
    wording = publish(
        letter_words.key_of(case.offering, "approved"),
        "{applicant_name}さんへ。{answer.purpose}のため{answer.use_from}から。{fee_total}",
        case.offering,
    )
    decision = make.decision_on(case)
    assert decision.wording == wording
    letter = letters.compose(decision, None)
    assert letter.title == "使用許可書"
    assert "山田花子さんへ。地域の紹介番組の撮影のため" in flat(letter.html)


def test_a_decision_keeps_the_words_of_its_day(town: Any) -> None:
    case = make.claimed_case()
    decision = make.decision_on(case)
    publish(letter_words.key_of(case.offering, "approved"), "あとから", case.offering)
    fresh = Decision.objects.select_related("wording").get(pk=decision.pk)
    assert "あとから" not in letters.compose(fresh, None).html


def test_what_an_applicant_typed_is_never_a_field_or_markup(town: Any) -> None:
    case = make.claimed_case(answers={"purpose": "{town}<script>{{"})
    publish(letter_words.key_of(case.offering, "approved"), "目的：{answer.purpose}", case.offering)
    html = letters.compose(make.decision_on(case), None).html
    assert "{town}&lt;script&gt;{{" in html


@pytest.mark.parametrize("outcome", ["approved", "refused"])
def test_every_decision_has_the_notice_of_appeal(town: Any, outcome: str) -> None:
    html = flat(letters.compose(make.decision_on(make.claimed_case(), outcome), None).html)
    assert [words for words in APPEAL if words not in html] == []


def test_an_acknowledgement_has_neither_appeal_nor_seal(town: Any) -> None:
    case = make.claimed_case(of=make.offering("street_stalls"))
    decision = make.decision_on(case, "acknowledged", conditions=[])
    html = letters.compose(decision, None).html
    assert "審査請求" not in html
    assert 'class="seal"' not in html


# --- Refusing a part --------------------------------------------------------------------------


def days_of(case: Case) -> list[str]:
    return [part.key for part in partial.parts_of(case)]


def three_days() -> Case:
    end = (timezone.localdate() + timedelta(days=32)).isoformat()
    return make.claimed_case(answers={"use_to": end, "days": 3})


def test_a_day_is_refused_and_the_fee_and_the_register_follow(town: Any) -> None:
    case = three_days()
    first, second, third = days_of(case)
    decision = make.decision_on(case, refused={third: "ほかの行事があるため。"})
    assert outbox.drain().failed == 0
    decision.refresh_from_db()
    assert [part["key"] for part in decision.refused_parts] == [third]
    assert decision.fee is not None
    assert decision.fee.amount == case.application.computed_fee.total // 3 * 2
    from cases import tasks

    tasks.issue_letter({"decision_id": str(decision.pk)})
    entry = RegisterEntry.objects.get(decision=decision)
    assert (entry.valid_from.isoformat(), entry.valid_until.isoformat()) == (first, second)
    letter = IssuedLetter.objects.get(decision=decision)
    text = flat(text_of(files.read(letter.document)))
    assert "ほかの行事があるため。" in text
    assert all(words in text for words in APPEAL)


@pytest.mark.parametrize(
    ("pick", "grounds", "field"),
    [
        (slice(None), "理由", "parts"),
        (slice(1, 2), "理由", "parts"),  # a gap would be left
        (slice(0, 1), " ", "part_grounds"),
    ],
)
def test_parts_that_cannot_be_refused_so(town: Any, pick: slice, grounds: str, field: str) -> None:
    case = three_days()
    with pytest.raises(InvalidInput) as refusal:
        make.decision_on(case, refused=dict.fromkeys(days_of(case)[pick], grounds))
    assert set(refusal.value.errors) == {field}
    assert not Decision.objects.exists()


def test_a_part_that_does_not_exist_is_refused(town: Any) -> None:
    with pytest.raises(InvalidInput):
        make.decision_on(three_days(), refused={"2001-01-01": "理由"})


def test_a_child_is_refused_by_itself(town: Any) -> None:
    offering = make.offering("child_allowance")
    (child,) = make.child_allowance_answers(offering)["children"]
    both = [child, {**child, "child_name": "山田 海", "child_kana": "ヤマダ ウミ"}]
    case = make.claimed_case(of=offering, answers={"children": both})
    parts = partial.parts_of(case)
    assert [str(part.label) for part in parts] == ["1. 山田 空", "2. 山田 海"]
    decision = make.decision_on(case, conditions=[], refused={"2": "別居しているため。"})
    letter = letters.compose(decision, None)
    particulars = str(letter.content["particulars"])
    assert "山田 空" in particulars
    assert "山田 海" not in particulars
    assert letter.content["refused_parts"] == (("2. 山田 海", "別居しているため。"),)


def test_a_service_that_declares_no_parts_has_none(town: Any) -> None:
    case = make.claimed_case(of=make.offering("street_stalls"))
    assert partial.parts_of(case) == []


# --- Preview ----------------------------------------------------------------------------------


def test_a_preview_is_marked_on_every_page_and_has_no_seal_number_or_code(town: Any) -> None:
    case = make.claimed_case()
    decision = Decision(
        case=case,
        outcome="approved",
        conditions=[f"条件{number}を守ること。" for number in range(60)],
        decided_at=timezone.now(),
    )
    found = letters.preview(decision)
    pdf = found.as_pdf()
    with pikepdf.open(io.BytesIO(pdf)) as document:
        pages = len(document.pages)
        assert "/H1" in set(structure(document))
    assert pages > 1
    # Turned letters come out one by one.
    shown = [set("プレビュー") <= set(page) for page in text_of(pdf).split("\f")[:pages]]
    assert shown == [True] * pages
    assert 'class="seal"' not in found.html
    assert 'class="verification"' not in found.html
    assert numbers.next_number("公", timezone.localdate()).endswith("-1")  # none was taken
    assert not Decision.objects.exists()
