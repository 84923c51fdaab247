"""The formulas of a form held against ironcalc before it is published."""

from __future__ import annotations

import subprocess
import sys
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import pytest

from form_templates.compile import compile_template
from form_templates.filling import key_addresses
from form_templates.model import CellKey, FormVersion
from formulas.arithmetic import CellValue
from formulas.compiler import compile_version
from formulas.crosschecking.comparing import cross_check
from formulas.crosschecking.known_faults import KNOWN_FAULTS, Case, KnownFault, explained
from formulas.syntax import parse
from tests.formulas.engines import by_ironcalc
from tests.formulas.small_forms import result_of
from tests.formulas.specimens import CROPS, POVERTY, a_version, template
from workbooks.address import address
from workbooks.finding import Severity
from workbooks.patch import Formula, patch_cells
from workbooks.sheet import CellError

OFFICIAL = sorted(file.name.removesuffix(".xlsx") for file in (files("form_templates") / "official").iterdir()
                  if file.name.endswith(".xlsx"))  # fmt: skip


def with_formulas(form: str, formulas: dict[tuple[str, str], str]) -> bytes:
    """The official template with other formulas in some cells, by (row, column)."""
    data, version = template(form), a_version(form)
    places = key_addresses(data, version)
    patches = {places[CellKey(version.tables[0].code, *cell)]: text for cell, text in formulas.items()}
    (sheet,) = {place[0] for place in patches}
    return patch_cells(data, {sheet: {place[1:]: Formula(text, 0.0) for place, text in patches.items()}})


def calculated(version: FormVersion) -> list[CellKey]:
    return [key for key, cell in version.cell_by_key.items() if cell.formula is not None]


@pytest.mark.parametrize("form", OFFICIAL)
def test_official_templates_agree_with_ironcalc(form: str) -> None:
    data = template(form)

    result = cross_check(data, compile_version(compile_template(data)))

    assert result.findings == ()
    assert result.formulas > 0
    assert result.examples >= 40
    assert result.unanswered == 0
    assert result.complete


def test_a_formula_that_the_engines_compute_differently_is_named_with_its_cell_and_smallest_inputs() -> None:
    # To Excel an argument left out counts as 0; ironcalc does not count it.
    data = with_formulas(CROPS, {("02", "3"): "COUNT(E12,)"})
    version = compile_template(data)
    key = CellKey(version.tables[0].code, "02", "3")
    _, row, column = key_addresses(data, version)[key]

    result = cross_check(data, compile_version(version))

    (disagreement,) = result.disagreements
    assert disagreement.question.cell == key
    assert disagreement.question.place[1:] == (row, column)
    assert (disagreement.ours, disagreement.theirs) == (1.0, 0.0)
    assert all(value is None for _, value in disagreement.inputs)
    (finding,) = result.findings
    assert (finding.code, finding.severity) == ("BS457", Severity.ERROR)
    assert "Dòng 02, cột 3" in finding.message
    assert "COUNT" in finding.message
    assert finding.cell


@pytest.mark.parametrize("form", [CROPS, POVERTY])
def test_a_workbook_that_computes_something_else_than_was_compiled_is_found(form: str) -> None:
    version = a_version(form)
    key = calculated(version)[0]
    data = with_formulas(form, {(key.row, key.column): "1+1"})

    result = cross_check(data, compile_version(version))

    found = [disagreement for disagreement in result.disagreements if disagreement.question.cell == key]
    assert [disagreement.theirs for disagreement in found] == [2.0]
    assert {value for _, value in found[0].inputs} <= {None, 0.0}


def test_a_difference_belongs_to_the_formula_it_stands_at_and_not_to_its_totals() -> None:
    version = a_version(CROPS)
    keys = calculated(version)
    needed = {key for step in compile_version(version).steps for key in step.needs}
    key = next(key for key in keys if key in needed)
    data = with_formulas(CROPS, {(key.row, key.column): "12345"})

    result = cross_check(data, compile_version(version))

    assert {disagreement.question.coded for disagreement in result.disagreements} == {version.cell(key).formula}


def test_an_engine_that_does_not_answer_is_ended_and_told_of() -> None:
    result = cross_check(template(CROPS), compile_version(a_version(CROPS)), seconds=0.0)

    assert result.examples == 0
    assert not result.complete
    (finding,) = result.findings
    assert (finding.code, finding.severity) == ("BS458", Severity.WARNING)


def test_a_panic_of_the_other_engine_is_survived() -> None:
    data = with_formulas(CROPS, {("02", "3"): "DATE(2024,E12*1E300,1)"})

    result = cross_check(data, compile_version(compile_template(data)))

    assert result.unanswered > 0
    assert {finding.code for finding in result.findings} <= {"BS458"}


def test_texts_that_grow_without_end_in_the_other_engine_are_survived() -> None:
    version = a_version(CROPS)
    places = key_addresses(template(CROPS), version)
    cells = [(key, address(*places[key][1:])) for key in calculated(version)[:45]]
    formulas = {(cells[0][0].row, cells[0][0].column): '"0123456789"&"0123456789"'}
    for (_, before), (key, _) in pairwise(cells):
        formulas[key.row, key.column] = f"{before}&{before}"
    data = with_formulas(CROPS, formulas)

    result = cross_check(data, compile_version(compile_template(data)), seconds=5.0)

    assert result.seconds < 30.0
    assert [finding.code for finding in result.findings] == ["BS458"]


@pytest.mark.parametrize("fault", KNOWN_FAULTS, ids=lambda fault: fault.reason[:40])
def test_a_known_fault_is_still_there_and_recognised(fault: KnownFault) -> None:
    (theirs,) = by_ironcalc([fault.example], fault.cells)

    ours = result_of(fault.example, fault.cells)

    assert ours != theirs
    case = Case(parse(fault.example), tuple(fault.cells.values()), ours, theirs)
    assert fault.explains(case)
    assert fault.evidence


@pytest.mark.parametrize(
    ("formula", "inputs", "ours", "theirs"),
    [
        ("SUM({01:05|1})", (1.0, 2.0), 3.0, 4.0),
        ("{01|1}+{02|1}", (1.0, 2.0), 3.0, 4.0),
        ("ROUND({01|1},0)", (2.5,), 3.0, 2.0),
        ('IF({01|1}>0,"a","b")', (2.5,), "a", "b"),
        ("AND({01|1},{02|1})", (True, False), True, False),
        ("VLOOKUP({01|1},{01:02|1:2},2,FALSE)", (1.0, 2.0), 2.0, 3.0),
        ("YEAR({01|1})", (45000.0,), 2023.0, 2024.0),
        ("IFERROR(1/{01|1},0)", (0.0,), 0.0, CellError.DIV0),
    ],
)
def test_no_known_fault_explains_away_a_plain_disagreement(
    formula: str, inputs: tuple[CellValue, ...], ours: CellValue, theirs: CellValue
) -> None:
    assert explained(Case(parse(formula), inputs, ours, theirs)) is None


def test_comparing_leaves_nothing_in_the_folder_one_stands_in(tmp_path: Path) -> None:
    program = (
        "from importlib.resources import files\n"
        "from form_templates.compile import compile_template\n"
        "from formulas.compiler import compile_version\n"
        "from formulas.crosschecking.comparing import cross_check\n"
        "template = (files('form_templates') / 'official' / 'KTXH-14.T.xlsx').read_bytes()\n"
        "cross_check(template, compile_version(compile_template(template)), examples=3)\n"
    )

    subprocess.run([sys.executable, "-c", program], check=True, cwd=tmp_path, timeout=120)

    assert list(tmp_path.iterdir()) == []
