"""The description of the API: exactly what exists. A test compares it with the routes, and its schemas with replies.

Longer than other files because it is one document, kept where one can read it from top to bottom.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from form_templates.attached_files import MEDIA_TYPES
from workbooks.package import MEDIA_TYPE

Json = dict[str, Any]
_BINARY: Final[Json] = {"type": "string", "format": "binary"}


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _text(description: str = "") -> Json:
    return {"type": "string", "description": description} if description else {"type": "string"}


def _maybe(kind: str) -> Json:
    return {"type": [kind, "null"]}


def _object(properties: Json, *, optional: tuple[str, ...] = ()) -> Json:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required}


def _list(items: Json) -> Json:
    return {"type": "array", "items": items}


def _reply(description: str, schema: Json) -> Json:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _file(description: str, kinds: Iterable[str] = (MEDIA_TYPE,)) -> Json:
    headers = {
        "Repr-Digest": {"description": "SHA-256 của tệp (RFC 9530): sha-256=:base64:", "schema": _text()},
        "Last-Modified": {"description": "Lúc nhận hoặc lập tệp, nếu biết", "schema": _text()},
    }
    return {"description": description, "headers": headers, "content": {kind: {"schema": _BINARY} for kind in kinds}}


def _attachment(description: str) -> Json:
    return _file(description, MEDIA_TYPES.values())


def _problem(description: str, schema: str = "Problem") -> Json:
    return {"description": description, "content": {"application/problem+json": {"schema": _ref(schema)}}}


def _multipart(properties: Json, *, optional: tuple[str, ...] = ()) -> Json:
    return {
        "required": True,
        "content": {"multipart/form-data": {"schema": _object(properties, optional=optional)}},
    }


def _query(name: str, description: str, *, required: bool = True, kind: str = "string") -> Json:
    return {
        "name": name,
        "in": "query",
        "required": required,
        "description": description,
        "schema": {"type": kind},
    }


def _path(name: str, description: str, kind: str = "string") -> Json:
    return {"name": name, "in": "path", "required": True, "description": description, "schema": {"type": kind}}


_FORM = _query("form", "Mã biểu, ví dụ KTXH-09.T")
_UNIT = _query("unit", "Mã đơn vị, ví dụ 29551")
_PERIOD = _query("period", "Kỳ báo cáo, ví dụ 2026-M09, 2026-Q3, 2026-H1, 2026-9M, 2026")
_TERMS = _query("version", "Kể theo phiên bản này của biểu (số theo phiên bản trước được chuyển sang)", required=False)
_ESTIMATED: Final[Json] = {"type": "boolean", "description": "Có phần tách theo tỷ lệ đã khai báo, chưa ai báo cáo"}
_SENDING: Final[Json] = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": _object({"workbook": _BINARY, "attachments": _list(_BINARY)}, optional=("attachments",)),
            "encoding": {
                "workbook": {"contentType": MEDIA_TYPE},
                "attachments": {"contentType": ", ".join(MEDIA_TYPES.values())},
            },
        }
    },
}
_WORKBOOK: Final[Json] = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": _object({"workbook": {"type": "string", "format": "binary"}}),
            "encoding": {"workbook": {"contentType": MEDIA_TYPE}},
        }
    },
}
_NUMBER = _path("number", "Số bản nộp", "integer")
_SIGNER = _path("number", "Số đăng ký người ký", "integer")
_SIGNER_FIELDS: Final[Json] = {
    "certificate": {"type": "string", "format": "binary", "description": "Tệp .crt, .pem hoặc .cer, một chứng thư"},
    "unit": _text("Mã đơn vị"),
    "name": _text("Họ và tên người ký"),
    "role": {"enum": ["officer", "leader", "seal"]},
    "from": _text("Được ký từ ngày, ví dụ 2026-09-01"),
    "to": _text("Thôi được ký từ ngày, nếu đã biết"),
}
_SIGNER_CONFLICT: Final = _problem("Chứng thư đã đăng ký, hoặc đăng ký này đã kết thúc")
_REFUSALS: Final = {
    "401": _problem("Chưa đăng nhập, hoặc phiên đã hết hạn"),
    "403": _problem("Tài khoản không có quyền"),
    "404": _problem("Không có biểu, đơn vị, kỳ hoặc bản nộp này"),
    "422": _problem("Tham số không hợp lệ"),
}

_SCHEMAS: Final[Json] = {
    "Problem": _object(
        {
            "type": _text("Loại lỗi, cố định: urn:bieuso:problem:…"),
            "title": _text("Tên loại lỗi"),
            "status": {"type": "integer"},
            "detail": _text("Sai gì, tiếng Việt"),
            "instance": _text("Địa chỉ của yêu cầu"),
            "remedy": _text("Cần làm gì, tiếng Việt"),
            "code": _text("Mã lỗi BSnnn, nếu có"),
            "findings": _list(_ref("Finding")),
        },
        optional=("code", "findings"),
    ),
    "Refusal": {
        "allOf": [
            _ref("Problem"),
            _object(
                {
                    "id": {"type": "integer"},
                    "submission_status": {"const": "refused"},
                    "sha256": _text(),
                    "findings": _list(_ref("Finding")),
                    "verdict": _ref("Verdict"),
                },
            ),
        ]
    },
    "Finding": _object(
        {
            "code": _text("BSnnn, cố định"),
            "severity": {"enum": ["error", "warning"]},
            "message": _text("Sai gì, ở đâu, giá trị nào"),
            "remedy": _text("Cần làm gì"),
            "sheet": _text(),
            "cell": _text("Địa chỉ ô, ví dụ F12"),
            "part": _text("Phần của gói, ví dụ /xl/workbook.xml"),
            "explanation": _text("Giải trình của người nhập cho cảnh báo, hoặc trống"),
        }
    ),
    "Verdict": {
        "type": "object",
        "description": "Kết quả xác minh chữ ký: toàn vẹn, phủ hết tệp, chứng thư, thu hồi, thời điểm, người ký",
        "properties": {
            "outcome": {"enum": ["valid", "invalid", "undetermined"]},
            "summary": _text(),
            "signed": {"type": "boolean"},
            "intact": {"type": "boolean"},
            "covered": {"type": "boolean"},
            "verified_at": _text(),
            "signatures": _list(
                {
                    "type": "object",
                    "properties": {
                        "identity": {"type": "object", "description": "Người ký theo danh sách người ký của đơn vị"}
                    },
                }
            ),
            "expected": _list({"type": "object", "description": "Chữ ký cần có: vai trò, đã có chưa, phần của tệp"}),
            "policy_version": _text("Chính sách ký số đã áp dụng"),
        },
    },
    "SignerCertificate": _object(
        {
            "holder": _text("Tên trong chứng thư"),
            "issuer": _text("Nơi cấp"),
            "serial": _text("Số chứng thư, hệ 16"),
            "valid_from": _text(),
            "valid_until": _text("Ngày cuối còn hạn"),
            "days_left": {"type": "integer"},
        }
    ),
    "Signer": _object(
        {
            "id": {"type": "integer"},
            "unit": _text(),
            "unit_name": _text(),
            "name": _text("Họ và tên người ký"),
            "role": {"enum": ["officer", "leader", "seal"]},
            "valid_from": _text("Được ký từ ngày"),
            "valid_to": {**_maybe("string"), "description": "Thôi được ký từ ngày"},
            "end_reason": _text("Vì sao thôi ký, hoặc trống"),
            "certificate_sha256": _text(),
            "certificate": {
                "oneOf": [_ref("SignerCertificate"), {"type": "null"}],
                "description": "null: đăng ký từ phiên bản cũ, chưa giữ chứng thư",
            },
        }
    ),
    "Signers": _object({"on": _text(), "signers": _list(_ref("Signer"))}),
    "SignerChange": {"allOf": [_ref("Signer"), _object({"findings": _list(_ref("Finding"))})]},
    "SignerHistory": {
        "allOf": [
            _ref("SignerChange"),
            _object(
                {
                    "signed_since": _list(
                        _object(
                            {
                                "submission": {"type": "integer"},
                                "form": _text(),
                                "period": _text(),
                                "status": {"enum": ["accepted", "superseded"]},
                                "day": _text("Ngày ký"),
                            }
                        )
                    )
                }
            ),
        ]
    },
    "Credentials": _object({"account": _text(), "password": _text()}),
    "Session": _object({"token": _text(), "expires_at": _text(), "account": _ref("Account")}),
    "Account": _object(
        {
            "account": _text(),
            "full_name": _text(),
            "unit": _text(),
            "unit_name": _text(),
            "roles": _list({"enum": ["officer", "leader", "consolidator", "template_owner", "admin"]}),
        }
    ),
    "Form": _object(
        {
            "form": _text(),
            "version": _text(),
            "title": _text(),
            "state": {
                "enum": ["issued", "effective", "replaced", "withdrawn"],
                "description": "Hôm nay: chưa hiệu lực; đang hiệu lực; hết hiệu lực vì có phiên bản mới; đã thu hồi",
            },
            "periods": _list({"enum": ["M", "Q", "H", "9M", "Y"]}),
            "unit_of_measure": _text(),
            "sender": _text(),
            "decision": _text("Số quyết định"),
            "decided_on": _maybe("string"),
            "effective_from": _text("Dùng cho kỳ kết thúc từ ngày này"),
            "until": {**_maybe("string"), "description": "Thôi dùng cho kỳ kết thúc từ ngày này, nếu đã biết"},
            "withdrawn_from": _maybe("string"),
            "digest": _text("SHA-256 của nội dung phiên bản"),
        }
    ),
    "Reports": _object(
        {
            "reports": _list(
                _object(
                    {
                        "report": _text(),
                        "version": _text(),
                        "title": _text(),
                        "decision": _text(),
                        "effective_from": _text(),
                        "digest": _text(),
                    }
                )
            )
        }
    ),
    "Forms": _object({"forms": _list(_ref("Form"))}),
    "Conversion": _object(
        {
            "form": _text(),
            "unit": _text(),
            "period": _text(),
            "from_version": _text(),
            "version": _text(),
            "workbook": {"type": "string", "contentEncoding": "base64", "contentMediaType": MEDIA_TYPE},
            "moved": _list(
                _object(
                    {
                        "from_sheet": _text(),
                        "from_cell": _text(),
                        "to_sheet": _text(),
                        "to_cell": _text(),
                        "content": _text("Nội dung ô cũ"),
                        "how": _text("Cách chuyển"),
                    }
                )
            ),
            "left": _list(
                _object({"sheet": _text(), "cell": _text(), "content": _text(), "reason": _text("Vì sao chưa chuyển")})
            ),
        }
    ),
    "SubmissionSummary": _object(
        {
            "id": {"type": "integer"},
            "status": {"enum": ["accepted", "refused", "superseded"]},
            "form": _maybe("string"),
            "version": _maybe("string"),
            "unit": _maybe("string"),
            "unit_name": _maybe("string"),
            "period": _maybe("string"),
            "revision": {"type": "integer"},
            "received_at": _text(),
            "signer": _text(),
            "signed_at": _maybe("string"),
            "sha256": _text("SHA-256 của tệp đã ký"),
            "size": {"type": "integer"},
        }
    ),
    "Submission": {
        "allOf": [
            _ref("SubmissionSummary"),
            _object(
                {
                    "findings": _list(_ref("Finding")),
                    "verdict": _ref("Verdict"),
                    "attachments": _list(_ref("Attachment")),
                }
            ),
        ]
    },
    "Attachment": _object(
        {
            "number": {"type": "integer"},
            "name": _text("Tên tệp trong danh sách đã ký"),
            "size": {"type": "integer"},
            "sha256": _text("SHA-256, như trong danh sách đã ký"),
        }
    ),
    "Verification": _object(
        {
            "result": {
                "enum": ["valid", "invalid", "undetermined", "unsigned", "unreadable"],
                "description": "unsigned: chưa ai ký; unreadable: không phải sổ .xlsx hoặc không mở được; "
                "undetermined: cả khi chữ ký đúng mà người ký không phải người được đăng ký cho đơn vị",
            },
            "sentence": _text("Kết quả trong một câu"),
            "sha256": _text("SHA-256 của tệp"),
            "size": {"type": "integer", "description": "Cỡ tệp, byte"},
            "verified_at": _text(),
            "verdict": _ref("Verdict"),
            "findings": _list(_ref("Finding")),
            "stamp": {
                "oneOf": [
                    {"type": "null"},
                    _object(
                        {
                            "ours": {
                                "type": "boolean",
                                "description": "Do dịch vụ này đóng; nếu không thì chỉ là lời tự khai của tệp",
                            },
                            "kind": {
                                "enum": ["issued", "merged", "report"],
                                "description": "Biểu phát hành cho một đơn vị, tệp tổng hợp, hoặc báo cáo",
                            },
                            "form": _text(),
                            "version": _text(),
                            "unit": _text(),
                            "unit_name": _text(),
                            "period": _text(),
                            "serial": _text("Số phát hành"),
                            "made_at": _text("Lúc phát hành hoặc lập"),
                        }
                    ),
                ]
            },
            "attachments": _list(
                _object(
                    {
                        "name": _text("Tên tệp trong danh sách đã ký"),
                        "size": {"type": "integer"},
                        "sha256": _text("SHA-256, như trong danh sách đã ký"),
                        "state": {
                            "enum": ["same", "differs", "missing"],
                            "description": "Tệp gửi cùng có đúng nội dung, đã khác, hoặc không được gửi cùng",
                        },
                    }
                )
            ),
            "unlisted": _list(
                _object(
                    {
                        "name": _text("Tệp gửi cùng mà danh sách không có"),
                        "size": {"type": "integer"},
                        "sha256": _text(),
                    }
                )
            ),
            "received": {
                "oneOf": [
                    {"type": "null"},
                    _object(
                        {
                            "id": {"type": "integer", "description": "Số bản nộp là đúng tệp này, từng byte"},
                            "status": {"enum": ["accepted", "refused", "superseded"]},
                            "received_at": _text(),
                            "address": {"type": ["string", "null"], "description": "Chỉ có khi được xem bản nộp"},
                        }
                    ),
                ]
            },
        }
    ),
    "Submissions": _object({"submissions": _list(_ref("SubmissionSummary")), "next_before": _maybe("integer")}),
    "Cell": _object({"table": _text(), "row": _text("03, hoặc 02*#29551"), "column": _text()}),
    "Decimal": {
        "type": ["string", "null"],
        "pattern": "^-?[0-9]+(\\.[0-9]+)?$",
        "description": "Số thập phân chính xác",
    },
    "Fact": {
        "allOf": [
            _ref("Cell"),
            _object(
                {
                    "state": {
                        "enum": ["number", "blank", "none", "no_data", "not_applicable", "text", "error"],
                        "description": "Số; trống; “-” không phát sinh; “…” chưa có số liệu; “x” không thu thập",
                    },
                    "value": _ref("Decimal"),
                    "sheet": _text(),
                    "cell": _text(),
                    "computed": {"type": "boolean", "description": "Tính lại bằng công thức của phiên bản được hỏi"},
                    "estimated": _ESTIMATED,
                    "origins": _list(_ref("Origin")),
                },
                optional=("computed", "estimated", "origins"),
            ),
        ]
    },
    "Origin": _object(
        {
            "version": _text("Phiên bản mà số liệu được nộp theo"),
            "cells": _list(
                {
                    "allOf": [
                        _ref("Cell"),
                        _object(
                            {
                                "share": _ref("Decimal"),
                                "factor": _ref("Decimal"),
                                "sheet": _text(),
                                "cell": _text(),
                            },
                            optional=("sheet", "cell"),
                        ),
                    ]
                }
            ),
        }
    ),
    "LeftOver": {
        "allOf": [
            _ref("Cell"),
            _object(
                {
                    "version": _text("Phiên bản có ô này"),
                    "state": _text(),
                    "value": _ref("Decimal"),
                    "reason": _text("Vì sao không có chỗ trong phiên bản được hỏi"),
                }
            ),
        ]
    },
    "Facts": _object(
        {
            "form": _text(),
            "version": _text("Phiên bản mà các mã dưới đây thuộc về"),
            "reported_version": _text("Phiên bản mà số liệu được nộp theo"),
            "unit": _text(),
            "period": _text(),
            "submission": {"type": "integer"},
            "source": {"enum": ["workbook", "history"]},
            "sha256": _text(),
            "facts": _list(_ref("Fact")),
            "left_over": _list(_ref("LeftOver")),
        },
        optional=("left_over",),
    ),
    "Value": _object(
        {
            "value": _ref("Decimal"),
            "numbers": {"type": "integer", "description": "Số đơn vị có số đã cộng"},
            "computed": {"type": "boolean", "description": "Tính bằng công thức của biểu, không phải cộng"},
        }
    ),
    "Totals": _object(
        {
            "form": _text(),
            "version": _text(),
            "unit": _text(),
            "unit_name": _text(),
            "period": _text(),
            "consolidated": {"type": "boolean"},
            "told_versions": _list(_text("Phiên bản trước có số liệu được tính vào")),
            "values": _list(
                {
                    "allOf": [
                        _ref("Cell"),
                        _ref("Value"),
                        _object(
                            {"estimated": _ESTIMATED, "origins": _list(_ref("Origin"))},
                            optional=("estimated", "origins"),
                        ),
                    ]
                }
            ),
            "left_over": _list(_ref("LeftOver")),
        }
    ),
    "Source": _object(
        {
            "unit": _text(),
            "unit_name": _text(),
            "submission": {"type": "integer"},
            "source": {"enum": ["workbook", "history"]},
            "sheet": _text(),
            "cell": _text(),
            "version": _text("Phiên bản của biểu đã ký"),
            "row": _text("Mã dòng trên biểu đã ký"),
            "column": _text(),
            "share": _ref("Decimal"),
            "factor": _ref("Decimal"),
            "value": _ref("Decimal"),
            "sha256": _text(),
            "signer": _text(),
            "signed_at": _maybe("string"),
            "received_at": _text(),
        }
    ),
    "Lineage": {
        "allOf": [
            _ref("Cell"),
            _object(
                {
                    "form": _text(),
                    "unit": _text(),
                    "period": _text(),
                    "total": {"oneOf": [_ref("Value"), {"type": "null"}]},
                    "formula": _maybe("string"),
                    "inputs": _list(_ref("Cell")),
                    "sources": _list(_ref("Source")),
                }
            ),
        ]
    },
    "CatalogueSummary": _object(
        {
            "catalogue": _text("indicators, units-of-measure, breakdowns, fields, areas, report-groups"),
            "title": _text(),
            "entries": {"type": "integer", "description": "Số mục hôm nay"},
            "fields": _list(_object({"key": _text(), "title": _text(), "required": {"type": "boolean"}})),
        }
    ),
    "Catalogues": _object({"catalogues": _list(_ref("CatalogueSummary"))}),
    "CatalogueEntry": _object(
        {
            "code": _text(),
            "name": _text(),
            "parent": _maybe("string"),
            "valid_from": _text("Nội dung này đúng từ ngày"),
            "valid_to": {**_maybe("string"), "description": "Thôi đúng từ ngày"},
            "attributes": {
                "type": "object",
                "description": "Theo các cột của danh mục (fields)",
                "additionalProperties": {"oneOf": [_text(), _list(_text())]},
            },
        }
    ),
    "Catalogue": _object(
        {"catalogue": _text(), "title": _text(), "at": _text(), "entries": _list(_ref("CatalogueEntry"))}
    ),
    "CatalogueChanges": _object(
        {
            "from": _text(),
            "applied": {"type": "boolean", "description": "false: chỉ xem trước"},
            "changes": _list(
                _object(
                    {
                        "change": {"enum": ["added", "changed", "closed"]},
                        "code": _text(),
                        "name": _text(),
                        "differences": _list(_object({"title": _text(), "old": _text(), "new": _text()})),
                    }
                )
            ),
        }
    ),
    "Health": _object({"status": {"enum": ["ok", "schema"]}, "version": _text(), "database": _text()}),
}

_PATHS: Final[Json] = {
    "/sessions": {
        "post": {
            "summary": "Đăng nhập",
            "security": [],
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": _ref("Credentials")}},
            },
            "responses": {
                "201": _reply("Phiên làm việc", _ref("Session")),
                "401": _problem("Sai tên đăng nhập hoặc mật khẩu"),
                "422": _problem("Thiếu tên đăng nhập hoặc mật khẩu"),
                "429": _problem("Nhập sai quá nhiều lần; chờ theo Retry-After"),
            },
        },
        "delete": {
            "summary": "Đăng xuất",
            "responses": {"204": {"description": "Phiên đã kết thúc"}, "401": _REFUSALS["401"]},
        },
    },
    "/forms": {
        "get": {
            "summary": "Các phiên bản biểu, với tình trạng hôm nay",
            "parameters": [_query("all", "1 là kể cả phiên bản đã thu hồi", required=False, kind="integer")],
            "responses": {
                "200": _reply("Danh mục biểu", _ref("Forms")),
                "401": _REFUSALS["401"],
                "422": _REFUSALS["422"],
            },
        }
    },
    "/forms/{form}/workbook": {
        "get": {
            "summary": "Biểu được giao cho một đơn vị và kỳ, đã điền sẵn số kỳ trước",
            "parameters": [
                _path("form", "Mã biểu"),
                _PERIOD,
                _query("unit", "Mã đơn vị; mặc định là đơn vị của tài khoản", required=False),
            ],
            "responses": {"200": _file("Biểu để nhập"), **_REFUSALS},
        }
    },
    "/forms/{form}/convert": {
        "post": {
            "summary": "Chuyển biểu đang nhập dở theo phiên bản cũ sang phiên bản đang dùng, không mất số liệu",
            "parameters": [_path("form", "Mã biểu")],
            "requestBody": _WORKBOOK,
            "responses": {
                "200": _reply("Biểu mới, từng ô đã chuyển, và những gì chưa chuyển được", _ref("Conversion")),
                **_REFUSALS,
                "409": _problem("Tệp đã là phiên bản đang dùng"),
            },
        }
    },
    "/consolidated/{form}/{period}/{unit}.xlsx": {
        "get": {
            "summary": "Tệp tổng hợp đúng biểu chính thức: trang của đơn vị tổng hợp, rồi mỗi đơn vị một trang",
            "parameters": [
                _path("form", "Mã biểu"),
                _path("period", "Kỳ báo cáo"),
                _path("unit", "Mã đơn vị tổng hợp"),
            ],
            "responses": {"200": _file("Tệp tổng hợp"), **_REFUSALS},
        }
    },
    "/reports": {
        "get": {
            "summary": "Các biểu báo cáo đã ban hành",
            "responses": {"200": _reply("Danh mục biểu báo cáo", _ref("Reports")), "401": _REFUSALS["401"]},
        }
    },
    "/reports/{report}/{period}/{unit}.xlsx": {
        "get": {
            "summary": "Báo cáo của một đơn vị, lập từ số liệu đang có, kèm nguồn của từng ô",
            "parameters": [
                _path("report", "Mã biểu báo cáo"),
                _path("period", "Kỳ báo cáo"),
                _path("unit", "Mã đơn vị"),
            ],
            "responses": {"200": _file("Báo cáo"), **_REFUSALS},
        }
    },
    "/submissions": {
        "post": {
            "summary": "Gửi biểu đã ký; gửi lại cùng một tệp không tạo bản nộp trùng",
            "parameters": [
                {
                    "name": "Idempotency-Key",
                    "in": "header",
                    "required": False,
                    "description": "Mỗi tệp một khóa, 1 đến 200 ký tự",
                    "schema": {"type": "string", "maxLength": 200},
                }
            ],
            "requestBody": _SENDING,
            "responses": {
                "201": _reply("Đã nhận", _ref("Submission")),
                "200": _reply("Tệp này đã được nhận trước đó", _ref("Submission")),
                "401": _REFUSALS["401"],
                "403": _REFUSALS["403"],
                "409": _problem("Idempotency-Key đã dùng cho tệp khác"),
                "413": _problem("Tệp quá lớn"),
                "422": _problem("Tệp bị từ chối, kèm các lỗi và kết quả xác minh chữ ký", "Refusal"),
                "429": _problem("Quá nhiều tệp bị từ chối trong một giờ; chờ theo Retry-After"),
                "503": _problem("Chưa xác minh được, hoặc đang bận"),
            },
        },
        "get": {
            "summary": "Các bản nộp, mới nhất trước",
            "parameters": [
                _query("form", "Mã biểu", required=False),
                _query("unit", "Mã đơn vị", required=False),
                _query("period", "Kỳ báo cáo", required=False),
                _query("status", "accepted, refused hoặc superseded", required=False),
                _query("before", "Tiếp từ số bản nộp này trở xuống", required=False, kind="integer"),
                _query("limit", "Số bản nộp, nhiều nhất 100", required=False, kind="integer"),
            ],
            "responses": {"200": _reply("Danh sách", _ref("Submissions")), **_REFUSALS},
        },
    },
    "/submissions/{number}": {
        "get": {
            "summary": "Một bản nộp với các lỗi và kết quả xác minh chữ ký",
            "parameters": [_NUMBER],
            "responses": {"200": _reply("Bản nộp", _ref("Submission")), **_REFUSALS},
        }
    },
    "/submissions/{number}/workbook": {
        "get": {
            "summary": "Tệp đã ký, nguyên từng byte như khi gửi",
            "parameters": [_NUMBER],
            "responses": {"200": _file("Tệp đã ký"), **_REFUSALS},
        }
    },
    "/submissions/{number}/attachments/{attachment}": {
        "get": {
            "summary": "Tệp kèm theo, nguyên từng byte như khi gửi",
            "parameters": [_NUMBER, _path("attachment", "Số thứ tự của tệp trong bản nộp", "integer")],
            "responses": {"200": _attachment("Tệp Word hoặc PDF"), **_REFUSALS},
        }
    },
    "/verifications": {
        "post": {
            "summary": "Xác minh một tệp đang giữ; không cần tài khoản, không lưu lại gì",
            "security": [],
            "requestBody": _SENDING,
            "responses": {
                "200": _reply("Kết quả, cả khi chữ ký sai hoặc tệp không mở được", _ref("Verification")),
                "401": _REFUSALS["401"],
                "413": _problem("Tệp quá lớn"),
                "422": _problem("Thiếu tệp, hoặc nhiều tệp .xlsx trong một lần"),
                "503": _problem("Đang xác minh các tệp khác (chờ theo Retry-After), hoặc chưa có chứng thư tin cậy"),
            },
        }
    },
    "/facts": {
        "get": {
            "summary": "Số liệu của một đơn vị, từng ô",
            "parameters": [_FORM, _UNIT, _PERIOD, _TERMS],
            "responses": {"200": _reply("Số liệu", _ref("Facts")), **_REFUSALS},
        }
    },
    "/totals": {
        "get": {
            "summary": "Số tổng hợp của một đơn vị: cộng từ cấp dưới, tỷ lệ tính lại bằng công thức của biểu",
            "parameters": [_FORM, _UNIT, _PERIOD, _TERMS],
            "responses": {"200": _reply("Số tổng hợp", _ref("Totals")), **_REFUSALS},
        }
    },
    "/lineage": {
        "get": {
            "summary": "Một số tổng hợp gồm những ô đã ký nào",
            "parameters": [
                _FORM,
                _UNIT,
                _PERIOD,
                _query("table", "Mã bảng, ví dụ T1"),
                _query("row", "Mã dòng"),
                _query("column", "Số hiệu cột"),
                _TERMS,
            ],
            "responses": {"200": _reply("Nguồn gốc", _ref("Lineage")), **_REFUSALS},
        }
    },
    "/catalogues": {
        "get": {
            "summary": "Các danh mục",
            "responses": {"200": _reply("Các danh mục", _ref("Catalogues")), "401": _REFUSALS["401"]},
        }
    },
    "/catalogues/{name}": {
        "get": {
            "summary": "Một danh mục tại một ngày",
            "parameters": [
                _path("name", "Tên danh mục"),
                _query("at", "Tại ngày, ví dụ 2026-09-30; mặc định hôm nay", required=False),
                _query("find", "Chỉ các mục có những chữ này; không cần dấu", required=False),
                _query("unit", "Chỉ các chỉ tiêu giao cho đơn vị này (mã)", required=False),
            ],
            "responses": {"200": _reply("Danh mục", _ref("Catalogue")), **_REFUSALS},
        }
    },
    "/catalogues/{name}.xlsx": {
        "get": {
            "summary": "Danh mục ra tệp Excel để sửa rồi nhập lại",
            "parameters": [_path("name", "Tên danh mục"), _query("at", "Tại ngày; mặc định hôm nay", required=False)],
            "responses": {"200": _file("Tệp danh mục"), **_REFUSALS},
        },
        "put": {
            "summary": "Nhập danh mục từ tệp Excel (quản lý biểu mẫu); mục không còn trong tệp thì thôi hiệu lực",
            "parameters": [
                _path("name", "Tên danh mục"),
                _query("from", "Các thay đổi có hiệu lực từ ngày"),
                _query("dry_run", "1 là chỉ xem trước", required=False, kind="integer"),
            ],
            "requestBody": {
                "required": True,
                "content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}},
            },
            "responses": {
                "200": _reply("Các thay đổi", _ref("CatalogueChanges")),
                **_REFUSALS,
                "413": _problem("Tệp quá lớn"),
            },
        },
    },
    "/signers": {
        "get": {
            "summary": "Danh sách người ký tại một ngày (quản trị viên)",
            "parameters": [
                _query("unit", "Mã đơn vị", required=False),
                _query("on", "Tại ngày; mặc định hôm nay", required=False),
                _query("expiring", "Chỉ chứng thư còn hạn không quá số ngày này", required=False, kind="integer"),
            ],
            "responses": {"200": _reply("Danh sách", _ref("Signers")), **_REFUSALS},
        },
        "post": {
            "summary": "Đăng ký chứng thư của người ký (quản trị viên)",
            "requestBody": _multipart(_SIGNER_FIELDS, optional=("to",)),
            "responses": {"201": _reply("Đã đăng ký", _ref("SignerChange")), **_REFUSALS, "409": _SIGNER_CONFLICT},
        },
    },
    "/signers/{number}": {
        "get": {
            "summary": "Một đăng ký, và các bản nộp đã ký sau khi đăng ký kết thúc (quản trị viên)",
            "parameters": [_SIGNER],
            "responses": {"200": _reply("Đăng ký", _ref("SignerHistory")), **_REFUSALS},
        }
    },
    "/signers/{number}/replace": {
        "post": {
            "summary": "Thay chứng thư từ một ngày; đăng ký cũ kết thúc cùng ngày (quản trị viên)",
            "parameters": [_SIGNER],
            "requestBody": _multipart(
                {name: _SIGNER_FIELDS[name] for name in ("certificate", "from", "name", "role")},
                optional=("name", "role"),
            ),
            "responses": {"201": _reply("Đăng ký mới", _ref("SignerChange")), **_REFUSALS, "409": _SIGNER_CONFLICT},
        }
    },
    "/signers/{number}/revoke": {
        "post": {
            "summary": "Thôi cho ký từ một ngày, kể cả ngày đã qua (quản trị viên)",
            "parameters": [_SIGNER],
            "requestBody": _multipart(
                {
                    "from": _text("Thôi được ký từ ngày"),
                    "reason": {"enum": ["lost", "left", "delegation-ended"]},
                }
            ),
            "responses": {
                "200": _reply("Đăng ký đã kết thúc, các bản nộp đã ký từ ngày đó", _ref("SignerHistory")),
                **_REFUSALS,
                "409": _SIGNER_CONFLICT,
            },
        }
    },
    "/health": {
        "get": {
            "summary": "Dịch vụ có hoạt động không",
            "security": [],
            "responses": {
                "200": _reply("Hoạt động", _ref("Health")),
                "503": _reply("Cơ sở dữ liệu chưa đúng phiên bản", _ref("Health")),
            },
        }
    },
    "/openapi.json": {
        "get": {
            "summary": "Mô tả này",
            "security": [],
            "responses": {"200": _reply("OpenAPI 3.1", {"type": "object"})},
        }
    },
}

DOCUMENT: Final[Json] = {
    "openapi": "3.1.0",
    "info": {
        "title": "BiểuSố",
        "version": "1",
        "description": (
            "Báo cáo chỉ tiêu kinh tế - xã hội bằng biểu Excel chính thức. "
            "Mọi lỗi trả về application/problem+json (RFC 9457). Số thập phân là chuỗi để không mất chữ số."
        ),
    },
    "servers": [{"url": "/api/v1"}],
    "security": [{"bearer": []}],
    "paths": _PATHS,
    "components": {
        "schemas": _SCHEMAS,
        "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
    },
}
