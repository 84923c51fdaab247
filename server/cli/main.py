"""The ``bieuso`` command. Exit code 0: fine; 1: findings or a refused input; 2: wrong use."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import NoReturn

import click

from form_templates.errors import FormError
from formulas.errors import FormulaError
from server.cli.commands import Commands
from server.cli.output import print_findings
from server.errors import FindingsError, ServiceError
from signing.errors import SigningError
from workbooks.errors import WorkbookError
from workbooks.finding import Finding

FORM_COMMANDS = Commands(
    {
        "convert": "server.cli.converting:convert_command",
        "diff": "server.cli.comparing:diff",
        "draft": "server.cli.forms:draft",
        "issue": "server.cli.forms:issue",
        "lint": "server.cli.linting:lint",
        "list": "server.cli.forms:list_",
        "new": "server.cli.forms:new",
        "publish": "server.cli.forms:publish",
        "show": "server.cli.forms:show",
        "text": "server.cli.describing:text",
        "withdraw": "server.cli.forms:withdraw",
    }
)


@click.group(commands=FORM_COMMANDS)
def form() -> None:
    """Biểu mẫu: danh sách, ban hành, giao cho đơn vị."""


COMMANDS = Commands(
    {
        "account": "server.cli.people:account",
        "archive": "server.cli.archive:archive",
        "audit": "server.cli.upkeep:audit",
        "catalogue": "server.cli.catalogues:catalogue",
        "check": "server.cli.files:check",
        "consolidate": "server.cli.service:consolidate",
        "demo": "server.cli.demonstration:demo",
        "form": "server.cli.main:form",
        "report": "server.cli.reports:report",
        "serve": "server.cli.service:serve",
        "sign": "server.cli.signatures:sign",
        "signer": "server.cli.signers:signer",
        "submit": "server.cli.service:submit",
        "text": "server.cli.files:text",
        "totals": "server.cli.upkeep:totals",
        "trust": "server.cli.trust:trust",
        "unit": "server.cli.people:unit",
        "verify": "server.cli.signatures:verify",
    }
)


@click.group(commands=COMMANDS, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="bieuso")
def bieuso() -> None:
    """BiểuSố: báo cáo chỉ tiêu kinh tế - xã hội bằng biểu Excel chính thức."""


def main() -> None:
    """Entry point: errors that a person can mend are told on standard error, never as a traceback."""
    try:
        bieuso()
    except (WorkbookError, SigningError) as error:
        _refuse([error.finding])
    except (FormError, FormulaError, FindingsError) as error:
        _refuse(error.findings)
    except ServiceError as error:
        _refuse(str(error))
    except OSError as error:
        _refuse(f"Không đọc hoặc ghi được tệp {error.filename or ''}: {error.strerror or error}.")


def _refuse(what: str | Iterable[Finding]) -> NoReturn:
    """Tells what is wrong and ends with exit code 1. Standard output stays for results that programs read."""
    if isinstance(what, str):
        click.echo(what, err=True)
    else:
        print_findings(what, on_error=True)
    sys.exit(1)
