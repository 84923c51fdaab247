"""How the command line prints: rich tables for people, JSON for programs."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from workbooks.finding import Finding, Severity

_CODE: Final = 5  # characters: BS and three digits


def print_json(value: object) -> None:
    """One JSON document on standard output, in UTF-8."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def print_findings(findings: Iterable[Finding], *, on_error: bool = False) -> None:
    """A table of findings: code, place, what is wrong, what to do or what was explained.

    With ``on_error`` on standard error. Messages quote what stands in workbooks, so none of it is
    read as markup: ``[/red]`` in a cell is just text.
    """
    table = Table(show_lines=True, expand=True)
    table.add_column("Mã", min_width=_CODE, no_wrap=True)  # a code that is broken over two lines cannot be searched for
    for title, ratio in (("Ở đâu", 2), ("Sai gì", 5), ("Cần làm gì", 5)):
        table.add_column(title, ratio=ratio, overflow="fold")
    for finding in findings:
        colour = "red" if finding.severity is Severity.ERROR else "yellow"
        place = " ".join(part for part in (finding.sheet, finding.cell, finding.part) if part)
        answer = f"Giải trình: {finding.explanation}" if finding.explanation else finding.remedy
        table.add_row(Text(finding.code, colour), Text(place), Text(finding.message), Text(answer))
    Console(stderr=on_error).print(table)


@contextmanager
def patience(message: str, *, after: float = 1.0) -> Iterator[None]:
    """Says on standard error what takes so long, where it takes longer than ``after`` seconds."""
    timer = threading.Timer(after, click.echo, [message], {"err": True})
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
