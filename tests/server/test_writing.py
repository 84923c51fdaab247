"""Files written whole or not at all: full disks, interruptions, links, rights, and things that are no files."""

from __future__ import annotations

import os
import resource
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from server.cli.writing import write_whole


@contextmanager
def no_file_longer_than(size: int) -> Iterator[None]:
    """As on a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_leaves_what_was_there_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "a.xlsx"
    file.write_bytes(b"before")

    with no_file_longer_than(1000), pytest.raises(OSError, match="too large"):
        write_whole(file, bytes(100_000))

    assert file.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("place", ["a.xlsx", "none/a.xlsx"], ids=["a full disk", "no folder"])
def test_what_could_not_be_written_is_told_by_the_name_that_was_given(place: str, tmp_path: Path) -> None:
    with no_file_longer_than(1000), pytest.raises(OSError) as caught:  # noqa: PT011 - of several kinds
        write_whole(tmp_path / place, bytes(100_000))

    assert caught.value.filename == str(tmp_path / place)


def test_an_interruption_leaves_what_was_there_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a.xlsx"
    file.write_bytes(b"before")
    # Ctrl+C while the disk is busy.
    monkeypatch.setattr(os, "fsync", lambda _: os.kill(os.getpid(), signal.SIGINT))

    with pytest.raises(KeyboardInterrupt):
        write_whole(file, b"after")

    assert file.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [file]


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_whole(tmp_path / "none" / "a.xlsx", b"x")


def test_a_folder_in_the_place_of_the_file_is_an_error_and_stays(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").mkdir()

    with pytest.raises(IsADirectoryError):
        write_whole(tmp_path / "a.xlsx", b"x")

    assert (tmp_path / "a.xlsx").is_dir()
    assert len(list(tmp_path.iterdir())) == 1


def test_a_link_stays_and_what_it_leads_to_is_replaced(tmp_path: Path) -> None:
    file, link = tmp_path / "elsewhere" / "a.xlsx", tmp_path / "a.xlsx"
    file.parent.mkdir()
    file.write_bytes(b"before")
    link.symlink_to(file)

    write_whole(link, b"after")

    assert link.is_symlink()
    assert file.read_bytes() == b"after"


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664])
def test_a_file_keeps_its_rights(mode: int, tmp_path: Path) -> None:
    file = tmp_path / "a.crl"
    file.write_bytes(b"before")
    file.chmod(mode)

    write_whole(file, b"after")

    assert file.stat().st_mode & 0o777 == mode


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o077, 0o600)])
def test_a_new_file_has_the_rights_of_any_new_file(mask: int, mode: int, tmp_path: Path) -> None:
    before = os.umask(mask)
    try:
        write_whole(tmp_path / "a.crl", b"x")
    finally:
        os.umask(before)

    assert (tmp_path / "a.crl").stat().st_mode & 0o777 == mode


def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()

    write_whole(pipe, b"signed")
    reader.join()

    assert read == [b"signed"]
    assert pipe.is_fifo()


def test_two_at_once_leave_one_of_the_two_whole(tmp_path: Path) -> None:
    file, contents = tmp_path / "a.crl", [bytes([number]) * 200_000 for number in range(8)]
    writers = [threading.Thread(target=write_whole, args=(file, content)) for content in contents]

    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    assert file.read_bytes() in contents
    assert list(tmp_path.iterdir()) == [file]
