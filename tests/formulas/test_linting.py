"""Linting templates: each fault that owners make, made in an official template, is found at its cell; all at once."""

import io
import json
import re
from collections.abc import Callable, Iterable, Iterator

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.packaging.relationship import Relationship
from openpyxl.styles import Protection
from openpyxl.workbook import Workbook as Book
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.workbook.external_link.external import ExternalBook, ExternalLink
from openpyxl.worksheet.worksheet import Worksheet

from form_templates import definition
from form_templates.compile import compile_template
from form_templates.definition import Section
from form_templates.errors import FormError
from form_templates.measures import Measures, read_units
from formulas.compiler import compile_version
from formulas.errors import FormulaError
from formulas.linting.kinds import KINDS
from formulas.linting.linting import lint
from tests.form_templates.specimens import forms, template, version
from workbooks.address import parse_address
from workbooks.finding import Finding, Severity
from workbooks.patch import Constant, Formula, Patch, patch_cells
from workbooks.rows import insert_rows
from workbooks.workbook import open_workbook

Spoiling = Callable[[Book, Worksheet, Worksheet], object]


def spoiled(form: str, *spoilings: Spoiling) -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(template(form)))
    for spoil in spoilings:
        spoil(book, book[form], book[definition.SHEET])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def put(address: str, value: object) -> Spoiling:
    """Writes into a cell of the form."""
    return lambda book, form, sheet: setattr(form[address], "value", value)


def put_down(column: str, rows: Iterable[int], formula: str) -> Spoiling:
    """Writes a formula into rows of a column; ``#`` stands for the row."""

    def spoil(book: Book, form: Worksheet, sheet: Worksheet) -> None:
        for row in rows:
            form[f"{column}{row}"].value = formula.replace("#", str(row))

    return spoil


def declare(section: Section, nth: int, column: int, value: object) -> Spoiling:
    """Writes into the nth line of a table of the definition sheet."""

    def spoil(book: Book, form: Worksheet, sheet: Worksheet) -> None:
        sheet.cell(line(sheet, section, nth), column).value = value

    return spoil


def line(sheet: Worksheet, section: Section, nth: int) -> int:
    titles = {row[0].value: row[0].row for row in sheet.iter_rows(max_col=1)}
    return int(titles[section.value]) + 2 + nth


def declared(form: str, section: Section, nth: int, column: str) -> str:
    """Address of the nth line of a table of the definition sheet."""
    book = openpyxl.load_workbook(io.BytesIO(template(form)))
    return f"{column}{line(book[definition.SHEET], section, nth)}"


def found(data: bytes) -> set[tuple[str, str]]:
    findings = lint(data)
    assert all(finding.message and finding.remedy for finding in findings)
    return {(finding.code, finding.cell) for finding in findings}


def only(code: str, data: bytes) -> Finding:
    (finding,) = [finding for finding in lint(data) if finding.code == code]
    return finding


@pytest.mark.parametrize("form", forms())
def test_the_official_forms_are_clean(form: str) -> None:
    assert [str(finding) for finding in lint(template(form))] == []


@pytest.mark.parametrize("form", forms())
def test_a_template_saved_by_another_program_is_as_clean(form: str) -> None:
    assert [str(finding) for finding in lint(spoiled(form))] == []


CROPS, ANIMALS, POVERTY, FILES = "KTXH-09.T", "KTXH-10.Q", "KTXH-13.N", "KTXH-14.T"


