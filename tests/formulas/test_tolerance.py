"""How far rounded figures may miss a relation: half a unit of the last digit for each number, and no unit more."""

from decimal import ROUND_HALF_UP, Decimal
from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from form_templates.model import CellKey, FormVersion, Rule
from form_templates.reading import FilledCell, FilledForm, state_of
from formulas.compiler import compile_version
from formulas.relations import check_relations
from tests.formulas.small_forms import a_cell, a_form, key
from workbooks.finding import Finding, Severity

ROWS = ("01", "02", "03", "04", "05")
EXACT = st.decimals(0, 10_000, places=6)


def a_version(formula: str, decimals: dict[CellKey, int], unit: str = "Triệu đồng") -> FormVersion:
    rule = Rule("R1", "T1", formula, Severity.ERROR, "Phải bằng.")
    cells = [a_cell(one.row, one.column, decimals=digits, unit=unit) for one, digits in decimals.items()]
    return a_form(*cells, rows=ROWS, rules=(rule,))


def findings(version: FormVersion, values: dict[CellKey, Decimal | None]) -> list[Finding]:
    typed = {one: None if value is None else float(value) for one, value in values.items()}
    rows = count(10)
    cells = {
        one: FilledCell("Biểu", next(rows), 4, value, None, state_of(value), 0, version.cell(one))
        for one, value in typed.items()
    }
    filled = FilledForm(version, cells, {}, (), ())
    return list(check_relations(compile_version(version), filled, typed))


def rounded(value: Decimal, decimals: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


PARTS = [key(row, "1") for row in ROWS[1:]]
WHOLE = key("01", "1")
IDENTITY = "{01|1}=SUM({02:05|1})"


@given(st.lists(EXACT, min_size=4, max_size=4), st.integers(0, 4), st.integers(0, 4))
def test_true_data_rounded_to_the_declared_decimals_never_break_an_identity(
    exact: list[Decimal], of_whole: int, of_parts: int
) -> None:
    version = a_version(IDENTITY, {WHOLE: of_whole} | dict.fromkeys(PARTS, of_parts))
    typed = {one: rounded(value, of_parts) for one, value in zip(PARTS, exact, strict=True)}

    assert findings(version, typed | {WHOLE: rounded(sum(exact, Decimal()), of_whole)}) == []


@given(st.lists(EXACT, min_size=4, max_size=4), st.integers(0, 4), st.sampled_from([1, -1]))
def test_an_error_of_one_unit_beyond_the_tolerance_is_always_told(
    exact: list[Decimal], decimals: int, sign: int
) -> None:
    version = a_version(IDENTITY, dict.fromkeys([WHOLE, *PARTS], decimals))
    parts = [rounded(value, decimals) for value in exact]
    tolerance = Decimal(len(parts)) / 2  # units of the last digit
    unit = Decimal(1).scaleb(-decimals)

    within = sum(parts, Decimal()) + sign * tolerance * unit
    beyond = within + sign * unit

    typed = dict(zip(PARTS, parts, strict=True))
    assert findings(version, typed | {WHOLE: within}) == []
    assert len(findings(version, typed | {WHOLE: beyond})) == 1


@given(st.lists(EXACT, min_size=4, max_size=4), st.integers(0, 3))
def test_two_sums_of_the_same_true_total_agree_however_it_is_broken_down(exact: list[Decimal], decimals: int) -> None:
    left, right = [key(row, "1") for row in ROWS[:4]], [key(row, "2") for row in ROWS[:4]]
    version = a_version("SUM({01:04|1})=SUM({01:04|2})", dict.fromkeys([*left, *right], decimals))
    total = sum(exact, Decimal())
    other = [total / 3, total / 6, total / 7]
    other.append(total - sum(other, Decimal()))

    typed = {one: rounded(value, decimals) for one, value in zip([*left, *right], [*exact, *other], strict=True)}

    assert findings(version, typed) == []


@given(st.lists(st.integers(0, 10_000), min_size=4, max_size=4), st.sampled_from([1, -1]))
def test_counted_things_agree_to_the_last_one(parts: list[int], sign: int) -> None:
    version = a_version(IDENTITY, dict.fromkeys([WHOLE, *PARTS], 0), unit="Người")
    typed: dict[CellKey, Decimal | None] = {one: Decimal(value) for one, value in zip(PARTS, parts, strict=True)}

    assert findings(version, typed | {WHOLE: Decimal(sum(parts))}) == []
    assert len(findings(version, typed | {WHOLE: Decimal(sum(parts) + sign)})) == 1


def test_blank_cells_are_no_addends() -> None:
    version = a_version(IDENTITY, dict.fromkeys([WHOLE, *PARTS], 0))
    two = {PARTS[0]: Decimal(10), PARTS[1]: Decimal(20), PARTS[2]: None, PARTS[3]: None}

    assert findings(version, two | {WHOLE: Decimal(31)}) == []
    assert len(findings(version, two | {WHOLE: Decimal(32)})) == 1
