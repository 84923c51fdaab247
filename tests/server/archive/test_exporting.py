"""The archive as a folder: whole or not there at all, and proved by programs that know nothing of ours."""

from __future__ import annotations

import csv
import hashlib
import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from openpyxl import load_workbook

from server.errors import InvalidError
from server.services.archive.exporting import ExportReport, export_archive
from server.services.archive.packing import Pack
from server.services.archive.tabling import ExactNumber
from signing.verify import verify_package
from tests.narratives import a_pdf
from tests.server.archive.building import DAY, TODAY, YEAR, Archive, now
from tests.signing.tampering import changed


def exported(archive: Archive, folder: Path, **options: object) -> ExportReport:
    return export_archive(archive.engine, folder, now=now(), **options)  # type: ignore[arg-type]  # passed on as they are


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8-sig", newline="") as text:
        return list(csv.DictReader(text))


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def run(*command: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(list(map(str, command)), cwd=cwd, capture_output=True, text=True, timeout=60, check=False)


def test_the_folder_is_proved_by_sha256sum(archive: Archive, clock: str, tmp_path: Path) -> None:
    archive.send()
    archive.stamp(clock)

    report = exported(archive, tmp_path / "kho")

    done = run("sha256sum", "--strict", "-c", "SHA256SUMS", cwd=tmp_path / "kho")
    assert done.returncode == 0, done.stdout
    assert len(done.stdout.splitlines()) == report.files == len(names(tmp_path / "kho")) - 1
    assert hashlib.sha256((tmp_path / "kho" / "SHA256SUMS").read_bytes()).hexdigest() == report.sums_sha256


def test_openssl_proves_the_stamps(archive: Archive, clock: str, tmp_path: Path) -> None:
    archive.send()
    archive.stamp(clock)
    exported(archive, tmp_path / "kho")
    base = tmp_path / "kho" / "dau-luu-tru" / "000001"
    command = ["openssl", "ts", "-verify", "-data", f"{base}.json", "-in", f"{base}.tst", "-token_in"]

    good = run(*command, "-CAfile", f"{base}.pem", cwd=tmp_path)
    base.with_suffix(".json").write_bytes(base.with_suffix(".json").read_bytes() + b" ")
    bad = run(*command, "-CAfile", f"{base}.pem", cwd=tmp_path)

    assert (good.returncode, good.stdout.strip()) == (0, "Verification: OK")
    assert bad.returncode != 0


def test_openssl_proves_a_stamp_whose_authority_has_expired_as_the_readme_says(
    archive: Archive, tmp_path: Path
) -> None:
    archive.send()
    with archive.clock(end=TODAY + 100 * DAY) as ending:
        archive.stamp(ending)
    exported(archive, tmp_path / "kho")
    base = tmp_path / "kho" / "dau-luu-tru" / "000001"
    command = ["openssl", "ts", "-verify", "-data", f"{base}.json", "-in", f"{base}.tst", "-token_in"]
    late, then = TODAY + 200 * DAY, now()

    expired = run(*command, "-CAfile", f"{base}.pem", "-attime", int(late.timestamp()), cwd=tmp_path)
    in_time = run(*command, "-CAfile", f"{base}.pem", "-attime", int(then.timestamp()), cwd=tmp_path)

    assert (expired.returncode != 0, in_time.returncode) == (True, 0)


def test_what_the_manifest_says_is_what_lies_in_the_folder(archive: Archive, clock: str, tmp_path: Path) -> None:
    number = archive.send()
    archive.stamp(clock)
    folder = tmp_path / "kho"
    exported(archive, folder)

    (index,) = rows(folder / "ban-nop.csv")
    (entry,) = json.loads((folder / "dau-luu-tru" / "000001.json").read_bytes())["submissions"]

    assert (index["so_ban_nop"], index["tinh_trang"], index["dau_luu_tru"]) == (str(number), "đang dùng", "1")
    assert hashlib.sha512((folder / index["tep"]).read_bytes()).hexdigest() == entry["workbook"]
    assert hashlib.sha512((folder / index["xac_minh"]).read_bytes()).hexdigest() == entry["verdict"]
    evidence = {hashlib.sha512(path.read_bytes()).hexdigest() for path in (folder / "bang-chung").iterdir()}
    assert {one["sha512"] for one in entry["evidence"]} <= evidence


def test_a_figure_leads_to_the_cell_of_the_signed_file(archive: Archive, tmp_path: Path) -> None:
    archive.send()
    folder = tmp_path / "kho"
    exported(archive, folder)

    found = [row for row in rows(folder / "so-lieu.csv") if (row["ma_dong"], row["ma_cot"]) == ("04", "5")]

    (row,) = found
    assert (row["gia_tri"], row["trang_thai_o"], row["tinh_trang"]) == ("50.25", "số", "đang dùng")
    assert (row["bieu"], row["ma_don_vi"], row["ky"]) == ("KTXH-09.T", "28756", "2026-M09")
    assert row["don_vi_tinh"]
    sheet = load_workbook(folder / row["tep"], data_only=True)[row["trang"]]
    assert sheet[row["o"]].value == 50.25


def test_the_signed_originals_can_still_be_verified(archive: Archive, tmp_path: Path) -> None:
    archive.send()
    exported(archive, tmp_path / "kho")

    (original,) = (tmp_path / "kho" / "tep").iterdir()

    assert verify_package(original.read_bytes(), archive.trust(), now=now()).outcome == "valid"


def test_attached_reports_lie_beside_the_workbooks(archive: Archive, tmp_path: Path) -> None:
    number = archive.send_with(("thuyet-minh.pdf", a_pdf()))
    folder = tmp_path / "kho"
    exported(archive, folder)

    (row,) = [row for row in rows(folder / "tai-lieu.csv") if row["loai"] == "tệp kèm theo"]

    assert (row["so_ban_nop"], row["ten"]) == (str(number), "thuyet-minh.pdf")
    assert row["tep"].endswith(".pdf")
    assert (folder / row["tep"]).read_bytes() == a_pdf()


def test_refused_and_inherited_figures_are_told_apart(archive: Archive, tmp_path: Path) -> None:
    archive.world.history()
    archive.send(data=changed(archive.signed(), {"xl/foreign.xml": b"<x/>"}), status="refused")
    folder = tmp_path / "kho"
    exported(archive, folder)

    told = {(row["tinh_trang"], row["nguon"]) for row in rows(folder / "ban-nop.csv")}
    figures = {(row["nguon"], row["o"]) for row in rows(folder / "so-lieu.csv")}

    assert told == {("đang dùng", "số liệu kế thừa"), ("bị từ chối", "tệp đã ký")}
    assert figures == {("số liệu kế thừa", "")}


def test_only_what_came_since_a_day_is_exported_when_asked(archive: Archive, tmp_path: Path) -> None:
    archive.send()

    later = exported(archive, tmp_path / "a", since=TODAY + timedelta(seconds=1))
    all_of_it = exported(archive, tmp_path / "b", since=TODAY - YEAR)

    assert (later.submissions, all_of_it.submissions) == (0, 1)


def test_the_audit_log_can_be_proved_from_the_folder(archive: Archive, tmp_path: Path) -> None:
    archive.send()
    exported(archive, tmp_path / "kho")

    previous = ""
    lines = (tmp_path / "kho" / "audit.jsonl").read_text(encoding="utf-8").splitlines()
    for event in map(json.loads, lines):
        fields = [event[name] for name in ("id", "at", "action", "actor", "subject", "details", "previous")]
        text = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
        assert (event["previous"], hashlib.sha256(text.encode()).hexdigest()) == (previous, event["hash"])
        previous = event["hash"]

    assert len(lines) > 3


def test_an_export_is_an_event_with_the_digest_of_its_sums(archive: Archive, tmp_path: Path) -> None:
    archive.send()

    report = exported(archive, tmp_path / "kho")

    details = json.loads(str(archive.value("SELECT details FROM audit_event ORDER BY id DESC LIMIT 1")))
    assert details["sums_sha256"] == report.sums_sha256
    assert str(tmp_path) not in json.dumps(details)


def test_the_readme_names_every_folder_and_table(archive: Archive, clock: str, tmp_path: Path) -> None:
    archive.send()
    archive.stamp(clock)
    exported(archive, tmp_path / "kho")

    text = (tmp_path / "kho" / "DOC-TRUOC.txt").read_text(encoding="utf-8")

    top = {name.partition("/")[0] for name in names(tmp_path / "kho")} - {"DOC-TRUOC.txt"}
    assert {name for name in top if name not in text} == set()
    assert "{" not in text


def test_texts_that_a_spreadsheet_would_run_are_neutralised(archive: Archive, tmp_path: Path) -> None:
    archive.send()
    archive.meddle("org_unit", "UPDATE org_unit SET name = '=HYPERLINK(\"http://x\")' WHERE code = '28756'")

    exported(archive, tmp_path / "kho")

    (row,) = rows(tmp_path / "kho" / "ban-nop.csv")
    assert row["ten_don_vi"] == '\'=HYPERLINK("http://x")'


def test_negative_numbers_stay_numbers(tmp_path: Path) -> None:
    with Pack.at(tmp_path / "kho") as pack:
        with pack.table("bang.csv", ("a", "b", "c", "d")) as table:
            table.row((ExactNumber("-5.25"), "-5.25", "+84", None))
        pack.finish()

    assert (tmp_path / "kho" / "bang.csv").read_text(encoding="utf-8-sig").splitlines()[1] == "-5.25,'-5.25,'+84,"


def test_a_damaged_file_is_told_and_the_rest_is_exported(archive: Archive, tmp_path: Path) -> None:
    number = archive.send()
    archive.send("28807")
    archive.flip(archive.value("SELECT blob_sha256 FROM submission WHERE id = :id", id=number))

    report = exported(archive, tmp_path / "kho")

    assert [one.code for one in report.findings] == ["BS280"]
    assert [bool(row["tep"]) for row in rows(tmp_path / "kho" / "ban-nop.csv")] == [False, True]


# -- whole or not at all -----------------------------------------------------------------------------------------------


def test_a_folder_that_is_in_use_is_not_touched(archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "kho").mkdir()
    (tmp_path / "kho" / "cua-toi.txt").write_text("giữ", encoding="utf-8")

    with pytest.raises(InvalidError):
        exported(archive, tmp_path / "kho")

    assert names(tmp_path / "kho") == {"cua-toi.txt"}


def test_an_export_that_is_interrupted_goes_on_where_it_was(archive: Archive, tmp_path: Path) -> None:
    archive.send()
    archive.send("28807")

    class CutError(Exception):
        """The power is gone."""

    def cut(_done: int, _total: int) -> None:
        raise CutError

    with pytest.raises(CutError):
        exported(archive, tmp_path / "kho", progress=cut)
    (aside,) = tmp_path.glob(".kho*")
    before = {path: path.stat().st_ino for path in (aside / "tep").iterdir()}
    (aside / "tep" / "la.xlsx").write_bytes(b"of nobody")

    exported(archive, tmp_path / "kho")

    after = {path.name: path.stat().st_ino for path in (tmp_path / "kho" / "tep").iterdir()}
    assert {path.name: inode for path, inode in before.items()} == after
    assert len(after) == 2
    assert not aside.exists()


def test_two_exports_into_one_place_do_not_mix(archive: Archive, tmp_path: Path) -> None:
    archive.send()
    refused = []

    def again(_done: int, _total: int) -> None:
        with pytest.raises(InvalidError, match="đang xuất") as told:
            exported(archive, tmp_path / "kho")
        refused.append(told)

    exported(archive, tmp_path / "kho", progress=again)

    assert len(refused) == 1
    assert "SHA256SUMS" in names(tmp_path / "kho")


def test_a_disk_that_is_full_leaves_nothing_half(archive: Archive, tmp_path: Path) -> None:
    """A limit on the size of files stands for the full disk: to the program both are a write that fails."""
    for unit in ("28756", "28807", "28810"):
        archive.send(unit)
    program = (
        "import resource, sys; from datetime import UTC, datetime; from pathlib import Path;"
        "from server.storage.engine import connect; from server.services.archive.exporting import export_archive;"
        "engine = connect(sys.argv[1]);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000));"
        "export_archive(engine, Path(sys.argv[2]), now=datetime.now(UTC))"
    )
    url = archive.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", program, url, tmp_path / "kho"]

    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    left = names(tmp_path / ".kho.dang-ghi")
    exported(archive, tmp_path / "kho")

    assert done.returncode == 1
    assert "so-lieu.csv: File too large" in done.stderr
    assert [name for name in left if name.endswith((".dang-ghi", "so-lieu.csv", "SHA256SUMS"))] == []
    assert (tmp_path / "kho" / "so-lieu.csv").stat().st_size > 40_000


def test_the_folder_one_stands_in_is_filled(archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "kho").mkdir()
    monkeypatch.chdir(tmp_path / "kho")

    exported(archive, Path())

    assert "SHA256SUMS" in names(tmp_path / "kho")


def test_a_link_to_an_empty_folder_is_followed(archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "kho").mkdir()
    (tmp_path / "lien-ket").symlink_to(tmp_path / "kho")

    exported(archive, tmp_path / "lien-ket")

    assert (tmp_path / "lien-ket").is_symlink()
    assert "SHA256SUMS" in names(tmp_path / "kho")


def test_a_disk_itself_is_refused_before_anything_is_written() -> None:
    with pytest.raises(InvalidError, match="gốc của một ổ đĩa"), Pack.at(Path("/proc")):
        pass


@pytest.mark.parametrize("archive", ["sqlite"], indirect=True)  # PostgreSQL keeps no moment that is none
def test_a_row_that_cannot_be_read_is_told_and_the_rest_is_exported(archive: Archive, tmp_path: Path) -> None:
    damaged, sound = archive.send(), archive.send("28807")
    archive.meddle("submission", "UPDATE submission SET received_at = 'x' WHERE id = :id", id=damaged)

    report = exported(archive, tmp_path / "kho")

    assert [(one.code, f"số {damaged}" in one.message) for one in report.findings] == [("BS280", True)]
    assert [row["so_ban_nop"] for row in rows(tmp_path / "kho" / "ban-nop.csv")] == [str(sound)]
