"""Signed files damaged by chance, and what must hold of each: never valid, never an error, always an end.

A case is a seed and a number, so that it can be made again; it is shrunk to the fewest changes that still fail.
Run for longer as ``python -m tests.signing.fuzzing --seconds 600 --seed 7``.
"""

from __future__ import annotations

import argparse
import random
import re
import signal
import sys
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from types import FrameType

from asn1crypto import x509 as asn1_x509  # type: ignore[import-untyped]  # has no stubs
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from lxml import etree

from signing.layout import FOLDER, ORIGIN_RELATIONSHIP
from signing.reading import read_signature
from signing.sign import sign_package
from signing.trust import Trust
from signing.verdict import Outcome
from signing.verify import verify_package
from signing.xml import MDSSI, OFFICE, RELATIONSHIPS, XADES, serialise
from tests.signing.authorities import NOW, Authorities, Holder, create_authorities
from tests.signing.tampering import (
    CONTENT_TYPES,
    SIGNATURE,
    a_clock,
    changed,
    parts_of,
    rebuilt,
    resigned,
    signed_elsewhere,
    stamped,
    with_types,
)
from tests.workbooks.building import a_workbook
from workbooks.package import open_package

# Seconds of the processor that one verification may take; honest ones take some thousandths.
HARD_LIMIT = 20
MOST_CHANGES = 3
UNSIGNED = re.compile(rb"<xd:UnsignedProperties>.*?</xd:UnsignedProperties>")
_TOKENS = (
    *(b"<", b">", b"/>", b'"', b"&amp;", b"&#0;", b"<!--x-->", b"<?x y?>", b"<!DOCTYPE x>", b"<![CDATA[", b"]]>"),
    *(b"\0", b"\xef\xbb\xbf", b"\xff\xfe", b"\xed\xa0\x80", b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"PK\x06\x06"),
    *(b' Id="rId1"', b' xmlns:a="urn:a"', b' xml:lang="vi"', b"\r\n", b"%2e", b"..", b"9" * 5000, b"A" * 70_000),
)
_VALUES = (
    *("", " ", "rId1", "/", "..", "#", "#idPackageObject", "idPackageObject", "External", "\N{KELVIN SIGN}", "0", "-1"),
    *("9" * 5000, "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59Z", "/xl/workbook.xml", "/_xmlsignatures/sig1.xml"),
    *("http://www.w3.org/2000/09/xmldsig#sha1", "urn:x", "AA==", "A", "\N{LATIN SMALL LETTER E WITH ACUTE}", "\t"),
)
_NAMES = (
    *("xl/a.xml", "xl/_rels/.rels", "xl/_RELS/workbook.xml.rels", "xl/worksheets/_rels/sheet1.xml.RELS", "a", "A.XML"),
    *("_xmlsignatures/a.xml", "_xmlsignatures/sig2.xml", "_XMLSIGNATURES/origin.sigs", "docProps/core.xml", "../a.xml"),
    *("xl/workbook.xml/a.xml", "[content_types].xml", "xl/worksheets/_rels/sheet2.xml.rels", "_rels/a.xml.rels"),
)


class HangsError(Exception):
    """A verification that did not end."""


@dataclass(frozen=True)
class Base:
    """A file that is valid, and who could sign it again.

    Attributes:
        strict: it was signed here, so that each byte of each part counts.
    """

    name: str
    data: bytes
    holder: Holder
    strict: bool

    @cached_property
    def parts(self) -> dict[str, bytes]:
        return parts_of(self.data)


@dataclass(frozen=True)
class World:
    """The files that are damaged, the trust in their signers, and who issued their certificates."""

    bases: tuple[Base, ...]
    trust: Trust
    issuer: Holder

    @classmethod
    def of(cls, workbook: bytes, authorities: Authorities) -> World:
        one, two = authorities.officer("Một"), authorities.officer("Hai")
        signed = sign_package(workbook, one, at=NOW)
        other = sign_package(a_workbook(lambda sheet: sheet.append(["Khác", 5])), one, at=NOW)
        bases = (
            Base("signed here", signed, one, strict=True),
            Base("signed elsewhere", signed_elsewhere(signed, one), one, strict=False),
            Base("signed twice", sign_package(signed, two, at=NOW), one, strict=True),
            Base("stamped", stamped(signed, a_clock(authorities.issuing)), one, strict=True),
            Base("another workbook", other, one, strict=True),
        )
        return cls(bases, authorities.trust(), authorities.issuing)


@dataclass(frozen=True)
class Change:
    """One change: a way of damaging, and the chance that it takes its choices from."""

    way: str
    seed: str


