"""What a template owner does to the form of `owning` in LibreOffice, as actions of ``calc_session.py``.

Rows and columns are where the owner sees them at that moment; `Book` finds them by code or text.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.journeys.owning import DEFINITION, FORM, Book

Action = list[object]
COLUMNS, ROWS, RULES = "II. CỘT", "III. DÒNG", "VI. QUY TẮC KIỂM TRA"
SUCCESSION = "VII. CHUYỂN TỪ PHIÊN BẢN TRƯỚC"
POINTED = "Thu khác (mã số 08) không được lớn hơn thu thuế (mã số 02)."
_RULE = {1: "R2", 3: "08", 4: "2", 5: "lỗi", 6: POINTED}
_THOUSANDS = "Nghìn đồng"
_PERIODS = "Kỳ báo cáo (M, Q, H, 9M, Y)"


def beautified(drawn: Book, faulty: Path) -> list[Action]:
    """A relation by pointing at cells, a row, widths, letters; slips of the hand, kept as ``faulty``; those mended."""
    rule, total = max(drawn.lines(RULES)) + 1, drawn.row("01")
    row = {code: drawn.row(code) + 1 for code in ("02", "03", "04", "05", "07", "08")}  # once a row is inserted
    added = ";".join(f"E{row[code]}" for code in ("02", "05", "07", "08"))
    return [
        ["show", DEFINITION],
        *(["put", DEFINITION, rule, column, text] for column, text in _RULE.items()),
        ["point", DEFINITION, rule, 2, f"=$'{FORM}'.{drawn.cell('08', '2')}<=$'{FORM}'.{drawn.cell('02', '2')}"],
        # A line of words above the parts of the total: every row below moves, and what points at them follows.
        ["insert_rows", FORM, total + 1, 1],
        ["put", FORM, total + 1, 1, "Chia ra:"],
        ["widen", FORM, 1, 95],
        ["letters", FORM, "A1:G8", "Times New Roman", 13],
        # The slips: a code twice, a function that has no place in a form, an input that is locked, a total that skips
        # a row, a relation that points at a cell without codes.
        ["put", FORM, row["04"], 2, "03"],
        ["point", FORM, row["03"], 7, '=IFERROR(INDIRECT("E12");"-")'],
        ["lock", FORM, row["07"], 5, True],
        ["point", FORM, total, 5, f"=SUM(E{row['02']};E{row['07']};E{row['08']})"],
        *(["put", DEFINITION, rule + 1, column, text] for column, text in {**_RULE, 1: "R3"}.items()),
        ["point", DEFINITION, rule + 1, 2, f"=$'{FORM}'.E{row['08']}<=$'{FORM}'.A1"],
        ["protect", FORM],
        ["keep", "", str(faulty)],
        ["put", FORM, row["04"], 2, "04"],
        ["point", FORM, row["03"], 7, f'=IFERROR(ROUND(E{row["03"]}/D{row["03"]}*100;1);"-")'],
        ["lock", FORM, row["07"], 5, False],
        ["point", FORM, total, 5, f"=SUM({added})"],
        ["delete_rows", DEFINITION, rule + 1, 1],
        ["protect", FORM],
    ]


def second_version(first: Book) -> list[Action]:
    """Row 07 split into 07 and 09, row 05 renamed, money in thousands; section VII says what became of the first."""
    return [*_defined(first), *_redrawn(first)]


def _redrawn(first: Book) -> Iterator[Action]:
    total, land, last = first.row("01"), first.row("07"), first.row("08") + 1
    yield ["put", FORM, first.row("05"), 1, "Thu phí và lệ phí"]
    yield ["insert_rows", FORM, land + 1, 1]
    yield ["copy_row", FORM, land, land + 1]
    yield ["put", FORM, land, 1, "Thu tiền sử dụng đất"]
    yield ["put", FORM, land + 1, 1, "Thu tiền thuê đất"]
    yield ["put", FORM, land + 1, 2, "09"]
    parts = first.row("02"), first.row("05"), land, land + 1, last
    for column, letter in ((4, "D"), (5, "E"), (6, "F")):
        yield ["point", FORM, total, column, f"=SUM({';'.join(f'{letter}{row}' for row in parts)})"]
    for row in (total, *range(first.row("02"), last + 1)):
        yield ["put", FORM, row, 3, _THOUSANDS]
    yield ["put", FORM, 5, 6, f"Đơn vị tính: {_THOUSANDS}"]
    yield ["protect", FORM]


def _defined(first: Book) -> Iterator[Action]:
    money = "1", "2", "3", "3kt"
    yield ["put", DEFINITION, first.line("Phiên bản"), 2, "2"]
    yield ["put", DEFINITION, first.line("Đơn vị tính"), 2, _THOUSANDS]
    for code in money:
        yield ["put", DEFINITION, first.line(code, COLUMNS), 3, _THOUSANDS]
    yield ["put", DEFINITION, first.line("R1", RULES), 3, "01, 02, 03, 04, 05, 06, 07, 08, 09"]
    table = [
        (SUCCESSION,),
        ("Loại", "Mã cũ", "Mã mới (trống: không chuyển)", "Tỷ lệ", "Hệ số"),
        ("dòng", "07", "07", "0,6"),
        ("dòng", "07", "09", "0,4"),
        *(("cột", code, code, "1", "1000") for code in money),
    ]
    for row, line in enumerate(table, max(first.lines(RULES)) + 2):
        for column, text in enumerate(line, 1):
            yield ["put", DEFINITION, row, column, text]
    # From below, so that what is above stays where it was seen.
    yield ["insert_rows", DEFINITION, first.line("07", ROWS) + 1, 1]
    yield ["put", DEFINITION, first.line("07", ROWS) + 1, 1, "09"]
    yield ["insert_rows", DEFINITION, first.line(_PERIODS) + 1, 1]
    yield ["put", DEFINITION, first.line(_PERIODS) + 1, 1, "Phiên bản trước"]
    yield ["put", DEFINITION, first.line(_PERIODS) + 1, 2, "1"]
