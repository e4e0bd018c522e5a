"""The only home of what the tests of counts share: a count in short words."""

from typing import Any
from uuid import UUID

from tests.stock.chain import BOTOX, Chain


class Sheet:
    """An open count at harley."""

    def __init__(self, stock: Chain, shown: dict[str, Any]) -> None:
        self.stock = stock
        self.path = f"/v1/counts/{shown['count_id']}"
        self.id = shown["count_id"]

    @classmethod
    async def open(cls, stock: Chain, **fields: Any) -> "Sheet":
        """Open a count of all of harley unless said otherwise."""
        who = fields.pop("who", "owner")
        return cls(stock, await stock.bench.post("/v1/counts", {"site": "harley"} | fields, who=who))

    async def shown(self, **options: Any) -> dict[str, Any]:
        """The count as it stands."""
        found: dict[str, Any] = await self.stock.bench.get(self.path, **options)
        return found

    async def lines(self, **options: Any) -> list[dict[str, Any]]:
        """Its lines."""
        found: list[dict[str, Any]] = (await self.stock.bench.get(f"{self.path}/lines", **options))["rows"]
        return found

    async def line(self, number: int = 1, **options: Any) -> dict[str, Any]:
        """One line with all passes."""
        found: dict[str, Any] = await self.stock.bench.get(f"{self.path}/lines/{number}", **options)
        return found

    async def count(self, *quantities: str, who: str = "owner", **fields: Any) -> dict[str, Any]:
        """Count lines 1, 2, … as said."""
        entries = [{"line": number, "quantity": text} | fields for number, text in enumerate(quantities, start=1)]
        found: dict[str, Any] = await self.stock.bench.post(f"{self.path}:count", {"entries": entries}, who=who)
        return found

    async def entry(self, line: int, quantity: str, who: str = "owner", **fields: Any) -> Any:
        """Try to count one line; the answer as it comes."""
        entry = {"line": line, "quantity": quantity} | fields
        return await self.stock.bench.call("POST", f"{self.path}:count", {"entries": [entry]}, who=who)

    async def add(self, product_id: UUID = BOTOX, **fields: Any) -> dict[str, Any]:
        """Put goods in hand on the sheet."""
        body = {"product_id": str(product_id)} | fields
        found: dict[str, Any] = await self.stock.bench.post(f"{self.path}/lines", body)
        return found

    async def explain(self, line: int, cause: str | None, **options: Any) -> Any:
        """Try to say why a line differs."""
        return await self.stock.bench.call("POST", f"{self.path}/lines/{line}:explain", {"cause": cause}, **options)

    async def post(self, cause: str | None = "error", who: str = "owner", **fields: Any) -> Any:
        """Try to post it, with one cause for the rest."""
        body = {"cause_of_rest": cause} | fields
        return await self.stock.bench.call("POST", f"{self.path}:post", body, who=who)

    async def posted(self, cause: str | None = "error", **fields: Any) -> dict[str, Any]:
        """Post it, which must succeed."""
        answer = await self.post(cause, **fields)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found
