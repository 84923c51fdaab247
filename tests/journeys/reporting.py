"""A commune's work on its own machine: what the officer types, and what the leader signs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from addin.client import Client
from form_templates.filling import MemberLabel, fill
from form_templates.model import CellKey, CellKind, FormVersion
from form_templates.reading import read_form
from form_templates.stamp import embedded_version
from formulas.checking import check
from formulas.freezing import freeze
from server.demo.authority import DEMO_PASSWORD
from server.demo.communes import PERIODS
from server.demo.folder import Folder
from server.demo.numbers import Commune, typed
from server.demo.preparation import LEADER, key_path
from signing.keys import Pkcs12Signer
from signing.sign import sign_package
from workbooks.sheet import Value
from workbooks.workbook import open_workbook


def signed_in(folder: Folder, client: Client, unit: str) -> None:
    """Signs in as the unit's leader (the province's leader consolidates)."""
    account = f"{LEADER}.{unit}"
    client.sign_in(account, folder.read_secrets()[account])


def leader_of(folder: Folder, unit: str) -> Pkcs12Signer:
    return Pkcs12Signer.load(key_path(folder.keys, unit, LEADER).read_bytes(), DEMO_PASSWORD)


def version_in(issued: bytes) -> FormVersion:
    version = embedded_version(open_workbook(issued))
    assert version is not None
    return version


def filled(issued: bytes, commune: Commune, changes: Mapping[CellKey, Value] | None = None) -> bytes:
    """The issued workbook with the commune's numbers; ``changes`` take the place of some."""
    version = version_in(issued)
    cells = read_form(open_workbook(issued), version).cells
    carried = {key: cell.value for key, cell in cells.items() if version.cell(key).kind is CellKind.CARRY}
    numbers = typed(version.form, commune, carried)
    members = {place: [MemberLabel(label) for label in labels] for place, labels in numbers.members.items()}
    return fill(issued, version, {**numbers.values, **(changes or {})}, members)


def signed(folder: Folder, unit: str, workbook: bytes) -> bytes:
    """Frozen, checked and signed by the unit's leader."""
    version = version_in(workbook)
    frozen = freeze(workbook, version)
    assert not check(frozen, version).findings
    return sign_package(frozen, leader_of(folder, unit), at=datetime.now(UTC))


def a_report(
    folder: Folder, client: Client, form: str, commune: Commune, changes: Mapping[CellKey, Value] | None = None
) -> bytes:
    """Fetches, fills and signs a form of this commune."""
    issued = client.fetch_workbook(form, commune.code, PERIODS[form])
    return signed(folder, commune.code, filled(issued, commune, changes))
