"""What would change if the legacy text of a workbook were repaired: the preview that people accept or not."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from formulas.text.agreement import Judged
from formulas.text.detection import Certainty
from formulas.text.encodings import encoding_of_font
from formulas.text.places import Piece
from formulas.text.survey import survey
from workbooks.workbook import Workbook

_LOOKS: Final = {
    "arial": "Arial", "helve": "Arial", "avant": "Arial", "univer": "Arial", "swiss": "Arial", "aptima": "Arial",
    "tahoma": "Tahoma", "verdana": "Verdana", "courier": "Courier New",
}  # fmt: skip
_STANDARD: Final = "Times New Roman"


@dataclass(frozen=True, slots=True)
class Conversion:
    """One stretch of text and what it becomes; ``new_font`` is ``""`` where the font stays."""

    sheet: str
    cell: str
    place: str
    before: str
    after: str
    encoding: str
    certainty: Certainty
    font: str
    new_font: str
    piece: Piece = field(compare=False, repr=False)

    def to_dict(self) -> dict[str, str]:
        """The wire form, as the preview, the log and ``--json`` print it."""
        names = ("sheet", "cell", "place", "before", "after", "encoding", "certainty", "font", "new_font")
        return {name: str(getattr(self, name)) for name in names}


Choice = Callable[[Conversion], bool]


def certain(conversion: Conversion) -> bool:
    """Whether it may be repaired without asking."""
    return conversion.certainty is Certainty.CERTAIN


def everything(conversion: Conversion) -> bool:
    """Accept also what is doubtful."""
    return True


def at_places(places: Collection[str]) -> Choice:
    """Accept what stands in these places alone: ``B7``, ``T1!B7``, or a place as the preview calls it."""
    wanted = {place.casefold() for place in places}

    def choose(conversion: Conversion) -> bool:
        piece = conversion.piece
        names = (piece.cell, f"{piece.sheet}!{piece.cell}", piece.label)
        return any(name.casefold() in wanted for name in names if name)

    return choose


def preview(workbook: Workbook) -> tuple[Conversion, ...]:
    """Everything that could be repaired, doubtful texts included, in the order of the workbook."""
    return tuple(conversions(survey(workbook).judged))


def conversions(judged: Iterable[Judged]) -> Iterator[Conversion]:
    """What the judged texts would become."""
    for item in judged:
        piece, found = item.piece, item.found
        if found is not None and found.reading != piece.text:
            yield Conversion(
                piece.sheet, piece.cell, piece.place, piece.text, found.reading,
                found.encoding.value, found.certainty, piece.font, unicode_font(piece.font), piece,
            )  # fmt: skip


def unicode_font(font: str) -> str:
    """The font that stands for one of an old encoding: ``.VnTime`` → ``Times New Roman``; ``""`` for any other."""
    if encoding_of_font(font) is None:
        return ""
    looks = font.casefold()
    return next((name for word, name in _LOOKS.items() if word in looks), _STANDARD)
