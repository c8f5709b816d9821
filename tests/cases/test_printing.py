"""Letters by post: who gets one, one PDF of many, printed twice is seen."""

from __future__ import annotations

import io
from typing import Any

import pikepdf
import pytest
from django.utils import timezone

from audit.models import LedgerEntry
from cases import after_issue, printing
from cases.models import Case, Decision, IssuedLetter, PrintRun
from common import outbox
from common.errors import InvalidInput, NotAllowed
from documents import files
from identity.models import User
from notifications.actions import set_preference
from tests.documents.test_pdf import text_of
from tests.factories import cases as make
from tests.factories import people


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("common.outbox._wake_worker", lambda: None)


def refused(**of_draft: Any) -> Decision:
    decision = make.decision_on(make.claimed_case(**of_draft), "refused")
    assert outbox.drain().failed == 0
    return decision


def listed() -> list[printing.Listed]:
    return printing.letters_of(people.department(), timezone.localdate())


def run_of(*letters: IssuedLetter) -> PrintRun:
    made = printing.print_letters(
        department=people.department(),
        day=timezone.localdate(),
        letter_ids=[str(letter.pk) for letter in letters],
        by=people.caseworker(),
    )
    assert outbox.drain().failed == 0
    made.refresh_from_db()
    return made


def test_who_has_no_mail_or_wants_paper_is_proposed(town: Any) -> None:
    without = people.resident(name="紙 太郎")
    without.email = ""
    without.save()
    wishes, other = people.resident(name="紙 花子"), people.resident(name="電 子")
    for user in (wishes, other):
        user.email = "a@example.jp"
        user.save()
    set_preference(user=wishes, channels=["mail"], by_post=True)
    for user in (without, wishes, other):
        refused(resident=user)
    Case.objects.filter(resident=without).update(corrected={"email": None})
    found = {one.letter.content["addressee"]["name"]: (one.why, one.proposed) for one in listed()}
    assert found == {
        "紙 太郎": ("no_mail", True),
        "紙 花子": ("wish", True),
        "電 子": ("", False),
    }


def test_one_pdf_has_an_address_and_the_letter_on_sheets_of_their_own(town: Any) -> None:
    refused(resident=people.resident(name="紙 太郎"))
    refused(resident=people.resident(name="紙 花子"))
    made = run_of(*(one.letter for one in listed()))
    assert made.document is not None
    content = files.read(made.document)
    with pikepdf.open(io.BytesIO(content)) as pdf:
        assert len(pdf.pages) == made.pages
        assert made.pages % 2 == 0
    pages = ["".join(page.split()) for page in text_of(content).split("\f")]
    first = pages[0]
    assert "紙太郎様" in first
    assert "〒100-0001" in first
    assert "公園内行為不許可通知書" in pages[1]
    begins = [n for n, page in enumerate(pages) if "紙花子様" in page]
    assert begins[0] % 2 == 0


def test_printed_twice_is_seen_and_noted_each_time(town: Any) -> None:
    refused()
    (one,) = listed()
    run_of(one.letter)
    run_of(one.letter)
    (again,) = listed()
    assert (again.times_printed, again.proposed) == (2, False)
    assert LedgerEntry.objects.filter(event="letter.printed").count() == 2


def test_a_run_is_put_together_once(town: Any) -> None:
    refused()
    made = run_of(listed()[0].letter)
    before = made.document_id
    after_issue.make_print_run({"run_id": str(made.pk)})
    made.refresh_from_db()
    assert made.document_id == before


def test_nothing_chosen_or_somebody_elses_letter(town: Any) -> None:
    refused()
    (one,) = listed()
    with pytest.raises(InvalidInput):
        run_of()
    with pytest.raises(InvalidInput):
        printing.print_letters(
            department=people.department("parks"),
            day=timezone.localdate(),
            letter_ids=[str(one.letter.pk)],
            by=people.caseworker(at=people.department("parks")),
        )
    with pytest.raises(NotAllowed):
        printing.print_letters(
            department=people.department(),
            day=timezone.localdate(),
            letter_ids=[str(one.letter.pk)],
            by=people.caseworker(at=people.department("parks")),
        )


def test_the_list_takes_the_same_statements_for_three(
    town: Any, django_assert_num_queries: Any
) -> None:
    refused()
    office, day = people.department(), timezone.localdate()
    with django_assert_num_queries(2):
        assert len(printing.letters_of(office, day)) == 1
    refused()
    refused()
    with django_assert_num_queries(2):
        assert len(printing.letters_of(office, day)) == 3


def test_the_list_takes_the_same_statements_without_accounts_addresses(
    town: Any, django_assert_num_queries: Any
) -> None:
    """As at the counter: an address is in the form alone."""
    for _letter in range(3):
        refused()
    User.objects.update(email="")
    office, day = people.department(), timezone.localdate()
    printing.letters_of(office, day)  # the form is kept from now on
    with django_assert_num_queries(2):
        found = printing.letters_of(office, day)
    assert len(found) == 3
    assert [one.why for one in found] == [""] * 3
