"""A report as PDF, by ReportLab: pages of A4 with their numbers, with charts; without links.

The font, Bitstream Vera, has the letters of Western languages; a note counts what it lacks.
"""

from __future__ import annotations

import io
from html import escape
from typing import TYPE_CHECKING, Any

from markdown_it import MarkdownIt
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Image, KeepTogether, Paragraph, SimpleDocTemplate, Spacer
from reportlab.platypus import Table as PdfTable

from billql.errors import DataError
from billql.output.amounts import with_amounts
from billql.output.chart import picture
from billql.output.text_cells import AmountCell, numeric, text, visible
from billql.report.template import Text
from billql.util.text import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from markdown_it.token import Token

    from billql.output import ByteStream, Style
    from billql.report.document import Document, Table

binary = True

_FONT, _BOLD = "Vera", "VeraBd"
_FILES = {_FONT: "Vera.ttf", _BOLD: "VeraBd.ttf", "VeraIt": "VeraIt.ttf", "VeraBI": "VeraBI.ttf"}
"""The files of the font, which ReportLab brings."""
_MARGIN = 40
_WIDTH = landscape(A4)[0] - 2 * _MARGIN - 12
"""The width of the text in points."""
_PAD = 4
"""The space at each side of a cell in points."""
_NARROWEST = 30
"""The width in points that a column of texts needs."""
_SHARE = 0.6
"""The largest part of the page's width, and of its height, that a chart has."""

_BODY = ParagraphStyle("body", fontName=_FONT, fontSize=9, leading=13, spaceAfter=6)
_CELL = ParagraphStyle("cell", fontName=_FONT, fontSize=7, leading=9)
_NOTE = ParagraphStyle("note", fontName=_FONT, fontSize=7, leading=10, textColor=colors.dimgrey)
_HEADINGS = {
    f"h{level}": ParagraphStyle(
        f"h{level}",
        fontName=_BOLD,
        fontSize=size,
        leading=size + 4,
        spaceBefore=8,
        spaceAfter=4,
        keepWithNext=1,
    )
    for level, size in enumerate((16, 12, 10, 9, 9, 9), 1)
}


def write(document: Document, file: ByteStream, style: Style) -> None:
    """Write the report."""
    _register()
    flowing: list[Any] = []
    for part in document.parts:
        if isinstance(part, Text):
            flowing += _texts(part.markdown)
        elif part.rows:
            flowing += _charts(part)
            flowing.append(_table(part, style))
            flowing.append(Spacer(0, 8))
        else:
            flowing.append(_paragraph(part.empty, _BODY))
    notes = [*document.notes, *_lacking(document)]
    flowing.append(KeepTogether([Spacer(0, 10), *(_paragraph(note, _NOTE) for note in notes)]))
    made = io.BytesIO()
    SimpleDocTemplate(
        made,
        pagesize=landscape(A4),
        title=document.title,
        author="",
        creator="billql",
        **dict.fromkeys(("leftMargin", "rightMargin", "topMargin", "bottomMargin"), _MARGIN),
    ).build(flowing, onFirstPage=_number, onLaterPages=_number)
    file.write(made.getvalue())


def _register() -> None:
    for name, path in _FILES.items():
        pdfmetrics.registerFont(TTFont(name, path))
    pdfmetrics.registerFontFamily(_FONT, _FONT, _BOLD, "VeraIt", "VeraBI")


def _number(canvas: Any, document: Any) -> None:
    canvas.setFont(_FONT, 7)
    canvas.drawRightString(landscape(A4)[0] - _MARGIN, _MARGIN / 2, str(document.page))


def _paragraph(value: str, style: ParagraphStyle) -> Any:
    lines = value.replace("\r\n", "\n").split("\n")
    return Paragraph("<br/>".join(escape(visible(line)) for line in lines), style)


def _texts(markdown: str) -> Iterator[Any]:
    """Yield the paragraphs of Markdown; a table in it, or code, is a paragraph of its text."""
    parser = MarkdownIt("commonmark", {"html": False})
    style, bullet = _BODY, ""
    for token in parser.parse(markdown):
        if token.type == "heading_open":
            style = _HEADINGS[token.tag]
        elif token.type == "list_item_open":
            bullet = "•" if token.markup in "-+*" else f"{token.info}{token.markup}"
        elif token.type == "inline":
            marked = parser.renderer.render(_plain(token.children or []), parser.options, {})
            for tag, name in (("strong", "b"), ("em", "i")):
                marked = marked.replace(f"<{tag}>", f"<{name}>").replace(f"</{tag}>", f"</{name}>")
            marked = marked.replace("<code>", "<font face='Courier'>").replace("</code>", "</font>")
            yield Paragraph(marked, style, bulletText=bullet or None)
            style, bullet = _BODY, ""
        elif token.type in ("fence", "code_block"):
            yield _paragraph(token.content.rstrip("\n"), _BODY)


