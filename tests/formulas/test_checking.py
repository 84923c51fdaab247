import io
from collections.abc import Callable
from dataclasses import replace

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from form_templates.attachments import with_attachments
from form_templates.definition import ATTACHMENTS_SHEET
from form_templates.model import CellKey
from formulas.checking import check, check_workbook
from tests.formulas.specimens import (
    CROPS,
    LIVESTOCK,
    PERIODS,
    POVERTY,
    PROCEDURES,
    a_filled_form,
    a_version,
    an_issued_form,
    findings_of,
    only,
    place,
    template,
    with_cells,
)
from tests.narratives import a_docx, a_pdf
from workbooks.address import address
from workbooks.finding import Severity
from workbooks.patch import Constant, patch_cells
from workbooks.sheet import CellError
from workbooks.workbook import open_workbook


def resaved(data: bytes, change: Callable[[openpyxl.Workbook], object]) -> bytes:
    """The workbook as somebody else's program saves it."""
    book = openpyxl.load_workbook(io.BytesIO(data))
    change(book)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


@pytest.mark.parametrize("form", PERIODS)
def test_a_well_filled_form_has_no_findings(form: str) -> None:
    report = check(a_filled_form(form), a_version(form))

    assert report.findings == ()
    assert report.ok


@pytest.mark.parametrize("form", PERIODS)
def test_a_form_is_checked_against_the_version_it_carries(form: str) -> None:
    report = check(a_filled_form(form))

    assert report.findings == ()
    assert report.filled is not None
    assert report.filled.version == a_version(form)


def test_the_report_has_what_the_published_formulas_give() -> None:
    report = check(a_filled_form(CROPS), a_version(CROPS))

    assert report.computed[CellKey("T1", "03", "3")] == 200.0
    assert report.computed[CellKey("T1", "04", "6")] == 500.0
    assert report.computed[CellKey("T1", "04", "7")] == 104.7


def test_an_issued_form_says_once_that_it_is_still_blank() -> None:
    report = check(an_issued_form(LIVESTOCK), a_version(LIVESTOCK))

    assert [finding.code for finding in report.findings] == ["BS613"]
    assert report.ok


def test_a_template_that_was_never_issued_is_not_accepted() -> None:
    report = check(template(CROPS))

    assert [finding.code for finding in report.findings] == ["BS398"]
    assert not report.ok


def test_a_template_is_not_accepted_even_where_its_version_is_known() -> None:
    assert findings_of(check(template(CROPS), a_version(CROPS)), "BS398")


def test_a_form_is_not_taken_for_another_form() -> None:
    report = check(a_filled_form(CROPS), a_version(LIVESTOCK))

    assert CROPS in only(report, "BS399").message
    assert not report.ok


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"Ho ten;So tien\n", b"\xd0\xcf\x11\xe0" + bytes(600)])
def test_what_is_no_workbook_gives_a_finding_not_an_exception(data: bytes) -> None:
    report = check(data)

    assert len(report.findings) == 1
    assert report.findings[0].code.startswith("BS1")
    assert report.filled is None


def test_an_extra_sheet_is_told() -> None:
    data = resaved(a_filled_form(CROPS), lambda book: book.create_sheet("Nháp"))

    finding = only(check(data, a_version(CROPS)), "BS420")

    assert finding.sheet == "Nháp"


@pytest.mark.parametrize("form", PERIODS)
def test_a_list_of_attached_files_is_no_finding_and_the_report_names_them(form: str) -> None:
    data = with_attachments(a_filled_form(form), [("Báo cáo tháng.docx", a_docx()), ("phụ lục.pdf", a_pdf())])

    report = check(data, a_version(form))

    assert report.findings == ()
    assert [one.name for one in report.attachments] == ["Báo cáo tháng.docx", "phụ lục.pdf"]
    assert report.to_dict()["attachments"] == [one.to_dict() for one in report.attachments]


def test_a_list_of_attached_files_that_was_changed_by_hand_is_told() -> None:
    data = with_attachments(a_filled_form(CROPS), [("phụ lục.pdf", a_pdf())])

    changed = patch_cells(data, {ATTACHMENTS_SHEET: {(5, 5): "f" * 63}})

    finding = only(check(changed, a_version(CROPS)), "BS854")
    assert (finding.sheet, finding.cell) == (ATTACHMENTS_SHEET, "E5")


def test_a_form_that_demands_a_report_in_words_is_not_complete_without_one() -> None:
    demanding = replace(a_version(CROPS), narrative_required=True)
    data = a_filled_form(CROPS)
    attached = with_attachments(data, [("Báo cáo tháng.docx", a_docx())])

    assert only(check(data, demanding), "BS855").severity is Severity.ERROR
    assert check(attached, demanding).findings == ()
    assert check(data, a_version(CROPS)).findings == ()