@dataclass(frozen=True)
class Failure:
    """What did not hold, and the fewest changes that show it."""

    base: str
    changes: tuple[Change, ...]
    problem: str

    def __str__(self) -> str:
        return (
            f"{self.problem}\n  base: {self.base}\n  changes: {[(change.way, change.seed) for change in self.changes]}"
        )


# --- bytes


def _mangled(data: bytes, chance: random.Random, others: tuple[bytes, ...]) -> bytes:
    """Bytes with one flipped, cut out, doubled, moved, or put in from elsewhere."""
    at = chance.randrange(len(data) + 1)
    length = chance.choice((1, 2, 4, 16, 64, 1024))
    deed = chance.randrange(6)
    if deed == 0 and at < len(data):
        return data[:at] + bytes([data[at] ^ chance.randrange(1, 256)]) + data[at + 1 :]
    if deed == 1:
        return data[:at] + data[at + length :]
    if deed == 2:
        return data[:at] + data[at : at + length] * 2 + data[at + length :]
    if deed == 3:
        return data[:at] + chance.choice(_TOKENS) + data[at + chance.choice((0, length)) :]
    if deed == 4:
        other = chance.choice(others)
        start = chance.randrange(len(other) + 1)
        return data[:at] + other[start : start + length] + data[at + chance.choice((0, length)) :]
    return data[:at] if chance.random() < 0.2 else data[:at] + data[at + length :] + data[at : at + length]


def in_the_file(data: bytes, chance: random.Random, world: World, base: Base) -> bytes:
    return _mangled(data, chance, tuple(item.data for item in world.bases))


def in_a_part(data: bytes, chance: random.Random, world: World, base: Base) -> bytes:
    """Bytes of a part, which is then zipped in good order."""
    parts = parts_of(data)
    # What no digest covers is worth most of the trouble.
    name = chance.choice([*parts, *(part for part in parts if part.endswith(".rels") or "sig" in part), CONTENT_TYPES])
    others = (*parts.values(), *world.bases[-1].parts.values())
    return rebuilt({**parts, name: _mangled(parts[name], chance, others)})


# --- trees


def _remove(root: etree._Element, element: etree._Element, chance: random.Random) -> None:
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)


def _copy(root: etree._Element, element: etree._Element, chance: random.Random) -> None:
    place = chance.choice(list(root.iter()))
    place.insert(chance.randrange(len(place) + 1), etree.fromstring(etree.tostring(element, with_tail=False)))


def _move(root: etree._Element, element: etree._Element, chance: random.Random) -> None:
    place = chance.choice(list(root.iter()))
    if element is not root and place not in element.iter():
        place.insert(chance.randrange(len(place) + 1), element)


def _set_attribute(root: etree._Element, element: etree._Element, chance: random.Random) -> None:
    every = [(str(name), str(value)) for item in root.iter() for name, value in item.attrib.items()]
    name = chance.choice([*(name for name, _ in every), "Id", "Type", "URI", "Note", "{urn:x}URI", "TargetMode"])
    element.set(name, chance.choice([*(value for _, value in every), *_VALUES]))


def _change_attribute(root: etree._Element, element: etree._Element, chance: random.Random) -> None:
    if element.attrib:
        name = chance.choice(list(element.attrib))
        every = [str(value) for item in root.iter() for value in item.attrib.values()]
        element.set(name, chance.choice([*every, *_VALUES, str(element.get(name)).upper(), f"{element.get(name)} "]))


def _drop_attribute(root: etree._Element, element: etree._Element, chance: random.Random) -> None:
    if element.attrib:
        del element.attrib[chance.choice(list(element.attrib))]


def _rename(root: etree._Element, element: etree._Element, chance: random.Random) -> None:
    space = chance.choice((XADES, OFFICE, MDSSI, RELATIONSHIPS, "urn:x"))
    element.tag = chance.choice([chance.choice(list(root.iter())).tag, f"{{{space}}}{etree.QName(element).localname}"])


def _write(root: etree._Element, element: etree._Element, chance: random.Random) -> None:
    texts = [item.text for item in root.iter() if item.text]
    element.text = chance.choice([*texts, *_VALUES, *(f"{text} " for text in texts)])


_TREE_DEEDS = (_remove, _copy, _move, _set_attribute, _change_attribute, _drop_attribute, _rename, _write)


def _tree_changed(xml: bytes, chance: random.Random) -> bytes:
    try:
        root = etree.fromstring(xml)
        for _ in range(chance.choice((1, 1, 2))):
            chance.choice(_TREE_DEEDS)(root, chance.choice(list(root.iter(etree.Element))), chance)
        return serialise(root)
    except (etree.XMLSyntaxError, ValueError):
        return xml  # damaged before, or not to be written as XML at all


