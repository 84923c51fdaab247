"""Errors of a form: a template, spec or stored version that cannot be used, with everything wrong at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from workbooks.address import address
from workbooks.finding import Finding, Severity


class FormError(Exception):
    """The form cannot be read or published; ``findings`` lists every fault, each with its place and remedy."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("; ".join(map(str, self.findings)))

    @classmethod
    def single(cls, code: str, message: str, remedy: str) -> FormError:
        """An error of one fault that belongs to no cell."""
        return cls([Finding(code, Severity.ERROR, message, remedy)])


@dataclass
class Faults:
    """The faults found so far. The compiler goes on after each, with a placeholder, so that people fix a list."""

    found: list[Finding] = field(default_factory=list)

    def note(self, code: str, message: str, remedy: str, sheet: str = "", at: tuple[int, int] | None = None) -> None:
        """Adds a fault; ``at`` is its cell (row, column)."""
        self.found.append(Finding(code, Severity.ERROR, message, remedy, sheet, address(*at) if at else ""))

    def refuse(self) -> None:
        """Raises FormError if there was any fault."""
        if self.found:
            raise FormError(self.found)
