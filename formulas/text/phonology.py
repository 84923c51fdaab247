"""Every syllable that Vietnamese spelling allows, made by rule: onset, rime, tone."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import cache

_TONES = ("", "\u0300", "\u0309", "\u0303", "\u0301", "\u0323")
_STOP_TONES = ("\u0301", "\u0323")
_VOWELS = frozenset("aăâeêioôơuưy")
_MARKED_VOWELS = frozenset("ăâêôơư")
_BEFORE_FRONT = ("k", "gh", "ngh")
_BEFORE_BACK = ("c", "g", "ng")
_ANYWHERE = ("", "b", "ch", "d", "đ", "h", "kh", "l", "m", "n", "nh", "p", "ph", "r", "s", "t", "th", "tr", "v", "x")
_RIMES = """
    a ac ach ai am an ang anh ao ap at au ay ăc ăm ăn ăng ăp ăt âc âm ân âng âp ât âu ây
    e ec em en eng eo ep et ê êch êm ên ênh êp êt êu
    i ia ich iêc iêm iên iêng iêp iêt iêu im in inh ip it iu y yêm yên yêng yêt yêu
    o oa oac oach oai oam oan oang oanh oao oap oat oay oăc oăm oăn oăng oăt oc oe oen oeo oet oi om on ong oong op ot
    ô ôc ôi ôm ôn ông ôp ôt ơ ơi ơm ơn ơp ơt
    u ua uân uâng uât uây uc uê uêch uên uênh uêu ui um un ung uôc uôi uôm uôn uông uôt uơ up ut
    uy uya uych uyên uyêt uyn uynh uyp uyt uyu
    ư ưa ưc ưi ưm ưn ưng ươc ươi ươm ươn ương ươp ươt ươu ưt ưu
""".split()  # noqa: SIM905 - a list of two hundred quoted syllables reads worse
_RIMES_AFTER_QU = """
    a ac ach ai an ang anh ao at au ay ăc ăm ăn ăng ăp ăt âc ân âng ât ây e en eo et ê ên ênh êt i iêt inh it ôc ơ ơi
    y ych yên yêt ynh yp yt
""".split()  # noqa: SIM905 - a list of two hundred quoted syllables reads worse
_RIMES_AFTER_GI = ("", "êng", "êt", "êc", "m", "n", "p")


def _tone_places(rime: str) -> tuple[int, ...]:
    """Where the tone mark may stand; both the old and the new school for oa, oe, uy."""
    vowels = [place for place, letter in enumerate(rime) if letter in _VOWELS]
    marked = [place for place in vowels if rime[place] in _MARKED_VOWELS]
    if marked:
        return (marked[-1],)
    if len(vowels) == 1:
        return (vowels[0],)
    if len(vowels) == 3:
        return (vowels[1],)
    if vowels[-1] != len(rime) - 1:
        return (vowels[-1],)
    return tuple(vowels) if rime in ("oa", "oe", "uy") else (vowels[0],)


def _toned(rime: str) -> Iterator[str]:
    tones = _STOP_TONES if rime.endswith(("c", "ch", "p", "t")) else _TONES
    for tone in tones:
        for place in _tone_places(rime):
            yield rime[: place + 1] + tone + rime[place + 1 :]


def _spellings() -> Iterator[tuple[str, str]]:
    for rime in _RIMES:
        onsets = _ANYWHERE + (_BEFORE_FRONT if rime[0] in "eêiy" else _BEFORE_BACK)
        yield from ((onset, rime) for onset in onsets if not (onset and rime.startswith("yê")))
        if rime[0] not in "eêiy":
            yield "gi", rime
    yield from (("qu", rime) for rime in _RIMES_AFTER_QU)
    # In gì, gìn, giếng the i is the end of the onset and a vowel at once.
    yield from (("g", "i" + rime) for rime in _RIMES_AFTER_GI)


@cache
def valid_syllables() -> frozenset[str]:
    """All well-formed syllables, lower case, NFC: about eighteen thousand, of which a third are in use."""
    return frozenset(
        unicodedata.normalize("NFC", onset + toned) for onset, rime in _spellings() for toned in _toned(rime)
    )
