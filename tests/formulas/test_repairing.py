import io

import openpyxl
import pytest
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Font

from formulas.checking import check
from formulas.text.encodings import LEGACY, Encoding, encode
from formulas.text.repairing import repair
from formulas.text.scanning import check_text
from tests.formulas.specimens import CROPS, a_filled_form, a_version
from workbooks.patch import patch_cells
from workbooks.sheet import Value
from workbooks.workbook import open_workbook

SENTENCE = "Uỷ ban nhân dân tỉnh Bình Phước"


def a_workbook(cells: dict[str, object], font: str = "Times New Roman") -> bytes:
    book = openpyxl.Workbook()
    for place, value in cells.items():
        book.active[place] = value
        book.active[place].font = Font(name=font, bold=True)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def value_at(data: bytes, row: int, column: int) -> Value:
    workbook = open_workbook(data)
    return workbook.read_sheet(workbook.sheets[0].name).cells[row, column].value


@pytest.mark.parametrize("encoding", [*LEGACY, Encoding.COMBINING])
def test_certain_text_is_rewritten_in_unicode(encoding: Encoding) -> None:
    repaired = repair(a_workbook({"B2": encode(SENTENCE, encoding)}))

    assert value_at(repaired.data, 2, 2) == SENTENCE
    assert [(item.cell, item.after) for item in repaired.conversions] == [("B2", SENTENCE)]


def test_a_repaired_workbook_has_nothing_to_repair() -> None:
    once = repair(a_workbook({"A1": "§Êt ®ai", "A2": "sè", "A3": "Tổng số"}, font=".VnTime"))

    twice = repair(once.data)

    assert twice.conversions == ()
    assert twice.data == once.data
    assert list(check_text(open_workbook(once.data))) == []


def test_a_legacy_font_is_replaced_and_its_looks_stay() -> None:
    repaired = repair(a_workbook({"A1": "§Êt ®ai"}, font=".VnArial"))

    font = openpyxl.load_workbook(io.BytesIO(repaired.data)).active["A1"].font
    assert font.name == "Arial"
    assert font.bold


def test_a_capitals_font_gives_capitals() -> None:
    repaired = repair(a_workbook({"A1": "tæng sè"}, font=".VnTimeH"))

    assert value_at(repaired.data, 1, 1) == "TỔNG SỐ"


def test_runs_are_repaired_each_by_its_font() -> None:
    text = CellRichText(
        TextBlock(InlineFont(rFont="Times New Roman"), "Tổng số: "), TextBlock(InlineFont(rFont=".VnTime"), "sè hé")
    )

    assert value_at(repair(a_workbook({"A1": text})).data, 1, 1) == "Tổng số: số hộ"


@pytest.mark.parametrize("value", ["Traø Vinh", "Tổng số", "25 m²", "café", "TONG", 12.5, "=SUM(B1:B3)"])
def test_what_is_not_certain_is_left_alone(value: object) -> None:
    data = a_workbook({"A1": value})

    assert repair(data).data is data


def test_a_form_repaired_in_place_passes_the_check() -> None:
    version = a_version(CROPS)
    data = patch_cells(a_filled_form(CROPS), {version.tables[0].sheet: {(40, 1): "Ng\u00adêi lËp biÓu"}})

    repaired = repair(data)

    assert not check(data, version).ok
    assert check(repaired.data, version).findings == ()
