"""Before the communes report: units, forms, earlier figures, certificates and accounts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.resources import files
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import Engine

from form_templates.period import Period
from server.config import Config
from server.demo.authority import Authority, create_authority
from server.demo.communes import PERIODS
from server.demo.folder import Folder
from server.demo.numbers import Commune, history
from server.demo.troubles import TROUBLES, Trouble
from server.services.accounts import Role, create_account
from server.services.history import import_history
from server.services.publishing import publish
from server.services.signers import register_signer
from server.services.units import list_units, load_units_2025
from server.storage.units import Unit
from signing.roles import SignerRole

PROVINCE = "86"
LEADER, FORMER_LEADER, OFFICER, ADMIN = "lanhdao", "lanhdao-cu", "canbo", "quantri"
_SIGNERS_SINCE = date(2025, 7, 1)
# RSA keys take a tenth of a second each to make; a few show that both kinds of key are at home.
_EVERY_NTH_RSA = 12
Tick = Callable[[], None]
Certificates = dict[str, list[x509.Certificate]]
"""Unit code → certificates that sign for it."""


def prepare_units(engine: Engine) -> tuple[Unit, ...]:
    """The communes of Vĩnh Long province, by code."""
    load_units_2025(engine, province=PROVINCE, now=datetime.now(UTC))
    return communes_of(engine)


def communes_of(engine: Engine) -> tuple[Unit, ...]:
    """The communes already stored, by code."""
    day = Period.parse("2026-M09").last_day
    return tuple(sorted(list_units(engine, day, parent=PROVINCE), key=lambda unit: unit.code))


def as_commune(unit: Unit) -> Commune:
    """The unit as the demonstration's numbers know it."""
    return Commune(unit.code, is_ward=unit.name.startswith("Phường"))


def publish_forms(engine: Engine) -> None:
    """The four official forms, effective from the first period they are issued for."""
    for form in PERIODS:
        template = files("form_templates").joinpath("official", f"{form}.xlsx").read_bytes()
        publish(engine, template, decision="Trình diễn", effective_from=date(2025, 1, 1), now=datetime.now(UTC))


def import_earlier_figures(engine: Engine, units: Sequence[Unit], tick: Tick) -> None:
    """What the carried columns show: the same period last year, or the previous one."""
    for form, period in _EARLIER.items():
        for unit in units:
            values = history(form, as_commune(unit))
            import_history(engine, form=form, period=period, unit=unit.code, values=values, now=datetime.now(UTC))
            tick()


# The period that each form's carried columns look back to.
_EARLIER = {"KTXH-09.T": "2025-M09", "KTXH-10.Q": "2025-Q3", "KTXH-13.N": "2025-H2", "KTXH-14.T": "2026-M08"}


def make_keys(folder: Folder, units: Sequence[Unit], troubled: dict[str, Trouble], tick: Tick) -> Certificates:
    """Keys of an officer and a leader for each unit; returns the leaders' certificates, with a revoked former one."""
    authority = create_authority(datetime.now(UTC))
    folder.trust.mkdir(parents=True, exist_ok=True)
    folder.keys.mkdir(parents=True, exist_ok=True)
    (folder.trust / "root.crt").write_bytes(authority.root.public_bytes(Encoding.PEM))
    leaders: Certificates = {}
    revoked = []
    for number, unit in enumerate(units):
        maker = _KeyMaker(authority, folder.keys, unit, use_rsa=number % _EVERY_NTH_RSA == 0)
        maker.make(OFFICER, "Cán bộ")
        leaders[unit.code] = [maker.make(LEADER, "Lãnh đạo")]
        if unit.code in troubled and troubled[unit.code].revoked_key:
            former = maker.make(FORMER_LEADER, "Lãnh đạo")
            leaders[unit.code].append(former)
            revoked.append(former)
        tick()
    for name, crl in authority.revocation_lists(revoked).items():
        (folder.trust / name).write_bytes(crl)
    return leaders


@dataclass(frozen=True, slots=True)
class _KeyMaker:
    """Makes the keys of one unit's people."""

    authority: Authority
    keys: Path
    unit: Unit
    use_rsa: bool

    def make(self, role: str, title: str) -> x509.Certificate:
        """A key file, readable by its owner only; returns the certificate in it."""
        certificate, p12 = self.authority.issue(
            common_name=f"{title} {self.unit.name} (DEMO)",
            organization=f"UBND {self.unit.name}",
            unit_code=self.unit.code,
            use_rsa=self.use_rsa,
        )
        path = key_path(self.keys, self.unit.code, role)
        path.touch(mode=0o600)
        path.write_bytes(p12)
        return certificate


def key_path(keys: Path, unit: str, role: str) -> Path:
    """Where a person's key file is."""
    return keys / f"{unit}-{role}.p12"


def open_accounts(engine: Engine, units: Sequence[Unit], leaders: Certificates, tick: Tick) -> dict[str, str]:
    """Accounts of each unit's officer and leader, the leader's certificate registered; returns passwords by name.

    The province also has an administrator, who keeps the register of signers.
    """
    secrets: dict[str, str] = {}
    for unit in units:
        top = unit.code == PROVINCE
        people = [(OFFICER, "Cán bộ nhập liệu", Role.OFFICER)]
        people.append((LEADER, "Lãnh đạo", Role.CONSOLIDATOR if top else Role.LEADER))
        people += [(ADMIN, "Quản trị", Role.ADMIN)] if top else []
        for name, title, role in people:
            made = create_account(
                engine,
                username=f"{name}.{unit.code}",
                full_name=f"{title} {unit.name} (trình diễn)",
                unit=unit.code,
                roles=[role],
                now=datetime.now(UTC),
            )
            secrets[made.account.username] = made.password
        for certificate in leaders[unit.code]:
            register_signer(
                engine,
                unit=unit.code,
                certificate=certificate.public_bytes(Encoding.DER),
                name=f"Lãnh đạo {unit.name} (DEMO)",  # as the certificate says
                role=SignerRole.LEADER,
                valid_from=_SIGNERS_SINCE,
                now=datetime.now(UTC),
            )
        tick()
    return secrets


def assign_troubles(units: Sequence[Unit]) -> dict[str, Trouble]:
    """Unit code → what goes wrong there; spread over the province, always the same units."""
    step = len(units) // len(TROUBLES)
    return {units[number * step].code: trouble for number, trouble in enumerate(TROUBLES)}


def settings(folder: Folder) -> Config:
    """The service's settings for a demonstration folder: all inside it, and open for reading on this machine."""
    return Config.in_folder(folder.path, trust=folder.trust, open_reading=True)


def service_environment(folder: Folder) -> dict[str, str]:
    """The same settings for the service's process."""
    return {
        "BIEUSO_DATA": str(folder.path),
        "BIEUSO_DATABASE_URL": f"sqlite:///{folder.database}",
        "BIEUSO_TRUST": str(folder.trust),
        "BIEUSO_OPEN_READING": "1",
        "BIEUSO_DEMONSTRATION": "1",
    }
