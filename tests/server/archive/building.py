"""A small world whose clock is the real one, because OpenSSL stamps at the real time; and what can be done to it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial

from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import Engine, text

from form_templates.attachments import with_attachments
from server.services.archive.reports import ArchiveReport, SubmissionCheck
from server.services.archive.stamping import ArchiveStamp, renew_archive, stamp_archive
from server.services.archive.verifying import verify_archive
from server.services.attachments import SentFile
from server.services.submitting import submit
from signing.extending import add_time_stamp
from signing.fetching import HttpTimeStamper
from signing.trust import Trust
from tests.server.world import KEYS, World, a_world, crops
from tests.signing.authorities import Authorities, Holder, a_certificate, a_crl
from tests.signing.network import a_time_authority, time_authority

DAY, YEAR = timedelta(days=1), timedelta(days=365)
# A little earlier than any stamp that a test asks for.
TODAY = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=1)


@dataclass(frozen=True)
class TodaysAuthorities(Authorities):
    """People's certificates end in a year."""

    def officer(self, name: str = "Nguyễn Văn Thử", key: object = None, **options: object) -> Holder:
        return super().officer(name, None, **({"start": TODAY - YEAR, "end": TODAY + YEAR} | options))


@dataclass(frozen=True)
class Archive:
    """The world, and a second tree of certificates for whoever gives time stamps."""

    world: World
    clocks: Authorities

    @property
    def engine(self) -> Engine:
        return self.world.engine

    def trust(self, moment: datetime = TODAY, *revoked: tuple[Holder, datetime]) -> Trust:
        """What is trusted on a day: lists are fresh then, and those of earlier days are gone."""
        fresh = {"issued": moment - DAY, "next_update": moment + 6 * DAY}
        people, clocks = self.world.authorities, self.clocks
        by_people = tuple(one for one in revoked if one[0].chain[0] == people.issuing.certificate)
        by_clocks = tuple(one for one in revoked if one not in by_people)
        lists = [a_crl(people.issuing, by_people, **fresh), a_crl(clocks.issuing, by_clocks, **fresh)]
        lists += [a_crl(people.root, **fresh), a_crl(clocks.root, **fresh)]
        roots = (people.root.certificate, clocks.root.certificate)
        return Trust.of(roots, (people.issuing.certificate, clocks.issuing.certificate), lists)

    def send(
        self, unit: str = "28756", *, data: bytes | None = None, status: str = "accepted", **figures: float
    ) -> int:
        """Sends a signed workbook of a unit; its number."""
        sent = data if data is not None else self.signed(unit, **figures)
        result = replace(self.world, trust=self.trust()).send(sent, unit, now=TODAY)
        assert result.status == status, result.findings
        return result.id

    def send_with(self, *files: tuple[str, bytes]) -> int:
        """Sends a signed workbook with attached reports; its number."""
        data = self.world.signed(change=lambda filled: with_attachments(filled, files), at=TODAY)
        result = submit(
            self.engine,
            data,
            [SentFile(*one) for one in files],
            account=self.world.accounts["28756"],
            keys=KEYS,
            trust=self.trust(),
            now=TODAY,
        )
        assert result.status == "accepted", result.findings
        return result.id

    def signed(self, unit: str = "28756", **figures: float) -> bytes:
        return self.world.signed(unit, crops(**figures) if figures else None, at=TODAY)

    @contextmanager
    def clock(self, name: str = "Máy chủ dấu thời gian", *, end: datetime = TODAY + 5 * YEAR) -> Iterator[str]:
        """A running time-stamping authority whose certificate ends on a day."""
        with time_authority(a_time_authority(self.clocks, name, start=TODAY - YEAR, end=end)) as address:
            yield address

    def stamp(self, address: str, **options: object) -> ArchiveStamp | None:
        return stamp_archive(self.engine, _stamper(address), self.trust(), now=now(), **options)  # type: ignore[arg-type]  # passed on as they are

    def renew(self, address: str, **options: object) -> ArchiveStamp | None:
        return renew_archive(self.engine, _stamper(address), self.trust(), now=now(), **options)  # type: ignore[arg-type]  # passed on as they are

    def verify(self, moment: datetime | None = None, *revoked: tuple[Holder, datetime]) -> ArchiveReport:
        moment = moment or now()
        return verify_archive(self.engine, self.trust(moment, *revoked), now=moment)

    def meddle(self, table: str, statement: str, **values: object) -> None:
        """Changes a table as somebody with the database's password could: past its triggers."""
        triggers = self._triggers(table)
        with self.engine.begin() as connection:
            for trigger in triggers:
                on = f" ON {table}" if self.engine.dialect.name == "postgresql" else ""
                connection.execute(text(f"DROP TRIGGER {trigger}{on}"))
            assert connection.execute(text(statement), values).rowcount > 0

    def _triggers(self, table: str) -> list[str]:
        if self.engine.dialect.name == "sqlite":
            query = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :table"
        else:
            query = "SELECT tgname FROM pg_trigger WHERE tgrelid = CAST(:table AS regclass) AND NOT tgisinternal"
        with self.engine.connect() as connection:
            return list(connection.execute(text(query), {"table": table}).scalars())

    def value(self, statement: str, **values: object) -> object:
        with self.engine.connect() as connection:
            return connection.execute(text(statement), values).scalar()

    def flip(self, sha256: object) -> None:
        """Changes one byte of a blob."""
        data = self.value("SELECT bytes FROM blob WHERE sha256 = :sha256", sha256=sha256)
        assert isinstance(data, bytes)
        changed = data[:50] + bytes([data[50] ^ 1]) + data[51:]
        self.meddle("blob", "UPDATE blob SET bytes = :bytes WHERE sha256 = :sha256", bytes=changed, sha256=sha256)

    def change_verdict(self, number: int, change: Callable[[dict[str, object]], object]) -> None:
        verdict = json.loads(str(self.value("SELECT verdict FROM submission WHERE id = :id", id=number)))
        change(verdict)
        statement = "UPDATE submission SET verdict = :verdict WHERE id = :id"
        self.meddle("submission", statement, verdict=json.dumps(verdict), id=number)


def now() -> datetime:
    return datetime.now(UTC)


def with_stamp(data: bytes, address: str) -> bytes:
    """A signed workbook with a time stamp on its signature."""
    extended = add_time_stamp(data, HttpTimeStamper(address))
    assert extended.warning is None
    return extended.data


def codes(check: object) -> list[str]:
    return [one.code for one in check.findings]  # type: ignore[attr-defined]  # of a submission or of a stamp


def only(report: ArchiveReport) -> SubmissionCheck:
    (check,) = report.submissions
    return check


def some_clocks() -> Authorities:
    return _authorities("Dấu thời gian", Authorities)


def an_archive_world(engine: Engine) -> Archive:
    return Archive(a_world(engine, authorities=_authorities("Chữ ký", TodaysAuthorities)), some_clocks())


def _authorities(name: str, kind: type[Authorities]) -> Authorities:
    long = {"start": TODAY - 10 * YEAR, "end": TODAY + 30 * YEAR}
    made = partial(a_certificate, authority=True, **long)
    root = made(f"Gốc {name}", ec.generate_private_key(ec.SECP256R1()))
    return kind(root, made(f"Cấp {name}", ec.generate_private_key(ec.SECP256R1()), issuer=root))


def _stamper(address: str) -> HttpTimeStamper:
    return HttpTimeStamper(address, "sha512")
