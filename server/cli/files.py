"""Commands that check workbook files. They need no service and no database."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from formulas.checking import check as check_form
from formulas.text.conversions import Conversion, at_places, certain, everything, preview
from formulas.text.detection import Certainty
from formulas.text.repairing import Repair, repair
from formulas.text.scanning import check_text
from formulas.text.undoing import undo, write_log
from server.cli.arguments import existing_file, new_file
from server.cli.output import print_findings, print_json
from workbooks.errors import WorkbookError
from workbooks.finding import Finding
from workbooks.texts import is_signed
from workbooks.workbook import open_workbook


@click.command(epilog="Ví dụ: bieuso check 29551.xlsx --json")
@click.argument("file", type=existing_file)
@click.option("--json", "as_json", is_flag=True, help="In kết quả dạng JSON.")
def check(file: Path, as_json: bool) -> None:
    """Kiểm tra biểu đã nhập: công thức, quan hệ số liệu, kiểu số, phông chữ."""
    report = check_form(file.read_bytes())
    if as_json:
        print_json({"file": str(file), **report.to_dict(), "ok": not report.findings})
        sys.exit(1 if report.findings else 0)
    if report.attachments:
        click.echo(f"{file}: {len(report.attachments)} tệp kèm theo, chữ ký bảo đảm cho cả các tệp này:")
        for number, one in enumerate(report.attachments, start=1):
            click.echo(f"  {number}. {one.name}, {one.size} byte, SHA-256 {one.sha256}")
    if report.findings:
        print_findings(report.findings)
    else:
        click.echo(f"{file}: không có lỗi, không có cảnh báo.")
    sys.exit(1 if report.findings else 0)


@click.command(epilog="Ví dụ: bieuso text 28756.xlsx -o 28756.unicode.xlsx --log 28756.nhat-ky.json")
@click.argument("file", type=existing_file)
@click.option("-o", "--output", type=new_file, help="Ghi tệp đã sửa sang Unicode.")
@click.option("--all", "everything_too", is_flag=True, help="Sửa cả chỗ còn nghi ngờ.")
@click.option(
    "--only", "places", multiple=True, metavar="CHỖ", help="Chỉ sửa chỗ này (B7, T1!B7 hoặc như bản xem trước ghi)."
)
@click.option("--log", type=new_file, help="Ghi nhật ký chuyển mã, để sau này hoàn tác.")
@click.option(
    "--undo", "undo_log", type=existing_file, help="Hoàn tác: trả tệp về như trước khi sửa, theo nhật ký này."
)
@click.option("--force", is_flag=True, help="Sửa cả tệp đã ký; chữ ký cũ mất giá trị.")
@click.option("--json", "as_json", is_flag=True, help="In kết quả dạng JSON.")
def text(
    file: Path,
    *,
    output: Path | None,
    everything_too: bool,
    places: tuple[str, ...],
    log: Path | None,
    undo_log: Path | None,
    force: bool,
    as_json: bool,
) -> None:
    """Tìm chữ Việt bảng mã cũ (TCVN3, VNI, VPS, VISCII…) ở mọi chỗ trong tệp và cho xem trước; có -o thì sửa tại chỗ.

    Chỗ chắc chắn được sửa ngay, chỗ nghi ngờ chỉ sửa khi ghi --all hoặc --only.
    """
    if (log or undo_log) and not output:
        raise click.UsageError("--log và --undo cần -o để biết ghi tệp nào.")
    data = file.read_bytes()
    if output and undo_log:
        output.write_bytes(undo(data, undo_log.read_text(encoding="utf-8", errors="replace")))
        click.echo(f"Đã trả chữ về như trước khi chuyển mã: {output}")
        return
    choose = everything if everything_too else at_places(places) if places else certain
    try:
        workbook = open_workbook(data)
        repaired = repair(data, choose, signed_too=force) if output else Repair(data, ())
    except WorkbookError as error:
        if not as_json:
            raise
        print_json({"file": str(file), "findings": [error.finding.to_dict()], "repaired": [], "proposed": []})
        sys.exit(1)
    if log:
        log.write_text(write_log(data, repaired.data, repaired.conversions), encoding="utf-8")
    if output:
        output.write_bytes(repaired.data)
    left = list(check_text(open_workbook(repaired.data)))
    # Of the file as it came: once its neighbours are repaired, a doubtful text has nothing left that tells on it.
    done = {item.piece for item in repaired.conversions}
    proposed = [item for item in preview(workbook) if item.piece not in done]
    if as_json:
        print_json(
            {
                "file": str(file),
                "findings": [finding.to_dict() for finding in left],
                "repaired": [item.to_dict() for item in repaired.conversions],
                "proposed": [item.to_dict() for item in proposed],
            }
        )
    else:
        _tell(repaired, proposed, left, signed=is_signed(workbook.package))
    sys.exit(1 if left or proposed else 0)


def _tell(repaired: Repair, proposed: Sequence[Conversion], left: Sequence[Finding], *, signed: bool) -> None:
    """What was repaired, what could be, and what else is wrong with the text."""
    _print_conversions(repaired.conversions, "Đã sửa")
    _print_conversions(proposed, "Có thể sửa")
    others = [finding for finding in left if finding.code not in _SHOWN_AS_PROPOSED]
    if others:
        print_findings(others)
    click.echo(f"{len(repaired.conversions)} chỗ đã sửa, {len(proposed) + len(others)} chỗ còn cần xem.")
    if repaired.conversions and signed:
        click.echo("Tệp này đã ký: sau khi sửa, chữ ký cũ không còn giá trị; hãy ký lại.")


def _print_conversions(conversions: Sequence[Conversion], title: str) -> None:
    """A table of texts and what they become; nothing where there are none."""
    if not conversions:
        return
    table = Table(title=title, show_lines=True, expand=True)
    for heading, ratio in (("Ở đâu", 3), ("Đang là", 5), ("Thành", 5), ("Bảng mã", 2), ("Phông", 3)):
        table.add_column(heading, ratio=ratio, overflow="fold")
    for item in conversions:
        sure = item.certainty is Certainty.CERTAIN
        encoding = item.encoding if sure else f"{item.encoding} (nghi ngờ)"
        font = f"{item.font} → {item.new_font}" if item.new_font else item.font
        table.add_row(
            Text(item.piece.label), Text(item.before), Text(item.after),
            Text(encoding, "green" if sure else "yellow"), Text(font),
        )  # fmt: skip
    Console().print(table)


# Each has a line in the preview.
_SHOWN_AS_PROPOSED = frozenset({"BS701", "BS702", "BS703"})
