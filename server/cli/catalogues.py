"""Commands on catalogues: looking, taking away as a workbook, bringing back."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from server.cli.arguments import a_day, existing_file, new_file
from server.cli.database import opened
from server.cli.output import print_json
from server.services.catalogues import entries
from server.services.catalogues.changing import Change, Turn, change_catalogue
from server.services.periods import day_in_vietnam

_TURNS: Final = {Turn.ADDED: "Thêm", Turn.CHANGED: "Sửa", Turn.CLOSED: "Thôi hiệu lực"}


@click.group()
def catalogue() -> None:
    """Danh mục: chỉ tiêu, đơn vị tính, phân tổ, lĩnh vực, địa bàn, nhóm báo cáo."""


@catalogue.command("list", epilog="Ví dụ: bieuso catalogue list")
@click.option("--json", "as_json", is_flag=True, help="In kết quả dạng JSON.")
def list_(as_json: bool) -> None:
    """Liệt kê các danh mục."""
    with opened() as (engine, _):
        found = entries.list_catalogues(engine, _today())
    if as_json:
        print_json([{"name": one.kind.name, "title": one.kind.title, "entries": one.entries} for one in found])
        return
    table = Table("Danh mục", "Tên", "Số mục")
    for one in found:
        table.add_row(Text(one.kind.name), Text(one.kind.title), Text(str(one.entries)))
    Console().print(table)


@catalogue.command(epilog='Ví dụ: bieuso catalogue show indicators --find "lua dong xuan"')
@click.argument("name")
@click.option("--at", "day", type=a_day, help="Tại ngày; mặc định hôm nay.")
@click.option("--find", default="", help="Chỉ các mục có những chữ này; không cần dấu.")
@click.option("--unit", default="", help="Chỉ các chỉ tiêu giao cho đơn vị này (mã).")
@click.option("--json", "as_json", is_flag=True, help="In kết quả dạng JSON.")
def show(name: str, day: datetime | None, find: str, unit: str, as_json: bool) -> None:
    """Cho xem một danh mục tại một ngày."""
    with opened() as (engine, _):
        found = entries.view(engine, name, _day(day), find=find, assigned_to=unit)
    if as_json:
        own = ("code", "name", "parent_code")
        print_json([{key: getattr(one, key) for key in own} | dict(one.attributes) for one in found.entries])
        return
    # One entry is told in full; of several there is room for the main fields only.
    fields = [one for one in found.kind.fields if one.main]
    table = Table(title=f"{found.kind.title} tại ngày {found.day:%d/%m/%Y}", show_header=len(found.entries) != 1)
    if len(found.entries) == 1:
        for one in found.kind.fields:
            table.add_row(Text(one.title), Text(found.text(found.entries[0], one)))
    else:
        for one in fields:
            table.add_column(one.title, overflow="fold")
        for entry in found.entries:
            table.add_row(*(Text(found.text(entry, one)) for one in fields))
    Console().print(table)


@catalogue.command(epilog="Ví dụ: bieuso catalogue export indicators -o chi-tieu.xlsx")
@click.argument("name")
@click.option("--at", "day", type=a_day, help="Tại ngày; mặc định hôm nay.")
@click.option("-o", "--output", required=True, type=new_file, help="Tệp kết quả.")
def export(name: str, day: datetime | None, output: Path) -> None:
    """Xuất một danh mục ra tệp Excel để sửa rồi nhập lại."""
    with opened() as (engine, _):
        data = entries.export(engine, name, _day(day))
    output.write_bytes(data)
    click.echo(f"Đã xuất: {output}")


@catalogue.command(
    "import", epilog="Ví dụ: bieuso catalogue import indicators chi-tieu.xlsx --from 2027-01-01 --dry-run"
)
@click.argument("name")
@click.argument("file", type=existing_file)
@click.option("--from", "since", required=True, type=a_day, help="Các thay đổi có hiệu lực từ ngày.")
@click.option("--dry-run", is_flag=True, help="Chỉ cho xem sẽ đổi những gì.")
@click.option("--json", "as_json", is_flag=True, help="In kết quả dạng JSON.")
def import_(name: str, file: Path, since: datetime, dry_run: bool, as_json: bool) -> None:
    """Nhập danh mục từ tệp Excel; mục không còn trong tệp thì thôi hiệu lực từ ngày đó."""
    with opened() as (engine, _):
        changes = change_catalogue(
            engine, name, file.read_bytes(), from_day=since.date(), dry_run=dry_run, now=datetime.now(UTC)
        )
    if as_json:
        print_json({"from": since.date().isoformat(), "applied": not dry_run, "changes": [_json(c) for c in changes]})
        return
    _print_changes(changes)
    done = "Chưa ghi gì (xem trước)" if dry_run else "Đã ghi"
    click.echo(f"{done}: {len(changes)} mục thay đổi từ {since:%d/%m/%Y}.")


def _print_changes(changes: tuple[Change, ...]) -> None:
    if not changes:
        return
    table = Table("Thay đổi", "Mã", "Tên", "Nội dung", show_lines=True)
    for one in changes:
        told = "\n".join(f"{d.title}: {d.old or '(trống)'} → {d.new or '(trống)'}" for d in one.differences)
        table.add_row(Text(_TURNS[one.turn]), Text(one.code), Text(one.name), Text(told))
    Console().print(table)


def _json(change: Change) -> dict[str, object]:
    told = [{"title": one.title, "old": one.old, "new": one.new} for one in change.differences]
    return {"change": change.turn.value, "code": change.code, "name": change.name, "differences": told}


def _day(moment: datetime | None) -> date:
    return moment.date() if moment else _today()


def _today() -> date:
    return day_in_vietnam(datetime.now(UTC))
