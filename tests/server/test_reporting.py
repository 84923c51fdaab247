from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

import openpyxl
import pytest
from flask.testing import FlaskClient
from openpyxl.worksheet.worksheet import Worksheet
from sqlalchemy import Engine

from form_templates.builder import build_template
from form_templates.compile import compile_template
from form_templates.errors import FormError
from form_templates.model import CellKey
from form_templates.period import Period
from form_templates.reading import read_form
from form_templates.report_drawing import SourceLine, build_report, with_sources
from form_templates.reports import SOURCES_SHEET, TRACES_SHEET, SourcePeriod, compile_report, source_periods
from form_templates.spec import read_spec
from form_templates.stamp import StampKind, read_stamp
from formulas.checking import check
from formulas.linting.linting import lint
from server.config import Config
from server.errors import ConflictError, InvalidError, NotFoundError
from server.services.drafting import save_draft
from server.services.history import import_history
from server.services.periods import recent_periods
from server.services.publishing import publish
from server.services.reporting import assemble, list_reports, publish_report
from server.web.app import create_app
from tests.server.world import COMMUNES, FORM, KEYS, NOW, PERIOD, World, crops, key, template
from workbooks.patch import Constant, patch_cells
from workbooks.workbook import open_workbook

SPEC = """
id = "BC-09.T"
version = "1"
title = "TÌNH HÌNH SẢN XUẤT LÚA"
unit_text = "Ha; nghìn tấn"
decision = "Ban hành kèm theo Quyết định số 1"
basis = "Biểu báo cáo soạn để thử"
sender = "Sở Nông nghiệp và Môi trường"
receiver = "UBND tỉnh"
deadline = "Ngày 20"
periods = ["M", "Q"]
[[columns]]
code = "1"
header = "Kỳ báo cáo"
[[columns]]
code = "2"
header = "Cùng kỳ năm trước"
[[columns]]
code = "3"
header = "So với cùng kỳ (%)"
kind = "calc"
unit = "%"
decimals = 1
formula = "c1/c2*100"
aggregation = "formula"
[[rows]]
code = "01"
label = "Diện tích gieo trồng lúa"
unit = "Ha"
decimals = 1
[[rows]]
code = "02"
label = "Sản lượng lúa"
unit = "Nghìn tấn"
decimals = 3
"""
LINES = (
    SourceLine("01", "1", FORM, "04", "3"),
    SourceLine("01", "2", FORM, "04", "3", "cùng kỳ năm trước"),
    SourceLine("02", "1", FORM, "04", "6"),
    SourceLine("02", "2", FORM, "04", "6", "cùng kỳ năm trước"),
)
REPORT = "BC-09.T"


def a_report(lines: tuple[SourceLine, ...] = LINES, spec: str = SPEC) -> bytes:
    return with_sources(build_template(read_spec(spec)), lines)


def published(engine: Engine, data: bytes | None = None) -> None:
    publish_report(engine, data or a_report(), decision="QĐ 2", effective_from=date(2025, 1, 1), now=NOW)


def shown(data: bytes) -> dict[str, object]:
    workbook = open_workbook(data)
    report = compile_report(a_report())
    cells = read_form(workbook, report.grid).cells
    return {f"{key.row}.{key.column}": cell.value for key, cell in cells.items()}


def test_a_report_shows_what_the_units_below_reported_and_where_it_comes_from(world: World) -> None:
    published(world.engine)
    for number, unit in enumerate(COMMUNES, start=1):
        world.history(unit, area=8.0)
        assert world.send(world.signed(unit, crops(10.0 * number)), unit).status == "accepted"

    made = assemble(world.engine, report=REPORT, unit="86", period=PERIOD, stamp_key=KEYS[0], now=NOW)

    # The yield is 50.25 tạ/ha on a hectare less than was sown.
    area, output = 10.0 + 20.0 + 30.0, sum(round((sown - 1) * 50.25 / 10, 1) for sown in (10.0, 20.0, 30.0))
    found = shown(made.data)
    assert found["01.1"] == area
    assert found["01.2"] == 3 * 8.0
    assert found["01.3"] == pytest.approx(round(area / 24 * 100, 1))
    assert found["02.1"] == pytest.approx(output / 1000, abs=0.0005)
    assert found["02.2"] is None
    traces = open_workbook(made.data).read_sheet(TRACES_SHEET)
    assert [traces.cell(3, column).value for column in range(1, 9)] == ["01", "1", area, FORM, "1", "04", "3", PERIOD]
    assert [trace.source.key for trace in made.missing] == [CellKey("T1", "02", "2")]
    assert "Thiếu số liệu: tháng 9 năm 2025" in str(traces.cell(6, 9).value).lower().replace("thiếu", "Thiếu", 1)


