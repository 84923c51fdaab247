"""The stored verdict on signatures in words, one line for each question a reader asks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from server.web.portal.wording import moment


@dataclass(frozen=True, slots=True)
class Line:
    """One answer; ``good`` is None where there is nothing to judge."""

    name: str
    text: str
    good: bool | None = None


@dataclass(frozen=True, slots=True)
class SignatureText:
    """One signature in words."""

    signer: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class VerdictText:
    """The verdict in words. ``outcome`` is valid, invalid or undetermined; ``""`` where nothing was verified."""

    outcome: str
    summary: str
    signatures: tuple[SignatureText, ...]


def verdict_text(verdict: Mapping[str, Any]) -> VerdictText:
    """The words for a verdict as it is stored."""
    signatures = tuple(
        SignatureText(str(one.get("signer") or "(không đọc được người ký)"), tuple(_lines(one)))
        for one in verdict.get("signatures", ())
    )
    return VerdictText(str(verdict.get("outcome", "")), str(verdict.get("summary", "")), signatures)


def _lines(one: Mapping[str, Any]) -> Iterator[Line]:
    yield Line("Nội dung sau khi ký", *_intact(bool(one.get("intact"))))
    yield Line("Phần được ký", *_covered(bool(one.get("covered"))))
    yield Line("Chứng thư", *_chain(one.get("chain") or {}))
    yield Line("Thu hồi", *_revocation(one.get("revocation") or {}))
    organization = f", {one['organization']}" if one.get("organization") else ""
    yield Line("Người ký", f"{one.get('signer') or '(không đọc được)'}{organization}")
    yield Line("Giờ ký", f"{_moment(one.get('signed_at')) or '(không ghi)'} (theo máy của người ký)")
    yield Line("Nơi cấp chứng thư", str(one.get("issuer") or "(không đọc được)"))
    yield Line("Số chứng thư", str(one.get("serial") or "(không đọc được)"))
    if one.get("valid_from"):
        yield Line("Hạn chứng thư", f"{_moment(one['valid_from'])} đến {_moment(one.get('valid_until'))}")
    yield Line("Thuật toán", str(one.get("algorithm") or "(không đọc được)"))
    if one.get("comment"):
        yield Line("Lời ghi khi ký", str(one["comment"]))


def _intact(intact: bool) -> tuple[str, bool]:
    if intact:
        return "Nguyên vẹn: không có gì thay đổi từ khi ký", True
    return "ĐÃ BỊ THAY ĐỔI sau khi ký, hoặc chữ ký sai", False


def _covered(covered: bool) -> tuple[str, bool]:
    if covered:
        return "Toàn bộ nội dung tệp đều nằm trong chữ ký", True
    return "Có phần của tệp NẰM NGOÀI chữ ký", False


def _chain(chain: Mapping[str, Any]) -> tuple[str, bool]:
    path = " → ".join(str(name) for name in chain.get("path", ()))
    if chain.get("trusted"):
        return f"Tin cậy: {path}", True
    return f"KHÔNG tin cậy: {chain.get('reason') or 'không rõ nguồn gốc'}", False


def _revocation(found: Mapping[str, Any]) -> tuple[str, bool | None]:
    if found.get("status") == "good":
        return f"Không bị thu hồi (danh sách phát hành {_moment(found.get('this_update')) or 'không ghi giờ'})", True
    if found.get("status") == "revoked":
        return f"ĐÃ BỊ THU HỒI lúc {_moment(found.get('revoked_at')) or '(không ghi)'}", False
    return f"Chưa rõ có bị thu hồi hay không: {found.get('reason') or 'chưa có danh sách thu hồi'}", None


def _moment(text: object) -> str:
    return moment(datetime.fromisoformat(text)) if isinstance(text, str) and text else ""
