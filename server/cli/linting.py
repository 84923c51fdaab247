"""``bieuso form lint``: what is wrong with a template, before it is published."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from formulas.linting.linting import lint as lint_template
from server.cli.arguments import existing_file
from server.cli.output import print_findings, print_json
from workbooks.finding import Severity


@click.command(epilog="Ví dụ: bieuso form lint bieu-moi.xlsx --json")
@click.argument("file", type=existing_file)
@click.option("--json", "as_json", is_flag=True, help="In kết quả dạng JSON.")
def lint(file: Path, as_json: bool) -> None:
    """Soát một biểu mẫu trước khi ban hành: liệt kê mọi chỗ sai một lần, kèm ô. Lỗi thì mã thoát 1, cảnh báo thì 0."""
    findings = lint_template(file.read_bytes())
    errors = sum(finding.severity is Severity.ERROR for finding in findings)
    if as_json:
        print_json({"file": str(file), "ok": not errors, "findings": [finding.to_dict() for finding in findings]})
    else:
        if findings:
            print_findings(findings, on_error=bool(errors))
        told = f"{errors} lỗi, {len(findings) - errors} cảnh báo"
        said = f"chưa ban hành được: {told}" if errors else f"ban hành được ({told})"
        click.echo(f"{file}: {said}.", err=bool(errors))
    sys.exit(1 if errors else 0)
