"""``bieuso form diff``: what changed between two versions of a form."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from form_templates.changes import Action, Change
from form_templates.compile import compile_template
from form_templates.diff import FormDiff
from form_templates.diff import diff as compare
from form_templates.diff_workbook import marked_workbook
from server.cli.arguments import new_file
from server.cli.database import opened
from server.cli.output import print_json
from server.services import publishing

_SIGNS = {Action.ADDED: ("+", "green"), Action.REMOVED: ("−", "red"), Action.CHANGED: ("~", "yellow")}
_MOVED = ("↕", "yellow")


@click.command(epilog="Ví dụ: bieuso form diff KTXH-09.T/1 bieu-moi.xlsx -o thay-doi.xlsx")
@click.argument("old", metavar="A")
@click.argument("new", metavar="B")
@click.option("--json", "as_json", is_flag=True, help="In kết quả dạng JSON.")
@click.option("-o", "--output", type=new_file, help="Ghi biểu B có tô màu chỗ đổi.")
def diff(old: str, new: str, as_json: bool, output: Path | None) -> None:
    """So hai phiên bản của một biểu. A, B là tệp .xlsx, hoặc phiên bản đã ban hành ghi BIỂU/PHIÊN_BẢN (KTXH-09.T/1)."""
    template = _template(new)
    found = compare(compile_template(_template(old)), compile_template(template))
    if output:
        output.write_bytes(marked_workbook(template, found))
    if as_json:
        sides = {name: {"form": v.form, "version": v.version} for name, v in (("old", found.old), ("new", found.new))}
        print_json({**sides, "changes": [change.to_dict() for change in found.changes]})
        return
    _print_changes(found)
    if output:
        click.echo(f"Đã ghi: {output}")


def _template(named: str) -> bytes:
    """A template file, or the template of a published version."""
    if Path(named).is_file():
        return Path(named).read_bytes()
    form, slash, version = named.rpartition("/")
    if not (form and slash and version.isdecimal()):
        raise click.UsageError(f"Không có tệp “{named}”. Ghi tên tệp .xlsx, hoặc BIỂU/PHIÊN_BẢN như KTXH-09.T/1.")
    with opened() as (engine, _):
        return publishing.template_of(engine, form, version)


def _print_changes(found: FormDiff) -> None:
    console = Console(highlight=False, soft_wrap=True)
    old, new = (f"{version.form} phiên bản {version.version}" for version in (found.old, found.new))
    console.print(Text(f"{old} → {new}: {len(found.changes)} thay đổi", "bold"))
    for subject, changes in groupby(found.changes, key=lambda change: change.subject):
        console.print(Text(f"\n{subject.value}", "bold"))
        for change in changes:
            _print_change(console, change)


def _print_change(console: Console, change: Change) -> None:
    sign, colour = _SIGNS.get(change.action, _MOVED)
    console.print(Text(f"  {sign} {change.text}", colour))
    if any(change.formulas):
        before, after = (formula or "(không có)" for formula in change.formulas)
        console.print(Text(f"      ô {change.cells[0]}: {before} → {after}"))
