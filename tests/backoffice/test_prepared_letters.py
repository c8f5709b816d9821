"""Lists of prepared letters at the desk: looked at, taken, counted; the case that answers one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from audit.models import LedgerEntry
from cases import actions
from cases.prepared_letters.models import PreparedLetter, PreparedList
from catalogue.models import Offering
from identity.models import Role, User
from tests.cases.test_once import a_draft, send
from tests.factories import cases as make
from tests.factories import people, prepared

Desk = Callable[[User], Client]


@pytest.fixture
def benefit(town: Any) -> Offering:
    return make.offering(prepared.SERVICE)


@pytest.fixture
def lead(benefit: Offering, desk: Desk) -> Client:
    return desk(people.staff(Role.LEAD, at=benefit.department))


def address(name: str, *ids: Any) -> str:
    """In English, whatever language the page before was in."""
    with translation.override("en"):
        return reverse(f"desk:{name}", args=ids)


def page_of(of: Offering) -> str:
    return address("prepared_of", of.pk)


def file_of(*rows: dict[str, str], content: bytes | None = None) -> dict[str, Any]:
    made = prepared.table(*rows) if content is None else content
    return {"file": SimpleUploadedFile("一覧.csv", made, "text/csv")}


def test_list_is_looked_at_and_then_taken(benefit: Offering, lead: Client) -> None:
    assert "Prepared letters" in lead.get(address("office")).content.decode()
    answer = lead.post(page_of(benefit), file_of(prepared.row(), prepared.row(番号="A-0002")))
    waiting = PreparedList.objects.get()
    where = address("prepared_list", waiting.pk)
    assert answer.headers["Location"] == where
    page = lead.get(where)
    assert (len(page.context["found"].new), page.context["found"].unchanged) == (2, 0)
    assert "山田　花子" in page.content.decode()
    assert not PreparedLetter.objects.exists()
    lead.post(where, {"what": "take"})
    assert PreparedLetter.objects.count() == 2
    after = lead.get(page_of(benefit)).content.decode()
    assert "2 new, 0 changed" in after
    assert "A-0002" in after


def test_wrong_lines_are_said_and_nothing_can_be_taken(benefit: Offering, lead: Client) -> None:
    lead.post(page_of(benefit), file_of(prepared.row(), prepared.row(番号="A-2", 氏名="=1+1")))
    where = address("prepared_list", PreparedList.objects.get().pk)
    page = lead.get(where).content.decode()
    assert "A cell begins like a formula" in page
    assert 'value="take"' not in page
    lead.post(where, {"what": "take"})
    assert not PreparedLetter.objects.exists()
    lead.post(where, {"what": "discard"})
    assert not PreparedList.objects.exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "There is no line in this file"),
        (b"\x00\x01\x02", "This is no CSV file"),
        ("番号,氏名\nA-1,山田".encode("cp932"), "The column “生年月日” is missing"),
    ],
)
def test_what_is_no_list_is_refused_at_the_field(
    benefit: Offering, lead: Client, content: bytes, said: str
) -> None:
    answer = lead.post(page_of(benefit), file_of(content=content))
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not PreparedList.objects.exists()
    assert "Choose the list first" in lead.post(page_of(benefit)).content.decode()


def test_other_departments_have_no_such_page(benefit: Offering, desk: Desk) -> None:
    letter = prepared.letter(benefit)
    waiting = prepared.upload(benefit, prepared.row())
    other = desk(people.staff(Role.LEAD, at="parks"))
    for name, thing in (
        ("prepared_of", benefit.pk), ("prepared_list", waiting.pk),
    ):  # fmt: skip
        assert other.get(address(name, thing)).status_code == 404
    for name, thing in (
        ("prepared_list", waiting.pk), ("prepared_withdraw", letter.pk),
        ("prepared_reminders", benefit.pk),
    ):  # fmt: skip
        assert other.post(address(name, thing), {"what": "take"}).status_code == 404
    worker = desk(people.caseworker(at=benefit.department))
    assert worker.get(address("prepared")).status_code == 403
    letter.refresh_from_db()
    assert letter.withdrawn_at is None
    empty = other.get(address("prepared")).content.decode()
    assert "No service with prepared letters" in empty


def test_figures_reminders_and_withdrawal(benefit: Offering, lead: Client) -> None:
    prepared.letter(benefit)
    gone = prepared.letter(benefit, 番号="B-1", 氏名="鈴木 一郎")
    prepared.letter(benefit, 番号="C-1", 氏名="佐藤 次郎", 生年月日="1970-01-01")
    send(a_draft(benefit, answers={"confirmation_no": "A-0001"}))
    lead.post(address("prepared_withdraw", gone.pk))
    figures = lead.get(page_of(benefit)).context["figures"]
    assert (figures.sent, figures.answered, figures.open, figures.withdrawn) == (3, 1, 1, 1)
    answer = lead.post(address("prepared_reminders", benefit.pk))
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    head, *rows = text.splitlines()
    assert head.startswith("番号,氏名,フリガナ")
    assert [row.split(",")[:2] for row in rows] == [["C-1", "佐藤 次郎"]]
    assert "0034567" not in text
    assert LedgerEntry.objects.filter(event="prepared_letters.listed").latest("pk").data == {
        "letters": 1
    }
    shown = lead.get(page_of(benefit) + "?view=withdrawn").content.decode()
    assert "鈴木 一郎" in shown
    assert "佐藤 次郎" not in shown
    # By mistake: it is in force again.
    lead.post(address("prepared_withdraw", gone.pk), {"what": "restore"})
    assert lead.get(page_of(benefit)).context["figures"].withdrawn == 0
    found = lead.get(page_of(benefit) + "?q=c1").content.decode()
    assert "佐藤 次郎" in found


def test_list_page_asks_as_much_for_many(benefit: Offering, lead: Client) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            lead.get(page_of(benefit))
        return len(queries)

    prepared.letter(benefit)
    send(a_draft(benefit, answers={"confirmation_no": "A-0001"}))
    prepared.letter(benefit, 番号="B-1")
    lead.get(page_of(benefit))
    one = asked()
    for number in ("C-1", "D-1", "E-1"):
        prepared.letter(benefit, 番号=number)
    assert asked() == one


def test_caseworker_sees_letter_and_differences(benefit: Offering, desk: Desk) -> None:
    prepared.letter(benefit, 住所="東京都港区港1-1")
    case = send(a_draft(benefit, answers={"confirmation_no": "A-0001"}))
    worker = people.caseworker(at=benefit.department)
    where = address("case", case.pk)
    page = desk(worker).get(where).content.decode()
    assert "1 answer differs" in page
    assert "東京都港区港1-1" in page
    assert "0034567" in page
    assert "100,000" in page
    # A consulted office sees nothing of it.
    actions.request_consultation(
        case=actions.claim_case(case=case, by=worker),
        department=people.department("parks"),
        question="?",
        by=worker,
    )
    other = desk(people.consultee(at="parks")).get(where).content.decode()
    assert "0034567" not in other


def test_case_without_a_letter_says_nothing(benefit: Offering, desk: Desk) -> None:
    case = send(a_draft(benefit))
    page = desk(people.caseworker(at=benefit.department)).get(address("case", case.pk))
    assert "letter-title" not in page.content.decode()