@pytest.mark.parametrize(
    ("form", "spoil", "fault"),
    [
        # Codes.
        (CROPS, put("B12", "03"), ("BS324", "B12")),
        (CROPS, put("B12", None), ("BS397", "B12")),
        (CROPS, put("B12", 4), ("BS324", "B12")),
        (CROPS, put("E8", "3"), ("BS323", "F8")),
        # Formulas that cannot be compiled, with the cell and the function or construct.
        (CROPS, put("I12", "=XLOOKUP(G12,H12,I13)"), ("BS451", "I12")),
        (CROPS, put("I12", "=OFFSET(G12,0,1)"), ("BS451", "I12")),
        (CROPS, put("I12", "=TODAY()*G12"), ("BS451", "I12")),
        (CROPS, put("I12", "=SUM(G:G)"), ("BS452", "I12")),
        (CROPS, put("I12", "=G12*[1]Khac!H12"), ("BS452", "I12")),
        (CROPS, put("I12", "=G12*A1"), ("BS452", "I12")),
        (CROPS, put("I12", "=(G12*H12"), ("BS328", "I12")),
        (CROPS, put("I12", "=#REF!+G12"), ("BS455", "I12")),
        (CROPS, put("D9", "=SUM(#REF!,D15,D16,D17,D20)"), ("BS455", "D9")),
        (CROPS, put("G12", "=I12/H12"), ("BS453", "G12")),
        # Units of measure.
        (CROPS, put("C12", "Sào"), ("BS350", "C12")),
        (CROPS, put("C12", "Tấn/Ha/vụ"), ("BS350", "C12")),
        (CROPS, put("A12", "Lúa vụ Đông Xuân (tấn)"), ("BS351", "C12")),
        (ANIMALS, put("E6", "Kỳ báo cáo (con)"), ("BS351", "E8")),
        (ANIMALS, put("E16", "=SUM(E17:E20)+E9"), ("BS352", "E16")),
        (ANIMALS, put("E11", "=E9+E14"), ("BS352", "E11")),
        (CROPS, put("I17", "=SUM(G18:G19)"), ("BS352", "I17")),
        # Totals.
        (CROPS, put("D10", "=SUM(D11)"), ("BS353", "D10")),
        (CROPS, put("D9", "=SUM(D10,D15,D17,D20)"), ("BS353", "D9")),
        (CROPS, put("D9", "=D10+D15+D16+D17"), ("BS354", "D20")),
        (CROPS, put("D17", "=SUM(D18)"), ("BS353", "D17")),
        (ANIMALS, put("D16", "=D17+D18+D20"), ("BS353", "D16")),
        (POVERTY, put("D9", "=SUM(D10)"), ("BS354", "D15")),
        (POVERTY, put("D10", "=SUM(D11:D13)"), ("BS329", "D10")),
        # Ratios.
        (CROPS, put("J17", "=SUM(J18:J19)"), ("BS355", "J17")),
        (CROPS, put("J17", "=AVERAGE(J18:J19)"), ("BS355", "J17")),
        (POVERTY, put("F10", "=SUM(F11:F14)"), ("BS355", "F10")),
        (CROPS, put("G17", '=IFERROR(ROUND(F17/D17*100,1),"-")'), ("BS356", "G17")),
        (ANIMALS, put("G17", "=E17/D17*100"), ("BS356", "G17")),
        # Constants.
        (CROPS, put("I12", "=G12*H12/10*0.6"), ("BS357", "I12")),
        (CROPS, put("G17", "=G18*0.33+G19*0.71"), ("BS357", "G17")),
        # The rest of the sheet.
        (CROPS, put("M2", "=#REF!"), ("BS395", "M2")),
        (CROPS, put("D4", '="Ngày "&TODAY()'), ("BS395", "D4")),
        (CROPS, put("D4", "='[Bao cao.xlsx]T9'!A1"), ("BS395", "D4")),
        # Locks and regions.
        (
            CROPS,
            lambda book, form, sheet: setattr(form["E12"], "protection", Protection(locked=True)),
            ("BS326", "E12"),
        ),
        (POVERTY, put("B14", None), ("BS325", "")),
        (POVERTY, put("D14", 0), ("BS325", "D14")),
        (POVERTY, put("J12", "=E12-G12"), ("BS329", "J12")),
    ],
)
def test_a_fault_is_found_at_its_cell(form: str, spoil: Spoiling, fault: tuple[str, str]) -> None:
    assert fault in found(spoiled(form, spoil))


