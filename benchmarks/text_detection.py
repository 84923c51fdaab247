"""How well legacy Vietnamese text is found and restored: the tables of docs/text-encodings.md.

Usage: .venv/bin/python benchmarks/text_detection.py [--installed]
Deterministic: the texts are those of tests/specimens/vietnamese_text, which the list of syllables was not built from,
cut into pieces of 1, 2, 3, 5, 8 and 15 words, each written in every encoding and read back with no evidence, with its
font, and among neighbours of its encoding. With --installed also every message of the translations installed on this
machine: LibreOffice in Vietnamese, and all programs in 28 other languages that use accented Latin letters.
"""

from __future__ import annotations

import csv
import gettext
import hashlib
import re
import sys
import time
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

from formulas.text import Certainty, Detection, Encoding, detect
from formulas.text.encodings import LEGACY, decode, encode

ROOT = Path(__file__).parents[1]
SPECIMENS = ROOT / "tests" / "specimens" / "vietnamese_text"
UNITS = ROOT / "server" / "catalogues" / "units_succession_2025.csv"
FONTS = {Encoding.TCVN3: ".VnTime", Encoding.VNI: "VNI-Times", Encoding.VPS: "VPS Times", Encoding.VISCII: "VI Times"}
ENCODINGS = (*LEGACY, Encoding.COMBINING)
LENGTHS = (1, 2, 3, 5, 8, 15)
MOST = 2000
LANGUAGES = "fr de es pt pt_BR sv is cs nl it da nb hu pl tr fi ca ro gl eu sk sl hr et lv lt ga eo".split()  # noqa: SIM905 - a list of quoted codes reads worse
_CODE = re.compile(r"--|[_=\\{}|$%@#<>~&]|\w\(\)|://|\w\.\w")


def specimens() -> list[str]:
    """The texts that the detection was not built from."""
    files = sorted(SPECIMENS.glob("*.txt"))
    return [line for path in files for line in path.read_text(encoding="utf-8").splitlines()]


def pieces(texts: Iterable[str], words: int, most: int = MOST) -> list[str]:
    """Different pieces of so many words, in an order that is the same everywhere, at most ``most``."""
    found = set()
    for text in texts:
        split = text.split()
        starts = range(0, len(split) - words + 1, words)
        found |= {" ".join(split[start : start + words]) for start in starts}
    return sorted((text for text in found if not text.isascii()), key=_order)[:most]


def _order(text: str) -> bytes:
    return hashlib.sha1(text.encode(), usedforsecurity=False).digest()


def evidences(encoding: Encoding) -> dict[str, Callable[[str], Detection | None]]:
    """The ways of asking: with nothing else known, with the font, among neighbours."""
    ways: dict[str, Callable[[str], Detection | None]] = {"none": detect}
    if encoding in FONTS:
        ways["font"] = partial(detect, font=FONTS[encoding])
    if encoding is not Encoding.COMBINING:
        ways["column"] = partial(detect, expected=encoding)
    return ways


def outcome(found: Detection | None, text: str, encoding: Encoding) -> str:
    """``certain`` or ``doubtful`` where the reading is right but for capitals that the encoding has no codes for."""
    if found is None:
        return "missed"
    right = found.reading in (text, decode(encode(text, encoding), encoding))
    return found.certainty.value if right else f"wrong {found.certainty.value}"


def row(texts: list[str], words: int, encoding: Encoding) -> str:
    """One line of the table: share certain and share found (certain or asked), and how many were read wrongly."""
    written = {text: encode(text, encoding) for text in pieces(texts, words)}
    told = {text: shown for text, shown in written.items() if shown != text}
    cells = [encoding.value, str(words), str(len(told))]
    ways = evidences(encoding)
    for way in ("none", "font", "column"):
        if way not in ways:
            cells += ["–", "–"]
            continue
        counts = Counter(outcome(ways[way](shown), text, encoding) for text, shown in told.items())
        certain, found = counts["certain"], counts["certain"] + counts["doubtful"]
        wrong = counts["wrong certain"]
        cells += [_percent(certain, len(told)), _percent(found, len(told)) + (f" ({wrong} sai)" if wrong else "")]
    return "| " + " | ".join(cells) + " |"


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.2f}".replace(".", ",") if whole else "–"


