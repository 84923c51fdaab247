"""Templates compiled into form versions, and what is told of a template that cannot be."""

import io
from collections.abc import Callable

import openpyxl
import pytest
from openpyxl.styles import Protection
from openpyxl.workbook import Workbook as Book
from openpyxl.worksheet.worksheet import Worksheet

from form_templates import definition
from form_templates.compile import compile_template
from form_templates.definition import Section
from form_templates.errors import FormError
from form_templates.model import Aggregation, Carry, CarrySource, CellKey, CellKind, CellSpec
from tests.form_templates.specimens import forms, template, version
from workbooks.finding import Severity


def cell(form: str, row: str, column: str) -> CellSpec:
    return version(form).cell(CellKey("T1", row, column))


def test_a_form_is_read_with_its_words() -> None:
    form = version("KTXH-13.N")

    assert (form.form, form.version, form.title) == ("KTXH-13.N", "1", "LAO ĐỘNG, VIỆC LÀM VÀ GIẢM NGHÈO")
    assert form.periods == ("H", "Y")
    assert (form.unit_at, form.period_at) == ("J2", "B3")
    assert "composed" in form.basis


def test_rows_and_columns_stand_as_on_the_sheet() -> None:
    table = version("KTXH-09.T").tables[0]

    assert [row.code for row in table.rows] == [f"{code:02d}" for code in range(1, 13)]
    assert (table.rows[3].label, table.rows[3].unit, table.rows[3].at) == ("Lúa vụ Đông Xuân", "Ha", 12)
    assert [column.code for column in table.columns] == [str(code) for code in range(1, 9)]
    assert (table.columns[4].header, table.columns[4].unit, table.columns[4].at) == ("Năng suất (tạ/ha)", "Tạ/ha", 8)
    assert (table.labels_at, table.codes_at, table.header_at) == (1, 2, 8)


def test_a_grouped_header_names_its_group() -> None:
    headers = {column.code: column.header for column in version("KTXH-14.T").tables[0].columns}

    assert headers["2"] == "Trong kỳ - Trực tuyến"
    assert headers["1"] == "Tổng số hồ sơ tiếp nhận"


@pytest.mark.parametrize(
    ("form", "row", "column", "kind", "formula"),
    [
        ("KTXH-09.T", "03", "6", "calc", "SUM({04|6},{05|6})"),
        ("KTXH-09.T", "02", "6", "calc", "SUM({03|6},{06|6})"),
        ("KTXH-09.T", "01", "3", "calc", "SUM({02|3},{07|3},{08|3},{09|3},{12|3})"),
        ("KTXH-09.T", "03", "5", "calc", 'IFERROR(ROUND({03|6}*10/{03|4},2),"-")'),
        ("KTXH-09.T", "04", "6", "calc", 'IFERROR(ROUND({04|4}*{04|5}/10,1),"-")'),
        ("KTXH-09.T", "01", "7", "calc", 'IFERROR(ROUND({01|3}/{01|1}*100,1),"-")'),
        ("KTXH-09.T", "01", "5", "x", None),
        ("KTXH-09.T", "09", "6", "x", None),
        ("KTXH-09.T", "04", "1", "carry", None),
        ("KTXH-09.T", "04", "5", "in", None),
        ("KTXH-10.Q", "08", "2", "calc", "SUM({09|2},{10|2},{11|2},{12|2})"),
        ("KTXH-13.N", "01", "4", "calc", "SUM({02|4},{03|4})"),
        ("KTXH-13.N", "02", "4", "calc", "SUM({02*|4})"),
        ("KTXH-13.N", "03", "7", "calc", "SUM({03*|7})"),
        ("KTXH-13.N", "02*", "7", "calc", "SUM({@|2},{@|5},{@|6})-SUM({@|4})"),
        ("KTXH-13.N", "03*", "8", "calc", 'IFERROR(ROUND({@|7}/{@|1}*100,2),"-")'),
        ("KTXH-14.T", "01", "1", "calc", "SUM({01*|1})"),
        ("KTXH-14.T", "01*", "5", "calc", "SUM({@|6},{@|7},{@|8})"),
    ],
)
def test_a_cell_is_what_the_form_says(form: str, row: str, column: str, kind: str, formula: str | None) -> None:
    spec = cell(form, row, column)

    assert (spec.kind.value, spec.formula) == (kind, formula)


def test_a_yield_of_several_units_is_made_from_output_and_area() -> None:
    spec = cell("KTXH-09.T", "04", "5")

    assert spec.aggregation is Aggregation.FORMULA
    assert spec.aggregate_formula == 'IFERROR(ROUND({04|6}*10/{04|4},2),"-")'
    assert cell("KTXH-09.T", "04", "6").aggregation is Aggregation.SUM
    assert cell("KTXH-09.T", "04", "4").aggregation is Aggregation.SUM


