"""Files that must be refused, each made from a signed one, each with the very codes that tell what was done to it.

What other tests of this package prove already is not written again: docs/developers/hard-cases.md lists every case,
what other programs say of it, our code, and the test that proves it.
"""

from __future__ import annotations

import ast
import io
import re
import struct
import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.sax.saxutils import escape

import openpyxl
import pytest
from asn1crypto import keys as asn1_keys  # type: ignore[import-untyped]  # has no stubs
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from lxml import etree

from signing.algorithms import digest
from signing.document import Details
from signing.errors import NotSignableError
from signing.exact import origin_relationships
from signing.findings import FINDING_KINDS
from signing.layout import ORIGIN_RELS, RELS_TYPE, SIGNATURE_TYPE
from signing.sign import attach_signature, sign_package
from signing.trust import Trust
from signing.verdict import Outcome, StampStatus
from signing.verify import verify_package
from signing.xml import DSIG, XADES, serialise
from tests.signing.authorities import NOW, Authorities, Holder, a_certificate, a_name, rsa_key
from tests.signing.tampering import (
    CONTENT_TYPES,
    SHEET,
    SIGNATURE,
    Change,
    a_clock,
    changed,
    first,
    parts_of,
    rebuilt,
    replaced,
    signed_elsewhere,
    stamped,
    with_resigned_tree,
    with_tree,
    with_types,
)
from tests.workbooks.building import RawEntry, raw_zip, zipped
from workbooks.errors import WorkbookError
from workbooks.workbook import open_workbook

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "docs" / "developers" / "hard-cases.md"
SECOND = "xl/worksheets/sheet2.xml"
RELS = "xl/_rels/workbook.xml.rels"
ORIGIN = "_xmlsignatures/_rels/origin.sigs.rels"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
SPREADSHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml"
PROPERTIES_TYPE = "application/vnd.openxmlformats-officedocument.custom-properties+xml"
P256 = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
DAY = timedelta(days=1)


@dataclass(frozen=True)
class World:
    """Who signs, whom we trust, and a workbook of theirs: signed here, and as another program would have signed it."""

    workbook: bytes
    signed: bytes
    elsewhere: bytes
    officer: Holder
    authorities: Authorities


@dataclass(frozen=True)
class Case:
    """What was done, and the codes that must tell of it."""

    name: str
    make: Callable[[World], bytes]
    codes: str


@pytest.fixture(scope="module")
def world(workbook: bytes, signed: bytes, officer: Holder, authorities: Authorities) -> World:
    return World(workbook, signed, signed_elsewhere(signed, officer), officer, authorities)


def edit(path: str, **changes: str) -> Change:
    """A change of an element: of its ``text``, or of attributes."""

    def change(root: etree._Element) -> None:
        element = first(root, path)
        for name, value in changes.items():
            if name == "text":
                element.text = value
            else:
                element.set(name, value)

    return change


def outsider(change: Change) -> Callable[[World], bytes]:
    """Changed by somebody without the key, in a file that was signed here."""
    return lambda world: with_tree(world.signed, change)


def signer(change: Change) -> Callable[[World], bytes]:
    """Signed so by the holder of the key, with another program."""
    return lambda world: with_resigned_tree(world.elsewhere, change, world.officer)


def rewritten(part: str, change: Callable[[bytes], bytes]) -> Callable[[World], bytes]:
    """Bytes of a part changed by somebody without the key."""

    def make(world: World) -> bytes:
        content = parts_of(world.signed)[part]
        assert change(content) != content
        return changed(world.signed, {part: change(content)})

    return make


def within(part: str, old: str, new: str) -> Callable[[World], bytes]:
    """A text replaced in a part by somebody without the key."""
    return lambda world: replaced(world.signed, part, old, new)


def added(name: str, content: bytes = b"<a/>", kind: str = "application/xml") -> Callable[[World], bytes]:
    """A part added in the very way in which it would have been written here."""
    return lambda world: with_types({**parts_of(world.signed), name: content}, {name: kind})


def zipped_with(**fields: object) -> Callable[[World], bytes]:
    """Zipped again, one header telling something else in both places; ``local_…`` in the local one only."""
    return lambda world: zipped_by_hand(world.signed, **fields)


def zipped_by_hand(data: bytes, **fields: object) -> bytes:
    entries = []
    for name, content in parts_of(data).items():
        entry = RawEntry(name, content, method=8 if content else 0)
        if name == SHEET:
            for field, value in fields.items():
                if field.startswith("local_"):
                    entry.local[field.removeprefix("local_")] = value
                else:
                    entry.both(**{field: value})
        entries.append(entry)
    return raw_zip(entries)


def relationships(*items: tuple[str, str, str]) -> bytes:
    """A part of relationships, written as here: identifier, last segment of the type, target."""
    root = etree.Element(
        "{http://schemas.openxmlformats.org/package/2006/relationships}Relationships",
        nsmap={None: "http://schemas.openxmlformats.org/package/2006/relationships"},  # type: ignore[dict-item]  # lxml takes None for the default
    )
    for identifier, kind, target in items:
        etree.SubElement(
            root, f"{{{root.nsmap[None]}}}Relationship", Id=identifier, Type=f"{OFFICE}/{kind}", Target=target
        )
    return serialise(root)


# --- parts and relationships


def swapped_parts(world: World) -> bytes:
    parts = parts_of(world.signed)
    return changed(world.signed, {SHEET: parts[SECOND], SECOND: parts[SHEET]})


def swapped_names(content: bytes) -> bytes:
    one, two = "Biểu 01".encode(), "Thuyết minh".encode()
    return content.replace(one, b"@").replace(two, one).replace(b"@", two)


def swapped_identifiers(content: bytes) -> bytes:
    return content.replace(b'"rId1"', b'"@"').replace(b'"rId2"', b'"rId1"').replace(b'"@"', b'"rId2"')


def in_another_order(content: bytes) -> bytes:
    root = etree.fromstring(content)
    root.insert(0, root[1])
    return serialise(root)


def under_a_prefix(content: bytes) -> bytes:
    prefixed = content.replace(b"<Relationship", b"<p:Relationship").replace(b"</Relationship", b"</p:Relationship")
    return prefixed.replace(b"xmlns=", b"xmlns:p=")


def shared_comments(world: World) -> tuple[tuple[str, str, str], ...]:
    name = next(name for name in parts_of(world.signed) if "comment" in name and name.endswith(".xml"))
    return (("rId1", "comments", f"/{name}"),)


def a_second_relationship_part(name: str) -> Callable[[World], bytes]:
    """The second sheet shows the remarks of the first: every part that is related was signed."""
    return lambda world: with_types(
        {**parts_of(world.signed), name: relationships(*shared_comments(world))}, {name: RELS_TYPE}
    )


def twice_related(world: World) -> bytes:
    return replaced(
        world.signed,
        RELS,
        "</Relationships>",
        f'<Relationship Id="rId1" Type="{OFFICE}/theme" Target="theme/theme1.xml"/></Relationships>',
    )


