"""Commands that run the service or talk to one."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from addin.client import Client, ClientError, attached_files
from server.cli.arguments import existing_file, new_file
from server.cli.database import opened
from server.cli.output import print_findings, print_json
from server.services.consolidating import consolidated_workbook


@click.command(epilog="Ví dụ: bieuso serve --port 8000")
@click.option("--host", default="127.0.0.1", show_default=True, help="Địa chỉ lắng nghe.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="Cổng.")
@click.option("--workers", type=click.IntRange(1, 8), help="Số tiến trình; mặc định bằng số lõi máy.")
def serve(host: str, port: int, workers: int | None) -> None:
    """Chạy dịch vụ: API và trang theo dõi. Thiết lập bằng các biến BIEUSO_*."""
    try:
        from server.cli import gunicorn_server  # noqa: PLC0415 - gunicorn is not there on Windows; other commands are
    except ImportError:
        raise click.UsageError("Dịch vụ chỉ chạy trên Linux; trên Windows dùng check, text, sign, submit.") from None
    with opened() as (_, config):
        pass  # the schema is brought up to date once, before the workers start
    gunicorn_server.run(config, host=host, port=port, workers=workers)


@click.command(
    epilog="Ví dụ: bieuso submit 28756.signed.xlsx --server https://bieuso.tinh.gov.vn --account lanhdao.28756"
)
@click.argument("workbooks", metavar="FILE...", nargs=-1, required=True, type=existing_file)
@click.option("--server", required=True, help="Địa chỉ dịch vụ.")
@click.option(
    "--attach",
    "places",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    metavar="TỆP|THƯ MỤC",
    help="Tệp kèm theo, hoặc thư mục chứa chúng; mặc định tìm cạnh từng biểu.",
)
@click.option("--account", required=True, envvar="BIEUSO_ACCOUNT", help="Tên tài khoản.")
@click.option("--password", prompt="Mật khẩu", hide_input=True, envvar="BIEUSO_PASSWORD", help="Hỏi nếu không ghi.")
@click.option("--json", "as_json", is_flag=True, help="In kết quả dạng JSON.")
def submit(
    workbooks: tuple[Path, ...],
    *,
    server: str,
    places: tuple[Path, ...],
    account: str,
    password: str,
    as_json: bool,
) -> None:
    """Gửi các tệp đã ký, cùng những tệp kèm theo mà từng biểu có ghi. Gửi lại sau khi đứt mạng không tạo bản trùng."""
    try:
        # Everything is found before the first workbook is sent.
        sent = [(path, data := path.read_bytes(), attached_files(data, [path.parent, *places])) for path in workbooks]
        _refuse_unlisted(places, {content for _, _, files in sent for _, content in files})
        with Client(server) as client:
            client.sign_in(account, password)
            replies = [(path, client.submit(data, path.name, files)) for path, data, files in sent]
    except ClientError as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    if as_json:
        print_json(
            [
                {"file": str(path), "accepted": reply.accepted, "repeated": reply.repeated, "submission": reply.id,
                 "findings": [finding.to_dict() for finding in reply.findings]}
                for path, reply in replies
            ]
        )  # fmt: skip
    else:
        for path, reply in replies:
            click.echo(f"{path}: {'hợp lệ' if reply.accepted else 'bị từ chối'} (bản nộp {reply.id})")
            if reply.findings:
                print_findings(reply.findings)
    sys.exit(0 if all(reply.accepted for _, reply in replies) else 1)


def _refuse_unlisted(places: tuple[Path, ...], found: set[bytes]) -> None:
    """A file that was named and that no workbook lists would be refused by the service: nobody signed it."""
    for place in places:
        if place.is_file() and place.read_bytes() not in found:
            raise ClientError(
                "attachment-unlisted",
                f"Tệp “{place}” không có trong danh sách đã ký của biểu nào. Chưa gửi gì.",
                "Bỏ tệp này; nếu cần gửi thì kèm vào biểu chưa ký rồi ký lại.",
            )


@click.command(epilog="Ví dụ: bieuso consolidate KTXH-09.T 2026-M09 86 -o KTXH-09.T.xlsx")
@click.argument("form")
@click.argument("period")
@click.argument("unit")
@click.option("-o", "--output", required=True, type=new_file, help="Tệp kết quả.")
def consolidate(form: str, period: str, unit: str, output: Path) -> None:
    """Lập tệp tổng hợp đúng biểu chính thức: trang của đơn vị tổng hợp, rồi mỗi đơn vị một trang."""
    with opened() as (engine, config):
        key = config.stamp_keys[0]
        merged = consolidated_workbook(
            engine, form=form, unit=unit, period=period, stamp_key=key, now=datetime.now(UTC)
        )
        output.write_bytes(merged)
    click.echo(f"Đã lập: {output}")
