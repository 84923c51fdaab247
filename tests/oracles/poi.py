"""Apache POI's own opinion of the signatures in a file, and files that POI signs itself.

`scripts/install-test-tools` installs POI and builds what Debian's package of it lacks. One virtual machine answers all
questions of a process; it ends with its input.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_SOURCES = Path(__file__).with_name("poi")
_DRIVER = _SOURCES / "SignatureDriver.java"
_JARS = (
    "poi",
    "poi-ooxml",
    "poi-ooxml-schemas",
    "xmlbeans",
    "xmlsec",
    "bcprov",
    "bcpkix",
    "bcutil",
    "slf4j-api",
    "slf4j-nop",
    "jaxb-api",
    "curvesapi",
    "commons-codec",
    "commons-collections4",
    "commons-compress",
    "commons-logging",
    "commons-math3",
)


class PoiError(RuntimeError):
    """POI could not do it; in Java's words."""


@dataclass(frozen=True, slots=True)
class PoiVerdict:
    """One signature as POI sees it; it looks at no chain and asks for no trust.

    Attributes:
        part: the signature part.
        valid: signature value, digests and manifest are right.
        signer: subject of the certificate; like role and comment, "" unless valid.
        fault: why the signature could not be examined at all.
    """

    part: str
    valid: bool
    signer: str
    role: str
    comment: str
    fault: str


class Poi:
    """A running virtual machine with POI in it."""

    def __init__(self) -> None:
        folder = _build_folder()
        path = [_driver_classes(folder), *folder.glob("*.jar"), *(Path(f"/usr/share/java/{jar}.jar") for jar in _JARS)]
        # POI asks for base64 without line breaks (SignatureInfo.signDigest).
        command = ["java", "-Dorg.apache.xml.security.ignoreLineBreaks=true", "-cp", os.pathsep.join(map(str, path))]
        self.nanoseconds = 0  # that the last answer took inside
        self._process = subprocess.Popen(
            [*command, "SignatureDriver"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
        )

    @property
    def pid(self) -> int:
        """The process to look at."""
        return self._process.pid

    def verdicts(self, path: Path | str) -> list[PoiVerdict]:
        """Every signature of a file."""
        told = [line[1:] for line in self._ask("verify", path) if line[0] == "signature"]
        return [PoiVerdict(part, valid == "true", *rest) for part, valid, *rest in told]

    def rewrite(self, path: Path, result: Path) -> None:
        """Write the package as POI writes packages."""
        self._ask("rewrite", path, result)

    def sign(
        self,
        path: Path,
        result: Path,
        key: Path,
        password: str,
        *,
        digest: str = "SHA-256",
        role: str,
        comment: str,
        hints: bool = False,
        tsa: str = "",
    ) -> None:
        """Sign a package that POI wrote; a signature that is there already is replaced."""
        digest = digest.replace("-", "").lower()
        self._ask("sign", path, result, key, password, digest, role, comment, str(hints).lower(), tsa)

    def close(self) -> None:
        """End the virtual machine."""
        self._process.communicate(timeout=30)

    def _ask(self, *words: object) -> list[list[str]]:
        if self._process.stdin is None or self._process.stdout is None:
            raise PoiError("the virtual machine has no pipes")
        self._process.stdin.write("\t".join(map(str, words)) + "\n")
        self._process.stdin.flush()
        lines = []
        for line in self._process.stdout:
            kind, *rest = line.rstrip("\n").split("\t")
            if kind == "done":
                self.nanoseconds = int(rest[0])
                return lines
            if kind == "failed":
                raise PoiError(rest[0])
            lines.append([kind, *rest])
        raise PoiError("the virtual machine ended")


def poi_verdicts(path: Path | str) -> list[PoiVerdict]:
    """Ask POI about every signature of a file.

    Raises:
        PoiError: POI refuses the file as a whole.
    """
    return _running().verdicts(path)


def poi_signed(
    workbook: bytes,
    p12: bytes,
    password: str,
    *,
    digest: str = "SHA-256",
    role: str = "",
    comment: str = "",
    hints: bool = False,
    tsa: str = "",
) -> bytes:
    """The workbook as POI writes and signs it, with an RSA key.

    Args:
        hints: key, issuer and number are written beside the certificate too.
        tsa: address of a time-stamping authority; POI puts its stamp into the signature.

    Written first, because POI signs absolute targets of relationships (openpyxl's) and then writes relative ones.
    The password must be ASCII: Java turns other characters into another key than the rest of the world does.

    Raises:
        PoiError: POI cannot sign.
    """
    with tempfile.TemporaryDirectory(prefix="bieuso-poi-") as name:
        given, written, signed, key = (Path(name) / one for one in ("given.xlsx", "written.xlsx", "signed.xlsx", "key"))
        given.write_bytes(workbook)
        key.write_bytes(p12)
        _running().rewrite(given, written)
        _running().sign(written, signed, key, password, digest=digest, role=role, comment=comment, hints=hints, tsa=tsa)
        return signed.read_bytes()


@cache
def _running() -> Poi:
    poi = Poi()
    atexit.register(poi.close)
    return poi


def _build_folder() -> Path:
    """Where the classes are that Debian's POI lacks; built at this call where that was not done before."""
    built = subprocess.run([_SOURCES / "build-schemas"], check=True, capture_output=True, text=True, timeout=600)
    return Path(built.stdout.strip())


def _driver_classes(folder: Path) -> Path:
    """The compiled driver, of this source; two that compile at once do not see each other's half."""
    made = folder / f"driver-{hashlib.sha256(_DRIVER.read_bytes()).hexdigest()[:16]}"
    if not made.exists():
        work = Path(tempfile.mkdtemp(prefix="compiling-", dir=folder))
        path = os.pathsep.join([*map(str, folder.glob("*.jar")), *(f"/usr/share/java/{jar}.jar" for jar in _JARS)])
        subprocess.run(["javac", "-nowarn", "-d", work, "-cp", path, _DRIVER], check=True, timeout=300)
        try:
            work.rename(made)
        except OSError:  # somebody else was first
            shutil.rmtree(work)
    return made
