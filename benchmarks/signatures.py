"""How long signing and verifying takes, beside Apache POI: workbooks of 5,000 and of 500,000 cells, file to file.

Usage: .venv/bin/python benchmarks/signatures.py [RUNS]
Needs Java and Apache POI for the peer (`scripts/install-test-tools` installs both and builds what Debian's POI lacks).

Every contestant has a process of its own, and all take turns in every round. POI looks at no chain and asks for no
trust; what is measured of ours contains the chain, from memory, and revocation.
"""

from __future__ import annotations

import gc
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from signing.keys import Pkcs12Signer
from signing.sign import sign_package
from signing.trust import Trust
from signing.verdict import Outcome
from signing.verify import verify_package
from tests.oracles.poi import Poi
from tests.signing.authorities import Authorities, Key, a_crl, create_authorities, rsa_key
from workbooks.archive import write_archive

COLUMNS = 10
TARGETS_MS = {5_000: 6, 500_000: 120}
PASSWORD = "do-toc-do"  # noqa: S105 - of a key that lives as long as the run
PAUSE = 0.1  # seconds, in which Java's collector and compiler end what the turn before left them
WARMING = {5_000: 60, 500_000: 8}  # rounds until Java's compiler has done its work
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
SPREADSHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml"
PLACES = ("Tam Bình", "Vũng Liêm", "Trà Ôn", "Mang Thít", "Long Hồ", "Bình Tân", "Cầu Kè", "Tiểu Cần")
GOODS = ("Lúa đông xuân", "Cam sành", "Bưởi Năm Roi", "Cá tra nuôi", "Dừa khô", "Khoai lang tím", "Tôm thẻ chân trắng")

# -- the workbooks -----------------------------------------------------------------------------------------------------


def a_workbook(cells: int) -> bytes:
    """One sheet of so many cells: two columns of texts, eight of numbers, no two rows the same."""
    chance = random.Random(cells)  # noqa: S311 - figures to measure with
    rows = range(1, cells // COLUMNS + 1)
    texts = [f"{chance.choice(PLACES)}, ấp {row}, hộ số {chance.randrange(10**6)}" for row in rows]
    parts = {
        "[Content_Types].xml": _content_types(),
        "_rels/.rels": _relationships({"officeDocument": "xl/workbook.xml"}),
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>'
        '<sheet name="Biểu đo" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": _relationships(
            {"worksheet": "worksheets/sheet1.xml", "sharedStrings": "sharedStrings.xml", "styles": "styles.xml"}
        ),
        "xl/styles.xml": f'<styleSheet xmlns="{MAIN}"><fonts count="1"><font/></fonts><fills count="1"><fill/></fills>'
        '<borders count="1"><border/></borders><cellXfs count="2"><xf/><xf numFmtId="4"/></cellXfs></styleSheet>',
        "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}">'
        + "".join(f"<si><t>{text}</t></si>" for text in (*GOODS, *texts))
        + "</sst>",
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{MAIN}"><sheetData>'
        + "".join(_row(row, chance) for row in rows)
        + "</sheetData></worksheet>",
    }
    return write_archive(
        (name, ('<?xml version="1.0" encoding="UTF-8"?>\n' + text).encode()) for name, text in parts.items()
    )


def _row(row: int, chance: random.Random) -> str:
    texts = "".join(
        f'<c r="{column}{row}" s="0" t="s"><v>{index}</v></c>'
        for column, index in {"A": len(GOODS) + row - 1, "B": chance.randrange(len(GOODS))}.items()
    )
    numbers = "".join(f'<c r="{column}{row}" s="1"><v>{chance.uniform(1, 10**6)!r}</v></c>' for column in "CDEFGHIJ")
    return f'<row r="{row}" spans="1:{COLUMNS}">{texts}{numbers}</row>'


def _content_types() -> str:
    parts = {
        "workbook": "sheet.main",
        "worksheets/sheet1": "worksheet",
        "sharedStrings": "sharedStrings",
        "styles": "styles",
    }
    return (
        f'<Types xmlns="{PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        + "".join(
            f'<Override PartName="/xl/{name}.xml" ContentType="{SPREADSHEET}.{kind}+xml"/>'
            for name, kind in parts.items()
        )
        + "</Types>"
    )


def _relationships(targets: dict[str, str]) -> str:
    return (
        f'<Relationships xmlns="{PACKAGE}/relationships">'
        + "".join(
            f'<Relationship Id="rId{number}" Type="{OFFICE}/{kind}" Target="{target}"/>'
            for number, (kind, target) in enumerate(targets.items(), start=1)
        )
        + "</Relationships>"
    )


# -- the contestants ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ground:
    """Where it happens: the plain workbook, keys, the trusted directory."""

    folder: Path

    @property
    def plain(self) -> Path:
        """The workbook, unsigned."""
        return self.folder / "plain.xlsx"

    def key(self, kind: str) -> Path:
        """A key file."""
        return self.folder / f"{kind}.p12"

    def signed(self, kind: str) -> Path:
        """The workbook as signed with a key by `sign`."""
        return self.folder / f"{kind}.xlsx"


class Contestant(Protocol):
    """One program doing one thing to one file, again and again."""

    name: str

    def once(self) -> float:
        """Do it; milliseconds."""

    def memory(self) -> float:
        """The most that the process ever held, in MiB."""


class Ours:
    """This project in a process of its own."""

    def __init__(self, name: str, action: str, kind: str, ground: Ground, pool: ProcessPoolExecutor) -> None:
        self.name = name
        self._work = (action, kind, ground)
        self._pool = pool

    def once(self) -> float:
        """See Contestant."""
        return self._pool.submit(_ours, *self._work).result()

    def memory(self) -> float:
        """See Contestant."""
        return self._pool.submit(_high_water, "self").result()