def without_first_of_two(world: World) -> bytes:
    both = sign_package(world.signed, world.authorities.officer("Trần Thị Hai"), at=NOW)
    parts = parts_of(both)
    parts[SIGNATURE] = parts.pop("_xmlsignatures/sig2.xml")
    parts[ORIGIN] = parts_of(world.signed)[ORIGIN]
    return with_types(parts)


def second_a_copy_of_the_first(world: World) -> bytes:
    both = parts_of(sign_package(world.signed, world.authorities.officer("Trần Thị Hai"), at=NOW))
    return changed(rebuilt(both), {"_xmlsignatures/sig2.xml": both[SIGNATURE]})


def second_that_knows_nothing_of_the_first(world: World) -> bytes:
    """Signed by another, over the same workbook, before the first signature was there."""
    alone = sign_package(world.workbook, world.authorities.officer("Trần Thị Hai"), at=NOW)
    both = sign_package(world.signed, world.authorities.officer("Lê Văn Ba"), at=NOW)
    return changed(both, {"_xmlsignatures/sig2.xml": parts_of(alone)[SIGNATURE]})


def by_another_signer_of_another_workbook(world: World) -> bytes:
    buffer = io.BytesIO()
    openpyxl.Workbook().save(buffer)
    other = sign_package(buffer.getvalue(), world.authorities.officer("Trần Thị Hai"), at=NOW)
    return changed(world.signed, {SIGNATURE: parts_of(other)[SIGNATURE]})


def origin_declared_otherwise(world: World) -> bytes:
    return with_types(parts_of(world.signed), {ORIGIN_RELS[1:]: "application/xml"})


def declared_elsewhere(world: World, name: str) -> bytes:
    """A second declaration for the workbook, in a file that another program signed."""
    kind = "application/vnd.ms-excel.sheet.macroEnabled.main+xml"
    return replaced(
        world.elsewhere, CONTENT_TYPES, "</Types>", f'<Override PartName="{name}" ContentType="{kind}"/></Types>'
    )


PACKAGE_CASES = (
    Case("contents of two sheets swapped", swapped_parts, "BS210"),
    Case("names of two sheets swapped", rewritten("xl/workbook.xml", swapped_names), "BS210"),
    Case("targets of two sheets swapped by their identifiers", rewritten(RELS, swapped_identifiers), "BS213"),
    Case("a relationship renamed", within(RELS, '"rId2"', '"rId22"'), "BS213 BS214"),
    Case("a relationship of another type", within(RELS, "relationships/theme", "relationships/themes"), "BS213"),
    Case(
        "an outside link turned inside",
        within("xl/worksheets/_rels/sheet1.xml.rels", ' TargetMode="External"', ""),
        "BS124",
    ),
    Case(
        "an outside mode spelled small",
        within("xl/worksheets/_rels/sheet1.xml.rels", '"External"', '"external"'),
        "BS124",
    ),
    Case("relationships in another order", rewritten(RELS, in_another_order), "BS218"),
    Case("a relationship twice", twice_related, "BS124"),
    Case(
        "a namespace declared in relationships",
        within(RELS, "<Relationship ", '<Relationship xmlns:a="urn:a" '),
        "BS218",
    ),
    Case(
        "a default written out in relationships",
        within(RELS, "<Relationship ", '<Relationship TargetMode="Internal" '),
        "BS218",
    ),
    Case("relationships under a prefix", rewritten(RELS, under_a_prefix), "BS218"),
    Case(
        "relationships added to a sheet that had none",
        a_second_relationship_part("xl/worksheets/_rels/sheet2.xml.rels"),
        "BS212 BS214",
    ),
    Case(
        "relationships added under a capital suffix",
        a_second_relationship_part("xl/worksheets/_rels/sheet2.xml.RELS"),
        "BS124",
    ),
    Case(
        "relationships added in a capital folder",
        a_second_relationship_part("xl/worksheets/_RELS/sheet2.xml.rels"),
        "BS124",
    ),
    Case(
        "relationships of the package added in a folder",
        lambda world: with_types({**parts_of(world.signed), "xl/_rels/.rels": parts_of(world.signed)["_rels/.rels"]}),
        "BS124",
    ),
    Case(
        "empty relationships added",
        lambda world: with_types({**parts_of(world.signed), "xl/worksheets/_rels/sheet2.xml.rels": relationships()}),
        "BS212",
    ),
    Case("a part added as here", added("xl/extra.xml"), "BS212"),
    Case(
        "a macro project added", added("xl/vbaProject.bin", b"macro", "application/vnd.ms-office.vbaProject"), "BS130"
    ),
    Case(
        "a workbook added as a picture",
        lambda world: added("xl/media/image1.png", world.workbook, "image/png")(world),
        "BS132",
    ),
    Case(
        "declared macro-enabled",
        within(CONTENT_TYPES, f"{SPREADSHEET}.sheet.main+xml", "application/vnd.ms-excel.sheet.macroEnabled.main+xml"),
        "BS130",
    ),
    Case(
        "a content type in capitals",
        within(CONTENT_TYPES, f"{SPREADSHEET}.styles+xml", f"{SPREADSHEET}.Styles+xml"),
        "BS215",
    ),
    Case(
        "a content type with a parameter",
        within(CONTENT_TYPES, f"{SPREADSHEET}.styles+xml", f"{SPREADSHEET}.styles+xml;a=b"),
        "BS215",
    ),
    Case(
        "a default where there was an override",
        within(
            CONTENT_TYPES,
            f'<Override PartName="/docProps/custom.xml" ContentType="{PROPERTIES_TYPE}"/>',
            f'<Default Extension="xml" ContentType="{PROPERTIES_TYPE}"/>',
        ),
        "BS218",
    ),
    Case(
        "a declaration of what is not there",
        within(CONTENT_TYPES, "</Types>", '<Override PartName="/xl/none.xml" ContentType="a/b"/></Types>'),
        "BS218",
    ),
    Case(
        "a declared name with a Kelvin sign",
        within(CONTENT_TYPES, "/xl/workbook.xml", "/xl/wor\N{KELVIN SIGN}book.xml"),
        "BS120",
    ),
    *(
        Case(f"a declared name {how}", lambda world, name=name: declared_elsewhere(world, name), "BS120")
        for how, name in {
            "with an escaped letter": "/xl/workbook%2Exml",
            "without its slash": "xl/workbook.xml",
            "that goes round about": "/xl/./workbook.xml",
        }.items()
    ),
    Case("the way to the signatures of another content type", origin_declared_otherwise, "BS217"),
    Case("the first of two signatures gone, the second in its place", without_first_of_two, "BS210"),
    Case("the second of two signatures a copy of the first", second_a_copy_of_the_first, "BS205"),
    Case("the second of two signatures replaced", second_that_knows_nothing_of_the_first, "BS212"),
    Case(
        "a signature of another signer from another workbook",
        by_another_signer_of_another_workbook,
        "BS210 BS212 BS213 BS214",
    ),
)


# --- the archive


def as_second_directory(world: World) -> bytes:
    """The end record of another archive in front of the true one."""
    other = zipped({"a.xml": "<a/>"})
    return world.signed[:-22] + other[-22:] + world.signed[-22:]


def with_long_lengths(*values: int) -> bytes:
    return struct.pack(f"<HH{len(values)}Q", 1, 8 * len(values), *values)


