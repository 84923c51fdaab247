"""A time-stamping authority and an OCSP responder on loopback: OpenSSL answers, as authorities' own servers would."""

from __future__ import annotations

import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.signing.authorities import Authorities, Holder, Key, a_certificate, ec

_TSA = """
[tsa]
default_tsa = one
[one]
serial = {folder}/serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha1, sha256, sha384, sha512
accuracy = secs:1
ordering = no
tsa_name = no
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""
Answer = Callable[[bytes], bytes]


def a_time_authority(
    authorities: Authorities, name: str = "Máy chủ dấu thời gian", key: Key | None = None, **options: object
) -> Holder:
    """The certificate of a time-stamping authority. Its purpose is critical (RFC 3161, 2.3) unless told otherwise."""
    wanted: dict[str, object] = {
        "usage": ("digital_signature",),
        "purposes": (ExtendedKeyUsageOID.TIME_STAMPING,),
        "purposes_critical": True,
        "issuer": authorities.issuing,
    }
    return a_certificate(name, key or ec.generate_private_key(ec.SECP256R1()), **(wanted | options))  # type: ignore[arg-type]  # passed on as they are


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """Whoever asked may hang up before the answer."""


@contextmanager
def served(answer: Answer, *, status: int = 200, kind: str = "application/octet-stream") -> Iterator[str]:
    """An HTTP server that answers every POST and GET with what the function makes of its body; its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            reply = answer(body)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def do_GET(self) -> None:
            self.do_POST()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = _Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def time_authority(holder: Holder) -> Iterator[str]:
    """A TSA at an address: `openssl ts` answers with the holder's key."""
    kind = "application/timestamp-reply"  # POI takes no answer of another (RFC 3161, 3.4)
    folder = tempfile.TemporaryDirectory(prefix="bieuso-tsa-")
    with folder as name, served(openssl_ts(Path(name), holder), kind=kind) as address:
        yield address


def openssl_ts(folder: Path, holder: Holder) -> Answer:
    """Answers time-stamp queries with `openssl ts -reply`."""
    _write_keys(folder, holder)
    (folder / "serial").write_text("01\n", encoding="ascii")
    (folder / "tsa.cnf").write_text(_TSA.format(folder=folder), encoding="ascii")
    lock = threading.Lock()

    def answer(query: bytes) -> bytes:
        with lock:
            (folder / "query").write_bytes(query)
            command = ["openssl", "ts", "-reply", "-config", folder / "tsa.cnf", "-section", "one"]
            command += ["-queryfile", folder / "query", "-inkey", folder / "key.pem", "-signer", folder / "own.pem"]
            command += ["-chain", folder / "chain.pem", "-out", folder / "reply"]
            subprocess.run(command, check=True, capture_output=True, timeout=30)
            return (folder / "reply").read_bytes()

    return answer


@contextmanager
def ocsp_responder(
    authorities: Authorities, responder: Holder, statuses: dict[Holder, datetime | None]
) -> Iterator[str]:
    """An OCSP responder of the issuing CA, `openssl ocsp`: None is good, a moment is when it was revoked."""
    with tempfile.TemporaryDirectory(prefix="bieuso-ocsp-") as name:
        folder = Path(name)
        _write_keys(folder, responder)
        (folder / "ca.pem").write_bytes(authorities.issuing.certificate.public_bytes(Encoding.PEM))
        (folder / "index.txt.attr").write_text("unique_subject = no\n", encoding="ascii")
        lines = [_index_line(one, revoked) for one, revoked in statuses.items()]
        (folder / "index.txt").write_text("".join(lines), encoding="utf-8")
        with served(_openssl_ocsp(folder)) as address:
            yield address


def _openssl_ocsp(folder: Path) -> Answer:
    # OpenSSL's own server listens on every address of the machine; behind ours it answers on loopback only.
    lock = threading.Lock()

    def answer(query: bytes) -> bytes:
        with lock:
            (folder / "query").write_bytes(query)
            command = ["openssl", "ocsp", "-index", folder / "index.txt", "-CA", folder / "ca.pem"]
            command += ["-rsigner", folder / "own.pem", "-rkey", folder / "key.pem", "-ndays", "1", "-rmd", "sha256"]
            command += ["-reqin", folder / "query", "-respout", folder / "reply"]
            subprocess.run(command, check=True, capture_output=True, timeout=30)
            return (folder / "reply").read_bytes()

    return answer


def an_ocsp_responder(authorities: Authorities, **options: object) -> Holder:
    return a_certificate(
        "Máy chủ OCSP",
        ec.generate_private_key(ec.SECP256R1()),
        issuer=authorities.issuing,
        usage=("digital_signature",),
        purposes=(ExtendedKeyUsageOID.OCSP_SIGNING,),
        ocsp_no_check=True,
        **options,  # type: ignore[arg-type]  # passed on as they are
    )


def _write_keys(folder: Path, holder: Holder) -> None:
    key = holder.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "key.pem").write_bytes(key)
    (folder / "own.pem").write_bytes(holder.certificate.public_bytes(Encoding.PEM))
    (folder / "chain.pem").write_bytes(b"".join(one.public_bytes(Encoding.PEM) for one in holder.chain))


def _index_line(holder: Holder, revoked: datetime | None) -> str:
    expires = holder.certificate.not_valid_after_utc.strftime("%y%m%d%H%M%SZ")
    when = revoked.astimezone(UTC).strftime("%y%m%d%H%M%SZ") if revoked else ""
    serial = f"{holder.certificate.serial_number:X}"
    return (
        f"{'R' if revoked else 'V'}\t{expires}\t{when}\t{serial.zfill(len(serial) + len(serial) % 2)}\tunknown\t/CN=x\n"
    )