@pytest.mark.parametrize(
    ("section", "nth", "column", "value", "code"),
    [
        (Section.COLUMNS, 0, "C", "Sào", "BS350"),
        (Section.COLUMNS, 5, "C", "Ha", "BS351"),
        (Section.COLUMNS, 6, "C", "Ha", "BS351"),
        (Section.COLUMNS, 6, "G", "cộng", "BS396"),
        (Section.RULES, 0, "C", None, "BS321"),
        (Section.RULES, 0, "B", "='KTXH-09.T'!G9<='KTXH-09.T'!Z99", "BS452"),
        (Section.RULES, 0, "B", "='KTXH-09.T'!G9<=NOW()", "BS451"),
        (Section.RULES, 0, "B", "='KTXH-09.T'!G9<='KTXH-09.T'!H9", "BS352"),
    ],
)
def test_a_fault_of_a_declaration_is_found_at_its_line(
    section: Section, nth: int, column: str, value: str | None, code: str
) -> None:
    data = spoiled(CROPS, declare(section, nth, "ABCDEFG".index(column) + 1, value))

    findings = [finding for finding in lint(data) if finding.code == code]

    assert [(finding.sheet, finding.cell) for finding in findings] == [
        (definition.SHEET, declared(CROPS, section, nth, column))
    ]


def test_a_finding_names_function_and_cells_in_words() -> None:
    finding = only("BS451", spoiled(CROPS, put("I12", "=XLOOKUP(G12,H12,I13)")))

    assert "XLOOKUP" in finding.message
    assert (finding.sheet, finding.cell, finding.severity) == (CROPS, "I12", Severity.ERROR)


def test_a_total_that_skips_a_row_is_told_once_for_all_its_columns() -> None:
    data = spoiled(
        CROPS, *(put(f"{column}9", f"=SUM({column}10,{column}15,{column}17,{column}20)") for column in "DEFG")
    )

    finding = only("BS353", data)

    assert finding.cell == "D9"
    assert "Cột 1, 2, 3, 4" in finding.message
    assert "dòng 08" in finding.message
    assert "III. Cây công nghiệp hàng năm" in finding.message


def test_a_part_of_a_row_need_not_be_in_a_total() -> None:
    data = spoiled(
        ANIMALS, put("A18", "Trong đó: thịt bò"), *(put(f"{c}16", f"=SUM({c}17,{c}19,{c}20)") for c in "DEG")
    )

    assert found(data) == set()


def test_a_row_said_to_be_divided_must_add_up_what_is_below() -> None:
    unlock = Protection(locked=False)

    def typed(book: Book, form: Worksheet, sheet: Worksheet) -> None:
        form["A17"].value = "Chia ra: Thịt trâu"
        for column in "EG":
            form[f"{column}16"].value = None
            form[f"{column}16"].protection = unlock

    finding = only("BS353", spoiled(ANIMALS, typed))

    assert (finding.cell, "dòng 09" in finding.message) == ("E16", True)


def test_a_row_under_a_heading_that_divides_must_be_added_up() -> None:
    data = insert_rows(template(ANIMALS), ANIMALS, 16, 1, 15)
    blank = {(17, column): Constant(None) for column in range(2, 9)}
    typed = {(16, column): Constant(None) for column in (5, 7)}
    data = patch_cells(data, {ANIMALS: {**blank, (17, 1): "Chia ra:", **typed}})

    finding = only("BS353", data)

    assert (finding.cell, "tổng ở dòng 08" in finding.message, "dòng 09" in finding.message) == ("E16", True, True)


def drop_each_addend(form: str) -> Iterator[tuple[str, str, bytes]]:
    """Every total of a form with each of its addends left out in turn: codes of both, and the template."""
    sheet = open_workbook(template(form)).read_sheet(form)
    codes = {row.at: row.code for row in version(form).tables[0].rows}
    for at, total in codes.items():
        sums: dict[int, list[str]] = {}
        for column in version(form).tables[0].columns:
            match = re.fullmatch(r"SUM\(([A-Z]+\d+(?:,[A-Z]+\d+)+)\)", sheet.cell(at, column.at).formula or "")
            addends = match[1].split(",") if match else []
            if addends and all(parse_address(addend)[1] == column.at for addend in addends):
                sums[column.at] = addends
        for left_out, addend in enumerate(next(iter(sums.values()), [])):
            rest = {column: [one for i, one in enumerate(addends) if i != left_out] for column, addends in sums.items()}
            patches: dict[tuple[int, int], Patch] = {
                (at, column): Formula(f"SUM({','.join(addends)})") for column, addends in rest.items()
            }
            yield total, codes[parse_address(addend)[0]], patch_cells(template(form), {form: patches})