def with_tail(world: World) -> bytes:
    entries = [RawEntry(name, content, method=8 if content else 0) for name, content in parts_of(world.signed).items()]
    for entry in entries:
        if entry.raw_name == SHEET.encode():
            entry.packed += b"hidden"
            entry.both(packed=len(entry.packed))
    return raw_zip(entries)


def renamed(name: str) -> Callable[[World], bytes]:
    return lambda world: rebuilt(
        {(name if part == SHEET else part): value for part, value in parts_of(world.signed).items()}
    )


ARCHIVE_CASES = (
    Case("a bomb: a gigabyte declared", zipped_with(size=1 << 30), "BS105"),
    Case(
        "a bomb: the declared size lies",
        lambda world: zipped_by_hand(changed(world.signed, {SHEET: bytes(30_000_000)}), size=10),
        "BS113",
    ),
    Case(
        "a bomb: too many members",
        lambda world: rebuilt({**parts_of(world.signed), **{f"xl/a{n}.xml": b"" for n in range(4097)}}),
        "BS104",
    ),
    Case("a wrong checksum", zipped_with(crc=zlib.crc32(b"other")), "BS113"),
    Case("bytes after the end of a stream", with_tail, "BS113"),
    Case("an encrypted member", zipped_with(flags=1), "BS110"),
    Case("another way of compression", zipped_with(method=14), "BS111"),
    Case("another disk", zipped_with(disk=1), "BS112"),
    Case("two end records", as_second_directory, "BS109"),
    Case("a comment of the archive", lambda world: world.signed[:-2] + b"\x04\0note", "BS109"),
    Case("a long length that lies", zipped_with(extra=with_long_lengths(1, 1)), "BS114"),
    Case(
        "a second name in a Unicode field", zipped_with(extra=struct.pack("<HHBI", 0x7075, 9, 1, 0) + b"evil"), "BS106"
    ),
    Case("a local name that differs", zipped_with(local_name=b"xl/worksheets/sheet9.xml"), "BS108"),
    Case("a local size that differs", zipped_with(local_size=1), "BS108"),
    Case("a name with a full-width slash", renamed("xl%EF%BC%8Fsheet1.xml"), "BS106"),
    Case("a name with a Kelvin sign", renamed("xl/wor%E2%84%AAsheets/sheet1.xml"), "BS106"),
    Case("a name of a drive", renamed("C:/xl/sheet1.xml"), "BS106"),
    Case("an absolute name", renamed("/xl/worksheets/sheet1.xml"), "BS106"),
    Case("a name with escaped dots", renamed("xl/%2e%2e/sheet1.xml"), "BS106"),
    Case("a name with an escaped backslash", renamed("xl/worksheets%5csheet1.xml"), "BS106"),
    Case("a name with a letter beyond ASCII", renamed("xl/worksheets/shé.xml"), "BS106"),
)


# --- XML


def deep(open_tag: str, close_tag: str, depth: int = 20_000) -> str:
    return open_tag * depth + close_tag * depth


LAUGHS = "<!DOCTYPE x [<!ENTITY a 'ha'>" + "".join(
    f"<!ENTITY {chr(98 + n)} '{f'&{chr(97 + n)};' * 10}'>" for n in range(12)
)
DOCTYPES = {
    "billion laughs": f"{LAUGHS}]>",
    "an external entity": '<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
    "parameter entities": '<!DOCTYPE x [<!ENTITY % a SYSTEM "http://example.invalid/a">%a;]>',
    "an external subset": '<!DOCTYPE x SYSTEM "http://example.invalid/a">',
}


def with_prolog(part: str, prolog: str, encoding: str = "utf-8") -> Callable[[World], bytes]:
    def make(world: World) -> bytes:
        body = parts_of(world.signed)[part].decode().partition("?>")[2]
        return changed(
            world.signed, {part: f'<?xml version="1.0" encoding="{encoding}"?>{prolog}{body}'.encode(encoding)}
        )

    return make


XML_CASES = (
    *(Case(f"{name} in the signature", with_prolog(SIGNATURE, text), "BS204") for name, text in DOCTYPES.items()),
    *(Case(f"{name} in relationships", with_prolog(RELS, text), "BS122") for name, text in DOCTYPES.items()),
    *(Case(f"{name} in content types", with_prolog(CONTENT_TYPES, text), "BS122") for name, text in DOCTYPES.items()),
    *(Case(f"{name} in a sheet", with_prolog(SHEET, text), "BS210") for name, text in DOCTYPES.items()),
    Case("a doctype in UTF-16 in the signature", with_prolog(SIGNATURE, "<!DOCTYPE x>", "utf-16"), "BS204"),
    Case("a doctype in UTF-16 in relationships", with_prolog(RELS, "<!DOCTYPE x>", "utf-16"), "BS122"),
    Case(
        "UTF-16 without a word",
        lambda world: changed(
            world.elsewhere, {RELS: parts_of(world.elsewhere)[RELS].decode().partition("?>\n")[2].encode("utf-16")}
        ),
        "BS216 BS218",
    ),
    Case(
        "great depth in the signature",
        within(SIGNATURE, "<SignatureComments/>", f"<SignatureComments>{deep('<a>', '</a>')}</SignatureComments>"),
        "BS203",
    ),
    Case(
        "great depth in relationships",
        within(RELS, "</Relationships>", f"{deep('<a>', '</a>')}</Relationships>"),
        "BS123",
    ),
    Case(
        "great depth in a sheet",
        within(SHEET, "</worksheet>", f"<extLst>{deep('<ext>', '</ext>')}</extLst></worksheet>"),
        "BS210",
    ),
    Case(
        "an inclusion in the signature",
        within(
            SIGNATURE,
            "</KeyInfo>",
            '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/></KeyInfo>',
        ),
        "BS205",
    ),
    Case(
        "an inclusion in relationships",
        within(
            RELS,
            "</Relationships>",
            '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/></Relationships>',
        ),
        "BS124",
    ),
    Case("a style sheet in the signature", with_prolog(SIGNATURE, '<?xml-stylesheet href="a.xsl"?>'), "BS203"),
    Case("a style sheet in relationships", with_prolog(RELS, '<?xml-stylesheet href="a.xsl"?>'), "BS216 BS218"),
    Case("a style sheet in content types", with_prolog(CONTENT_TYPES, '<?xml-stylesheet href="a.xsl"?>'), "BS218"),
    Case(
        "an attribute of another namespace",
        within(RELS, "<Relationship ", '<Relationship xmlns:x="urn:x" x:Target="other.xml" '),
        "BS216 BS218",
    ),
    Case(
        "hosts of relationships",
        lambda world: with_types(
            {
                **parts_of(world.signed),
                "xl/worksheets/_rels/sheet2.xml.rels": relationships(
                    *((f"r{n}", "hyperlink", "#") for n in range(70_001))
                ),
            }
        ),
        "BS127",
    ),
)


# --- the signature part


def nameless(root: etree._Element) -> None:
    """Only the properties are referenced, by an empty name; the manifest has no name and no reference."""
    for path in ("d:Object[@Id='idPackageObject']", "//xd:SignedProperties"):
        del first(root, path).attrib["Id"]
    unsigned = first(root, "d:SignedInfo/d:Reference[@URI='#idPackageObject']")
    unsigned.getparent().remove(unsigned)
    first(root, "d:SignedInfo/d:Reference[@URI='#idSignedProperties']").set("URI", "#")


