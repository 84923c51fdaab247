"""Looks for cells that are added: entries at the end of the style tables, so that no style in use ever changes."""

from __future__ import annotations

from lxml import etree

from workbooks import markup

_MAIN = f"{{{markup.MAIN}}}"


class NewStyles:
    """The styles part being extended. What is there already is used again, so that the same looks give the same part.

    Looks are given as XML without prefix, in the namespace of spreadsheets: ``<font><b/></font>``.
    """

    def __init__(self, root: etree._Element) -> None:
        """Work on a parsed styles part."""
        self._root = root

    def font(self, text: str) -> int:
        """Index of this font."""
        return self._place("fonts", text)

    def border(self, text: str) -> int:
        """Index of this border."""
        return self._place("borders", text)

    def style(self, *, font: int, border: int, number_format: int, alignment: str) -> int:
        """Index of a locked cell style; ``number_format`` is one of Excel's own, ``alignment`` its attributes."""
        applied = " ".join(f'apply{name}="1"' for name in ("NumberFormat", "Font", "Border", "Alignment"))
        return self._place(
            "cellXfs",
            f'<xf numFmtId="{number_format}" fontId="{font}" fillId="0" borderId="{border}" xfId="0" {applied}>'
            f"<alignment {alignment}/></xf>",
        )

    def _place(self, table: str, text: str) -> int:
        entries = self._root.find(_MAIN + table)
        if entries is None:
            return 0  # a file without this table has the default look only
        wanted = markup.parse_xml(text.replace(">", f' xmlns="{markup.MAIN}">', 1).encode(), table)
        same = etree.tostring(wanted, method="c14n", exclusive=True)
        for place, entry in enumerate(entries):
            if etree.tostring(entry, method="c14n", exclusive=True, with_tail=False) == same:
                return place
        entries.append(wanted)
        entries.set("count", str(len(entries)))
        return len(entries) - 1
