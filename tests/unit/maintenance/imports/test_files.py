"""Files of every format that people send, sound and otherwise."""

import io
import struct
import time
import zipfile
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from maintenance.imports import files, grids, xlsx
from maintenance.imports.columns import Column, Headings
from maintenance.imports.files import open_book
from maintenance.imports.frequency_words import read_frequency
from maintenance.imports.problems import CellProblem, Problems, Unreadable
from maintenance.imports.reading import read_plan_table
from maintenance.imports.tables import find_tables, rows_of
from maintenance.imports.values import read_date
from maintenance.imports.writing import template
from tests.unit.maintenance.imports.workbooks import HEAD, saved, with_part, workbook, zipped

FOLDER = Path(__file__).resolve().parents[3] / "testcases" / "imports"
AT, ZERO = datetime.fromisoformat("2026-11-28T08:30"), datetime.fromisoformat("1904-01-01")
LINE = ("照明系统", "每月一次", "电气管理部门")
CELLS = Headings(
    [Column("a", "甲", "甲", "A", needed=True), Column("b", "乙", "乙", "B"), Column("c", "丙", "丙", "C")]
)


def codes(data: bytes, name: str = "t.xlsx") -> list[str]:
    return [one.code for one in read_plan_table(data, name)[1].errors]


def table(data: bytes, name: str = "t") -> list[dict[str, object]]:
    problems = Problems()
    found = [
        dict(row.cells)
        for t in find_tables(open_book(io.BytesIO(data), name), CELLS, problems)
        for row in rows_of(t, CELLS)
    ]
    assert not problems.errors
    return found


@pytest.mark.parametrize("cell", ["[" * 120_000, "。" * 120_000 + "x", "1" + " " * 120_000 + "1"])
def test_a_long_cell_is_answered_at_once(cell: str) -> None:
    begun = time.process_time()
    assert codes(f"{','.join(HEAD)}\n供水系统,{cell},水务管理部门\n".encode(), "t.csv") == []
    with pytest.raises(CellProblem):
        read_date(cell)
    with pytest.raises(CellProblem):
        read_frequency(cell)
    assert time.process_time() - begun < 1


def test_rows_that_stand_for_many_are_not_all_looked_at() -> None:
    space = "urn:oasis:names:tc:opendocument:xmlns:table:1.0"
    row = '<t:table-row t:number-rows-repeated="100000"><t:table-cell><p>x</p></t:table-cell></t:table-row>'
    content = f'<office xmlns:t="{space}"><t:table t:name="a">{row * 3_000}</t:table></office>'
    media = b"application/vnd.oasis.opendocument.spreadsheet"
    begun = time.process_time()
    assert codes(zipped({"mimetype": media, "content.xml": content.encode()}), "t.ods") == ["missing_column"]
    assert time.process_time() - begun < 3


def test_a_template_may_have_more_than_26_lists() -> None:
    columns = [Column(f"c{n}", f"列{n}", f"列{n}", f"C{n}", choices=lambda _: ["a", "b"]) for n in range(30)]
    sheet = openpyxl.load_workbook(io.BytesIO(template(columns, "zh"))).worksheets[0]
    lists = [one.formula1 for one in sheet.data_validations.dataValidation]
    assert (lists[0], lists[29]) == ("'选项'!$A$1:$A$2", "'选项'!$AD$1:$AD$2")


@pytest.mark.parametrize("name", ["plan.xls", "plan.ods"])
def test_old_workbooks_and_open_documents_are_read_with_titles_merged_cells_and_dates(name: str) -> None:
    rows, problems = read_plan_table((FOLDER / name).read_bytes(), name)
    assert not problems.errors
    assert [(row.number, row.text("system"), row.text("department")) for row in rows] == [
        (3, "照明系统", "电气管理部门"), (4, "供电系统", "电气管理部门"),
    ]  # fmt: skip
    assert rows[0].cells["anchor"] == date(2026, 11, 28)
    assert rows[0].sheet == "计划"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be", "big5"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_texts_are_read_in_the_encodings_and_separators_that_programs_write(encoding: str, separator: str) -> None:
    text = separator.join(("設施設備類別", "維護周期")) + "\r\n" + separator.join(("照明系統", "每月一次")) + "\r\n"
    rows, problems = read_plan_table(text.encode(encoding), "t.csv")
    assert not problems.errors
    assert [(row.number, row.text("system")) for row in rows] == [(2, "照明系統")]


