"""Workbooks that LibreOffice wrote, from an old .xls, are repaired, and LibreOffice shows the repaired texts."""

from __future__ import annotations

from pathlib import Path

import pytest

from formulas.text.encodings import Encoding, encode
from formulas.text.repairing import repair
from formulas.text.scanning import check_text
from formulas.text.undoing import undo, write_log
from tests.formulas.test_text_places import parts_of
from tests.formulas.text_specimens import NAME, SHEET, texts_everywhere
from tests.office import saved
from workbooks.workbook import open_workbook

SHOWN = (
    SHEET, NAME, "Uỷ ban nhân dân tỉnh Bình Phước", "Chỉ tiêu phát triển", "số hộ thoát nghèo trong kỳ",
    "Số liệu của phòng kinh tế hạ tầng", "Sở Kế hoạch và Đầu tư", "Người lập biểu ký tên", "Hướng dẫn nhập",
    "Chỉ được chọn Có hoặc Không", "Biểu đồ số hộ nghèo các xã", "Ghi bằng chữ số của từng xã",
    "Phải nhập đủ số liệu", "Báo cáo tình hình kinh tế xã hội", "Lúa đông xuân", "Không",
)  # fmt: skip


def converted(data: bytes, folder: Path, start: str, *formats: str) -> bytes:
    """The file as LibreOffice saves it in one format after the other."""
    path = folder / f"bieu.{start}"
    path.write_bytes(data)
    for number, kind in enumerate(formats):
        (path,) = saved([path], folder / str(number), kind)
    return path.read_bytes()


@pytest.mark.parametrize("encoding", [Encoding.TCVN3, Encoding.VNI])
def test_an_old_xls_saved_anew_is_repaired_everywhere(encoding: Encoding, tmp_path: Path) -> None:
    data = converted(texts_everywhere(encoding), tmp_path, "xlsx", "xls", "xlsx")

    repaired = repair(data)

    (tmp_path / "after").mkdir()
    shown = converted(repaired.data, tmp_path / "after", "xlsx", "fods").decode("utf-8")
    assert list(check_text(open_workbook(repaired.data))) == []
    assert [text for text in SHOWN if text not in shown] == []
    assert [text for text in SHOWN if encode(text, encoding) != text and encode(text, encoding) in shown] == []
    assert repair(repaired.data).data is repaired.data
    log = write_log(data, repaired.data, repaired.conversions)
    assert parts_of(undo(repaired.data, log)) == parts_of(data)
