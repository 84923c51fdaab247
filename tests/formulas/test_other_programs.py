"""Forms saved by LibreOffice, which rewrites formulas, styles and hidden sheets in its own way."""

import shutil
import subprocess
from pathlib import Path

from formulas.checking import check
from tests.formulas.specimens import PERIODS, a_filled_form, a_version


def saved_by_libreoffice(folder: Path, workbooks: dict[str, bytes]) -> dict[str, bytes]:
    program = shutil.which("soffice")
    assert program is not None
    for name, data in workbooks.items():
        (folder / f"{name}.xlsx").write_bytes(data)
    subprocess.run(
        [
            program,
            f"-env:UserInstallation={(folder / 'profile').as_uri()}",
            "--headless",
            "--convert-to",
            "xlsx:Calc MS Excel 2007 XML",
            "--outdir",
            folder / "saved",
            *(folder / f"{name}.xlsx" for name in workbooks),
        ],
        check=True,
        capture_output=True,
        timeout=120,
    )
    return {name: (folder / "saved" / f"{name}.xlsx").read_bytes() for name in workbooks}


def test_a_form_that_libreoffice_recalculated_and_saved_has_no_findings(tmp_path: Path) -> None:
    saved = saved_by_libreoffice(tmp_path, {form: a_filled_form(form) for form in PERIODS})

    reports = {form: check(data, a_version(form)) for form, data in saved.items()}

    assert {form: report.findings for form, report in reports.items()} == dict.fromkeys(PERIODS, ())


def test_a_form_that_libreoffice_saved_still_carries_its_version(tmp_path: Path) -> None:
    form = next(iter(PERIODS))

    saved = saved_by_libreoffice(tmp_path, {form: a_filled_form(form)})

    assert check(saved[form]).findings == ()
