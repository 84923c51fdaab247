"""``bieuso form convert``: a half-filled workbook of an older version, turned into that of a newer one."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from form_templates import serial
from form_templates.compile import compile_template
from form_templates.definition_succession import findings_against
from form_templates.errors import FormError
from form_templates.filling import issue
from form_templates.model import FormVersion
from form_templates.stamp import Stamp, embedded_version, read_stamp
from formulas.converting import Conversion, convert
from server.cli.arguments import existing_file, new_file
from server.cli.database import opened
from server.cli.output import print_json
from server.services.converting import convert_workbook
from workbooks.workbook import open_workbook


@click.command("convert", epilog="Ví dụ: bieuso form convert 28756.xlsx -o 28756-v2.xlsx --json")
@click.argument("file", type=existing_file)
@click.option("-o", "--output", required=True, type=new_file, help="Tệp kết quả.")
@click.option("--to", "template", type=existing_file, help="Biểu mẫu của phiên bản sau; kết quả chỉ để xem thử.")
@click.option("--json", "as_json", is_flag=True, help="In kết quả dạng JSON.")
def convert_command(file: Path, output: Path, template: Path | None, as_json: bool) -> None:
    """Chuyển biểu đang nhập dở theo phiên bản cũ sang phiên bản đang dùng, liệt kê từng ô đã chuyển và chưa chuyển.

    Có --to thì chuyển sang biểu mẫu trong tệp ấy mà không cần cơ sở dữ liệu; tệp kết quả không có dấu phát hành hợp lệ.
    """
    data, now = file.read_bytes(), datetime.now(UTC)
    if template is not None:
        version, done = _by_template(data, template.read_bytes(), now)
    else:
        with opened() as (engine, config):
            converted = convert_workbook(engine, data, keys=config.stamp_keys, now=now)
        version, done = converted.version, converted.conversion
    output.write_bytes(done.data)
    if as_json:
        print_json({"file": str(file), "output": str(output), "version": version, **done.to_dict()})
    else:
        _print(done)
        click.echo(f"Đã ghi: {output} (phiên bản {version}); {len(done.moved)} ô đã chuyển, {len(done.left)} mục chưa.")


def _by_template(data: bytes, template: bytes, now: datetime) -> tuple[str, Conversion]:
    """Without a registry: the version that the workbook carries, and the one of a template file."""
    workbook = open_workbook(data)
    old, stamp, new = embedded_version(workbook), read_stamp(workbook), compile_template(template)
    if old is None or stamp is None or old.form != new.form or not _continues(old, new):
        named = "không rõ" if old is None else f"{old.form} phiên bản {old.version}"
        raise FormError.single(
            "BS389",
            f"Tệp ({named}) không chuyển được sang biểu {new.form} phiên bản {new.version}.",
            "Kiểm tra mã biểu và “Phiên bản trước” trên trang Định nghĩa của biểu mẫu.",
        )
    findings = findings_against(template, old, new)
    if findings:
        raise FormError(findings)
    return new.version, convert(data, _trial(template, stamp, new, now), [old, new])


def _continues(old: FormVersion, new: FormVersion) -> bool:
    return old.version != new.version and (new.succession is None or new.succession.version == old.version)


def _trial(template: bytes, stamp: Stamp, version: FormVersion, now: datetime) -> bytes:
    """The template made out as the old workbook was, under a seal that nobody holds: it cannot be sent."""
    trial = replace(
        stamp, version=version.version, digest=serial.digest(version), serial=secrets.token_hex(8), issued_at=now
    )
    return issue(template, version, trial, "-", secrets.token_bytes(32))


def _print(done: Conversion) -> None:
    moved = Table(title="Đã chuyển")
    for name in ("Từ ô", "Đến ô", "Nội dung", "Cách chuyển"):
        moved.add_column(name, overflow="fold")
    for one in done.moved:
        moved.add_row(*map(Text, (one.from_cell, one.to_cell, one.content, one.how)))
    left = Table(title="Chưa chuyển, cần xem lại")
    for name in ("Ở đâu", "Nội dung", "Vì sao"):
        left.add_column(name, overflow="fold")
    for item in done.left:
        left.add_row(*map(Text, (f"{item.sheet} {item.cell}".strip(), item.content, item.reason)))
    for table in (moved, left):
        if table.row_count:
            Console().print(table)
