"""Elements of a signature part, taken from the one place they may have, and what is written in them."""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from collections.abc import Iterator

from lxml import etree

from signing.xml import DSIG, WHITE_SPACE, XADES

# RFC 5280, 4.1.2.2: twenty octets, which is 49 digits; Python refuses to read a number of thousands.
_MAX_SERIAL_DIGITS = 49
_WITHOUT_WHITE_SPACE = str.maketrans("", "", WHITE_SPACE)


class StructureError(ValueError):
    """An element is missing, misplaced, doubled or unknown (BS205); the message is Vietnamese."""


def in_order(parent: etree._Element, *names: str, rest: str) -> Iterator[etree._Element]:
    """The children, which must be these XML-DSig elements, then one or more of ``rest``."""
    children = list(parent)
    expected = [dsig_name(name) for name in names] + [dsig_name(rest)] * max(len(children) - len(names), 1)
    if [child.tag for child in children] != expected:
        raise StructureError(f"phần tử con của {etree.QName(parent).localname} không đúng quy cách")
    return iter(children)


def only(parent: etree._Element, tag: str, *, first: bool = False) -> etree._Element:
    """The only child of a name (or the first of several)."""
    found = parent.findall(tag)
    if not found or (len(found) > 1 and not first):
        raise StructureError(f"{etree.QName(parent).localname} phải có đúng một {etree.QName(tag).localname}")
    return found[0]


def text_of(element: etree._Element) -> str:
    """The text of an element that has no children, without white space around it."""
    if len(element):
        raise StructureError(f"{etree.QName(element).localname} có phần tử con")
    return (element.text or "").strip(WHITE_SPACE)


def base64_of(element: etree._Element) -> bytes:
    """The bytes that an element holds in canonical base64."""
    text = text_of(element).translate(_WITHOUT_WHITE_SPACE)
    try:
        data = b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise StructureError(f"{etree.QName(element).localname} không phải base64") from error
    if b64encode(data).decode("ascii") != text:
        raise StructureError(f"{etree.QName(element).localname} không phải base64 chuẩn")
    return data


def dsig_name(name: str) -> str:
    """A name of XML-DSig."""
    return f"{{{DSIG}}}{name}"


def xades_name(name: str) -> str:
    """A name of XAdES."""
    return f"{{{XADES}}}{name}"


def serial_number(element: etree._Element) -> int:
    """The serial number of a certificate."""
    text = text_of(element)
    if not (text.isascii() and text.isdigit() and len(text) <= _MAX_SERIAL_DIGITS):
        raise StructureError(f"số sê-ri “{text[:_MAX_SERIAL_DIGITS]}” không phải là số của một chứng thư")
    return int(text)
