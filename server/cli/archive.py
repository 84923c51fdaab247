"""Commands of the archive: stamp what is kept, renew the stamps, list them, export everything in open formats."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text
from sqlalchemy import Engine

from server.cli.arguments import a_day
from server.cli.database import opened
from server.cli.output import print_findings, print_json
from server.cli.progress import counted
from server.cli.trusting import trusted
from server.services.archive.exporting import export_archive
from server.services.archive.listing import ArchiveList, ListedStamp, list_archive
from server.services.archive.stamping import ArchiveStamp, renew_archive, stamp_archive
from server.services.periods import VIETNAM
from server.storage.archive import UNREADABLE
from signing.fetching import HttpTimeStamper
from signing.stamping import TimeStamper
from signing.trust import Trust
from signing.wording import date_text, time_text

_DIGEST = "sha512"  # for decades; the authority itself signs with what it has
_NOT_RENEWED = (
    "Không gia hạn: chưa có dấu nào đến hạn, hoặc chứng thư của máy chủ cấp dấu chưa dài hạn hơn các dấu đang có "
    "(xem bieuso archive list)."
)
_tsa_option = click.option("--tsa", metavar="ĐỊA-CHỈ", help="Máy chủ cấp dấu thời gian; mặc định theo BIEUSO_TSA.")
_json_option = click.option("--json", "as_json", is_flag=True, help="In kết quả dạng JSON.")


class _Stamping(Protocol):
    """Stamping or renewing."""

    def __call__(
        self,
        engine: Engine,
        stamper: TimeStamper,
        trust: Trust,
        *,
        now: datetime,
        progress: Callable[[int, int], None],
    ) -> ArchiveStamp | None:
        """See ``server.services.archive.stamping``."""


@click.group()
def archive() -> None:
    """Kho lưu trữ: đóng dấu thời gian lên mọi bản nộp, gia hạn dấu, xuất ra định dạng mở."""


@archive.command(epilog="Ví dụ: bieuso archive stamp --tsa http://tsa.ca.gov.vn")
@_tsa_option
@_json_option
def stamp(tsa: str | None, as_json: bool) -> None:
    """Đóng dấu lưu trữ lên các bản nộp chưa có dấu; nên đặt chạy hằng ngày. Không có gì mới thì không làm gì."""
    made = _stamped(stamp_archive, tsa)
    _tell(made, as_json=as_json, nothing="Mọi bản nộp đã có dấu lưu trữ.")


@archive.command(epilog="Ví dụ: bieuso archive renew")
@_tsa_option
@click.option("--force", is_flag=True, help="Gia hạn dù chưa đến hạn, và dù có dấu cũ không còn chứng minh được.")
@_json_option
def renew(tsa: str | None, force: bool, as_json: bool) -> None:
    """Gia hạn: đóng dấu mới lên mọi bản nộp và mọi dấu cũ, trước khi chứng thư của nơi cấp dấu cũ hết hạn.

    Chỉ làm khi có dấu còn hạn không quá 180 ngày, nên đặt chạy hằng ngày được.
    """

    def asked(
        engine: Engine, stamper: TimeStamper, trust: Trust, *, now: datetime, progress: Callable[[int, int], None]
    ) -> ArchiveStamp | None:
        return renew_archive(engine, stamper, trust, now=now, force=force, progress=progress)

    _tell(_stamped(asked, tsa), as_json=as_json, nothing=_NOT_RENEWED)


@archive.command("list", epilog="Ví dụ: bieuso archive list --json")
@_json_option
def list_(as_json: bool) -> None:
    """Liệt kê các dấu lưu trữ, hạn của dấu, và số bản nộp chưa có dấu."""
    with opened() as (engine, _):
        found = list_archive(engine, now=datetime.now(UTC))
    if as_json:
        print_json(found.to_dict())
    else:
        _print_list(found)


@archive.command(epilog="Ví dụ: bieuso archive export /luu-tru/2026-12 --since 2026-01-01")
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option("--since", type=a_day, help="Chỉ các bản nộp nhận từ ngày này.")
@_json_option
def export(folder: Path, since: datetime | None, as_json: bool) -> None:
    """Xuất kho ra một thư mục mới: tệp gốc, chứng cứ, số liệu CSV, dấu, nhật ký; đọc được không cần phần mềm này."""
    start = None if since is None else since.replace(tzinfo=VIETNAM)
    with opened() as (engine, _), counted("Đang xuất bản nộp") as progress:
        report = export_archive(engine, folder, now=datetime.now(UTC), since=start, progress=progress)
    if as_json:
        print_json(report.to_dict())
    else:
        click.echo(
            f"Đã xuất {report.submissions} bản nộp, {report.figures} số liệu, {report.stamps} dấu lưu trữ vào {folder}."
        )
        click.echo(f"SHA-256 của SHA256SUMS: {report.sums_sha256}")
        if report.findings:
            print_findings(report.findings)
    sys.exit(1 if report.findings else 0)


def _stamped(act: _Stamping, tsa: str | None) -> ArchiveStamp | None:
    with opened() as (engine, config):
        address = tsa or config.tsa
        if not address:
            raise click.UsageError("Chưa biết máy chủ cấp dấu thời gian: ghi --tsa hoặc đặt BIEUSO_TSA.")
        basis = trusted(config.trust)
        with counted("Đang đọc bản nộp") as progress:
            stamper = HttpTimeStamper(address, _DIGEST)
            return act(engine, stamper, basis.trust, now=datetime.now(UTC), progress=progress)


def _tell(made: ArchiveStamp | None, *, as_json: bool, nothing: str) -> None:
    if as_json:
        print_json({"stamp": None if made is None else made.to_dict()})
    elif made is None:
        click.echo(nothing)
    else:
        covered = f"{made.submissions} bản nộp" + (f", {made.stamps} dấu cũ" if made.stamps else "")
        until = date_text(made.good_until)
        click.echo(f"Đã đóng dấu lưu trữ số {made.number}: {covered}; {made.authority} cấp, giá trị đến {until}.")
        if made.left_out:
            print_findings(made.left_out)
    sys.exit(1 if made is not None and made.left_out else 0)


def _print_list(found: ArchiveList) -> None:
    table = Table()
    for title in ("Số", "Loại", "Đóng lúc", "Giá trị đến", "Nơi cấp", "Tình trạng"):
        table.add_column(title, overflow="fold")
    for one in found.stamps:
        stamp = one.stamp
        kind = "gia hạn" if stamp.kind == "renewal" else "lần đầu"
        times = (_moment(stamp.stamped_at, time_text), _moment(stamp.good_until, date_text))
        table.add_row(*map(Text, (str(stamp.id), kind, *times, stamp.authority, _state(one))))
    Console().print(table)
    click.echo(f"{found.not_stamped} bản nộp chưa có dấu lưu trữ.")


def _moment(moment: datetime, words: Callable[[datetime], str]) -> str:
    return "không đọc được" if moment == UNREADABLE else words(moment)


def _state(one: ListedStamp) -> str:
    if one.renewed:
        return "đã gia hạn"
    return "cần gia hạn: bieuso archive renew" if one.due else "còn hạn"
