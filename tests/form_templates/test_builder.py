"""Templates as laid out from their specs, and as LibreOffice opens them."""

import io
import zipfile
from pathlib import Path

import openpyxl
import pytest

from form_templates import definition
from form_templates.builder import build_template
from form_templates.model import CellKind
from form_templates.spec import FormSpec, read_spec
from tests.form_templates.specimens import forms, template, version
from tests.office import saved

_OFFICIAL = Path(__file__).parents[2] / "form_templates" / "official"


def spec_of(form: str) -> FormSpec:
    return read_spec((_OFFICIAL / f"{form}.toml").read_text(encoding="utf-8"))


def parts(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize("form", forms())
def test_an_official_template_is_what_its_spec_lays_out(form: str) -> None:
    assert parts(template(form)) == parts(build_template(spec_of(form)))


def test_the_same_spec_gives_the_same_bytes() -> None:
    assert build_template(spec_of("KTXH-09.T")) == build_template(spec_of("KTXH-09.T"))


@pytest.mark.parametrize("form", forms())
def test_a_template_prints_on_a4_landscape_with_its_header_on_every_page(form: str) -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(template(form)))[form]

    assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
    assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (1, 0)
    assert sheet.print_title_rows == "$6:$8"
    assert sheet.freeze_panes == "D9"


@pytest.mark.parametrize("form", forms())
def test_a_template_is_protected_without_password_and_rows_may_be_inserted(form: str) -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(template(form)))[form]

    assert sheet.protection.sheet
    assert not sheet.protection.password
    assert not sheet.protection.insertRows  # openpyxl: False means that it is allowed


@pytest.mark.parametrize("form", forms())
def test_a_template_says_where_it_comes_from(form: str) -> None:
    book = openpyxl.load_workbook(io.BytesIO(template(form)))

    assert "biên soạn" in (book.properties.description or "")
    assert book.properties.subject == book.properties.description
    assert form in (book.properties.title or "")
    assert form in (book.properties.keywords or "")
    assert book[definition.SHEET].sheet_state == "hidden"


def test_a_typed_cell_takes_numbers_of_its_precision_and_the_four_states() -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(template("KTXH-13.N")))["KTXH-13.N"]

    rules = [rule for rule in sheet.data_validations.dataValidation if "D11" in rule.sqref]

    assert [rule.formula1 for rule in rules] == [
        'OR(AND(ISNUMBER(D11),D11=ROUND(D11,0),D11>=0),D11="-",D11="…",D11="x")'
    ]
    assert all(len(rule.error or "") <= 255 for rule in rules)  # Excel's limit


def test_the_index_row_and_codes_are_text() -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(template("KTXH-09.T")))["KTXH-09.T"]

    assert [cell.value for cell in sheet[8]] == ["A", "B", "C", "1", "2", "3", "4", "5", "6", "7", "8"]
    assert sheet["B9"].value == "01"


@pytest.fixture(scope="module")
def recalculated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every official template as LibreOffice saves it."""
    folder = tmp_path_factory.mktemp("office")
    saved([_OFFICIAL / f"{form}.xlsx" for form in forms()], folder)
    return folder


@pytest.mark.parametrize("form", forms())
def test_libreoffice_calculates_a_blank_template_without_errors(form: str, recalculated: Path) -> None:
    sheet = openpyxl.load_workbook(recalculated / f"{form}.xlsx", data_only=True)[form]
    table = version(form).tables[0]
    at = {row.code: row.at for row in table.rows} | {region.code: region.first for region in table.regions}
    column_at = {column.code: column.at for column in table.columns}

    values = {
        cell.key: sheet.cell(at[cell.key.row], column_at[cell.key.column]).value
        for cell in table.cells
        if cell.kind is CellKind.CALC
    }

    assert values or form == "KTXH-02.T"  # an index is typed in every row
    assert set(values.values()) <= {0, "-"}


def test_a_filled_form_adds_and_divides_as_the_form_says(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(io.BytesIO(template("KTXH-09.T")))
    # 04: harvested 100 ha at 60 tạ/ha; 05: no phenomenon; 06: 20 ha at 45,5 tạ/ha; carried area of 04: 80 ha.
    filled = {"D12": 80, "F12": 100, "G12": 100, "H12": 60, "G13": "-", "H13": "-", "F14": 20, "G14": 20, "H14": 45.5}
    for place, value in filled.items():
        book["KTXH-09.T"][place].value = value
    book.save(tmp_path / "filled.xlsx")

    (calculated,) = saved([tmp_path / "filled.xlsx"], tmp_path / "out")

    sheet = openpyxl.load_workbook(calculated, data_only=True)["KTXH-09.T"]
    assert (sheet["I12"].value, sheet["I13"].value, sheet["I11"].value) == (600, "-", 600)
    assert (sheet["I10"].value, sheet["G10"].value, sheet["H10"].value) == (691, 120, 57.58)
    assert (sheet["J12"].value, sheet["K12"].value, sheet["F9"].value) == (125, "-", 120)


@pytest.mark.parametrize("form", forms())
def test_every_rule_holds_in_a_blank_template(form: str, recalculated: Path) -> None:
    sheet = openpyxl.load_workbook(recalculated / f"{form}.xlsx", data_only=True)[definition.SHEET]
    titles = {row[0].value: row[0].row for row in sheet.iter_rows(max_col=1)}
    first = titles[definition.Section.RULES.value] + 2

    results = [sheet.cell(row, 2).value for row in range(first, sheet.max_row + 1)]

    assert results
    assert all(result is True for result in results)