@pytest.mark.parametrize("form", forms())
def test_no_ratio_is_ever_summed(form: str) -> None:
    for spec in version(form).cell_by_key.values():
        if "%" in spec.unit:
            assert spec.aggregation in (Aggregation.FORMULA, Aggregation.NONE)
            assert spec.aggregate_formula in (spec.formula, None)


def test_a_carried_column_names_its_source() -> None:
    carries = {form: [c.carry for c in version(form).tables[0].columns if c.carry] for form in forms()}

    assert {form: carries[form] for form in ("KTXH-07.T", "KTXH-09.T", "KTXH-10.Q", "KTXH-13.N", "KTXH-14.T")} == {
        "KTXH-07.T": [Carry("5", CarrySource.PREVIOUS_IN_YEAR)],
        "KTXH-09.T": [Carry("3", CarrySource.SAME_PERIOD_LAST_YEAR)],
        "KTXH-10.Q": [Carry("2", CarrySource.SAME_PERIOD_LAST_YEAR)],
        "KTXH-13.N": [Carry("7", CarrySource.PREVIOUS_PERIOD)],
        "KTXH-14.T": [Carry("9", CarrySource.PREVIOUS_PERIOD)],
    }


def test_a_column_without_unit_takes_unit_and_decimals_of_the_row() -> None:
    assert (cell("KTXH-10.Q", "01", "2").unit, cell("KTXH-10.Q", "01", "2").decimals) == ("Con", 0)
    assert (cell("KTXH-10.Q", "06", "2").unit, cell("KTXH-10.Q", "06", "2").decimals) == ("Nghìn con", 1)
    assert (cell("KTXH-10.Q", "06", "3").unit, cell("KTXH-10.Q", "06", "3").decimals) == ("%", 1)


def test_regions_end_in_their_sentinel_rows() -> None:
    regions = version("KTXH-13.N").tables[0].regions

    assert [(r.code, r.first, r.sentinel, r.members) for r in regions] == [
        ("02*", 11, 14, "unit"),
        ("03*", 16, 19, "unit"),
    ]


def test_a_rule_applies_to_each_row_and_to_the_rows_of_regions() -> None:
    rules = {rule.code: rule for rule in version("KTXH-13.N").rules}

    assert rules["R1.02"].formula == "SUM({02|4})<=SUM({02|2})"
    assert rules["R1.02*"].formula == "SUM({@|4})<=SUM({@|2})"
    assert (rules["R1.02*"].region, rules["R1.02"].region) == ("02*", "")


def test_a_row_rule_applies_to_each_typed_column() -> None:
    rules = {rule.code: rule for rule in version("KTXH-10.Q").rules}

    assert rules["D03.4"].formula == "SUM({03|4})<=SUM({02|4})"
    assert "bò sữa" in rules["D03.2"].message
    assert {rule.severity for rule in version("KTXH-09.T").rules} == {Severity.ERROR, Severity.WARNING}


Spoiling = Callable[[Book, Worksheet, Worksheet], object]


def spoiled(form: str, spoil: Spoiling) -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(template(form)))
    spoil(book, book[form], book[definition.SHEET])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def indicator(sheet: Worksheet, row: str) -> str:
    """Address of the indicator of a row; a row that has one may leave its unit of measure to it."""
    start = line(sheet, Section.ROWS)
    at = next(at for at in range(start, sheet.max_row) if str(sheet.cell(at, 1).value) == row)
    return f"D{at}"


def faults(form: str, spoil: Spoiling) -> set[tuple[str, str]]:
    with pytest.raises(FormError) as refusal:
        compile_template(spoiled(form, spoil))
    assert all(finding.message and finding.remedy for finding in refusal.value.findings)
    return {(finding.code, finding.cell) for finding in refusal.value.findings}


def line(sheet: Worksheet, section: Section, nth: int = 0) -> int:
    """Sheet row of the nth line of a table of the definition sheet."""
    titles = {row[0].value: row[0].row for row in sheet.iter_rows(max_col=1)}
    return int(titles[section.value]) + 2 + nth


def put(sheet: Worksheet, address: str, value: object) -> None:
    sheet[address].value = value


def test_codes_typed_over_leave_no_formula_that_takes_the_neighbours_row() -> None:
    """A formula of the definition sheet is written for the first row named; it stays with the cells, not the codes."""

    def swap(book: Book, form: Worksheet, sheet: Worksheet) -> None:
        put(form, "B12", "05")
        put(form, "B13", "04")

    with pytest.raises(FormError, match="không dùng ô nào của dòng này") as refusal:
        compile_template(spoiled("KTXH-09.T", swap))

    assert {(finding.code, finding.sheet) for finding in refusal.value.findings} == {("BS331", definition.SHEET)}


