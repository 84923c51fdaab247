from __future__ import annotations

import resource
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine

from server.storage.engine import connect
from server.storage.schema import upgrade
from tests.databases import PostgresServer, postgres_server
from tests.server.world import World, a_world


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    with postgres_server() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty database with the newest schema, on each engine in turn."""
    if request.param == "sqlite":
        made = connect(f"sqlite:///{tmp_path / 'bieuso.db'}")
        upgrade(made)
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        made = connect(server.new_database())
    yield made
    made.dispose()


@pytest.fixture(scope="session")
def sqlite_world(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, World]:
    path = tmp_path_factory.mktemp("world") / "bieuso.db"
    engine = connect(f"sqlite:///{path}")
    upgrade(engine)
    world = a_world(engine)
    engine.dispose()
    return path, world


@pytest.fixture(scope="session")
def postgres_world(postgres: PostgresServer) -> tuple[str, World]:
    url = postgres.new_database()
    engine = connect(url)
    world = a_world(engine)
    engine.dispose()
    return url.rpartition("/")[2], world


@pytest.fixture(params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """A province whose communes report, on each engine in turn; a copy of one that was built once."""
    if request.param == "sqlite":
        path, built = request.getfixturevalue("sqlite_world")
        shutil.copy(path, tmp_path / "bieuso.db")
        engine = connect(f"sqlite:///{tmp_path / 'bieuso.db'}")
    else:
        database, built = request.getfixturevalue("postgres_world")
        engine = connect(request.getfixturevalue("postgres").new_database(database))
    yield replace(built, engine=engine)
    engine.dispose()


@pytest.fixture
def small_files() -> Iterator[Callable[[int], None]]:
    """Lets this process write files of so many bytes only, as a disk does that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
