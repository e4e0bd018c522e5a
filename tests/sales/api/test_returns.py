"""Returns: with the charge, without it, in parts, in batches."""

from typing import Any

import pytest
from tests.sales.harness import BOTOX, CREAM, FACIAL, OTHER, SITE, Sales, line

from lotwise.contracts.catalog import TaxDefined, TaxSlot
from lotwise.contracts.ids import named_id, uuid7
from lotwise.contracts.sales import SaleReturned


def back(charge: Any, number: int, quantity: str, **more: Any) -> dict[str, Any]:
    """A return of one line of a charge."""
    return {"charge_id": charge["charge_id"], "site": SITE, "lines": [{"line": number, "quantity": quantity, **more}]}


async def test_a_line_comes_back_in_parts_at_the_stored_tax(sales: Sales) -> None:
    """SAL-16 CAT-63: 3 of 3 come back as 1 + 2 for exactly what was paid, though the rates doubled meanwhile."""
    charge = await sales.charge(line(CREAM, "0.3"))
    assert charge["total_minor"] == 630
    await sales.hear(
        TaxDefined(
            slug=SITE, tax_1=TaxSlot(name="GST", rate_1="10"), tax_2=TaxSlot(), valid_from="2000-01-01", revision=2
        )
    )
    await sales.selling.prices.load()
    first = await sales.post("/v1/returns", back(charge, 1, "0.1"), who="front_desk")
    second = await sales.post("/v1/returns", back(charge, 1, "0.2", disposition="quarantine"), who="front_desk")
    assert (first["total_minor"], second["total_minor"]) == (210, 420)
    assert (first["number"], second["number"]) == ("harley-R000001", "harley-R000002")
    told = await sales.told(SaleReturned)
    assert [(str(one.charge_id), one.net_minor, one.tax_minor) for one in told] == [
        (charge["charge_id"], 200, 10),
        (charge["charge_id"], 400, 20),
    ]
    (line_told,) = told[1].lines
    assert (line_told.line, line_told.quantity, line_told.disposition, line_told.moves_stock) == (
        1,
        "0.2",
        "quarantine",
        True,
    )
    shown = await sales.get(f"/v1/charges/{charge['charge_id']}")
    assert shown["lines"][0]["returned"] == "0.3"
    assert [one["number"] for one in shown["returns"]] == ["harley-R000001", "harley-R000002"]


async def test_no_more_comes_back_than_was_sold(sales: Sales) -> None:
    """SAL-16: of 2 sold and 1 returned, 2 more are refused with the numbers and nothing changes."""
    charge = await sales.charge(line(BOTOX, "2"))
    await sales.post("/v1/returns", back(charge, 1, "1"))
    before = await sales.state()
    answer = await sales.call("POST", "/v1/returns", back(charge, 1, "2"))
    assert (answer.status_code, answer.json()["code"]) == (409, "more-than-sold")
    assert answer.json()["numbers"] == {"line": 1, "sold": "2", "returned": "1", "wanted": "2"}
    assert await sales.state() == before


async def test_two_returns_at_once_cannot_both_have_the_last(sales: Sales) -> None:
    """SAL-16: two tills return the same last piece at once: one is taken, the other refused."""
    import asyncio

    charge = await sales.charge(line(BOTOX, "1"))
    answers = await asyncio.gather(*(sales.call("POST", "/v1/returns", back(charge, 1, "1")) for _ in range(2)))
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    assert len(await sales.told(SaleReturned)) == 1


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"lines": [{"line": 2, "quantity": "1"}]}, 404, "unknown-line"),
        ({"lines": [{"line": 1, "quantity": "0"}]}, 422, "bad-quantity"),
        ({"lines": [{"line": 1, "quantity": "-1"}]}, 422, "bad-quantity"),
        ({"lines": [{"line": 1, "quantity": "0.5"}]}, 422, "bad-quantity"),
        ({"lines": [{"line": 1, "quantity": "1"}, {"line": 1, "quantity": "1"}]}, 422, "duplicate-line"),
        ({"lines": [{"product_id": str(BOTOX), "quantity": "1"}]}, 422, "invalid"),
        ({"charge_id": str(named_id("none"))}, 404, "unknown-charge"),
        ({"site": OTHER}, 404, "unknown-charge"),
        ({"tenders": [{"kind": "card", "amount_minor": -999_999}]}, 422, "bad-tender"),
        ({"happened_at": "2026-01-01T00:00:00Z"}, 403, "forbidden"),
    ],
)
async def test_returns_that_cannot_be(sales: Sales, body: dict[str, Any], status: int, code: str) -> None:
    """SAL-16: unknown lines and charges, wrong quantities and refunds: each is refused by name and changes nothing."""
    charge = await sales.charge(line(BOTOX, "2"))
    before = await sales.state()
    answer = await sales.call("POST", "/v1/returns", back(charge, 1, "1") | body)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert await sales.state() == before


