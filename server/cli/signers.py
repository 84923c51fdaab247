"""Commands of the register of signers: whose certificate may sign for a unit, in which role, and until when."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from server.cli.arguments import a_day, existing_file
from server.cli.database import opened
from server.cli.output import print_findings, print_json
from server.services import signers
from server.services.periods import day_in_vietnam
from server.services.signers import EndReason, RegisteredSigner, SignedSince
from signing.roles import SignerRole
from workbooks.finding import Finding

_a_role = click.Choice([role.value for role in SignerRole])


@click.group()
def signer() -> None:
    """Danh sách người ký: chứng thư nào được ký báo cáo của đơn vị nào, với vai trò gì, từ ngày nào."""


@signer.command(epilog='Ví dụ: bieuso signer register lanhdao.crt --unit 28756 --name "Nguyễn Văn A" --from 2026-01-01')
@click.argument("certificate", type=existing_file)
@click.option("--unit", "unit_code", required=True, help="Mã đơn vị mà người này ký thay mặt.")
@click.option("--name", required=True, help="Họ và tên.")
@click.option("--role", type=_a_role, default=SignerRole.LEADER.value, show_default=True, help="Vai trò khi ký.")
@click.option("--from", "since", required=True, type=a_day, help="Được ký từ ngày.")
@click.option("--to", "until", type=a_day, help="Thôi ký từ ngày (ủy quyền có thời hạn).")
def register(
    certificate: Path, *, unit_code: str, name: str, role: str, since: datetime, until: datetime | None
) -> None:
    """Đăng ký chứng thư (PEM hoặc DER) của người được ký báo cáo của đơn vị."""
    with opened() as (engine, _):
        made = signers.register_signer(
            engine,
            unit=unit_code,
            certificate=certificate.read_bytes(),
            name=name,
            role=SignerRole(role),
            valid_from=since.date(),
            valid_to=None if until is None else until.date(),
            now=datetime.now(UTC),
        )
    click.echo(f"Đã đăng ký chứng thư của {name} cho đơn vị {unit_code} (số đăng ký {made.signer.entry.id}).")
    _print_doubts(made.findings)


@signer.command(epilog="Ví dụ: bieuso signer replace 12 lanhdao-moi.crt --from 2026-10-01")
@click.argument("number", type=int)
@click.argument("certificate", type=existing_file)
@click.option("--from", "day", required=True, type=a_day, help="Chứng thư mới thay chứng thư cũ từ ngày.")
@click.option("--name", help="Họ và tên, nếu là người khác.")
@click.option("--role", type=_a_role, help="Vai trò, nếu đổi.")
def replace(number: int, certificate: Path, day: datetime, name: str | None, role: str | None) -> None:
    """Thay chứng thư của một đăng ký (số lấy ở bieuso signer list); chứng thư cũ thôi ký từ cùng ngày."""
    with opened() as (engine, _):
        made = signers.replace_signer(
            engine,
            number,
            certificate=certificate.read_bytes(),
            day=day.date(),
            name=name,
            role=None if role is None else SignerRole(role),
            now=datetime.now(UTC),
        )
    click.echo(f"Đã thay đăng ký {number} bằng đăng ký {made.signer.entry.id} của {made.signer.entry.name}.")
    _print_doubts(made.findings)


@signer.command(epilog="Ví dụ: bieuso signer revoke 12 --from 2026-09-20 --reason lost")
@click.argument("number", type=int)
@click.option("--from", "day", required=True, type=a_day, help="Thôi được ký từ ngày; ghi được ngày đã qua.")
@click.option(
    "--reason",
    required=True,
    type=click.Choice([reason.value for reason in EndReason]),
    help="lost: mất thiết bị, lộ khóa; left: thôi chức vụ; delegation-ended: hết ủy quyền.",
)
@click.option("--json", "as_json", is_flag=True, help="In kết quả dạng JSON.")
def revoke(number: int, day: datetime, reason: str, as_json: bool) -> None:
    """Kết thúc quyền ký của một đăng ký, và kể các bản nộp đã ký từ ngày đó; các bản này vẫn giữ nguyên."""
    now = datetime.now(UTC)
    with opened() as (engine, _):
        ended = signers.revoke_signer(engine, number, day=day.date(), reason=EndReason(reason), now=now)
    if as_json:
        told = ended.signer.to_dict(day_in_vietnam(now))
        print_json(told | {"signed_since": [one.to_dict() for one in ended.signed_since]})
        return
    click.echo(f"{ended.signer.entry.name} thôi được ký cho {ended.signer.entry.unit_name} từ {day:%d/%m/%Y}.")
    _print_signed(ended.signed_since)


@signer.command("list", epilog="Ví dụ: bieuso signer list --unit 28756 --expiring 30")
@click.option("--unit", "unit_code", help="Chỉ của đơn vị này.")
@click.option("--on", "on", type=a_day, help="Tại ngày; mặc định hôm nay.")
@click.option("--expiring", type=click.IntRange(min=0), help="Chỉ chứng thư còn hạn không quá số ngày này.")
@click.option("--json", "as_json", is_flag=True, help="In kết quả dạng JSON.")
def list_(unit_code: str | None, on: datetime | None, expiring: int | None, as_json: bool) -> None:
    """Liệt kê người được ký tại một ngày, với chứng thư và hạn của chứng thư."""
    today = day_in_vietnam(datetime.now(UTC))
    day = today if on is None else on.date()
    with opened() as (engine, _):
        found = signers.list_signers(engine, unit=unit_code, day=day, expiring=expiring, today=today)
    if as_json:
        print_json([one.to_dict(day) for one in found])
        return
    _print_signers(found, day)


def _print_signers(found: Iterable[RegisteredSigner], day: date) -> None:
    table = Table()
    for title in ("Số", "Đơn vị", "Người ký", "Vai trò", "Được ký", "Chứng thư", "Hạn chứng thư"):
        table.add_column(title, overflow="fold")
    for one in found:
        entry, certificate = one.entry, one.certificate
        end = "" if entry.valid_to is None else f" đến trước {entry.valid_to:%d/%m/%Y}"
        issued, left = "(không lưu)", ""
        if certificate is not None:
            issued = f"{certificate.serial}, {certificate.issuer} cấp"
            left = f"{certificate.valid_until:%d/%m/%Y} (còn {certificate.days_left(day)} ngày)"
        cells = (str(entry.id), f"{entry.unit_code} {entry.unit_name}", entry.name, entry.role.words)
        table.add_row(*map(Text, (*cells, f"từ {entry.valid_from:%d/%m/%Y}{end}", issued, left)))
    Console().print(table)


def _print_doubts(findings: Sequence[Finding]) -> None:
    if findings:
        print_findings(findings)


def _print_signed(found: Sequence[SignedSince]) -> None:
    if not found:
        click.echo("Không có bản nộp nào đã ký bằng chứng thư này từ ngày đó.")
        return
    click.echo(f"{len(found)} bản nộp đã ký bằng chứng thư này từ ngày đó, vẫn giữ nguyên; hãy xem xét từng bản:")
    for one in found:
        replaced = ", đã có bản mới thay" if one.status == "superseded" else ""
        click.echo(f"  số {one.submission}: {one.form} kỳ {one.period}, ký ngày {one.day:%d/%m/%Y}{replaced}")
