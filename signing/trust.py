"""What is trusted: trees of root certificates, what helps to reach them, and what is known of revocations.

Two national trees exist side by side (public authorities, and the Government's for agencies); each is a folder of
files. Nothing here touches the network: lists are put into the folder, live answers come from a ``StatusSource``.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import chain
from pathlib import Path
from threading import Lock
from typing import Any, Final, Protocol

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.hashes import SHA256

from signing.errors import TrustError
from signing.evidence import Evidence
from signing.findings import error

_MAX_ANSWERS: Final = 4096
_MAX_ADDRESSES: Final = 256
_MAX_FILE: Final = 64 * 1024 * 1024
_PEM: Final = b"-----BEGIN"
TREE_FILE: Final = "tree.toml"
_CERTIFICATES = (".crt", ".pem", ".cer")
_CRLS = (".crl",)
_UNREADABLE = (
    ValueError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)


class Use(StrEnum):
    """What a tree of certificates may be relied on for."""

    SIGNATURES = "signatures"
    TIME_STAMPS = "time-stamps"


@dataclass(frozen=True, slots=True)
class Tree:
    """A tree of certificates as it is configured.

    Attributes:
        name: how people call it.
        uses: what its certificates may do.
        crl: where its revocation lists are fetched from.
        ocsp: where its certificates are asked for.
    """

    name: str
    uses: frozenset[Use] = frozenset(Use)
    crl: tuple[str, ...] = ()
    ocsp: tuple[str, ...] = ()


class StatusSource(Protocol):
    """Who answers whether a certificate is revoked, at the moment of asking."""

    def ocsp(self, address: str, certificate: bytes, issuer: bytes) -> bytes:
        """The OCSP response (DER) on a certificate (DER).

        Raises:
            SourceUnreachableError: nobody answers, or not in a form that can be read.
        """


@dataclass(frozen=True, slots=True, eq=False)
class Trust:
    """Trust anchors and what is needed to reach them; build with ``of`` or ``from_directory``.

    Attributes:
        ocsps: OCSP responses that are known already (DER).
        trees: the tree that each root (by SHA-256) belongs to.
        source: who is asked for what the lists do not tell; None: nobody.
        answers: chains already assessed (see ``signing.chain``), so that a repeated question costs nothing.
        lock: held while a chain is assessed.
    """

    roots: tuple[x509.Certificate, ...]
    intermediates: tuple[x509.Certificate, ...]
    crls: tuple[x509.CertificateRevocationList, ...]
    ocsps: tuple[bytes, ...] = ()
    trees: Mapping[bytes, Tree] = field(default_factory=dict)
    source: StatusSource | None = field(default=None, repr=False)
    answers: dict[tuple[object, ...], Any] = field(default_factory=dict, repr=False)
    lock: Lock = field(default_factory=Lock, repr=False)

    @classmethod
    def of(
        cls,
        roots: Iterable[x509.Certificate],
        intermediates: Iterable[x509.Certificate] = (),
        crls: Iterable[x509.CertificateRevocationList] = (),
        ocsps: Iterable[bytes] = (),
    ) -> Trust:
        """Trust in these certificates.

        Raises:
            TrustError: BS250 without a root, BS251 where a root is not a self-signed CA certificate.
        """
        trust = cls(tuple(roots), tuple(intermediates), tuple(crls), tuple(ocsps))
        if not trust.roots:
            raise error(TrustError, "BS250", folder="(cấu hình)")
        for root in trust.roots:
            if not is_root(root):
                name = root.subject.rfc4514_string()
                raise error(
                    TrustError, "BS251", file=name, reason="không phải chứng thư gốc tự ký của tổ chức chứng thực"
                )
        return trust

    @classmethod
    def from_directory(cls, path: Path | str) -> Trust:
        """Read a folder and the folders directly in it, each a tree: certificates, CRLs, and ``tree.toml``.

        Certificates (``*.crt``, ``*.pem``, ``*.cer``) and CRLs (``*.crl``) are PEM or DER. Only self-signed CA
        certificates become roots; every other certificate helps to build paths.

        Raises:
            TrustError: BS250 no root in the folder (or no such folder), BS251 an unreadable file, BS252 a setting
                that cannot be used.
        """
        folder = Path(path)
        read = [_TreeFolder.read(one) for one in tree_folders(folder)]
        roots = _rooted(read)
        if not roots:
            raise error(TrustError, "BS250", folder=str(folder))
        certificates = chain.from_iterable(one.certificates for one in read)
        trust = cls.of(
            [root for root, _ in roots.values()],
            dict.fromkeys(one for one in certificates if _sha256(one) not in roots),
            chain.from_iterable(one.crls for one in read),
        )
        return replace(trust, trees={key: tree for key, (_, tree) in roots.items()})

    def remember(self, key: tuple[object, ...], answer: object) -> None:
        """Keeps an answer; all are forgotten before they are too many."""
        if len(self.answers) >= _MAX_ANSWERS:
            self.answers.clear()
        self.answers[key] = answer

    def tree_of(self, root: x509.Certificate) -> Tree:
        """The tree of a root; one of no name where none was configured."""
        return self.trees.get(_sha256(root)) or Tree("")

    def roots_for(self, use: Use) -> tuple[x509.Certificate, ...]:
        """The roots that may be relied on for this."""
        return tuple(root for root in self.roots if use in self.tree_of(root).uses)

    def asking(self, source: StatusSource | None) -> Trust:
        """The same trust, with somebody to ask for the status of certificates."""
        return replace(self, source=source, answers={}, lock=Lock())

    def with_evidence(self, evidence: Evidence) -> Trust:
        """The same roots, with what was kept of an earlier verification; nobody is asked any more.

        Raises:
            ValueError: a document cannot be read.
        """
        return replace(
            self,
            intermediates=(*self.intermediates, *map(kept_certificate, evidence.certificates)),
            crls=(*self.crls, *map(kept_list, evidence.crls)),
            ocsps=(*self.ocsps, *evidence.ocsps),
            source=None,
            answers={},
            lock=Lock(),
        )


def tree_folders(folder: Path) -> tuple[Path, ...]:
    """The folder itself and the folders directly in it; none where there is no such folder."""
    if not folder.is_dir():
        return ()
    inside = (one for one in folder.iterdir() if one.is_dir() and not one.name.startswith("."))
    return (folder, *sorted(inside))


def read_tree(folder: Path) -> Tree:
    """The settings of a tree; those of ``tree.toml``, or everything allowed and nobody to ask.

    Raises:
        TrustError: BS252.
    """
    file = folder / TREE_FILE
    # What is there and cannot be read must not count as if nothing were restricted.
    if not os.path.lexists(file):
        return Tree(folder.name)
    try:
        found = tomllib.loads(contents(file).decode("utf-8-sig"))  # Notepad puts a mark before the text
    except (ValueError, RecursionError) as problem:  # TOML or UTF-8
        raise _wrong(file, "không phải TOML đúng quy cách") from problem
    unknown = sorted(set(found) - {"name", "use", "crl", "ocsp"})
    if unknown:
        raise _wrong(file, f"không có thiết lập “{unknown[0]}”; chỉ có name, use, crl, ocsp")
    name = found.get("name", folder.name)
    if not isinstance(name, str) or not name.strip():
        raise _wrong(file, "name phải là tên của hệ thống chứng thực")
    return Tree(name, _uses(file, found.get("use")), _addresses(file, found, "crl"), _addresses(file, found, "ocsp"))


@dataclass(frozen=True, slots=True)
class _TreeFolder:
    tree: Tree
    certificates: tuple[x509.Certificate, ...]
    crls: tuple[x509.CertificateRevocationList, ...]

    @classmethod
    def read(cls, folder: Path) -> _TreeFolder:
        files = sorted(one for one in folder.iterdir() if one.is_file())
        certificates = (
            found for file in files if file.suffix.lower() in _CERTIFICATES for found in _certificates(file)
        )
        crls = (found for file in files if file.suffix.lower() in _CRLS for found in _crls(file))
        return cls(read_tree(folder), tuple(certificates), tuple(crls))

    @property
    def roots(self) -> tuple[x509.Certificate, ...]:
        return tuple(one for one in self.certificates if is_root(one))


def _rooted(read: Iterable[_TreeFolder]) -> dict[bytes, tuple[x509.Certificate, Tree]]:
    """Each root with its tree, which the last folder tells that it lies in; what it may do, all must tell alike."""
    found: dict[bytes, tuple[x509.Certificate, Tree]] = {}
    for one in read:
        for root in one.roots:
            _, earlier = found.setdefault(_sha256(root), (root, one.tree))
            if earlier.uses != one.tree.uses:
                name = root.subject.rfc4514_string()
                reason = f"chứng thư gốc {name} nằm cả trong “{earlier.name}” và “{one.tree.name}”, nơi use khác nhau"
                raise error(TrustError, "BS252", file=TREE_FILE, reason=reason)
            found[_sha256(root)] = (root, one.tree)
    return found


def is_root(certificate: x509.Certificate) -> bool:
    """Whether a certificate is a CA's own, signed by itself."""
    try:
        certificate.verify_directly_issued_by(certificate)
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError, x509.ExtensionNotFound):
        return False
    return constraints.ca


