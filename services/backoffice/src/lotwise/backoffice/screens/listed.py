"""The only home of a list's page: its CSV, its next chunk, or the table whole, from one reading of a service."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from lotwise.backoffice.gateway import CHUNK
from lotwise.backoffice.lists import Column, csv_answer, listing
from lotwise.backoffice.pages import page
from lotwise.backoffice.session import Visitor


class Asked(Protocol):
    """What every list's address may say beside its filters."""

    after: str
    format: str


@dataclass(frozen=True)
class Listed:
    """Rows of a service under the filters `wanted`, shown in columns."""

    request: Request
    who: Visitor
    asked: Asked
    shape: type[BaseModel]
    service: str
    path: str
    columns: Sequence[Column]
    wanted: dict[str, Any]

    @property
    def is_csv(self) -> bool:
        """Whether the whole list is asked for as a file."""
        return self.asked.format == "csv"

    def csv(self, name: str, columns: Sequence[Column] = ()) -> Response:
        """The whole list, in columns of its own if there are any."""
        rows = self.who.gateway.all(self.shape, self.service, self.path, **self.wanted)
        return csv_answer(name, columns or self.columns, rows)

    async def page(self, template: str, **context: Any) -> Response:
        """The table, or its next chunk."""
        found = await self.who.gateway.rows(
            self.shape, self.service, self.path, limit=CHUNK, after=self.asked.after, **self.wanted
        )
        context |= {"list": listing(self.request, self.columns), "asked": self.asked, "found": found}
        return page(self.request, self.who, template, fragment="rows" if self.asked.after else "table", **context)