def without_own_name(root: etree._Element) -> None:
    del root.attrib["Id"]
    first(root, "//xd:QualifyingProperties").set("Target", "#None")


def renamed_signature(root: etree._Element) -> None:
    root.set("Id", "other")
    first(root, "//xd:QualifyingProperties").set("Target", "#other")


def objects_in_another_order(root: etree._Element) -> None:
    root.append(first(root, "d:Object"))


def attributes_in_another_order(root: etree._Element) -> None:
    reference = first(root, "d:SignedInfo/d:Reference")
    reference.set("Type", str(reference.attrib.pop("Type")))


def put(path: str, xml: str) -> Change:
    """A change that puts an element first into another."""
    return lambda root: first(root, path).insert(0, etree.fromstring(xml))


def hidden(name: str) -> Change:
    return put("//xd:UnsignedSignatureProperties", f'<xd:{name} xmlns:xd="{XADES}">Nội dung ẩn</xd:{name}>')


def renamespaced(uri: str) -> Change:
    def change(root: etree._Element) -> None:
        properties = first(root, "//xd:QualifyingProperties")
        text = etree.tostring(properties).decode().replace(XADES, uri)
        properties.getparent().replace(properties, etree.fromstring(text))

    return change


def key_value(modulus: bytes = b"\xc5" * 256, exponent: bytes = b"\3") -> str:
    one, two = (b64encode(number).decode() for number in (modulus, exponent))
    inside = f"<Modulus>{one}</Modulus><Exponent>{two}</Exponent>"
    return f'<KeyValue xmlns="{DSIG}"><RSAKeyValue>{inside}</RSAKeyValue></KeyValue>'


def ec_key_value(key: ec.EllipticCurvePublicKey, curve: str = "1.2.840.10045.3.1.7") -> str:
    point = b64encode(key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)).decode()
    inside = f'<NamedCurve URI="urn:oid:{curve}"/><PublicKey>{point}</PublicKey>'
    return f'<KeyValue xmlns="{DSIG}"><ECKeyValue xmlns="http://www.w3.org/2009/xmldsig11#">{inside}</ECKeyValue></KeyValue>'


def own_key_with_words() -> str:
    return key_value().replace("</RSAKeyValue>", "<Seed>a</Seed></RSAKeyValue>")


def hint(name: str, text: str) -> str:
    return f'<{name} xmlns="{DSIG}">{escape(text)}</{name}>'


def numbered(issuer: x509.Name, serial: int) -> str:
    inside = f"<X509IssuerName>{escape(issuer.rfc4514_string())}</X509IssuerName>"
    return f'<X509IssuerSerial xmlns="{DSIG}">{inside}<X509SerialNumber>{serial}</X509SerialNumber></X509IssuerSerial>'


def beside(path: str, make: Callable[[World], str]) -> Callable[[World], bytes]:
    """Put beside the certificate by somebody without the key, in a file that another program signed."""
    return lambda world: with_tree(world.elsewhere, put(path, make(world)))


def own_hints(world: World) -> Change:
    """Everything that programs write beside a certificate, of this very certificate."""
    own = world.officer.certificate
    identifier = own.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    key = own.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)

    def change(root: etree._Element) -> None:
        put("d:KeyInfo", ec_key_value(key))(root)
        put("d:KeyInfo", hint("KeyName", "Nguyễn Văn Thử"))(root)
        put("//d:X509Data", hint("X509SubjectName", own.subject.rfc4514_string()))(root)
        put("//d:X509Data", hint("X509SKI", b64encode(identifier).decode()))(root)
        put("//d:X509Data", numbered(own.issuer, own.serial_number))(root)

    return change


def test_what_agrees_with_the_certificate_beside_it_is_read(world: World, trust: Trust) -> None:
    verdict = verify_package(with_tree(world.elsewhere, own_hints(world)), trust, now=NOW)

    assert (verdict.outcome, verdict.findings) == (Outcome.VALID, ())


def a_second_x509_data(root: etree._Element) -> None:
    data = first(root, "d:KeyInfo/d:X509Data")
    data.addnext(etree.fromstring(etree.tostring(data)))


def another_serial(serial: str) -> str:
    issuer = f"<X509IssuerName>CN=A</X509IssuerName><X509SerialNumber>{serial}</X509SerialNumber>"
    return f'<X509IssuerSerial xmlns="{DSIG}">{issuer}</X509IssuerSerial>'


def not_canonical(root: etree._Element) -> None:
    """The same 32 bytes, with bits in the padding that no decoder looks at."""
    value = first(root, "//d:Manifest/d:Reference/d:DigestValue")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    text = str(value.text)
    value.text = text[:-2] + alphabet[alphabet.index(text[-2]) + 1] + "="


def many_references(root: etree._Element) -> None:
    manifest = first(root, "//d:Manifest")
    last = manifest[-1]
    for number in range(5000):
        more = etree.fromstring(etree.tostring(last))
        more.set("URI", f"/xl/a{number}.xml?ContentType=application/xml")
        manifest.append(more)


def many_sources(root: etree._Element) -> None:
    source = first(root, "//mdssi:RelationshipReference")
    for number in range(10_000):
        etree.SubElement(source.getparent(), source.tag, SourceId=f"rX{number}")


def a_source_twice(root: etree._Element) -> None:
    source = first(root, "//mdssi:RelationshipReference")
    source.addnext(etree.fromstring(etree.tostring(source)))


def a_source_in_capitals(root: etree._Element) -> None:
    source = first(root, "//mdssi:RelationshipReference")
    source.set("SourceId", source.get("SourceId", "").upper())


