"""Files for spreadsheets: types are kept, and nothing that was typed becomes a formula."""

from __future__ import annotations

import csv
import io
import tempfile
import tracemalloc
import zipfile
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from common import tables
from common.tables import Column, CsvFile, CsvFiles, Table, XlsxFile

LIVE = [
    "=1+1", "+1", "-1", "@SUM(A1)", "\t=1+1", "\r=1+1", "\n=1+1", "＝1+1", "＋1", "－1", "＠x",
    "﹦1", " =1", "\u3000=1", "\u200b=1", "\ufeff=1", "\x00=1", "=cmd|' /C calc'!A0",
    '=HYPERLINK("http://evil.example","x")', "-", "+81-3-1234-5678",
]  # fmt: skip
CALM = ["", "a=1", "1-2", "03-1234-5678", "山田", "'=1", "(=1)", "100 000", "#N/A"]


def table(*labels: str) -> Table:
    return Table("申請", [Column(label) for label in labels])


def as_csv(*cells: Any) -> list[list[str]]:
    with CsvFile(table(*("x" * len(cells)))) as writer:
        writer.add(0, cells)
        with writer.finish() as file:
            text = file.read().decode("utf-8")
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text[1:], newline="")))


def workbook(*rows: Any, columns: Any = None) -> Any:
    made = Table("申請", columns or [Column("x") for _ in rows[0]])
    with XlsxFile([made]) as writer:
        for row in rows:
            writer.add(0, row)
        return writer.finish()


def as_xlsx(*cells: Any) -> list[Any]:
    with workbook(cells) as file:
        sheet = openpyxl.load_workbook(file).active
        return list(list(sheet.iter_rows())[1])


def xml_of(file: Any, name: str = "xl/worksheets/sheet1.xml") -> str:
    with zipfile.ZipFile(file) as archive:
        return archive.read(name).decode("utf-8")


class TestLiveCells:
    @pytest.mark.parametrize("text", LIVE)
    def test_csv_marks_what_looks_like_a_formula(self, text: str) -> None:
        assert as_csv(text)[1] == ["'" + tables.writable(text)]

    @pytest.mark.parametrize("text", CALM)
    def test_csv_leaves_other_texts_alone(self, text: str) -> None:
        assert as_csv("first", text)[1] == ["first", text]

    @pytest.mark.parametrize("text", [*LIVE, *CALM[1:]])
    def test_xlsx_keeps_every_text_as_text(self, text: str) -> None:
        (cell,) = as_xlsx(text)
        assert (cell.value, cell.data_type) == (tables.writable(text), "s")
        with workbook([text]) as file:
            xml = xml_of(file)
        assert "<f" not in xml.partition("<sheetData>")[2]
        assert 't="e"' not in xml

    @pytest.mark.parametrize("text", LIVE)
    def test_xlsx_keeps_it_text_when_the_cell_is_edited(self, text: str) -> None:
        (cell,) = as_xlsx(text)
        assert bool(cell.quotePrefix)

    @pytest.mark.parametrize(
        "number", ["+81-90-1234-5678", "+81 (0)90 1234 5678", "+819012345678", "＋８１９０１２３４"]
    )
    def test_a_telephone_number_stays_readable_and_is_no_sum(self, number: str) -> None:
        assert as_csv("first", number)[1] == ["first", f"'{number}"]
        (cell,) = as_xlsx(number)
        assert (cell.value, cell.data_type, bool(cell.quotePrefix)) == (number, "s", True)

    def test_a_telephone_number_without_country_code_is_left_alone(self) -> None:
        assert as_csv("090-1234-5678")[1] == ["090-1234-5678"]

    def test_headings_are_text_too(self) -> None:
        made = Table("=1", [Column("=1+1")])
        with XlsxFile([made]) as writer, writer.finish() as file:
            assert "<f" not in xml_of(file).partition("<sheetData>")[2]
        with CsvFile(made) as writer, writer.finish() as file:
            assert file.read().decode() == "\ufeff'=1+1\r\n"


