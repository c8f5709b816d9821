"""Reading files of the bank: every record, the broken ones with their place and reason."""

from __future__ import annotations

from datetime import date

import pytest

from billing import numbers
from billing.statements import names, reading
from billing.statements.parsed import Line, NotAStatement, keys_of
from billing.statements.table import Columns
from tests.billing.bank import Transfer, table, zengin_01, zengin_03

TODAY = date(2026, 11, 27)
ON = date(2026, 11, 26)
PAID = Transfer(ON, 6_480, "0000004230 ﾔﾏﾀﾞ ﾊﾅｺ", reference=7)
OTHER = Transfer(ON, 100, "ｶ)ﾐﾅﾄｴｲｿﾞｳ", reference=8, edi="REF-12")
COLUMNS = Columns()


def lines(content: bytes, columns: Columns = COLUMNS) -> tuple[Line, ...]:
    return reading.read(content, columns, TODAY).lines


@pytest.mark.parametrize("end", [b"", b"\r\n", b"\n", b"\r"])
@pytest.mark.parametrize("era", [True, False])
def test_every_field_of_a_zengin_record_is_read(end: bytes, era: bool) -> None:
    read = reading.read(zengin_03([PAID, OTHER], end=end, era=era), COLUMNS, TODAY)
    assert (read.format, read.stated) == ("zengin_03", (2, 6_580))
    first, second = read.lines
    assert (first.number, first.booked_on, first.amount, first.payer, first.bank_reference) == (
        2, ON, 6_480, "0000004230 ﾔﾏﾀﾞ ﾊﾅｺ", "00000007",
    )  # fmt: skip
    assert first.account == "0149-001-1-0001234567"
    assert second.texts == ("ﾌﾘｺﾐ", "REF-12", "0000000000")
    assert not first.problem
    assert first.incoming


def test_notice_of_transfers_is_read_and_what_was_taken_back_said() -> None:
    read = reading.read(zengin_01([PAID, Transfer(ON, 50, "ﾔﾏﾀﾞ", cancelled=True)]), COLUMNS, TODAY)
    assert (read.format, read.stated) == ("zengin_01", (1, 6_480))
    assert [line.cancelled for line in read.lines] == [False, True]


def test_file_that_was_made_utf_8_on_the_way_is_read() -> None:
    content = zengin_03([PAID]).decode("cp932").encode("utf-8-sig")
    assert lines(content)[0].payer == "0000004230 ﾔﾏﾀﾞ ﾊﾅｺ"


def _with(content: bytes, record: int, at: int, new: bytes) -> bytes:
    records = content.split(b"\r\n")
    old = records[record - 1]
    records[record - 1] = old[:at] + new + old[at + len(new) :]
    return b"\r\n".join(records)


@pytest.mark.parametrize(
    ("at", "new", "problem"),
    [
        (9, b"081399", "date"),
        (9, b"      ", "date"),
        (9, b"991126", "date"),  # neither era nor common era is near
        (9, b"081230", "date"),  # next month
        (24, b"00000000000X", "amount"),
        (24, b"000000000000", "amount"),
        (24, b"-00000000001", "amount"),
        (21, b"7", "record"),
        (0, b"5", "record"),
        (63, b"\x81\x00", "encoding"),
    ],
)
def test_broken_record_is_reported_and_the_rest_read(at: int, new: bytes, problem: str) -> None:
    found = lines(_with(zengin_03([PAID, OTHER]), 2, at, new))
    assert [(line.number, line.problem) for line in found] == [(2, problem), (3, "")]
    assert found[1].amount == 100


def test_record_of_another_length_is_reported_and_the_rest_read() -> None:
    records = zengin_03([PAID, OTHER]).split(b"\r\n")
    records[1] = records[1][:-3]
    found = lines(b"\r\n".join(records))
    assert [(line.number, line.problem) for line in found] == [(2, "length"), (3, "")]


def test_data_before_any_account_is_not_taken() -> None:
    records = zengin_03([PAID, OTHER]).split(b"\r\n")
    records[0] = b"103" + b"x" * 10
    assert [line.problem for line in lines(b"\r\n".join(records))] == ["length", "header", "header"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"   \r\n", "empty"),
        (zengin_03([PAID])[:3] + b"1" + zengin_03([PAID])[4:], "ebcdic"),
        (b"121" + zengin_03([PAID])[3:], "kind"),
        ("日付,出金,入金,摘要".encode(), "empty"),
        ("日付,入金,メモ\n1,2,3".encode(), "no_column_payer"),
        (b"PK\x03\x04\x00\x00\n\x00", "binary"),
        (b"\x89PNG\r\n\x1a\n\x00", "binary"),
    ],
)
def test_what_is_no_statement_is_refused_as_a_whole(content: bytes, code: str) -> None:
    with pytest.raises(NotAStatement) as refused:
        lines(content)
    assert refused.value.code == code


