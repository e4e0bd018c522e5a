"""The only home of how a page is declared: its permission, its guard (session, same origin), not in the OpenAPI."""

from collections.abc import Callable
from typing import Any, TypeVar

from fastapi import Request

from lotwise.backoffice.door.door import same_origin
from lotwise.backoffice.session import admit
from lotwise.kit.principal import Principal
from lotwise.kit.web import Router

F = TypeVar("F", bound=Callable[..., Any])


class Screen(Router):
    """The pages of one noun. A page's site is checked by the services it asks, which know the record."""

    def __init__(self) -> None:
        super().__init__(prefix="", authenticate=enter)

    def _declare(self, method: str, path: str, permission: str, options: dict[str, Any]) -> Callable[[F], F]:
        return super()._declare(method, path, permission, {"site": "record", "include_in_schema": False, **options})


async def enter(request: Request) -> Principal:
    """Who the session speaks for. Raises Unauthenticated, or ForeignOrigin for a deed that another site's page sent."""
    same_origin(request)
    return await admit(request)