def test_an_assembled_report_is_stamped_as_one_and_is_never_accepted(world: World) -> None:
    published(world.engine)
    world.send(world.signed("28756"), "28756")

    made = assemble(world.engine, report=REPORT, unit="28756", period=PERIOD, stamp_key=KEYS[0], now=NOW)

    stamp = read_stamp(open_workbook(made.data))
    assert stamp is not None
    assert stamp.kind is StampKind.REPORT
    assert [finding.code for finding in check(made.data).findings if finding.severity == "error"] == []
    result = world.send(made.data, "28756")
    assert result.status == "refused"


def test_months_are_added_and_what_lacks_is_told(world: World) -> None:
    lines = (replace(LINES[0], period="cộng các tháng"), *LINES[1:])
    published(world.engine, a_report(lines))
    for month, area in (("2026-M07", 1.0), ("2026-M09", 2.0)):
        world.history("28756", area=area, period=month)

    made = assemble(world.engine, report=REPORT, unit="28756", period="2026-Q3", stamp_key=KEYS[0], now=NOW)

    first = made.traces[0]
    assert first.value == Decimal("3.0")
    assert first.periods == ("2026-M07", "2026-M08", "2026-M09")
    assert "Tháng 8 năm 2026" in first.note
    assert first in made.missing


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (SourceLine("01", "1", "KTXH-99.T", "03", "3"), "BS337"),
        (SourceLine("01", "1", FORM, "99", "3"), "BS337"),
        (SourceLine("01", "1", FORM, "03", "5", "cộng các tháng"), "BS337"),  # a yield is not added
        (SourceLine("01", "1", FORM, "03", "7"), "BS337"),  # per cent in a row of hectares
        (SourceLine("01", "1", FORM, "03", "3", "năm kia"), "BS335"),
        (SourceLine("77", "1", FORM, "03", "3"), "BS335"),
        (SourceLine("01", "1", "", "03", "3"), "BS335"),
        (SourceLine("01", "1, 2", FORM, "03", "3"), "BS335"),
        (SourceLine("01", "1, 2", FORM, "03", "3, 3"), "BS336"),  # column 2 then has two sources
    ],
)
def test_a_wrong_source_is_refused_with_its_place(world: World, line: SourceLine, code: str) -> None:
    with pytest.raises(FormError) as refused:
        published(world.engine, a_report((line, *LINES[1:])))

    assert code in {finding.code for finding in refused.value.findings}
    assert all(finding.sheet and finding.cell for finding in refused.value.findings)
    assert code == "BS336" or {finding.cell[1:] for finding in refused.value.findings if finding.code == code} == {"3"}
    assert list_reports(world.engine) == ()


def respelled(change: Callable[[Worksheet], object], sheet: str = SOURCES_SHEET) -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(a_report()))
    change(book[sheet])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def put(cells: dict[str, object]) -> Callable[[Worksheet], object]:
    return lambda sheet: [setattr(sheet[place], "value", value) for place, value in cells.items()]


@pytest.mark.parametrize(
    "change",
    [
        put({"A3": 1, "D3": 4}),  # Excel drops the zero of a code typed into a new line
        put({"B3": 1}),
        put({"F3": "Kỳ báo cáo"}),
        lambda sheet: sheet.insert_rows(4, 2),  # room between groups of lines
    ],
)
def test_sources_typed_as_people_type_them_are_the_same(change: Callable[[Worksheet], object]) -> None:
    assert compile_report(respelled(change)).sources == compile_report(a_report()).sources


def test_far_too_many_sources_are_refused_in_a_moment() -> None:
    def fill(sheet: Worksheet) -> None:
        for row in range(3, 5_003):
            put({f"A{row}": "01" + ",01" * 300, f"B{row}": "*", f"C{row}": FORM, f"F{row}": "kỳ báo cáo"})(sheet)

    with pytest.raises(FormError, match="BS335"):
        compile_report(respelled(fill))


def test_a_report_needs_the_sheet_on_which_its_sources_are_told() -> None:
    with pytest.raises(FormError, match=TRACES_SHEET):
        compile_report(respelled(lambda sheet: setattr(sheet, "title", "Khác"), TRACES_SHEET))


def test_a_report_that_lost_its_sources_is_no_input_form(world: World) -> None:
    renamed = respelled(lambda sheet: setattr(sheet, "title", "Nguồn"))

    assert "BS335" in {finding.code for finding in lint(renamed)}
    with pytest.raises(InvalidError, match="report publish"):
        publish(world.engine, renamed, decision="QĐ 3", effective_from=date(2025, 1, 1), now=NOW)


def test_a_report_is_linted_as_one() -> None:
    data = respelled(put({"C3": None, "F4": "năm kia"}))

    assert {("BS335", "C3"), ("BS335", "F4")} <= {(finding.code, finding.cell) for finding in lint(data)}
    assert [str(finding) for finding in lint(a_report())] == []