def test_a_template_saved_by_openpyxl_compiles_to_the_same_version() -> None:
    assert compile_template(spoiled("KTXH-13.N", lambda book, form, sheet: None)) == version("KTXH-13.N")


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (lambda book, form, sheet: put(form, "B12", "03"), ("BS324", "B12")),
        (lambda book, form, sheet: put(form, "B12", 4), ("BS324", "B12")),
        (lambda book, form, sheet: put(form, "B12", "4a"), ("BS324", "B12")),
        (lambda book, form, sheet: put(form, "A12", None), ("BS324", "A12")),
        (lambda book, form, sheet: (put(form, "C12", " "), put(sheet, indicator(sheet, "04"), None)), ("BS324", "C12")),
        (lambda book, form, sheet: put(form, "E8", "3"), ("BS323", "F8")),
        (lambda book, form, sheet: put(form, "E8", "II"), ("BS323", "E8")),
        (lambda book, form, sheet: put(form, "E6", None), ("BS323", "E8")),
        (lambda book, form, sheet: put(form, "E8", "12"), ("BS332", "E8")),
        (lambda book, form, sheet: put(form, "E12", 5), ("BS327", "E12")),
        (lambda book, form, sheet: put(form, "I12", None), ("BS327", "I12")),
        (lambda book, form, sheet: put(form, "I12", "=G12*H12/10+A1"), ("BS328", "I12")),
        (lambda book, form, sheet: put(form, "I12", "=SUM(G:G)"), ("BS328", "I12")),
        (lambda book, form, sheet: put(form, "I12", "=#REF!+G12"), ("BS328", "I12")),
        (lambda book, form, sheet: setattr(form["E12"], "protection", Protection(locked=True)), ("BS326", "E12")),
        (lambda book, form, sheet: setattr(form["I12"], "protection", Protection(locked=False)), ("BS326", "I12")),
        (lambda book, form, sheet: book.defined_names.pop("BS_T1_rows"), ("BS322", "")),
        (lambda book, form, sheet: book.defined_names.pop("BS_period"), ("BS322", "")),
        (lambda book, form, sheet: book.remove(sheet), ("BS320", "")),
    ],
)
def test_a_fault_of_the_form_is_told_with_its_cell(spoil: Spoiling, fault: tuple[str, str]) -> None:
    assert fault in faults("KTXH-09.T", spoil)


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (lambda book, form, sheet: put(form, "B14", None), ("BS325", "")),
        (lambda book, form, sheet: put(form, "B13", "02*"), ("BS325", "B14")),
        (lambda book, form, sheet: put(form, "D14", 0), ("BS325", "D14")),
        (lambda book, form, sheet: put(form, "D10", "=SUM(D11:D13)"), ("BS329", "D10")),
        (lambda book, form, sheet: put(form, "D10", "=SUM(D12:D14)"), ("BS329", "D10")),
        (lambda book, form, sheet: put(form, "J12", "=E12-G12"), ("BS329", "J12")),
        (lambda book, form, sheet: setattr(form["A12"], "protection", Protection(locked=True)), ("BS326", "A12")),
    ],
)
def test_a_fault_of_a_region_is_told_with_its_cell(spoil: Spoiling, fault: tuple[str, str]) -> None:
    assert fault in faults("KTXH-13.N", spoil)


@pytest.mark.parametrize(
    ("section", "nth", "column", "value", "code"),
    [
        (Section.FORM, 0, 2, None, "BS321"),
        (Section.FORM, 0, 2, "biểu 9", "BS321"),
        (Section.FORM, 1, 2, "1.0", "BS321"),
        (Section.FORM, 6, 2, "M, tuần", "BS321"),
        (Section.COLUMNS, 0, 2, "tự điền", "BS321"),
        (Section.COLUMNS, 0, 5, None, "BS321"),
        (Section.COLUMNS, 0, 5, "15", "BS332"),
        (Section.COLUMNS, 0, 4, "nhiều", "BS321"),
        (Section.COLUMNS, 1, 1, "1", "BS321"),
        (Section.COLUMNS, 1, 1, "17", "BS332"),
        (Section.COLUMNS, 1, 4, "theo dòng", "BS332"),
        (Section.AGGREGATES, 0, 1, "=1+A1", "BS331"),
        (Section.AGGREGATES, 0, 2, "05", "BS331"),
        (Section.AGGREGATES, 0, 2, "04, 77", "BS331"),
        (Section.RULES, 0, 2, "='KTXH-09.T'!G9<='KTXH-09.T'!Z99", "BS330"),
        (Section.RULES, 0, 2, "=G9<=F9", "BS330"),
        (Section.RULES, 0, 2, "đúng", "BS321"),
        (Section.RULES, 0, 3, "01, 88", "BS330"),
        (Section.RULES, 0, 4, "88", "BS330"),
        (Section.RULES, 0, 5, "nặng", "BS321"),
        (Section.RULES, 0, 6, None, "BS321"),
        (Section.RULES, 1, 1, "R1", "BS330"),
    ],
)
def test_a_fault_of_the_definition_sheet_is_told(
    section: Section, nth: int, column: int, value: str | None, code: str
) -> None:
    def spoil(book: Book, form: Worksheet, sheet: Worksheet) -> None:
        sheet.cell(line(sheet, section, nth), column).value = value

    assert code in {found for found, _ in faults("KTXH-09.T", spoil)}


