"""What the desk sold without its line, as the office passes it on: discounts by hand and what was said of a line."""

from typing import Any

import httpx
import orjson
import pytest
from selectolax.lexbor import LexborHTMLParser
from tests.backoffice.fakes import ALL_PRODUCTS, Chain
from tests.backoffice.fakes.ground import NOW, ident, refusal
from tests.backoffice.fakes.sales import desk
from tests.backoffice.office import find

A = ALL_PRODUCTS[0]
ID = "019a7c4e-8f00-7abc-8def-0123456789ab"
TEN = {"percent": "10", "reason": "late start"}
FIVE = {"amount": "5", "reason": "a regular"}
SAID: dict[str, Any] = {"discounts": [TEN], "lot_id": ident("lot"), "seller": "user:ann"}
SOLD: dict[str, Any] = {
    "charge_id": ID, "site": "harley-street", "happened_at": NOW.isoformat(), "member_id": None,
    "lines": [{"product_id": A["product_id"], "quantity": "2", "unit_price": "186.000000", **SAID}],
    "discounts": [FIVE], "tenders": [{"kind": "card", "amount_minor": 39576, "reference": ""}], "total_minor": 39576,
}  # fmt: skip


async def test_discounts_by_hand_go_with_the_provisional_charge(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """SAL-26 SAL-04: what was taken off lines and bill, the lot and the seller reach sales as they were sold."""
    answer = await htmx.post("/charge/provisional", json=SOLD)

    assert answer.json()["outcome"] == "recorded"
    (sent,) = chain.did("POST", "sales/v1/charges")
    assert sent["lines"] == [{"product_id": A["product_id"], "quantity": "2", "unit_price": "186.000000", **SAID}]
    assert (sent["discounts"], sent["is_provisional"]) == ([FIVE], True)


async def test_a_charge_without_discounts_is_sent_as_ever(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """SAL-26: nothing that a plain line does not have is sent of it, so that it stays a plain charge."""
    plain = {"product_id": A["product_id"], "quantity": "2", "unit_price": "186.000000"}
    await htmx.post("/charge/provisional", json=SOLD | {"lines": [plain], "discounts": []})

    (sent,) = chain.did("POST", "sales/v1/charges")
    assert sent["lines"] == [plain]
    assert "discounts" not in sent


async def test_what_cannot_be_recorded_waits_with_its_discounts(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """SAL-26: the parked bill has the discounts of its lines and of the whole, and what else was said."""
    no = refusal(403, "beyond-limit", "By hand at most 5 % of a line may be taken off.", title="No")
    chain.overrides["POST", "sales/v1/charges"] = lambda _ask: no
    answer = await htmx.post("/charge/provisional", json=SOLD)

    assert answer.json()["outcome"] == "conflict"
    (waits,) = chain.parked
    (line,) = map(orjson.loads, waits["bill"]["lines"])
    assert line["said"] == SAID
    assert orjson.loads(waits["bill"]["cart"]) == {"discounts": [FIVE]}


@pytest.mark.parametrize("odd", [{"percent": "10"}, {"percent": "x", "reason": "y"}, {"reason": ""}])
async def test_an_odd_discount_is_refused(htmx: httpx.AsyncClient, chain: Chain, odd: dict[str, str]) -> None:
    """SAL-26: without a reason or a figure it is no discount; nothing reaches sales."""
    answer = await htmx.post("/charge/provisional", json=SOLD | {"discounts": [odd]})

    assert answer.status_code == 422
    assert chain.did("POST", "sales/v1/charges") == []


async def test_the_page_knows_how_far_its_person_may_go(page: httpx.AsyncClient, chain: Chain) -> None:
    """SAL-22 SAL-26: the kept page has the limit of discounts by hand of whoever it was kept for."""
    may = {"discount": True, "beyond": False, "discount_percent": "10", "discount_minor": 5000}
    chain.overrides["GET", "sales/v1/desk"] = lambda ask: (200, desk(chain, ask)[1] | {"may": may})
    for path in ("/charge?site=harley-street", "/charge/offline?site=harley-street"):
        form = find(LexborHTMLParser((await page.get(path)).text), "#desk")
        assert orjson.loads(str(form.attributes["data-may"])) == may
