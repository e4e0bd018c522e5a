"""The price book that a till keeps for the time when its line is down, and what it sold meanwhile."""

from datetime import UTC, datetime, timedelta

from tests.sales.harness import BACK_BAR, BOTOX, OLD, SITE, Sales

from lotwise.contracts.catalog import PriceChanged, ProductDefined
from lotwise.contracts.ids import named_id, uuid7
from lotwise.sales.api.book import BookRow


async def read(sales: Sales, path: str) -> tuple[list[BookRow], str | None]:
    """A chunk of the book."""
    answer = await sales.get(path, who="front_desk")
    return [BookRow.model_validate(row) for row in answer["rows"]], answer["next"]


async def test_the_book_says_what_the_engine_says(sales: Sales) -> None:
    """SAL-26: a till's own book has the price and the taxes that a quote of the same product uses."""
    rows, _ = await read(sales, f"/v1/book?site={SITE}")
    botox = next(row for row in rows if row.product_id == BOTOX)
    quote = await sales.post(
        "/v1/quotes", {"site": SITE, "lines": [{"product_id": str(BOTOX), "quantity": "1"}]}, who="front_desk"
    )

    (line,) = quote["lines"]
    assert botox.price_micros == round(float(line["unit_price"]) * 1_000_000)
    assert botox.price_micros * botox.rates[0] // 10**12 == line["tax_1_minor"]
    assert [row.code for row in rows] == sorted(row.code for row in rows)


async def test_what_a_till_cannot_sell_alone_is_left_out(sales: Sales) -> None:
    """SAL-26 STK-40: back bar goods, what has no price, bases of variants and prescriptions wait for the line."""
    base, toxin = named_id("base"), named_id("prescribed")
    await sales.hear(
        ProductDefined(product_id=base, code="BASE", name="Base", kind="physical", purpose="retail"),
        ProductDefined(
            product_id=toxin, code="TOXIN", name="Toxin", kind="physical", purpose="retail", drug_class="prescription"
        ),
        PriceChanged(price_id=named_id("price", toxin), product_id=toxin, price="9", valid_from=OLD),
    )
    await sales.selling.prices.load()
    rows, _ = await read(sales, f"/v1/book?site={SITE}")

    assert {BACK_BAR, base, toxin}.isdisjoint({row.product_id for row in rows})


async def test_the_book_is_read_in_chunks(sales: Sales) -> None:
    """SAL-26: keyset chunks give each product once."""
    whole, end = await read(sales, f"/v1/book?site={SITE}")
    found, after = [], ""
    while True:
        rows, following = await read(sales, f"/v1/book?site={SITE}&limit=1{after}")
        found += rows
        if following is None:
            break
        after = f"&after={following}"

    assert (found, end) == (whole, None)


async def test_a_provisional_charge_is_a_fact_of_the_last_days(sales: Sales) -> None:
    """SAL-26: what the desk sold while its line was down is recorded at its time, once, by whoever may charge."""
    happened = datetime.now(UTC) - timedelta(hours=5)
    body = {
        "charge_id": str(named_id("provisional")), "site": SITE, "hold": False, "is_provisional": True,
        "happened_at": happened.isoformat(), "lines": [{"product_id": str(BOTOX), "quantity": "1"}],
    }  # fmt: skip

    first = await sales.call("POST", "/v1/charges", body, who="front_desk")
    again = await sales.call("POST", "/v1/charges", body, who="front_desk")
    late = body | {"charge_id": str(named_id("late")), "happened_at": (happened - timedelta(days=4)).isoformat()}
    refused = await sales.call("POST", "/v1/charges", late, who="front_desk")

    assert (first.status_code, again.status_code, refused.status_code) == (201, 201, 403)
    assert datetime.fromisoformat(first.json()["happened_at"]) == happened
    assert first.json()["number"] == again.json()["number"]
    assert sales.stock.asked == []
    assert await sales.owner.fetchval("select count(*) from charge") == 1


async def test_discounts_by_hand_of_a_provisional_charge_are_taken_as_they_were_shown(sales: Sales) -> None:
    """SAL-26 SAL-04: 20 U at 12.00 less 10 % and 5.00 off the bill: 211.00 and 236.32 with tax, both with reasons."""
    happened = datetime.now(UTC) - timedelta(hours=1)
    sold = {"product_id": str(BOTOX), "quantity": "20", "unit_price": "12.000000"}
    body = {
        "charge_id": str(uuid7()), "site": SITE, "hold": False, "is_provisional": True, "source": "desk",
        "happened_at": happened.isoformat(), "lines": [sold | {"discounts": [{"percent": "10", "reason": "late"}]}],
        "discounts": [{"amount": "5", "reason": "a regular"}],
        "tenders": [{"kind": "cash", "amount_minor": 23632}],
    }  # fmt: skip
    made = await sales.post("/v1/charges", body, who="front_desk")

    (line,) = made["lines"]
    assert (line["net_minor"], made["total_minor"], made["due_minor"]) == (21100, 23632, 0)
    assert [(one["minor"], one["reason"]) for one in line["discounts"]] == [(2400, "late"), (500, "a regular")]


async def test_a_provisional_discount_beyond_the_limit_is_refused(sales: Sales) -> None:
    """SAL-22 SAL-26: what the person may not give is not given by way of a broken line; nothing changed."""
    sold = {"product_id": str(BOTOX), "quantity": "20", "unit_price": "12"}
    body = {
        "charge_id": str(uuid7()), "site": SITE, "hold": False, "is_provisional": True,
        "lines": [sold | {"discounts": [{"percent": "90", "reason": "a friend"}]}],
    }  # fmt: skip
    before = await sales.state()
    answer = await sales.call("POST", "/v1/charges", body, who="front_desk")

    assert (answer.status_code, answer.json()["code"]) == (403, "beyond-limit")
    assert await sales.state() == before
