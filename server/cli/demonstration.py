"""``bieuso demo``: the main job on real input."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import click


@click.command(epilog="Ví dụ: bieuso demo --once --units 10 --dir var/demo")
@click.option("--once", is_flag=True, help="Dừng sau khi xong việc; không mở trang theo dõi.")
@click.option("--units", type=click.IntRange(6, 124), default=124, show_default=True, help="Số xã, phường tham gia.")
@click.option(
    "--dir",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("var/demo"),
    show_default=True,
    help="Thư mục trình diễn.",
)
@click.option("--fresh", is_flag=True, help="Xóa kết quả lần trước trong thư mục và làm lại từ đầu.")
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="Cổng của trang theo dõi.")
def demo(once: bool, units: int, folder: Path, fresh: bool, port: int) -> None:
    """Chạy trọn việc chính trên dữ liệu thật: giao biểu, nhập, kiểm tra, ký, gửi, tổng hợp; rồi mở trang theo dõi."""
    # It brings all of the service, which whoever only asks for help does without.
    from server.cli.database import database_errors_told  # noqa: PLC0415 - as above
    from server.demo.run import run  # noqa: PLC0415 - as above

    # A plain `kill` must end the service too, which is a process of its own.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with database_errors_told():
        sys.exit(run(folder.absolute(), units=units, once=once, fresh=fresh, port=port))