def test_a_report_has_a_name_of_its_own_and_a_decision(world: World) -> None:
    with pytest.raises(ConflictError, match="biểu nhập liệu"):
        published(world.engine, a_report(spec=SPEC.replace("BC-09.T", FORM).replace('version = "1"', 'version = "9"')))
    with pytest.raises(InvalidError, match="quyết định"):
        publish_report(world.engine, a_report(), decision=" ", effective_from=date(2025, 1, 1), now=NOW)

    published(world.engine)
    input_form = build_template(read_spec(SPEC))
    with pytest.raises(ConflictError, match="biểu báo cáo"):
        publish(world.engine, input_form, decision="QĐ 3", effective_from=date(2025, 1, 1), now=NOW)
    with pytest.raises(InvalidError, match="report publish"):
        save_draft(world.engine, a_report(), now=NOW)


def test_what_owners_write_is_never_a_formula_in_a_report(world: World) -> None:
    book = openpyxl.load_workbook(io.BytesIO(a_report()))
    book[SOURCES_SHEET]["C3"].value = "=HYPERLINK(1)"
    stream = io.BytesIO()
    book.save(stream)

    with pytest.raises(FormError, match=r"BS33[57]"):
        published(world.engine, stream.getvalue())


def test_a_cell_without_source_is_refused(world: World) -> None:
    with pytest.raises(FormError, match="dòng 02, cột 2"):
        published(world.engine, a_report(LINES[:3]))


def test_a_published_report_form_never_changes(world: World) -> None:
    published(world.engine)
    published(world.engine)
    changed = patch_cells(a_report(), {"BC-09.T": {(9, 1): Constant("Diện tích khác")}})

    with pytest.raises(ConflictError):
        published(world.engine, changed)
    assert [one.report for one in list_reports(world.engine)] == [REPORT]


def test_an_input_form_is_no_report_and_a_report_no_input_form(world: World) -> None:
    with pytest.raises(FormError, match="Nguồn số liệu"):
        published(world.engine, template())
    with pytest.raises(InvalidError, match="báo cáo"):
        publish(world.engine, a_report(), decision="QĐ", effective_from=date(2025, 1, 1), now=NOW)


def test_what_cannot_be_assembled_says_why(world: World) -> None:
    published(world.engine)
    asked = {"stamp_key": KEYS[0], "now": NOW}
    with pytest.raises(NotFoundError, match="BC-10"):
        assemble(world.engine, report="BC-10.T", unit="86", period=PERIOD, **asked)
    with pytest.raises(InvalidError, match="năm 2026"):
        assemble(world.engine, report=REPORT, unit="86", period="2026", **asked)
    with pytest.raises(NotFoundError):
        assemble(world.engine, report=REPORT, unit="99999", period=PERIOD, **asked)


@pytest.mark.parametrize(
    ("source", "period", "expected"),
    [
        (SourcePeriod.SAME, "2026-Q3", ["2026-Q3"]),
        (SourcePeriod.PREVIOUS, "2026-Q1", ["2025-Q4"]),
        (SourcePeriod.PREVIOUS, "2026-9M", []),
        (SourcePeriod.LAST_YEAR, "2026-M02", ["2025-M02"]),
        (SourcePeriod.LAST_MONTH, "2026-H1", ["2026-M06"]),
        (SourcePeriod.LAST_QUARTER, "2026-9M", ["2026-Q3"]),
        (SourcePeriod.SUM_OF_QUARTERS, "2026", ["2026-Q1", "2026-Q2", "2026-Q3", "2026-Q4"]),
        (SourcePeriod.SUM_OF_MONTHS, "2026-Q2", ["2026-M04", "2026-M05", "2026-M06"]),
        (SourcePeriod.SUM_OF_QUARTERS, "2026-M02", []),
        (SourcePeriod.SUM_OF_MONTHS_LAST_YEAR, "2026-Q1", ["2025-M01", "2025-M02", "2025-M03"]),
        (SourcePeriod.LAST_MONTH_LAST_YEAR, "2026-9M", ["2025-M09"]),
    ],
)
def test_the_periods_that_make_a_figure(source: SourcePeriod, period: str, expected: list[str]) -> None:
    assert [one.code for one in source_periods(source, Period.parse(period))] == expected


def test_the_template_is_the_same_every_time_and_compiles_as_a_grid() -> None:
    assert a_report() == a_report()
    assert compile_report(a_report()).grid == compile_template(a_report())
    assert compile_report(a_report()).forms == (FORM,)
    assert key("03", 3).row == "03"


def a_portal(world: World, folder: Path, *, open_reading: bool) -> FlaskClient:
    url = world.engine.url.render_as_string(hide_password=False)
    config = replace(Config.in_folder(folder, database_url=url), stamp_keys=KEYS, open_reading=open_reading)
    return create_app(config).test_client()


