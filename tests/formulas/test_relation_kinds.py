"""Every kind of control relation, end to end: a spec laid out as a workbook, published, issued, filled and checked."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache

import pytest

from form_templates.builder import build_template
from form_templates.compile import compile_template
from form_templates.filling import MemberLabel, fill, issue, key_addresses
from form_templates.model import CellKey, FormVersion, member_row
from form_templates.serial import digest
from form_templates.spec import read_spec
from form_templates.stamp import Stamp
from formulas.checking import Report, check
from workbooks.address import address
from workbooks.finding import Finding, Severity

SPEC = """
id = "THU-01.T"
title = "CHI NGÂN SÁCH"
unit_text = "Triệu đồng"
decision = "QĐ 1"
basis = "Biểu thử"
sender = "UBND xã"
receiver = "UBND tỉnh"
deadline = "Ngày 18"
periods = ["M"]

[[columns]]
code = "1"
header = "Dự toán"

[[columns]]
code = "2"
header = "Trong tháng"

[[columns]]
code = "3"
header = "Lũy kế"

[[columns]]
code = "4"
header = "Tỷ lệ hộ hưởng lợi (%)"
unit = "%"
decimals = 1

[[rows]]
code = "01"
label = "Tổng chi"
unit = "Triệu đồng"
decimals = 1
relation = "=02+03"
not_applicable = ["4"]

[[rows]]
code = "02"
label = "Chi đầu tư"
unit = "Triệu đồng"
decimals = 1

[[rows]]
code = "03"
label = "Chi thường xuyên"
unit = "Triệu đồng"
decimals = 1

[[rows]]
code = "04"
label = "Trong đó: chi lương"
unit = "Triệu đồng"
decimals = 1
relation = "<=03"

[[rows]]
code = "05"
label = "Chi cho các thôn"
unit = "Triệu đồng"
decimals = 1
relation = "=*"
not_applicable = ["4"]

[[rows]]
code = "06"
label = "Số người hưởng lợi"
unit = "Người"
decimals = 0

[[regions]]
code = "05*"
under = "05"
label = "Thôn"
unit = "Triệu đồng"
decimals = 1
members = ""
count = 2

[[rules]]
code = "K1"
relation = "c2<=c3"
message = "Trong tháng (cột 2) không được lớn hơn lũy kế (cột 3)."

[[rules]]
code = "K2"
relation = "c3>=prev(c3)"
message = "Lũy kế (cột 3) không được nhỏ hơn lũy kế của kỳ trước."

[[rules]]
code = "K3"
relation = "c3=prev(c3)+c2"
rows = ["02"]
message = "Lũy kế (cột 3) phải bằng lũy kế kỳ trước cộng số trong tháng (cột 2)."

[[rules]]
code = "K4"
relation = "c4~0..100"
message = "Tỷ lệ (cột 4) phải từ 0 đến 100."

[[rules]]
code = "K5"
relation = "c2~prev±50%"
severity = "warning"
rows = ["03"]
message = "Chi trong tháng tăng hoặc giảm trên 50% so với tháng trước; hãy giải trình."

