"""The province's side: download the merged workbook of every form, sign it as its leader, keep it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from addin.client import Client, ClientError
from server.demo.authority import DEMO_PASSWORD
from server.demo.communes import PERIODS
from server.demo.errors import DemonstrationError
from server.demo.preparation import PROVINCE
from signing.keys import Pkcs12Signer
from signing.sign import sign_package


def consolidate_all(
    server: str, *, account: str, secret: str, key: Path, folder: Path, tick: Callable[[], None]
) -> dict[str, str]:
    """Form → path of its merged workbook, signed by the consolidator (QĐ 1090/QĐ-UBND Bình Phước, Đ9.6).

    Raises:
        DemonstrationError: the service could not be reached, or would not give a workbook out.
    """
    folder.mkdir(parents=True, exist_ok=True)
    signer = Pkcs12Signer.load(key.read_bytes(), DEMO_PASSWORD)
    paths: dict[str, str] = {}
    try:
        with Client(server) as client:
            client.sign_in(account, secret)
            for form, period in PERIODS.items():
                merged = client.fetch_consolidated(form, period, PROVINCE)
                path = folder / f"{form}.xlsx"
                path.write_bytes(sign_package(merged, signer, at=datetime.now(UTC), comment="Trình diễn"))
                paths[form] = str(path)
                tick()
    except ClientError as error:
        raise DemonstrationError(f"{account}: {error}") from error
    return paths
