"""The only home of the demo's purchasing: who offers what, orders that came, and the orders that are open today."""

from collections.abc import Sequence
from typing import Any

from lotwise.contracts.ids import named_id
from lotwise.onebox.demo.definitions import BY_CODE, CENTRAL, PRODUCTS, SUPPLIERS, Product
from lotwise.onebox.demo.history import Order, ident
from lotwise.onebox.demo.posting import Doors, together

MOVED = ("move-refused",)
SECOND_SOURCE = "MED"
SECOND_SOURCED = ("SKN-SPF50", "SKN-CLEAN", "SKN-VITC", "FIL-LIP-1", "FIL-VOL-1", "TOX-AUR-100", "DEV-LED")


def supplier_id(code: str) -> str:
    """The id of a supplier: the one its import would give it."""
    return str(named_id("supplier", SUPPLIERS[code].name.casefold()))


async def define_offers(doors: Doors, ids: dict[str, str]) -> None:
    """What each supplier offers: the usual one is preferred, some products have a dearer second source."""
    await together(_offer(doors, product, ids, product.supplier) for product in PRODUCTS)
    await together(_offer(doors, BY_CODE[code], ids, SECOND_SOURCE) for code in SECOND_SOURCED)


async def _offer(doors: Doors, product: Product, ids: dict[str, str], supplier: str) -> None:
    is_usual = supplier == product.supplier
    name, units = product.packs[0] if product.packs else (product.unit, "1")
    body = {
        "pack_name": name, "pack_units": units, "lead_time_days": SUPPLIERS[supplier].lead_days,
        "supplier_code": f"{supplier}-{product.code}", "is_preferred": is_usual,
        "cost": product.cost if is_usual else f"{float(product.cost) * 1.08:.2f}",
    }  # fmt: skip
    await doors.put("purchasing", f"/v1/suppliers/{supplier_id(supplier)}/products/{ids[product.code]}", body)


async def receive_order(doors: Doors, order: Order, ids: dict[str, str]) -> None:
    """An order of the past: drafted, sent, and received in full with its lots."""
    lines = [(one.code, one.quantity) for one in order.lots]
    path = await _draft(doors, order.key, order.supplier, CENTRAL, lines, ids)
    sent = {"happened_at": order.sent_at.isoformat()}
    await doors.post("purchasing", f"{path}:send", sent, f"{order.key}/send", done=MOVED)
    came = {
        "happened_at": order.lots[0].happened_at.isoformat(),
        "lines": [
            {
                "line": line, "quantity": str(one.quantity), "lot_number": one.lot_number,
                **({"expires_on": one.expires_on.isoformat()} if one.expires_on else {}),
            }
            for line, one in enumerate(order.lots, start=1)
        ],
    }  # fmt: skip
    await doors.post("purchasing", f"{path}:receive", came, f"{order.key}/receive", done=MOVED)


async def _draft(
    doors: Doors, key: str, supplier: str, site: str, lines: Sequence[tuple[str, int]], ids: dict[str, str]
) -> str:
    order_id = ident(key)
    body: dict[str, Any] = {
        "order_id": order_id,
        "supplier_id": supplier_id(supplier),
        "site": site,
        "lines": [{"product_id": ids[code], "quantity": str(quantity)} for code, quantity in lines],
    }
    await doors.post("purchasing", "/v1/orders", body, key)
    return f"/v1/orders/{order_id}"


async def order_goods(doors: Doors, ids: dict[str, str]) -> None:
    """What stands open today: a draft by hand, an order that is on its way, one that came in part."""
    await _draft(doors, "order/today/draft", "DEV", "chelsea", [("DEV-LED", 4), ("DEV-ROLL", 6)], ids)
    sent = await _draft(doors, "order/today/sent", "TOX", CENTRAL, [("TOX-AUR-100", 2000), ("TOX-DYN-300", 3000)], ids)
    await doors.post("purchasing", f"{sent}:send", {}, "order/today/sent/send", done=MOVED)
    part = await _draft(doors, "order/today/part", "SKN", "lakeview", [("SKN-SPF50", 24), ("SKN-MOIST", 12)], ids)
    await doors.post("purchasing", f"{part}:send", {}, "order/today/part/send", done=MOVED)
    came = {"lines": [{"line": 1, "quantity": "18", "lot_number": "SKN-PART-1"}], "note": "six bottles are to follow"}
    await doors.post("purchasing", f"{part}:receive", came, "order/today/part/receive", done=MOVED)
