"""``bieuso verify --archive``: every kept submission and every stamp of the archive verified again."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from server.cli.database import opened
from server.cli.output import print_json
from server.cli.progress import counted
from server.cli.trusting import trusted
from server.services.archive.reports import ArchiveReport
from server.services.archive.verifying import verify_archive


def prove(trust_path: Path | None, *, as_json: bool) -> int:
    """Verifies, tells, and returns the exit code: 1 where anything is wrong."""
    with opened() as (engine, config), counted("Đang xác minh bản nộp") as progress:
        basis = trusted(trust_path or config.trust)
        report = verify_archive(engine, basis.trust, now=datetime.now(UTC), policy=basis.policy, progress=progress)
    if as_json:
        print_json(report.to_dict())
    else:
        _tell(report)
    return 0 if report.ok else 1


def _tell(report: ArchiveReport) -> None:
    """What was found, and once for each kind of fault what to do about it."""
    for line in report.lines():
        click.echo(line)
    found = (*report.findings, *(one for check in report.submissions for one in check.findings))
    for code, remedy in sorted({(one.code, one.remedy) for one in found}):
        click.echo(f"Cần làm với {code}: {remedy}")
