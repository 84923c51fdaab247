"""What a leader signs must be what a leader sees: real workbooks, edited as people edit them."""

import io
from collections.abc import Callable

import openpyxl
import pytest
from openpyxl.formatting.rule import CellIsRule, DataBarRule, FormulaRule
from openpyxl.formatting.rule import Rule as FormatRule
from openpyxl.styles import Font, PatternFill
from openpyxl.styles.colors import Color
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.styles.numbers import NumberFormat
from openpyxl.workbook.workbook import Workbook as Book
from openpyxl.worksheet.worksheet import Worksheet

from formulas.checking import Report, check
from tests.formulas.specimens import CROPS, a_filled_form, a_version, findings_of, only, place
from workbooks.address import parse_address
from workbooks.patch import patch_cells
from workbooks.workbook import open_workbook

CELL = place(CROPS, "04", "3")
THEME, STYLES = "/xl/theme/theme1.xml", "/xl/styles.xml"
WHITE_PALETTE = "<indexedColors>" + '<rgbColor rgb="00FFFFFF"/>' * 64


def edited(change: Callable[[Worksheet], None]) -> Report:
    return check(saved(lambda book: change(book[CROPS])), a_version(CROPS))


def saved(change: Callable[[Book], None]) -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(a_filled_form(CROPS)))
    change(book)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_the_official_form_hides_nothing() -> None:
    report = check(saved(lambda book: None), a_version(CROPS))

    assert [finding for finding in report.findings if finding.code in {"BS424", "BS425"}] == []


@pytest.mark.parametrize(
    "font",
    [
        Font(color="FFFFFFFF"),
        Font(color="FFFFFBE6"),
        Font(color=Color(theme=0)),
        Font(color=Color(indexed=9)),
        Font(size=1),
    ],
    ids=["white", "as the cell", "paper of the theme", "white of the palette", "one point"],
)
def test_a_number_that_cannot_be_seen_is_told(font: Font) -> None:
    report = edited(lambda sheet: setattr(sheet[CELL], "font", font))

    finding = only(report, "BS424")

    assert finding.cell == CELL
    assert "100" in finding.message
    assert not report.ok


def repainted(part: str, old: str, new: str, font: Font) -> Report:
    """The form with a font in one cell, and a text of a part exchanged behind openpyxl's back."""
    data = saved(lambda book: setattr(book[CROPS][CELL], "font", font))
    package = open_workbook(data).package
    content = package.part(part).decode()
    assert old in content
    return check(package.with_parts({part: content.replace(old, new, 1).encode()}), a_version(CROPS))


@pytest.mark.parametrize(
    ("part", "old", "new", "font"),
    [
        (THEME, 'val="windowText" lastClr="000000"', 'val="window" lastClr="000000"', Font(color=Color(theme=1))),
        (THEME, '<a:srgbClr val="1F497D"', '<a:srgbClr val="FFFFFE"', Font(color=Color(theme=3))),
        (THEME, '<a:srgbClr val="1F497D"', '<a:prstClr val="white"', Font(color=Color(theme=3))),
        (STYLES, "<indexedColors>", WHITE_PALETTE, Font(color=Color(indexed=8))),
        (STYLES, 'theme="1" tint="0.99"', 'theme="1" tint="0.99"', Font(color=Color(theme=1, tint=0.99))),
        (STYLES, 'theme="0"', 'theme="0" rgb="FF000000"', Font(color=Color(theme=0))),
    ],
    ids=["paper for ink", "accent in white", "no colour of Office's", "own palette", "tinted", "two colours at once"],
)
def test_a_number_in_white_by_another_name_is_told(part: str, old: str, new: str, font: Font) -> None:
    assert only(repainted(part, old, new, font), "BS424").cell == CELL


def test_a_theme_with_light_figures_on_dark_cells_is_read_by_everybody() -> None:
    def change(sheet: Worksheet) -> None:
        sheet[CELL].font, sheet[CELL].fill = Font(color=Color(theme=0)), PatternFill("solid", fgColor=Color(theme=3))

    assert findings_of(edited(change), "BS424") == []


def test_a_formula_in_white_on_white_is_told() -> None:
    cell = place(CROPS, "01", "3")

    def change(sheet: Worksheet) -> None:
        sheet[cell].font, sheet[cell].fill = Font(color="FFFFFFFF"), PatternFill()

    assert only(edited(change), "BS424").cell == cell


@pytest.mark.parametrize("colour", ["FFFF0000", "FF7F7F7F", "FF0000FF"])
def test_coloured_figures_are_nobodys_business(colour: str) -> None:
    report = edited(lambda sheet: setattr(sheet[CELL], "font", Font(color=colour)))

    assert findings_of(report, "BS424") == []


