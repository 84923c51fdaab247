"""Errors of formulas: a form whose formulas cannot be compiled, with everything wrong at once."""

from __future__ import annotations

from collections.abc import Iterable

from workbooks.finding import Finding, Severity


class FormulaError(Exception):
    """Formulas of a form version cannot be computed; ``findings`` names every cell, what is wrong, and the remedy.

    ====== ============================================================
    BS450  a formula that is missing, unreadable, or too long or wide
    BS451  a function that is not on the whitelist
    BS452  a reference to something that is no coded cell of the form
    BS453  cells that need each other in a circle
    BS454  arguments that a function cannot take
    BS455  an operator, constant or error value that is not allowed
    BS456  aggregation by formula where there is no formula
    BS457  a formula for which an independent engine gives another result
    BS458  a warning: the independent engine gave no results
    ====== ============================================================
    """

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("; ".join(map(str, self.findings)))


class FormulaFault(Exception):  # noqa: N818 - one fault among those a FormulaError tells of
    """One thing wrong in one formula, before it is known which cell it stands in."""

    def __init__(self, code: str, message: str, remedy: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.remedy = remedy

    def finding(self, subject: str, sheet: str = "", cell: str = "") -> Finding:
        """The finding, which says first whose formula it is."""
        return Finding(self.code, Severity.ERROR, f"{subject}: {self.message}", self.remedy, sheet=sheet, cell=cell)
