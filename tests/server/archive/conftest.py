from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from server.storage.engine import connect
from server.storage.schema import upgrade
from tests.databases import PostgresServer
from tests.server.archive.building import Archive, an_archive_world


@pytest.fixture(scope="session")
def sqlite_archive(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Archive]:
    path = tmp_path_factory.mktemp("archive") / "bieuso.db"
    engine = connect(f"sqlite:///{path}")
    upgrade(engine)
    made = an_archive_world(engine)
    engine.dispose()
    return path, made


@pytest.fixture(scope="session")
def postgres_archive(postgres: PostgresServer) -> tuple[str, Archive]:
    url = postgres.new_database()
    engine = connect(url)
    made = an_archive_world(engine)
    engine.dispose()
    return url.rpartition("/")[2], made


@pytest.fixture(params=["sqlite", "postgresql"])
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Archive]:
    """A province whose communes report today, on each engine in turn; a copy of one that was built once."""
    if request.param == "sqlite":
        path, built = request.getfixturevalue("sqlite_archive")
        shutil.copy(path, tmp_path / "bieuso.db")
        engine = connect(f"sqlite:///{tmp_path / 'bieuso.db'}")
    else:
        database, built = request.getfixturevalue("postgres_archive")
        engine = connect(request.getfixturevalue("postgres").new_database(database))
    yield Archive(replace(built.world, engine=engine), built.clocks)
    engine.dispose()


@pytest.fixture
def clock(archive: Archive) -> Iterator[str]:
    """A time-stamping authority whose certificate ends in five years."""
    with archive.clock() as address:
        yield address
