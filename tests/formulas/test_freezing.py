"""What a signed workbook shows for its formulas is what we computed, in the official templates."""

from __future__ import annotations

import random
import time
from functools import lru_cache
from pathlib import Path

import pytest

from form_templates.compile import compile_template
from form_templates.filling import MemberLabel, fill
from form_templates.model import CellKey, CellKind, FormVersion, member_row
from form_templates.reading import FilledForm, read_form
from formulas.arithmetic import CellValue
from formulas.compiler import compile_version
from formulas.evaluation import evaluate_filled
from formulas.freezing import freeze
from tests.formulas.recalculation import recalculated, without_results
from workbooks.patch import Constant, Formula, patch_cells
from workbooks.sheet import CellError
from workbooks.workbook import open_workbook

OFFICIAL = Path(__file__).parents[2] / "form_templates" / "official"
FORMS = tuple(sorted(path.stem for path in OFFICIAL.glob("*.xlsx")))


@lru_cache
def template(form: str) -> tuple[bytes, FormVersion]:
    data = (OFFICIAL / f"{form}.xlsx").read_bytes()
    return data, compile_template(data)


def read(data: bytes, version: FormVersion) -> FilledForm:
    return read_form(open_workbook(data), version)


def filled_at_random(form: str, seed: int, members: int = 4) -> bytes:
    """The template filled with seeded numbers, zeros, blanks and marks."""
    data, version = template(form)
    draw = random.Random(seed)  # noqa: S311 - figures for a test
    regions = [(table.code, region.code) for table in version.tables for region in table.regions]
    labels = [MemberLabel(f"Xã {n}", f"{n:05d}") for n in range(1, members + 1)]
    places = dict.fromkeys(regions, labels)
    values = {}
    for cell in version.cell_by_key.values():
        if cell.kind in {CellKind.INPUT, CellKind.CARRY}:
            rows = [member_row(cell.key.row, label.key) for label in labels] if cell.key.region else [cell.key.row]
            for row in rows:
                values[cell.key._replace(row=row)] = _drawn(draw, cell.decimals)
    return fill(data, version, values, places)


def _drawn(draw: random.Random, decimals: int) -> float | str | None:
    kind = draw.random()
    if kind < 0.1:
        return draw.choice([None, 0.0])
    if kind < 0.2:
        return draw.choice(["-", "…", "x"])
    return round(draw.uniform(0, 5000), decimals)


@pytest.fixture(scope="module")
def by_libreoffice(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, int], tuple[bytes, bytes]]:
    """Filled forms, and the same as LibreOffice computes them."""
    cases = [(form, seed) for form in FORMS for seed in (1, 2, 3)]
    given = [filled_at_random(form, seed, members=(0, 1, 9)[seed - 1]) for form, seed in cases]
    struck = [without_results(data, template(form)[1]) for data, (form, _) in zip(given, cases, strict=True)]
    saved = recalculated(struck, tmp_path_factory.mktemp("calc"))
    return dict(zip(cases, zip(given, saved, strict=True), strict=True))


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("form", FORMS)
def test_official_forms_are_computed_as_libreoffice_computes_them(
    form: str, seed: int, by_libreoffice: dict[tuple[str, int], tuple[bytes, bytes]]
) -> None:
    data, saved = by_libreoffice[form, seed]
    version = template(form)[1]

    ours = evaluate_filled(compile_version(version), read(data, version))

    theirs = read(saved, version).cells
    different = {key: (value, theirs[key].value) for key, value in ours.items() if not _agree(value, theirs[key].value)}
    assert ours or not _computes(version)
    assert different == {}


def _computes(version: FormVersion) -> bool:
    """Whether the form has formulas at all; that of the industrial index (KTXH-02.T) has none."""
    return any(spec.kind is CellKind.CALC for spec in version.cell_by_key.values())


