"""The only home of matching the books of services with each other, over their public interfaces, page by page (N-01).

Charges of sales and deliveries of purchasing against what their ids moved in stock; stock's value against reporting's.
What differs is asked once more when everything that was told has been heard, so that a live system is not accused.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from lotwise.kit.paging import cursor_encode
from lotwise.onebox.access import Access

ROWS_A_PAGE = 500
IDS_A_QUESTION = 100
FINDINGS_MAX = 100
PATIENCE_SECONDS = 60.0
SELLING = frozenset({"sale", "return", "void"})
Figures = dict[str, Decimal]


class Matching:
    """One comparison of all books: what was gone over and what did not match."""

    def __init__(self, doors: Access, *, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self.doors = doors
        self.patience_seconds = patience_seconds
        self.counts = {"charges": 0, "causes": 0, "deliveries": 0, "sites": 0}
        self.suspects: dict[UUID, str] = {}
        self.findings: list[dict[str, str]] = []

    async def run(self) -> dict[str, Any]:
        """Compare everything; a finding names its charge, movement's cause, delivery or site."""
        await self._charges_and_causes()
        await self._deliveries()
        await self._all_heard()
        await self._ask_again()
        await self._values()
        return {"is_clean": not self.findings, **self.counts, "findings": self.findings[:FINDINGS_MAX]}

    async def _charges_and_causes(self) -> None:
        """Walk charges and what causes moved side by side, both in the order of ids, a page of each in memory."""
        causes = self._causes()
        moved = await anext(causes, None)
        async for charge in self._pages("sales", "/v1/documents"):
            self.counts["charges"] += 1
            charge_id = UUID(charge["document_id"])
            strangers: dict[UUID, list[Any]] = {}
            while moved is not None and moved[0] < charge_id:
                strangers[moved[0]] = moved[1]
                moved = await anext(causes, None)
                if len(strangers) == IDS_A_QUESTION:
                    await self._explain(strangers)
                    strangers = {}
            await self._explain(strangers)
            rows = moved[1] if moved is not None and moved[0] == charge_id else []
            if moved is not None and moved[0] == charge_id:
                moved = await anext(causes, None)
            if _sold(charge) != _given(rows, charge):
                self.suspects[charge_id] = "charge"
        rest: dict[UUID, list[Any]] = {}
        while moved is not None:
            rest[moved[0]] = moved[1]
            moved = await anext(causes, None)
            if len(rest) == IDS_A_QUESTION:
                await self._explain(rest)
                rest = {}
        await self._explain(rest)

    async def _explain(self, strangers: Mapping[UUID, list[Any]]) -> None:
        """Causes that are no charges: returns and voids must say the same; goods for patients need some document."""
        selling = {cause: rows for cause, rows in strangers.items() if _is_selling(rows)}
        if not selling:
            return
        known = {UUID(one["document_id"]): one for one in await self._ask("sales", "/v1/documents", selling)}
        for cause, rows in selling.items():
            document = known.get(cause)
            if document is None:
                self.suspects[cause] = "cause"
            elif document["kind"] == "return" and _sold(document) != _given(rows, document):
                self.suspects[cause] = "return"

    async def _deliveries(self) -> None:
        """Every delivery of purchasing against what its id brought in."""
        page: list[Any] = []
        async for delivery in self._pages("purchasing", "/v1/deliveries"):
            self.counts["deliveries"] += 1
            page.append(delivery)
            if len(page) == IDS_A_QUESTION:
                await self._received(page)
                page = []
        await self._received(page)

    async def _received(self, page: Sequence[Any]) -> None:
        if not page:
            return
        ids = [UUID(one["document_id"]) for one in page]
        rows = list(await self._ask("stock", "/v1/causes", ids))
        for one in page:
            own = {row["product_id"]: Decimal(row["received"]) for row in rows if row["cause_id"] == one["document_id"]}
            if {line["product_id"]: Decimal(line["quantity"]) for line in one["lines"]} != own:
                self.suspects[UUID(one["document_id"])] = "delivery"

    async def _all_heard(self) -> None:
        """Wait until stock and reporting have heard what was told, or patience ends."""
        end = asyncio.get_running_loop().time() + self.patience_seconds
        while self.suspects and asyncio.get_running_loop().time() < end:
            if await self._is_quiet("sales") and await self._is_quiet("purchasing") and await self._is_quiet("stock"):
                return
            await asyncio.sleep(0.5)

    async def _is_quiet(self, service: str) -> bool:
        status = await self.doors[service].get("/v1/ops/status")
        return not status["outbox_depth"] and not any(one["lag"] or one["in_hand"] for one in status["consumers"])

    async def _ask_again(self) -> None:
        """Look at each suspect once more, alone; what still differs is a finding."""
        suspects, self.suspects = self.suspects, {}
        for cause, kind in list(suspects.items())[:FINDINGS_MAX]:
            rows = list(await self._ask("stock", "/v1/causes", [cause]))
            if kind == "delivery":
                await self._confirm_delivery(cause, rows)
            else:
                await self._confirm_sale(cause, rows)

    async def _confirm_sale(self, cause: UUID, rows: Sequence[Any]) -> None:
        before = UUID(int=cause.int - 1)
        page = await self.doors["sales"].get("/v1/documents", params={"after": cursor_encode(before), "limit": 1})
        document = next((one for one in page["rows"] if UUID(one["document_id"]) == cause), None)
        if document is None:
            document = next(iter(await self._ask("sales", "/v1/documents", [cause])), None)
        if document is None:
            if _is_selling(rows):
                self._find("movements", f"cause {cause}", "goods left for a charge that sales does not have", {}, rows)
        elif _sold(document) != _given(rows, document):
            detail = "stock moved another quantity than it says"
            self._find("charges", f"{document['kind']} {cause}", detail, _sold(document), rows)

    async def _confirm_delivery(self, receipt: UUID, rows: Sequence[Any]) -> None:
        before = UUID(int=receipt.int - 1)
        page = await self.doors["purchasing"].get("/v1/deliveries", params={"after": cursor_encode(before), "limit": 1})
        one = next((row for row in page["rows"] if UUID(row["document_id"]) == receipt), None)
        if one is None:
            return
        said = {line["product_id"]: Decimal(line["quantity"]) for line in one["lines"]}
        if said != {row["product_id"]: Decimal(row["received"]) for row in rows}:
            detail = f"stock received another quantity than order {one['order_number']} says"
            self._find("deliveries", f"delivery {receipt}", detail, said, rows, "received")

    async def _values(self) -> None:
        """Stock's value at every site against reporting's; asked again until both stand still or patience ends."""
        sites = [one["slug"] for one in (await self.doors["catalog"].get("/v1/sites"))["rows"]]
        self.counts["sites"] = len(sites)
        for site in sites:
            end = asyncio.get_running_loop().time() + self.patience_seconds
            while True:
                own = (await self.doors["stock"].get("/v1/summary", params={"site": site}))["value_minor"]
                page = await self.doors["reporting"].get("/v1/stock-value", params={"site": site, "by": "site"})
                told = sum(row["value_minor"] for row in page["rows"])
                if own == told:
                    break
                if asyncio.get_running_loop().time() > end:
                    self.findings.append(
                        _finding("reports", f"stock value of {site}", "reporting has another value", own, told)
                    )
                    break
                await asyncio.sleep(0.5)

    def _find(
        self, check: str, row: str, detail: str, said: Figures, rows: Sequence[Any], figure: str = "given"
    ) -> None:
        moved = {one["product_id"]: Decimal(one[figure]) for one in rows if Decimal(one[figure])}
        self.findings.append(_finding(check, row, detail, _words(said), _words(moved)))

    async def _causes(self) -> AsyncIterator[tuple[UUID, list[Any]]]:
        """What each cause moved in stock, in the order of ids."""
        cause, rows = None, list[Any]()
        async for row in self._pages("stock", "/v1/causes"):
            if row["cause_id"] != cause and rows:
                self.counts["causes"] += 1
                yield UUID(cause), rows
                rows = []
            cause = row["cause_id"]
            rows.append(row)
        if rows:
            self.counts["causes"] += 1
            yield UUID(cause), rows

    async def _pages(self, service: str, path: str) -> AsyncIterator[Any]:
        """Every row of a paged reading."""
        after: str | None = None
        while True:
            params = {"limit": ROWS_A_PAGE} | ({"after": after} if after else {})
            page = await self.doors[service].get(path, params=params, timeout=60)
            for row in page["rows"]:
                yield row
            after = page["next"]
            if after is None:
                return

    async def _ask(self, service: str, path: str, ids: Iterable[UUID]) -> Iterator[Any]:
        page = await self.doors[service].get(path, params={"id": [str(one) for one in ids]}, timeout=60)
        return iter(page["rows"])


