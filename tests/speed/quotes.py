"""The only home of the bench's quote: twenty lines with promotions, a coupon and tax, asked for one after another."""

import itertools
from typing import Any

import orjson
from tests.speed.load import Answers, flood
from tests.speed.system import System, site

from lotwise.contracts.ids import named_id, uuid7

LINES = 20
PROMOTIONS: tuple[dict[str, Any], ...] = (
    {"name": "Autumn", "value": "5"},
    {"name": "Two off", "form": "amount", "value": "2", "min_quantity": "2"},
    {"name": "Three", "scope": "bundle", "value": "10", "min_quantity": "3"},
    {"name": "Cart", "scope": "cart", "value": "3", "min_spend": "100"},
    {"name": "Alone", "value": "9", "is_combinable": False},
    {"name": "Coupon", "scope": "cart", "form": "amount", "value": "10", "is_automatic": False, "coupon": "BENCH"},
)


async def quoted(measured: System, seconds: float) -> Answers:
    """Put taxed products, promotions and taxes up, then ask for quotes over one connection as a desk does.

    Call it last: the promotions stay, and sales that follow would take them.
    """
    products = await _furnish(measured)
    turn = itertools.count()

    def question() -> tuple[str, bytes]:
        """A bill of twenty lines to be priced."""
        first = next(turn)
        lines = [{"product_id": products[(first + i) % LINES], "quantity": str(1 + i % 4)} for i in range(LINES)]
        return str(uuid7()), orjson.dumps({"site": site(0), "lines": lines, "coupons": ["bench"]})

    token = await measured.doors.bearer()
    answers = await flood(measured.port("sales"), "/v1/quotes", token, question, connections=1, seconds=seconds)
    if set(answers.statuses) != {200}:
        raise RuntimeError(f"quotes: {answers.statuses}")
    return answers


async def _furnish(measured: System) -> list[str]:
    catalog = measured.doors["catalog"]
    rows = [
        {"code": f"Q{i:05}", "name": f"Taxed {i:05}", "kind": "physical", "purpose": "retail", "price": "12.50",
         "tax_code": 5}
        for i in range(LINES)
    ]  # fmt: skip
    made = await catalog.post("/v1/products:batch", json={"rows": rows}, key=str(named_id("bench-taxed")))
    for number, promotion in enumerate(PROMOTIONS):
        await catalog.post("/v1/discounts", json=promotion, key=str(named_id("bench-promotion", number)))
    taxes = {"tax_1": {"name": "GST", "rate_1": "5"}, "tax_2": {"name": "PST", "rate_1": "7"}}
    await catalog.put(f"/v1/sites/{site(0)}/tax", json=taxes)
    await measured.drained()
    return [row["product_id"] for row in made["rows"]]
