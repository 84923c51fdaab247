"""Two versions of a form compared, in words that their owner reads (L35, C39).

What is compared is what a form means: rows and columns by their codes. Where they stand on the sheet does not matter,
so a row put in is one change, not a change of every row below it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from form_templates import definition
from form_templates.changes import Action, Change, Fields, Subject, changed, from_to
from form_templates.describing import formula_words, link_words, narrative_words
from form_templates.model import FormVersion, Rule, Succession
from form_templates.table_diff import TableDiff


@dataclass(frozen=True)
class FormDiff:
    """All differences of two versions, in the order of `Subject`."""

    old: FormVersion
    new: FormVersion
    changes: tuple[Change, ...]


def diff(old: FormVersion, new: FormVersion) -> FormDiff:
    """What an owner sees differ between two versions of a form; the version number itself is no change."""
    changes = [*_form(old, new), *_tables(old, new), *_rules(old, new), *_succession(old.succession, new.succession)]
    order = list(Subject)
    return FormDiff(old, new, tuple(sorted(changes, key=lambda change: order.index(change.subject))))


_FORM_FIELDS: Final[Fields[FormVersion]] = {
    "mã biểu": lambda version: version.form,
    "tên biểu": lambda version: version.title,
    "đơn vị tính": lambda version: version.unit_text,
    "nguồn gốc": lambda version: version.basis,
    "đơn vị báo cáo": lambda version: version.sender,
    "kỳ báo cáo": lambda version: ", ".join(version.periods),
    "báo cáo thuyết minh": narrative_words,
    "ô ghi tên đơn vị": lambda version: version.unit_at,
    "ô ghi kỳ báo cáo": lambda version: version.period_at,
    "tên trang": lambda version: ", ".join(table.sheet for table in version.tables),
}
_RULE_FIELDS: Final[Fields[Rule]] = {
    "công thức": lambda rule: formula_words(rule.formula),
    "mức độ": lambda rule: definition.SEVERITIES[rule.severity],
    "thông báo": lambda rule: rule.message,
    "vùng": lambda rule: rule.region,
    "bảng": lambda rule: rule.table,
}


def _form(old: FormVersion, new: FormVersion) -> Iterator[Change]:
    for what, before, after in changed(old, new, _FORM_FIELDS):
        text = f"{what.capitalize()}: {from_to(before, after)}"
        yield Change(Subject.FORM, Action.CHANGED, text, what=what, before=before, after=after)


def _tables(old: FormVersion, new: FormVersion) -> Iterator[Change]:
    before, after = ({table.code: table for table in version.tables} for version in (old, new))
    for code, table in after.items():
        if code in before:
            yield from TableDiff(before[code], table).changes()
        else:
            yield Change(Subject.FORM, Action.ADDED, f"Thêm bảng {code} (trang {table.sheet})", code)
    for code in before.keys() - after.keys():
        yield Change(Subject.FORM, Action.REMOVED, f"Bỏ bảng {code}", code)


def _rules(old: FormVersion, new: FormVersion) -> Iterator[Change]:
    """Rules added, removed and changed; those that one line of the definition sheet declares are one change."""
    before, after = ({rule.code: rule for rule in version.rules} for version in (old, new))
    for action, ours, theirs in ((Action.REMOVED, before, after), (Action.ADDED, after, before)):
        for base, rules in _by_base(rule for code, rule in ours.items() if code not in theirs).items():
            whole = not any(_base(code) == base for code in theirs)
            yield _rules_change(action, base, rules, whole=whole)
    alike: dict[tuple[str, str], list[tuple[Rule, str, str]]] = {}
    for code, rule in after.items():
        for what, was, now in changed(before.get(code, rule), rule, _RULE_FIELDS):
            alike.setdefault((_base(code), what), []).append((rule, was, now))
    for (_, what), found in alike.items():
        rule, was, now = found[0]
        codes = tuple(one.code for one, _, _ in found)
        more = f" (và {len(found) - 1} ô khác)" if len(found) > 1 else ""
        text = f"Quan hệ {rule.code}{more}, {what}: {from_to(was, now)}"
        yield Change(Subject.RULE, Action.CHANGED, text, rule.table, codes, (), what, was, now)


def _base(code: str) -> str:
    """Code of the line that declares a rule: rules spread over rows and columns are ``R1.03.2``."""
    return code.partition(".")[0]


def _by_base(rules: Iterable[Rule]) -> dict[str, list[Rule]]:
    found: dict[str, list[Rule]] = {}
    for rule in rules:
        found.setdefault(_base(rule.code), []).append(rule)
    return found


def _rules_change(action: Action, base: str, rules: Sequence[Rule], *, whole: bool) -> Change:
    codes = tuple(rule.code for rule in rules)
    verb = "Thêm" if action is Action.ADDED else "Bỏ"
    first = rules[0]
    if whole:
        text = f"{verb} quan hệ {base} ({definition.SEVERITIES[first.severity]}): {first.message}"
        text += f" [{first.code}: {formula_words(first.formula)}]"
    else:
        places = ", ".join(code.removeprefix(f"{base}.") for code in codes)
        text = f"Quan hệ {base}: {'thêm cho' if action is Action.ADDED else 'không còn cho'} {places}"
    return Change(Subject.RULE, action, text, first.table, codes)


def _succession(old: Succession | None, new: Succession | None) -> Iterator[Change]:
    before, after = (set(_link_texts(succession)) for succession in (old, new))
    for text in _link_texts(new):
        if text not in before:
            yield Change(Subject.SUCCESSION, Action.ADDED, f"Khai báo: {text}")
    for text in _link_texts(old):
        if text not in after:
            yield Change(Subject.SUCCESSION, Action.REMOVED, f"Không còn khai báo: {text}")


def _link_texts(succession: Succession | None) -> list[str]:
    if succession is None:
        return []
    rows = [link_words(link, "dòng") for link in succession.rows]
    columns = [link_words(link, "cột") for link in succession.columns]
    return [f"tiếp nối phiên bản {succession.version}", *rows, *columns]
