"""Cells for free text: causes and difficulties, never numbers."""

from __future__ import annotations

import pytest

from form_templates.model import CellKey, CellKind
from formulas.checking import check_workbook
from tests.form_templates.specimens import patched, version
from workbooks.finding import Finding
from workbooks.patch import Formula
from workbooks.sheet import CellError
from workbooks.workbook import open_workbook

_FORM = "KTXH-07.T"
_ROW, _COLUMN = 11, 12  # row 03, column 9


def found(value: object) -> list[Finding]:
    data = patched(_FORM, {(_ROW, _COLUMN): value})  # type: ignore[dict-item]  # whatever people put there
    findings = check_workbook(open_workbook(data), version(_FORM)).findings
    return [finding for finding in findings if finding.cell == "L11"]


def test_the_column_of_causes_is_for_text() -> None:
    kinds = {spec.kind for key, spec in version(_FORM).cell_by_key.items() if key.column == "9"}

    assert kinds == {CellKind.TEXT}
    assert version(_FORM).cell(CellKey("T1", "03", "9")).unit == ""


@pytest.mark.parametrize("value", ["Vướng giải phóng mặt bằng", "1.234,5", "-", "x", 12.5, None, "Quý 3"])
def test_whatever_is_written_there_is_no_wrong_number(value: object) -> None:
    assert found(value) == []


def test_text_in_an_old_encoding_is_found_there_as_everywhere() -> None:
    # "Vướng mắc giải phóng mặt bằng" in TCVN3, in a Unicode font.
    legacy = "V\u00ad\u00ednh m\u00bec gi\u00b6i ph\u00e3ng m\u00c6t b\u00bbng"

    assert any(finding.code.startswith("BS7") for finding in found(legacy))


def test_an_error_value_or_a_formula_is_told() -> None:
    assert found(CellError.REF)
    assert found(Formula("D11&E11", "chữ"))
