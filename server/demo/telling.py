"""What the demonstration says at its end: who sent, what was refused and why, the totals, where things are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text
from sqlalchemy import Engine

from form_templates.model import CellKey
from formulas.wording import number_text
from server.demo.folder import Folder
from server.services import totals as kept

STEPS = {
    "units_and_forms": "Đơn vị và biểu mẫu",
    "earlier_figures": "Số liệu kỳ trước",
    "keys": "Chứng thư trình diễn",
    "accounts": "Tài khoản và người ký",
    "reporting": "Nhận biểu, nhập, kiểm tra, ký, gửi",
    "consolidation": "Tổng hợp toàn tỉnh",
    "proof": "Chứng minh số tổng hợp",
}
"""Step, as ``summary.json`` names it → as people read it."""
_MOST_FINDINGS = 2
# Row and column of each form whose total is worth a line.
_MAIN_CELLS = {
    "KTXH-09.T": (("01", "3", "Diện tích gieo trồng cây hàng năm (ha)"), ("03", "6", "Sản lượng lúa (tấn)")),
    "KTXH-10.Q": (("04", "2", "Đàn lợn (con)"), ("08", "2", "Thịt hơi xuất chuồng (tấn)")),
    "KTXH-13.N": (("01", "7", "Hộ nghèo cuối kỳ"), ("01", "8", "Tỷ lệ hộ nghèo cuối kỳ (%)")),
    "KTXH-14.T": (("01", "1", "Hồ sơ tiếp nhận"), ("01", "8", "Giải quyết quá hạn")),
}


def main_totals(engine: Engine, unit: str, periods: Mapping[str, str]) -> list[dict[str, str]]:
    """A few of the province's totals, as text in Vietnamese format."""
    lines = []
    for form, period in periods.items():
        totals = kept.read(engine, unit=unit, form=form, period=period).values
        for row, column, name in _MAIN_CELLS[form]:
            total = totals.get(CellKey("T1", row, column))
            text = number_text(total.value) if total and total.value is not None else "–"
            lines.append({"form": form, "row": row, "column": column, "name": name, "value": text})
    return lines


def tell(console: Console, summary: Mapping[str, Any], folder: Folder) -> None:
    """Prints the summary."""
    console.print()
    console.print(_counts(summary))
    if summary["refused"]:
        _tell_refusals(console, summary["refused"])
    console.print(_totals(summary))
    for name, seconds in summary["seconds"].items():
        console.print(f"  {STEPS[name]:<36} {number_text(seconds, 1):>6} giây")
    console.print(f"  {'Cả thảy':<36} {number_text(summary['seconds_in_all'], 1):>6} giây\n")
    agree, rebuilt = summary["totals_agree"], summary["rebuild_agrees"]
    console.print(f"Số tổng hợp khớp từng ô đã ký: {_yes(agree)} · sau khi tính lại toàn bộ: {_yes(rebuilt)}")
    for form, path in summary["merged"].items():
        console.print(f"Tệp tổng hợp {form}: {path}", soft_wrap=True)
    console.print(f"Bản tóm tắt: {folder.path / 'summary.json'}", soft_wrap=True)


def invite(console: Console, server: str) -> None:
    """Says where the portal is."""
    console.print(f"\n[bold]Trang theo dõi: {server}[/]  (Ctrl+C để dừng)")


def _yes(value: bool) -> str:
    return "[green]có[/]" if value else "[red]KHÔNG[/]"


def _counts(summary: Mapping[str, Any]) -> Table:
    table = Table(title=f"{summary['sent']} bản nộp của {summary['units']} xã, phường")
    for name in ("Biểu", "Kỳ", "Đã gửi", "Hợp lệ", "Bị từ chối"):
        table.add_column(name, justify="left" if name in {"Biểu", "Kỳ"} else "right")
    for form, period in summary["forms"].items():
        sent, refused = summary["sent_by_form"].get(form, 0), summary["refused_by_form"].get(form, 0)
        table.add_row(form, period, str(sent), str(sent - refused), str(refused))
    table.add_section()
    table.add_row("Cộng", "", str(summary["sent"]), str(summary["accepted"]), str(len(summary["refused"])))
    return table


def _tell_refusals(console: Console, refused: Sequence[Mapping[str, Any]]) -> None:
    """Each refusal: who, what, where, what to do. As lines, for a table of sentences needs a wide screen."""
    console.print("\n[bold]Bị từ chối (không số nào được ghi nhận)[/]")
    for one in refused:
        console.print(f"[red]✗[/] [bold]{one['unit_name']}[/] · {one['form']} · {one['trouble']}")
        for finding in one["findings"][:_MOST_FINDINGS]:
            place = " ".join(finding[part] for part in ("sheet", "cell", "part") if finding[part])
            what = Text.assemble((finding["code"], "red"), f" {place}: {finding['message']}")  # quotes cells: no markup
            console.print(Padding(what, (0, 0, 0, 4)))
            console.print(Padding(Text(f"→ {finding['remedy']}"), (0, 0, 0, 4)))
        more = len(one["findings"]) - _MOST_FINDINGS
        if more > 0:
            console.print(Padding(f"và {more} mục nữa", (0, 0, 0, 4)))


def _totals(summary: Mapping[str, Any]) -> Table:
    table = Table(title="Số tổng hợp toàn tỉnh")
    table.add_column("Biểu")
    table.add_column("Chỉ tiêu")
    table.add_column("Giá trị", justify="right")
    for line in summary["totals"]:
        table.add_row(line["form"], line["name"], line["value"])
    return table