def test_a_line_that_names_the_separator_is_no_row() -> None:
    assert table("sep=;\n甲;乙\n1;2\n".encode()) == [{"a": "1", "b": "2"}]


def test_row_numbers_are_those_of_the_spreadsheet_whatever_is_in_the_cells() -> None:
    rows, _ = read_plan_table(
        '设施设备类别,维护周期,备注\n\n"照明系统",每月一次,"一\n二"\n供电系统,每月一次,\n'.encode(), "t.csv"
    )
    assert [row.number for row in rows] == [3, 4]


def test_values_of_a_workbook_have_their_types() -> None:
    def fill(sheet: Worksheet) -> None:
        sheet["A2"], sheet["B2"], sheet["C2"] = 101, 2.5, True
        sheet["A3"], sheet["B3"], sheet["C3"] = date(2026, 11, 28), AT, "007"
        sheet["A4"], sheet["B4"] = "=x", "a\nb"
        sheet["A4"].data_type = "s"

    assert table(workbook([("甲", "乙", "丙")], fill)) == [
        {"a": 101, "b": 2.5, "c": True},
        {"a": date(2026, 11, 28), "b": AT, "c": "007"},
        {"a": "=x", "b": "a\nb"},
    ]


def test_days_of_a_workbook_of_1904_are_the_days_that_it_shows() -> None:
    book = openpyxl.Workbook()
    book.epoch = ZERO
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.append(["甲"])
    sheet.append([date(2026, 11, 28)])
    assert table(saved(book)) == [{"a": date(2026, 11, 28)}]


def test_a_formula_is_named_with_what_it_shows_and_nothing_is_read_in_its_place() -> None:
    data = workbook([HEAD, LINE, ("照明系统", "=B2", "电气管理部门")])
    rows, problems = read_plan_table(data, "t.xlsx")
    assert [(p.sheet, p.row, p.column, p.value, p.code) for p in problems.errors] == [
        ("计划", 3, "维护周期", "=B2", "formula")
    ]
    assert len(rows) == 2


def test_an_error_value_is_named() -> None:
    def fill(sheet: Worksheet) -> None:
        sheet["C2"] = "#N/A"

    problems = read_plan_table(workbook([HEAD, LINE], fill), "t.xlsx")[1]
    assert [(p.row, p.column, p.value, p.code) for p in problems.errors] == [(2, "维护责任部门", "#N/A", "error_value")]
    assert codes("设施设备类别,维护周期\n照明系统,#REF!\n".encode(), "t.csv") == ["error_value"]


def test_cells_merged_over_rows_of_one_column_count_for_each_row() -> None:
    rows, problems = read_plan_table(
        workbook([HEAD, LINE, ("供电系统", "每月一次", None)], lambda sheet: sheet.merge_cells("C2:C3")), "t.xlsx"
    )
    assert not problems.errors
    assert [row.text("department") for row in rows] == ["电气管理部门"] * 2
    (told,) = [one for one in problems.warnings if one.code == "merged_counts"]
    assert "C2:C3" in told.message


def test_cells_merged_over_columns_name_the_range_to_unmerge() -> None:
    problems = read_plan_table(workbook([HEAD, LINE], lambda sheet: sheet.merge_cells("A2:B2")), "t.xlsx")[1]
    assert problems.errors[0].code == "merged"
    assert "A2:B2" in problems.errors[0].message
    assert len([one for one in problems.errors if one.code == "merged"]) == 1


def test_codes_merged_over_rows_are_refused() -> None:
    data = workbook([("编号", *HEAD), ("X-1", *LINE), (None, *LINE)], lambda sheet: sheet.merge_cells("A2:A3"))
    problems = read_plan_table(data, "t.xlsx")[1]
    assert ("merged", "编号") in {(one.code, one.column) for one in problems.errors}