def in_a_tree(data: bytes, chance: random.Random, world: World, base: Base) -> bytes:
    """Elements and attributes of a part, which stays well-formed."""
    parts = parts_of(data)
    names = [name for name in parts if name.endswith(".rels") or name == CONTENT_TYPES]
    signatures = [name for name in parts if name.startswith("_xmlsignatures/sig")]
    name = chance.choice([*names, *signatures * 3]) if names or signatures else CONTENT_TYPES
    return changed(data, {name: _tree_changed(parts.get(name, b""), chance)})


def by_the_signer(data: bytes, chance: random.Random, world: World, base: Base) -> bytes:
    """The signature part changed as a tree and signed again by the holder of the key."""
    xml = _tree_changed(parts_of(data).get(SIGNATURE, b""), chance)
    try:
        return changed(data, {SIGNATURE: resigned(xml, base.holder)})
    except (etree.LxmlError, IndexError, ValueError, AttributeError, TypeError):
        return changed(data, {SIGNATURE: xml})  # too far gone to be signed


# --- certificates and time stamps


def in_the_der(data: bytes, chance: random.Random, world: World, base: Base) -> bytes:
    """Bytes of a certificate or a time stamp; at times a certificate is signed anew by the one who issued it."""
    root = etree.fromstring(parts_of(data)[SIGNATURE])
    found = root.xpath("//*[local-name()='X509Certificate' or starts-with(local-name(), 'Encapsulated')]")
    element = chance.choice([*found, *found[:1] * 2])
    encoded = b64decode(element.text or "")
    encoded = _der_changed(encoded, chance)
    if chance.random() < 0.7:
        encoded = _issued_anew(encoded, world.issuer)
    element.text = b64encode(encoded).decode()
    return changed(data, {SIGNATURE: serialise(root)})


def _der_changed(encoded: bytes, chance: random.Random) -> bytes:
    """Mostly a value changed within its length, so that the rest can still be read."""
    if chance.random() < 0.2:
        return _mangled(encoded, chance, (encoded,))
    at, length = chance.randrange(len(encoded)), chance.choice((1, 1, 1, 2, 3, 8))
    by = chance.choice((b"\0", b"\xff", b"\x80", b"\x30", b"\x02", b"\x06", bytes([chance.randrange(256)])))
    return encoded[:at] + (by * length)[: len(encoded) - at] + encoded[at + length :]


def _issued_anew(encoded: bytes, issuer: Holder) -> bytes:
    try:
        certificate = asn1_x509.Certificate.load(encoded)
        signature = issuer.key.sign(certificate["tbs_certificate"].dump(), ec.ECDSA(hashes.SHA256()))  # type: ignore[call-arg, arg-type]  # the authorities of the tests have EC keys
        certificate["signature_value"] = signature
        made: bytes = certificate.dump()
    except (ValueError, TypeError, KeyError):
        return encoded
    return made


# --- packages


def in_the_package(data: bytes, chance: random.Random, world: World, base: Base) -> bytes:
    """Parts renamed, removed, added, swapped or taken from another file; often declared as they should be."""
    parts = parts_of(data)
    one, two = chance.choice(list(parts)), chance.choice(list(parts))
    deed = chance.randrange(6)
    if deed == 0:
        parts[chance.choice(_NAMES)] = parts.pop(one)
    elif deed == 1:
        del parts[one]
    elif deed == 2:
        parts[chance.choice(_NAMES)] = parts[one]
    elif deed == 3:
        parts[one], parts[two] = parts[two], parts[one]
    elif deed == 4:
        other = chance.choice(world.bases).parts
        name = chance.choice(list(other))
        parts[name] = other[name]
    else:
        parts[chance.choice(_NAMES)] = chance.choice((b"", b"<a/>", parts[one]))
    return _zipped_well(parts) if chance.random() < 0.7 else rebuilt(parts)


def _zipped_well(parts: Mapping[str, bytes]) -> bytes:
    try:
        return with_types(parts)
    except (KeyError, etree.XMLSyntaxError):
        return rebuilt(parts)


Way = Callable[[bytes, random.Random, World, Base], bytes]
_ALL: tuple[Way, ...] = (in_the_file, in_a_part, in_a_tree, by_the_signer, in_the_der, in_the_package)
WAYS = {way.__name__: way for way in _ALL}


# --- what must hold


@contextmanager
def _watched() -> Iterator[None]:
    """Raises HangsError after so much time of the processor. (The other timer is the test runner's.)"""

    def stop(number: int, frame: FrameType | None) -> None:
        raise HangsError(f"no end after {HARD_LIMIT} s")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, HARD_LIMIT)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def damaged(base: Base, changes: tuple[Change, ...], world: World) -> bytes:
    """The file after the changes; those that a damaged archive does not allow are passed over."""
    data = base.data
    for change in changes:
        try:
            data = WAYS[change.way](data, random.Random(change.seed), world, base)  # noqa: S311 - a test that repeats itself
        except Exception:  # noqa: BLE001, S112 - zipfile meets broken archives here and says so in many ways
            continue
    return data