def _sha256(certificate: x509.Certificate) -> bytes:
    return certificate.fingerprint(SHA256())


def _uses(file: Path, found: object) -> frozenset[Use]:
    if found is None:
        return frozenset(Use)
    if not isinstance(found, list) or not found or any(one not in [use.value for use in Use] for one in found):
        raise _wrong(file, f"use phải là danh sách gồm {', '.join(Use)}")
    return frozenset(Use(one) for one in found)


def _addresses(file: Path, found: Mapping[str, object], name: str) -> tuple[str, ...]:
    value = found.get(name, [])
    if not isinstance(value, list) or any(
        not isinstance(one, str) or not one.startswith(("http://", "https://")) for one in value
    ):
        raise _wrong(file, f"{name} phải là danh sách địa chỉ bắt đầu bằng http:// hoặc https://")
    if len(value) > _MAX_ADDRESSES:
        raise _wrong(file, f"{name} có {len(value)} địa chỉ, nhiều nhất là {_MAX_ADDRESSES}")
    return tuple(dict.fromkeys(value))


def _wrong(file: Path, reason: str) -> TrustError:
    return error(TrustError, "BS252", file=f"{file.parent.name}/{file.name}", reason=reason)


def _certificates(file: Path) -> Iterator[x509.Certificate]:
    data = contents(file)
    try:
        found = x509.load_pem_x509_certificates(data) if _PEM in data else [x509.load_der_x509_certificate(data)]
        for one in found:
            _ = one.extensions, one.subject, one.issuer
    except _UNREADABLE as problem:
        raise error(TrustError, "BS251", file=file.name, reason="không phải chứng thư số PEM hoặc DER") from problem
    _refuse_rest(data, file.name, len(found), "chứng thư số")
    yield from found


