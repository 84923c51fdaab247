"""Errors of the file itself. Each carries the finding that a person will read."""

from __future__ import annotations

from workbooks.finding import Finding, Severity


class WorkbookError(Exception):
    """The file cannot be accepted as a workbook at all; ``finding`` says why and what to do."""

    def __init__(self, code: str, message: str, remedy: str, *, part: str = "") -> None:
        super().__init__(f"{code}: {message}")
        self.finding = Finding(code, Severity.ERROR, message, remedy, part=part)