def _sold(document: Mapping[str, Any]) -> Figures:
    """What a document says that left, by product; a treatment's share is not its own."""
    found: Figures = {}
    for line in document["lines"]:
        if not line["is_treated"] and Decimal(line["quantity"]):
            found[line["product_id"]] = found.get(line["product_id"], Decimal(0)) + Decimal(line["quantity"])
    return {product: quantity for product, quantity in found.items() if quantity}


def _given(rows: Iterable[Mapping[str, Any]], document: Mapping[str, Any]) -> Figures:
    """What a cause really gave, without the products of treatments."""
    treated = {line["product_id"] for line in document["lines"] if line["is_treated"]}
    figures = {row["product_id"]: Decimal(row["given"]) for row in rows if row["product_id"] not in treated}
    return {product: quantity for product, quantity in figures.items() if quantity}


def _is_selling(rows: Iterable[Mapping[str, Any]]) -> bool:
    """Whether goods went to or came from a patient for a charge, a return or a void."""
    return any(SELLING & set(row["reasons"]) and Decimal(row["given"]) for row in rows)


def _words(figures: Figures) -> str:
    return ", ".join(f"{quantity} of {product}" for product, quantity in sorted(figures.items())) or "nothing"


def _finding(check: str, row: str, detail: str, expected: object, found: object) -> dict[str, str]:
    return {"check": check, "row": row, "detail": detail, "expected": str(expected), "found": str(found)}