@pytest.mark.parametrize("form", [CROPS, ANIMALS, "KTXH-05.T"])
def test_no_addend_can_be_left_out_of_a_total_unnoticed(form: str) -> None:
    """KTXH-08.Q is not among them: its rows are grouped in two ways, and each row is also in another total."""
    for total, row, data in drop_each_addend(form):
        findings = [finding for finding in lint(data) if finding.code in {"BS353", "BS354"}]

        assert any(f"dòng {row} “" in finding.message for finding in findings), (total, row)


def test_an_income_per_head_is_not_told_in_billions() -> None:
    data = spoiled(ANIMALS, put("A22", "Thu nhập bình quân đầu người"), put("C22", "Tỷ đồng"))

    assert found(data) == {("BS394", "C22")}
    assert only("BS394", data).severity is Severity.WARNING


def test_an_error_value_outside_the_grid_is_quoted() -> None:
    assert "“#REF!”" in only("BS395", spoiled(CROPS, put("M2", "#REF!"))).message


def test_a_header_made_by_a_formula_is_no_fault() -> None:
    data = spoiled(CROPS, put("M1", 2026), put("D4", '="TH "&($M$1-5)'))

    assert found(data) == set()


def test_a_row_must_have_the_unit_of_its_indicator() -> None:
    findings = lint(template(ANIMALS), indicators={"CN.01": "Tấn", "CN.08": "Tấn"})

    assert {finding.code for finding in findings} == {"BS351"}
    assert {finding.cell for finding in findings} == {"C9"}


def test_another_catalogue_of_units_is_followed() -> None:
    heading = "code,name,dimension,factor,synonyms\n"

    findings = lint(template(FILES), measures=Measures(read_units(heading + "HO_SO,Bộ hồ sơ,đếm: hồ sơ,1,\n")))

    assert {finding.code for finding in findings} == {"BS350"}


TEN_FAULTS: list[tuple[Spoiling, tuple[str, str]]] = [
    (put("B13", "04"), ("BS324", "B13")),
    (put("I12", "=XLOOKUP(G12,H12,I13)"), ("BS451", "I12")),
    (put("C15", "Sào"), ("BS350", "C15")),
    (put("E18", 5), ("BS327", "E18")),
    (put("D17", "=SUM(D18)"), ("BS353", "D17")),
    (put("J17", "=SUM(J18:J19)"), ("BS355", "J17")),
    (put("I15", "=G15*H15/10*0.6"), ("BS357", "I15")),
    (put("M2", "=#REF!"), ("BS395", "M2")),
    (lambda book, form, sheet: setattr(form["F14"], "protection", Protection(locked=True)), ("BS326", "F14")),
    (put("I16", "=SUM(G:G)"), ("BS452", "I16")),
]


def test_ten_faults_are_told_at_once() -> None:
    data = spoiled(CROPS, *(spoil for spoil, _ in TEN_FAULTS))

    assert {fault for _, fault in TEN_FAULTS} <= found(data)


def test_they_are_told_even_where_the_names_of_the_form_are_lost() -> None:
    def lose(book: Book, form: Worksheet, sheet: Worksheet) -> None:
        for name in ("BS_T1", "BS_T1_rows", "BS_T1_cols", "BS_unit", "BS_period"):
            book.defined_names.pop(name)

    data = spoiled(CROPS, *(spoil for spoil, _ in TEN_FAULTS), lose)

    assert {fault for _, fault in TEN_FAULTS} | {("BS322", "")} <= found(data)


