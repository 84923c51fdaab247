"""Any spec, laid out and compiled again, is the form that the spec says."""

from hypothesis import given, settings
from hypothesis import strategies as st

from form_templates.builder import build_template
from form_templates.compile import compile_template
from form_templates.definition import TABLE
from form_templates.model import Aggregation, Carry, CarrySource, CellKey, CellKind
from form_templates.sheet_plan import Plan
from form_templates.spec import ColumnSpec, FormSpec, RegionSpec, RowSpec, RuleSpec
from workbooks.finding import Severity


@st.composite
def columns(draw: st.DrawFn) -> tuple[ColumnSpec, ...]:
    count = draw(st.integers(1, 30))
    printed = [draw(_column(str(number))) for number in range(1, count + 1)]
    return (*printed, *([_reference(printed[0])] if any("kt" in column.formula for column in printed) else []))


def _reference(source: ColumnSpec) -> ColumnSpec:
    carry = Carry(source.code, CarrySource.PREVIOUS_IN_YEAR)
    header = f"Kỳ trước: {source.header}"
    kind, unit, decimals = CellKind.CARRY, source.unit, source.decimals
    return ColumnSpec(f"{source.code}kt", header, kind, unit, decimals, "", carry, Aggregation.SUM, "", signed=True)


def _column(code: str) -> st.SearchStrategy[ColumnSpec]:
    kinds = {
        "in": (CellKind.INPUT, "", None, Aggregation.SUM),
        "carry": (CellKind.CARRY, "", Carry("1", CarrySource.PREVIOUS_PERIOD), Aggregation.SUM),
        "sum": (CellKind.CALC, "c1+c1", None, Aggregation.SUM),
        "ratio": (CellKind.CALC, "c1/c1*100", None, Aggregation.FORMULA),
        "running": (CellKind.CALC, "c1kt+c1", None, Aggregation.SUM),
        "text": (CellKind.TEXT, "", None, Aggregation.NONE),
    }
    chosen = st.sampled_from(sorted(kinds)) if code != "1" else st.just("in")
    headers = st.sampled_from(["Kế hoạch", "Đã giải quyết - tổng số", "Đã giải quyết - quá hạn", "Tỷ lệ (%)"])
    return st.builds(
        lambda kind, header, decimals, unit: ColumnSpec(
            code,
            header,
            kinds[kind][0],
            "" if kind == "text" else unit,
            decimals,
            kinds[kind][1],
            kinds[kind][2],
            kinds[kind][3],
            "",
            False,
        ),
        chosen,
        headers,
        st.sampled_from([None, 0, 1, 3]),
        st.sampled_from(["", "Ha"]),
    )


@st.composite
def specs(draw: st.DrawFn) -> FormSpec:
    leaves = draw(st.integers(1, 15))
    codes = [f"{number:02d}" for number in range(1, leaves + 2)]
    under = draw(st.sets(st.sampled_from(codes[1:]), max_size=3))
    rows = [RowSpec("01", "Tổng số", "Con", 0, "=" + "+".join(codes[1:]), 0, (), {})]
    if draw(st.booleans()):
        rows.append(RowSpec("99", "Bình quân", "Con", 0, "=r01/r02*10", 2, (), {}))
    for code in codes[1:]:
        if draw(st.booleans()):
            rows.append(RowSpec("", "Trong đó:", "", 1, "", 0, (), {}))
        hatched = ("1",) if code not in under and draw(st.booleans()) else ()
        rows.append(RowSpec(code, f"Dòng {code}", "Con", 1, "=*" if code in under else "", 1, hatched, {}))
    regions = [RegionSpec(f"{code}*", code, "Xã", "Hộ", "unit", 2, draw(st.integers(1, 4))) for code in sorted(under)]
    rule = RuleSpec("R1", "c1<=c1", (), Severity.WARNING, "Sai.")
    text = "biểu thử"
    return FormSpec(
        "KTXH-99.T", "1", text, text, text, text, text, text, text, ("M",), draw(columns()), tuple(rows),
        tuple(regions), (rule,),
    )  # fmt: skip


@settings(max_examples=40)
@given(specs())
def test_what_is_laid_out_compiles_to_what_was_meant(spec: FormSpec) -> None:
    plan = Plan(spec)

    form = compile_template(build_template(spec))

    meant = {
        CellKey(TABLE, line.code, column.code): plan.cell(line, column)
        for line in plan.coded_lines()
        for _, column in plan.columns
    }
    compiled = {key: (cell.kind, cell.decimals, cell.formula) for key, cell in form.cell_by_key.items()}
    assert compiled == {key: (cell.kind, cell.decimals, cell.formula) for key, cell in meant.items()}
    added = [cell for cell in form.cell_by_key.values() if cell.aggregation is Aggregation.SUM]
    assert not [cell.key for cell in added if cell.formula and "ROUND" in cell.formula]
    assert not [cell.key for cell in added if cell.kind is CellKind.TEXT]
    assert [rule.region or "01" for rule in form.rules].count("01") >= 1
    assert {rule.formula for rule in form.rules if rule.region} <= {"SUM({@|1})<=SUM({@|1})"}
