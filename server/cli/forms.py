"""Commands on forms: the registry, publishing, issuing."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from form_templates import serial
from form_templates.builder import build_template
from form_templates.model import FormVersion
from form_templates.spec import read_spec
from server.cli.database import opened
from server.cli.files import existing_file
from server.cli.output import print_json
from server.errors import InvalidError
from server.services import publishing
from server.services.issuing import issue_workbook
from server.services.registry import version_in_effect
from server.storage.engine import reading


@click.group()
def form() -> None:
    """Biểu mẫu: danh sách, ban hành, giao cho đơn vị."""


@form.command("list", epilog="Ví dụ: bieuso form list --json")
@click.option("--json", "as_json", is_flag=True, help="In kết quả dạng JSON.")
def list_(as_json: bool) -> None:
    """Liệt kê các biểu đã ban hành."""
    with opened() as (engine, _):
        records = publishing.list_forms(engine)
    rows = [
        {
            "form": r.form,
            "version": r.version,
            "title": r.title,
            "effective_from": r.effective_from.isoformat(),
            "status": r.status,
        }
        for r in records
    ]
    if as_json:
        print_json(rows)
        return
    table = Table()
    for name in ("Biểu", "Phiên bản", "Tên", "Hiệu lực từ", "Tình trạng"):
        table.add_column(name)
    for row in rows:
        table.add_row(*map(Text, row.values()))
    Console().print(table)


@form.command(epilog="Ví dụ: bieuso form show KTXH-09.T")
@click.argument("name", metavar="FORM")
@click.option("--json", "as_json", is_flag=True, help="In kết quả dạng JSON.")
def show(name: str, as_json: bool) -> None:
    """Cho xem một biểu: dòng, cột, công thức, quan hệ kiểm tra (phiên bản đang có hiệu lực)."""
    with opened() as (engine, _), reading(engine) as connection:
        version = version_in_effect(connection, name, datetime.now(UTC).date()).version
    if as_json:
        click.echo(serial.to_json(version))
        return
    _print_version(version)


def _print_version(version: FormVersion) -> None:
    console = Console()
    name = f"{version.form} phiên bản {version.version}: {version.title}"
    console.print(Text.assemble((name, "bold"), f" ({version.unit_text})"))
    for table in version.tables:
        columns = Table(title="Cột")
        for name in ("Số", "Tiêu đề", "Loại", "Đơn vị tính"):
            columns.add_column(name)
        for column in table.columns:
            columns.add_row(*map(Text, (column.code, column.header, column.kind.value, column.unit)))
        rows = Table(title="Dòng")
        for name in ("Mã số", "Chỉ tiêu", "Đơn vị tính"):
            rows.add_column(name)
        for row in table.rows:
            rows.add_row(*map(Text, (row.code, row.label, row.unit)))
        for region in table.regions:
            rows.add_row(*map(Text, (region.code, region.label, region.unit)))
        console.print(columns, rows)
    rules = Table(title="Quan hệ kiểm tra")
    for name in ("Mã", "Công thức", "Mức", "Nội dung"):
        rules.add_column(name, overflow="fold")
    for rule in version.rules:
        rules.add_row(*map(Text, (rule.code, rule.formula, rule.severity.value, rule.message)))
    console.print(rules)


@form.command(epilog="Ví dụ: bieuso form new bieu-moi.toml -o bieu-moi.xlsx")
@click.argument("spec", type=existing_file)
@click.option("-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Tệp kết quả.")
def new(spec: Path, output: Path) -> None:
    """Vẽ biểu mẫu Excel, có trang Định nghĩa, từ một tệp ngắn ghi các dòng và các cột (TOML)."""
    try:
        text = spec.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InvalidError(f"Tệp {spec} không phải văn bản UTF-8.", "Lưu lại tệp bằng mã UTF-8.") from error
    output.write_bytes(build_template(read_spec(text)))
    click.echo(f"Đã vẽ: {output}")


@form.command(epilog='Ví dụ: bieuso form publish KTXH-09.T.xlsx --decision "1107/QĐ-UBND" --effective 2026-09-01')
@click.argument("file", type=existing_file)
@click.option("--decision", required=True, help="Số quyết định ban hành.")
@click.option("--decided", type=click.DateTime(["%Y-%m-%d"]), help="Ngày quyết định.")
@click.option("--effective", type=click.DateTime(["%Y-%m-%d"]), help="Có hiệu lực từ ngày; mặc định hôm nay.")
def publish(file: Path, decision: str, decided: datetime | None, effective: datetime | None) -> None:
    """Ban hành một biểu mẫu Excel thành phiên bản cố định."""
    now = datetime.now(UTC)
    with opened() as (engine, _):
        publication = publishing.publish(
            engine,
            file.read_bytes(),
            decision=decision,
            decided_on=_day(decided),
            effective_from=_day(effective) or now.date(),
            now=now,
        )
    record = publication.record
    said = "Đã ban hành" if publication.new else "Đã ban hành từ trước, không có gì đổi:"
    click.echo(f"{said} {record.form} phiên bản {record.version}, hiệu lực từ {record.effective_from:%d/%m/%Y}.")


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


@form.command(epilog="Ví dụ: bieuso form issue KTXH-09.T --unit 28756 --period 2026-M09 -o 28756.xlsx")
@click.argument("name", metavar="FORM")
@click.option("--unit", required=True, help="Mã đơn vị.")
@click.option("--period", required=True, help="Kỳ: 2026-M09, 2026-Q3, 2026-H1, 2026-9M, 2026.")
@click.option("-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Tệp kết quả.")
def issue(name: str, unit: str, period: str, output: Path) -> None:
    """Giao biểu cho một đơn vị trong một kỳ: điền sẵn, đóng dấu phát hành."""
    with opened() as (engine, config):
        key = config.stamp_keys[0]
        issued = issue_workbook(engine, form=name, unit=unit, period=period, stamp_key=key, now=datetime.now(UTC))
        output.write_bytes(issued)
    click.echo(f"Đã giao: {output}")


COMMANDS = (form,)
