from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, pkcs12

from server.demo.authority import DEMO_PASSWORD
from tests.journeys.demonstration import FORMS, Played
from tests.journeys.official_sheets import Official, Place, Shown
from tests.journeys.recalculating import Result, recalculated, with_wrong_results
from tests.oracles.libreoffice_signatures import libreoffice_verdicts
from tests.signing.tampering import SIGNATURE, parts_of

# Columns that may be added over the units. The others are ratios of added columns: (numerator, denominator, factor,
# decimals); a yield, a share or a comparison with last year is never a sum of the communes'.
ADDED = {
    "KTXH-09.T": {"1", "2", "3", "4", "6"},
    "KTXH-10.Q": {"1", "2", "4"},
    "KTXH-13.N": {"1", "2", "4", "5", "6", "7", "9"},
    "KTXH-14.T": {str(number) for number in range(1, 12)},
}
RATIOS = {
    "KTXH-09.T": {"5": ("6", "4", 10, 2), "7": ("3", "1", 100, 1), "8": ("3", "2", 100, 1)},
    "KTXH-10.Q": {"3": ("2", "1", 100, 1), "5": ("2", "4", 100, 1)},
    "KTXH-13.N": {"3": ("2", "1", 100, 2), "8": ("7", "1", 100, 2)},
    "KTXH-14.T": {},
}
# Tonnes of unlike crops have no total (x in the form).
NOT_APPLICABLE = {"KTXH-09.T": {(row, column) for row in ("01", "09") for column in ("5", "6")}}
REFERENCE = re.compile(r"'([^']+)'!([A-Z]+[0-9]+)")
Grids = Mapping[str, Mapping[Place, Shown]]


@pytest.fixture(scope="module", params=FORMS)
def form(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def book(played: Played, form: str) -> Official:
    return Official(played.merged(form))


@pytest.fixture(scope="module")
def whole(book: Official, form: str) -> Mapping[Place, Shown]:
    """The province's sheet."""
    return book.grid(form)


@pytest.fixture(scope="module")
def sent(played: Played, form: str) -> Grids:
    """Unit → the grid of the workbook it signed, of every workbook that was not refused."""
    return {unit: Official(played.sent(form, unit)).grid(form) for unit in played.accepted(form)}


def sheet_of(book: Official, unit: str) -> str:
    return next(name for name in book.sheets if name.split()[0] == unit)


def added(sent: Grids, place: Place) -> Decimal:
    """What the communes' signed cells add up to."""
    numbers = (grid[place].number for grid in sent.values() if place in grid)
    return sum((number for number in numbers if number is not None), Decimal(0))


def test_every_total_is_the_sum_of_the_signed_cells_of_the_accepted_communes(
    form: str, whole: Mapping[Place, Shown], sent: Grids
) -> None:
    expected = {
        place: added(sent, place)
        for place in whole
        if place[1] in ADDED[form] and place not in NOT_APPLICABLE.get(form, set())
    }

    assert len(expected) >= 12
    assert {place: whole[place].number for place in expected} == expected
    assert any(total > 0 for total in expected.values())


def test_what_may_not_be_added_is_computed_over_the_sums(form: str, whole: Mapping[Place, Shown], sent: Grids) -> None:
    for row, column in whole:
        if column not in RATIOS[form] or (row, column) in NOT_APPLICABLE.get(form, set()):
            continue
        above, below, factor, decimals = RATIOS[form][column]
        whole_part = added(sent, (row, below))
        ratio = added(sent, (row, above)) * factor / whole_part if whole_part else None
        expected = ratio.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP) if ratio is not None else "-"
        shown = whole[row, column].number if ratio is not None else whole[row, column].value
        assert shown == expected, (row, column)


def test_what_does_not_apply_says_so(form: str, whole: Mapping[Place, Shown]) -> None:
    marked = {place for place, shown in whole.items() if shown.value == "x"}

    assert marked == NOT_APPLICABLE.get(form, set())


def test_the_rows_are_those_of_the_accepted_communes_and_no_others(whole: Mapping[Place, Shown], sent: Grids) -> None:
    rows = {row for row, _ in whole}

    assert rows == {row for grid in sent.values() for row, _ in grid}


def test_each_accepted_commune_has_its_sheet_with_what_it_signed(book: Official, sent: Grids) -> None:
    for unit, signed in sent.items():
        grid = book.grid(sheet_of(book, unit))
        assert {place: one.plain for place, one in grid.items()} == {place: one.plain for place, one in signed.items()}
        assert {place for place, one in grid.items() if one.formula} == {
            place for place, one in signed.items() if one.formula
        }
        assert list(grid) == list(signed), "the rows stand in the order in which the commune put them"


def test_rows_known_by_name_stand_in_the_order_of_the_vietnamese_alphabet(played: Played) -> None:
    rows = [row for row, column in Official(played.merged("KTXH-14.T")).grid("KTXH-14.T") if column == "1"]

    order = ["Bảo trợ xã hội", "Chứng thực", "Đăng ký kinh doanh hộ cá thể", "Đất đai", "Giao thông đường thủy nội địa"]
    assert [row for row in rows if row in order] == order
    assert rows.index("Đất đai") < rows.index("Xây dựng")


