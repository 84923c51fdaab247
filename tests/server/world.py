"""A small world for the tests of the service: an official form, communes with keys and accounts, and what they send."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files

from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import Engine

from form_templates.filling import fill
from form_templates.model import CellKey
from form_templates.stamp import embedded_version
from formulas.freezing import freeze
from server.services.accounts import Account, Role, create_account
from server.services.history import import_history
from server.services.issuing import issue_workbook
from server.services.publishing import publish
from server.services.signers import register_signer
from server.services.submitting import SubmissionResult, submit
from server.services.units import SINCE_2025, add_units
from server.storage.units import NewUnit
from signing.policy import DEFAULT_POLICY, Policy
from signing.roles import SignerRole
from signing.sign import sign_package
from signing.trust import Trust
from tests.signing.authorities import Authorities, Holder, a_certificate, a_crl, ec
from workbooks.sheet import Value
from workbooks.workbook import open_workbook

NOW = datetime(2026, 10, 2, 3, 4, 5, tzinfo=UTC)
FORM, PERIOD, LAST_YEAR = "KTXH-09.T", "2026-M09", "2025-M09"
KEYS = (("key1", b"k" * 32),)
COMMUNES = {"28756": "Phường Phú Khương", "28807": "Xã Giao Long", "28810": "Xã Phú Túc"}
CROPS = ("04", "05", "06", "07", "08", "10", "11", "12")
PASSWORD = "mật khẩu dài của tôi"


def key(row: str, column: int) -> CellKey:
    return CellKey("T1", row, str(column))


def crops(area: float = 10.0, **changes: Value) -> dict[CellKey, Value]:
    """What an officer types: plan, sown, harvested, yield. ``changes`` by ``r04c2``."""
    values: dict[CellKey, Value] = {}
    for row in CROPS:
        values |= {key(row, 2): area, key(row, 3): area, key(row, 4): area - 1, key(row, 5): 50.25}
    for name, value in changes.items():
        values[key(name[1:3], int(name[4:]))] = value
    return values


@dataclass(frozen=True)
class World:
    """One province whose communes report KTXH-09.T for September 2026."""

    engine: Engine
    authorities: Authorities
    trust: Trust
    leaders: Mapping[str, Holder]
    accounts: Mapping[str, Account]
    secrets: Mapping[str, str]

    def issued(self, unit: str = "28756", *, form: str = FORM, period: str = PERIOD) -> bytes:
        return issue_workbook(self.engine, form=form, unit=unit, period=period, stamp_key=KEYS[0], now=NOW)

    def signed(
        self,
        unit: str = "28756",
        values: Mapping[CellKey, Value] | None = None,
        *,
        by: Holder | None = None,
        change: Callable[[bytes], bytes] | None = None,
        at: datetime = NOW,
    ) -> bytes:
        """Issued, filled, frozen and signed; ``change`` is applied between filling and signing."""
        issued = self.issued(unit)
        version = embedded_version(open_workbook(issued))
        assert version is not None
        filled = fill(issued, version, crops() if values is None else values)
        frozen = freeze(change(filled) if change else filled, version)
        return sign_package(frozen, by or self.leaders[unit], at=at)

    def send(
        self,
        data: bytes,
        unit: str = "28756",
        *,
        now: datetime = NOW,
        idempotency_key: str | None = None,
        policy: Policy = DEFAULT_POLICY,
    ) -> SubmissionResult:
        return submit(
            self.engine,
            data,
            account=self.accounts[unit],
            keys=KEYS,
            trust=self.trust,
            now=now,
            idempotency_key=idempotency_key,
            policy=policy,
        )

    def history(self, unit: str = "28756", area: float = 8.0, *, period: str = LAST_YEAR) -> int:
        values = {key(row, 3): area for row in CROPS}
        return import_history(self.engine, form=FORM, period=period, unit=unit, values=values, now=NOW)


def some_authorities() -> Authorities:
    root = a_certificate("Gốc thử", ec.generate_private_key(ec.SECP256R1()), authority=True)
    issuing = a_certificate("Cấp chứng thư thử", ec.generate_private_key(ec.SECP256R1()), issuer=root, authority=True)
    return Authorities(root, issuing)


def a_trust(authorities: Authorities, *, revoked: tuple[tuple[Holder, datetime], ...] = ()) -> Trust:
    times = {"issued": NOW - timedelta(days=1), "next_update": NOW + timedelta(days=6)}
    lists = [a_crl(authorities.root, **times), a_crl(authorities.issuing, revoked, **times)]
    return Trust.of([authorities.root.certificate], [authorities.issuing.certificate], lists)


def template(form: str = FORM) -> bytes:
    return files("form_templates").joinpath("official", f"{form}.xlsx").read_bytes()


def a_world(engine: Engine, *, authorities: Authorities | None = None, form: str = FORM) -> World:
    authorities = authorities or some_authorities()
    units = [NewUnit("86", "Tỉnh Vĩnh Long", "tỉnh", None, SINCE_2025)]
    units += [NewUnit(code, name, name.split()[0].lower(), "86", SINCE_2025) for code, name in COMMUNES.items()]
    add_units(engine, units, now=NOW)
    publish(engine, template(form), decision="QĐ 1", effective_from=date(2025, 1, 1), now=NOW)
    leaders: dict[str, Holder] = {}
    accounts: dict[str, Account] = {}
    secrets: dict[str, str] = {}
    for code, role in (("86", Role.CONSOLIDATOR), *((code, Role.LEADER) for code in COMMUNES)):
        new = create_account(engine, username=f"u{code}", full_name=f"Người {code}", unit=code, roles=[role], now=NOW)
        accounts[code], secrets[code] = new.account, new.password
    for code, name in COMMUNES.items():
        leaders[code] = authorities.officer(f"Lãnh đạo {name}")
        register_signer(
            engine,
            unit=code,
            certificate=leaders[code].certificate.public_bytes(Encoding.DER),
            name=f"Lãnh đạo {name}",
            role=SignerRole.LEADER,
            valid_from=SINCE_2025,
            now=NOW,
        )
    return World(engine, authorities, a_trust(authorities), leaders, accounts, secrets)