def test_the_portal_lists_reports_and_shows_the_source_of_every_figure(world: World, tmp_path: Path) -> None:
    published(world.engine)
    world.send(world.signed("28756", crops(12.5)), "28756")
    client = a_portal(world, tmp_path, open_reading=True)

    listed = client.get("/bao-cao").get_data(as_text=True)
    page = client.get(f"/bao-cao/{REPORT}?period={PERIOD}").get_data(as_text=True)
    file = client.get(f"/bao-cao/{REPORT}/tep?period={PERIOD}&unit=86")
    client.application.extensions["bieuso"].engine.dispose()

    assert "TÌNH HÌNH SẢN XUẤT LÚA" in listed
    offered = re.findall(r'<option value="(.+?)">(.+?)</option>', listed)
    assert {Period.parse(code).kind.value for code, _ in offered} == {"M", "Q"}
    assert all(Period.parse(code).label == label for code, label in offered)
    assert "Tỉnh Vĩnh Long" in page
    assert "12,5" in page
    assert "Thiếu số liệu: Tháng 9 năm 2025" in page
    assert f"/so-tong-hop/{FORM}/{PERIOD}?unit=86" in page
    assert shown(file.get_data())["01.1"] == 12.5


def test_the_periods_to_choose_from_have_begun_and_are_not_before_the_form() -> None:
    found = recent_periods(("M", "Q"), since=date(2026, 7, 15), today=date(2026, 9, 10))

    assert [period.code for period in found] == ["2026-Q3", "2026-M09", "2026-M08", "2026-M07"]


def test_the_api_gives_reports_to_those_who_may_see_the_unit(world: World, tmp_path: Path) -> None:
    published(world.engine)
    client = a_portal(world, tmp_path, open_reading=False)
    address = f"/api/v1/reports/{REPORT}/{PERIOD}/86.xlsx"

    stranger = client.get(address)
    credentials = {"account": world.accounts["28756"].username, "password": world.secrets["28756"]}
    token = client.post("/api/v1/sessions", json=credentials).get_json()["token"]
    officer = client.get(address, headers={"Authorization": f"Bearer {token}"})
    own = client.get(address.replace("/86", "/28756"), headers={"Authorization": f"Bearer {token}"})
    listed = client.get("/api/v1/reports", headers={"Authorization": f"Bearer {token}"}).get_json()
    client.application.extensions["bieuso"].engine.dispose()

    assert (stranger.status_code, officer.status_code, own.status_code) == (401, 403, 200)
    assert own.headers["X-Missing-Figures"] == "4"
    assert [one["report"] for one in listed["reports"]] == [REPORT]


OFFICIAL = files("form_templates").joinpath("official", "reports")


def test_the_official_report_is_laid_out_from_its_spec_and_reads_the_official_forms(engine: Engine) -> None:
    data = OFFICIAL.joinpath("BC-01.Q.xlsx").read_bytes()
    assert build_report(OFFICIAL.joinpath("BC-01.Q.toml").read_text("utf-8")) == data
    for form in compile_report(data).forms:
        publish(engine, template(form), decision="QĐ 1", effective_from=date(2025, 1, 1), now=NOW)

    published(engine, data)

    assert [one.report for one in list_reports(engine)] == ["BC-01.Q"]


def test_a_spec_of_a_report_says_what_is_wrong_with_its_sources() -> None:
    with pytest.raises(FormError, match="sources"):
        build_report(SPEC)
    with pytest.raises(FormError, match="thiếu mục “form”"):
        build_report(SPEC + '[[sources]]\nrows = "01"\ncolumns = "1"\n')
    with pytest.raises(FormError, match="TOML"):
        build_report("= =")


def test_a_source_that_is_measured_otherwise_since_is_told_and_left_blank(world: World) -> None:
    published(world.engine)
    world.history("28756", area=8.0, period="2025-M09")
    spec = files("form_templates").joinpath("official", f"{FORM}.toml").read_text("utf-8")
    spec = "\n".join(line for line in spec.splitlines() if not line.startswith("indicator"))
    spec = spec.replace('version = "1"', 'version = "2"').replace('"Ha"', '"Tấn"').replace("(ha)", "(tấn)")
    later = build_template(read_spec(spec))
    publish(world.engine, later, decision="QĐ 3", effective_from=date(2026, 9, 1), now=NOW)
    values = {key(row, 3): 5.0 for row in ("04", "05")}
    import_history(world.engine, form=FORM, period=PERIOD, unit="28756", values=values, now=NOW)

    made = assemble(world.engine, report=REPORT, unit="28756", period=PERIOD, stamp_key=KEYS[0], now=NOW)

    assert shown(made.data)["01.1"] is None
    assert "khác đại lượng" in made.missing[0].note
    assert shown(made.data)["01.2"] == 8.0
