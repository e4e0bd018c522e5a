"""The only home of papers: the purchase order as a PDF that a supplier can work with."""

import io
from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle, getSampleStyleSheet
from reportlab.lib.units import mm
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from lotwise.backoffice.formats import Formats

INK = colors.HexColor("#1c2333")
MUTED = colors.HexColor("#5d6679")
LINE = colors.HexColor("#d9dde6")
ACCENT = colors.HexColor("#4a3fd0")


def order_paper(order: Mapping[str, Any], supplier: Mapping[str, Any], site: str, formats: Formats) -> bytes:
    """An order as a PDF: who orders what from whom for where, with packs, costs and the total; heads on every page."""
    buffer = io.BytesIO()
    paper = SimpleDocTemplate(
        buffer, pagesize=A4, leftMargin=18 * mm, rightMargin=18 * mm, topMargin=18 * mm, bottomMargin=18 * mm,
        title=f"Purchase order {order['number']}", author="Lotwise", invariant=1,
    )  # fmt: skip
    styles = _styles()
    story = [
        Paragraph("PURCHASE ORDER", styles["kicker"]),
        Paragraph(escape(str(order["number"])), styles["head"]),
        Spacer(1, 4 * mm),
        _parties(order, supplier, site, formats, styles),
        Spacer(1, 8 * mm),
        _lines(order, formats, styles),
    ]
    if order.get("note"):
        story += [Spacer(1, 6 * mm), Paragraph(escape(str(order["note"])), styles["text"])]
    paper.build(story, onFirstPage=_foot(order), onLaterPages=_foot(order))
    return buffer.getvalue()


def _styles() -> dict[str, ParagraphStyle]:
    base = getSampleStyleSheet()["Normal"]

    def style(name: str, **more: Any) -> ParagraphStyle:
        return ParagraphStyle(name, parent=base, **({"textColor": INK, "fontSize": 9, "leading": 12} | more))

    return {
        "kicker": style("kicker", textColor=ACCENT, fontName="Helvetica-Bold", fontSize=8),
        "head": style("head", fontName="Helvetica-Bold", fontSize=20, leading=26),
        "text": style("text"),
        "small": style("small", textColor=MUTED, fontSize=8, leading=10),
        "right": style("right", alignment=2),
        "strong": style("strong", fontName="Helvetica-Bold", alignment=2, fontSize=11),
    }


def _parties(
    order: Mapping[str, Any],
    supplier: Mapping[str, Any],
    site: str,
    formats: Formats,
    styles: Mapping[str, ParagraphStyle],
) -> Table:
    to = [
        supplier.get("name"),
        supplier.get("contact"),
        supplier.get("address"),
        supplier.get("email"),
        supplier.get("phone"),
    ]
    terms = [
        f"Ordered {formats.day((order.get('sent_at') or order['created_at']).date())}",
        f"Wanted by {formats.day(order.get('expected_on') or order.get('due_on'))}"
        if order.get("expected_on") or order.get("due_on")
        else "",
        str(supplier.get("payment_terms") or ""),
    ]
    columns: list[tuple[str, list[Any]]] = [("Supplier", to), ("Ship to", [site]), ("Terms", terms)]
    heads = [Paragraph(text, styles["small"]) for text, _ in columns]
    cells = [
        Paragraph("<br/>".join(escape(str(line)) for line in lines if line), styles["text"]) for _, lines in columns
    ]
    table = Table([heads, cells], colWidths=[70 * mm, 50 * mm, 54 * mm])
    table.setStyle(TableStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 0)]))
    return table


def _lines(order: Mapping[str, Any], formats: Formats, styles: Mapping[str, ParagraphStyle]) -> Table:
    heads = ["", "Code", "Product", "Quantity", "Unit cost", "Total"]
    rows: list[list[Any]] = [[Paragraph(text, styles["small"]) for text in heads]]
    for line in order["lines"]:
        pack = f" ({line['pack_name']} of {line['pack_units']})" if line.get("pack_name") else ""
        rows.append(
            [
                Paragraph(str(line["line"]), styles["small"]),
                Paragraph(escape(line.get("supplier_code") or line["code"]), styles["text"]),
                Paragraph(escape(line["name"] + pack), styles["text"]),
                Paragraph(escape(formats.quantity(line["quantity"], line["unit"])), styles["right"]),
                Paragraph(formats.price(line["unit_cost"]), styles["right"]),
                Paragraph(formats.money(line["total_minor"]), styles["right"]),
            ]
        )
    rows.append(
        [
            "",
            "",
            "",
            "",
            Paragraph("Total", styles["right"]),
            Paragraph(formats.money(order["total_minor"]), styles["strong"]),
        ]
    )
    table = Table(rows, colWidths=[8 * mm, 28 * mm, 66 * mm, 26 * mm, 22 * mm, 24 * mm], repeatRows=1)
    table.setStyle(
        TableStyle(
            [
                ("LINEBELOW", (0, 0), (-1, 0), 0.8, INK),
                ("LINEBELOW", (0, 1), (-1, -2), 0.4, LINE),
                ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
                ("TOPPADDING", (0, 0), (-1, -1), 4),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
            ]
        )
    )
    return table


def _foot(order: Mapping[str, Any]) -> Any:
    def draw(canvas: Any, paper: Any) -> None:
        canvas.setFont("Helvetica", 7.5)
        canvas.setFillColor(MUTED)
        canvas.drawString(18 * mm, 10 * mm, f"Purchase order {order['number']}")
        canvas.drawRightString(A4[0] - 18 * mm, 10 * mm, f"Page {paper.page}")

    return draw