def test_a_dark_cell_with_light_figures_is_read_by_everybody() -> None:
    def change(sheet: Worksheet) -> None:
        sheet[CELL].font, sheet[CELL].fill = Font(color="FFFFFFFF"), PatternFill("solid", fgColor="FF1F4E78")

    assert findings_of(edited(change), "BS424") == []


def a_format(code: str) -> FormatRule:
    style = DifferentialStyle(numFmt=NumberFormat(numFmtId=200, formatCode=code))
    return FormatRule(type="expression", dxf=style, formula=["TRUE"])


@pytest.mark.parametrize(
    "rule",
    [
        a_format(";;;"),
        a_format("#,##0,"),
        FormulaRule(formula=["TRUE"], font=Font(color="FFFFFFFF")),
        FormulaRule(formula=["TRUE"], font=Font(color="FF00FF00"), fill=PatternFill(bgColor="FF00FF00")),
        DataBarRule("min", None, "max", None, color="FF638EC6", showValue=False),
    ],
    ids=["no digits", "in thousands", "white", "green on green", "bar without number"],
)
def test_a_conditional_format_that_hides_numbers_is_told_with_its_area(rule: FormatRule) -> None:
    finding = only(edited(lambda sheet: sheet.conditional_formatting.add(f"{CELL}:G40", rule)), "BS425")

    assert finding.cell == CELL
    assert f"{CELL}:G40" in finding.message


@pytest.mark.parametrize(
    "rule",
    [
        CellIsRule(operator="lessThan", formula=["0"], fill=PatternFill(bgColor="FFFF0000")),
        FormulaRule(formula=["TRUE"], font=Font(color="FFFF0000")),
        DataBarRule("min", None, "max", None, color="FF638EC6"),
        a_format("#,##0.0"),
    ],
    ids=["red cells", "red figures", "bars", "a plain format"],
)
def test_conditional_formats_that_only_point_out_are_welcome(rule: FormatRule) -> None:
    report = edited(lambda sheet: sheet.conditional_formatting.add(f"{CELL}:G40", rule))

    assert findings_of(report, "BS425") == []


def test_a_conditional_format_outside_the_form_is_no_concern() -> None:
    report = edited(lambda sheet: sheet.conditional_formatting.add("AA1:AB9", a_format(";;;")))

    assert findings_of(report, "BS425") == []


# ---- the workbook around the form


def test_manual_calculation_is_told_where_old_results_are_shown() -> None:
    data = saved(lambda book: setattr(book.calculation, "calcMode", "manual"))

    assert findings_of(check(data, a_version(CROPS)), "BS426") == []
    assert open_workbook(data).calculation.manual


def test_manual_calculation_with_old_results_says_how_many() -> None:

    manual = saved(lambda book: setattr(book.calculation, "calcMode", "manual"))
    data = patch_cells(manual, {CROPS: {parse_address(place(CROPS, "03", "3")): 7.0}})

    assert "1 ô công thức" in only(check(data, a_version(CROPS)), "BS426").message


@pytest.mark.parametrize(("name", "value", "code"), [("iterate", True, "BS427"), ("fullPrecision", False, "BS428")])
def test_settings_that_change_what_formulas_give_are_told(name: str, value: bool, code: str) -> None:
    report = check(saved(lambda book: setattr(book.calculation, name, value)), a_version(CROPS))

    assert only(report, code).cell == ""
    assert report.ok


def test_a_renamed_sheet_is_told_by_both_names_and_not_as_a_stray_one() -> None:
    def rename(book: Book) -> None:
        book[CROPS].title = "Thang 9"
        for name in book.defined_names.values():
            name.attr_text = name.attr_text.replace(CROPS, "Thang 9")

    report = check(saved(rename), a_version(CROPS))

    finding = only(report, "BS423")

    assert (CROPS in finding.message, "Thang 9" in finding.message) == (True, True)
    assert findings_of(report, "BS420") == []


def test_a_hidden_sheet_of_the_service_that_is_shown_is_told() -> None:
    report = check(saved(lambda book: setattr(book["Định nghĩa"], "sheet_state", "visible")), a_version(CROPS))

    assert only(report, "BS422").sheet == "Định nghĩa"


def test_a_sheet_that_is_hidden_less_deeply_is_as_good() -> None:
    """LibreOffice turns very-hidden into hidden."""
    report = check(saved(lambda book: setattr(book["_bieuso"], "sheet_state", "hidden")), a_version(CROPS))

    assert findings_of(report, "BS422") == []
