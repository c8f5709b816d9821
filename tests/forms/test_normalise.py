"""What people type in Japanese, and what is kept of it."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms import normalise
from forms.normalise import Unreadable


@pytest.mark.parametrize(
    "typed",
    [
        "2026-04-01",
        "2026/4/1",
        "2026.4.1",
        "20260401",
        "２０２６－０４－０１",
        "2026年4月1日",
        "令和8年4月1日",
        "令和８年４月１日",
        "R8.4.1",
        "r8/4/1",
        "Ｒ８．４．１",
        " R8-04-01 ",
    ],
)
def test_date_is_understood_as_written(typed: str) -> None:
    assert normalise.date(typed) == "2026-04-01"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("令和元年5月1日", "2019-05-01"),
        ("H31.4.30", "2019-04-30"),
        ("昭和64年1月7日", "1989-01-07"),
        ("S39.10.10", "1964-10-10"),
        ("明治33年2月28日", "1900-02-28"),
        ("2024-02-29", "2024-02-29"),
        ("", None),
    ],
)
def test_date_of_every_era(typed: str, kept: str | None) -> None:
    assert normalise.date(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "tomorrow",
        "2026-02-30",
        "2026-13-01",
        "令和1年4月30日",
        "令和0年1月1日",
        "元年5月1日",
        "26-4-1",
        "1700-01-01",
        "9999-01-01",
        "2026-04",
        "2026年4月1日12時",
        "X8.4.1",
        "١٢٣٤-٠١-٠١",
    ],
)
def test_date_that_is_none_is_refused(typed: str) -> None:
    with pytest.raises(Unreadable):
        normalise.date(typed)


@pytest.mark.parametrize(
    ("parts", "kept"),
    [
        (("2026", "4", "1"), "2026-04-01"),
        (("令和8", "４", "1日"), "2026-04-01"),
        (("R8", "04月", "01"), "2026-04-01"),
        (("令和8年", "4", "1"), "2026-04-01"),
        (("", "", ""), None),
    ],
)
def test_date_in_three_fields(parts: tuple[str, str, str], kept: str | None) -> None:
    assert normalise.date_from_fields(*parts) == kept


@pytest.mark.parametrize(
    "parts",
    [
        ("2026", "", "1"),
        ("", "4", "1"),
        ("abc", "4", "1"),
        ("2026", "x", "1"),
        ("8", "4", "1"),
        ("2026", "09012345678", "1"),  # a telephone number in the wrong box
        ("2026", "4", "9" * 30),
        ("2026", "4", "٣"),
    ],
)
def test_date_in_three_fields_incomplete_is_refused(parts: tuple[str, str, str]) -> None:
    with pytest.raises(Unreadable):
        normalise.date_from_fields(*parts)


@given(
    st.sampled_from(["2026", "令和8", "R8", "元", "9" * 30]) | st.text(max_size=8),
    st.sampled_from(["4", "12", "９"]) | st.from_regex(r"\d{1,30}") | st.text(max_size=8),
    st.sampled_from(["1", "31", "３月"]) | st.from_regex(r"\d{1,30}") | st.text(max_size=8),
)
def test_whatever_stands_in_three_fields_is_a_day_or_refused(
    year: str, month: str, day: str
) -> None:
    try:
        found = normalise.date_from_fields(year, month, day)
    except Unreadable:
        return
    assert found is None or dt.date.fromisoformat(found)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  山田　花子　", "山田　花子"),
        ("ﾔﾏﾀﾞ ﾊﾅｺ", "ヤマダ ハナコ"),
        ("か\u3099", "が"),
        ("髙﨑𠮷", "髙﨑𠮷"),
        ("神\ufa19", "神\ufa19"),
        ("Ｗｉｄｅ", "Ｗｉｄｅ"),
        ("👩‍👩‍👧", "👩‍👩‍👧"),
    ],
)
def test_text_keeps_names_exactly(typed: str, kept: str) -> None:
    assert normalise.text(typed) == kept


@pytest.mark.parametrize(
    "typed", ["a\x00b", "a\x07", "a\x1b[0m", "a\x7f", "a\u202eb", "a\u2066b", "a\nb"]
)
def test_control_characters_are_refused(typed: str) -> None:
    with pytest.raises(Unreadable):
        normalise.text(typed)


def test_long_text_keeps_lines_but_no_other_control() -> None:
    assert normalise.text("a\r\nb\tc", lines=True) == "a\nb\tc"
    with pytest.raises(Unreadable):
        normalise.text("a\x0bb", lines=True)


def test_input_of_more_than_ten_thousand_characters_is_refused() -> None:
    assert normalise.text("あ" * 10_000) == "あ" * 10_000
    with pytest.raises(Unreadable):
        normalise.text("あ" * 10_001)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("やまだ はなこ", "ヤマダ　ハナコ"),
        ("ﾔﾏﾀﾞ　ﾊﾅｺ", "ヤマダ　ハナコ"),
        ("メアリー・アン", "メアリー・アン"),
        ("", ""),
    ],
)
def test_katakana_however_typed(typed: str, kept: str) -> None:
    assert normalise.katakana(typed) == kept


@pytest.mark.parametrize("typed", ["山田", "Yamada", "ヤマダ1"])
def test_katakana_refuses_other_letters(typed: str) -> None:
    with pytest.raises(Unreadable):
        normalise.katakana(typed)


@pytest.mark.parametrize(
    ("typed", "decimals", "kept"),
    [
        ("１２", 0, 12),
        ("1,234", 0, 1234),
        ("１，２３４，５６７", 0, 1234567),
        ("1,234.5", 1, "1234.5"),
        ("-5", 0, -5),
        ("10.50", 1, "10.5"),
        ("10", 1, "10"),
        ("0.0", 2, "0"),
        ("－３", 0, -3),
        ("", 0, None),
    ],
)
def test_number(typed: str, decimals: int, kept: object) -> None:
    assert normalise.number(typed, decimals) == kept


@pytest.mark.parametrize(
    ("typed", "decimals"),
    [
        ("1.5", 0),
        ("1.25", 1),
        ("1e9", 0),
        ("NaN", 1),
        ("九", 0),
        ("9" * 16, 0),
        # A decimal comma would become ten times as much.
        ("1,5", 1),
        ("1、5", 1),
        ("1,00,0", 0),
        ("1,234,56", 0),
        ("１，５", 1),
        (",500", 0),
    ],
)
def test_number_refused(typed: str, decimals: int) -> None:
    with pytest.raises(Unreadable):
        normalise.number(typed, decimals)


@pytest.mark.parametrize("typed", ["1,5", "1,00,0円", "12、5"])
def test_money_with_a_comma_elsewhere_is_refused(typed: str) -> None:
    with pytest.raises(Unreadable):
        normalise.money(typed)


@pytest.mark.parametrize(
    ("typed", "kept"), [("12,000円", 12000), ("￥5００", 500), ("¥0", 0), ("", None)]
)
def test_money(typed: str, kept: int | None) -> None:
    assert normalise.money(typed) == kept


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("０３ー１２３４ー５６７８", "03-1234-5678"),
        ("03(1234)5678", "03-1234-5678"),
        ("090 1234 5678", "090-1234-5678"),
        ("09012345678", "09012345678"),
        ("+81 90-1234-5678", "090-1234-5678"),
        ("＋８１　９０　１２３４　５６７８", "090-1234-5678"),
        ("+81(0)90.1234.5678", "090-1234-5678"),
        ("+819012345678", "09012345678"),
        ("+81ー3ー1234ー5678", "03-1234-5678"),
        ("+82 10-1234-5678", "+82-10-1234-5678"),
        ("", ""),
    ],
)
def test_phone(typed: str, kept: str) -> None:
    assert normalise.phone(typed) == kept


@pytest.mark.parametrize("typed", ["110", "1234567890", "03-1234-567", "電話", "+1"])
def test_phone_refused(typed: str) -> None:
    with pytest.raises(Unreadable):
        normalise.phone(typed)


@pytest.mark.parametrize("typed", ["165-0026", "１６５ー００２６", "〒1650026", "165 0026"])
def test_postal_code(typed: str) -> None:
    assert normalise.postal_code(typed) == "165-0026"


@pytest.mark.parametrize(
    "code", [0x200B, 0x200E, 0x200F, 0x061C, 0xFEFF, 0x2060, 0x3164, 0x2800, 0x00AD, 0x200D, 0xFE0F]
)
def test_invisible_character_is_no_answer(code: int) -> None:
    assert normalise.text(chr(code)) == ""
    assert normalise.text(f" {chr(code)} {chr(code)}") == ""


@pytest.mark.parametrize("code", [0x200B, 0x200F, 0x061C, 0xFEFF, 0x2060, 0x3164, 0x00AD, 0x200C])
def test_invisible_character_within_a_name_is_taken_out(code: int) -> None:
    assert normalise.text(f"山田{chr(code)}花子") == "山田花子"


@pytest.mark.parametrize(
    "typed",
    [
        "葛\U000e0100飾",  # a variant of the kanji
        "神\ufe00社",
        "👩\u200d👩\u200d👧",
        "❤\ufe0f",
        "\U00031350",  # newer than the tables of Python 3.11
        "\U0002ebf0",
        "\U0001fae9",
        "⠓⠊⠀⠓⠊",  # Braille, with its space
    ],
)
def test_what_joins_something_visible_and_rare_kanji_are_kept(typed: str) -> None:
    assert normalise.text(typed) == typed


@pytest.mark.parametrize("code", [0xD800, 0xFFFF, 0xFDD0, 0x1FFFE, 0x85])
def test_what_is_no_character_is_refused(code: int) -> None:
    with pytest.raises(Unreadable):
        normalise.text(f"山{chr(code)}田")