def test_nothing_of_a_refused_workbook_is_in_the_merged_one(
    played: Played, form: str, book: Official, whole: Mapping[Place, Shown]
) -> None:
    refused = [one for one in played.summary["refused"] if one["form"] == form]

    assert refused
    assert len(book.sheets) == 1 + len(played.accepted(form))
    for one in refused:
        assert not any(name.startswith(one["unit"]) for name in book.sheets)
        assert not any(one["unit"] in shown.formula for shown in whole.values())
        assert not any(one["unit_name"] in text for text in book.texts(form))


def test_the_province_adds_with_live_formulas_over_the_communes_sheets(
    form: str, book: Official, whole: Mapping[Place, Shown], sent: Grids
) -> None:
    at = {unit: {one.cell: place for place, one in book.grid(sheet_of(book, unit)).items()} for unit in sent}

    for place, shown in whole.items():
        if place[1] not in ADDED[form] or place in NOT_APPLICABLE.get(form, set()):
            continue
        assert shown.formula.startswith("=SUM("), place
        named = [(sheet.split()[0], cell) for sheet, cell in REFERENCE.findall(shown.formula)]
        assert sorted(unit for unit, _ in named) == sorted(unit for unit, grid in sent.items() if place in grid)
        assert {at[unit][cell] for unit, cell in named} == {place}
        assert re.sub(r"[(),]|SUM", "", REFERENCE.sub("", shown.formula)) == "="  # nothing else is added


@pytest.fixture(scope="module")
def by_libreoffice(played: Played, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, dict[str, Result]]]:
    """Form → sheet → address → LibreOffice's result, for the province and two communes.

    Every result in the files was replaced by a wrong one first: a program that does not compute shows sevens.
    """
    folder = tmp_path_factory.mktemp("libreoffice")
    books: dict[Path, list[str]] = {}
    for form in FORMS:
        path = folder / f"{form}.xlsx"
        path.write_bytes(with_wrong_results(played.merged(form).read_bytes()))
        sheets = Official(path).sheets
        books[path] = [sheets[0], sheets[1], sheets[-1]]
    return {path.stem: sheets for path, sheets in recalculated(books, folder).items()}


def test_libreoffice_computes_the_numbers_that_the_workbook_shows(
    form: str, book: Official, by_libreoffice: dict[str, dict[str, dict[str, Result]]]
) -> None:
    for sheet, results in by_libreoffice[form].items():
        shown = {one.cell: one for one in book.grid(sheet).values() if one.formula}
        assert set(shown) <= set(results)
        assert not [at for at, (kind, _) in results.items() if kind == "error"]
        # Rows that the form keeps ready for more members, and that nobody used, add nothing.
        assert all(value in {0, "-"} for at, (_, value) in results.items() if at not in shown)
        found = {at: results[at][1] for at in shown}
        texts = {at: value for at, value in found.items() if isinstance(value, str)}
        assert texts == {at: one.value for at, one in shown.items() if isinstance(one.value, str)}
        # Spreadsheets add binary fractions; what differs is beyond the fifteenth digit.
        numbers = {at: value for at, value in found.items() if not isinstance(value, str)}
        assert numbers == pytest.approx({at: shown[at].value for at in numbers}, rel=1e-14)


@pytest.fixture(scope="module")
def authorities(played: Played) -> bytes:
    """Root and issuing certificate: LibreOffice reads no chain from the signature."""
    key_file = next(played.folder.keys.glob("*.p12")).read_bytes()
    _, _, above = pkcs12.load_key_and_certificates(key_file, DEMO_PASSWORD.encode())
    issuing = [one for one in above if one.subject != one.issuer]
    root = (played.folder.trust / "root.crt").read_bytes()
    return root + b"".join(one.public_bytes(Encoding.PEM) for one in issuing)


@pytest.mark.parametrize(("unit", "algorithm"), [("28756", "RSA"), ("28777", "EC")])
def test_libreoffice_accepts_what_a_commune_signed(
    played: Played, authorities: bytes, unit: str, algorithm: str
) -> None:
    path = played.sent("KTXH-14.T", unit)
    assert (b"rsa-sha256" in parts_of(path.read_bytes())[SIGNATURE]) is (algorithm == "RSA")

    verdicts = libreoffice_verdicts(path, authorities)

    assert [(one.signature_valid, one.certificate_valid) for one in verdicts] == [(True, True)]
    assert f"MADV:{unit}" in verdicts[0].signer


def test_libreoffice_accepts_what_the_province_signed(played: Played, authorities: bytes) -> None:
    verdicts = libreoffice_verdicts(played.merged("KTXH-13.N"), authorities)

    assert [(one.signature_valid, one.certificate_valid) for one in verdicts] == [(True, True)]
    assert "Tỉnh Vĩnh Long" in verdicts[0].signer


def test_libreoffice_rejects_what_was_changed_after_signing(played: Played, authorities: bytes) -> None:
    changed = played.refusal("BS210")

    verdicts = libreoffice_verdicts(played.sent(changed.form, changed.unit), authorities)

    assert [one.signature_valid for one in verdicts] == [False]
