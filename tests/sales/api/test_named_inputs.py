"""What the issue names as bad input, all at once: it is refused while good charges go on, and leaves nothing behind."""

import asyncio
import time
from typing import Any

import httpx
from tests.sales.harness import BOTOX, SITE, Sales, fact, line

from lotwise.contracts.ids import named_id, uuid7
from lotwise.contracts.sales import SaleRecorded

GOOD = 20
DELAY_SECONDS_MAX = 5.0
"""Far above what a good charge takes, far below what it takes to read fifty megabytes a dozen times over."""


async def _raw(sales: Sales, content: bytes) -> httpx.Response:
    headers = {"authorization": "Bearer till", "idempotency-key": str(uuid7()), "content-type": "application/json"}
    return await sales.http.post("/v1/charges", content=content, headers=headers)


def _bad() -> list[dict[str, Any]]:
    return [
        {"lines": [line(named_id("?"))]},
        {"site": "nowhere"},
        *({"site": slug} for slug in ("x y", "*", ">", "chain", "")),
        *({"lines": [line(BOTOX, text)]} for text in ("0", "-1", "1.5", "1.0000001", "1e400", "9" * 19)),
        {"lines": [line(description="a\x00b")]},
        *({"happened_at": at} for at in ("0001-01-01T00:00:00Z", "2199-01-01T00:00:00Z", "9999-12-31T23:59:59Z")),
        {"lines": [line()] * 10_000},
    ]


async def test_bad_input_delays_and_changes_nobody(sales: Sales) -> None:
    """Issue, bad input named: each is a 4xx problem while 20 good charges beside them are recorded within seconds."""
    seconds: list[float] = []

    async def good() -> None:
        """A charge of somebody else."""
        began = time.monotonic()
        await sales.charge(line(BOTOX, "1"))
        seconds.append(time.monotonic() - began)

    bodies = [
        b"[" * 900_000,
        b"x" * 50_000_000,
        b'{"site": "\\ud800", "lines": []}',
        b'{"lines": [{"quantity": 1e400}]}',
    ]
    asked = [sales.call("POST", "/v1/charges", fact() | body, who="till") for body in _bad()]
    asked += [_raw(sales, content) for content in bodies]
    answers, _ = await asyncio.gather(asyncio.gather(*asked), asyncio.gather(*(good() for _ in range(GOOD))))

    assert [answer.status_code for answer in answers if not 400 <= answer.status_code < 500] == []
    assert {answer.headers["content-type"] for answer in answers} == {"application/problem+json"}
    assert [answer.json()["code"] for answer in answers[:3]] == ["unknown-product", "unknown-site", "invalid"]
    assert len(await sales.told(SaleRecorded)) == GOOD
    assert await sales.owner.fetchval("select count(*) from charge") == GOOD
    assert max(seconds) < DELAY_SECONDS_MAX


async def test_one_charge_of_ten_thousand_lines_in_a_batch_is_refused_alone(sales: Sales) -> None:
    """Issue, bad input named: within a batch the charge of 10,000 lines is refused by name, its neighbours recorded."""
    small = {"product_id": str(BOTOX), "quantity": "1"}
    rows = [fact(), {"charge_id": str(uuid7()), "site": SITE, "lines": [small] * 10_000}, fact()]
    answer = await sales.call("POST", "/v1/charges:batch", {"charges": rows}, who="till")
    assert answer.status_code == 200, answer.text
    assert [row["outcome"] for row in answer.json()["results"]] == ["accepted", "refused", "accepted"]
    assert answer.json()["results"][1]["problem"]["errors"][0]["field"].endswith("lines")
    assert len(await sales.told(SaleRecorded)) == 2


async def test_a_return_of_what_nobody_knows_changes_nothing(sales: Sales) -> None:
    """Issue, bad input named: returns of unknown products and sites, of nothing, of 10,000 lines: 4xx, nothing kept."""
    right = {"site": SITE, "lines": [line(BOTOX, "1", unit_price="1")]}
    before = await sales.state()
    for change, status in (
        ({"site": "nowhere"}, 404),
        ({"site": "*"}, 422),
        ({"lines": [line(named_id("?"), "1", unit_price="1")]}, 404),
        ({"lines": [line(BOTOX, "0", unit_price="1")]}, 422),
        ({"lines": [line(BOTOX, "1e400", unit_price="1")]}, 422),
        ({"lines": [line(BOTOX, "1", unit_price="1")] * 10_000}, 422),
        ({"happened_at": "0001-01-01T00:00:00Z"}, 422),
        ({"happened_at": "2199-01-01T00:00:00Z"}, 422),
        ({"reason": "a\x00b"}, 422),
    ):
        answer = await sales.call("POST", "/v1/returns", right | change, who="importer", key=str(uuid7()))
        assert answer.status_code == status, (change, answer.text[:300])
    assert await sales.state() == before
