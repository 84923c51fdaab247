"""Rows of a known shape are read faster; what is read must be the same, and nothing is let in that was kept out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workbooks.building import sheet_xml, workbook_with_sheet
from workbooks import raw_sheet
from workbooks.errors import WorkbookError
from workbooks.sheet import Cell, CellError
from workbooks.workbook import open_workbook, read_workbook

ROW = (
    '<row r="1"><c r="A1"><v>1.5</v></c><c r="B1"><f>A1&lt;2</f><v>{}</v></c><c r="C1" t="str"><f>"a"</f><v>{}</v></c>'
    '<c r="D1" t="inlineStr"><is><t>T\u1ed5ng</t></is></c><c r="E1" t="b"><v>1</v></c><c r="F1" t="e"><v>#N/A</v></c>'
    '<c r="G1"/></row>'
)


@pytest.fixture(autouse=True)
def _nothing_known() -> Iterator[None]:
    raw_sheet._SHAPES.clear()
    yield
    raw_sheet._SHAPES.clear()


def cells_of(rows: str) -> dict[tuple[int, int], Cell]:
    return dict(open_workbook(workbook_with_sheet(sheet_xml(rows))).read_sheet("T1").cells)


def test_values_of_a_known_shape_are_those_of_this_file() -> None:
    first = cells_of(ROW.format("2", "x &amp; y"))
    assert len(raw_sheet._SHAPES) == 1

    second = cells_of(ROW.format("-3e2", ""))

    assert first[1, 2] == Cell(2.0, "A1<2")
    assert first[1, 3] == Cell("x & y", '"a"')
    assert second[1, 2] == Cell(-300.0, "A1<2")
    assert second[1, 3] == Cell("", '"a"')
    for cells in (first, second):
        assert cells[1, 1] == Cell(1.5)
        assert cells[1, 4] == Cell("Tổng")
        assert cells[1, 5].value is True
        assert cells[1, 6].value is CellError.NA
        assert cells[1, 7] == Cell(None)
        assert sorted(cells) == [(1, column) for column in range(1, 8)]


@pytest.mark.parametrize(
    "row",
    [
        ROW.format("1", "y").replace('<row r="1">', '<row r="2">'),  # cells of another row
        ROW.format("1", "y").replace("<v>1.5</v>", "<v>"),
        ROW.format("1", "y").replace("<v>1.5</v>", "<v><v>1.5</v>"),
        ROW.format("1_0", "y"),
        ROW.format("1.2.3", "y"),
        ROW.format("٣", "y"),
        ROW.format("9" * 400, "y"),
        ROW.format("nan", "y"),
        ROW.format(".", "y"),
        ROW.format("1", "&bogus;"),
    ],
)
def test_what_is_refused_stays_refused_where_the_shape_is_known(row: str) -> None:
    with pytest.raises(WorkbookError):
        cells_of(row)
    cells_of(ROW.format("1", "y"))

    with pytest.raises(WorkbookError):
        cells_of(row + " ")  # other bytes, so that the workbook is opened anew


texts = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="<&\ufffe\uffff_"), max_size=8)


@given(st.lists(st.tuples(st.floats(-1e300, 1e300), texts), min_size=2, max_size=4))
def test_a_known_shape_changes_nothing_that_is_read(rows: list[tuple[float, str]]) -> None:
    for number, text in rows:
        data = workbook_with_sheet(sheet_xml(ROW.format(repr(number), text)))
        known = open_workbook(data).read_sheet("T1").cells
        raw_sheet._SHAPES.clear()
        anew = read_workbook(open_workbook(data).package).read_sheet("T1").cells

        assert known == anew


def test_the_memory_of_shapes_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(raw_sheet, "_REMEMBERED", 3)
    for number in range(1, 9):
        cells_of(f'<row r="{number}"><c r="A{number}"><v>1</v></c></row>')

    assert len(raw_sheet._SHAPES) <= 3