def problem_of(base: Base, changes: tuple[Change, ...], world: World) -> str:
    """What does not hold of the damaged file, or ``""``."""
    data = damaged(base, changes, world)
    try:
        with _watched():
            verdict = verify_package(data, world.trust, now=NOW)
    except Exception as problem:  # noqa: BLE001 - that is what is looked for
        return f"raised {type(problem).__name__}: {str(problem)[:200]}"
    if verdict.outcome is Outcome.INVALID:
        return "" if verdict.findings else "invalid without a finding"
    if any(change.way == "by_the_signer" for change in changes):
        return _holds_everything(data, world)
    return "" if means_the_same(data, world) else f"{verdict.outcome} though it means something else"


def _holds_everything(data: bytes, world: World) -> str:
    """Of what the holder of the key signed, whatever it is: no part outside, no part that may still change."""
    for name, content in parts_of(data).items():
        if name.lower().startswith(FOLDER[1:]) or not content:
            continue
        at = len(content) // 2
        other = changed(data, {name: content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]})
        if verify_package(other, world.trust, now=NOW).outcome is not Outcome.INVALID:
            return f"what was signed leaves {name} open"
    return ""


def means_the_same(data: bytes, world: World) -> bool:
    """Whether a file says what a base says: byte for byte, or where others signed, in what digests and rules hold."""
    parts = _signed_part_of(parts_of(data))
    if any(parts == _signed_part_of(base.parts) for base in world.bases):
        return True
    return any(_meaning(data) == _meaning(base.data) for base in world.bases if not base.strict)


def _signed_part_of(parts: Mapping[str, bytes]) -> dict[str, bytes]:
    """The parts without what nobody signs in signatures: certificates of issuers and time stamps may be taken away."""
    return {
        name: UNSIGNED.sub(b"", content) if name.startswith(FOLDER[1:]) else content for name, content in parts.items()
    }


def _meaning(data: bytes) -> object:
    package = open_package(data)
    parts = {name: package.content_type(name) for name in package.parts}
    plain = [name for name in parts if not name.startswith(FOLDER)]
    contents = {name: package.part(name) for name in plain if not name.endswith(".rels")}
    # Nobody signs what leads to the signatures, and whoever adds one may write it anew.
    related = {
        item for source in ("/", *plain) for item in package.relationships(source) if item.type != ORIGIN_RELATIONSHIP
    }
    signature = read_signature(package.part(f"/{SIGNATURE}"))
    signed = (signature.signed_info, signature.value, signature.certificate, signature.objects, signature.manifest)
    return parts, contents, related, signed


# --- the run


def changes_of(seed: int, number: int, ways: tuple[str, ...]) -> tuple[Change, ...]:
    """The changes of one case."""
    chance = random.Random(f"{seed}:{number}")  # noqa: S311 - a test that repeats itself
    count = chance.choice((1, 1, 1, 2, MOST_CHANGES))
    return tuple(Change(chance.choice(ways), f"{seed}:{number}:{place}") for place in range(count))


def shrunk(base: Base, changes: tuple[Change, ...], world: World) -> tuple[Change, ...]:
    """The fewest changes that still show a problem."""
    for place in range(len(changes)):
        fewer = changes[:place] + changes[place + 1 :]
        if fewer and problem_of(base, fewer, world):
            return shrunk(base, fewer, world)
    return changes


def failures(world: World, seed: int, numbers: Iterator[int] | range, ways: tuple[str, ...]) -> Iterator[Failure]:
    """Every case of a seed that shows a problem, shrunk."""
    for number in numbers:
        base = world.bases[number % len(world.bases)]
        changes = changes_of(seed, number, ways)
        if problem_of(base, changes, world):
            fewest = shrunk(base, changes, world)
            yield Failure(base.name, fewest, problem_of(base, fewest, world))


def until(moment: float) -> Iterator[int]:
    """Numbers, as long as there is time."""
    number = 0
    while time.monotonic() < moment:
        yield number
        number += 1
    sys.stderr.write(f"{number} cases\n")


def main() -> int:
    """Fuzz for a while; 1 where something was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    world = World.of(a_workbook(lambda sheet: sheet.append(["Xã", 1, 2, "=B1+C1"])), create_authorities())
    found = 0
    for failure in failures(world, options.seed, until(time.monotonic() + options.seconds), tuple(WAYS)):
        sys.stdout.write(f"{failure}\n")
        sys.stdout.flush()
        found += 1
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
