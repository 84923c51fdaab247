"""Run by the system's Python, which has ``uno``: asks a running soffice for the signatures of a file, prints JSON.

Usage: python3 libreoffice_signatures_driver.py PIPE FILE-URL
"""

from __future__ import annotations

import contextlib
import json
import sys
import time
from typing import Any

import uno
from com.sun.star.beans import PropertyValue
from com.sun.star.connection import NoConnectException
from com.sun.star.lang import DisposedException

_READ = 1
_CERTIFICATE_VALID = 0


def connect(pipe: str) -> Any:  # noqa: ANN401 - UNO objects have no static type
    local = uno.getComponentContext()
    resolver = local.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", local)
    for _ in range(300):
        try:
            return resolver.resolve(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
        except NoConnectException:
            time.sleep(0.1)
    raise SystemExit("soffice did not answer")


def signatures(context: Any, url: str) -> Any:  # noqa: ANN401 - as above
    services = context.ServiceManager
    storages = services.createInstanceWithContext("com.sun.star.embed.StorageFactory", context)
    # OFOPXMLFormat finds no signatures; the plain ZIP view does.
    as_zip = uno.Any("[]com.sun.star.beans.PropertyValue", (PropertyValue(Name="StorageFormat", Value="ZipFormat"),))
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
    context = connect(sys.argv[1])
    sys.stdout.write(json.dumps([as_json(item) for item in signatures(context, sys.argv[2])]))
    desktop = context.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", context)
    with contextlib.suppress(DisposedException):  # it may be gone before it answers
        desktop.terminate()


if __name__ == "__main__":
    main()
