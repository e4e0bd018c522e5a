"""The only home of what stock's tests have in common: a small chain, its deeds in short words, and its books."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from tests.catalog.harness import Bench, said

from lotwise.contracts.catalog import Pack, ProductDefined, SiteDefined
from lotwise.contracts.envelope import Event
from lotwise.contracts.ids import uuid7
from lotwise.contracts.sales import ReturnLine, SaleLine, SaleRecorded, SaleReturned, SaleVoided
from lotwise.kit.message import Message
from lotwise.stock.operations.audit import prove

BOTOX = UUID("00000000-0000-7000-8000-000000000001")
CREAM = UUID("00000000-0000-7000-8000-000000000002")
SERUM = UUID("00000000-0000-7000-8000-000000000003")
SERVICE = UUID("00000000-0000-7000-8000-000000000004")
SITES = {"harley": "Europe/London", "soho": "America/New_York", "sydney": "Australia/Sydney"}
GTIN = "09506000134376"
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


class Chain:
    """Three sites in three zones; units of toxin, pieces of cream, a serum kept in tenths, and a service."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.numbers = iter(range(1, 10**9))

    async def define(self) -> None:
        """Let catalog say what there is."""
        sites = [
            SiteDefined(slug=slug, name=slug.title(), time_zone=zone, stock_policy="block_at_zero")
            for slug, zone in SITES.items()
        ]
        products = [
            product(
                BOTOX, "BTX", "Botox Units", unit="U", cost="6.00", packs=(Pack(name="vial", units="100", gtin=GTIN),)
            ),
            product(CREAM, "CRM", "Cream", cost="12.50"),
            product(SERUM, "SRM", "Serum", unit="ml", unit_decimals=1, cost="0.333333"),
            product(SERVICE, ".CONSULT", "Consultation", kind="service", purpose=None),
        ]
        await self.bench.hear(*sites, *products)

    async def receive(self, quantity: str, product_id: UUID = BOTOX, **fields: Any) -> dict[str, Any]:
        """Receive at harley, long ago unless said otherwise."""
        body = {
            "site": "harley", "product_id": str(product_id), "quantity": quantity, "unit_cost": "5.00",
            "happened_at": "2026-01-02T10:00:00Z",
        } | fields  # fmt: skip
        found: dict[str, Any] = await self.bench.post("/v1/receipts", body, who="importer")
        return found

    def sale(self, *lines: SaleLine, **fields: Any) -> SaleRecorded:
        """A charge at harley at noon of 4 May 2026."""
        values: dict[str, Any] = {
            "site": "harley", "charge_id": uuid7(), "number": str(next(self.numbers)), "happened_at": NOON,
            "net_minor": 0, "tax_minor": 0, "total_minor": 0,
        } | fields  # fmt: skip
        return SaleRecorded(lines=lines, **values)

    async def sell(self, quantity: str, product_id: UUID = BOTOX, **fields: Any) -> SaleRecorded:
        """A charge of one line that stock hears."""
        sale = self.sale(line(quantity, product_id), **fields)
        await self.hear(sale)
        return sale

    async def hear(self, *events: Event | Message[Any]) -> None:
        """Let stock hear events as one batch."""
        await self.bench.hear(*events)

    async def level(self, product_id: UUID = BOTOX, site: str = "harley") -> dict[str, Any]:
        """The figures of a cell."""
        found: dict[str, Any] = await self.bench.get(f"/v1/levels/{site}/{product_id}")
        return found

    async def on_hand(self, product_id: UUID = BOTOX, site: str = "harley") -> str:
        """What lies on the shelves."""
        return str((await self.level(product_id, site))["on_hand"])

    async def lots(self, **query: Any) -> list[dict[str, Any]]:
        """What lies where."""
        found: list[dict[str, Any]] = (await self.bench.get("/v1/lots", params=query))["rows"]
        return found

    async def told(self, kind: type[Event]) -> list[Any]:
        """The events of one kind."""
        return await self.bench.told(kind)

    async def must_balance(self) -> None:
        """The books agree to the last unit and cent, or the test fails with the row that does not."""
        async with self.bench.db.reading() as tx:
            proof = await prove(tx)
        assert proof.findings == []


def product(product_id: UUID, code: str, name: str, **fields: Any) -> ProductDefined:
    """A physical product of our own."""
    values: dict[str, Any] = {"kind": "physical", "purpose": "retail"} | fields
    return ProductDefined(product_id=product_id, code=code, name=name, **values)


def line(quantity: str, product_id: UUID = BOTOX, number: int = 1, **fields: Any) -> SaleLine:
    """A line of a charge."""
    return SaleLine(line=number, product_id=product_id, quantity=quantity, unit_price="10.00", net_minor=0, **fields)


def returned(
    quantity: str, charge: SaleRecorded | None = None, product_id: UUID = BOTOX, **fields: Any
) -> SaleReturned:
    """A return of one line."""
    disposition = fields.pop("disposition", "restock")
    back = ReturnLine(
        line=1, product_id=product_id, quantity=quantity, unit_price="10.00", net_minor=0, disposition=disposition
    )
    values: dict[str, Any] = {
        "site": "harley",
        "return_id": uuid7(),
        "number": "R1",
        "happened_at": datetime.now(UTC),
    } | fields
    return SaleReturned(
        charge_id=charge.charge_id if charge else None, lines=(back,), net_minor=0, tax_minor=0, **values
    )


def voided(charge: SaleRecorded, **fields: Any) -> SaleVoided:
    """A charge taken back whole."""
    values: dict[str, Any] = {"void_id": uuid7(), "happened_at": datetime.now(UTC), "reason": "wrong patient"} | fields
    return SaleVoided(
        site=charge.site, charge_id=charge.charge_id, lines=charge.lines, net_minor=0, tax_minor=0, **values
    )


def day(text: str) -> date:
    """A calendar day."""
    return date.fromisoformat(text)


__all__ = [
    "BOTOX",
    "CREAM",
    "NOON",
    "SERUM",
    "SERVICE",
    "Chain",
    "day",
    "line",
    "product",
    "returned",
    "said",
    "voided",
]