def table(texts: list[str], encodings: Iterable[Encoding] = ENCODINGS) -> list[str]:
    """Encodings by number of words by evidence."""
    return [row(texts, words, encoding) for encoding in encodings for words in LENGTHS]


def headings(texts: list[str]) -> str:
    """Headings typed in small letters in a capitals font: the share restored exactly, capitals and all."""
    tall = [text for text in pieces(texts, 3) if encode(text, Encoding.TCVN3) != text]
    told = [(detect(encode(text.lower(), Encoding.TCVN3), ".VnTimeH"), text.upper()) for text in tall]
    right = sum(found is not None and found.reading == text for found, text in told)
    return f"| {len(tall)} | {_percent(right, len(tall))} |"


def unicode_texts(texts: list[str]) -> list[str]:
    """Unicode texts and their pieces down to single words, and the names of units."""
    with UNITS.open(encoding="utf-8", newline="") as lines:
        names = {cell for line in csv.reader(lines) for cell in line}
    parts = {part for words in LENGTHS for part in pieces([*texts, *names], words, most=10**9)}
    return sorted(parts | set(texts) | names)


def unharmed(texts: list[str]) -> Iterator[str]:
    """One line for each evidence: how many Unicode texts would be altered (certain), and how many asked about."""
    ways: dict[str, Callable[[str], Detection | None]] = {"không": detect}
    ways |= {f"phông {font}": partial(detect, font=font) for font in FONTS.values()}
    ways |= {f"cột {one.value}": partial(detect, expected=one) for one in LEGACY}
    for name, way in ways.items():
        found = Counter(item.certainty for text in texts if (item := way(text)) is not None)
        yield f"| {name} | {len(texts)} | {found[Certainty.CERTAIN]} | {found[Certainty.DOUBTFUL]} |"


def installed(folder: Path) -> list[str]:
    """The messages of every program translated, without those that hold code."""
    texts = set()
    for path in folder.glob("LC_MESSAGES/*.mo"):
        try:
            with path.open("rb") as catalogue:
                messages = vars(gettext.GNUTranslations(catalogue))["_catalog"]
        except UnicodeDecodeError:
            # A few old catalogues are not in the character set that they name.
            continue
        texts |= {line.strip() for original, text in messages.items() if original for line in str(text).splitlines()}
    composed = (unicodedata.normalize("NFC", text) for text in texts)
    return sorted(text for text in composed if text and not text.isascii() and not _CODE.search(text))


def speed(texts: list[str]) -> str:
    """Microseconds a text takes the first time: Unicode, plain, and TCVN3."""
    plain = [text.encode("ascii", "ignore").decode() for text in texts]
    legacy = [encode(text, Encoding.TCVN3) for text in texts]
    cells = []
    for kind in (texts, plain, legacy, legacy):
        start = time.process_time()
        for text in kind:
            detect(text)
        cells.append(f"{1e6 * (time.process_time() - start) / len(kind):.1f}".replace(".", ","))
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    """Print the tables."""
    detect("Céng hoµ")
    texts = specimens()
    print(speed(texts), *table(texts), headings(texts), *unharmed(unicode_texts(texts)), sep="\n")
    if "--installed" in sys.argv:
        vietnamese = installed(Path("/usr/lib/libreoffice/program/resource/vi"))
        print(f"\n{len(vietnamese)}", *table(vietnamese), *unharmed(unicode_texts(vietnamese)), sep="\n")
        foreign = [text for code in LANGUAGES for text in installed(Path("/usr/share/locale") / code)]
        words = {word for text in foreign for word in re.findall(r"\w+", text) if not word.isascii()}
        print(f"\n{len(foreign)}", next(unharmed([*foreign, *words])), sep="\n")


if __name__ == "__main__":
    main()
