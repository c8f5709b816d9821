"""The finance desk as its clerk uses it: finding, entering, refunding, reconciling, deciding."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from audit.models import LedgerEntry
from billing.models import BankLine, BankStatement, FeeDue, FinanceSettings, Payment, Refund
from cases import waivers
from cases.models import Case, FeeWaiver, Receipt
from common import outbox
from common.actor import Actor
from identity.models import Role, User
from tests.billing.bank import Transfer, zengin_03
from tests.factories import cases as make
from tests.factories import people


@pytest.fixture
def clerk(town: Any) -> User:
    return people.staff(Role.FINANCE, at=None)


@pytest.fixture
def browser(desk: Callable[[User], Client], clerk: User) -> Client:
    return desk(clerk)


@pytest.fixture
def case(town: Any) -> Case:
    return make.due_case()


@pytest.fixture
def fee(case: Case) -> FeeDue:
    assert case.decision.fee is not None
    return case.decision.fee


def en(name: str, *args: Any) -> str:
    with translation.override("ja"):  # the last request's language is still active
        return "/en" + reverse(f"desk:{name}", args=args)


def said(response: Any) -> str:
    return str(response.content.decode())


@pytest.mark.parametrize("by", ["reference", "payer_name", "payer_kana", "amount", "number"])
def test_fee_is_found_by_whatever_the_payer_says(browser: Client, fee: FeeDue, by: str) -> None:
    page = said(browser.get(en("fees"), {"q": str(getattr(fee, by)).split()[0]}))
    assert fee.reference in page
    assert fee.reference not in said(browser.get(en("fees"), {"q": "nobody"}))


def test_views_hold_what_they_say(browser: Client, fee: FeeDue) -> None:
    assert fee.reference in said(browser.get(en("fees")))
    assert fee.reference not in said(browser.get(en("fees"), {"view": "overdue"}))
    FeeDue.objects.update(due_on=timezone.localdate() - timedelta(days=1))
    assert fee.reference in said(browser.get(en("fees"), {"view": "overdue"}))
    assert browser.get(en("fees"), {"view": "nonsense", "page": "x"}).status_code == 200


def test_looking_at_a_fee_is_in_the_ledger(browser: Client, fee: FeeDue, case: Case) -> None:
    assert fee.payer_name in said(browser.get(en("fee", fee.pk)))
    entry = LedgerEntry.objects.get(event="fee.opened")
    assert str(entry.about) == str(case.resident_id)


def enter(browser: Client, fee: FeeDue, **changes: str) -> Any:
    given = {"amount": str(fee.amount), "on": timezone.localdate().isoformat(), "once": "a" * 32}
    return browser.post(en("fee_receive", fee.pk), given | changes)


def test_cash_at_the_counter_pays_once_and_gives_a_receipt(browser: Client, fee: FeeDue) -> None:
    assert enter(browser, fee).status_code == 302
    assert enter(browser, fee).status_code == 302  # a double click
    outbox.drain()
    fee.refresh_from_db()
    assert (fee.state, Payment.objects.count()) == ("paid", 1)
    assert Receipt.objects.get(fee=fee).number in said(browser.get(en("fee", fee.pk)))


@pytest.mark.parametrize(
    "changes",
    [{"amount": "0"}, {"amount": "1.5"}, {"amount": "９９９９９９９９９９９９"}, {"amount": "-1"},
     {"on": ""}, {"on": "2999-01-01"}, {"on": "1999-01-01"}, {"once": "x"}],
)  # fmt: skip
def test_entry_that_cannot_be_is_refused_at_its_field(
    browser: Client, fee: FeeDue, changes: dict[str, str]
) -> None:
    assert enter(browser, fee, **changes).status_code == 422
    assert not Payment.objects.exists()


def test_refund_by_transfer_asks_for_the_account_and_a_colleague(
    browser: Client, fee: FeeDue, desk: Callable[[User], Client]
) -> None:
    FinanceSettings.objects.create(pk=1, four_eyes_above=0)
    enter(browser, fee)
    form = {"amount": str(fee.amount), "reason": "取り下げ", "way": "bank"}
    assert browser.post(en("fee_refund", fee.pk), form).status_code == 422
    account = {
        "account-bankCode": "0149", "account-branchCode": "001", "account-accountType": "ordinary",
        "account-number": "1234567", "account-holder": "ヤマダ ハナコ",
    }  # fmt: skip
    found = browser.post(
        en("fee_refund", fee.pk),
        form | account | {"account-branchCode": "ほんてん", "_do": "lookup:account-branchCode"},
    )
    assert found.status_code == 200
    assert "本店営業部" in said(found)
    doubted = browser.post(en("fee_refund", fee.pk), form | account)
    assert "001 is not in the list" in said(doubted)
    sure = {"account-branchCode-sure": "0149-001"}
    answer = browser.post(en("fee_refund", fee.pk), form | account | sure)
    assert answer.status_code == 302, said(answer)
    assert "静岡 (Shizuoka) – 0149" in said(browser.get(en("fee", fee.pk)))
    refund = Refund.objects.get()
    assert (refund.state, refund.account["number"]) == ("asked", "1234567")
    decide = en("refund_decide", refund.pk)
    assert browser.post(decide, {"what": "agree"}).status_code == 409
    other = desk(people.staff(Role.FINANCE, at=None))
    assert other.post(decide, {"what": "agree"}).status_code == 302
    assert browser.post(decide, {"what": "paid_back", "on": ""}).status_code == 422
    today = timezone.localdate().isoformat()
    assert browser.post(decide, {"what": "paid_back", "on": today}).status_code == 302
    outbox.drain()
    refund.refresh_from_db()
    assert (refund.state, refund.account) == ("done", {})


def upload(browser: Client, content: bytes, name: str = "bank.txt") -> Any:
    return browser.post(en("bank"), {"file": SimpleUploadedFile(name, content)})


def test_file_of_the_bank_from_upload_to_the_last_line(browser: Client, fee: FeeDue) -> None:
    yesterday = timezone.localdate() - timedelta(days=1)
    content = zengin_03(
        [Transfer(yesterday, fee.amount, f"{fee.number} ﾔﾏﾀﾞ"), Transfer(yesterday, 77, "ｽｽﾞｷ")]
    )
    preview = upload(browser, content)
    statement = BankStatement.objects.get()
    assert preview.headers["Location"].endswith(f"/bank/{statement.pk}/")
    page = said(browser.get(en("bank_file", statement.pk)))
    assert "Book 1 line that fits" in page
    assert "No fee fits." in page
    assert browser.post(en("bank_file", statement.pk), {"what": "apply"}).status_code == 302
    outbox.drain()
    fee.refresh_from_db()
    assert fee.state == "paid"
    # The same file again leads to the first one.
    assert upload(browser, content).headers["Location"] == preview.headers["Location"]
    line = BankLine.objects.get(state="unmatched")
    assert "ｽｽﾞｷ" in said(browser.get(en("bank_lines")))
    one = en("bank_line", statement.pk, line.number)
    assert browser.post(one, {"what": "assign", "number": "1"}).status_code == 422
    assert browser.post(one, {"what": "return", "note": "電話済み"}).status_code == 302
    today = timezone.localdate().isoformat()
    assert browser.post(one, {"what": "returned", "on": today}).status_code == 302
    assert browser.post(one, {"what": "returned", "on": today}).status_code == 409
    report = said(browser.get(en("fees_report")))
    assert f"{fee.amount:,}" in report


@pytest.mark.parametrize(
    "content", [b"", b"\x89PNG\r\n\x1a\n\x00", b"nonsense", b"1" * 199, b"\xff\xfe\x00", b'"\n"\n']
)
def test_file_that_is_none_is_refused_with_a_reason(browser: Client, content: bytes) -> None:
    assert upload(browser, content).status_code == 422
    assert not BankStatement.objects.exists()


def test_file_field_left_empty_is_refused(browser: Client) -> None:
    assert browser.post(en("bank")).status_code == 422


def test_waiver_is_decided_at_the_desk(browser: Client, case: Case, fee: FeeDue) -> None:
    waiver = waivers.ask(case=case, fee=fee, reason="学校行事", by=Actor.of(case.resident))
    assert fee.reference in said(browser.get(en("waivers")))
    here = en("waiver", waiver.pk)
    assert "学校行事" in said(browser.get(here))
    for wrong in ({}, {"verdict": "part", "answer": "x"}, {"verdict": "all", "answer": ""}):
        assert browser.post(here, wrong).status_code == 422
    assert browser.post(here, {"verdict": "all", "answer": "公益"}).status_code == 302
    assert browser.post(here, {"verdict": "all", "answer": "公益"}).status_code in (409, 422)
    outbox.drain()
    assert FeeWaiver.objects.get().letter is not None
    assert Case.objects.get(pk=case.pk).stage == "issued"


def test_settings_are_kept_and_shown_to_the_resident(
    browser: Client, case: Case, client_for: Any, town: Any
) -> None:
    form = {
        "bank_name": "汐見銀行", "branch_name": "本店", "account_kind": "普通",
        "account_number": "1234567", "account_holder": "シオミシ", "four_eyes_above": "10,000",
        "delimiter": ",", "skip": "0", "headings": "1", "date": "日付", "amount": "入金",
        "outgoing": "", "payer": "摘要", "text": "", "reference": "",
    }  # fmt: skip
    for wrong in ({"account_number": "12-3"}, {"four_eyes_above": "x"}, {"skip": "x"},
                  {"date": ""}):  # fmt: skip
        assert browser.post(en("fees_settings"), form | wrong).status_code == 422
    assert browser.post(en("fees_settings"), form).status_code == 302
    assert FinanceSettings.current().four_eyes_above == 10_000
    assert "汐見銀行" in said(browser.get(en("fees_settings")))
    resident = client_for(town, case.resident)
    with translation.override("ja"):
        here = "/en" + reverse("portal:pay", args=[case.pk])
    pay = said(resident.get(here))
    assert "汐見銀行" in pay
    assert str(case.decision.fee.number)[:4] in pay  # type: ignore[union-attr]


def test_list_asks_the_same_statements_for_any_number_of_fees(
    browser: Client,
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            browser.get(en("fees"))
        # What the town's brand and the reader's roles cost is kept for a moment, or read again.
        return sum("payments_" in (query["sql"] or "") for query in captured)

    make.due_case()
    browser.get(en("fees"))
    one = count()
    make.due_case()
    make.due_case()
    assert count() == one


def test_too_much_goes_to_another_fee_of_the_same_person_only(
    browser: Client, fee: FeeDue, case: Case
) -> None:
    enter(browser, fee, amount=str(fee.amount + 100))
    own = make.due_case(of=case.offering, resident=case.resident).decision.fee
    elses = make.due_case(of=case.offering).decision.fee
    assert own is not None
    assert elses is not None
    page = said(browser.get(en("fee", fee.pk)))
    assert "¥100 are too much here" in page
    assert str(own.pk) in page
    assert str(elses.pk) not in page
    for wrong in (str(elses.pk), "x", ""):
        answer = browser.post(en("fee_settle", fee.pk), {"to": wrong})
        assert answer.status_code == 422
        assert "Choose one of the fees of this person." in said(answer)
    assert fee.reference in said(browser.get(en("fees"), {"view": "surplus"}))
    assert browser.post(en("fee_settle", fee.pk), {"to": str(own.pk)}).status_code == 302
    own.refresh_from_db()
    assert own.received == 100
    assert "too much here" not in said(browser.get(en("fee", fee.pk)))
    assert fee.reference not in said(browser.get(en("fees"), {"view": "surplus"}))
    assert browser.post(en("fee_settle", fee.pk), {"to": str(own.pk)}).status_code == 409


def test_unclear_card_payment_is_settled_by_a_person(browser: Client, fee: FeeDue) -> None:
    attempt = fee.attempts.create(provider="stripe", amount=fee.amount, state="unclear")
    assert fee.reference in said(browser.get(en("fees"), {"view": "surplus"}))
    assert "A card payment is unclear" in said(browser.get(en("fee", fee.pk)))
    given = {"what": "dismiss", "attempt": str(attempt.pk)}
    assert browser.post(en("fee_settle", fee.pk), given | {"attempt": "x"}).status_code == 422
    assert browser.post(en("fee_settle", fee.pk), given).status_code == 302
    assert browser.post(en("fee_settle", fee.pk), given).status_code == 409
    assert LedgerEntry.objects.filter(event="fee.try_dismissed").count() == 1
    assert "A card payment is unclear" not in said(browser.get(en("fee", fee.pk)))
