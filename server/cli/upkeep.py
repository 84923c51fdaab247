"""Commands for whoever runs the service: totals and the audit trail."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import UTC, datetime

import click

from server.cli.database import opened
from server.cli.output import print_json
from server.services import audit as audit_trail
from server.services import totals as kept


@click.group()
def totals() -> None:
    """Số tổng hợp: chứng minh và tính lại."""


@totals.command("check", epilog="Ví dụ: bieuso totals check --json")
@click.option("--json", "as_json", is_flag=True, help="In kết quả dạng JSON.")
def check_totals(as_json: bool) -> None:
    """So số tổng hợp đang giữ với số tính lại từ từng ô đã ký; lệch là thoát với mã 1."""
    with opened() as (engine, _):
        report = kept.check(engine)
    if as_json:
        differences = [asdict(difference) for difference in report.differences]
        print_json({"ok": report.ok, "totals": report.totals, "differences": differences})
    else:
        click.echo(f"{report.totals} số tổng hợp, {len(report.differences)} số lệch.")
    sys.exit(0 if report.ok else 1)


@totals.command(epilog="Ví dụ: bieuso totals rebuild")
def rebuild() -> None:
    """Tính lại toàn bộ số tổng hợp từ các ô đã ký."""
    with opened() as (engine, _):
        count = kept.rebuild(engine, now=datetime.now(UTC))
    click.echo(f"Đã tính lại {count} số tổng hợp.")


@click.group()
def audit() -> None:
    """Nhật ký hệ thống."""


@audit.command(epilog="Ví dụ: bieuso audit verify")
@click.option("--json", "as_json", is_flag=True, help="In kết quả dạng JSON.")
def verify(as_json: bool) -> None:
    """Kiểm tra chuỗi băm của nhật ký: có sự kiện nào bị sửa, chèn hay xóa không."""
    with opened() as (engine, _):
        report = audit_trail.verify(engine)
    if as_json:
        print_json({"ok": report.ok, "events": report.events, "head": report.head, "broken_at": report.broken_at})
    elif report.ok:
        click.echo(f"{report.events} sự kiện, chuỗi băm nguyên vẹn. Mã cuối: {report.head}")
    else:
        click.echo(f"Nhật ký bị sửa từ sự kiện số {report.broken_at}.", err=True)
    sys.exit(0 if report.ok else 1)
