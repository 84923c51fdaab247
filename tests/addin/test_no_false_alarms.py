"""What officers do all day in a real LibreOffice must raise nothing: false alarms are worse than misses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import xlwings as xw

from addin.libreoffice.uno_bridge import uno
from formulas.checking import Report, check
from tests.formulas.specimens import CROPS, LIVESTOCK, POVERTY, PROCEDURES, a_filled_form, a_version

Edit = Callable[[xw.Sheet], None]


@pytest.fixture
def edited(office: xw.App, tmp_path: Path) -> Callable[[str, Edit], Report]:
    """The report on a well-filled form after it was edited and saved by LibreOffice."""

    def run(form: str, edit: Edit) -> Report:
        path = tmp_path / f"{form}.xlsx"
        path.write_bytes(a_filled_form(form))
        book = office.books.open(path)
        try:
            sheet = book.sheets[form]
            sheet.api.unprotect("")
            edit(sheet)
            book.save()
        finally:
            book.close()
        return check(path.read_bytes(), a_version(form))

    return run


def widen(sheet: xw.Sheet) -> None:
    sheet["A:F"].column_width = 31


def colour(sheet: xw.Sheet) -> None:
    sheet["D9:F12"].color = (255, 200, 120)
    sheet["D9:F12"].font.color = (0, 0, 160)
    sheet["A9:A12"].font.bold = True


def insert_rows(sheet: xw.Sheet) -> None:
    """Two rows inside the first region, with the formulas of the row above copied into them."""
    sheet["12:13"].insert("down")
    for row in (12, 13):
        sheet["11:11"].copy(sheet[f"{row}:{row}"])
    sheet["A12:B13"].value = [["Xã Thêm Một", "29563"], ["Xã Thêm Hai", "29566"]]


def sort_members(sheet: xw.Sheet) -> None:
    """The rows of the first region by name, downwards, as the menu does it."""
    last = sheet.used_range.last_cell.column
    area = sheet.api.getCellRangeByPosition(0, 10, last - 1, 13)
    field = uno().createUnoStruct("com.sun.star.table.TableSortField")
    field.Field, field.IsAscending = 0, False
    wanted = uno().createUnoStruct("com.sun.star.beans.PropertyValue")
    wanted.Name = "SortFields"
    wanted.Value = uno().Any("[]com.sun.star.table.TableSortField", (field,))
    uno().invoke(area, "sort", ((wanted,),))


def notes_and_zoom(sheet: xw.Sheet) -> None:
    sheet["A9"].add_note("Đã đối chiếu với sổ gốc")
    sheet["A1"].select()


@pytest.mark.parametrize("form", [CROPS, LIVESTOCK, POVERTY, PROCEDURES])
@pytest.mark.parametrize("edit", [widen, colour, notes_and_zoom], ids=lambda edit: edit.__name__)
def test_looks_are_nobodys_business(edited: Callable[[str, Edit], Report], form: str, edit: Edit) -> None:
    assert edited(form, edit).findings == ()


@pytest.mark.parametrize(
    ("edit", "members"),
    [
        (insert_rows, ["29551", "29554", "29563", "29566", "29557", "29560"]),
        (sort_members, ["29554", "29557", "29560", "29551"]),
    ],
    ids=["inserted", "sorted"],
)
def test_members_may_be_added_and_sorted(edited: Callable[[str, Edit], Report], edit: Edit, members: list[str]) -> None:
    report = edited(POVERTY, edit)

    assert report.findings == ()
    assert report.filled is not None
    found = [member.key for member in report.filled.members["T1", "02*"]]
    assert sorted(found) == sorted(members)
    assert found != ["29551", "29554", "29557", "29560"]