def _refuse_rest(data: bytes, name: str, read: int, kind: str) -> None:
    """What the library passes over (a half, a list among certificates) was put there to count."""
    parts = data.count(_PEM) or 1
    if parts != read:
        reason = f"có {parts} phần mà chỉ đọc được {read} {kind}; tệp bị cắt, hoặc có lẫn thứ khác"
        raise error(TrustError, "BS251", file=name, reason=reason)


def kept_certificate(data: bytes) -> x509.Certificate:
    """A certificate of the evidence, read once whole: it parses lazily and must not fail later.

    Raises:
        ValueError: it cannot be read.
    """
    try:
        found = x509.load_der_x509_certificate(data)
        _ = found.extensions, found.subject, found.issuer
    except _UNREADABLE as problem:
        raise ValueError("a certificate of the evidence cannot be read") from problem
    return found


def kept_list(data: bytes) -> x509.CertificateRevocationList:
    """The same of a revocation list."""
    try:
        return read_crl(data, "crl")
    except TrustError as problem:
        raise ValueError("a revocation list of the evidence cannot be read") from problem


def _crls(file: Path) -> Iterator[x509.CertificateRevocationList]:
    yield read_crl(contents(file), file.name)


def contents(file: Path) -> bytes:
    """What is in a file of the folder.

    Raises:
        TrustError: BS251 it is no file (a folder, a link to nothing), or larger than any list.
    """
    if not file.is_file():
        raise error(TrustError, "BS251", file=file.name, reason="không phải một tệp, hoặc là liên kết tới chỗ không có")
    if file.stat().st_size > _MAX_FILE:
        raise error(TrustError, "BS251", file=file.name, reason=f"lớn hơn {_MAX_FILE // 2**20} MB")
    return file.read_bytes()


def read_crl(data: bytes, name: str) -> x509.CertificateRevocationList:
    """A revocation list, PEM or DER, read once whole: it parses lazily and must not fail later.

    Raises:
        TrustError: BS251.
    """
    try:
        crl = x509.load_pem_x509_crl(data) if _PEM in data else x509.load_der_x509_crl(data)
        _ = list(crl.extensions), crl.issuer, crl.last_update_utc, crl.next_update_utc
    except _UNREADABLE as problem:
        raise error(TrustError, "BS251", file=name, reason="không phải danh sách thu hồi PEM hoặc DER") from problem
    _refuse_rest(data, name, 1, "danh sách thu hồi")
    return crl
