"""Signing the workbook inside the file, and verifying it strictly. Needs only ``workbooks``."""

import warnings

# cryptography counts the bytes of a name, and those of many an agency's full name in Vietnamese are more than the 64
# letters that X.520 allows; and authorities write notices in letters that their kind of text has not. Certificates have
# such things and are read. The remark on it, in English, helps nobody in front of a terminal, and must stop nobody who
# has warnings raised as errors. To be quiet around each place where a name is read is nothing that threads can do.
for _remark in ("Attribute's length must be", r"Invalid ASN\.1 \(UTF-8 characters in a VisibleString\)"):
    warnings.filterwarnings("ignore", message=_remark, category=UserWarning)
