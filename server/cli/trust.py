"""Commands for the folder of trusted certificates: what is in it, and fetching its revocation lists."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import click
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtensionOID
from rich.console import Console
from rich.table import Table
from rich.text import Text

from server.cli.output import patience, print_json
from server.cli.trusting import trusted
from server.cli.writing import write_whole
from server.config import trust_folder
from signing.errors import SourceUnreachableError, TrustError
from signing.fetching import fetch_list, shown
from signing.revocation import is_signed_by
from signing.trust import Trust, Use, read_crl, read_tree, tree_folders
from signing.wording import common_name, date_text, time_text

_CLOCKS_APART: Final = timedelta(hours=1)
folder_option = click.option(
    "--trust",
    "trust_path",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Thư mục tin cậy; mặc định theo BIEUSO_TRUST.",
)


@click.group()
def trust() -> None:
    """Chứng thư gốc, danh sách thu hồi và chính sách ký số."""


@trust.command(epilog="Ví dụ: bieuso trust show --trust var/demo/pki/trust")
@folder_option
@click.option("--json", "as_json", is_flag=True, help="In kết quả dạng JSON.")
def show(trust_path: Path | None, as_json: bool) -> None:
    """Liệt kê chứng thư gốc, danh sách thu hồi và hạn của chúng; mã thoát 1 khi có danh sách đã quá hạn."""
    basis, now = trusted(trust_path), datetime.now(UTC)
    roots = [_root_told(basis.trust, root, now) for root in basis.trust.roots]
    lists = [_list_told(one, now) for one in basis.trust.crls]
    if as_json:
        print_json({"policy": basis.policy.version, "roots": roots, "crls": lists})
    else:
        _print(roots, lists, basis.policy.version)
    sys.exit(1 if any(one["stale"] for one in lists) else 0)


def _root_told(found: Trust, root: x509.Certificate, now: datetime) -> dict[str, object]:
    tree = found.tree_of(root)
    return {
        "name": common_name(root.subject),
        "tree": tree.name,
        "uses": sorted(tree.uses),
        "valid_until": root.not_valid_after_utc.isoformat(),
        "expired": root.not_valid_after_utc < now,
        "sha256": root.fingerprint(SHA256()).hex(),
        "ocsp": [shown(address) for address in tree.ocsp],
        "crl": [shown(address) for address in tree.crl],
    }


def _list_told(found: x509.CertificateRevocationList, now: datetime) -> dict[str, object]:
    until = found.next_update_utc
    return {
        "issuer": common_name(found.issuer),
        "issued": found.last_update_utc.isoformat(),
        "next": until.isoformat() if until else None,
        "stale": until is not None and until < now,
    }


def _print(roots: list[dict[str, object]], lists: list[dict[str, object]], policy: str) -> None:
    words = {Use.SIGNATURES.value: "chữ ký", Use.TIME_STAMPS.value: "dấu thời gian"}
    table = Table("Chứng thư gốc", "Hệ thống", "Dùng cho", "Hạn")
    for root in roots:
        uses = ", ".join(words[str(use)] for use in _strings(root["uses"]))
        cells = (Text(str(cell)) for cell in (root["name"], root["tree"], uses))
        until = date_text(datetime.fromisoformat(str(root["valid_until"])))
        table.add_row(*cells, _ending(until, "ĐÃ HẾT HẠN" if root["expired"] else ""))
    crls = Table("Danh sách thu hồi của", "Phát hành", "Có giá trị đến")
    for one in lists:
        until = time_text(datetime.fromisoformat(str(one["next"]))) if one["next"] else "không ghi"
        issued = Text(time_text(datetime.fromisoformat(str(one["issued"]))))
        crls.add_row(Text(str(one["issuer"])), issued, _ending(until, "ĐÃ QUÁ HẠN" if one["stale"] else ""))
    console = Console()
    console.print(table, crls, Text(f"Phiên bản chính sách ký số: {policy}"))


def _ending(end: str, over: str) -> Text:
    return Text(f"{end} ({over})", "red") if over else Text(end)


def _strings(value: object) -> Iterable[str]:
    return value if isinstance(value, list) else ()


@trust.command(epilog="Ví dụ: bieuso trust update --trust var/demo/pki/trust")
@folder_option
@click.option("--json", "as_json", is_flag=True, help="In kết quả dạng JSON.")
def update(trust_path: Path | None, as_json: bool) -> None:
    """Tải danh sách thu hồi mới từ các địa chỉ ghi trong tree.toml. Nên đặt chạy hằng ngày.

    Bản cũ chỉ bị thay bằng bản mới hơn của cùng tổ chức, cùng loại.
    """
    place = trust_path or trust_folder()
    known = Trust.from_directory(place)
    with patience("Đang tải danh sách thu hồi…"):
        results = [result for folder in tree_folders(place) for result in _updated(folder, known)]
    if as_json:
        print_json([{"address": one.address, "ok": one.fine, "told": one.told} for one in results])
    elif not results:
        click.echo("Không hệ thống nào ghi địa chỉ danh sách thu hồi (crl trong tree.toml).")
    else:
        for one in results:
            click.echo(f"{one.address}: {one.told}")
    sys.exit(0 if all(one.fine for one in results) else 1)


@dataclass(frozen=True, slots=True)
class _Result:
    address: str
    fine: bool
    told: str


def _updated(folder: Path, known: Trust) -> Iterator[_Result]:
    """Fetches every list of a tree; one that fails does not keep the others from coming."""
    for address in read_tree(folder).crl:
        try:
            found = read_crl(fetch_list(address), shown(address))
            yield _kept(folder, address, found, known)
        except (SourceUnreachableError, TrustError) as problem:
            yield _Result(shown(address), False, problem.finding.message)
        except OSError as problem:
            yield _Result(shown(address), False, f"không ghi được vào thư mục: {problem.strerror}")


def _kept(folder: Path, address: str, found: x509.CertificateRevocationList, known: Trust) -> _Result:
    issuers = (*known.roots, *known.intermediates)
    if not any(is_signed_by(found, issuer) for issuer in issuers):
        return _Result(shown(address), False, "không giữ: danh sách không do tổ chức nào trong thư mục tin cậy ký")
    file = folder / f"{_file_name(address)}.crl"
    before = read_crl(file.read_bytes(), file.name) if file.is_file() else None
    why_not = _untimely(found, datetime.now(UTC)) or ("" if before is None else _no_later_issue(found, before))
    if why_not:
        return _Result(shown(address), False, f"không giữ: {why_not}")
    write_whole(file, found.public_bytes(Encoding.DER))
    return _Result(shown(address), True, f"đã giữ, có giá trị đến {_until(found)}")


def _untimely(found: x509.CertificateRevocationList, now: datetime) -> str:
    """Why a list is of no use now; "" where it is."""
    if found.next_update_utc is not None and found.next_update_utc < now:
        return f"danh sách đã quá hạn từ {time_text(found.next_update_utc)}"
    if found.last_update_utc > now + _CLOCKS_APART:
        # Kept, it would keep out every right one until that day.
        issued = time_text(found.last_update_utc)
        return f"danh sách ghi phát hành lúc {issued}, sau giờ máy này; kiểm tra đồng hồ của máy"
    return ""


def _no_later_issue(found: x509.CertificateRevocationList, before: x509.CertificateRevocationList) -> str:
    """Why a list must not replace the one that came from its address before; "" where it may.

    The lists of one folder are signed by several authorities. Whoever answers with the list of another one, or with
    one of a part only, would take away what is known of revocations.
    """
    if found.issuer != before.issuer:
        issuers = common_name(found.issuer), common_name(before.issuer)
        return "danh sách của {}, nơi này vẫn cấp danh sách của {}".format(*issuers)
    if _scope(found) != _scope(before):
        return "danh sách này phủ một phần khác với bản đang có (danh sách phần thay đổi, hoặc của riêng một nhóm)"
    return "bản đang có mới hơn" if before.last_update_utc > found.last_update_utc else ""


def _scope(found: x509.CertificateRevocationList) -> tuple[bool, bytes]:
    """Whether a list tells changes only, and of which certificates it tells."""
    told = {one.oid: one.value for one in found.extensions}
    part = told.get(ExtensionOID.ISSUING_DISTRIBUTION_POINT)
    return ExtensionOID.DELTA_CRL_INDICATOR in told, part.public_bytes() if part else b""


def _until(found: x509.CertificateRevocationList) -> str:
    return time_text(found.next_update_utc) if found.next_update_utc else "khi có bản mới"


def _file_name(address: str) -> str:
    """A name of its own for each address, so that a list replaces its own earlier issue only."""
    digest = hashlib.sha256(address.encode()).hexdigest()[:12]
    last = address.rstrip("/").rpartition("/")[2].rpartition(".")[0]
    stem = "".join(char for char in last if char.isalnum() or char in "-_")[:40]
    return f"{stem or 'crl'}-{digest}"