def numbers(change: Callable[[int, int], tuple[int, int]]) -> Change:
    def apply(root: etree._Element) -> None:
        value = first(root, "d:SignatureValue")
        raw = b64decode(value.text or "")
        pair = change(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
        value.text = b64encode(b"".join(number.to_bytes(32, "big") for number in pair)).decode()

    return apply


def value_as(change: Callable[[bytes], bytes]) -> Callable[[World], bytes]:
    """The value of an RSA signature written otherwise."""

    def make(world: World) -> bytes:
        signed = sign_package(world.workbook, world.authorities.officer(key=rsa_key()), at=NOW)
        value = first(etree.fromstring(parts_of(signed)[SIGNATURE]), "d:SignatureValue").text or ""
        return replaced(signed, SIGNATURE, value, b64encode(change(b64decode(value))).decode())

    return make


def last_uri(change: Callable[[str], str]) -> Change:
    def apply(root: etree._Element) -> None:
        reference = first(root, "//d:Manifest/d:Reference[last()]")
        reference.set("URI", change(reference.get("URI", "")))

    return apply


def bystander(change: Change) -> Callable[[World], bytes]:
    """Changed by somebody without the key, in a file that another program signed."""
    return lambda world: with_tree(world.elsewhere, change)


def spaced_out(path: str) -> Change:
    """A space that is none in XML, put into a value."""

    def change(root: etree._Element) -> None:
        value = first(root, path)
        value.text = f"{value.text[:8]}\u00a0{value.text[8:]}"

    return change


def behind(path: str, text: str) -> Change:
    return lambda root: setattr(first(root, path), "tail", text)


def many_roles(root: etree._Element) -> None:
    roles = "<xd:ClaimedRole>Kế toán</xd:ClaimedRole>" * 1000
    properties = first(root, "//xd:SignedSignatureProperties")
    properties.append(
        etree.fromstring(
            f'<xd:SignerRole xmlns:xd="{XADES}"><xd:ClaimedRoles>{roles}</xd:ClaimedRoles></xd:SignerRole>'
        )
    )


def with_picture(name: str, *, referenced: bool = True, content: str = "AQAAAGwAAAA=") -> Change:
    """A picture of the line that people sign on, as Office adds it beside the other objects."""

    def add(root: etree._Element) -> None:
        root.append(etree.fromstring(f'<Object xmlns="{DSIG}" Id="{name}">{content}</Object>'))
        if referenced:
            reference = etree.fromstring(etree.tostring(first(root, "d:SignedInfo/d:Reference")))
            reference.set("URI", f"#{name}")
            first(root, "d:SignedInfo").append(reference)

    return add


def both_pictures(root: etree._Element) -> None:
    for name in ("idValidSigLnImg", "idInvalidSigLnImg"):
        with_picture(name)(root)


def test_a_signature_on_a_line_as_office_makes_it_is_read(world: World, trust: Trust) -> None:
    verdict = verify_package(with_resigned_tree(world.elsewhere, both_pictures, world.officer), trust, now=NOW)

    assert (verdict.outcome, verdict.findings) == (Outcome.VALID, ())


SHA1 = "http://www.w3.org/2000/09/xmldsig#sha1"
UNSIGNED_PLACES = (
    "d:SignatureValue",
    "d:KeyInfo",
    "//d:X509Data",
    "//d:X509Certificate",
    "d:Object[3]",
    "//xd:UnsignedProperties",
    "//xd:UnsignedSignatureProperties",
    "//xd:CertificateValues",
    "//xd:EncapsulatedX509Certificate",
)
SIGNATURE_CASES = (
    *(
        Case(f"an attribute on {place}, which nobody signed", outsider(edit(place, Note="Nội dung ẩn")), "BS205")
        for place in UNSIGNED_PLACES
    ),
    *(
        Case(f"{name} with words in it", outsider(hidden(name)), "BS205")
        for name in ("CompleteCertificateRefs", "CompleteRevocationRefs", "RevocationValues", "SigAndRefsTimeStamp")
    ),
    Case(
        "words beside the certificates",
        outsider(put("//xd:CertificateValues", f'<xd:OtherCertificate xmlns:xd="{XADES}">a</xd:OtherCertificate>')),
        "BS205",
    ),
    Case(
        "a namespace declared for its words",
        within(SIGNATURE, "<KeyInfo>", '<KeyInfo xmlns:a="urn:noi-dung-an">'),
        "BS205",
    ),
    Case("the signature under another name", outsider(renamed_signature), "BS205"),
    Case("the signature without a name", outsider(without_own_name), "BS205"),
    Case("objects in another order", outsider(objects_in_another_order), "BS205"),
    Case("attributes in another order", outsider(attributes_in_another_order), "BS205"),
    Case("a manifest that nobody signed", signer(nameless), "BS205"),
    Case("properties of another target", signer(edit("//xd:QualifyingProperties", Target="#elsewhere")), "BS205"),
    Case(
        "a reference whose type is another",
        signer(
            edit("d:SignedInfo/d:Reference[@URI='#idOfficeObject']", Type="http://uri.etsi.org/01903#SignedProperties")
        ),
        "BS216",
    ),
    Case(
        "a part referenced as a manifest",
        signer(edit("//d:Manifest/d:Reference[last()]", Type=f"{DSIG}Manifest")),
        "BS216",
    ),
    Case(
        "a reference with two names",
        signer(edit("//d:Manifest/d:Reference[last()]", **{"{urn:x}URI": "/xl/other.xml"})),
        "BS205",
    ),
    Case("white space before a name", signer(last_uri(lambda uri: f" {uri}")), "BS216"),
    Case("white space after a content type", signer(last_uri(lambda uri: f"{uri} ")), "BS215"),
    Case("a parameter on a content type", signer(last_uri(lambda uri: f"{uri};a=b")), "BS215"),
    Case("an escaped letter in a name", signer(last_uri(lambda uri: f"/%78{uri[2:]}")), "BS211 BS212"),
    Case("a name in another case", signer(last_uri(lambda uri: f"/X{uri[2:]}")), "BS211 BS212"),
    Case("base64 that is not canonical", signer(not_canonical), "BS205"),
    Case("thousands of references", signer(many_references), "BS205"),
    Case("ten thousand relationships that are not there", signer(many_sources), "BS213"),
    Case("a relationship referenced twice", signer(a_source_twice), "BS216"),
    Case("a relationship referenced in capitals", signer(a_source_in_capitals), "BS213 BS214"),
    Case("another key beside the certificate", signer(put("d:KeyInfo", key_value())), "BS220"),
    Case("another serial number beside the certificate", signer(put("//d:X509Data", another_serial("5"))), "BS220"),
    Case(
        "another key of the same kind beside the certificate",
        beside("d:KeyInfo", lambda _: ec_key_value(ec.generate_private_key(ec.SECP256R1()).public_key())),
        "BS220",
    ),
    Case(
        "the own key on another curve beside the certificate",
        beside("d:KeyInfo", lambda world: ec_key_value(world.officer.certificate.public_key(), "1.3.132.0.34")),
        "BS220",
    ),
    Case("words in a key beside the certificate", beside("d:KeyInfo", lambda _: own_key_with_words()), "BS205"),
    Case(
        "a key called otherwise beside the certificate",
        beside("d:KeyInfo", lambda _: hint("KeyName", "Trần Thị Hai")),
        "BS220",
    ),
    Case(
        "another person's name beside the certificate",
        beside("//d:X509Data", lambda _: hint("X509SubjectName", a_name("Trần Thị Hai").rfc4514_string())),
        "BS220",
    ),
    Case(
        "another issuer's name beside the certificate",
        beside("//d:X509Data", lambda world: numbered(a_name("CA Khác"), world.officer.certificate.serial_number)),
        "BS220",
    ),
    Case(
        "the identifier of another key beside the certificate",
        beside("//d:X509Data", lambda _: hint("X509SKI", b64encode(b"\5" * 20).decode())),
        "BS220",
    ),
    Case("two blocks of certificates", signer(a_second_x509_data), "BS205"),
    Case(
        "a picture of the line that nobody signed",
        bystander(with_picture("idValidSigLnImg", referenced=False)),
        "BS205",
    ),
    Case("a picture under another name", signer(with_picture("idPicture")), "BS205"),
    Case("elements in a picture of the line", signer(with_picture("idValidSigLnImg", content="<a/>")), "BS205"),
    Case(
        "pictures of the line in a signature made here",
        lambda world: with_resigned_tree(world.signed, both_pictures, world.officer),
        "BS205",
    ),
    Case("two times of signing", signer(edit("//mdssi:Value", text="2020-01-01T00:00:00Z")), "BS205"),
    *(
        Case(f"a time of signing as {text}", signer(edit("//xd:SigningTime", text=text)), "BS205")
        for text in (
            "20260915T030000Z",
            "2026-W38-2T03:00:00Z",
            "2026-09-15 03:00:00Z",
            "2026-09-15T03Z",
            "2026-09-15T03:00:00+23:59",
            "0001-01-01T00:00:00+14:00",
            "9999-12-31T23:59:59-12:00",
        )
    ),
    Case(
        "a serial number of thousands of digits",
        outsider(edit("//xd:Cert//d:X509SerialNumber", text="9" * 5000)),
        "BS205",
    ),
    Case(
        "a comment of a megabyte", signer(edit("//*[local-name()='SignatureComments']", text="a" * 1_000_000)), "BS205"
    ),
    Case("a thousand roles", signer(many_roles), "BS205"),
    Case("a no-break space in the value", bystander(spaced_out("d:SignatureValue")), "BS205"),
    Case("a no-break space in the certificate", bystander(spaced_out("//d:X509Certificate")), "BS205"),
    Case("no-break spaces between elements", bystander(behind("d:SignatureValue", "\u00a0" * 3)), "BS205"),
    Case("XAdES 1.1.1", signer(renamespaced("http://uri.etsi.org/01903/v1.1.1#")), "BS205"),
    Case("XAdES 1.4.1", signer(renamespaced("http://uri.etsi.org/01903/v1.4.1#")), "BS205"),
    Case("SHA-1 of a part", signer(edit("//d:Manifest/d:Reference/d:DigestMethod", Algorithm=SHA1)), "BS206"),
    Case("SHA-1 of an object", signer(edit("d:SignedInfo/d:Reference/d:DigestMethod", Algorithm=SHA1)), "BS206"),
    Case(
        "SHA-1 of the signature", signer(edit("d:SignedInfo/d:SignatureMethod", Algorithm=f"{DSIG}rsa-sha1")), "BS206"
    ),
    Case("SHA-1 of the certificate", signer(edit("//xd:CertDigest/d:DigestMethod", Algorithm=SHA1)), "BS206"),
    Case(
        "the digest of another certificate",
        signer(edit("//xd:CertDigest/d:DigestValue", text=b64encode(digest(b"")).decode())),
        "BS220",
    ),
    Case("the serial number of another certificate", signer(edit("//xd:Cert//d:X509SerialNumber", text="5")), "BS220"),
    *(
        Case(
            f"ECDSA numbers {name}",
            outsider(numbers(lambda r, s, pair=pair: (pair[0] if pair[0] >= 0 else r, pair[1] if pair[1] >= 0 else s))),
            "BS208",
        )
        for name, pair in {
            "0 and 0": (0, 0),
            "r and 0": (-1, 0),
            "0 and s": (0, -1),
            "1 and 1": (1, 1),
            "n and n": (P256, P256),
            "n and s": (P256, -1),
        }.items()
    ),
    Case("an RSA value with a zero in front", value_as(lambda value: b"\0" + value), "BS208"),
    Case("an RSA value without its last byte", value_as(lambda value: value[:-1]), "BS208"),
    Case("an RSA value of nothing", value_as(lambda value: b""), "BS208"),
    Case("an RSA value of zeros", value_as(lambda value: bytes(len(value))), "BS208"),
)


# --- certificates


@dataclass(frozen=True)
class Mute:
    """A certificate whose key nobody has; signs with what comes to hand."""

    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]

    def sign(self, data: bytes, algorithm: hashes.HashAlgorithm) -> bytes:
        return b"\1" * 256


