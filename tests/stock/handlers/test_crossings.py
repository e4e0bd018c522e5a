"""Levels that are crossed are told once per crossing, whatever crosses them (DESIGN 3.11, PUR-20, N-16)."""

import pytest
from tests.stock.chain import BOTOX, Chain, line, product

from lotwise.contracts.stock import MinimumChanged, ReorderPointReached, StockBelowMin, StockOut, StockRestored


async def watch(stock: Chain, minimum: str | None, reorder_at: str | None = None) -> None:
    """Set the two levels of the toxin at harley."""
    await stock.bench.put(f"/v1/levels/harley/{BOTOX}", {"minimum": minimum, "reorder_at": reorder_at})


@pytest.mark.parametrize(("sold", "below", "reorder"), [("4", 0, 0), ("5", 0, 1), ("6", 1, 1)])
async def test_the_two_levels_at_plus_and_minus_one(stock: Chain, sold: str, below: int, reorder: int) -> None:
    """PUR-20: given 15, minimum 10, reorder at 10; when 11, 10 or 9 remain;
    then < 10 is below and <= 10 is to be ordered.
    """
    await stock.receive("15")
    await watch(stock, "10", "10")
    await stock.sell(sold)
    assert len(await stock.told(StockBelowMin)) == below
    assert len(await stock.told(ReorderPointReached)) == reorder


async def test_a_storm_below_the_minimum_is_one_shortage(stock: Chain) -> None:
    """N-16: given 1,000 with a minimum of 900; when 400 charges come in batches; then one StockBelowMin, no other."""
    await stock.receive("1000")
    await watch(stock, "900")
    for _ in range(8):
        await stock.hear(*(stock.sale(line("1")) for _ in range(50)))
    (below,) = await stock.told(StockBelowMin)
    assert (below.minimum, below.on_hand) == ("900", "850")
    assert await stock.told(StockRestored) == []


async def test_a_shortage_keeps_its_id_until_it_is_restored(stock: Chain) -> None:
    """ALR-01: given a minimum of 5; when stock falls to 2, then 0, rises to 3, then 8, and falls again;
    then two shortages.
    """
    await stock.receive("10")
    await watch(stock, "5")
    await stock.sell("8")
    await stock.sell("2")
    await stock.receive("3")
    assert await stock.told(StockRestored) == []
    await stock.receive("5")
    (restored,) = await stock.told(StockRestored)
    await stock.sell("4")
    first, second = await stock.told(StockBelowMin)
    (out,) = await stock.told(StockOut)
    assert first.shortage_id == out.shortage_id == restored.shortage_id != second.shortage_id
    assert str((await stock.level())["shortage_id"]) == str(second.shortage_id)


async def test_a_changed_minimum_crosses_too(stock: Chain) -> None:
    """DESIGN 3.11: given 10; when the minimum becomes 11, 20, then 10; then one StockBelowMin and one StockRestored."""
    await stock.receive("10")
    for minimum in ("11", "20", "10"):
        await watch(stock, minimum)
    assert len(await stock.told(StockBelowMin)) == 1
    assert len(await stock.told(StockRestored)) == 1
    assert [one.minimum for one in await stock.told(MinimumChanged)] == ["11", "20", "10"]


async def test_the_products_default_reorder_point_counts_at_every_site(stock: Chain) -> None:
    """DESIGN 3.11: given 4 at two sites; when the default becomes 5;
    then both say so, unless a site has its own of 2.
    """
    await stock.receive("4")
    await stock.receive("4", site="soho")
    await watch(stock, None, "2")
    await stock.hear(
        product(BOTOX, "BTX", "Botox Units", unit="U", reorder_at="5", normal_order_quantity="50", revision=2)
    )
    (reached,) = await stock.told(ReorderPointReached)
    assert (reached.site, reached.reorder_at, reached.normal_order_quantity) == ("soho", "5", "50")


async def test_a_product_never_stocked_raises_no_alarm(stock: Chain) -> None:
    """ALR-02: given nothing; when the first goods come and go; then stock-out is said at the fall to zero only."""
    await stock.receive("1")
    assert await stock.told(StockOut) == []
    await stock.sell("1")
    await stock.sell("1")
    assert len(await stock.told(StockOut)) == 1


async def test_an_older_definition_changes_nothing(stock: Chain) -> None:
    """RELIABILITY 3, ordering: given revision 5 of a product; when revision 4 comes late; then the name stays."""
    await stock.hear(product(BOTOX, "BTX", "New name", unit="U", revision=5))
    await stock.hear(product(BOTOX, "BTX", "Old name", unit="U", revision=4))
    assert (await stock.level())["name"] == "New name"


async def test_decimals_are_fixed_after_the_first_movement(stock: Chain) -> None:
    """DESIGN 3.1: given 10 U on hand; when a definition says two decimals; then the quantity still reads 10."""
    await stock.receive("10")
    await stock.hear(product(BOTOX, "BTX", "Botox", unit="U", unit_decimals=2, revision=2))
    assert await stock.on_hand() == "10"