class Theirs:
    """Apache POI in a virtual machine of its own."""

    def __init__(self, name: str, action: str, ground: Ground, poi: Poi) -> None:
        self.name = name
        self._action = action
        self._ground = ground
        self._poi = poi

    def once(self) -> float:
        """See Contestant."""
        ground = self._ground
        if self._action == "sign":
            key = ground.key("rsa")
            self._poi.sign(ground.plain, ground.signed("poi"), key, PASSWORD, role="Chủ tịch", comment="Đã kiểm tra")
        elif not all(verdict.valid for verdict in self._poi.verdicts(ground.signed("rsa"))):
            raise SystemExit("POI calls the file invalid")
        return self._poi.nanoseconds / 1e6

    def memory(self) -> float:
        """See Contestant."""
        return _high_water(str(self._poi.pid))


def _ours(action: str, kind: str, ground: Ground) -> float:
    signer, trust = _signer(ground.key(kind)), _trust(ground.folder)
    gc.collect()
    start = time.perf_counter()
    if action == "sign":
        data = ground.plain.read_bytes()
        signed = sign_package(data, signer, at=datetime.now(UTC), role="Chủ tịch", comment="Đã kiểm tra")
        ground.signed(kind).write_bytes(signed)
        return (time.perf_counter() - start) * 1000
    verdict = verify_package(ground.signed(kind).read_bytes(), trust, now=datetime.now(UTC))
    taken = (time.perf_counter() - start) * 1000
    if verdict.outcome is not Outcome.VALID:
        raise SystemExit(f"ours calls the file {verdict.outcome}: {verdict.findings}")
    return taken


@cache
def _signer(file: Path) -> Pkcs12Signer:
    return Pkcs12Signer.load(file.read_bytes(), PASSWORD)


@cache
def _trust(folder: Path) -> Trust:
    return Trust.from_directory(folder / "trust")


def _high_water(process: str) -> float:
    """Not `ru_maxrss`: a process inherits that from the one that started it."""
    status = Path("/proc", process, "status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


# -- the race ----------------------------------------------------------------------------------------------------------


def prepare(folder: Path, cells: int) -> Ground:
    """The workbook, two key files, and the directory of trust."""
    now = datetime.now(UTC)
    ground = Ground(folder)
    ground.plain.write_bytes(a_workbook(cells))
    authorities = create_authorities(now=now)
    keys: dict[str, Key] = {"rsa": rsa_key(), "ec": ec.generate_private_key(ec.SECP256R1())}
    for kind, key in keys.items():
        life = {"start": now - timedelta(days=1), "end": now + timedelta(days=1)}
        ground.key(kind).write_bytes(authorities.officer(f"Người ký {kind}", key, **life).p12(PASSWORD))
    _write_trust(folder / "trust", authorities, now)
    return ground


def _write_trust(folder: Path, authorities: Authorities, now: datetime) -> None:
    folder.mkdir()
    for name, holder in {"root": authorities.root, "issuing": authorities.issuing}.items():
        (folder / f"{name}.crt").write_bytes(holder.certificate.public_bytes(Encoding.PEM))
        crl = a_crl(holder, issued=now - timedelta(hours=1), next_update=now + timedelta(days=1))
        (folder / f"{name}.crl").write_bytes(crl.public_bytes(Encoding.DER))


@contextmanager
def contestants(ground: Ground) -> Iterator[list[Contestant]]:
    """Everybody with a running process, those who sign first."""
    with ExitStack() as stack:
        found: list[Contestant] = []
        for action in ("sign", "verify"):
            for kind, key in {"rsa": "RSA 2048", "ec": "ECDSA P-256"}.items():
                pool = stack.enter_context(ProcessPoolExecutor(1, mp_context=get_context("spawn")))
                found.append(Ours(f"{action}, bieuso, {key}", action, kind, ground, pool))
            poi = Poi()
            stack.callback(poi.close)
            found.append(Theirs(f"{action}, Apache POI, RSA 2048", action, ground, poi))
        yield found


def race(cells: int, runs: int) -> None:
    """Everybody on one workbook; prints the table."""
    with tempfile.TemporaryDirectory(prefix="bieuso-signatures-") as name:
        ground = prepare(Path(name), cells)
        with contestants(ground) as runners:
            for _ in range(WARMING[cells]):
                for runner in runners:
                    runner.once()
            taken: dict[str, list[float]] = {runner.name: [] for runner in runners}
            for _ in range(runs):
                for runner in runners:
                    time.sleep(PAUSE)
                    taken[runner.name].append(runner.once())
            memory = {runner.name: runner.memory() for runner in runners}
        size = ground.plain.stat().st_size
    print(
        f"\n{cells:,} cells, {size / 2**20:.1f} MiB; median of {runs} runs, times ours with RSA, fastest, peak memory:"
    )
    for name, times in taken.items():
        _tell(name, times, statistics.median(taken[f"{name.partition(',')[0]}, bieuso, RSA 2048"]), memory[name], cells)


def _tell(name: str, times: list[float], ours: float, memory: float, cells: int) -> None:
    median, target = statistics.median(times), TARGETS_MS[cells]
    held = "" if "POI" in name else f"  target {target} ms: {'held' if median <= target else 'MISSED'}"
    print(f"  {name:<30} {median:8.1f} ms {median / ours:6.1f} x {min(times):8.1f} ms {memory:6.0f} MiB{held}")


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 21
    for cells in TARGETS_MS:
        race(cells, count)
