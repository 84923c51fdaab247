"""Run by the system's Python, which has ``uno``: asks LibreOffice for the signatures of a file, prints JSON.

Reads an order from standard input: profile, url.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import uno
from office_session import option, running

_READ = 1
_CERTIFICATE_VALID = 0


def signatures(context: Any, url: str) -> Any:  # noqa: ANN401 - as above
    services = context.ServiceManager
    storages = services.createInstanceWithContext("com.sun.star.embed.StorageFactory", context)
    # OFOPXMLFormat finds no signatures; the plain ZIP view does.
    as_zip = uno.Any("[]com.sun.star.beans.PropertyValue", (option("StorageFormat", "ZipFormat"),))
    storage = uno.invoke(storages, "createInstanceWithArguments", ((url, _READ, as_zip),))
    checker = services.createInstanceWithArgumentsAndContext(
        "com.sun.star.security.DocumentDigitalSignatures", ("1.2",), context
    )
    return checker.verifyDocumentContentSignatures(storage, None)


def as_json(item: Any) -> dict[str, object]:  # noqa: ANN401 - as above
    return {
        "signature_valid": bool(item.SignatureIsValid),
        "certificate_valid": item.CertificateStatus == _CERTIFICATE_VALID,
        "partial": bool(item.PartialDocumentSignature),
        "signer": item.Signer.SubjectName if item.Signer else "",
    }


def main() -> None:
    order = json.load(sys.stdin)
    with running(order["profile"]) as context:
        sys.stdout.write(json.dumps([as_json(item) for item in signatures(context, order["url"])]))


if __name__ == "__main__":
    main()