def test_the_date_system_of_1904_is_told() -> None:
    def use_1904(book: openpyxl.Workbook) -> None:
        book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904

    data = resaved(a_filled_form(CROPS), use_1904)

    assert only(check(data, a_version(CROPS)), "BS421")


def test_a_form_saved_by_another_program_without_changes_has_no_findings() -> None:
    data = resaved(a_filled_form(PROCEDURES), lambda _: None)

    assert check(data, a_version(PROCEDURES)).findings == ()


def test_findings_come_in_the_order_of_the_sheet() -> None:
    data = with_cells(CROPS, {("12", "2"): "abc", ("04", "5"): "abc", ("04", "3"): "abc", ("02", "6"): Constant(1.0)})

    found = check(data, a_version(CROPS)).findings

    places = [finding.cell for finding in found if finding.code in ("BS603", "BS401")]
    assert places == [place(CROPS, *at) for at in (("02", "6"), ("04", "3"), ("04", "5"), ("12", "2"))]


def test_a_report_reads_as_json() -> None:
    report = check(with_cells(CROPS, {("04", "3"): "1.234"}), a_version(CROPS))

    wire = report.to_dict()

    assert wire["ok"] is False
    assert wire["findings"][0]["code"] == "BS602"
    assert wire["findings"][0]["cell"] == place(CROPS, "04", "3")


def test_formulas_that_moved_with_inserted_rows_do_not_alarm() -> None:
    workbook = open_workbook(a_filled_form(POVERTY))

    report = check_workbook(workbook, a_version(POVERTY))

    assert report.findings == ()
    assert {key.member for key in report.filled.cells if key.member} >= {"29551", "29560"}


HOSTILE = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([*CellError]),
    st.booleans(),
    st.none(),
    st.text(max_size=40).filter(lambda text: text.isprintable()),
    st.sampled_from(
        ["{0}", "{name}", "%s", "=1+1", "x", "-", "…", "1.234", "§Êt ®ai", "02*", "T1!A1", "１２", "#REF!"]
    ),
)


@settings(max_examples=60)
@given(
    form=st.sampled_from([CROPS, POVERTY]),
    cells=st.dictionaries(
        st.tuples(st.integers(1, 30), st.integers(1, 16)), st.one_of(HOSTILE, HOSTILE.map(Constant)), max_size=12
    ),
)
def test_nothing_that_is_typed_anywhere_makes_the_check_fail(form: str, cells: dict) -> None:
    sheet = a_version(form).tables[0].sheet
    data = patch_cells(a_filled_form(form), {sheet: cells})

    report = check(data, a_version(form))

    assert all(finding.message and finding.remedy for finding in report.findings)
    assert all(finding.cell == "" or finding.sheet for finding in report.findings)


def test_a_deleted_row_of_codes_is_told_and_the_rest_is_still_checked() -> None:
    version = a_version(CROPS)
    table = version.tables[0]
    row = next(row.at for row in table.rows if row.code == "04")
    data = patch_cells(a_filled_form(CROPS), {table.sheet: {(row, table.codes_at): None, (row + 1, 5): "abc"}})

    report = check(data, version)

    assert not report.ok
    assert address(row + 1, 5) in [finding.cell for finding in findings_of(report, "BS603")]


def test_a_renamed_sheet_without_names_is_told_and_nothing_fails() -> None:
    def rename(book: openpyxl.Workbook) -> None:
        book.defined_names.clear()
        book[CROPS].title = "Trang khác"

    report = check(resaved(a_filled_form(CROPS), rename), a_version(CROPS))

    assert findings_of(report, "BS360")
    assert not report.ok


@pytest.mark.parametrize("change", [{"decimals": 10**6}, {"decimals": -1}])
def test_a_version_of_somebodys_own_making_is_not_believed(change: dict[str, int]) -> None:
    version = a_version(CROPS)
    table = version.tables[0]
    cells = tuple(replace(cell, **change) for cell in table.cells)
    forged = replace(version, tables=(replace(table, cells=cells),))

    assert [finding.code for finding in check(a_filled_form(CROPS), forged).findings] == ["BS398"]


def test_places_beyond_the_sheet_are_not_believed() -> None:
    version = a_version(CROPS)
    table = version.tables[0]
    rows = tuple(replace(row, at=-row.at) for row in table.rows)
    forged = replace(version, tables=(replace(table, rows=rows),))

    assert [finding.code for finding in check(a_filled_form(CROPS), forged).findings] == ["BS398"]