def certified(key: object, issuer: Holder, *extensions: x509.ExtensionType) -> Mute:
    builder = (
        x509.CertificateBuilder()
        .subject_name(a_name("Nguyễn Văn Thử"))
        .issuer_name(issuer.certificate.subject)
        .public_key(key)  # type: ignore[arg-type]  # a public key of any kind
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - DAY)
        .not_valid_after(NOW + DAY)
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return Mute(builder.sign(issuer.key, hashes.SHA256()), (issuer.certificate, *issuer.chain))


def rsa_numbers(bits: int, exponent: int) -> rsa.RSAPublicKey:
    return rsa.RSAPublicNumbers(exponent, (1 << bits) - 159).public_key()


def of_key(bits: int, exponent: int) -> Callable[[World], bytes]:
    return lambda world: attach_signature(
        world.workbook, certified(rsa_numbers(bits, exponent), world.authorities.issuing), Details(NOW, "", "")
    )


def with_key_bytes(change: Callable[[asn1_keys.PublicKeyInfo], None]) -> Callable[[World], bytes]:
    """The signer's certificate with its key written otherwise, signed anew by the authority."""

    def make(world: World) -> bytes:
        issuer = world.authorities.issuing
        certificate = asn1_x509.Certificate.load(world.officer.certificate.public_bytes(Encoding.DER))
        change(certificate["tbs_certificate"]["subject_public_key_info"])
        signature = issuer.key.sign(certificate["tbs_certificate"].dump(force=True), ec.ECDSA(hashes.SHA256()))  # type: ignore[union-attr, arg-type, call-arg]  # the authorities of the tests have EC keys
        certificate["signature_value"] = signature
        encoded = b64encode(certificate.dump(force=True)).decode()
        own = b64encode(world.officer.certificate.public_bytes(Encoding.DER)).decode()
        return replaced(world.elsewhere, SIGNATURE, own, encoded)

    return make


def explicit_parameters(key: asn1_keys.PublicKeyInfo) -> None:
    prime = 2**256 - 2**224 + 2**192 + 2**96 - 1
    key["algorithm"]["parameters"] = asn1_keys.ECDomainParameters(
        "specified",
        {
            "version": 1,
            "field_id": {"field_type": "prime_field", "parameters": prime},
            "curve": {"a": (prime - 3).to_bytes(32, "big"), "b": bytes(32)},
            "base": key["public_key"].contents[1:],
            "order": P256,
        },
    )


def at_infinity(key: asn1_keys.PublicKeyInfo) -> None:
    key["public_key"] = asn1_keys.ECPointBitString(b"\0")


def off_the_curve(key: asn1_keys.PublicKeyInfo) -> None:
    key["public_key"] = asn1_keys.ECPointBitString(b"\4" + b"\1" * 64)


def authorities_of_one_name() -> list[Holder]:
    """Nine that sign themselves, and name no keys: whoever goes by names tries them in every order, for hours."""
    name, constraints = a_name("CA Giả"), x509.BasicConstraints(ca=True, path_length=None)
    made = []
    for key in (ec.generate_private_key(ec.SECP256R1()) for _ in range(9)):
        builder = x509.CertificateBuilder(
            name, name, key.public_key(), x509.random_serial_number(), NOW - DAY, NOW + DAY
        )
        made.append(Holder(builder.add_extension(constraints, critical=True).sign(key, hashes.SHA256()), key))
    return made


