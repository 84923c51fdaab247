"""The communes' side of the demonstration: all of it through files and HTTP, as on an officer's machine."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from addin.client import Client, ClientError
from form_templates.filling import MemberLabel, fill
from form_templates.model import CellKey, CellKind, FormVersion
from form_templates.reading import read_form
from form_templates.stamp import embedded_version
from formulas.checking import check
from formulas.freezing import freeze
from server.demo.authority import DEMO_PASSWORD
from server.demo.errors import DemonstrationError
from server.demo.numbers import Commune, typed
from server.demo.troubles import Trouble
from signing.keys import Pkcs12Signer
from signing.sign import sign_package
from workbooks.finding import Finding
from workbooks.sheet import Value
from workbooks.workbook import open_workbook

PERIODS = {"KTXH-09.T": "2026-M09", "KTXH-10.Q": "2026-Q3", "KTXH-13.N": "2026-H1", "KTXH-14.T": "2026-M09"}


@dataclass(frozen=True, slots=True)
class Station:
    """One commune's place of work: its account and keys, where it keeps what it sent, what goes wrong there."""

    commune: Commune
    account: str
    secret: str
    key: Path
    former_key: Path
    sent: Path
    server: str
    trouble: Trouble | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """How one form of one commune fared: what its own check said before sending, and what the service answered."""

    form: str
    unit: str
    trouble: str
    own_findings: tuple[Finding, ...]
    status: str
    findings: tuple[dict[str, str], ...]

    @property
    def codes(self) -> tuple[str, ...]:
        """Codes of the service's findings, each once."""
        return tuple(dict.fromkeys(finding["code"] for finding in self.findings))


def report_all(station: Station) -> list[Sent]:
    """Fetch, fill, check, sign and send every form. A file that was already sent is sent again as it is.

    Raises:
        DemonstrationError: the service could not be reached, or would not let the commune in.
    """
    try:
        with Client(station.server) as client:
            client.sign_in(station.account, station.secret)
            return [_report(station, client, form, period) for form, period in PERIODS.items()]
    except ClientError as error:
        raise DemonstrationError(f"{station.account}: {error}") from error


def _report(station: Station, client: Client, form: str, period: str) -> Sent:
    trouble = station.trouble if station.trouble and station.trouble.form == form else None
    file = station.sent / form / f"{station.commune.code}.xlsx"
    own_findings: tuple[Finding, ...] = ()
    if not file.exists():
        issued = client.fetch_workbook(form, station.commune.code, period)
        signed, own_findings = _prepare(issued, form, station, trouble)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(signed)
    reply = client.submit(file.read_bytes(), file.name)
    name = trouble.name if trouble else ""
    status = "accepted" if reply.accepted else "refused"
    return Sent(
        form, station.commune.code, name, own_findings, status, tuple(finding.to_dict() for finding in reply.findings)
    )


def _prepare(issued: bytes, form: str, station: Station, trouble: Trouble | None) -> tuple[bytes, tuple[Finding, ...]]:
    """The signed workbook, and what the commune's own check found before it was signed."""
    version = _version_in(issued)
    numbers = typed(form, station.commune, _carried(issued, version))
    members = {place: [MemberLabel(label) for label in labels] for place, labels in numbers.members.items()}
    filled = fill(issued, version, numbers.values, members)
    if trouble and trouble.before_signing:
        filled = trouble.before_signing(filled, version)
    frozen = freeze(filled, version)
    findings = check(frozen, version).findings
    key = station.former_key if trouble and trouble.revoked_key else station.key
    signed = sign_package(frozen, _signer(key), at=datetime.now(UTC), comment="Trình diễn")
    if trouble and trouble.after_signing:
        signed = trouble.after_signing(signed, version)
    return signed, tuple(findings)


@lru_cache(maxsize=2)
def _signer(key: Path) -> Pkcs12Signer:
    """A leader unlocks the key once and signs all forms with it."""
    return Pkcs12Signer.load(key.read_bytes(), DEMO_PASSWORD)


def _version_in(issued: bytes) -> FormVersion:
    version = embedded_version(open_workbook(issued))
    if version is None:
        raise ValueError("the service issued a workbook without its form version")
    return version


def _carried(issued: bytes, version: FormVersion) -> dict[CellKey, Value]:
    cells = read_form(open_workbook(issued), version).cells
    return {key: cell.value for key, cell in cells.items() if version.cell(key).kind is CellKind.CARRY}