async def test_a_return_without_its_charge(sales: Sales) -> None:
    """E: goods of an unknown charge come back at the price given, to the shelf; a money-only code moves no stock."""
    body = {
        "site": SITE,
        "happened_at": "2011-01-05T09:30:00Z",
        "source": "import",
        "reason": "C536379",
        "lines": [
            {"code": "BOTOX", "quantity": "5", "unit_price": "4.123456"},
            {"code": ".FACIAL", "quantity": "1", "unit_price": "27.50"},
        ],
    }
    answer = await sales.post("/v1/returns", body, who="importer")
    assert [(one["net_minor"], one["moves_stock"]) for one in answer["lines"]] == [(2062, True), (2750, False)]
    (told,) = await sales.told(SaleReturned)
    assert (told.charge_id, told.reason, [one.unit_price for one in told.lines]) == (
        None,
        "C536379",
        ["4.123456", "27.50"],
    )


async def test_a_return_is_taken_once(sales: Sales) -> None:
    """N-02: the same return again, under its key or under its id, is answered as before and taken once."""
    charge = await sales.charge(line(BOTOX, "2"))
    body, key = back(charge, 1, "1") | {"return_id": str(uuid7())}, str(uuid7())
    first = await sales.call("POST", "/v1/returns", body, key=key)
    assert (await sales.call("POST", "/v1/returns", body, key=key)).json() == first.json()
    assert (await sales.call("POST", "/v1/returns", body)).json() == first.json()
    other = await sales.call("POST", "/v1/returns", body | {"reason": "another"})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    assert len(await sales.told(SaleReturned)) == 1


async def test_a_batch_of_returns_has_an_outcome_for_each(sales: Sales) -> None:
    """E: of four returns in one call two are taken, one is refused, one repeats the first; a rerun changes nothing."""
    charge = await sales.charge(line(BOTOX, "3"))
    rows = [back(charge, 1, quantity) | {"return_id": str(uuid7())} for quantity in ("1", "1", "2")]
    rows.append(rows[0])
    answer = await sales.post("/v1/returns:batch", {"returns": rows}, who="importer")
    assert [one["outcome"] for one in answer["results"]] == ["accepted", "accepted", "refused", "accepted"]
    assert answer["results"][2]["problem"]["code"] == "more-than-sold"
    assert len(await sales.told(SaleReturned)) == 2
    before = await sales.state()
    again = await sales.post("/v1/returns:batch", {"returns": rows}, who="importer")
    assert [one["outcome"] for one in again["results"]] == ["replayed", "replayed", "refused", "replayed"]
    assert await sales.state() == before


async def test_a_voided_charge_takes_nothing_back(sales: Sales) -> None:
    """SAL-16: goods reverse once: after a void there is nothing to return, after a return nothing to void."""
    voided, returned = await sales.charge(line(BOTOX, "1")), await sales.charge(line(FACIAL, "2"))
    await sales.post(f"/v1/charges/{voided['charge_id']}:void", {"reason": "x"})
    await sales.post("/v1/returns", back(returned, 1, "1"))
    before = await sales.state()
    assert (await sales.call("POST", "/v1/returns", back(voided, 1, "1"))).status_code == 404
    answer = await sales.call("POST", f"/v1/charges/{returned['charge_id']}:void", {"reason": "x"})
    assert (answer.status_code, answer.json()["code"]) == (409, "has-returns")
    assert await sales.state() == before
