"""Commands that sign workbook files and verify them. They need no service."""

from __future__ import annotations

import errno
import hashlib
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.text import Text

from form_templates.attachments import Attachment, read_attachments, with_attachments
from form_templates.stamp import embedded_version
from formulas.checking import check
from formulas.freezing import freeze
from server.cli.arguments import existing_file, new_file
from server.cli.output import patience, print_findings, print_json
from server.cli.trusting import trusted, trusted_if_there
from server.cli.writing import write_whole
from server.errors import ConflictError
from signing.algorithms import DIGEST_URIS
from signing.answers import verdict_text
from signing.ceremony import Act, perform
from signing.fetching import HttpTimeStamper
from signing.keys import Pkcs12Signer, Signer
from signing.roles import SignerRole
from signing.tokens import TokenInfo, open_token
from signing.verdict import Outcome, Verdict
from signing.verify import verify_package
from workbooks.errors import WorkbookError
from workbooks.texts import is_signed
from workbooks.workbook import open_workbook

_COLOURS: Final = {Outcome.VALID: "green", Outcome.INVALID: "red", Outcome.UNDETERMINED: "yellow"}
_BESIDE: Final = {
    "same": "có cạnh tệp này, đúng nội dung",
    "missing": "không có cạnh tệp này",
    "differs": "ĐÃ KHÁC nội dung",
}
_SIGNED: Final = ".signed.xlsx"
_UNTYPED: Final = "\udcff"
_PASSWORD: Final = "BIEUSO_P12_PASSWORD"  # noqa: S105 - the name of a variable
trust_option = click.option(
    "--trust",
    "trust_path",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Thư mục chứng thư gốc (*.crt) và danh sách thu hồi (*.crl); mặc định theo BIEUSO_TRUST.",
)


@click.command(epilog="Ví dụ: bieuso verify 29551.xlsx --trust var/demo/pki/trust")
@click.argument("file", type=existing_file, required=False)
@click.option("--archive", is_flag=True, help="Xác minh lại mọi bản nộp đang lưu, thay cho một tệp.")
@trust_option
@click.option("--json", "as_json", is_flag=True, help="In kết quả dạng JSON.")
def verify(file: Path | None, archive: bool, trust_path: Path | None, as_json: bool) -> None:
    """Xác minh chữ ký số trong tệp: toàn vẹn, phủ hết tệp, chứng thư, thu hồi, thời điểm, người ký.

    Mã thoát 0 khi chữ ký hợp lệ. Khi chưa xác định được (không hỏi được nơi cấp chứng thư) mã thoát là 1, trừ khi
    policy.toml trong thư mục tin cậy cho phép. Với --archive, mã thoát 1 khi có bản nộp hay dấu lưu trữ có lỗi.
    """
    if (file is None) != archive:
        raise click.UsageError("Ghi một trong hai: tên tệp, hoặc --archive.")
    if file is None:
        # Loaded for this alone: whoever verifies a file needs no database.
        from server.cli.archive_proof import prove  # noqa: PLC0415 - as said

        sys.exit(prove(trust_path, as_json=as_json))
    data, basis = file.read_bytes(), trusted(trust_path)
    with patience("Đang xác minh…"):
        verdict = verify_package(data, basis.trust, now=datetime.now(UTC), policy=basis.policy)
    sha256, beside = hashlib.sha256(data).hexdigest(), _attached(data, file.parent)
    if as_json:
        attachments = [one.to_dict() | {"beside": state} for one, state in beside]
        told = {"file": str(file), "sha256": sha256, "size": len(data)} | verdict.to_dict()
        print_json(told | {"attachments": attachments})
    else:
        _tell(verdict, sha256, beside)
    fine = {Outcome.VALID, Outcome.UNDETERMINED} if basis.policy.accept_undetermined else {Outcome.VALID}
    sys.exit(0 if verdict.outcome in fine else 1)


def _attached(data: bytes, folder: Path) -> list[tuple[Attachment, str]]:
    """The files that a workbook lists, and whether they lie beside it: "same", "differs" or "missing"."""
    try:
        listed = read_attachments(open_workbook(data))
    except WorkbookError:
        return []  # said by the verdict
    return [(one, _state(one, folder / one.name)) for one in listed]