def of_one_name(world: World) -> bytes:
    issuers = authorities_of_one_name()
    alone = a_certificate("Nguyễn Văn Thử", ec.generate_private_key(ec.SECP256R1()), issuer=issuers[0])
    chain = tuple(issuer.certificate for issuer in issuers)
    return sign_package(world.workbook, Holder(alone.certificate, alone.key, chain), at=NOW)


def impostor(world: World) -> bytes:
    """Signed by oneself, under the officer's name."""
    return sign_package(world.workbook, a_certificate("Nguyễn Văn Thử", rsa_key()), at=NOW)


def a_megabyte() -> x509.UnrecognizedExtension:
    return x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.99999.1"), bytes(1 << 20))


def ten_thousand_names() -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName([x509.DNSName(f"{number}.xa-thu.vn") for number in range(10_000)])


def with_extension(make: Callable[[], x509.ExtensionType]) -> Callable[[World], bytes]:
    """Signed by somebody whose certificate has this extension."""

    def signed(world: World) -> bytes:
        key = ec.generate_private_key(ec.SECP256R1())
        holder = certified(key.public_key(), world.authorities.issuing, make())
        return attach_signature(world.workbook, Holder(holder.certificate, key, holder.chain), Details(NOW, "", ""))

    return signed


def with_certificates(choose: Callable[[World], tuple[x509.Certificate, ...]]) -> Callable[[World], bytes]:
    """Signed by another program, with these certificates in the place of the signer's, and no others."""

    def make(world: World) -> bytes:
        def put_in(root: etree._Element) -> None:
            data, unsigned = first(root, "//d:X509Data"), first(root, "//xd:UnsignedProperties")
            data[:] = []
            for certificate in choose(world):
                encoded = b64encode(certificate.public_bytes(Encoding.DER)).decode()
                etree.SubElement(data, f"{{{DSIG}}}X509Certificate").text = encoded
            unsigned.getparent().remove(unsigned)

        return with_tree(world.elsewhere, put_in)

    return make


def own_and_issuers(world: World) -> tuple[x509.Certificate, ...]:
    authorities = world.authorities
    return world.officer.certificate, authorities.issuing.certificate, authorities.root.certificate


def own_and_a_stranger(world: World) -> tuple[x509.Certificate, ...]:
    return world.officer.certificate, world.authorities.officer("Lê Văn Ba").certificate


def test_a_whole_chain_in_the_place_of_the_certificate_as_poi_writes_it_is_read(world: World) -> None:
    crls, root = world.authorities.trust().crls, world.authorities.root.certificate

    verdict = verify_package(with_certificates(own_and_issuers)(world), Trust.of([root], (), crls), now=NOW)

    assert (verdict.outcome, verdict.findings) == (Outcome.VALID, ())
    assert verdict.signatures[0].signer == "Nguyễn Văn Thử"


CERTIFICATE_CASES = (
    Case(
        "the issuers' certificates before the signer's",
        with_certificates(lambda world: own_and_issuers(world)[::-1]),
        "BS220",
    ),
    Case("a stranger's certificate behind the signer's", with_certificates(own_and_a_stranger), "BS220"),
    Case(
        "the signer's certificate twice",
        with_certificates(lambda world: (world.officer.certificate, world.officer.certificate)),
        "BS220",
    ),
    Case("no certificate", with_certificates(lambda _: ()), "BS220"),
    Case(
        "a content type with a no-break space",
        lambda world: replaced(world.elsewhere, CONTENT_TYPES, ".sheet.main+xml", ".sheet.main+xml&#xA0;"),
        "BS120",
    ),
    Case("a self-signed impostor of the same name", impostor, "BS221"),
    Case("RSA of 1024 bits", of_key(1024, 65537), "BS207"),
    Case("RSA of exponent 3", of_key(2048, 3), "BS207"),
    Case("RSA of 16384 bits", of_key(16384, 65537), "BS207"),
    Case("RSA of an exponent of 65 bits", of_key(2048, 2**64 + 1), "BS207"),
    Case("an explicit curve", with_key_bytes(explicit_parameters), "BS220"),
    Case("a point at infinity", with_key_bytes(at_infinity), "BS220"),
    Case("a point off the curve", with_key_bytes(off_the_curve), "BS220"),
    Case("many authorities of one name", of_one_name, "BS205"),
    Case("a certificate of a megabyte", with_extension(a_megabyte), "BS220"),
    Case("a certificate of ten thousand names", with_extension(ten_thousand_names), "BS220"),
)

CASES = (*PACKAGE_CASES, *ARCHIVE_CASES, *XML_CASES, *SIGNATURE_CASES, *CERTIFICATE_CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_hard_case_is_refused_with_its_codes(case: Case, world: World, trust: Trust) -> None:
    data = case.make(world)

    verdict = verify_package(data, trust, now=NOW)

    assert {finding.code for finding in verdict.findings} == set(case.codes.split())
    assert verdict.outcome is Outcome.INVALID


@pytest.mark.parametrize("prolog", DOCTYPES.values(), ids=DOCTYPES)
def test_a_sheet_with_a_document_type_is_not_read_whoever_signed_it(prolog: str, world: World) -> None:
    data = sign_package(as_unsigned(world, with_prolog(SHEET, prolog)(world)), world.officer, at=NOW)

    with pytest.raises(WorkbookError) as caught:
        open_workbook(data).read_sheet("Biểu 01")

    # What a program without a mind for entities cannot even parse is told as such.
    assert caught.value.finding.code in {"BS122", "BS123"}


def test_a_sheet_of_great_depth_is_not_read_whoever_signed_it(world: World) -> None:
    sheet = parts_of(world.workbook)[SHEET].replace(b"</worksheet>", f"{deep('<ext>', '</ext>')}</worksheet>".encode())
    data = sign_package(changed(world.workbook, {SHEET: sheet}), world.officer, at=NOW)

    with pytest.raises(WorkbookError) as caught:
        open_workbook(data).read_sheet("Biểu 01")

    assert caught.value.finding.code == "BS123"


def as_unsigned(world: World, data: bytes) -> bytes:
    """The unsigned workbook with the first sheet of another file."""
    return changed(world.workbook, {SHEET: parts_of(data)[SHEET]})


def test_a_stamp_of_an_authority_with_an_rsa_key_counts(world: World, trust: Trust) -> None:
    """Its token names the digest apart from the signature algorithm, which is what most authorities do."""
    verdict = verify_package(stamped(world.signed, a_clock(world.authorities.issuing)), trust, now=NOW)

    assert (verdict.outcome, verdict.signatures[0].time.status) == (Outcome.VALID, StampStatus.GOOD)


def test_a_stamp_with_many_authorities_of_one_name_proves_nothing_and_ends(world: World, trust: Trust) -> None:
    """Anybody can put a stamp beside a signature that is not his."""
    issuer, *others = authorities_of_one_name()

    data = stamped(world.signed, a_clock(issuer), [one.certificate for one in others])
    verdict = verify_package(data, trust, now=NOW)

    assert [finding.code for finding in verdict.findings] == ["BS270"]


def test_a_stamp_with_a_damaged_certificate_proves_nothing_and_is_no_error(world: World, trust: Trust) -> None:
    spare = asn1_x509.Certificate.load(world.officer.certificate.public_bytes(Encoding.DER))
    key = spare["tbs_certificate"]["subject_public_key_info"].dump()
    data = stamped(world.signed, a_clock(world.authorities.issuing), [world.officer.certificate])

    def damage(root: etree._Element) -> None:
        token = first(root, "//xd:EncapsulatedTimeStamp")
        encoded = b64decode(token.text or "")
        assert encoded.count(key) == 1
        token.text = b64encode(encoded.replace(key, key[:2] + b"\xff" * (len(key) - 2))).decode()

    verdict = verify_package(with_tree(data, damage), trust, now=NOW)

    assert [finding.code for finding in verdict.findings] == ["BS270"]


def test_a_certificate_that_never_expires_is_read(world: World, trust: Trust) -> None:
    """RFC 5280, 4.1.2.5: 99991231235959Z, which is next year in Viet Nam, and no calendar has that."""
    endless = world.authorities.officer(end=datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC))
    early = attach_signature(world.workbook, endless, Details(NOW - 200 * DAY, "", ""))

    assert verify_package(sign_package(world.workbook, endless, at=NOW), trust, now=NOW).outcome is Outcome.VALID
    (found,) = verify_package(early, trust, now=NOW).findings
    assert (found.code, "31/12/9999" in found.message) == ("BS224", True)