def test_they_are_told_even_where_the_file_links_to_another() -> None:
    def link(book: Book, form: Worksheet, sheet: Worksheet) -> None:
        other = ExternalLink(externalBook=ExternalBook(id="rId1"))
        other.file_link = Relationship(type="externalLinkPath", Target="khac.xlsx", TargetMode="External", Id="rId1")
        book._external_links.append(other)

    data = spoiled(CROPS, *(spoil for spoil, _ in TEN_FAULTS), put("I19", "=G19*[1]Khac!H12"), link)

    assert {fault for _, fault in TEN_FAULTS} | {("BS131", ""), ("BS452", "I19")} <= found(data)


def test_old_vietnamese_text_in_a_template_is_told() -> None:
    data = spoiled(CROPS, put("A12", "Nguyeãn Thò Ngoïc AÙnh"))

    assert ("BS701", "A12") in found(data)


def test_they_are_told_even_without_the_definition_sheet() -> None:
    found_here = found(spoiled(CROPS, put("B13", "04"), lambda book, form, sheet: book.remove(sheet)))

    assert {("BS320", ""), ("BS324", "B13")} <= found_here


def test_a_row_below_the_named_codes_is_not_read_and_told() -> None:
    def shorten(book: Book, form: Worksheet, sheet: Worksheet) -> None:
        book.defined_names["BS_T1_rows"] = DefinedName("BS_T1_rows", attr_text=f"'{CROPS}'!$B$9:$B$19")

    assert ("BS397", "B20") in found(spoiled(CROPS, shorten))


def test_findings_stand_in_the_order_of_the_sheet() -> None:
    findings = [finding for finding in lint(spoiled(CROPS, *(spoil for spoil, _ in TEN_FAULTS))) if finding.cell]

    rows = [int(finding.cell.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")) for finding in findings if finding.sheet == CROPS]

    assert rows == sorted(rows)


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"no workbook"])
def test_a_file_that_is_no_workbook_is_told(data: bytes) -> None:
    assert [finding.code[:3] for finding in lint(data)] == ["BS1"]


def test_a_workbook_that_is_no_form_is_told() -> None:
    stream = io.BytesIO()
    openpyxl.Workbook().save(stream)

    assert {finding.code for finding in lint(stream.getvalue())} == {"BS320", "BS322"}


def test_a_sum_of_very_many_cells_is_linted() -> None:
    data = spoiled(CROPS, put("D9", "=" + "+".join(["D10"] * 200)))

    assert {code for code, _ in found(data)} <= {"BS353", "BS354"}


VALUES = st.one_of(
    st.none(),
    st.sampled_from(
        ["x", "01", "02*", "A", "1", "%", "Ha", "=D9", "=#REF!", "=SUM(D9:D99)", "={1,2}", "=1/0", "chia ra"]
    ),
    st.integers(0, 99),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=12),
)


@settings(max_examples=40)
@given(
    st.sampled_from([CROPS, POVERTY]),
    st.lists(st.tuples(st.integers(0, 1), st.integers(1, 60), st.integers(1, 12), VALUES), min_size=1, max_size=6),
)
def test_whatever_is_typed_into_a_template_linting_answers_as_publishing_will(
    form: str, edits: list[tuple[int, int, int, object]]
) -> None:
    def spoil(book: Book, sheet: Worksheet, known: Worksheet) -> None:
        for which, row, column, value in edits:
            cell = (sheet, known)[which].cell(row, column)
            if not isinstance(cell, openpyxl.cell.MergedCell):
                cell.value = value

    data = spoiled(form, spoil)
    findings = lint(data)

    assert json.dumps([finding.to_dict() for finding in findings])
    errors = {finding.code for finding in findings if finding.severity is Severity.ERROR}
    assert bool(errors - KINDS.keys() - {code for code in errors if code.startswith("BS7")}) == is_refused(data)


def is_refused(data: bytes) -> bool:
    """Whether a template cannot even be compiled."""
    try:
        compile_version(compile_template(data))
    except (FormError, FormulaError):
        return True
    return False