def _state(listed: Attachment, path: Path) -> str:
    if not path.is_file():
        return "missing"
    return "same" if Attachment.of(listed.name, path.read_bytes()) == listed else "differs"


def _tell(verdict: Verdict, sha256: str, beside: Sequence[tuple[Attachment, str]]) -> None:
    """The verdict for people. Names in certificates are anybody's text, so nothing is read as markup."""
    console = Console()
    console.print(Text(verdict.summary, _COLOURS[verdict.outcome]))
    for number, signature in enumerate(verdict_text(verdict.to_dict()).signatures, start=1):
        console.print(Text(f"\nChữ ký {number}: {signature.signer}", "bold"))
        for line in signature.lines:
            colour = {True: "green", False: "red", None: ""}[line.good]
            console.print(Text.assemble(f"  {line.name}: ", (line.text, colour)))
    for one, state in beside:
        console.print(Text(f"  Tệp kèm theo: {one.name} ({_BESIDE[state]})", "red" if state == "differs" else ""))
    console.print(Text(f"  SHA-256 của tệp: {sha256}"))
    if verdict.findings:
        print_findings(verdict.findings)


@click.command(epilog="Ví dụ: bieuso sign 29551.xlsx --p12 lanh-dao.p12 --role leader -o 29551.signed.xlsx")
@click.argument("file", type=existing_file)
@click.option("--p12", type=existing_file, help="Ký bằng tệp khóa PKCS#12 (.p12, .pfx).")
@click.option("--pkcs11", type=existing_file, metavar="MODULE", help="Ký bằng thiết bị: thư viện PKCS#11 của hãng.")
@click.option("--token", default="", help="Tên thiết bị; không cần nếu chỉ cắm một.")
@click.option("--key", default="", help="Tên hoặc mã khóa, nếu thiết bị có nhiều.")
@click.option("-o", "--output", type=new_file, help="Tệp đã ký; mặc định TÊN.signed.xlsx, ký tiếp thì chính tệp đó.")
@click.option("--role", type=click.Choice([role.value for role in SignerRole]), help="Ký với vai trò nào.")
@click.option("--comment", default="", help="Lời ghi khi ký, tối đa 255 ký tự.")
@click.option("--digest", default="SHA-256", show_default=True, type=click.Choice(list(DIGEST_URIS)), help="Hàm băm.")
@click.option("--attach", "attached", multiple=True, type=existing_file, help="Kèm tệp thuyết minh (.docx, .pdf).")
@click.option(
    "--tsa",
    default="",
    envvar="BIEUSO_TSA",
    metavar="ĐỊA-CHỈ",
    help="Máy chủ cấp dấu thời gian; mặc định theo BIEUSO_TSA.",
)
@trust_option
@click.option(
    "--password",
    help="Không nên: người khác trên máy đọc được dòng lệnh. Bỏ trống để được hỏi, hoặc đặt BIEUSO_P12_PASSWORD.",
)
def sign(
    file: Path,
    *,
    p12: Path | None,
    pkcs11: Path | None,
    token: str,
    key: str,
    output: Path | None,
    role: str | None,
    comment: str,
    digest: str,
    attached: tuple[Path, ...],
    tsa: str,
    trust_path: Path | None,
    password: str | None,
) -> None:
    """Kiểm tra, ghi cố định giá trị đã tính, rồi ký số ngay trong tệp. Ký lần nữa là ký tiếp sau người trước.

    Mật khẩu tệp khóa và mã PIN được hỏi khi cần, hoặc đọc từ dòng đầu của đầu vào chuẩn; không ghi vào đâu.
    """
    if (p12 is None) == (pkcs11 is None):
        raise click.UsageError("Ghi đúng một trong hai: --p12 TỆP hoặc --pkcs11 MODULE.")
    if p12 and (token or key):
        raise click.UsageError("--token và --key chỉ đi với --pkcs11.")
    data = file.read_bytes()
    target = output or _target(file, data)
    place = _Place.of(target)
    if output is None and target != file and place.holds_signatures():
        click.echo(
            f"{target} đã có chữ ký: ký từ {file} sẽ thay tệp đó. Muốn ký tiếp sau người trước: bieuso sign {target}",
            err=True,
        )
    if not target.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, "không có thư mục này", str(target.parent))
    ready, basis = _prepared(data, attached), trusted_if_there(trust_path)
    if basis is None:
        click.echo("Không có thư mục chứng thư tin cậy (--trust): chưa kiểm tra nơi cấp và thu hồi.", err=True)
    act = Act(
        at=datetime.now(UTC),
        role=SignerRole(role) if role else None,
        comment=comment,
        digest=digest,
        trust=basis.trust if basis else None,
        stamper=HttpTimeStamper(tsa) if tsa else None,
    )
    with (
        _opened(p12, password) if p12 else open_token(Path(str(pkcs11)), ask=_pin, label=token, key=key) as signer,
        patience("Đang ký…"),
    ):
        warnings = perform(ready, signer, act, place.put)
    for warning in warnings:
        click.echo(f"{warning.code}: {warning.message} {warning.remedy}", err=True)
    click.echo(f"Đã ký: {target}")


