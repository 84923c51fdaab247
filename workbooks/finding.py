"""A finding: what is wrong, where, and what the person should do. Every layer reports in this shape."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum


class Severity(StrEnum):
    """An error refuses the workbook; a warning is shown and travels with it."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault, with a permanent code (``BSnnn``) that may be quoted in letters.

    Attributes:
        code: permanent code, listed in docs/findings.md.
        message: what is wrong, in Vietnamese, with the offending value.
        remedy: what to do about it, in Vietnamese.
        sheet: sheet name, or ``""`` where the fault belongs to no sheet.
        cell: A1 address (``"F12"``), or ``""``.
        part: package part (``"/xl/workbook.xml"``), or ``""``.
        explanation: what the officer wrote about a warning in the workbook, or ``""``.
    """

    code: str
    severity: Severity
    message: str
    remedy: str
    sheet: str = ""
    cell: str = ""
    part: str = ""
    explanation: str = ""

    def __str__(self) -> str:
        """One line for logs: ``BS401 [T1!F12]: …``."""
        place = f" [{self.sheet}!{self.cell}]" if self.cell else ""
        return f"{self.code}{place}: {self.message}"

    def to_dict(self) -> dict[str, str]:
        """The wire form, as ``bieuso check --json`` prints it."""
        return {name: str(value) for name, value in asdict(self).items()}
