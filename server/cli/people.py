"""Commands for whoever sets the service up: reporting units and accounts."""

from __future__ import annotations

from datetime import UTC, datetime

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from server.cli.database import opened
from server.cli.output import print_json
from server.services import accounts, units
from server.services.accounts import Role


@click.group()
def unit() -> None:
    """Đơn vị báo cáo."""


@unit.command("load", epilog="Ví dụ: bieuso unit load --province 86")
@click.option("--province", help="Mã tỉnh; không ghi là cả nước.")
def load_units(province: str | None) -> None:
    """Nạp tỉnh, xã, phường có hiệu lực từ 01/7/2025; đơn vị đã có thì giữ nguyên."""
    with opened() as (engine, _):
        new = units.load_units_2025(engine, province=province, now=datetime.now(UTC))
    click.echo(f"Đã nạp {new} đơn vị mới.")


@unit.command("list", epilog="Ví dụ: bieuso unit list --parent 86 --json")
@click.option("--parent", help="Chỉ các đơn vị trực thuộc đơn vị này.")
@click.option("--json", "as_json", is_flag=True, help="In kết quả dạng JSON.")
def list_units(parent: str | None, as_json: bool) -> None:
    """Liệt kê các đơn vị đang có hiệu lực."""
    with opened() as (engine, _):
        found = units.list_units(engine, datetime.now(UTC).date(), parent=parent)
    if as_json:
        print_json([{"code": one.code, "name": one.name, "parent": one.parent_code} for one in found])
        return
    for one in found:
        click.echo(f"{one.code}  {one.name}")


@click.group()
def account() -> None:
    """Tài khoản của cán bộ, lãnh đạo."""


@account.command(epilog='Ví dụ: bieuso account create lanhdao.28756 --name "Nguyễn Văn A" --unit 28756 --role leader')
@click.argument("username")
@click.option("--name", required=True, help="Họ và tên.")
@click.option("--unit", "unit_code", required=True, help="Mã đơn vị.")
@click.option(
    "--role",
    "roles",
    required=True,
    multiple=True,
    type=click.Choice([role.value for role in Role]),
    help="Vai trò; ghi nhiều lần nếu có nhiều vai trò.",
)
def create(username: str, name: str, unit_code: str, roles: tuple[str, ...]) -> None:
    """Mở tài khoản; mật khẩu tự sinh chỉ hiện một lần này."""
    with opened() as (engine, _):
        made = accounts.create_account(
            engine,
            username=username,
            full_name=name,
            unit=unit_code,
            roles=[Role(role) for role in roles],
            now=datetime.now(UTC),
        )
    click.echo(f"Đã mở tài khoản {made.account.username}. Mật khẩu: {made.password}")


@account.command(epilog="Ví dụ: bieuso account close lanhdao.28756")
@click.argument("username")
def close(username: str) -> None:
    """Đóng tài khoản; những gì tài khoản đã gửi vẫn giữ nguyên."""
    with opened() as (engine, _):
        accounts.close_account(engine, username, now=datetime.now(UTC))
    click.echo(f"Đã đóng tài khoản {username}.")


@account.command("list", epilog="Ví dụ: bieuso account list")
@click.option("--json", "as_json", is_flag=True, help="In kết quả dạng JSON.")
def list_accounts(as_json: bool) -> None:
    """Liệt kê tài khoản."""
    with opened() as (engine, _):
        found = accounts.list_accounts(engine)
    if as_json:
        print_json(
            [
                {"username": one.username, "name": one.full_name, "unit": one.unit_code, "roles": sorted(one.roles)}
                for one in found
            ]
        )
        return
    table = Table()
    for title in ("Tài khoản", "Họ và tên", "Đơn vị", "Vai trò"):
        table.add_column(title)
    for one in found:
        table.add_row(*map(Text, (one.username, one.full_name, one.unit_name, ", ".join(sorted(one.roles)))))
    Console().print(table)