class TestTypes:
    def test_csv(self) -> None:
        cells = ["0012", 1200, -5, Decimal("10.50"), date(2026, 4, 1), None, "a,b", 'say "x"']
        assert as_csv(*cells)[1] == [
            "0012", "1200", "-5", "10.50", "2026-04-01", "", "a,b", 'say "x"',
        ]  # fmt: skip

    def test_csv_is_rfc_4180(self) -> None:
        with CsvFile(table("a", "b")) as writer:
            writer.add(0, ['1 "x"', "two\r\nlines"])
            with writer.finish() as file:
                raw = file.read()
        assert raw == '\ufeffa,b\r\n"1 ""x""","two\nlines"\r\n'.encode()

    def test_xlsx(self) -> None:
        cells = ["0012", 1200, -5, Decimal("10.5"), date(2026, 4, 1), None, "090-1234-5678"]
        found = as_xlsx(*cells)
        assert [cell.data_type for cell in found] == ["s", "n", "n", "n", "d", "n", "s"]
        assert [cell.value for cell in found[:4]] == ["0012", 1200, -5, 10.5]
        assert found[4].value.date() == date(2026, 4, 1)
        assert found[4].number_format == "yyyy-mm-dd"
        assert (found[5].value, found[6].value) == (None, "090-1234-5678")

    def test_money_has_separators(self) -> None:
        with workbook([12_000], columns=[Column("x", money=True)]) as file:
            cell = openpyxl.load_workbook(file).active["A2"]
        assert (cell.value, cell.number_format) == (12_000, "#,##0")

    def test_a_day_before_excels_calendar_is_text(self) -> None:
        early, late = as_xlsx(date(1899, 12, 31), date(1900, 3, 1))
        assert (early.data_type, early.value) == ("s", "1899-12-31")
        assert (late.data_type, late.value.date()) == ("d", date(1900, 3, 1))

    def test_a_number_too_long_to_be_exact_is_text(self) -> None:
        exact, long = as_xlsx(999_999_999_999_999, 10**15)
        assert (exact.value, long.value) == (999_999_999_999_999, "1000000000000000")

    def test_an_empty_table_has_its_headings(self) -> None:
        with CsvFile(table("a", "b")) as writer, writer.finish() as file:
            assert file.read().decode() == "\ufeffa,b\r\n"
        with XlsxFile([table("a")]) as book, book.finish() as file:
            sheet = openpyxl.load_workbook(file).active
            assert [[cell.value for cell in row] for row in sheet.iter_rows()] == [["a"]]
            assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("B2", "A1:A1")


class TestCharacters:
    HOSTILE = "a\x00b\x01\x0b\x1f\x7f\x85c\ud800\ufffe\uffffd"

    def test_what_no_file_can_hold_is_left_out(self) -> None:
        assert as_csv(self.HOSTILE)[1] == ["abcd"]
        assert as_xlsx(self.HOSTILE)[0].value == "abcd"

    def test_rare_kanji_and_emoji_stay(self) -> None:
        text = "髙橋 𠮷子 👩‍👧 葛\U000e0100"
        assert as_csv(text)[1] == [text]
        assert as_xlsx(text)[0].value == text

    def test_an_escape_of_excel_is_no_character(self) -> None:
        with workbook(["_x003D_1", "my_x_file"]) as file:
            xml = xml_of(file)
        assert "_x005F_x003D_1" in xml
        assert "my_x_file" in xml

    def test_a_text_longer_than_a_cell_is_cut_openly(self) -> None:
        found = as_xlsx("あ" * 40_000)[0].value
        assert (len(found), found[-1]) == (tables.LONGEST_CELL, "…")

    def test_markup_is_text(self) -> None:
        text = "<b>&amp;</b>]]>"
        assert as_xlsx(text)[0].value == text


class TestSeveralTables:
    TABLES = (
        Table("申請 [1]", [Column("a")]),
        Table("子ども/養子", [Column("b")]),
        Table("子ども:養子", [Column("c")]),
        Table("x" * 40, [Column("d")]),
        Table("'", [Column("e")]),
    )
    NAMES = ("申請  1", "子ども 養子", "子ども 養子 2", "x" * 31, "-")

    def test_sheets_have_names_that_excel_takes(self) -> None:
        with XlsxFile(self.TABLES) as writer:
            writer.add(1, ["row"])
            with writer.finish() as file:
                book = openpyxl.load_workbook(file)
        assert tuple(book.sheetnames) == self.NAMES
        assert [row[0].value for row in book.worksheets[1].iter_rows()] == ["b", "row"]

    def test_csv_files_come_in_a_zip(self) -> None:
        with CsvFiles(self.TABLES) as writer:
            writer.add(1, ["row"])
            with writer.finish() as file, zipfile.ZipFile(file) as archive:
                assert archive.testzip() is None
                assert archive.namelist() == [f"{name}.csv" for name in self.NAMES]
                assert archive.read("子ども 養子.csv").decode() == "\ufeffb\r\nrow\r\n"


@pytest.mark.parametrize("kind", [CsvFiles, XlsxFile])
def test_an_error_leaves_no_file_behind(
    kind: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    writer = kind([table("a"), table("b")])

    def break_off() -> None:
        with writer:
            writer.add(0, ["secret"])
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        break_off()
    assert list(tmp_path.iterdir()) == []
    with kind([table("a")]) as whole:
        whole.add(0, ["secret"])
        whole.finish().close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", [CsvFiles, XlsxFile])
def test_memory_does_not_grow_with_the_rows(kind: Any) -> None:
    def most(rows: int) -> int:
        tracemalloc.start()
        with kind([table("a", "b")]) as writer:
            for number in range(rows):
                writer.add(0, [f"row {number} " + "x" * 500] * 2)
            writer.finish().close()
        _now, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return peak

    most(50)  # what is loaded once
    # 3,000 rows more are 3 MB of text.
    assert most(3_500) - most(500) < 300_000