def test_everything_wrong_with_a_template_is_told_at_once() -> None:
    def spoil(book: Book, form: Worksheet, sheet: Worksheet) -> None:
        put(form, "B12", "03")
        put(form, "E13", 7)
        put(form, "I14", "=A1")
        sheet.cell(line(sheet, Section.RULES), 3).value = "88"

    codes = {code for code, _ in faults("KTXH-09.T", spoil)}

    assert {"BS324", "BS327", "BS328", "BS330"} <= codes


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"not a workbook"])
def test_a_file_that_is_no_workbook_is_refused_as_a_form(data: bytes) -> None:
    with pytest.raises(FormError) as refusal:
        compile_template(data)

    assert refusal.value.findings[0].code.startswith("BS1")


def test_a_kind_of_cell_is_never_guessed_from_what_is_blank() -> None:
    kinds = {spec.kind for spec in version("KTXH-09.T").cell_by_key.values()}

    assert kinds == {CellKind.INPUT, CellKind.CARRY, CellKind.CALC, CellKind.NOT_APPLICABLE}


def in_rows_table(code: str, column: int, value: object) -> Spoiling:
    """Writes into the line of a row in the table of rows of the definition sheet."""

    def spoil(book: Book, form: Worksheet, sheet: Worksheet) -> None:
        first = line(sheet, Section.ROWS)
        at = next(row for row in range(first, sheet.max_row) if sheet.cell(row, 1).value == code)
        sheet.cell(at, column).value = value

    return spoil


def test_rows_and_regions_have_their_indicators() -> None:
    first = compile_template(spoiled("KTXH-13.N", in_rows_table("01", 4, "0502")))
    second = compile_template(spoiled("KTXH-13.N", in_rows_table("02*", 4, "0503")))

    assert [row.indicator for row in first.tables[0].rows] == ["0502", "HN.01", "HN.01"]
    assert second.tables[0].regions[0].indicator == "0503"


def test_a_row_may_combine_otherwise_than_its_columns() -> None:
    form = compile_template(spoiled("KTXH-10.Q", in_rows_table("01", 3, "không tổng hợp")))

    row, other = (form.cell(CellKey("T1", code, "2")) for code in ("01", "02"))
    assert (row.aggregation, other.aggregation) == (Aggregation.NONE, Aggregation.SUM)
    ratio = compile_template(spoiled("KTXH-10.Q", in_rows_table("01", 3, "cộng"))).cell(CellKey("T1", "01", "3"))
    assert ratio.aggregation is Aggregation.FORMULA


def test_what_no_row_can_mean_is_told() -> None:
    assert "BS321" in {code for code, _ in faults("KTXH-10.Q", in_rows_table("01", 3, "trung bình"))}
    assert "BS321" in {code for code, _ in faults("KTXH-10.Q", in_rows_table("01", 2, "hai"))}
    assert "BS332" in {code for code, _ in faults("KTXH-10.Q", in_rows_table("01", 2, None))}
    assert "BS332" in {code for code, _ in faults("KTXH-09.T", in_rows_table("04", 1, "77"))}


def test_a_ratio_of_rows_is_made_anew_above_the_units() -> None:
    spec = cell("KTXH-15.N", "03", "3")

    assert (spec.aggregation, spec.aggregate_formula) == (Aggregation.FORMULA, spec.formula)
    assert cell("KTXH-15.N", "06", "3").aggregation is Aggregation.NONE


def test_reference_columns_stand_beyond_the_printed_form() -> None:
    table = version("KTXH-12.T").tables[0]

    at = {column.code: column.at for column in table.columns}
    assert at == {"1": 4, "2": 5, "3": 6, "4": 7, "1kt": 9, "2kt": 10}
    assert [column.code for column in table.columns if column.is_reference] == ["1kt", "2kt"]