def test_headings_in_two_rows_read_as_one() -> None:
    def fill(sheet: Worksheet) -> None:
        sheet.merge_cells("A1:A2")
        sheet.merge_cells("B1:C1")

    data = workbook([("设施设备类别", "维护", None), (None, "周期", "责任部门"), LINE], fill)
    rows, problems = read_plan_table(data, "t.xlsx")
    assert not problems.errors
    assert [(row.number, row.text("frequency")) for row in rows] == [(3, "每月一次")]


def test_titles_sections_and_remarks_around_the_data_are_left_out_with_a_warning() -> None:
    def fill(sheet: Worksheet) -> None:
        sheet.merge_cells("A1:C1")
        sheet.merge_cells("A4:C4")

    rows, problems = read_plan_table(
        workbook(
            [("2026年计划", None, None), (), HEAD, ("一、电气", None, None), LINE, ("注：试行", None, None)], fill
        ),
        "t.xlsx",
    )
    assert not problems.errors
    assert [row.number for row in rows] == [5]
    assert {(one.code, one.row) for one in problems.warnings} == {("section_row", 4), ("note_row", 6)}


def test_ditto_is_the_cell_above() -> None:
    rows, _ = read_plan_table(workbook([HEAD, LINE, ("供电系统", "同上", "〃")]), "t.xlsx")
    assert [row.text("frequency") for row in rows] == ["每月一次"] * 2
    assert [row.text("department") for row in rows] == ["电气管理部门"] * 2


def test_the_sheet_is_chosen_by_its_headings_and_hidden_ones_are_not_read() -> None:
    book = openpyxl.Workbook()
    cover = book.active
    assert isinstance(cover, Worksheet)
    cover.append(["本工作簿的说明"])
    for name, state in (("计划", "visible"), ("旧计划", "hidden")):
        sheet = book.create_sheet(name)
        sheet.append(list(HEAD))
        sheet.append(list(LINE))
        sheet.sheet_state = state
    rows, problems = read_plan_table(saved(book), "t.xlsx")
    assert [row.sheet for row in rows] == ["计划"]
    assert [one.code for one in problems.warnings] == ["hidden_sheet"]


def test_several_sheets_with_the_headings_are_read_and_said() -> None:
    book = openpyxl.Workbook()
    for sheet, system in ((book.active, "照明系统"), (book.create_sheet("B座"), "供电系统")):
        assert isinstance(sheet, Worksheet)
        sheet.append(list(HEAD))
        sheet.append([system, "每月一次", None])
    rows, problems = read_plan_table(saved(book), "t.xlsx")
    assert [row.text("system") for row in rows] == ["照明系统", "供电系统"]
    assert "several_sheets" in [one.code for one in problems.warnings]


def test_hidden_rows_are_read_and_said() -> None:
    def fill(sheet: Worksheet) -> None:
        sheet.row_dimensions[2].hidden = True

    rows, problems = read_plan_table(workbook([HEAD, LINE], fill), "t.xlsx")
    assert len(rows) == 1
    assert "hidden_rows" in [one.code for one in problems.warnings]


