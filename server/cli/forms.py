"""Commands on forms: the registry, publishing, issuing."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from form_templates import serial
from form_templates.builder import build_template
from form_templates.model import FormVersion
from form_templates.report_drawing import build_form
from form_templates.spec_drawing import blank_spec_workbook
from form_templates.spec_workbook import read_spec_workbook
from server.cli.arguments import a_day, existing_file, new_file
from server.cli.database import opened
from server.cli.output import patience, print_findings, print_json
from server.errors import InvalidError
from server.services import drafting, lifecycle, publishing
from server.services.issuing import issue_workbook
from server.services.lifecycle import STATE_TEXTS, Stage, State
from server.services.periods import day_in_vietnam
from server.services.registry import version_in_effect
from server.storage.drafts import DraftRecord
from server.storage.engine import reading
from workbooks.finding import Severity


@click.command("list", epilog="Ví dụ: bieuso form list --json")
@click.option("--json", "as_json", is_flag=True, help="In kết quả dạng JSON.")
def list_(as_json: bool) -> None:
    """Liệt kê các phiên bản biểu, kể cả bản nháp, với tình trạng hôm nay."""
    with opened() as (engine, _):
        found = lifecycle.families(engine, day_in_vietnam(datetime.now(UTC)), with_drafts=True)
    rows = [row for family in found for row in (*map(_stage_row, family.stages), *map(_draft_row, family.drafts))]
    if as_json:
        print_json(rows)
        return
    table = Table()
    for name in ("Biểu", "Bản", "Tên", "Quyết định", "Hiệu lực", "Tình trạng"):
        table.add_column(name, no_wrap=name in ("Biểu", "Bản", "Hiệu lực"), overflow="fold")
    for row in rows:
        days = (row["effective_from"] or "") + (f"\n→ {row['until']}" if row["until"] else "")
        texts = (
            row["form"],
            row["version"],
            row["title"],
            row["decision"],
            days,
            STATE_TEXTS[State(row["status"] or "")],
        )
        table.add_row(*(Text(text or "") for text in texts))
    Console().print(table)


def _stage_row(stage: Stage) -> dict[str, str | None]:
    one = stage.record
    return {
        "form": one.form,
        "version": one.version,
        "title": one.title,
        "decision": one.decision,
        "decided_on": _iso(one.decided_on),
        "effective_from": _iso(one.effective_from),
        "until": _iso(stage.until),
        "status": stage.state.value,
    }


def _draft_row(draft: DraftRecord) -> dict[str, str | None]:
    return {
        "form": draft.form,
        "version": draft.version,
        "title": draft.title,
        "decision": None,
        "decided_on": None,
        "effective_from": None,
        "until": None,
        "status": State.DRAFT.value,
    }


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


@click.command(epilog="Ví dụ: bieuso form show KTXH-09.T")
@click.argument("name", metavar="FORM")
@click.option("--json", "as_json", is_flag=True, help="In kết quả dạng JSON.")
def show(name: str, as_json: bool) -> None:
    """Cho xem một biểu: dòng, cột, công thức, quan hệ kiểm tra (phiên bản đang có hiệu lực)."""
    with opened() as (engine, _), reading(engine) as connection:
        version = version_in_effect(connection, name, datetime.now(UTC).date()).version
    if as_json:
        click.echo(serial.to_json(version))
        return
    _print_version(version)


def _print_version(version: FormVersion) -> None:
    console = Console()
    name = f"{version.form} phiên bản {version.version}: {version.title}"
    console.print(Text.assemble((name, "bold"), f" ({version.unit_text})"))
    if version.narrative_required:
        console.print("Phải kèm báo cáo thuyết minh (Word hoặc PDF) khi ký.")
    for table in version.tables:
        columns = Table(title="Cột")
        for name in ("Số", "Tiêu đề", "Loại", "Đơn vị tính"):
            columns.add_column(name)
        for column in table.columns:
            columns.add_row(*map(Text, (column.code, column.header, column.kind.value, column.unit)))
        rows = Table(title="Dòng")
        for name in ("Mã số", "Chỉ tiêu", "Đơn vị tính"):
            rows.add_column(name)
        for row in table.rows:
            rows.add_row(*map(Text, (row.code, row.label, row.unit)))
        for region in table.regions:
            rows.add_row(*map(Text, (region.code, region.label, region.unit)))
        console.print(columns, rows)
    rules = Table(title="Quan hệ kiểm tra")
    for name in ("Mã", "Công thức", "Mức", "Nội dung"):
        rules.add_column(name, overflow="fold")
    for rule in version.rules:
        rules.add_row(*map(Text, (rule.code, rule.formula, rule.severity.value, rule.message)))
    console.print(rules)


@click.command(epilog="Ví dụ: bieuso form new bieu-moi.toml -o bieu-moi.xlsx")
@click.argument("spec", type=existing_file, required=False)
@click.option("--blank", is_flag=True, help="Chỉ tạo danh mục trống (Excel) để ghi các dòng, các cột; có sẵn ví dụ.")
@click.option("-o", "--output", required=True, type=new_file, help="Tệp kết quả.")
def new(spec: Path | None, blank: bool, output: Path) -> None:
    """Vẽ biểu mẫu Excel, có trang Định nghĩa, từ một danh mục ngắn các dòng và các cột (Excel hoặc TOML).

    Danh mục TOML có [[sources]] là của biểu báo cáo: biểu được vẽ kèm trang Nguồn số liệu.

    Lấy danh mục Excel trống để ghi: bieuso form new --blank -o danh-muc.xlsx.
    """
    if (spec is None) is not blank:
        raise click.UsageError("Ghi tên tệp danh mục, hoặc --blank để lấy danh mục trống.")
    output.write_bytes(blank_spec_workbook() if spec is None else _drawn(spec))
    click.echo(f"Đã vẽ: {output}")


def _drawn(path: Path) -> bytes:
    """The template of a list of rows and columns, whatever it is kept in; of a report where it has sources."""
    data = path.read_bytes()
    if path.suffix.lower() != ".toml" and data.startswith(b"PK"):
        return build_template(read_spec_workbook(data))
    try:
        return build_form(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise InvalidError(f"Tệp {path} không phải văn bản UTF-8.", "Lưu lại tệp bằng mã UTF-8.") from error


@click.command(epilog='Ví dụ: bieuso form publish KTXH-09.T.xlsx --decision "1107/QĐ-UBND" --effective 2026-09-01')
@click.argument("target", metavar="FILE|FORM/VERSION")
@click.option("--draft", is_flag=True, help="Chỉ lưu tệp làm bản nháp, thay bản nháp trước của phiên bản này.")
@click.option("--decision", default="", help="Số quyết định; bắt buộc khi ban hành.")
@click.option("--decided", type=a_day, help="Ngày quyết định; bắt buộc khi ban hành một bản nháp đã lưu.")
@click.option("--effective", type=a_day, help="Có hiệu lực từ ngày; mặc định hôm nay.")
def publish(target: str, draft: bool, decision: str, decided: datetime | None, effective: datetime | None) -> None:
    """Ban hành một biểu mẫu Excel, hoặc một bản nháp đã lưu (FORM/VERSION), thành phiên bản cố định."""
    now, stored = datetime.now(UTC), _stored_draft(target)
    if draft:
        _save_draft(_file(target), now)
        return
    if not decision.strip():
        raise click.UsageError("Ban hành phải có số quyết định: --decision.")
    since = _day(effective) or day_in_vietnam(now)
    with opened() as (engine, _), patience("Đang đối chiếu công thức của biểu với ironcalc …"):
        if stored is None:
            data = _file(target).read_bytes()
            publication = publishing.publish(
                engine, data, decision=decision, decided_on=_day(decided), effective_from=since, now=now
            )
        elif decided is None:
            raise click.UsageError("Ban hành bản nháp phải có ngày quyết định: --decided.")
        else:
            publication = publishing.issue_draft(
                engine, *stored, decision=decision, decided_on=decided.date(), effective_from=since, now=now
            )
    record = publication.record
    said = "Đã ban hành" if publication.new else "Đã ban hành từ trước, không có gì đổi:"
    click.echo(f"{said} {record.form} phiên bản {record.version}, hiệu lực từ {record.effective_from:%d/%m/%Y}.")
    if publication.notes:
        print_findings(publication.notes)


def _stored_draft(target: str) -> tuple[str, str] | None:
    """Form and version of ``KTXH-09.T/2``, unless a file has that name."""
    form_name, slash, version = target.rpartition("/")
    known = slash and version.isdecimal() and not Path(target).exists()
    return (form_name, version) if known else None


def _file(target: str) -> Path:
    if not Path(target).is_file():
        raise click.UsageError(f"Không có tệp {target}.")
    return Path(target)


def _save_draft(file: Path, now: datetime) -> None:
    with opened() as (engine, _):
        draft = drafting.save_draft(engine, file.read_bytes(), now=now)
    click.echo(f"Đã lưu bản nháp {draft.record.form} phiên bản {draft.record.version}.")
    if draft.findings:
        print_findings(draft.findings)
        if any(finding.severity is Severity.ERROR for finding in draft.findings):
            click.echo("Sửa các lỗi trên rồi lưu lại trước khi ban hành.")


@click.command(epilog="Ví dụ: bieuso form draft KTXH-09.T/2 -o nhap.xlsx")
@click.argument("target", metavar="FORM/VERSION")
@click.option("-o", "--output", type=new_file, help="Ghi tệp của bản nháp.")
@click.option("--delete", is_flag=True, help="Xóa bản nháp.")
def draft(target: str, output: Path | None, delete: bool) -> None:
    """Lấy lại hoặc xóa một bản nháp đã lưu bằng form publish --draft."""
    stored = _stored_draft(target)
    if stored is None or (output is None) == (not delete):
        raise click.UsageError("Ghi FORM/VERSION và một trong hai: -o TỆP hoặc --delete.")
    with opened() as (engine, _):
        if output is None:
            drafting.delete_draft(engine, *stored, now=datetime.now(UTC))
        else:
            output.write_bytes(drafting.draft_template(engine, *stored))
    click.echo(f"Đã xóa bản nháp {target}." if output is None else f"Đã ghi: {output}")


@click.command(epilog='Ví dụ: bieuso form withdraw KTXH-09.T 1 --from 2026-12-01 --reason "Thay bằng phiên bản 2"')
@click.argument("name", metavar="FORM")
@click.argument("version")
@click.option("--from", "since", required=True, type=a_day, help="Không dùng cho kỳ kết thúc từ ngày này trở đi.")
@click.option("--reason", required=True, help="Lý do, hoặc số văn bản thu hồi.")
def withdraw(name: str, version: str, since: datetime, reason: str) -> None:
    """Thu hồi một phiên bản từ một ngày; số liệu đã nhận theo phiên bản này vẫn đọc được."""
    with opened() as (engine, _):
        done = publishing.withdraw(engine, name, version, from_day=since.date(), reason=reason, now=datetime.now(UTC))
    after = "không còn phiên bản nào" if done.successor is None else f"dùng phiên bản {done.successor.version}"
    click.echo(f"Đã thu hồi {name} phiên bản {version} từ {since:%d/%m/%Y}; từ ngày đó {after}.")


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


@click.command(epilog="Ví dụ: bieuso form issue KTXH-09.T --unit 28756 --period 2026-M09 -o 28756.xlsx")
@click.argument("name", metavar="FORM")
@click.option("--unit", required=True, help="Mã đơn vị.")
@click.option("--period", required=True, help="Kỳ: 2026-M09, 2026-Q3, 2026-H1, 2026-9M, 2026.")
@click.option("-o", "--output", required=True, type=new_file, help="Tệp kết quả.")
def issue(name: str, unit: str, period: str, output: Path) -> None:
    """Giao biểu cho một đơn vị trong một kỳ: điền sẵn, đóng dấu phát hành."""
    with opened() as (engine, config):
        key = config.stamp_keys[0]
        issued = issue_workbook(engine, form=name, unit=unit, period=period, stamp_key=key, now=datetime.now(UTC))
        output.write_bytes(issued)
    click.echo(f"Đã giao: {output}")
