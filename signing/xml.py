"""Names, strict parsing and canonical form of the XML that signatures are made of."""

from __future__ import annotations

from lxml import etree

DSIG = "http://www.w3.org/2000/09/xmldsig#"
MDSSI = "http://schemas.openxmlformats.org/package/2006/digital-signature"
XADES = "http://uri.etsi.org/01903/v1.3.2#"
OFFICE = "http://schemas.microsoft.com/office/2006/digsig"
RELATIONSHIPS = "http://schemas.openxmlformats.org/package/2006/relationships"
CONTENT_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"

# XML knows these only; Python takes others for white space too, which programs show or refuse.
WHITE_SPACE = " \t\r\n"

# ASCII is UTF-8 too; any other encoding is one that another program may read differently.
_ENCODINGS = ("UTF-8", "ASCII", "US-ASCII")
DECLARATION = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


class XmlRefusedError(ValueError):
    """The XML is not well-formed, or holds what a signed part may not hold."""


class DoctypeRefusedError(XmlRefusedError):
    """The XML has a document type declaration."""


def parse(data: bytes) -> etree._Element:
    """Parse without entities, network or document types; comments and processing instructions are refused.

    The document type is looked for after parsing, because a search in the bytes misses UTF-16.

    Raises:
        XmlRefusedError: with the reason in Vietnamese.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise XmlRefusedError("không phải XML đúng quy cách") from error
    # UTF-16 needs no declaration, and its absence is reported like that of UTF-8; UTF-8 has no zero bytes in XML.
    wide = b"\0" in data
    document = root.getroottree().docinfo
    if document.internalDTD is not None:
        raise DoctypeRefusedError("có khai báo DOCTYPE")
    if wide or document.xml_version != "1.0" or (document.encoding or "UTF-8").upper() not in _ENCODINGS:
        raise XmlRefusedError("phải là XML 1.0 mã hoá UTF-8")
    if root.getprevious() is not None or root.getnext() is not None:
        raise XmlRefusedError("có chú thích hoặc chỉ thị xử lý ngoài phần tử gốc")
    for node in root.iter():
        if not isinstance(node.tag, str):
            raise XmlRefusedError("có chú thích hoặc chỉ thị xử lý")
    return root


def canonical(element: etree._Element, *, exclusive: bool = False) -> bytes:
    """Canonical XML 1.0 (no comments), or Exclusive Canonical XML 1.0, of an element as a document subset.

    lxml canonicalises an inner element in place with a bogus ``xmlns=""``; serialised first, the namespaces
    in scope come along, and the element is canonicalised as the root it then is.

    Raises:
        XmlRefusedError: for what has no canonical form (a relative namespace name).
    """
    try:
        whole = etree.fromstring(etree.tostring(element, with_tail=False))
        return etree.tostring(whole, method="c14n", exclusive=exclusive)
    except (etree.C14NError, etree.XMLSyntaxError) as error:
        raise XmlRefusedError("không có dạng chuẩn (C14N)") from error


def serialise(root: etree._Element) -> bytes:
    """A part as Office writes it: UTF-8, one declaration, no added white space."""
    return DECLARATION + etree.tostring(root, encoding="UTF-8", xml_declaration=False)


def relationship_transform(root: etree._Element, source_ids: frozenset[str]) -> bytes:
    """The OPC relationship transform by ``SourceId`` (ECMA-376 part 2, 13.2.4.24), in canonical form."""
    kept = [child for child in root if child.get("Id") in source_ids]
    result = etree.fromstring(f'<Relationships xmlns="{RELATIONSHIPS}"/>')
    for child in sorted(kept, key=lambda relationship: relationship.get("Id", "")):
        copy = etree.SubElement(result, f"{{{RELATIONSHIPS}}}Relationship")
        for name, value in child.attrib.items():
            copy.set(name, value)
        copy.set("TargetMode", child.get("TargetMode", "Internal"))
    return etree.tostring(result, method="c14n")
