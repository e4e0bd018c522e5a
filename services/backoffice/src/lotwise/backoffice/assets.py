"""The only home of static files: ours joined, others' out of their wheels, each under a URL with its content's hash."""

import gzip
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from importlib.resources import files

from fastapi import Request
from lucide.jinja import lucide
from starlette.exceptions import HTTPException
from starlette.responses import Response

from lotwise.backoffice.typeface import latin_cut
from lotwise.kit.web import PUBLIC, Router

SHEETS = ("tokens", "base", "layout", "components", "print")
SCRIPTS = ("theme", "scan", "stream", "live", "ui", "charge", "provisional", "worker", "count")
ICONS = (
    "activity",
    "arrow-left-right",
    "badge-check",
    "bell",
    "boxes",
    "calendar-clock",
    "chart-column",
    "check",
    "circle-alert",
    "clipboard-list",
    "credit-card",
    "file-text",
    "history",
    "house",
    "info",
    "key-round",
    "keyboard",
    "layers",
    "list",
    "log-out",
    "minus",
    "moon",
    "package",
    "package-check",
    "package-open",
    "package-plus",
    "pencil",
    "percent",
    "plus",
    "printer",
    "receipt",
    "receipt-text",
    "rotate-ccw",
    "route",
    "scan-barcode",
    "search",
    "send",
    "settings",
    "sliders-horizontal",
    "store",
    "sun-moon",
    "tag",
    "trash-2",
    "triangle-alert",
    "truck",
    "undo-2",
    "user",
    "user-plus",
    "users",
    "x",
    "archive",
    "banknote",
)
YEAR_SECONDS = 31_536_000


@dataclass(frozen=True, slots=True)
class Asset:
    """A file ready to send: its kind, its bytes, the same bytes packed, and the hash that stands in its URL."""

    media_type: str
    body: bytes
    packed: bytes
    digest: str


class Assets:
    """All static files of one build of the face; made once, never changed."""

    def __init__(self) -> None:
        self._all: dict[str, Asset] = {}
        self._add("htmx.js", "text/javascript", _wheel("django_htmx", "static", "django_htmx", "htmx-4.min.js"))
        self._add("inter.ttf", "font/ttf", latin_cut(_wheel("fontpkg_inter", "files", "Inter[opsz,wght].ttf")))
        self._add("icons.svg", "image/svg+xml", _sprite().encode())
        own = {f"{name}.js": _own(f"{name}.js") for name in SCRIPTS}
        shared = _digest(b"".join(own.values()))
        for name, body in own.items():
            self._add(name, "text/javascript", body, shared)
        sheet = b"\n".join(_own(f"{name}.css") for name in SHEETS)
        self._add("ui.css", "text/css", sheet.replace(b'"inter.ttf"', f'"{self.url("inter.ttf")}"'.encode()))

    def _add(self, name: str, media_type: str, body: bytes, digest: str | None = None) -> None:
        self._all[name] = Asset(media_type, body, gzip.compress(body, 9, mtime=0), digest or _digest(body))

    def url(self, name: str) -> str:
        """The address of a file by its name ("ui.css"); KeyError for a file there is not."""
        return f"/assets/{self._all[name].digest}/{name}"

    def find(self, name: str) -> Asset | None:
        """The file of that name, or None."""
        return self._all.get(name)


@cache
def assets() -> Assets:
    """The files of this build."""
    return Assets()


def versions() -> list[tuple[str, str, str]]:
    """What came from wheels: (what, version, licence), for the page About."""
    return [
        ("htmx", f"4, from django-htmx {version('django-htmx')}", "Zero-Clause BSD"),
        ("Lucide icons", version("lucide"), "ISC"),
        ("Inter typeface", version("fontpkg-inter"), "SIL Open Font Licence 1.1"),
    ]


router = Router(prefix="")


@router.get("/assets/{digest}/{name}", permission=PUBLIC, include_in_schema=False)
async def asset(request: Request, digest: str, name: str) -> Response:
    """A static file; kept for a year when the hash is this build's, asked for again when it is another's."""
    found = assets().find(name)
    if found is None:
        raise HTTPException(404)
    kept = f"public, max-age={YEAR_SECONDS}, immutable" if digest == found.digest else "no-cache"
    headers = {"Cache-Control": kept, "Vary": "Accept-Encoding", "Content-Security-Policy": "default-src 'self'"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(found.packed, headers=headers | {"Content-Encoding": "gzip"}, media_type=found.media_type)
    return Response(found.body, headers=headers, media_type=found.media_type)


def _digest(body: bytes) -> str:
    return sha256(body).hexdigest()[:12]


def _own(name: str) -> bytes:
    return files("lotwise.backoffice").joinpath("static", name).read_bytes()


def _wheel(package: str, *path: str) -> bytes:
    return files(package).joinpath(*path).read_bytes()


def _sprite(names: Iterable[str] = ICONS) -> str:
    symbols = "".join(f'<symbol id="{name}" viewBox="0 0 24 24">{_shapes(name)}</symbol>' for name in names)
    return f'<svg xmlns="http://www.w3.org/2000/svg">{symbols}</svg>'


def _shapes(name: str) -> str:
    found = re.match(r"<svg[^>]*>(.*)</svg>\s*$", str(lucide(name, size=None)), re.DOTALL)
    return re.sub(r"\s+", " ", found[1]).strip() if found else ""
