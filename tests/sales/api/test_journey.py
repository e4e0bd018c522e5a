"""Real sales with three kinds of discount through the door for tills, and what the database then says of them."""

from itertools import islice
from typing import Any

import pytest
from tests.sales import journey
from tests.sales.harness import SITE, Sales

from lotwise.contracts.catalog import ProductDefined
from lotwise.contracts.ids import named_id

AT_ONCE = 500


async def replay(sales: Sales, baskets: dict[str, list[journey.Line]]) -> list[int]:
    """Record baskets by the batch door, twice the first batch; what was paid and taken by kind, from the database."""
    await _define(sales, {one.product_id for lines in baskets.values() for one in lines})
    rows = iter([_charge(basket, lines) for basket, lines in baskets.items()])
    first: list[dict[str, Any]] = []
    while batch := list(islice(rows, AT_ONCE)):
        first = first or batch
        answer = await sales.post("/v1/charges:batch", {"charges": batch}, who="till")
        assert answer["accepted"] == len(batch), [one for one in answer["results"] if one["problem"]][:1]
    again = await sales.post("/v1/charges:batch", {"charges": first}, who="till")
    assert again["replayed"] == len(first)
    row = await sales.owner.fetchrow("SELECT count(*), sum(net_minor) FROM charge_line")
    taken = await sales.owner.fetch(
        "SELECT d->>3 AS kind, sum((d->>2)::bigint)::bigint AS minor FROM charge_line_extra,"
        " jsonb_array_elements(discounts) d GROUP BY 1"
    )
    found = {one["kind"]: one["minor"] for one in taken}
    return [*map(int, row or ()), *(found.get(kind, 0) for kind in journey.KINDS)]


async def _define(sales: Sales, products: set[Any]) -> None:
    left = iter(sorted(products))
    while some := list(islice(left, 1000)):
        await sales.hear(
            *(ProductDefined(product_id=one, code=str(one), name="Goods", kind="physical") for one in some)
        )
    await sales.selling.prices.load()


def _charge(basket: str, lines: list[journey.Line]) -> dict[str, Any]:
    return {
        "charge_id": str(named_id("basket", basket)),
        "site": SITE,
        "lines": [
            {
                "product_id": str(one.product_id),
                "quantity": one.quantity,
                "unit_price": one.unit_price,
                **({"discounts": given} if (given := journey.by_hand(one)) else {}),
            }
            for one in lines
        ],
    }


def expected(baskets: dict[str, list[journey.Line]]) -> list[int]:
    """What baskets add up to in the file: lines, paid, taken by kind."""
    lines = [one for found in baskets.values() for one in found]
    return [len(lines), sum(one.net for one in lines), *(sum(one.taken[i] for one in lines) for i in range(3))]


@pytest.mark.skipif(not journey.DATA.exists(), reason=journey.REASON)
async def test_a_slice_of_real_discounts_adds_up(sales: Sales) -> None:
    """SAL-04 SAL-26: the first 1,000 baskets through the door, the first half twice: every cent once."""
    baskets = journey.baskets(1000)
    assert await replay(sales, baskets) == expected(baskets)


@pytest.mark.slow
@pytest.mark.skipif(not journey.DATA.exists(), reason=journey.REASON)
async def test_all_real_discounts_add_up(sales: Sales) -> None:
    """SAL-04: 75,000 lines in 47,243 charges: paid 233,935.24, taken 40,180.91, 1,356.71 and 242.10."""
    assert await replay(sales, journey.baskets()) == [
        75_000, journey.NET, journey.RETAIL, journey.COUPON, journey.MATCH,
    ]  # fmt: skip
