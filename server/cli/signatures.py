"""Commands that sign workbook files and verify them. They need no service and no database."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from form_templates.stamp import embedded_version
from formulas.checking import check
from formulas.freezing import freeze
from server.cli.arguments import existing_file, new_file
from server.cli.output import print_findings, print_json
from server.config import Config
from signing.keys import Pkcs12Signer
from signing.sign import sign_package
from signing.trust import Trust
from signing.verdict import Outcome
from signing.verify import verify_package
from workbooks.texts import is_signed
from workbooks.workbook import open_workbook


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
@click.option("-o", "--output", type=new_file, help="Tệp đã ký; mặc định TÊN.signed.xlsx.")
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
    report = check(data)
    if not report.ok:
        print_findings(report.findings)
        sys.exit(1)
    workbook = open_workbook(data)
    version = embedded_version(workbook)
    # Values are frozen only before the first signature: a later signer must not change what the first one saw.
    frozen = data if is_signed(workbook.package) or version is None else freeze(data, version)
    signed = sign_package(frozen, Pkcs12Signer.load(p12.read_bytes(), password), at=datetime.now(UTC))
    target = output or file.with_suffix(".signed.xlsx")
    target.write_bytes(signed)
    click.echo(f"Đã ký: {target}")
