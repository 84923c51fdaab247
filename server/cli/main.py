"""The ``bieuso`` command. Exit code 0: fine; 1: findings or a refused input; 2: wrong use."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import NoReturn

import click
from sqlalchemy.exc import OperationalError

from form_templates.errors import FormError
from formulas.errors import FormulaError
from server.cli import catalogues, converting, demonstration, files, forms, owners, people, reports, service, upkeep
from server.cli.output import print_findings
from server.errors import FindingsError, ServiceError
from server.storage.engine import DatabaseError
from signing.errors import SigningError
from workbooks.errors import WorkbookError
from workbooks.finding import Finding


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="bieuso")
def bieuso() -> None:
    """BiểuSố: báo cáo chỉ tiêu kinh tế - xã hội bằng biểu Excel chính thức."""


for group in (files, forms, catalogues, people, reports, service, upkeep, demonstration):
    for command in group.COMMANDS:
        bieuso.add_command(command)
for command in (*owners.COMMANDS, *converting.COMMANDS):
    forms.form.add_command(command)


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
    except DatabaseError as error:
        _refuse(f"Không dùng được cơ sở dữ liệu theo BIEUSO_DATABASE_URL: {error}.")
    except OperationalError as error:
        _refuse(f"Không kết nối được cơ sở dữ liệu, hoặc cơ sở dữ liệu đang bận: {error.orig}")
    except OSError as error:
        _refuse(f"Không đọc hoặc ghi được tệp {error.filename or ''}: {error.strerror or error}.")


def _refuse(what: str | Iterable[Finding]) -> NoReturn:
    """Tells what is wrong and ends with exit code 1. Standard output stays for results that programs read."""
    if isinstance(what, str):
        click.echo(what, err=True)
    else:
        print_findings(what, on_error=True)
    sys.exit(1)
