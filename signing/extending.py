"""Extending a signature by a time stamp (XAdES-T): a step of its own, so that its failure cannot lose the signature."""

from __future__ import annotations

from dataclasses import dataclass

from signing.document import is_stamped, value_to_stamp, with_time_stamp
from signing.errors import NotSignableError, TimeStampError
from signing.findings import error, finding
from signing.layout import LayoutError, signature_parts
from signing.stamping import TimeStamper
from signing.xml import XmlRefusedError
from workbooks.finding import Finding
from workbooks.package import open_package


@dataclass(frozen=True, slots=True)
class Extended:
    """The signed workbook, with a time stamp or as it was, and then a warning that says why (BS275)."""

    data: bytes
    warning: Finding | None = None


def add_time_stamp(data: bytes, stamper: TimeStamper) -> Extended:
    """Stamp the last signature of a workbook: earlier ones are bound by it and must stay as they are.

    A signature that carries a stamp already stays as it is; a second one is nothing that is made here.

    Raises:
        WorkbookError: the file itself is refused.
        NotSignableError: BS247 there is no signature that could be stamped.
    """
    package = open_package(data)
    try:
        parts = signature_parts(package)
        if not parts:
            raise LayoutError("tệp chưa được ký")
        part = package.part(parts[-1])
        if is_stamped(part):
            return Extended(data)
        token = stamper.stamp(value_to_stamp(part))
        return Extended(package.with_parts({parts[-1]: with_time_stamp(part, token)}))
    except TimeStampError as problem:
        return Extended(data, finding("BS275", reason=problem.finding.message.rstrip(".")))
    except (LayoutError, XmlRefusedError) as problem:
        raise error(NotSignableError, "BS247", reason=str(problem)) from problem