def test_a_hundred_thousand_blank_formatted_rows_are_no_rows() -> None:
    blank = b"".join(b'<row r="%d"><c r="A%d" s="1"/><c r="B%d" s="1"/></row>' % (n, n, n) for n in range(3, 100_003))
    plain = workbook([HEAD, LINE])
    with zipfile.ZipFile(io.BytesIO(plain)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml")
    data = with_part(plain, "xl/worksheets/sheet1.xml", sheet.replace(b"</sheetData>", blank + b"</sheetData>"))
    rows, problems = read_plan_table(data, "t.xlsx")
    assert (len(rows), problems.errors) == (1, [])


def test_columns_far_to_the_right_cost_nothing() -> None:
    rows, problems = read_plan_table(workbook([HEAD, LINE], lambda sheet: sheet.__setitem__("XFD2", "x")), "t.xlsx")
    assert (len(rows), problems.errors) == (1, [])


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"   \n", "empty"),
        (b"PK\x03\x04rest", "broken_workbook"),
        (b"%PDF-1.7", "wrong_format"),
        (b"<html><table><tr><td>x</td></tr></table></html>", "wrong_format"),
        (b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook>', "wrong_format"),
        (zipped({"word/document.xml": b"<w/>", "[Content_Types].xml": b"<x/>"}), "wrong_format"),
        (zipped({"xl/workbook.bin": b"x"}), "wrong_format"),
        (zipped({"a.txt": b"x"}), "wrong_format"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "WordDocument".encode("utf-16-le"), "wrong_format"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "Workbook".encode("utf-16-le") + b"\x00" * 600, "broken_workbook"),
        (b"\x00\x01\x02", "not_csv"),
        (b'"' + b"x" * 200_000, "cell_too_long"),
        ("名称,周期\n".encode(), "missing_column"),
    ],
)
def test_what_is_no_table_says_what_it_is(data: bytes, code: str) -> None:
    assert codes(data) == [code]


def test_a_workbook_with_a_password_says_so() -> None:
    assert codes((FOLDER / "encrypted.xlsx").read_bytes()) == ["encrypted"]


def test_headings_that_are_missing_are_named_with_those_that_were_found() -> None:
    problem = read_plan_table(workbook([("系统", "班组", "金额"), ("照明系统", "x", 1)]), "t.xlsx")[1].errors[0]
    assert problem.code == "missing_column"
    assert "维护周期" in problem.message
    assert "金额" in problem.message


def test_a_file_of_two_hundred_megabytes_is_refused_before_it_is_read() -> None:
    class Huge(io.RawIOBase):
        def seek(self, offset: int, whence: int = 0) -> int:
            return 200_000_000 if whence == 2 else 0

        def read(self, size: int = -1) -> bytes:
            raise AssertionError("it was read")

    with pytest.raises(Unreadable) as refused:
        open_book(Huge(), "t.csv")  # type: ignore[arg-type]
    assert refused.value.problem.code == "too_large"
    assert "200 MB" in refused.value.problem.message


def test_a_bomb_is_let_go_at_a_bound() -> None:
    sheet = b"<worksheet><sheetData>" + b"<row/>" * 12_000_000 + b"</sheetData></worksheet>"
    assert codes(with_part(workbook([HEAD, LINE]), "xl/worksheets/sheet1.xml", sheet)) == ["zip_bomb"]


def test_a_row_without_an_end_is_let_go_at_a_bound() -> None:
    sheet = b"<worksheet><sheetData><row>" + b'<c r="A1"/>' * 1_000_000 + b"</row></sheetData></worksheet>"
    assert codes(with_part(workbook([HEAD, LINE]), "xl/worksheets/sheet1.xml", sheet)) == ["zip_bomb"]


def test_entities_are_not_expanded() -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]><worksheet><sheetData/></worksheet>'
    assert codes(with_part(workbook([HEAD, LINE]), "xl/worksheets/sheet1.xml", bomb)) == ["broken_workbook"]


def test_more_rows_than_a_file_may_have_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("maintenance.imports.tables.MAX_ROWS", 3)
    assert "too_large" in codes(workbook([HEAD, *[LINE] * 5]))


@pytest.mark.parametrize("place", [100, 700, 1500])
def test_damaged_workbooks_never_end_the_process(place: int) -> None:
    for name in ("plan.xls", "plan.ods"):
        data = bytearray((FOLDER / name).read_bytes())
        data[place : place + 40] = struct.pack("<10I", *[0xFFFFFFF0] * 10)
        rows, problems = read_plan_table(bytes(data), name)
        assert rows or problems.errors


def test_the_bounds_are_what_the_messages_say() -> None:
    assert grids.MAX_BYTES == 25 << 20
    assert grids.MAX_ROWS == 100_000
    assert xlsx.read_xlsx is not None
    assert files.BROKEN
