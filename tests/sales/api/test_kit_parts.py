"""Kits whose parts confirm a lot or a prescription: said part by part, kept with each component line (CAT-19)."""

from datetime import date, timedelta
from typing import Any

import pytest
from tests.sales.harness import CREAM, SITE, FakeStock, Sales, fact, line
from tests.sales.visits import NOW, TOXIN, furnish

from lotwise.contracts.catalog import PackageDefined, PackageItem, PriceChanged, ProductDefined
from lotwise.contracts.ids import named_id, uuid7
from lotwise.sales.domain.dispensing import Offer

KIT = named_id("toxin kit")
FIRST = Offer(named_id("lot a"), "A1", date(2027, 1, 31), "50")
SECOND = Offer(named_id("lot b"), "B2", date(2027, 6, 30), "100")
PRESCRIBED = {"prescriber": "Dr Grey", "order_reference": "RX-7"}


@pytest.fixture(autouse=True)
async def clinic(sales: Sales) -> None:
    """A kit of 5 U of a prescription toxin that asks for its lot, and a cream; 100.00 together."""
    await furnish(sales)
    await sales.hear(
        ProductDefined(product_id=KIT, code="KIT", name="Kit", kind="digital"),
        PackageDefined(
            product_id=KIT,
            package_type="bundle",
            items=(PackageItem(product_id=TOXIN, quantity="5"), PackageItem(product_id=CREAM, quantity="1")),
        ),
        *(
            PriceChanged(price_id=uuid7(), product_id=product, price=price, valid_from=NOW - timedelta(days=9))
            for product, price in ((TOXIN, "9"), (KIT, "100"))
        ),
    )
    await sales.selling.prices.load()
    sales.shelves.lots[TOXIN] = [FIRST, SECOND]


def kit(*parts: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A line of the kit with what is said of its parts."""
    said: dict[str, Any] = {"parts": list(parts)} if parts else {}
    return line(KIT, **said, **more)


def part(lot: Offer = SECOND, **more: Any) -> dict[str, Any]:
    """The toxin of the kit out of a lot."""
    return {"product_id": str(TOXIN), "lot_id": str(lot.lot_id), **more}


def held(*lines: dict[str, Any]) -> dict[str, Any]:
    """A charge of the desk."""
    return fact(*lines) | {"hold": True}


async def charges_kept(sales: Sales) -> tuple[int, int]:
    """How many charges and told events there are."""
    return (
        await sales.owner.fetchval("select count(*) from charge"),
        await sales.owner.fetchval("select count(*) from outbox"),
    )


async def test_a_kits_part_carries_its_lot_and_prescription(sales: Sales, stock: FakeStock) -> None:
    """CAT-19 STK-36 STK-40: the component line takes the named lot out of stock and keeps lot and prescription; the
    other component names none; the lot that was not first to expire is listed as a deviation.
    """
    body = held(line(CREAM), kit(part(prescription=PRESCRIBED)))
    made = await sales.post("/v1/charges", body, who="owner")

    assert [(one["product_id"], one["lot_id"]) for one in made["lines"]] == [
        (str(CREAM), None), (str(TOXIN), str(SECOND.lot_id)), (str(CREAM), None),
    ]  # fmt: skip
    assert {(one.product_id, one.lot_id, one.quantity) for one in stock.asked[0].lines} == {
        (TOXIN, SECOND.lot_id, "5"), (CREAM, None, "2"),
    }  # fmt: skip
    view = await sales.get(f"/v1/charges/{made['charge_id']}", who="owner")
    kept = view["lines"][1]["dispensed"]
    assert (kept["lot_choice"], kept["fefo_lot_id"]) == ("deviation", str(FIRST.lot_id))
    assert (kept["prescriber"], kept["order_reference"]) == ("Dr Grey", "RX-7")
    assert view["lines"][2]["dispensed"] is None
    assert await sales.post("/v1/charges", body, who="owner") == made


async def test_a_prescription_of_the_kit_counts_for_its_parts(sales: Sales) -> None:
    """STK-40: one order for the whole kit is said once, on its line."""
    made = await sales.post("/v1/charges", held(kit(part(FIRST), prescription=PRESCRIBED)), who="owner")

    view = await sales.get(f"/v1/charges/{made['charge_id']}", who="owner")
    kept = view["lines"][0]["dispensed"]
    assert (kept["lot_choice"], kept["prescriber"]) == ("fefo", "Dr Grey")


@pytest.mark.parametrize(
    ("parts", "code", "field"),
    [
        ((), "prescription-missing", "lines.1.parts"),
        (({"product_id": str(TOXIN), "prescription": PRESCRIBED},), "lot-not-confirmed", "lines.1.parts"),
        (({"product_id": str(KIT)},), "part-not-in-kit", "lines.1.parts.0.product_id"),
    ],
)
async def test_a_part_without_what_it_needs_is_refused(
    sales: Sales, stock: FakeStock, parts: tuple[dict[str, Any], ...], code: str, field: str
) -> None:
    """CAT-19 STK-36 STK-40: the refusal names the asked line and the part, with the lots there are; nothing changed."""
    before = await charges_kept(sales)
    answer = await sales.call("POST", "/v1/charges", held(line(CREAM), kit(*parts)), who="owner")

    problem = answer.json()
    assert (answer.status_code >= 400, problem["code"], problem["field"]) == (True, code, field)
    if code == "lot-not-confirmed":
        assert [one["lot_number"] for one in problem["numbers"]["lots"]] == ["A1", "B2"]
        assert (problem["numbers"]["line"], problem["numbers"]["product_id"]) == (2, str(TOXIN))
    assert await charges_kept(sales) == before
    assert stock.asked == []


async def test_parts_of_what_is_no_kit_are_refused(sales: Sales) -> None:
    """CAT-19: a lot of a part on a line without parts is a mistake, not silently dropped."""
    answer = await sales.call("POST", "/v1/quotes", {"site": SITE, "lines": [line(CREAM) | {"parts": [part()]}]})
    assert (answer.status_code, answer.json()["code"]) == (422, "part-not-in-kit")


async def test_another_lot_of_a_part_is_another_charge(sales: Sales) -> None:
    """SAL-01: the same id with another lot of a kit's part is refused."""
    body = held(kit(part(prescription=PRESCRIBED)))
    await sales.post("/v1/charges", body, who="owner")
    other = body | {"lines": [kit(part(FIRST, prescription=PRESCRIBED))]}
    answer = await sales.call("POST", "/v1/charges", other, who="owner")
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-key-reused")


async def test_a_fact_keeps_the_lots_of_its_parts(sales: Sales) -> None:
    """SAL-26: a kit sold by a till keeps the part's lot; a part that the kit no longer has is let pass: it happened."""
    gone = {"product_id": str(named_id("gone"))}
    made = await sales.charge(kit(part(FIRST), gone))
    assert [one["lot_id"] for one in made["lines"]] == [str(FIRST.lot_id), None]


async def test_a_quote_says_what_each_part_needs(sales: Sales) -> None:
    """STK-36 STK-40: the toxin of the kit asks for its lot and prescription, the cream for nothing."""
    quoted = await sales.post("/v1/quotes", {"site": SITE, "lines": [kit()]}, who="front_desk")
    assert [one["asks"] for one in quoted["lines"]] == [["lot", "prescription"], []]
