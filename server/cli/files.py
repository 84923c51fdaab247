"""Commands on workbook files. They need no service and no database."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from form_templates.stamp import embedded_version
from formulas.checking import check as check_form
from formulas.freezing import freeze
from formulas.text.conversions import Conversion, at_places, certain, everything, preview
from formulas.text.repairing import Repair, repair
from formulas.text.scanning import check_text
from formulas.text.undoing import undo, write_log
from server.cli.output import print_conversions, print_findings, print_json
from server.config import Config
from signing.keys import Pkcs12Signer
from signing.layout import FOLDER as SIGNATURES
from signing.sign import sign_package
from signing.trust import Trust
from signing.verdict import Outcome
from signing.verify import verify_package
from workbooks.finding import Finding
from workbooks.workbook import open_workbook

existing_file = click.Path(exists=True, dir_okay=False, path_type=Path)
new_file = click.Path(dir_okay=False, path_type=Path)


def is_signed(data: bytes) -> bool:
    """Whether the file holds any signature, good or bad."""
    return any(name.startswith(SIGNATURES) for name in open_workbook(data).package.parts)


@click.command(epilog="Ví dụ: bieuso check 29551.xlsx --json")
@click.argument("file", type=existing_file)
@click.option("--json", "as_json", is_flag=True, help="In kết quả dạng JSON.")
def check(file: Path, as_json: bool) -> None:
    """Kiểm tra biểu đã nhập: công thức, quan hệ số liệu, kiểu số, phông chữ."""
    report = check_form(file.read_bytes())
    if as_json:
        print_json({"file": str(file), "ok": not report.findings, "findings": [f.to_dict() for f in report.findings]})
    elif report.findings:
        print_findings(report.findings)
    else:
        click.echo(f"{file}: không có lỗi, không có cảnh báo.")
    sys.exit(1 if report.findings else 0)


@click.command(epilog="Ví dụ: bieuso verify 29551.xlsx --trust var/demo/pki/trust")
@click.argument("file", type=existing_file)
@click.option(
    "--trust",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Thư mục chứng thư gốc (*.crt) và danh sách thu hồi (*.crl); mặc định theo BIEUSO_TRUST.",
)
@click.option("--json", "as_json", is_flag=True, help="In kết quả dạng JSON.")
def verify(file: Path, trust: Path | None, as_json: bool) -> None:
    """Xác minh chữ ký số trong tệp: toàn vẹn, phủ hết tệp, chứng thư, thu hồi, thời điểm, người ký."""
    verdict = verify_package(
        file.read_bytes(), Trust.from_directory(trust or Config.from_environment().trust), now=datetime.now(UTC)
    )
    if as_json:
        print_json({"file": str(file), **verdict.to_dict()})
    else:
        colour = {Outcome.VALID: "green", Outcome.INVALID: "red", Outcome.UNDETERMINED: "yellow"}[verdict.outcome]
        Console().print(Text(verdict.summary, colour))  # names in certificates are anybody's text, never markup
        if verdict.findings:
            print_findings(verdict.findings)
    sys.exit(0 if verdict.outcome is Outcome.VALID else 1)


@click.command(epilog="Ví dụ: bieuso sign 29551.xlsx --p12 lanh-dao.p12 -o 29551.signed.xlsx")
@click.argument("file", type=existing_file)
@click.option("--p12", required=True, type=existing_file, help="Tệp khóa PKCS#12 của người ký.")
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Tệp đã ký; mặc định TÊN.signed.xlsx."
)
@click.password_option(
    "--password",
    confirmation_prompt=False,
    prompt="Mật khẩu tệp khóa",
    envvar="BIEUSO_P12_PASSWORD",
    help="Hỏi nếu không ghi; hoặc đặt biến BIEUSO_P12_PASSWORD.",
)
def sign(file: Path, p12: Path, output: Path | None, password: str) -> None:
    """Kiểm tra, ghi cố định giá trị đã tính, rồi ký số ngay trong tệp."""
    data = file.read_bytes()
    report = check_form(data)
    if not report.ok:
        print_findings(report.findings)
        sys.exit(1)
    version = embedded_version(open_workbook(data))
    # Values are frozen only before the first signature: a later signer must not change what the first one saw.
    frozen = data if is_signed(data) or version is None else freeze(data, version)
    signed = sign_package(frozen, Pkcs12Signer.load(p12.read_bytes(), password), at=datetime.now(UTC))
    target = output or file.with_suffix(".signed.xlsx")
    target.write_bytes(signed)
    click.echo(f"Đã ký: {target}")


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
        output.write_bytes(undo(data, undo_log.read_text(encoding="utf-8")))
        click.echo(f"Đã trả chữ về như trước khi chuyển mã: {output}")
        return
    choose = everything if everything_too else at_places(places) if places else certain
    repaired = repair(data, choose, signed_too=force) if output else Repair(data, ())
    if log:
        log.write_text(write_log(data, repaired.data, repaired.conversions), encoding="utf-8")
    if output:
        output.write_bytes(repaired.data)
    left = list(check_text(open_workbook(repaired.data)))
    # Of the file as it came: once its neighbours are repaired, a doubtful text has nothing left that tells on it.
    done = {item.piece for item in repaired.conversions}
    proposed = [item for item in preview(open_workbook(data)) if item.piece not in done]
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
        _tell(repaired, proposed, left, signed=is_signed(data))
    sys.exit(1 if left or proposed else 0)


def _tell(repaired: Repair, proposed: Sequence[Conversion], left: Sequence[Finding], *, signed: bool) -> None:
    """What was repaired, what could be, and what else is wrong with the text."""
    print_conversions(repaired.conversions, "Đã sửa")
    print_conversions(proposed, "Có thể sửa")
    others = [finding for finding in left if finding.code not in _SHOWN_AS_PROPOSED]
    if others:
        print_findings(others)
    click.echo(f"{len(repaired.conversions)} chỗ đã sửa, {len(proposed) + len(others)} chỗ còn cần xem.")
    if repaired.conversions and signed:
        click.echo("Tệp này đã ký: sau khi sửa, chữ ký cũ không còn giá trị; hãy ký lại.")


# Each has a line in the preview.
_SHOWN_AS_PROPOSED = frozenset({"BS701", "BS702", "BS703"})

COMMANDS = (check, text, verify, sign)