@dataclass(slots=True)
class _Place:
    """Where the signed file goes. Somebody may type a PIN for minutes while a colleague signs the same file.

    Attributes:
        before: what is there as far as is known here; None: nothing, or no file.
    """

    path: Path
    before: bytes | None

    @classmethod
    def of(cls, path: Path) -> _Place:
        return cls(path, _contents(path))

    def holds_signatures(self) -> bool:
        """Whether a signed workbook is there."""
        try:
            return self.before is not None and is_signed(open_workbook(self.before).package)
        except WorkbookError:
            return False

    def put(self, signed: bytes) -> None:
        """Writes the signed file.

        Raises:
            ConflictError: somebody else wrote there meanwhile; a signature would be lost.
        """
        if _contents(self.path) != self.before:
            raise ConflictError(
                f"Không ghi đè lên {self.path}: tệp đã thay đổi trong lúc đang ký, có thể người khác vừa ký vào đó.",
                "Xem lại tệp, rồi ký tiếp vào chính tệp đó; hoặc ghi ra tệp khác bằng -o.",
            )
        write_whole(self.path, signed)
        self.before = signed if self.path.is_file() else None


def _contents(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _target(file: Path, data: bytes) -> Path:
    """``NAME.signed.xlsx``; whoever signs after others adds to that very file, as in the add-in."""
    if file.name.lower().endswith(_SIGNED) and is_signed(open_workbook(data).package):
        return file
    return file.with_suffix(_SIGNED)


def _prepared(data: bytes, attached: Sequence[Path]) -> bytes:
    """The workbook as it will be signed: checked, with the list of its attachments, its values frozen."""
    if attached:
        data = with_attachments(data, [(path.name, path.read_bytes()) for path in attached])
    report = check(data)
    if not report.ok:
        print_findings(report.findings)
        sys.exit(1)
    warnings = [finding for finding in report.findings if not finding.explanation]
    if warnings:
        print_findings(warnings, on_error=True)
    workbook = open_workbook(data)
    for one in read_attachments(workbook):
        click.echo(f"Ký cùng tệp kèm theo: {one.name} ({one.size} byte, SHA-256 {one.sha256})", err=True)
    version = embedded_version(workbook)
    # Values are frozen only before the first signature: a later signer must not change what the first one saw.
    return data if is_signed(workbook.package) or version is None else freeze(data, version)


@contextmanager
def _opened(p12: Path, password: str | None) -> Iterator[Signer]:
    """The signer of a key file."""
    yield Pkcs12Signer.load(p12.read_bytes(), password or os.environ.get(_PASSWORD) or _asked("Mật khẩu tệp khóa"))


def _pin(token: TokenInfo) -> str:
    if token.pin_final_try:
        click.echo("Chú ý: chỉ còn một lần thử, sai nữa là thiết bị tự khóa.", err=True)
    return _asked(f"Mã PIN của thiết bị “{token.label}”")


def _asked(what: str) -> str:
    """A secret: typed without being shown, or the first line of what is piped in."""
    if sys.stdin is None:  # closed by whoever started the program
        return ""
    try:
        if sys.stdin.isatty():
            return str(click.prompt(what, hide_input=True, err=True))
        return sys.stdin.readline().rstrip("\r\n")
    except UnicodeDecodeError:
        # The error holds what was typed. Nothing that is right has such characters, and this is refused as they are.
        return _UNTYPED
