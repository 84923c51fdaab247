"""LibreOffice and ironcalc beside us: forms they saved, and what they give for small formulas."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from hypothesis import HealthCheck, given, settings

from formulas.arithmetic import CellValue
from formulas.checking import check
from formulas.crosschecking.known_faults import Case, explained
from formulas.syntax import parse
from tests.formulas.engines import by_ironcalc, by_libreoffice
from tests.formulas.excel_cases import CASES, CELLS
from tests.formulas.random_formulas import FIGURES, FORMULAS, values
from tests.formulas.recalculation import recalculated
from tests.formulas.small_forms import result_of
from tests.formulas.specimens import PERIODS, a_filled_form, a_version


def saved_by_libreoffice(folder: Path, workbooks: dict[str, bytes]) -> dict[str, bytes]:
    return dict(zip(workbooks, recalculated(list(workbooks.values()), folder), strict=True))


def test_a_form_that_libreoffice_recalculated_and_saved_has_no_findings(tmp_path: Path) -> None:
    saved = saved_by_libreoffice(tmp_path, {form: a_filled_form(form) for form in PERIODS})

    reports = {form: check(data, a_version(form)) for form, data in saved.items()}

    assert {form: report.findings for form, report in reports.items()} == dict.fromkeys(PERIODS, ())


def test_a_form_that_libreoffice_saved_still_carries_its_version(tmp_path: Path) -> None:
    form = next(iter(PERIODS))

    saved = saved_by_libreoffice(tmp_path, {form: a_filled_form(form)})

    assert check(saved[form]).findings == ()


_DAYS_BEFORE_MARCH_1900: Final = (
    'TEXT(60,"dd/mm/yyyy")', 'TEXT(0,"dd/mm/yyyy")', "DATE(1900,1,1)", "DATE(1900,2,28)", "DATE(1900,2,29)",
    "DATE(1900,1,0)", "YEAR(0)", "MONTH(0)", "DAY(0)", "DAY(1)", "DAY(59)", "DAY(60)",
)  # fmt: skip
_UNITS_OF_UTF16: Final = ('LEN("😀")', 'LEFT("😀a",2)', 'MID("a😀b",4,1)')

IRONCALC: Final[Mapping[str, tuple[str, ...]]] = {
    "INT and MOD of the binary value": ("MOD(1E20,3)", "INT(4.1*100)"),
    "IF, IFS, INDEX as an argument of SUM are values": (
        "SUM(IF(TRUE,{02|2},5))", "SUM(IFS(TRUE,{02|2}))", "SUM(INDEX({01:03|1:3},1,2),1)",
    ),
    "an argument left out is not counted": ('COUNT("3",TRUE,"x",1/0,)',),
    "OR stops at the first TRUE": ("OR(TRUE,1/0)",),
    'the criterion "=" matches empty texts': ('COUNTIF({01:03|2},"=")',),
    "a column below 1 is #REF!": (
        "VLOOKUP(20,{01:03|1:2},{01|4},FALSE)", "VLOOKUP(20,{01:03|1:2},0+{05|1},FALSE)",
    ),
    "searching compares 15 digits": ("MATCH(0.1+0.2,{02|4:6},0)",),
    "numbers are joined to texts with 17 digits": ("LEN(0.1+0.2)",),
    "characters beyond U+FFFF count once": _UNITS_OF_UTF16,
    "TEXT rounds binary halves to even, drops the sign of zero, reads no numerals": (
        'TEXT(1234.5,"0")', 'TEXT(2.5,"0")', 'TEXT(-2.5,"0")', 'TEXT(1.005,"0.00")', 'TEXT(0.285,"0%")',
        'TEXT(-0.001,"0.0")', 'TEXT("12","0.0")', 'TEXT(TRUE,"0")',
    ),
    "1900 is no leap year": _DAYS_BEFORE_MARCH_1900,
    "a text of digits is no number of characters": ('LEFT("lúa nước","3")', 'MID("lúa nước","5",{01|1}&"")'),
}  # fmt: skip
"""Where ironcalc 0.9 departs from Excel, among the cases."""

PANICS: Final = ("DATE(2024,1E300,1)",)
"""What ends the process ironcalc runs in."""

LIBREOFFICE: Final[Mapping[str, tuple[str, ...]]] = {
    "MOD has no largest quotient": ("MOD(1E20,3)",),
    "ROUND of the binary value": ("ROUND(21.9/0.2,0)",),
    "booleans in cells are numbers": (
        "SUM({01:03|1:3})", "SUM({01|2},{01|3})", "COUNT({01:04|1:3})", "ISNUMBER({01|3})",
        "VLOOKUP(TRUE,{01:03|3:4},1,FALSE)", "LEFT(TRUE,2)", "UPPER(TRUE)", 'CONCATENATE("a",1,TRUE,{05|1})',
        "VALUE(TRUE)", 'TEXT(TRUE,"0")',
    ),
    "a text written as an argument is #VALUE! beside a boolean": ('SUM("7",TRUE)', 'AND("TRUE",1)'),
    "an empty text in a file is a blank cell": (
        "COUNTA({01:04|1:3})", "ISBLANK({03|2})", 'COUNTIF({01:03|2},"=")', 'MATCH("",{01:03|2},0)',
    ),
    "criteria and searches of numbers and texts": (
        "COUNTIF({01:03|2},7)", 'VLOOKUP("20",{01:03|1:2},2,FALSE)', "MATCH(0.1+0.2,{02|4:6},0)",
    ),
    "a place outside a range is #VALUE!": (
        "VLOOKUP(20,{01:03|1:2},2+{05|1}+1,FALSE)", "HLOOKUP(10,{01:03|1:3},3+{05|1}+1,FALSE)",
        "INDEX({01:03|1},4)", "INDEX({01:03|1:3},1,4)",
    ),
    "characters beyond U+FFFF count once": _UNITS_OF_UTF16,
    "TEXT rounds the binary value of a percentage, drops the sign of zero": ('TEXT(0.285,"0%")', 'TEXT(-0.001,"0.0")'),
    "1900 is no leap year, days go on before it and after 9999": (
        *_DAYS_BEFORE_MARCH_1900, 'TEXT(-1,"dd/mm/yyyy")', "DATE(108,1,2)", "DATE(1900,1,-1)", "DATE(9999,12,32)",
        "DATE(10000,1,1)", "DATE(-1,1,1)", "DATE(2024,1E300,1)", "YEAR(-1)", "YEAR(2958466)",
    ),
}  # fmt: skip
"""Where LibreOffice departs from Excel, among the cases."""


def test_ironcalc_gives_the_same_for_all_cases_but_those_explained() -> None:
    cases = [case for case in CASES if case[0] not in PANICS]

    theirs = by_ironcalc([formula for formula, _ in cases], CELLS)

    different = {case[0] for case, other in zip(cases, theirs, strict=True) if not _agree(case[1], other)}
    assert len(cases) > 150
    assert different == {formula for formulas in IRONCALC.values() for formula in formulas}


def test_libreoffice_gives_the_same_for_all_cases_but_those_explained(tmp_path: Path) -> None:
    theirs = by_libreoffice([formula for formula, _ in CASES], CELLS, tmp_path)

    different = {case[0] for case, other in zip(CASES, theirs, strict=True) if not _agree_on_blanks(case[1], other)}
    assert different == {formula for formulas in LIBREOFFICE.values() for formula in formulas}


@settings(max_examples=300)
@given(values(booleans=True), FORMULAS)
def test_random_formulas_agree_with_ironcalc(cells: dict[str, CellValue], formula: str) -> None:
    ours = result_of(formula, cells)

    (theirs,) = by_ironcalc([formula], cells)
    case = Case(parse(formula), tuple(cells.values()), ours, theirs)
    assert _agree(ours, theirs) or explained(case), f"={formula}: {ours!r} here, {theirs!r} in ironcalc"


def test_random_formulas_agree_with_libreoffice(tmp_path: Path) -> None:
    cells: dict[str, CellValue] = {
        "01|1": 12.5, "01|2": "Lúa", "01|3": 0.0, "02|1": -3.25, "02|2": None, "02|3": "-",
        "03|1": "Ngô", "03|2": 7.0, "03|3": "x", "04|1": "lúa nước", "04|2": -99.99, "04|3": 100.0,
    }  # fmt: skip
    formulas = _drawn(500)

    theirs = by_libreoffice(formulas, cells, tmp_path)

    assert len(formulas) > 250
    different = {
        formula: (ours, other)
        for formula, other in zip(formulas, theirs, strict=True)
        if not _agree_on_blanks(ours := result_of(formula, cells), other)
    }
    assert different == {}


def _drawn(count: int) -> list[str]:
    """The same random formulas each time: starting LibreOffice for each one would take too long."""
    drawn: dict[str, None] = {}

    @settings(max_examples=count, derandomize=True, database=None, suppress_health_check=[*HealthCheck])
    @given(FIGURES)
    def draw(formula: str) -> None:
        drawn[formula] = None

    draw()
    return list(drawn)


def _agree(ours: CellValue, theirs: CellValue) -> bool:
    if isinstance(ours, float) and isinstance(theirs, float):
        return math.isclose(ours, theirs, rel_tol=1e-12, abs_tol=1e-9)
    return type(ours) is type(theirs) and ours == theirs


def _agree_on_blanks(ours: CellValue, theirs: CellValue) -> bool:
    """An empty text that a formula gave is not written to the file."""
    return _agree(ours, theirs) or (ours == "" and theirs is None)
