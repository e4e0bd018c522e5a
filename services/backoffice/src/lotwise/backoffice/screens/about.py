"""The only home of the page About: which versions run here and whose work they stand on."""

import platform
from importlib.metadata import version
from typing import Any

from fastapi import Request
from starlette.responses import Response

from lotwise.backoffice.assets import versions
from lotwise.backoffice.pages import page
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.session import Who

screen = Screen()
PARTS = ("lotwise-backoffice", "fastapi", "starlette", "pydantic", "jinja2", "babel", "reportlab", "asyncpg", "nats-py")


@screen.get("/about", permission="catalog.read")
async def about(request: Request, who: Who) -> Response:
    """Versions and licences."""
    parts = [("Python", platform.python_version()), *((name, version(name)) for name in PARTS)]
    context: dict[str, Any] = {"parts": parts, "assets": versions(), "fixed_site": True}
    return page(request, who, "screens/about.html", title="About", **context)
