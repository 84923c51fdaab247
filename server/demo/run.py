"""The demonstration itself: prepare, report, consolidate, prove, tell. Prints its progress and a summary."""

from __future__ import annotations

import multiprocessing
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text
from sqlalchemy import Engine

from server.demo import preparation, telling
from server.demo.communes import PERIODS, Sent, Station, report_all
from server.demo.consolidation import consolidate_all
from server.demo.errors import DemonstrationError
from server.demo.folder import Folder
from server.demo.preparation import FORMER_LEADER, LEADER, PROVINCE, as_commune, key_path
from server.demo.service import free_port, running_service
from server.demo.troubles import Trouble
from server.services import totals
from server.services.units import require_unit
from server.storage.engine import connect, reading
from server.storage.schema import upgrade
from server.storage.units import Unit

_WORKERS = 2


def run(path: Path, *, units: int, once: bool, fresh: bool, port: int) -> int:
    """Runs the demonstration in a folder; returns the exit code. With ``once`` the portal is not left up."""
    console = Console()
    folder = Folder(path)
    path.mkdir(parents=True, exist_ok=True)
    goes_on = _look_at_earlier_run(console, folder, fresh=fresh)
    engine = connect(preparation.settings(folder).database_url)
    upgrade(engine)
    demonstration = Demonstration(console, folder, engine, units)
    try:
        if not goes_on:
            demonstration.prepare()
        with running_service(preparation.service_environment(folder), free_port(port), folder.log) as server:
            summary = demonstration.job(server)
            folder.write_summary(summary)
            telling.tell(console, summary, folder)
            if not once:
                telling.invite(console, server)
                _stay_up()
    except DemonstrationError as error:
        console.print(Text(str(error), "red"))
        return 1
    finally:
        engine.dispose()
    return 0 if summary["totals_agree"] and summary["rebuild_agrees"] else 1


def _look_at_earlier_run(console: Console, folder: Folder, *, fresh: bool) -> bool:
    """Whether to go on with what an earlier run prepared."""
    if fresh and folder.holds_a_run:
        console.print(f"Xóa kết quả lần trước trong {folder.path}.")
        folder.clear()
    elif folder.is_prepared:
        console.print(f"[yellow]Chạy tiếp trên lần trình diễn trước trong {folder.path}; --fresh để làm lại từ đầu.[/]")
        return True
    elif folder.holds_a_run:
        console.print("[yellow]Lần chuẩn bị trước bị ngắt giữa chừng: chuẩn bị lại từ đầu.[/]")
        folder.clear()
    return False


def _stay_up() -> None:
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        pass