def _agree(ours: CellValue, theirs: CellValue) -> bool:
    if isinstance(ours, float) and isinstance(theirs, float):
        return ours == pytest.approx(theirs, rel=1e-12, abs=1e-9)
    return type(ours) is type(theirs) and ours == theirs


@pytest.mark.parametrize("form", FORMS)
def test_a_frozen_workbook_shows_our_results_and_nothing_else_changes(form: str) -> None:
    version = template(form)[1]
    data = without_results(filled_at_random(form, 7), version)
    before = read(data, version)

    after = read(freeze(data, version), version)

    computed = evaluate_filled(compile_version(version), before)
    assert computed or not _computes(version)
    for key, cell in after.cells.items():
        expected = computed.get(key, before.cells[key].value)
        assert (key, cell.value, type(cell.value)) == (key, expected, type(expected))
        assert cell.formula == before.cells[key].formula


@pytest.mark.parametrize("form", FORMS)
def test_freezing_twice_changes_nothing(form: str) -> None:
    version = template(form)[1]
    frozen = freeze(filled_at_random(form, 8), version)

    assert freeze(frozen, version) == frozen


def test_only_the_sheet_is_written_anew() -> None:
    version = template("KTXH-09.T")[1]
    data = without_results(filled_at_random("KTXH-09.T", 9), version)

    frozen = freeze(data, version)

    before, after = open_workbook(data).package, open_workbook(frozen).package
    sheet = open_workbook(data).sheet_entry(version.tables[0].sheet).part
    assert {part for part in before.parts if before.part(part) != after.part(part)} == {sheet}


def test_what_people_put_over_a_formula_is_left_for_the_checks() -> None:
    data, version = template("KTXH-09.T")
    version_sheet = version.tables[0].sheet
    first, second = compile_version(version).order[:2]
    cells = read(data, version).cells
    tampered = patch_cells(
        data,
        {
            version_sheet: {
                (cells[first].row, cells[first].column): Constant(123.0),
                (cells[second].row, cells[second].column): Formula("1+1", 77.0),
            }
        },
    )

    after = read(freeze(tampered, version), version).cells

    assert after[first].value == 123.0
    assert after[second].value == 77.0


def test_a_sum_typed_into_an_input_cell_is_computed() -> None:
    data, version = template("KTXH-09.T")
    typed = next(key for key, cell in version.cell_by_key.items() if cell.kind is CellKind.INPUT)
    cell = read(data, version).cells[typed]
    changed = patch_cells(data, {cell.sheet: {(cell.row, cell.column): Formula("120+35", 9.0)}})

    assert read(freeze(changed, version), version).cells[typed].value == 155.0


def test_a_cached_error_or_lie_is_put_right() -> None:
    data, version = template("KTXH-09.T")
    computed = evaluate_filled(compile_version(version), read(data, version))
    lies: dict[CellKey, CellValue] = dict(zip(computed, [CellError.REF, 1e9, "0", True, None], strict=False))
    cells = read(data, version).cells
    sheet = version.tables[0].sheet
    changed = patch_cells(data, {sheet: {(cells[k].row, cells[k].column): value for k, value in lies.items()}})

    after = read(freeze(changed, version), version).cells

    assert {key: after[key].value for key in lies} == {key: computed[key] for key in lies}


@pytest.mark.parametrize("form", FORMS)
def test_how_long_freezing_takes(form: str, record_property: pytest.RecordProperty) -> None:
    version = template(form)[1]
    data = without_results(filled_at_random(form, 10), version)
    freeze(data, version)

    start = time.perf_counter()
    freeze(data, version)

    record_property("milliseconds", round(1000 * (time.perf_counter() - start), 1))


@pytest.mark.parametrize("form", FORMS)
def test_every_formula_of_a_frozen_form_shows_its_result_unused_rows_too(form: str) -> None:
    data, version = template(form)

    sheet = open_workbook(freeze(data, version)).read_sheet(version.tables[0].sheet)

    assert [place for place, cell in sheet.cells.items() if cell.formula is not None and cell.value is None] == []