def _plain(tokens: Sequence[Token]) -> list[Token]:
    """Return inline tokens without images, which could be loaded, and links, but for their text."""
    return [one for one in tokens if one.type not in ("image", "link_open", "link_close")]


def _charts(table: Table) -> Iterator[Any]:
    """Yield the charts of a table, each with its title above."""
    for figure in table.charts:
        image = Image(io.BytesIO(picture.png(figure._replace(title=""))))
        most = min(_SHARE * _WIDTH / image.imageWidth, _SHARE * A4[0] / image.imageHeight, 1 / 2)
        image.drawWidth, image.drawHeight = image.imageWidth * most, image.imageHeight * most
        image.hAlign = "LEFT"
        yield KeepTogether([_paragraph(figure.title, _HEADINGS["h4"]), image])


def _table(table: Table, style: Style) -> Any:
    """Return the table; its header is on each page, and long texts take several lines."""
    rows = list(with_amounts(table.columns, iter(table.rows), style))
    rights = numeric(rows, len(table.columns))
    names = [visible(str(column[0])) for column in table.columns]
    shown = [[_shown(value) for value in row] for row in rows]
    widths = _widths([names, *shown], rights)
    cells = [
        [
            value if right else _paragraph(value, _CELL)
            for value, right in zip(row, rights, strict=True)
        ]
        for row in shown
    ]
    properties: list[tuple[Any, ...]] = [
        ("FONT", (0, 0), (-1, 0), _BOLD, 7),
        ("FONT", (0, 1), (-1, -1), _FONT, 7, 9),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LINEBELOW", (0, 0), (-1, 0), 1, colors.grey),
        ("LINEBELOW", (0, 1), (-1, -1), 0.25, colors.lightgrey),
        ("LEFTPADDING", (0, 0), (-1, -1), _PAD),
        ("RIGHTPADDING", (0, 0), (-1, -1), _PAD),
        ("TOPPADDING", (0, 0), (-1, -1), 2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
    ]
    for place, right in enumerate(rights):
        if right:
            properties.append(("ALIGN", (place, 0), (place, -1), "RIGHT"))
    for at, row in enumerate(rows, 1):
        for place, value in enumerate(row):
            if isinstance(value, AmountCell) and value.is_negative:
                properties.append(
                    ("TEXTCOLOR", (place, at), (place, at), colors.HexColor("#b3261e"))
                )
    return PdfTable(
        [names, *cells], widths, repeatRows=1, splitInRow=1, hAlign="LEFT", style=properties
    )


def _shown(value: Any) -> str:
    if value is None:
        return "NULL"
    return value.text if isinstance(value, AmountCell) else text(value)


def _widths(rows: Sequence[Sequence[str]], rights: list[bool]) -> list[float]:
    """Return the widths of columns; texts are narrowed, as much as needed, to fit the page.

    Raise DataError if there is no room for them.
    """
    natural = [
        max(pdfmetrics.stringWidth(visible(value), _BOLD, 7) for value in column) + 2 * _PAD + 2
        for column in zip(*rows, strict=True)
    ]
    fixed = sum(width for width, right in zip(natural, rights, strict=True) if right)
    if fixed + _NARROWEST * rights.count(False) > _WIDTH:
        raise DataError(
            f"A table of {len(natural)} columns is wider than a page of a PDF",
            hint="Select fewer columns, or write .html or .xlsx.",
        )
    flexible = sum(natural) - fixed
    share = min(1.0, (_WIDTH - fixed) / flexible) if flexible else 1.0
    return [width if right else width * share for width, right in zip(natural, rights, strict=True)]


def _lacking(document: Document) -> Iterator[str]:
    """Yield a note if the font lacks characters of the report."""
    known = pdfmetrics.getFont(_FONT).face.charToGlyph
    texts = [document.title, *document.notes]
    for part in document.parts:
        if isinstance(part, Text):
            texts.append(part.markdown)
        else:
            texts += [value for row in part.rows for value in row if isinstance(value, str)]
    lacking = {
        one for value in texts for one in value if ord(one) not in known and one.isprintable()
    }
    if lacking:
        number = counted(len(lacking), "character")
        yield f"The font of this PDF lacks {number} of the report, shown as boxes; HTML has all."