@pytest.mark.parametrize("trick", ["\N{RIGHT-TO-LEFT OVERRIDE}", "\N{ZERO WIDTH SPACE}", "\n", "\N{SOFT HYPHEN}"])
def test_a_name_shows_what_is_not_to_be_seen_in_it(trick: str, world: World, trust: Trust) -> None:
    officer = world.authorities.officer(f"Nguyễn{trick}Văn Thử")

    (signature,) = verify_package(sign_package(world.workbook, officer, at=NOW), trust, now=NOW).signatures

    assert signature.signer == "Nguyễn\N{REPLACEMENT CHARACTER}Văn Thử"


def test_a_certificate_with_a_picture_is_read(world: World, trust: Trust) -> None:
    """RFC 3709 lets authorities put one in."""
    key = ec.generate_private_key(ec.SECP256R1())
    picture = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.5.5.7.1.12"), bytes(12 * 1024))
    pictured = certified(key.public_key(), world.authorities.issuing, picture)

    data = sign_package(world.workbook, Holder(pictured.certificate, key, pictured.chain), at=NOW)

    assert verify_package(data, trust, now=NOW).outcome is Outcome.VALID


def test_nobody_signs_with_a_certificate_that_no_verifier_of_ours_reads(world: World) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    long = certified(key.public_key(), world.authorities.issuing, a_megabyte())

    with pytest.raises(NotSignableError, match=r"BS220.*16384"):
        sign_package(world.workbook, Holder(long.certificate, key, long.chain), at=NOW)


def test_thirty_two_signatures_are_verified_and_one_more_is_refused(world: World, trust: Trust) -> None:
    data = world.workbook
    for number in range(32):
        data = sign_package(data, world.authorities.officer(f"Người thứ {number + 1}"), at=NOW)
    more = with_types(
        {**parts_of(data), "_xmlsignatures/sig33.xml": b"<a/>"}, {"_xmlsignatures/sig33.xml": SIGNATURE_TYPE}
    )
    more = changed(more, {ORIGIN: origin_relationships(33)})

    verdict = verify_package(data, trust, now=NOW)

    assert (verdict.outcome, len(verdict.signatures)) == (Outcome.VALID, 32)
    assert [finding.code for finding in verify_package(more, trust, now=NOW).findings] == ["BS217"]


def test_relationships_are_dropped_from_a_workbook_where_there_are_none(world: World, trust: Trust) -> None:
    """What nobody can sign may not be there; an honest file may have it before."""
    empty = with_types({**parts_of(world.workbook), "xl/worksheets/_rels/sheet2.xml.rels": relationships()})

    signed = sign_package(empty, world.officer, at=NOW)

    assert "xl/worksheets/_rels/sheet2.xml.rels" not in parts_of(signed)
    assert verify_package(signed, trust, now=NOW).outcome is Outcome.VALID


def test_a_key_beside_the_certificate_that_is_its_own_does_no_harm(world: World, trust: Trust) -> None:
    key = rsa_key()
    officer = world.authorities.officer(key=key)
    numbers = key.public_key().public_numbers()
    own = key_value(numbers.n.to_bytes(256, "big"), numbers.e.to_bytes(3, "big"))
    elsewhere = signed_elsewhere(sign_package(world.workbook, officer, at=NOW), officer)

    data = with_resigned_tree(elsewhere, put("d:KeyInfo", own), officer)

    assert verify_package(data, trust, now=NOW).outcome is Outcome.VALID


def test_the_last_signature_stripped_cannot_be_seen_in_the_file(world: World, trust: Trust) -> None:
    """The first signer's file is what it was: the service keeps who must sign (``server.services.signatories``)."""
    both = sign_package(world.signed, world.authorities.officer("Trần Thị Hai"), at=NOW)
    parts = parts_of(both)
    del parts["_xmlsignatures/sig2.xml"]
    parts[ORIGIN] = parts_of(world.signed)[ORIGIN]

    verdict = verify_package(with_types(parts), trust, now=NOW)

    assert [signature.signer for signature in verdict.signatures] == ["Nguyễn Văn Thử"]
    assert verdict.outcome is Outcome.VALID


def rows() -> dict[str, tuple[str, str]]:
    """Codes and test of every case in the table of the documents."""
    cells = [line.strip("| ").split("|") for line in TABLE.read_text(encoding="utf-8").splitlines() if line[:2] == "| "]
    found = {row[0].strip(): (row[-2].strip(), row[-1].strip(" `")) for row in cells if row[0].strip() != "case"}
    assert len(found) == sum(row[0].strip() != "case" for row in cells)
    return found


def promises_in(file: Path) -> set[str]:
    """Names of the tests in a file."""
    found = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    return {node.name for node in found if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def test_the_table_tells_every_case_with_its_codes() -> None:
    told = {name: codes for name, (codes, test) in rows().items() if "[" in test}

    assert told == {case.name: case.codes for case in CASES}


def test_no_two_cases_have_one_name() -> None:
    assert len({case.name for case in CASES}) == len(CASES)


def test_every_test_that_the_table_names_exists() -> None:
    named = {test for _, test in rows().values() if "[" not in test}

    files = {test.partition("::")[0] for test in named}
    there = {f"{file}::{name}" for file in files for name in promises_in(Path(__file__).parent / file)}

    assert len(named) > 50
    assert named - there == set()


def test_every_code_of_the_table_is_one_that_people_are_told() -> None:
    codes = {code for codes, _ in rows().values() for code in re.findall(r"BS\d{3}", codes)}
    told = set(re.findall(r"^\| (BS\d{3}) ", (ROOT / "docs" / "findings.md").read_text(encoding="utf-8"), re.MULTILINE))

    assert codes - told - set(FINDING_KINDS) == set()


def test_every_case_has_a_code_or_says_why_not() -> None:
    assert [name for name, (codes, _) in rows().items() if not re.match(r"BS\d{3}|BS1xx|none: ", codes)] == []
