"""What the issue names as bad input, at stock's doors: unknown things, odd texts, long lists, another body."""

from typing import Any

import pytest
from tests.stock.chain import BOTOX, Chain

from lotwise.contracts.ids import uuid7

RECEIPT = {"site": "harley", "product_id": str(BOTOX), "quantity": "5", "unit_cost": "5.00"}


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"product_id": str(uuid7())}, 404, "unknown-product"),
        ({"site": "nowhere"}, 404, "unknown-site"),
        ({"site": "chain"}, 404, "unknown-site"),
        ({"lot_number": "A\x00B"}, 422, "bad-value"),
        ({"happened_at": "9999-12-31T23:59:59Z"}, 422, "invalid"),
        ({"happened_at": "2199-01-01T00:00:00Z"}, 422, "bad-date"),
        ({"expires_on": "9999-12-31"}, 422, "invalid"),
    ],
)
async def test_a_receipt_of_what_cannot_be(stock: Chain, change: dict[str, Any], status: int, code: str) -> None:
    """Bad input, named: given a receipt of a stranger, at a stranger's, of no time; then 4xx by name, nothing kept."""
    before = await stock.bench.state()
    answer = await stock.bench.call("POST", "/v1/receipts", RECEIPT | change, who="importer")
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert await stock.bench.state() == before


@pytest.mark.parametrize("path", ["/v1/lots/{}", "/v1/transfers/{}"])
async def test_what_nobody_knows_is_not_found(stock: Chain, path: str) -> None:
    """Bad input, named: given an unknown lot or transfer; when it is asked for; then 404 with a problem."""
    answer = await stock.bench.call("GET", path.format(uuid7()))
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/receipts:batch", {"receipts": [RECEIPT | {"receipt_id": str(uuid7())}] * 10_000}),
        (
            "/v1/holds:batch",
            {
                "holds": [
                    {
                        "hold_id": str(uuid7()),
                        "site": "harley",
                        "lines": [{"product_id": str(BOTOX), "quantity": "1"}] * 10_000,
                    }
                ]
            },
        ),
        (
            "/v1/transfers",
            {
                "from_site": "harley",
                "to_site": "soho",
                "lines": [{"product_id": str(BOTOX), "quantity": "1"}] * 10_000,
            },
        ),
    ],
)
async def test_lists_without_an_end_are_refused(stock: Chain, path: str, body: dict[str, Any]) -> None:
    """Bad input, named: given 10,000 rows or lines in one call; when they are sent; then 4xx, nothing kept."""
    await stock.receive("50")
    before = await stock.bench.state()
    for who in ("owner", "service"):
        answer = await stock.bench.call("POST", path, body, who=who)
        assert answer.status_code in {403, 413, 422}, answer.text[:300]
    assert await stock.bench.state() == before


async def test_a_lone_surrogate_is_refused(stock: Chain) -> None:
    r"""Bad input, named: given a lot number with \ud800; when it is received; then 422, nothing kept."""
    before = await stock.bench.state()
    content = (
        b'{"site": "harley", "product_id": "%s", "quantity": "1", "unit_cost": "1", "lot_number": "a\\ud800"}'
        % str(BOTOX).encode()
    )
    headers = {"authorization": "Bearer owner", "idempotency-key": "k1", "content-type": "application/json"}
    answer = await stock.bench.http.post("/v1/receipts", content=content, headers=headers)
    assert answer.status_code == 422, answer.text
    assert await stock.bench.state() == before
