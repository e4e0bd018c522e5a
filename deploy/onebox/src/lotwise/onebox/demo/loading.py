"""The only home of loading the demo: definitions first, then day by day, each heard before the next."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from lotwise.onebox.access import Access
from lotwise.onebox.demo.clinical import show_clinical
from lotwise.onebox.demo.definitions import (
    BY_CODE,
    CENTRAL,
    CLINICS,
    PRODUCTS,
    SERVICES,
    SITES,
    SUPPLIERS,
    Site,
    product_row,
    service_row,
)
from lotwise.onebox.demo.history import (
    DAYS,
    SLOW,
    Chain,
    Charge,
    Day,
    Receipt,
    Transfer,
    charge_body,
    ident,
    member_names,
)
from lotwise.onebox.demo.ordering import define_offers, order_goods, receive_order, supplier_id
from lotwise.onebox.demo.posting import Doors, together
from lotwise.onebox.demo.pricing import define_pricing
from lotwise.onebox.demo.progress import Telling
from lotwise.onebox.imports.doors import Settling

LEVELS_DAYS_BEFORE = 3
DEFINITIONS_PERCENT, DAYS_PERCENT = 8.0, 88.0
EVERYBODY = ("sales", "stock", "purchasing", "alerts", "reporting")


async def load(access: Access, telling: Telling) -> None:
    """Load the chain, or go on where an earlier try stopped; whatever was done before is not done twice."""
    chain, doors, settling = Chain(telling.began_at), Doors(access), Settling(access)
    telling.say(1, "sites and suppliers")
    await _define_sites(doors)
    await _define_suppliers(doors)
    telling.say(3, "products, services and members")
    ids = await _define_products(doors, chain)
    await _define_recipes(doors, ids)
    await together(_member(doors, number, name) for number, name in enumerate(member_names()))
    await settling.wait(("catalog", "purchasing"), EVERYBODY)
    await define_offers(doors, ids)
    loader = _Days(doors, settling, ids)
    for number, day in enumerate(chain.days()):
        if number >= telling.days_done:
            telling.say(DEFINITIONS_PERCENT + DAYS_PERCENT * number / DAYS, f"{day.day:%-d %B}", days_done=number)
            await loader.tell(day, number)
            if number == DAYS - LEVELS_DAYS_BEFORE:
                await _set_levels(doors, Chain(telling.began_at), ids)
        loader.remember(day)
    telling.say(96, "sizes, discounts and packages", days_done=DAYS + 1)
    await define_pricing(doors, settling, ids, telling.began_at)
    telling.say(97, "vials, treatments and devices", days_done=DAYS + 1)
    await show_clinical(doors, settling, telling.began_at)
    telling.say(98, "orders", days_done=DAYS + 1)
    await settling.wait(("stock", "purchasing"), EVERYBODY)
    await order_goods(doors, ids)
    await settling.wait(("purchasing", "stock"), EVERYBODY)
    telling.end()


async def _define_sites(doors: Doors) -> None:
    for site in SITES:
        await doors.post("catalog", "/v1/sites", _site(site), f"site/{site.slug}", done=("site-taken",))
        await doors.put(
            "catalog", f"/v1/sites/{site.slug}/tax", {"tax_1": _slot(site.tax_1), "tax_2": _slot(site.tax_2)}
        )


def _site(site: Site) -> dict[str, Any]:
    return {
        "slug": site.slug, "name": site.name, "time_zone": site.zone, "legal_entity": site.legal_entity,
        "is_central_store": site.slug == CENTRAL,
    }  # fmt: skip


def _slot(tax: tuple[str, str]) -> dict[str, str]:
    return {"name": tax[0], "rate_1": tax[1]}


async def _define_suppliers(doors: Doors) -> None:
    rows = [
        {
            "supplier_id": supplier_id(code), "name": one.name, "email": one.email, "phone": one.phone,
            "lead_time_days": one.lead_days,
        }
        for code, one in SUPPLIERS.items()
    ]  # fmt: skip
    await doors.post("purchasing", "/v1/suppliers:batch", {"rows": rows}, "suppliers")


async def _define_products(doors: Doors, chain: Chain) -> dict[str, str]:
    price_from = chain.at(CENTRAL, chain.first - timedelta(days=30), 0).isoformat()
    rows = [product_row(one, supplier_id(one.supplier), price_from) for one in PRODUCTS]
    rows += [service_row(one, price_from) for one in SERVICES]
    answer = await doors.post("catalog", "/v1/products:batch", {"rows": rows}, f"products/{price_from}")
    return {row["code"]: row["product_id"] for row in answer["rows"]}


async def _define_recipes(doors: Doors, ids: dict[str, str]) -> None:
    for service in SERVICES:
        if service.recipe:
            lines = [{"product_id": ids[code], "quantity": quantity} for code, quantity in service.recipe]
            await doors.put("catalog", f"/v1/services/{ids[service.code]}/recipe", {"lines": lines})


async def _member(doors: Doors, number: int, name: str) -> None:
    first, last = name.lower().split()
    body = {
        "member_id": ident(f"member/{number}"), "name": name, "email": f"{first}.{last}@patients.example",
        "phone": f"+1 555 01{number:03d}",
    }  # fmt: skip
    await doors.post("sales", "/v1/members", body, f"member/{number}", done=("member-taken", "id-taken", "conflict"))


class _Days:
    """Tells days to the services, and keeps what returns need to know of earlier charges."""

    def __init__(self, doors: Doors, settling: Settling, ids: dict[str, str]) -> None:
        self._doors = doors
        self._settling = settling
        self._ids = ids
        self._lines: Counter[str] = Counter()

    def remember(self, day: Day) -> None:
        """Know the charges of a day that was told."""
        for charge in day.charges:
            self._lines[charge.key] = len(charge.lines)

    async def tell(self, day: Day, number: int) -> None:
        """Tell a day: arrivals, lorries, mishaps, sales, returns; then wait until all of it was heard."""
        await self._receive(day.receipts, number)
        await together(receive_order(self._doors, order, self._ids) for order in day.orders)
        await together(self._carry(transfer) for transfer in day.transfers)
        await self._adjust(day, number)
        await self._sell(day.charges, number)
        await self._take_back(day, number)
        await self._settling.wait(("purchasing", "sales", "stock"), ("stock", "reporting"))

    async def _receive(self, receipts: Sequence[Receipt], number: int) -> None:
        rows = [_receipt(one, self._ids) for one in receipts]
        for start in range(0, len(rows), 500):
            part = {"receipts": rows[start : start + 500]}
            answer = await self._doors.post("stock", "/v1/receipts:batch", part, f"receipts/{number}/{start}")
            _all_done(answer)

    async def _carry(self, transfer: Transfer) -> None:
        ident_ = ident(transfer.key)
        lines = [{"product_id": self._ids[code], "quantity": str(quantity)} for code, quantity in transfer.lines]
        body = {"transfer_id": ident_, "from_site": CENTRAL, "to_site": transfer.to_site, "lines": lines}
        moved = ("transfer-move",)
        await self._doors.post("stock", "/v1/transfers", body, transfer.key)
        shipped = {"happened_at": transfer.shipped_at.isoformat()}
        await self._doors.post("stock", f"/v1/transfers/{ident_}:ship", shipped, f"{transfer.key}/ship", done=moved)
        if transfer.received_at is not None:
            got = {"happened_at": transfer.received_at.isoformat()}
            await self._doors.post(
                "stock", f"/v1/transfers/{ident_}:receive", got, f"{transfer.key}/receive", done=moved
            )

    async def _adjust(self, day: Day, number: int) -> None:
        rows = [
            {
                "adjustment_id": ident(one.key), "site": one.site, "product_id": self._ids[one.code],
                "quantity": str(one.quantity), "reason": one.reason, "happened_at": one.happened_at.isoformat(),
            }
            for one in day.adjustments
        ]  # fmt: skip
        if rows:
            answer = await self._doors.post(
                "stock", "/v1/adjustments:batch", {"adjustments": rows}, f"adjustments/{number}"
            )
            _all_done(answer)

    async def _sell(self, charges: Sequence[Charge], number: int) -> None:
        if charges:
            body = {"charges": [charge_body(charge) for charge in charges]}
            _all_done(await self._doors.post("sales", "/v1/charges:batch", body, f"charges/{number}"))

    async def _take_back(self, day: Day, number: int) -> None:
        rows = [
            {
                "return_id": ident(one.key), "charge_id": ident(one.charge_key), "site": one.site,
                "reason": "did not suit",
                "happened_at": one.happened_at.isoformat(), "lines": [{"line": one.line, "quantity": one.quantity}],
            }
            for one in day.returns
            if one.line <= self._lines[one.charge_key]
        ]  # fmt: skip
        if rows:
            _all_done(await self._doors.post("sales", "/v1/returns:batch", {"returns": rows}, f"returns/{number}"))


def _receipt(one: Receipt, ids: dict[str, str]) -> dict[str, Any]:
    product = BY_CODE[one.code]
    body: dict[str, Any] = {
        "receipt_id": ident(one.key), "site": one.site, "product_id": ids[one.code], "quantity": str(one.quantity),
        "unit_cost": product.cost, "lot_number": one.lot_number, "supplier_id": supplier_id(product.supplier),
        "happened_at": one.happened_at.isoformat(),
    }  # fmt: skip
    if one.expires_on is not None:
        body["expires_on"] = one.expires_on.isoformat()
    return body


def _all_done(answer: Any) -> None:
    """Raise RuntimeError naming the first row that was refused: the demo is made so that none is."""
    for result in answer["results"]:
        if result["outcome"] == "refused":
            raise RuntimeError(f"refused: {result['problem']}")


async def _set_levels(doors: Doors, chain: Chain, ids: dict[str, str]) -> None:
    """Minimums and reorder levels that the last days' sales cross for some products at each clinic."""
    days = list(chain.days())
    after = _sold(days[DAYS - LEVELS_DAYS_BEFORE + 1 :])
    rows = [
        row
        for site in CLINICS
        for product in PRODUCTS
        if product.code not in SLOW
        for row in [_level(chain, site.slug, product.code, after[site.slug, product.code], ids)]
    ]
    for start in range(0, len(rows), 500):
        answer = await doors.post(
            "stock", "/v1/minimums:batch", {"minimums": rows[start : start + 500]}, f"levels/{start}"
        )
        _all_done(answer)


def _level(chain: Chain, site: str, code: str, sold_after: int, ids: dict[str, str]) -> dict[str, Any]:
    left, par = chain.shelf[site, code], BY_CODE[code].par
    is_crossed = sold_after > 0 and left < par * 0.5
    minimum = left + max(1, sold_after // 2) if is_crossed else min(left, max(1, round(par * 0.2)))
    reorder_at = max(minimum, min(round(par * 0.4), max(minimum, left)))
    return {"site": site, "product_id": ids[code], "minimum": str(minimum), "reorder_at": str(reorder_at)}


def _sold(days: Sequence[Day]) -> "Counter[tuple[str, str]]":
    sold: Counter[tuple[str, str]] = Counter()
    for day in days:
        for charge in day.charges:
            for code, quantity, _, _ in charge.lines:
                sold[charge.site, code] += int(float(quantity))
    return sold
