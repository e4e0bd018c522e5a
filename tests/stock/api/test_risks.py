"""Money at risk of expiry, and letters held against what we keep."""

from datetime import UTC, datetime, timedelta

from tests.stock.chain import BOTOX, CREAM, GTIN, Chain


def in_days(days: int) -> str:
    """A day from today in London."""
    return (datetime.now(UTC) + timedelta(days=days)).date().isoformat()


async def test_money_at_risk_is_what_the_site_does_not_consume_in_time(stock: Chain) -> None:
    """N-12: given 90 of Botox consumed at harley in 90 days (1 a day), A (20, in 10 days), B (30, in 50 days) and C
    (40, in 60 days), at 5.00; then 10 of A, none of B and 20 of C are at risk; at soho, which sells nothing, all of it.
    """
    await stock.receive("90", lot_number="OLD", expires_on=in_days(5))
    await stock.sell("90", happened_at=datetime.now(UTC) - timedelta(days=3))
    for number, quantity, days in (("A", "20", 10), ("B", "30", 50), ("C", "40", 60)):
        await stock.receive(quantity, lot_number=number, expires_on=in_days(days))
    await stock.receive("7", lot_number="A", expires_on=in_days(10), site="soho")
    found = await stock.bench.get("/v1/risks", params={"site": "harley"})
    rows = {one["lot_number"]: (one["at_risk"], one["cost_minor"], one["consumed"]) for one in found["rows"]}
    assert rows == {"C": ("20", 10000, "90"), "A": ("10", 5000, "90")}
    assert (found["total_minor"], found["lots"], found["rate_days"]) == (15000, 2, 90)
    chain = await stock.bench.get("/v1/risks")
    assert {(one["site"], one["lot_number"]): one["at_risk"] for one in chain["rows"]} == {
        ("harley", "C"): "20", ("harley", "A"): "10", ("soho", "A"): "7",
    }  # fmt: skip
    near = await stock.bench.get("/v1/risks", params={"site": "harley", "within": 20})
    assert [one["lot_number"] for one in near["rows"]] == ["A"]


async def test_a_letter_is_held_against_our_lots_and_products(stock: Chain) -> None:
    """N-06: given lots of Botox and Cream; when a letter of Botox's GTIN names numbers; then candidates come with how
    sure they are: the right product's lot first, a look-alike less, a stranger's lot least; nothing is blocked.
    """
    await stock.receive("5", lot_number="C1234", expires_on="2030-06-30")
    await stock.receive("5", lot_number="c1-235", expires_on="2030-06-30")
    await stock.receive("5", lot_number="C1239", expires_on="2030-06-30")
    await stock.receive("5", CREAM, lot_number="C1234", expires_on="2030-06-30")
    text = f"Recall of Botox Units, GTIN {GTIN}. Lot C1234 Exp 06/2030, lot C1235, lots C1238 to C1240, lot X999."
    found = await stock.bench.post("/v1/recalls:read", {"text": text})
    first, alike, ranged, stranger = found["numbers"]
    assert [(one["kind"], one["first"], one["last"]) for one in found["numbers"]] == [
        ("lot", "C1234", ""), ("lot", "C1235", ""), ("range", "C1238", "C1240"), ("lot", "X999", ""),
    ]  # fmt: skip
    assert [(one["name"], one["is_exact"]) for one in first["lots"]] == [("Botox Units", True), ("Cream", True)]
    assert first["lots"][0]["confidence"] > alike["lots"][0]["confidence"] - 1
    assert first["lots"][1]["confidence"] < 60 < first["lots"][0]["confidence"]
    assert [(one["lot_number"], one["is_exact"]) for one in alike["lots"]] == [("c1-235", False)]
    assert [one["lot_number"] for one in ranged["lots"]] == ["C1239"]
    assert stranger["lots"] == []
    assert [(one["name"], one["why"], one["confidence"]) for one in found["products"]] == [("Botox Units", "code", 100)]
    assert await stock.on_hand() == "15"


async def test_a_window_of_expiries_recalls_what_lies_in_it(stock: Chain) -> None:
    """STK-41: given a letter of all lots with best-by dates of June 2030; when a person confirms the window; then the
    lot of June is blocked and the one of July is not.
    """
    await stock.receive("5", lot_number="JUNE", expires_on="2030-06-15")
    await stock.receive("4", lot_number="JULY", expires_on="2030-07-15")
    text = "All lots with best by dates between 6/1/30 and 6/30/30."
    found = await stock.bench.post("/v1/recalls:read", {"text": text})
    assert (found["is_all"], found["expires_from"], found["expires_until"]) == (True, "2030-06-01", "2030-06-30")
    window = {"product_id": str(BOTOX), "kind": "all", "expires_from": "2030-06-01", "expires_until": "2030-06-30"}
    body = {"title": "June", "reason": "mould", "lines": [window]}
    begun = await stock.bench.post("/v1/recalls", body)
    assert [one["lot_number"] for one in begun["lots"]] == ["JUNE"]
    assert await stock.on_hand() == "4"
