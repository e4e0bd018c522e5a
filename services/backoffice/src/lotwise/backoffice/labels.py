"""The only home of labels: GS1 DataMatrix symbols, and sheets of labels as a PDF."""

import io
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import zxingcpp
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

COLUMNS, ROWS = 3, 8
WIDTH, HEIGHT = 70 * mm, 37.1 * mm
LEFT, TOP = 0 * mm, A4[1] - 0.5 * mm
INNER = 4 * mm
SYMBOL = 22 * mm
PER_SHEET = COLUMNS * ROWS
COPIES_MAX = 240


@dataclass(frozen=True, slots=True)
class Label:
    """One label: what its symbol holds, its heading and the lines beneath."""

    gs1: str
    title: str
    lines: tuple[str, ...] = ()


def element_string(gtin: str, lot: str = "", expires_on: date | None = None) -> str:
    """The GS1 element string in brackets: (01) the article with 14 digits, (17) its last day, (10) its lot.

    Raises ValueError for a code that is no GTIN, or a lot of more than 20 characters: the standard has no room for it.
    """
    if not (gtin.isdigit() and len(gtin) in {8, 12, 13, 14}):
        raise ValueError(f"{gtin!r} is no GTIN")
    if len(lot) > 20:
        raise ValueError("GS1 knows lots of at most 20 characters")
    if "(" in lot or ")" in lot:
        raise ValueError("A lot with brackets cannot be printed as GS1")
    text = f"(01){gtin.zfill(14)}"
    if expires_on:
        text += f"(17){expires_on:%y%m%d}"
    return f"{text}(10){lot}" if lot else text


def internal(code: str) -> str:
    """Our own code as an element string for use inside the company: (91). Raises ValueError for one it cannot hold."""
    if not (code.isascii() and code.isprintable() and len(code) <= 90) or {"(", ")", " "} & set(code):
        raise ValueError(f"{code!r} cannot be printed as a symbol")
    return f"(91){code}"


def _made(gs1: str) -> Any:
    return zxingcpp.create_barcode(gs1, zxingcpp.BarcodeFormat.DataMatrix, gs1=True)


def symbol(gs1: str) -> list[list[bool]]:
    """The GS1 DataMatrix of an element string in brackets, row by row; True is dark."""
    image: Any = zxingcpp.write_barcode_to_image(_made(gs1), scale=1, add_quiet_zones=False)
    view: Any = memoryview(image)
    height, width = view.shape[:2]
    return [[view[y, x] < 128 for x in range(width)] for y in range(height)]


def symbol_png(gs1: str, scale: int = 6) -> bytes:
    """The same symbol as a PNG with its quiet zone, `scale` dots a module."""
    image: Any = zxingcpp.write_barcode_to_image(_made(gs1), scale=scale)
    view: Any = memoryview(image)
    height, width = view.shape[:2]
    rows = b"".join(b"\x00" + bytes(view[y, x] for x in range(width)) for y in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    chunks = (
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def sheet(labels: Sequence[Label], title: str) -> bytes:
    """A4 sheets of 24 labels (70 x 37 mm) as a PDF; the symbols are drawn as vectors, sharp at any resolution."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4, invariant=1)
    canvas.setTitle(title)
    canvas.setAuthor("Lotwise")
    for number, label in enumerate(labels):
        position = number % PER_SHEET
        if number and not position:
            canvas.showPage()
        _draw(canvas, label, LEFT + position % COLUMNS * WIDTH, TOP - position // COLUMNS * HEIGHT)
    canvas.save()
    return buffer.getvalue()


def _draw(canvas: Canvas, label: Label, left: float, top: float) -> None:
    matrix = symbol(label.gs1)
    module = SYMBOL / max(len(matrix), len(matrix[0]))
    canvas.setFillGray(0)
    for y, row in enumerate(matrix):
        for x, is_dark in enumerate(row):
            if is_dark:
                canvas.rect(left + INNER + x * module, top - INNER - (y + 1) * module, module, module, stroke=0, fill=1)
    text = left + INNER + SYMBOL + 3 * mm
    room = left + WIDTH - INNER / 2 - text
    canvas.setFont("Helvetica-Bold", 8)
    canvas.drawString(text, top - INNER - 7, _fit(canvas, label.title, room, "Helvetica-Bold", 8))
    canvas.setFont("Helvetica", 7)
    for number, line in enumerate(label.lines):
        canvas.drawString(text, top - INNER - 18 - 9 * number, _fit(canvas, line, room, "Helvetica", 7))
    canvas.setFont("Courier", 5)
    human = _fit(canvas, label.gs1, WIDTH - 2 * INNER, "Courier", 5)
    canvas.drawString(left + INNER, top - INNER - SYMBOL - 7, human)


def _fit(canvas: Canvas, text: str, room: float, font: str, size: int) -> str:
    """The text, cut to the room it has."""
    shown = text.encode("latin-1", "replace").decode("latin-1")
    while shown and canvas.stringWidth(shown, font, size) > room:
        shown = shown[:-1]
    return shown
