"""Commands on report forms: publishing, listing, assembling."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from server.cli.arguments import a_day, existing_file, new_file
from server.cli.database import opened
from server.cli.output import print_json
from server.services import reporting
from server.services.periods import day_in_vietnam


@click.group()
def report() -> None:
    """Biểu báo cáo: lập từ số liệu của các biểu nhập liệu, không ai phải điền."""


@report.command(epilog='Ví dụ: bieuso report publish BC-01.Q.xlsx --decision "1107/QĐ-UBND" --effective 2026-09-01')
@click.argument("file", type=existing_file)
@click.option("--decision", required=True, help="Số quyết định ban hành.")
@click.option("--decided", type=a_day, help="Ngày quyết định.")
@click.option("--effective", type=a_day, help="Có hiệu lực từ ngày; mặc định hôm nay.")
def publish(file: Path, decision: str, decided: datetime | None, effective: datetime | None) -> None:
    """Ban hành một biểu báo cáo Excel; mọi ô nguồn phải có trong các biểu nhập liệu đang có hiệu lực."""
    now = datetime.now(UTC)
    with opened() as (engine, _):
        record = reporting.publish_report(
            engine,
            file.read_bytes(),
            decision=decision,
            decided_on=decided.date() if decided else None,
            effective_from=effective.date() if effective else day_in_vietnam(now),
            now=now,
        )
    click.echo(f"Đã ban hành {record.report} phiên bản {record.version}, từ {record.effective_from:%d/%m/%Y}.")


@report.command("list", epilog="Ví dụ: bieuso report list --json")
@click.option("--json", "as_json", is_flag=True, help="In kết quả dạng JSON.")
def list_(as_json: bool) -> None:
    """Liệt kê các biểu báo cáo đã ban hành."""
    with opened() as (engine, _):
        records = reporting.list_reports(engine)
    rows = [
        {"report": r.report, "version": r.version, "title": r.title, "effective_from": r.effective_from.isoformat()}
        for r in records
    ]
    if as_json:
        print_json(rows)
        return
    table = Table()
    for name in ("Biểu báo cáo", "Phiên bản", "Tên", "Hiệu lực từ"):
        table.add_column(name)
    for row in rows:
        table.add_row(*map(Text, row.values()))
    Console().print(table)


@report.command(epilog="Ví dụ: bieuso report build BC-01.Q 2026-Q3 86 -o BC-01.Q.xlsx")
@click.argument("name", metavar="REPORT")
@click.argument("period")
@click.argument("unit")
@click.option("-o", "--output", required=True, type=new_file, help="Tệp kết quả.")
def build(name: str, period: str, unit: str, output: Path) -> None:
    """Lập báo cáo của một đơn vị trong một kỳ từ số liệu đang có, kèm nguồn của từng ô."""
    with opened() as (engine, config):
        key = config.stamp_keys[0]
        made = reporting.assemble(engine, report=name, unit=unit, period=period, stamp_key=key, now=datetime.now(UTC))
    output.write_bytes(made.data)
    click.echo(f"Đã lập: {output} ({len(made.traces)} số liệu, thiếu {len(made.missing)})")
    for trace in made.missing:
        source = trace.source
        click.echo(f"  dòng {source.key.row}, cột {source.key.column}: biểu {source.form}. {trace.note}")
