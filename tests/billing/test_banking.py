"""A file of the bank is booked once, wholly, and nothing of it is lost from sight."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing import actions, banking, queries
from billing.models import BankLine, BankStatement, FeeDue, FinanceSettings, Payment
from common import outbox
from common.actor import SYSTEM
from common.errors import Conflict, InvalidInput, NotFound
from common.models import OutboxRow
from common.text import Text
from identity.models import Role, User
from tests.billing.bank import Transfer, table, zengin_03
from tests.factories import people


@pytest.fixture
def clerk(town: Any) -> User:
    return people.staff(Role.FINANCE, at=None)


def yesterday() -> Any:
    return timezone.localdate() - timedelta(days=1)


def a_fee(amount: int = 480, kana: str = "ヤマダ ハナコ") -> FeeDue:
    fee = actions.raise_fee(
        reference=f"260401-{uuid.uuid4().hex[:8].upper()}",
        title=Text("公園使用料"),
        amount=amount,
        lines=[{"text": "l", "amount": amount}],
        payer=("山田 花子", kana),
    )
    assert fee is not None
    return fee


def transfer(fee: FeeDue, amount: int | None = None, **more: Any) -> Transfer:
    return Transfer(yesterday(), amount or fee.amount, f"{fee.number} ﾔﾏﾀﾞ ﾊﾅｺ", **more)


def take_in(clerk: User, *transfers: Transfer, content: bytes = b"") -> BankStatement:
    return banking.take_in(content=content or zengin_03(list(transfers)), name="a.txt", by=clerk)


def book(clerk: User, statement: BankStatement) -> None:
    banking.apply(statement_id=statement.pk, by=clerk)
    outbox.drain()


def states(statement: BankStatement) -> list[tuple[int, str, str]]:
    return list(statement.lines.order_by("number").values_list("number", "state", "reason"))


def test_preview_books_nothing(clerk: User) -> None:
    fee = a_fee()
    statement = take_in(clerk, transfer(fee))
    assert states(statement) == [(2, "matched", "")]
    fee.refresh_from_db()
    assert (fee.state, Payment.objects.count()) == ("due", 0)


def test_number_and_amount_pay_the_fee(clerk: User) -> None:
    fee = a_fee()
    statement = take_in(clerk, transfer(fee))
    book(clerk, statement)
    fee.refresh_from_db()
    statement.refresh_from_db()
    payment = fee.payments.get()
    assert (fee.state, statement.state, states(statement)) == (
        "paid", "applied", [(2, "booked", "")],
    )  # fmt: skip
    assert (payment.provider, payment.outcome, payment.received_on) == ("bank", "paid", yesterday())
    assert OutboxRow.objects.filter(kind=actions.FEE_PAID).count() == 1


def test_broken_line_is_reported_the_rest_done_nothing_twice(clerk: User) -> None:
    first, second = a_fee(), a_fee(700)
    content = zengin_03([transfer(first), transfer(second)])
    broken = content.replace(b"000000000480", b"0000000004X0", 1)
    statement = take_in(clerk, content=broken)
    assert states(statement) == [(2, "broken", "amount"), (3, "matched", "")]
    book(clerk, statement)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == ("due", "paid")
    # The bank sends the mended file: only what was missing is new.
    mended = take_in(clerk, content=content)
    assert states(mended) == [(2, "matched", ""), (3, "duplicate", "known")]
    book(clerk, mended)
    first.refresh_from_db()
    assert first.state == "paid"
    assert Payment.objects.count() == 2


def test_same_file_again_is_the_first_one(clerk: User) -> None:
    fee = a_fee()
    content = zengin_03([transfer(fee)])
    statement = take_in(clerk, content=content)
    book(clerk, statement)
    again = take_in(clerk, content=content)
    assert again == statement
    book(clerk, again)
    assert (Payment.objects.count(), BankStatement.objects.count()) == (1, 1)


def test_overlapping_file_books_only_what_is_new(clerk: User) -> None:
    fees = [a_fee(100 + n) for n in range(4)]
    book(clerk, take_in(clerk, *(transfer(fee) for fee in fees[:3])))
    later = take_in(clerk, *(transfer(fee) for fee in fees[1:]))
    assert [state for _n, state, _r in states(later)] == ["duplicate", "duplicate", "matched"]
    book(clerk, later)
    assert Payment.objects.count() == 4
    assert {fee.state for fee in FeeDue.objects.all()} == {"paid"}


def test_killed_in_the_middle_goes_on_where_it_was(
    clerk: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(banking, "PIECE", 2)
    fees = [a_fee(100 + n) for n in range(5)]
    statement = take_in(clerk, *(transfer(fee) for fee in fees))
    banking.apply(statement_id=statement.pk, by=clerk)
    real, calls = banking._book, []

    def dies(line: BankLine, fee_id: uuid.UUID, by: Any) -> list[Payment]:
        calls.append(line.number)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return real(line, fee_id, by)

    monkeypatch.setattr(banking, "_book", dies)
    with pytest.raises(KeyboardInterrupt):
        outbox.drain()
    # The first piece is done wholly, the second not at all.
    assert Payment.objects.count() == 2
    OutboxRow.objects.filter(kind=banking.APPLY, state="pending").update(
        leased_until=None, next_at=timezone.now()
    )
    monkeypatch.setattr(banking, "_book", real)
    outbox.drain()
    statement.refresh_from_db()
    assert (statement.state, Payment.objects.count()) == ("applied", 5)
    assert {state for _n, state, _r in states(statement)} == {"booked"}


@pytest.mark.parametrize(
    ("payer", "amount", "state", "reason"),
    [
        ("{number} ﾔﾏﾀﾞ ﾊﾅｺ", 479, "suggested", "amount_differs"),
        ("{number} ﾔﾏﾀﾞ ﾊﾅｺ", 481, "suggested", "amount_differs"),
        ("ﾔﾏﾀﾞ ﾊﾅｺ", 480, "suggested", "name"),
        ("ﾔﾏﾀﾞ ﾊﾅｺ", 481, "unmatched", "no_fee"),
        ("ｽｽﾞｷ ﾊﾙ", 480, "unmatched", "no_fee"),
        ("0000000000 ｽｽﾞｷ ﾊﾙ", 480, "unmatched", "no_fee"),
    ],
)
def test_what_does_not_fit_wholly_is_never_booked_by_itself(
    clerk: User, payer: str, amount: int, state: str, reason: str
) -> None:
    fee = a_fee()
    statement = take_in(clerk, Transfer(yesterday(), amount, payer.format(number=fee.number)))
    assert states(statement) == [(2, state, reason)]
    book(clerk, statement)
    fee.refresh_from_db()
    assert (fee.state, Payment.objects.count()) == ("due", 0)
    assert [line.state for line in queries.open_lines()] == [state]


def test_two_fees_of_one_sum_and_name_are_left_to_a_person(clerk: User) -> None:
    a_fee()
    a_fee()
    statement = take_in(clerk, Transfer(yesterday(), 480, "ﾔﾏﾀﾞ ﾊﾅｺ"))
    assert states(statement) == [(2, "suggested", "several")]


def test_fee_paid_twice_in_one_file_is_booked_once_and_the_other_shown(clerk: User) -> None:
    fee = a_fee()
    statement = take_in(clerk, transfer(fee, reference=1), transfer(fee, reference=2))
    assert states(statement) == [(2, "matched", ""), (3, "suggested", "not_due")]


def test_fee_that_was_paid_since_the_preview_is_not_booked(clerk: User) -> None:
    fee = a_fee()
    statement = take_in(clerk, transfer(fee))
    actions.receive(
        fee_id=fee.pk, source="counter", key="c1", amount=480, received_on=yesterday(), by=SYSTEM
    )
    book(clerk, statement)
    assert states(statement) == [(2, "suggested", "changed")]
    assert fee.payments.count() == 1


def test_money_that_went_out_is_not_taken(clerk: User) -> None:
    fee = a_fee()
    statement = take_in(clerk, transfer(fee, outgoing=True), transfer(fee, cancelled=True))
    assert states(statement) == [(2, "outgoing", "outgoing"), (3, "outgoing", "cancelled")]


def _open_line(clerk: User, amount: int) -> BankLine:
    book(clerk, take_in(clerk, Transfer(yesterday(), amount, "ｽｽﾞｷ ﾊﾙ")))
    return queries.open_lines().get()


def test_too_little_stays_due_and_the_rest_pays_it(clerk: User) -> None:
    fee = a_fee()
    line = _open_line(clerk, 300)
    banking.assign(line_id=line.pk, number=str(fee.number), by=clerk)
    fee.refresh_from_db()
    assert (fee.state, fee.outstanding) == ("due", 180)
    banking.assign(line_id=_open_line(clerk, 180).pk, number=str(fee.number), by=clerk)
    fee.refresh_from_db()
    assert (fee.state, fee.outstanding, fee.received) == ("paid", 0, 480)
    assert OutboxRow.objects.filter(kind=actions.FEE_PAID).count() == 1


def test_too_much_is_kept_as_surplus(clerk: User) -> None:
    fee = a_fee()
    banking.assign(line_id=_open_line(clerk, 500).pk, number=str(fee.number), by=clerk)
    fee.refresh_from_db()
    assert (fee.state, fee.received) == ("paid", 480)
    assert [payment.amount for payment in Payment.objects.filter(outcome="surplus")] == [20]
    assert list(queries.fees("surplus")) == [fee]


def test_line_is_dealt_with_once(clerk: User) -> None:
    fee = a_fee()
    line = _open_line(clerk, 480)
    with pytest.raises(InvalidInput):
        banking.assign(line_id=line.pk, number="0000000098", by=clerk)
    banking.assign(line_id=line.pk, number=str(fee.number), by=clerk)
    for again in (
        lambda: banking.assign(line_id=line.pk, number=str(fee.number), by=clerk),
        lambda: banking.to_return(line_id=line.pk, note="x", by=clerk),
        lambda: banking.returned(line_id=line.pk, on=yesterday(), by=clerk),
    ):
        with pytest.raises(Conflict):
            again()
    with pytest.raises(NotFound):
        banking.assign(line_id=line.pk + 1, number=str(fee.number), by=clerk)


def test_line_that_goes_back_stays_on_the_list_until_it_has(clerk: User) -> None:
    line = _open_line(clerk, 480)
    with pytest.raises(InvalidInput):
        banking.to_return(line_id=line.pk, note=" ", by=clerk)
    banking.to_return(line_id=line.pk, note="納付者に電話した", by=clerk)
    assert [each.state for each in queries.open_lines()] == ["to_return"]
    with pytest.raises(InvalidInput):
        banking.returned(line_id=line.pk, on=timezone.localdate() + timedelta(days=1), by=clerk)
    banking.returned(line_id=line.pk, on=timezone.localdate(), by=clerk)
    assert not queries.open_lines().exists()


def test_line_of_a_preview_is_not_dealt_with(clerk: User) -> None:
    statement = take_in(clerk, Transfer(yesterday(), 480, "ｽｽﾞｷ"))
    with pytest.raises(Conflict):
        banking.to_return(line_id=statement.lines.get().pk, note="x", by=clerk)
    assert not queries.open_lines().exists()


def test_discarded_preview_leaves_nothing_a_booked_file_stays(clerk: User) -> None:
    fee = a_fee()
    content = zengin_03([transfer(fee)])
    banking.discard(statement_id=take_in(clerk, content=content).pk, by=clerk)
    assert BankLine.objects.count() == 0
    statement = take_in(clerk, content=content)
    assert states(statement) == [(2, "matched", "")]
    book(clerk, statement)
    with pytest.raises(Conflict):
        banking.discard(statement_id=statement.pk, by=clerk)


def test_table_is_read_as_the_town_has_set_it(clerk: User) -> None:
    fee = a_fee()
    FinanceSettings.objects.create(pk=1, columns={"payer": "振込人"})
    content = table([(f"{yesterday():%Y/%m/%d}", "", "480", f"{fee.number} ﾔﾏﾀﾞ")])
    with pytest.raises(InvalidInput) as refused:
        take_in(clerk, content=content)
    assert refused.value.errors["file"]
    statement = take_in(
        clerk, content=content.replace("摘要".encode("cp932"), "振込人".encode("cp932"))
    )
    assert states(statement) == [(2, "matched", "")]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["fits", "less", "more", "name", "nobody", "out", "broken", "again"]),
            st.integers(1, 9_999_999),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_booked_and_unmatched_and_broken_are_the_file(
    clerk: User, parts: list[tuple[str, int]]
) -> None:
    """The property of a reconciliation: nothing appears, nothing disappears."""
    transfers, came, broken = [], 0, 0
    for place, (kind, amount) in enumerate(parts):
        fee = a_fee(amount)
        paid = {"less": max(amount - 1, 1), "more": amount + 1}.get(kind, amount)
        payer = {"name": "ﾔﾏﾀﾞ ﾊﾅｺ", "nobody": "ｽｽﾞｷ"}.get(kind, f"{fee.number} ﾔﾏﾀﾞ")
        if kind == "again" and transfers:
            transfers.append(transfers[-1])
            paid = transfers[-1].amount
            came += 0 if transfers[-1].outgoing else paid
            continue
        transfers.append(
            Transfer(yesterday(), paid, payer, outgoing=kind == "out", reference=place + 1)
        )
        came += 0 if kind == "out" else paid
    records = zengin_03(transfers).split(b"\r\n")
    for place, (kind, _amount) in enumerate(parts):
        if kind == "broken":
            records[place + 1] = records[place + 1][:24] + b"?" * 12 + records[place + 1][36:]
            broken += transfers[place].amount
    before = sum(Payment.objects.filter(provider="bank").values_list("amount", flat=True))
    statement = take_in(clerk, content=b"\r\n".join(records))
    sums = queries.sums_of(statement)
    assert sums.lines == len(transfers)
    assert sums.incoming + broken == came == sums.stated_total
    assert sums.missing == broken
    book(clerk, statement)
    sums = queries.sums_of(statement)
    booked = sums.yen("booked")
    unmatched = sums.yen("suggested", "unmatched", "duplicate", "matched")
    assert booked + unmatched + broken == came
    assert sums.yen("matched") == 0
    after = sum(Payment.objects.filter(provider="bank").values_list("amount", flat=True))
    assert after - before == booked
    day = next((d for d in queries.report(yesterday(), yesterday())), None)
    entered = sum(p.amount for p in Payment.objects.filter(outcome__in=Payment.MONEY)) + sum(
        line.amount or 0 for line in queries.open_lines()
    )
    assert (day.came if day else 0) == entered


def test_report_adds_up_by_day_and_source(clerk: User) -> None:
    one, other = a_fee(), a_fee(700)
    today = timezone.localdate()
    book(clerk, take_in(clerk, transfer(one), Transfer(yesterday(), 33, "ｽｽﾞｷ")))
    actions.receive(
        fee_id=other.pk, source="counter", key="c", amount=750, received_on=today, by=SYSTEM
    )
    found = {day.on: day for day in queries.report(yesterday(), today)}
    assert found[yesterday()].by_source == (("bank", 480),)
    assert (found[yesterday()].unmatched, found[yesterday()].came) == (33, 513)
    assert found[today].by_source == (("counter", 700),)
    assert (found[today].surplus, found[today].came) == (50, 750)


def test_matching_asks_the_same_few_statements_for_any_number_of_lines(
    clerk: User,
) -> None:
    def statements(count: int) -> int:
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        transfers = [transfer(a_fee(1_000 + n), reference=n) for n in range(count)]
        content = zengin_03(transfers)
        with CaptureQueriesContext(
            connection,
        ) as captured:
            take_in(clerk, content=content)
        return len(captured)

    assert statements(1) == statements(3)


def test_file_of_another_town_is_not_there(clerk: User, other_town: Any, in_town: Any) -> None:
    fee = a_fee()
    statement = take_in(clerk, transfer(fee))
    with in_town(other_town):
        stranger = people.staff(Role.FINANCE, at=None)
        with pytest.raises(NotFound):
            banking.apply(statement_id=statement.pk, by=stranger)
        foreign = take_in(stranger, transfer(fee))
        assert states(foreign) == [(2, "unmatched", "no_fee")]
