"""A verdict in words, one line for each question a reader asks; from its wire form, as it was stored or just given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from signing.roles import SignerRole
from signing.wording import moment_text


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
    expected: tuple[Line, ...] = ()


def verdict_text(verdict: Mapping[str, Any]) -> VerdictText:
    """The words for a verdict as it is stored."""
    signatures = tuple(
        SignatureText(str(one.get("signer") or "(không đọc được người ký)"), tuple(_lines(one)))
        for one in verdict.get("signatures", ())
    )
    expected = tuple(_expected(one, verdict.get("signatures", ())) for one in verdict.get("expected", ()))
    return VerdictText(str(verdict.get("outcome", "")), str(verdict.get("summary", "")), signatures, expected)


def _lines(one: Mapping[str, Any]) -> Iterator[Line]:
    yield Line("Nội dung sau khi ký", *_intact(bool(one.get("intact"))))
    yield Line("Phần được ký", *_covered(bool(one.get("covered"))))
    yield Line("Chứng thư", *_chain(one.get("chain") or {}))
    if "may_sign" in one and one.get("certificate_sha256"):
        yield Line("Mục đích chứng thư", *_usage(bool(one["may_sign"])))
    yield Line("Thu hồi", *_revocation(one.get("revocation") or {}))
    organization = f", {one['organization']}" if one.get("organization") else ""
    yield Line("Người ký", f"{one.get('signer') or '(không đọc được)'}{organization}")
    if one.get("identity"):
        yield Line("Người ký có quyền", *_identity(one["identity"]))
    yield Line("Giờ ký", f"{_moment(one.get('signed_at')) or '(không ghi)'} (theo máy của người ký)")
    if one.get("time"):
        yield Line("Dấu thời gian", *_stamp(one["time"]))
    if one.get("roles"):
        yield Line("Vai trò ghi khi ký", ", ".join(map(str, one["roles"])))
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
        return f"Không bị thu hồi ({_source(found)})", True
    if found.get("status") == "revoked":
        return f"ĐÃ BỊ THU HỒI lúc {_moment(found.get('revoked_at')) or '(không ghi)'}", False
    return f"Chưa rõ có bị thu hồi hay không: {found.get('reason') or 'chưa có danh sách thu hồi'}", None


def _source(found: Mapping[str, Any]) -> str:
    """Who said so, as at when, and how old that was at the moment judged."""
    said = _moment(found.get("this_update")) or "không ghi giờ"
    age = found.get("age_seconds")
    before = f", trước khi xét {_span(age)}" if isinstance(age, int) and age > 0 else ""
    return f"theo {found.get('source') or 'danh sách thu hồi'}, phát hành {said}{before}"


def _span(seconds: int) -> str:
    hours = seconds // 3600
    if hours < 1:
        return "chưa đến một giờ"
    return f"{hours} giờ" if hours < 48 else f"{hours // 24} ngày"


def _usage(fits: bool) -> tuple[str, bool]:
    return ("Được cấp để ký số", True) if fits else ("KHÔNG được cấp để ký số", False)


def _stamp(time: Mapping[str, Any]) -> tuple[str, bool | None]:
    authority, reason = time.get("authority") or "(không rõ nơi cấp)", time.get("reason") or "không rõ"
    told: dict[object, tuple[str, bool | None]] = {
        "good": (f"Có từ {_moment(time.get('stamped'))}, do {authority} chứng nhận", True),
        "none": ("Không có; giờ ký chỉ là lời khai của người ký", None),
        "bad": (f"SAI: {reason}", False),
        "untrusted": (f"Không tính, vì nơi cấp {authority} không được tin cậy: {reason}", None),
        "unknown": (f"Chưa xác định được, do {authority} cấp: {reason}", None),
    }
    return told.get(time.get("status"), told["none"])


def _identity(found: Mapping[str, Any]) -> tuple[str, bool]:
    day, who = _date(found.get("day")), f"{found.get('person')}, {_role(found.get('role'))}"
    if found.get("status") == "registered":
        return f"{who}, được ký từ {_date(found.get('valid_from'))} (tính theo ngày ký {day})", True
    if found.get("status") == "ended":
        return f"{who}: ĐÃ THÔI được ký từ {_date(found.get('valid_to'))}, trước ngày ký {day}", False
    if found.get("status") == "not-yet":
        return f"{who}: CHƯA được ký vào ngày {day}, chỉ từ {_date(found.get('valid_from'))}", False
    return "KHÔNG có trong danh sách người ký của đơn vị", False


def _expected(one: Mapping[str, Any], signatures: Sequence[Mapping[str, Any]]) -> Line:
    name = _role(one.get("role")) if one.get("role") else "Một người có trong danh sách người ký"
    signer = next((str(each.get("signer")) for each in signatures if each.get("part") == one.get("part")), "")
    if one.get("present"):
        return Line(name, f"Đã ký: {signer}", good=True)
    return Line(name, f"Chưa tính được: chữ ký của {signer} còn lỗi" if signer else "THIẾU chữ ký", good=False)


def _role(value: object) -> str:
    return next((role.words for role in SignerRole if role.value == value), "người ký")


def _date(text: object) -> str:
    return f"{date.fromisoformat(text):%d/%m/%Y}" if isinstance(text, str) and text else "(không ghi)"


def _moment(text: object) -> str:
    return moment_text(datetime.fromisoformat(text)) if isinstance(text, str) and text else ""