[[rules]]
code = "K6"
relation = "r04<=r03"
columns = ["2"]
message = "Chi lương (mã số 04) không được lớn hơn chi thường xuyên (mã số 03)."
"""

MEMBERS = {("T1", "05*"): [MemberLabel("Thôn Đông"), MemberLabel("Thôn Đoài")]}
TRUE: dict[str, float] = {
    "02|1": 900, "03|1": 1800, "04|1": 700, "06|1": 50,
    "02|2": 100, "03|2": 150, "04|2": 60, "06|2": 10,
    "02|3": 400, "03|3": 500, "04|3": 200, "06|3": 40,
    "02|3kt": 300, "03|3kt": 350, "04|3kt": 140, "06|3kt": 30,
    "02|2kt": 90, "03|2kt": 140, "04|2kt": 60, "06|2kt": 10,
    "02|4": 50, "03|4": 60, "04|4": 20, "06|4": 99.9,
}  # fmt: skip
VILLAGES = {"1": 30.0, "2": 10.0, "3": 20.0, "4": 50.0, "2kt": 10.0, "3kt": 10.0}


@lru_cache
def published() -> tuple[bytes, FormVersion]:
    template = build_template(read_spec(SPEC))
    return template, compile_template(template)


def reported(changes: Mapping[str, float | str | None] | None = None) -> tuple[Report, dict[str, str]]:
    """The report on a form in which all relations hold but for these cells; and the address of each cell."""
    template, version = published()
    stamp = Stamp("THU-01.T", version.version, digest(version), "29551", "Xã Tam Bình", "2026-M09", "1", AT)
    issued = issue(template, version, stamp, "k1", b"throw-away")
    values: dict[CellKey, float | str | None] = {
        CellKey("T1", member_row("05*", village), column): value
        for village in ("Thôn Đông", "Thôn Đoài")
        for column, value in VILLAGES.items()
    }
    for place, value in {**TRUE, **(changes or {})}.items():
        values[CellKey("T1", *place.split("|"))] = value
    fillable = {key: value for key, value in values.items() if key.template in version.cell_by_key}
    data = fill(issued, version, fillable, MEMBERS)
    places = {f"{key.row}|{key.column}": address(*place[1:]) for key, place in key_addresses(data, version).items()}
    return check(data, version), places


AT = datetime(2026, 10, 1, tzinfo=UTC)


def about_relations(report: Report) -> list[Finding]:
    return [finding for finding in report.findings if finding.code.startswith("BS50") and finding.code != "BS505"]


def test_a_form_in_which_every_relation_holds_has_no_findings_on_them() -> None:
    assert about_relations(reported()[0]) == []


@pytest.mark.parametrize(
    ("changes", "cell", "words"),
    [
        ({"04|2": 151.0}, "04|2", "Chi lương"),  # a part greater than its whole
        ({"02|3": 401.0}, "02|3", "phải bằng lũy kế kỳ trước cộng"),  # balance with the previous period
        ({"03|3": 340.0}, "03|3", "không được nhỏ hơn lũy kế của kỳ trước"),  # cumulative
        ({"04|2": 150.0, "04|3": 149.0}, "04|2", "không được lớn hơn lũy kế"),
        ({"02|4": 100.6}, "02|4", "từ 0 đến 100"),  # range, which is that of a percentage
        ({"02|4": -1.0}, "02|4", "từ 0 đến 100"),
    ],
    ids=["part", "balance", "cumulative", "columns", "above the range", "below the range"],
)
def test_a_broken_relation_is_told_at_its_cell(changes: dict[str, float], cell: str, words: str) -> None:
    report, places = reported(changes)

    found = [finding for finding in about_relations(report) if words in finding.message]

    assert places[cell] in [finding.cell for finding in found]
    assert {finding.code for finding in found} == {"BS501"}
    assert not report.ok


def test_a_jump_against_the_previous_period_is_soft_and_wants_an_explanation() -> None:
    report, places = reported({"03|2": 215.0})

    found = [finding for finding in report.findings if finding.code == "BS502"]

    assert [finding.cell for finding in found] == [places["03|2"]]
    assert "trên 50%" in found[0].message
    assert found[0].severity is Severity.WARNING
    assert "BS505" in {finding.code for finding in report.findings}


@pytest.mark.parametrize("before", [None, "-", "…", 0.0])
def test_nothing_reported_before_makes_no_jump(before: float | str | None) -> None:
    report, _ = reported({"03|2kt": before})

    assert [finding for finding in report.findings if finding.code == "BS502"] == []


def test_nothing_reported_before_breaks_no_balance() -> None:
    report, _ = reported({place: None for place in TRUE if place.endswith("kt")})

    assert [finding.message for finding in about_relations(report) if "kỳ trước" in finding.message] == []


def test_the_sum_of_repeated_rows_is_the_formula_of_its_row() -> None:
    report, _ = reported()

    assert report.computed[CellKey("T1", "05", "1")] == 60.0


def test_half_a_person_is_told_as_what_must_be_whole() -> None:
    report, places = reported({"06|2": 10.5})

    found = [finding for finding in report.findings if finding.code == "BS606"]

    assert [finding.cell for finding in found] == [places["06|2"]]


def test_a_share_that_a_relation_has_told_is_not_told_again() -> None:
    report, _ = reported({"02|4": 140.0})

    assert [finding for finding in report.findings if finding.code == "BS504"] == []
