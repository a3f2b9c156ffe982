"""A filled-in report as PDF, drawn block by block with fpdf2 and the DejaVu fonts that come with matplotlib."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from markdown_it.tree import SyntaxTreeNode as Node

from autograder.students.report.pages import FORMULA_DPI, is_formula

if TYPE_CHECKING:
    from fpdf import FPDF

FONT, MONO = "DejaVu", "DejaVu Mono"
FONTS = {
    (FONT, ""): "DejaVuSans",
    (FONT, "B"): "DejaVuSans-Bold",
    (FONT, "I"): "DejaVuSans-Oblique",
    (FONT, "BI"): "DejaVuSans-BoldOblique",
    (MONO, ""): "DejaVuSansMono",
}
SIZE = 10.0  # points
HEADINGS = {1: 17.0, 2: 14.0, 3: 11.5}  # points, by level
INDENT = 6.0  # mm
LINE = 1.45  # heights of a letter
FIGURE_DPI = 130
MM = 25.4  # of an inch
BLACK, LINK = (0, 0, 0), (0, 80, 170)
WEBSITE = re.compile(r"https?://")


@dataclass(frozen=True)
class Words:
    """A piece of a paragraph in one style."""

    text: str
    style: str = ""
    font: str = FONT
    link: str = ""


def write(nodes: Node, images: Mapping[str, Path], path: Path) -> None:
    """Write the whole report; what is not in `images` is left out."""
    pdf = _paper()
    for node in nodes.children:
        _block(pdf, node, images)
    pdf.output(str(path))


def _paper() -> FPDF:
    import matplotlib
    from fpdf import FPDF

    class Paper(FPDF):
        def footer(self) -> None:
            """Number the pages."""
            self.set_y(-15)
            self.set_font(FONT, size=8)
            self.cell(0, 8, f"{self.page_no()} / {{nb}}", align="C")

    logging.getLogger("fontTools").setLevel(logging.ERROR)  # it tells what it leaves out of a font
    logging.getLogger("fpdf").setLevel(logging.ERROR)  # signs that no font has
    pdf = Paper()
    for (family, style), file in FONTS.items():
        pdf.add_font(family, style, Path(matplotlib.get_data_path(), "fonts", "ttf", f"{file}.ttf"))
    pdf.set_margin(22)
    pdf.set_auto_page_break(True, 22)
    pdf.add_page()
    pdf.set_font(FONT, size=SIZE)
    return pdf


def _block(pdf: FPDF, node: Node, images: Mapping[str, Path]) -> None:
    match node.type:
        case "heading":
            _heading(pdf, node)
        case "paragraph":
            _paragraph(pdf, node, images)
        case "bullet_list" | "ordered_list":
            _list(pdf, node, images)
        case "blockquote":
            with_margin(pdf, node, images)
        case "fence" | "code_block":
            _code(pdf, node, images)
        case "table":
            _table(pdf, node)
        case "hr":
            pdf.line(pdf.l_margin, pdf.get_y(), pdf.w - pdf.r_margin, pdf.get_y())
            pdf.ln(3)


def _height(size: float) -> float:
    """A line's height in mm."""
    return size * LINE * MM / 72


def _heading(pdf: FPDF, node: Node) -> None:
    level = int(node.tag[1])
    size = HEADINGS.get(level, SIZE)
    if pdf.will_page_break(4 * _height(size)):
        pdf.add_page()
    pdf.ln(_height(size) * 0.7)
    pdf.set_font(FONT, "B", size)
    pdf.multi_cell(0, _height(size), plain(node), align="L", new_x="LMARGIN", new_y="NEXT")
    pdf.set_font(FONT, size=SIZE)
    pdf.ln(1.5)


def _paragraph(pdf: FPDF, node: Node, images: Mapping[str, Path]) -> None:
    inline = node.children[0].children
    if len(inline) == 1 and inline[0].type == "image":
        _picture(pdf, images.get(str(inline[0].attrs["src"])), plain(inline[0]), FIGURE_DPI)
        return
    for words in _words(inline):
        pdf.set_font(words.font, words.style, SIZE)
        pdf.set_text_color(*(LINK if words.link else BLACK))
        pdf.write(_height(SIZE), words.text, words.link)
    pdf.set_font(FONT, size=SIZE)
    pdf.set_text_color(*BLACK)
    pdf.ln(_height(SIZE) * 1.4)