@pytest.mark.parametrize("encoding", ["cp932", "utf-8", "utf-8-sig"])
def test_table_is_read_by_its_headings(encoding: str) -> None:
    found = lines(
        table(
            [
                ("2026/11/26", "", "6,480", "振込 ﾔﾏﾀﾞ ﾊﾅｺ"),
                ("令和8年11月26日", "", "100円", "ﾐﾅﾄ"),
                ("R8.11.26", "1,000", "", "手数料"),
                ("20261126", "0", "5", "ｱ"),
            ],
            encoding=encoding,
        )
    )
    assert [(line.booked_on, line.amount, line.incoming) for line in found] == [
        (ON, 6_480, True), (ON, 100, True), (ON, 1_000, False), (ON, 5, True),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (("2026/13/26", "", "1", "ｱ"), "date"),
        (("", "", "1", "ｱ"), "date"),
        (("2027/11/26", "", "1", "ｱ"), "future"),
        (("2026/11/26", "", "1.5", "ｱ"), "amount"),
        (("2026/11/26", "", "", "ｱ"), "amount"),
        (("2026/11/26", "1", "1", "ｱ"), "amount"),
        (("2026/11/26", "", "=1+1", "ｱ"), "amount"),
    ],
)
def test_broken_row_is_reported_and_the_rest_read(row: tuple[str, ...], problem: str) -> None:
    found = lines(table([row, ("2026/11/26", "", "7", "ｲ")]))  # type: ignore[list-item]
    assert [(line.number, line.problem, line.amount) for line in found] == [
        (2, problem, None), (3, "", 7),
    ]  # fmt: skip


def test_short_row_is_reported() -> None:
    found = lines("日付,出金,入金,摘要\n2026/11/26,1".encode())
    assert [line.problem for line in found] == ["columns"]


def test_table_is_read_by_numbers_of_columns_and_a_sign() -> None:
    columns = Columns(
        delimiter="\t", skip=1, headings=False, date="1", amount="3", outgoing="", payer="2"
    )
    content = "ignored\n2026-11-26\tﾔﾏﾀﾞ\t-5\n2026-11-26\tﾔﾏﾀﾞ\t5\n".encode()
    found = lines(content, columns)
    assert [(line.amount, line.incoming, line.payer) for line in found] == [
        (5, False, "ﾔﾏﾀﾞ"), (5, True, "ﾔﾏﾀﾞ"),
    ]  # fmt: skip


def test_columns_without_headings_are_numbers() -> None:
    with pytest.raises(ValueError, match="date: without headings"):
        Columns(headings=False)


def test_keys_tell_lines_apart_and_are_the_same_in_an_overlapping_file() -> None:
    twice = Transfer(ON, 10, "ｱ")
    week = keys_of(lines(zengin_03([PAID, twice, twice, OTHER])))
    later = keys_of(lines(zengin_03([OTHER, twice, twice], end=b"")))
    assert len(set(week)) == 4
    assert set(later) == set(week[1:])
    other_account = keys_of(lines(zengin_03([PAID], account=7)))
    assert not set(other_account) & set(week)


@pytest.mark.parametrize(
    ("written", "known", "fits"),
    [
        ("ﾔﾏﾀﾞ ﾊﾅｺ", "ヤマダ　ハナコ", True),
        ("0000004230 ﾔﾏﾀﾞﾊﾅｺ", "やまだ はなこ", True),
        ("ｷﾖｳﾄﾞｳ ｼﾕﾝﾍﾟｲ", "キョウドウ シュンペイ", True),
        ("ｶ)ﾐﾅﾄｴｲｿﾞｳ", "カブシキガイシャミナトエイゾウ", True),
        ("ﾐﾅﾄｴｲｿﾞｳ(ｶ", "株式会社", False),
        ("ｽﾐﾄﾓｽｰﾊﾟｰ", "スミトモスーパーマーケット", True),  # cut off
        ("ｽﾐ", "スミトモ", False),
        ("ﾔﾏﾀﾞ ﾊﾅｺ", "ヤマダ ハナ", False),
        ("", "ヤマダ", False),
        ("ﾔﾏﾀﾞ", "", False),
    ],
)
def test_names_as_banks_write_them(written: str, known: str, fits: bool) -> None:
    assert names.same(written, known) is fits


def test_number_finds_every_wrong_digit_and_every_swap() -> None:
    number = numbers.with_check(12_345_678)
    assert numbers.is_valid(number)
    for place in range(10):
        for digit in "0123456789":
            changed = number[:place] + digit + number[place + 1 :]
            assert numbers.is_valid(changed) == (changed == number)
    for place in range(9):
        swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
        assert numbers.is_valid(swapped) == (swapped == number)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{n}ﾔﾏﾀﾞ", True), ("ﾔﾏﾀﾞ {n}", True), ("{n4}-{n8}-{n10} ﾔﾏﾀﾞ", True),
        ("{n4} {n8} {n10}", True), ("1{n}", False), ("{n}1", False), ("{n4}", False),
    ],
)  # fmt: skip
def test_number_is_found_however_it_is_spaced(text: str, found: bool) -> None:
    n = numbers.with_check(12_345_678)
    written = text.format(n=n, n4=n[:4], n8=n[4:8], n10=n[8:])
    assert numbers.found_in(written) == ([n] if found else [])
    wide = written.translate({ord(str(d)): ord("０") + d for d in range(10)})
    assert numbers.found_in(wide) == ([n] if found else [])
