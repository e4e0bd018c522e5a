"""What the issue names as bad input, at purchasing's doors: strangers, odd texts, long lists, another body."""

from typing import Any
from uuid import uuid4

import pytest
from tests.catalog.harness import Bench
from tests.purchasing.conftest import product, supplier, uid

LINE = {"product_id": str(uid(1)), "quantity": "1", "unit_cost": "1"}


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"supplier_id": str(uuid4())}, 404),
        ({"supplier_id": "nobody"}, 422),
        ({"site": "x y"}, 422),
        ({"site": "*"}, 422),
        ({"site": ">"}, 422),
        ({"note": "a\x00b"}, 422),
        ({"lines": [{"product_id": str(uid(1)), "quantity": "1.0000001"}]}, 422),
        ({"lines": [LINE] * 10_000}, 422),
        ({"expected_on": "0001-01-01"}, 422),
        ({"expected_on": "9999-12-31"}, 422),
        ({"surprise": 1}, 422),
    ],
)
async def test_an_order_that_cannot_be(purchasing: Bench, change: dict[str, Any], status: int) -> None:
    """Issue, bad input named: an order of strangers, at no site, of 10,000 lines: 4xx, nothing kept, nothing told."""
    await purchasing.hear(product(1))
    right = {"supplier_id": await supplier(purchasing), "site": "harley", "lines": [LINE]}
    before = await purchasing.state()
    answer = await purchasing.call("POST", "/v1/orders", right | change)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    assert await purchasing.state() == before


async def test_the_same_key_with_another_order_is_refused(purchasing: Bench) -> None:
    """Issue, bad input named: a key that comes again for another order is 422 by name; the first order stands."""
    await purchasing.hear(product(1))
    body = {"supplier_id": await supplier(purchasing), "site": "harley", "lines": [LINE]}
    await purchasing.post("/v1/orders", body, key="one-order")
    before = await purchasing.state()
    other = await purchasing.call("POST", "/v1/orders", body | {"lines": [LINE | {"quantity": "2"}]}, key="one-order")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    assert await purchasing.state() == before


@pytest.mark.parametrize("name", ['"a\\u0000b"', '"a\\ud800"', '""', '" "', "1e400", '"' + "x" * 201 + '"'])
async def test_a_supplier_without_a_name_that_can_be_kept(purchasing: Bench, name: str) -> None:
    r"""Issue, bad input named: NUL, \ud800, nothing, 1e400, 201 letters as a name: 422, nothing kept."""
    before = await purchasing.state()
    headers = {"authorization": "Bearer owner", "idempotency-key": "k1", "content-type": "application/json"}
    answer = await purchasing.http.post("/v1/suppliers", content=b'{"name": %s}' % name.encode(), headers=headers)
    assert answer.status_code == 422, answer.text
    assert await purchasing.state() == before
