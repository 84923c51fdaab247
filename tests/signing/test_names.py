"""Names as other programs write them agree with certificates; other people's names do not."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from signing.names import calls, names

ATTRIBUTES = (
    (NameOID.COUNTRY_NAME, "VN"),
    (NameOID.STATE_OR_PROVINCE_NAME, "Hà Nội"),
    (NameOID.ORGANIZATION_NAME, 'Công ty "A", B + C'),
    (NameOID.USER_ID, "MST:0101234567"),
    (NameOID.EMAIL_ADDRESS, "a@example.vn"),
    (NameOID.COMMON_NAME, "Nguyễn Văn Thử"),
)
NAME = x509.Name([x509.NameAttribute(kind, value) for kind, value in ATTRIBUTES])


@pytest.mark.parametrize(
    "text",
    [
        NAME.rfc4514_string(),
        r"CN=Nguyễn Văn Thử, E=a@example.vn, OID.0.9.2342.19200300.100.1.1=MST:0101234567, "
        'O="Công ty ""A"", B + C", S=Hà Nội, C=VN',
        r"CN=Nguyễn Văn Thử,1.2.840.113549.1.9.1=#160c61406578616d706c652e766e,UID=MST:0101234567,"
        r"O=Công ty \"A\"\, B \+ C,ST=Hà Nội,C=VN",
        r"c = VN; st = Hà  nội; o = C\C3\B4ng ty \22A\22\2C B \+ C; uid = MST:0101234567; "
        r"emailAddress = a@example.vn; cn = Nguyễn Văn Thử",
        r'C=VN+ST=Hà Nội,O="Công ty \"A\", B + C",UID=MST:0101234567,EMAILADDRESS=A@example.vn,CN=NGUYỄN VĂN THỬ ',
    ],
    ids=["RFC 4514", "dotnet", "Java", "OpenSSL", "several in one"],
)
def test_a_name_is_the_same_whichever_way_it_is_written(text: str) -> None:
    assert names(text, NAME)
    assert calls(text, NAME)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Nguyễn Văn Thử",
        "CN=Nguyễn Văn Thử",
        NAME.rfc4514_string().replace("Thử", "Thu"),
        NAME.rfc4514_string() + ",OU=Phòng khác",
        NAME.rfc4514_string().replace("CN=", "OU="),
        NAME.rfc4514_string().replace("CN=", "1.2.840.113549.1.9.1=#1603616263,CN="),
        NAME.rfc4514_string().replace("MST:0101234567", "#zz"),
        NAME.rfc4514_string() + " " * 5000,
        "CN=" + " " * 4000 + '"',
        '"' * 4000,
    ],
)
def test_another_name_or_none_is_not_the_name(text: str) -> None:
    assert not names(text, NAME)


def test_what_cannot_be_read_is_not_the_name_of_nobody_either() -> None:
    assert names("", x509.Name([]))
    assert not names("=", x509.Name([]))


def test_a_common_name_alone_calls_a_person() -> None:
    assert calls("nguyễn văn thử", NAME)
    assert not calls("Trần Thị Hai", NAME)
