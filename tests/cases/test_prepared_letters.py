"""Letters that the town prepared: its lists, and what was sent tied to one of them, once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from audit.models import LedgerEntry
from cases import actions
from cases.linked import effects
from cases.models import Case, Decision
from cases.prepared_letters import answering, keeping, lists, matching, reading
from cases.prepared_letters.models import PreparedLetter, PreparedList
from cases.prepared_letters.reading import NotAList
from catalogue.models import Offering
from common import outbox
from common.actor import Actor
from common.errors import Conflict, InvalidInput, NotAllowed
from forms.models import Draft
from identity.models import User
from tests.cases.test_once import a_draft, send
from tests.factories import cases as make
from tests.factories import people, prepared

pytestmark = pytest.mark.usefixtures("town")


@pytest.fixture
def benefit() -> Offering:
    return make.offering(prepared.SERVICE)


def problems_of(*rows: dict[str, str]) -> list[tuple[int, tuple[str, ...]]]:
    return [(one.line, one.problems) for one in reading.read(prepared.table(*rows))]


def problem_of(**changes: str) -> tuple[str, ...]:
    ((_line, found),) = problems_of(prepared.row(**changes))
    return found


# --- Reading --------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_line_reads_as_a_register_writes_it(encoding: str) -> None:
    (line,) = reading.read(prepared.table(prepared.row(), encoding=encoding))
    assert line.problems == ()
    assert line.values["name"] == "山田　花子"
    assert line.values["name_kana"] == "ヤマダ　ハナコ"
    assert line.values["birth_date"] == "1985-04-12"
    assert line.values["amount"] == 100_000
    assert line.values["address"]["city"] == "千代田区"
    # A spreadsheet drops zeros in front.
    assert line.values["account"] == {
        "bankCode": "0001", "branchCode": "012", "accountType": "ordinary", "number": "0034567",
        "holder": "ヤマダ　ハナコ", "bankName": "みなと銀行", "branchName": "本店",
    }  # fmt: skip


def test_address_without_its_town_gets_it_from_the_postal_code() -> None:
    (line,) = reading.read(prepared.table(prepared.row(住所="千代田1-1", 方書="宮内庁")))
    address = line.values["address"]
    assert (address["prefecture"], address["city"]) == ("東京都", "千代田区")
    assert (address["streetAddress"], address["building"]) == ("千代田1-1", "宮内庁")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"番号": ""}, "number"),
        ({"番号": "<b>1</b>"}, "number"),
        ({"氏名": ""}, "name"),
        ({"氏名": "=HYPERLINK(1)"}, "formula"),
        ({"住所": "＠SUM(1)"}, "formula"),
        ({"氏名": "山田\x07花子"}, "control"),
        ({"氏名": "山" * 400}, "long"),
        ({"フリガナ": "YAMADA"}, "name_kana"),
        ({"生年月日": "1985-02-30"}, "birth_date"),
        ({"生年月日": "2999-01-01"}, "birth_date"),
        ({"生年月日": ""}, "birth_date"),
        ({"郵便番号": "12"}, "postal_code"),
        ({"住所": ""}, "address"),
        ({"口座番号": ""}, "account"),
        ({"口座番号": "12345678"}, "account"),
        ({"口座種別": "9"}, "account"),
        ({"支給額": "十万"}, "amount"),
        ({"支給額": "▲1"}, "amount"),
        ({"期限": ""}, "last_day"),
        ({"期限": "来月"}, "last_day"),
    ],
)
def test_broken_line_says_why(changes: dict[str, str], code: str) -> None:
    assert problem_of(**changes) == (code,)


def test_number_twice_is_found_however_it_is_written() -> None:
    found = problems_of(
        prepared.row(), prepared.row(番号="ａ０００１"), prepared.row(番号="A-2000")
    )
    assert found == [(2, ("twice",)), (3, ("twice",)), (4, ())]


def test_characters_of_another_encoding_are_found() -> None:
    content = prepared.table(prepared.row(), encoding="cp932").replace(
        "花子".encode("cp932"), "花".encode("cp932") + b"\x81\x39"
    )
    (line,) = reading.read(content)
    assert line.problems == ("encoding",)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (prepared.table({"番号": "", "氏名": "", "生年月日": "", "住所": "", "期限": ""}), "empty"),
        (b"PK\x03\x04\x00\x00", "binary"),
        ("番号,氏名\n1,山田".encode(), "no_column"),
        (b"a" * (reading.MOST_BYTES + 1), "too_large"),
        (b'"' + b"a" * 200_000, "binary"),
    ],
)
def test_what_is_no_list_is_refused_as_a_whole(content: bytes, code: str) -> None:
    with pytest.raises(NotAList) as refused:
        reading.read(content)
    assert refused.value.code == code


def test_line_ends_without_end_are_refused() -> None:
    with pytest.raises(NotAList) as refused:
        reading.read(prepared.table(prepared.row()) + b"\n" * 100_001)
    assert refused.value.code == "too_large"


def test_too_many_lines_are_refused(monkeypatch: Any) -> None:
    monkeypatch.setattr(reading, "MOST_LINES", 1)
    with pytest.raises(NotAList, match="too_large"):
        reading.read(prepared.table(prepared.row(), prepared.row(番号="A-2")))


# --- Taking ---------------------------------------------------------------------------------------


def test_dry_run_and_taking(benefit: Offering) -> None:
    prepared.letter(benefit)
    waiting = prepared.upload(
        benefit, prepared.row(), prepared.row(番号="A-0002", 氏名="鈴木 一郎")
    )
    found = lists.dry_run(waiting)
    assert ([line.number for line in found.new], found.changed, found.unchanged) == (
        ["A-0002"], [], 1,
    )  # fmt: skip
    lists.take(list_id=waiting.pk, by=people.admin())
    again = prepared.upload(benefit, prepared.row(番号="a0001", 支給額="70000"))
    assert len(lists.dry_run(again).changed) == 1
    lists.take(list_id=again.pk, by=people.admin())
    assert dict(PreparedLetter.objects.values_list("name", "amount")) == {
        "山田　花子": 70_000, "鈴木 一郎": 100_000,
    }  # fmt: skip
    entry = LedgerEntry.objects.filter(event="prepared_letters.taken").latest("pk")
    assert entry.data == {"new": 0, "changed": 1, "unchanged": 0}
    # Taken twice it is taken once, and nothing of it is left but how much it was.
    assert lists.take(list_id=again.pk, by=people.admin()).lines == []
    assert PreparedLetter.objects.count() == 2


def test_nothing_is_taken_while_a_line_is_wrong(benefit: Offering) -> None:
    waiting = prepared.upload(benefit, prepared.row(), prepared.row(番号="A-0002", 期限="x"))
    with pytest.raises(Conflict):
        lists.take(list_id=waiting.pk, by=people.admin())
    assert not PreparedLetter.objects.exists()


def test_only_the_lead_of_the_department_keeps_its_list(benefit: Offering) -> None:
    lead = people.staff(people.Role.LEAD, at=benefit.department)
    assert lists.offerings_for(lead) == [benefit]
    for other in (
        people.caseworker(at=benefit.department),
        people.staff(people.Role.LEAD, at="parks"),
    ):
        assert lists.offerings_for(other) == []
        with pytest.raises(NotAllowed):
            lists.upload(offering=benefit, content=b"", filename="", by=other)


def test_answered_withdrawn_and_late_letters_are_not_changed(benefit: Offering) -> None:
    letter = prepared.letter(benefit)
    send(a_draft(benefit, answers={"confirmation_no": "A-0001"}))
    gone = prepared.letter(benefit, 番号="B-1")
    keeping.withdraw(letter_id=gone.pk, by=people.admin())
    yesterday = (timezone.localdate() - timedelta(days=1)).isoformat()
    waiting = prepared.upload(
        benefit, prepared.row(支給額="1"), prepared.row(番号="B-1", 支給額="1"),
        prepared.row(番号="C-1", 期限=yesterday),
    )  # fmt: skip
    assert [one.problems for one in lists.dry_run(waiting).problems] == [
        ("answered",), ("withdrawn",), ("over",),
    ]  # fmt: skip
    with pytest.raises(Conflict):
        keeping.withdraw(letter_id=letter.pk, by=people.admin())


# --- Answering ------------------------------------------------------------------------------------


def refusal_of(draft: Draft) -> str:
    with pytest.raises(InvalidInput) as refused:
        send(draft)
    draft.refresh_from_db()
    assert draft.is_open
    (message,) = refused.value.errors["confirmation_no"]
    return message


def numbered(of: Offering, number: str = "A-0001", who: User | None = None) -> Draft:
    return a_draft(of, who, answers={"confirmation_no": number})


def test_what_is_sent_is_tied_to_its_letter(benefit: Offering) -> None:
    letter = prepared.letter(benefit)
    case = send(numbered(benefit, " ａ ０００１"))
    letter.refresh_from_db()
    assert (letter.case, matching.of_case(case)) == (case, letter)
    entry = LedgerEntry.objects.filter(event="application.submitted").latest("pk")
    assert entry.data["letter"] == str(letter.pk)


def test_number_of_somebody_else_and_none_at_all_read_the_same(benefit: Offering) -> None:
    prepared.letter(benefit)
    prepared.letter(benefit, 番号="B-1", 生年月日="1970-01-01")
    assert refusal_of(numbered(benefit, "B-1")) == refusal_of(numbered(benefit, "Z-9"))


def test_town_without_a_list_takes_any_number(benefit: Offering) -> None:
    case = send(numbered(benefit, "Z-9"))
    assert matching.of_case(case) is None


def test_letter_is_answered_once(benefit: Offering) -> None:
    """Also by somebody else of the same age, who holds the letter in their hands."""
    prepared.letter(benefit)
    first = send(numbered(benefit))
    second = numbered(benefit, who=people.resident(name="別の 人"))
    assert "すでに" in refusal_of(second) or "already" in refusal_of(second)
    # Taken back, it can be answered again.
    actions.withdraw(case=first, by=Actor.of(first.resident))
    later = send(second)
    assert matching.of_case(later) is not None
    assert matching.of_case(first) is None


def test_letter_is_not_answered_after_its_last_day(benefit: Offering) -> None:
    letter = prepared.letter(benefit)
    draft = numbered(benefit)
    with time_machine.travel(timezone.now() + timedelta(days=31), tick=False):
        assert str(letter.last_day.year) in refusal_of(draft)
    keeping.withdraw(letter_id=letter.pk, by=people.admin())
    assert refusal_of(draft)


def test_correction_can_bring_another_number(benefit: Offering) -> None:
    one, other = prepared.letter(benefit), prepared.letter(benefit, 番号="B-1")
    case = send(numbered(benefit))
    case = actions.claim_case(case=case, by=people.caseworker(at=benefit.department))
    correction = actions.request_correction(
        case=case, question_ids=["confirmation_no"], message="番号", by=case.assigned_to
    )
    draft = correction.draft
    draft.answers["confirmation_no"] = "Z-9"
    draft.save(update_fields=["answers"])
    with pytest.raises(InvalidInput):
        actions.answer_correction(correction=correction, by=Actor.of(case.resident))
    draft.answers["confirmation_no"] = "B-1"
    draft.save(update_fields=["answers"])
    actions.answer_correction(correction=correction, by=Actor.of(case.resident))
    for letter in (one, other):
        letter.refresh_from_db()
    assert (one.case, one.answered_at, other.case_id) == (None, None, case.pk)


def test_correction_of_what_is_decided_anew_keeps_the_letter(benefit: Offering) -> None:
    letter, other = prepared.letter(benefit), prepared.letter(benefit, 番号="B-1")
    first = send(numbered(benefit))
    first = actions.claim_case(case=first, by=people.caseworker(at=benefit.department))
    decision = make.decision_on(first, "approved")
    ruling = Decision.objects.get(pk=decision.pk)
    anew = effects._anew(Case.objects.get(pk=first.pk), ruling)
    assert matching.of_case(anew) == letter
    anew = actions.claim_case(case=anew, by=people.caseworker(at=benefit.department))
    anew = make.answered_correction(make.correction_of(anew, question_ids=("phone",)))
    assert matching.of_case(anew) == letter
    make.answered_correction(
        make.correction_of(anew, question_ids=("confirmation_no",)), confirmation_no="B-1"
    )
    letter.refresh_from_db()
    assert (matching.of_case(anew), letter.answered_at) == (other, None)


def test_answer_that_is_taken_back_leaves_the_letter_as_it_was(benefit: Offering) -> None:
    letter = prepared.letter(benefit)
    case = send(numbered(benefit))
    actions.withdraw(case=case, by=Actor.of(case.resident))
    assert keeping.figures(benefit) == keeping.Figures(1, 0, 1, 0, 0)
    assert matching.of_resident(benefit, people.resident()) == letter
    waiting = prepared.upload(benefit, prepared.row(支給額="50,000"))
    assert len(lists.dry_run(waiting).changed) == 1
    assert keeping.withdraw(letter_id=letter.pk, by=people.admin()).withdrawn_at is not None


def test_letter_of_the_town_is_printed_on_the_decision(benefit: Offering) -> None:
    prepared.letter(benefit)
    case = send(numbered(benefit))
    case = actions.claim_case(case=case, by=people.caseworker(at=benefit.department))
    decision = make.decision_on(case, "approved")
    assert outbox.drain().failed == 0
    (issued,) = decision.issued_letters.all()
    assert ["支給額", "100,000円"] in [list(each) for each in issued.content["particulars"]] or [
        "金額", "100,000円",
    ] in [list(each) for each in issued.content["particulars"]]  # fmt: skip


# --- Matching and forgetting ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("中央１丁目２番３号", "中央1-2-3", True),
        ("中央一丁目2番地の3", "中央1-2-3", True),
        ("中央二十三丁目4の5", "中央23-4-5", True),
        ("中央1-2-3", "中央1-2-4", False),
        ("", "", False),
    ],
)
def test_same_address_in_other_words(one: str, other: str, same: bool) -> None:
    assert matching.same_address({"streetAddress": one}, {"streetAddress": other}) is same


def test_letter_is_found_by_the_eid_only_when_all_fits(benefit: Offering) -> None:
    letter = prepared.letter(benefit)
    assert matching.of_resident(benefit, people.resident()) == letter
    assert matching.of_resident(benefit, people.resident(born="1985-04-13")) is None
    assert matching.of_resident(benefit, people.resident(name="山田 花江")) is None
    with time_machine.travel(timezone.now() + timedelta(days=2), tick=False):
        assert matching.of_resident(benefit, people.resident()) == letter
    # Two that fit: nobody guesses which.
    prepared.letter(benefit, 番号="B-1")
    assert matching.of_resident(benefit, people.resident()) is None


def test_letter_that_moved_away_is_not_found_by_the_eid(benefit: Offering) -> None:
    prepared.letter(benefit, 住所="東京都千代田区千代田2-2")
    assert matching.of_resident(benefit, people.resident()) is None


def test_unanswered_letters_are_forgotten_and_answered_ones_go_with_their_case(
    benefit: Offering,
) -> None:
    prepared.letter(benefit)
    prepared.letter(benefit, 番号="B-1", 生年月日="1970-01-01")
    case = send(numbered(benefit))
    waiting = prepared.upload(benefit, prepared.row(番号="C-1"))
    keeping.forget_old()
    assert (PreparedLetter.objects.count(), PreparedList.objects.count()) == (2, 3)
    with time_machine.travel(timezone.now() + timedelta(days=430), tick=False):
        keeping.forget_old()
        assert PreparedLetter.objects.get().case == case
        assert not PreparedList.objects.filter(pk=waiting.pk).exists()
        entry = LedgerEntry.objects.filter(event="prepared_letters.forgotten").latest("pk")
        assert entry.data == {"letters": 1}
    Case.objects.filter(pk=case.pk).delete()
    assert not PreparedLetter.objects.exists()


def test_other_town_has_letters_of_its_own(benefit: Offering, in_town: Any) -> None:
    prepared.letter(benefit)
    with in_town("suginosawa"):
        theirs = make.offering(prepared.SERVICE)
        assert not PreparedLetter.objects.exists()
        assert matching.of_resident(theirs, people.resident()) is None
        prepared.letter(theirs, 番号="A-0001", 支給額="1")
    assert [one.amount for one in PreparedLetter.objects.all()] == [100_000]


def test_what_the_letter_says_is_compared(benefit: Offering) -> None:
    from cases.prepared_letters import comparing

    letter = prepared.letter(benefit)
    case = send(numbered(benefit))
    assert comparing.differences(case, letter) == []
    other = prepared.letter(benefit, 番号="B-1", 氏名="山田 花江", 住所="東京都港区港1-1")
    found = comparing.differences(case, other)
    assert [(one.letter, one.answer) for one in found if one.letter == "山田 花江"] == [
        ("山田 花江", "山田 花子")
    ]
    assert len(found) == 3  # and the address, and the number


def test_use_needs_an_open_letter(benefit: Offering) -> None:
    letter = prepared.letter(benefit)
    keeping.withdraw(letter_id=letter.pk, by=people.admin())
    letter.refresh_from_db()
    draft = a_draft(benefit)
    with pytest.raises(NotAllowed):
        answering.use(draft=draft, letter=letter, offering=benefit, by=Actor.of(draft.applicant))


def test_second_letter_leaves_nothing_of_the_first(benefit: Offering) -> None:
    """Two letters on one table: the first was picked up by mistake."""
    wrong = prepared.letter(benefit, 番号="B-1")
    right = prepared.letter(benefit, フリガナ="")
    resident = people.resident()
    draft = a_draft(benefit, resident)
    draft.answers.pop("name_kana", None)
    draft.provenance.pop("name_kana", None)
    for letter in (wrong, right):
        answering.use(draft=draft, letter=letter, offering=benefit, by=Actor.of(resident))
    told = answering.answers_of(right, benefit)
    assert told["name_kana"] is None
    assert "name_kana" not in draft.answers
    assert draft.answers["confirmation_no"] == "A-0001"
