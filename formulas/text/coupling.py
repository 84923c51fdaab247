"""Texts that other things are found by: a repair may change them only together, and only to what is still free."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from formulas.text.agreement import Judged
from formulas.text.conversions import Conversion
from formulas.text.detection import Certainty
from formulas.text.places import CELL, Piece, runs_of
from workbooks.address import parse_address
from workbooks.spots import SpotKind
from workbooks.texts import TextPart, read_spots, text_parts
from workbooks.workbook import Workbook

_Place = tuple[str, tuple[int, int]]


def without_conflicts(workbook: Workbook, judged: Iterable[Judged], wanted: Sequence[Conversion]) -> list[Conversion]:
    """What of the wanted conversions can be done: columns of tables follow their header cells, names stay unique."""
    kept = _with_columns(workbook, [item.piece for item in judged], list(wanted))
    return _with_free_names(workbook, kept)


def _with_free_names(workbook: Workbook, wanted: list[Conversion]) -> list[Conversion]:
    """Without new names of areas and tables that are taken, or that two old names would share."""
    renamed = {item.before.lower(): item.after.lower() for item in wanted if _is_name(item)}
    staying = {name.name.lower() for name in workbook.names} - renamed.keys()
    staying |= {name.lower() for name in _table_names(workbook)} - renamed.keys()
    uses = Counter(renamed.values())
    return [
        item
        for item in wanted
        if not _is_name(item) or (uses[item.after.lower()] == 1 and item.after.lower() not in staying)
    ]


def _is_name(item: Conversion) -> bool:
    return item.piece.kind in (SpotKind.NAME, SpotKind.TABLE) and item.piece.name == item.before


def _table_names(workbook: Workbook) -> set[str]:
    return {spot.name for part in _tables(workbook) for spot in read_spots(workbook.package, part)}


def _tables(workbook: Workbook) -> list[TextPart]:
    parts = (part for entry in workbook.sheets for part in text_parts(workbook, entry))
    return [part for part in parts if part.kind == "table"]


def _with_columns(workbook: Workbook, pieces: Sequence[Piece], wanted: list[Conversion]) -> list[Conversion]:
    """Columns named as their header cells will read; neither, where a name would come to mean two columns."""
    columns = [piece for piece in pieces if piece.kind == SpotKind.TABLE_COLUMN]
    if not columns:
        return wanted
    headers: dict[_Place, list[Conversion]] = defaultdict(list)
    for item in wanted:
        if item.piece.kind == CELL:
            headers[item.piece.sheet, item.piece.at].append(item)
    own = {item.piece: item for item in wanted if item.piece.kind == SpotKind.TABLE_COLUMN}
    new = {piece: _new_name(workbook, piece, headers, own) for piece in columns}
    bad = _ambiguous(new)
    dropped = {_place_of(piece) for piece in columns if piece.text in bad}
    kept = [
        item
        for item in wanted
        if item.piece.kind != SpotKind.TABLE_COLUMN
        and not (item.piece.kind == CELL and (item.piece.sheet, item.piece.at) in dropped)
    ]
    follow = [
        _renamed(piece, name, headers.get(_place_of(piece), []), own.get(piece))
        for piece, name in new.items()
        if name != piece.text and piece.text not in bad
    ]
    order = {piece: number for number, piece in enumerate(pieces)}
    return sorted([*kept, *follow], key=lambda item: order[item.piece])


def _new_name(
    workbook: Workbook, piece: Piece, headers: dict[_Place, list[Conversion]], own: dict[Piece, Conversion]
) -> str:
    place = _place_of(piece)
    cell = workbook.read_sheet(piece.sheet).cell(*place[1]) if piece.cell else None
    if cell is None or cell.value != piece.text:
        return own[piece].after if piece in own else piece.text
    texts = [text for text, _ in runs_of(cell)]
    for item in headers.get(place, []):
        texts[item.piece.index] = item.after
    return "".join(texts)


def _place_of(piece: Piece) -> _Place:
    return piece.sheet, parse_address(piece.cell) if piece.cell else (0, 0)


def _ambiguous(new: dict[Piece, str]) -> set[str]:
    """Old names whose columns would be called differently, or like another column of their table."""
    outcomes: dict[str, set[str]] = defaultdict(set)
    for piece, name in new.items():
        outcomes[piece.text].add(name)
    shared = Counter((piece.part, name.lower()) for piece, name in new.items())
    return {
        piece.text
        for piece, name in new.items()
        if len(outcomes[piece.text]) > 1 or shared[piece.part, name.lower()] > 1
    }


def _renamed(piece: Piece, name: str, header: Sequence[Conversion], own: Conversion | None) -> Conversion:
    """The conversion of a column, as sure as that of its header cell."""
    like = header[0] if header else own
    encoding, certainty = (like.encoding, like.certainty) if like else ("", Certainty.CERTAIN)
    return Conversion(piece.sheet, piece.cell, piece.place, piece.text, name, encoding, certainty, "", "", piece)