class Demonstration:
    """One run: its steps, in order, each timed."""

    def __init__(self, console: Console, folder: Folder, engine: Engine, units: int) -> None:
        self._console = console
        self._folder = folder
        self._engine = engine
        self._wanted_units = units
        self._seconds: dict[str, float] = {}

    def prepare(self) -> None:
        """Units, forms, earlier figures, certificates, accounts."""
        with self._step("units_and_forms", None):
            communes = self._playing(preparation.prepare_units(self._engine))
            preparation.publish_forms(self._engine)
        with self._step("earlier_figures", len(communes) * len(PERIODS)) as tick:
            preparation.import_earlier_figures(self._engine, communes, tick)
        everyone = [*communes, self._province()]
        troubled = preparation.assign_troubles(communes)
        with self._step("keys", len(everyone)) as tick:
            leaders = preparation.make_keys(self._folder, everyone, troubled, tick)
        with self._step("accounts", len(everyone)) as tick:
            self._folder.write_secrets(preparation.open_accounts(self._engine, everyone, leaders, tick))
        self._folder.mark_prepared(len(communes))

    def job(self, server: str) -> dict[str, Any]:
        """The communes report, the province consolidates, the totals are proved; returns the summary."""
        communes = preparation.communes_of(self._engine)[: self._folder.prepared_units()]
        stations = self._stations(communes, server)
        with self._step("reporting", len(stations) * len(PERIODS)) as tick:
            sent = list(_report_in_parallel(stations, tick))
        secrets = self._folder.read_secrets()
        with self._step("consolidation", len(PERIODS)) as tick:
            merged = consolidate_all(
                server,
                account=f"{LEADER}.{PROVINCE}",
                secret=secrets[f"{LEADER}.{PROVINCE}"],
                key=key_path(self._folder.keys, PROVINCE, LEADER),
                folder=self._folder.merged,
                tick=tick,
            )
        with self._step("proof", None):
            agree = totals.check(self._engine).ok
            totals.rebuild(self._engine, now=datetime.now(UTC))
            rebuilt = totals.check(self._engine).ok
        return self._summary(communes, sent, merged, agree=agree, rebuilt=rebuilt)

    def _stations(self, communes: Sequence[Unit], server: str) -> list[Station]:
        secrets = self._folder.read_secrets()
        troubled: dict[str, Trouble] = preparation.assign_troubles(communes)
        return [
            Station(
                commune=as_commune(unit),
                account=f"{LEADER}.{unit.code}",
                secret=secrets[f"{LEADER}.{unit.code}"],
                key=key_path(self._folder.keys, unit.code, LEADER),
                former_key=key_path(self._folder.keys, unit.code, FORMER_LEADER),
                sent=self._folder.sent,
                server=server,
                trouble=troubled.get(unit.code),
            )
            for unit in communes
        ]

    def _playing(self, communes: Sequence[Unit]) -> Sequence[Unit]:
        return communes[: self._wanted_units]

    def _province(self) -> Unit:
        with reading(self._engine) as connection:
            return require_unit(connection, PROVINCE, datetime.now(UTC).date())

    def _summary(
        self, communes: Sequence[Unit], sent: Sequence[Sent], merged: dict[str, str], *, agree: bool, rebuilt: bool
    ) -> dict[str, Any]:
        names = {unit.code: unit.name for unit in communes}
        refused = [one for one in sent if one.status == "refused"]
        return {
            "units": len(communes),
            "forms": PERIODS,
            "sent": len(sent),
            "accepted": len(sent) - len(refused),
            "sent_by_form": dict(Counter(one.form for one in sent)),
            "refused_by_form": dict(Counter(one.form for one in refused)),
            "refused": [
                {
                    "form": one.form,
                    "unit": one.unit,
                    "unit_name": names[one.unit],
                    "trouble": one.trouble,
                    "codes": list(one.codes),
                    "found_before_sending": [finding.code for finding in one.own_findings],
                    "findings": list(one.findings),
                }
                for one in refused
            ],
            "totals": telling.main_totals(self._engine, PROVINCE, PERIODS),
            "merged": merged,
            "totals_agree": agree,
            "rebuild_agrees": rebuilt,
            "seconds": {name: round(seconds, 2) for name, seconds in self._seconds.items()},
            "seconds_in_all": round(sum(self._seconds.values()), 2),
        }

    @contextmanager
    def _step(self, name: str, total: int | None) -> Iterator[preparation.Tick]:
        columns = (TextColumn("{task.description:<36}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        start = time.perf_counter()
        with Progress(*columns, console=self._console) as progress:
            task = progress.add_task(telling.STEPS[name], total=total or 1)
            yield lambda: progress.advance(task)
            progress.update(task, completed=total or 1)
        self._seconds[name] = time.perf_counter() - start


def _report_in_parallel(stations: Sequence[Station], tick: preparation.Tick) -> Iterator[Sent]:
    """Every commune's forms, two communes at a time; in no particular order."""
    # Spawned and not forked: a forked child would share this process's database connections.
    with ProcessPoolExecutor(_WORKERS, mp_context=multiprocessing.get_context("spawn")) as pool:
        for future in as_completed([pool.submit(report_all, station) for station in stations]):
            for sent in future.result():
                tick()
                yield sent