def _words(nodes: list[Node], style: str = "", link: str = "") -> Iterator[Words]:
    """Cut inline text into pieces of one style."""
    for node in nodes:
        match node.type:
            case "text":
                yield Words(node.content, style, FONT, link)
            case "code_inline":
                yield Words(node.content, "", MONO, link)
            case "softbreak":
                yield Words(" ", style)
            case "hardbreak":
                yield Words("\n", style)
            case "strong" | "em":
                own = "B" if node.type == "strong" else "I"
                yield from _words(node.children, "".join(sorted({*style, own})), link)
            case "link":
                href = str(node.attrs.get("href", ""))
                yield from _words(node.children, style, href if WEBSITE.match(href) else "")


def plain(node: Node) -> str:
    """All text below a node, without its styles."""
    if node.type in ("softbreak", "hardbreak"):
        return " "
    return node.content if node.type in ("text", "code_inline") else "".join(plain(child) for child in node.children)


def _list(pdf: FPDF, node: Node, images: Mapping[str, Path]) -> None:
    first = int(node.attrs.get("start", 1))
    for number, item in enumerate(node.children, start=first):
        pdf.set_x(pdf.l_margin)
        sign = "•" if node.type == "bullet_list" else f"{number}."
        pdf.cell(INDENT, _height(SIZE), sign)
        with_margin(pdf, item, images)


def with_margin(pdf: FPDF, node: Node, images: Mapping[str, Path]) -> None:
    """Draw the blocks below a node farther to the right."""
    pdf.set_left_margin(pdf.l_margin + INDENT)
    pdf.set_x(pdf.l_margin)
    for child in node.children:
        _block(pdf, child, images)
    pdf.set_left_margin(pdf.l_margin - INDENT)
    pdf.set_x(pdf.l_margin)


def _code(pdf: FPDF, node: Node, images: Mapping[str, Path]) -> None:
    if node.token is not None and is_formula(node.token) and node.content in images:
        _picture(pdf, images[node.content], "", FORMULA_DPI)
        return
    pdf.set_font(MONO, size=SIZE - 1.5)
    pdf.set_fill_color(244)
    pdf.multi_cell(
        0, _height(SIZE - 1.5), node.content.rstrip("\n"), fill=True, align="L", new_x="LMARGIN", new_y="NEXT"
    )
    pdf.set_font(FONT, size=SIZE)
    pdf.ln(2)


def _picture(pdf: FPDF, path: Path | None, caption: str, dpi: int) -> None:
    """An image in its own size, or as wide as the page, and its caption."""
    if path is None:
        return
    from PIL import Image

    with Image.open(path) as image:
        width, height = image.size
    scale = min(MM / dpi, pdf.epw / width, 0.8 * pdf.eph / height)
    if pdf.will_page_break(height * scale + _height(SIZE) * 2):
        pdf.add_page()
    pdf.image(path, x=pdf.l_margin + (pdf.epw - width * scale) / 2, w=width * scale, h=height * scale)
    if caption:
        pdf.set_font(FONT, "I", SIZE - 1)
        pdf.multi_cell(0, _height(SIZE - 1), caption, align="C", new_x="LMARGIN", new_y="NEXT")
        pdf.set_font(FONT, size=SIZE)
    pdf.ln(3)


def _table(pdf: FPDF, node: Node) -> None:
    """Columns as wide as their longest text, in letters small enough for the page."""
    rows = [[plain(cell) for cell in row.children] for part in node.children for row in part.children]
    size = SIZE - 1
    pdf.set_font(FONT, "B", size)
    widths = [max(pdf.get_string_width(row[column]) for row in rows) + 4 for column in range(len(rows[0]))]
    size *= min(1.0, pdf.epw / sum(widths))
    pdf.set_font(FONT, "", size)
    width = min(sum(widths), pdf.epw)
    with pdf.table(col_widths=widths, width=width, line_height=_height(size) * 1.1, text_align="LEFT",
                   borders_layout="HORIZONTAL_LINES") as table:  # fmt: skip
        for row in rows:
            table.row(row)
    pdf.set_font(FONT, size=SIZE)
    pdf.ln(2)
