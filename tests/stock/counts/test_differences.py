"""Why a count differs: each fact in words, with its number and the ids it rests on (STK-33, N-17)."""

from datetime import UTC, date, datetime
from typing import Any

from tests.stock.chain import BOTOX, CREAM, Chain, line
from tests.stock.counts.sheet import Sheet

from lotwise.contracts.ids import uuid7
from lotwise.contracts.purchasing import OrderLine, PurchaseOrderSent
from lotwise.stock.domain.differences import Facts, sentences


async def explained(stock: Chain, **options: Any) -> dict[str, Any]:
    """Why toxin at harley differs."""
    found: dict[str, Any] = await stock.bench.get(f"/v1/explain/count?site=harley&product={BOTOX}", **options)
    return found


async def test_nothing_happened_nothing_is_said(stock: Chain) -> None:
    """STK-33: given a product nobody moved; then there is no last count and no sentence."""
    found = await explained(stock)
    assert (found["last_count"], found["sentences"], found["on_hand"]) == (None, [], "0")


async def test_everything_since_the_last_count_is_named(stock: Chain) -> None:
    """STK-33: given a posted count, then sales, an adjustment, an order that was sent, a transfer on its way, a hold,
    goods set apart and an open count; when it is asked why; then each stands with its figure and ids, and what was
    counted plus all that moved is what is recorded.
    """
    lot = await stock.receive("50", lot_number="A")
    await stock.receive("20", site="soho", lot_number="S")
    first = await Sheet.open(stock)
    await first.count("48")
    await first.posted("loss")
    charge = await stock.sell("3", happened_at=datetime.now(UTC))
    await stock.sell("2", happened_at=datetime.now(UTC))
    correction = {"site": "harley", "product_id": str(BOTOX), "quantity": "-1", "reason": "correction"}
    adjusted = await stock.bench.post("/v1/adjustments", correction)
    order = PurchaseOrderSent(
        site="harley", order_id=uuid7(), number="PO-7", supplier_id=uuid7(), happened_at=datetime.now(UTC),
        lines=(OrderLine(line=1, product_id=BOTOX, quantity="100", unit_cost="5.00"),), total_minor=50000,
        due_on=date(2026, 12, 1),
    )  # fmt: skip
    await stock.hear(order)
    lines = [{"product_id": str(BOTOX), "quantity": "6"}]
    trip = await stock.bench.post("/v1/transfers", {"from_site": "soho", "to_site": "harley", "lines": lines})
    await stock.bench.post(f"/v1/transfers/{trip['transfer_id']}:ship", {})
    hold = {"hold_id": str(uuid7()), "site": "harley", "lines": [{"product_id": str(BOTOX), "quantity": "4"}]}
    await stock.bench.post("/v1/holds", hold, who="service")
    apart = {"site": "harley", "quantity": "5", "reason": "warm"}
    await stock.bench.post(f"/v1/lots/{lot['lot_id']}:quarantine", apart)
    second = await Sheet.open(stock)

    found = await explained(stock)

    last = found["last_count"]
    assert (last["number"], last["counted"], last["expected"], last["difference"]) == ("C-1", "48", "50", "-2")
    assert last["counted_by"] == ["user:owner"]
    kinds = {one["reason"]: (one["quantity"], one["movements"]) for one in found["movements"]}
    assert kinds == {"sale": ("-5", 2), "correction": ("-1", 1), "quarantine": ("-5", 1)}
    assert str(charge.charge_id) in next(one["cause_ids"] for one in found["movements"] if one["reason"] == "sale")
    assert (found["opening"], found["on_hand"]) == ("48", "37")
    assert [one["cause_id"] for one in found["adjustments"]] == [adjusted["adjustment_id"]]
    assert [(one["number"], one["outstanding"], one["due_on"]) for one in found["orders"]] == [
        ("PO-7", "100", "2026-12-01")
    ]
    assert [(one["transfer_id"], one["quantity"]) for one in found["transfers"]] == [(trip["transfer_id"], "6")]
    assert [(one["hold_id"], one["quantity"]) for one in found["holds"]] == [(hold["hold_id"], "4")]
    assert [one["count_id"] for one in found["open_counts"]] == [second.id]
    said = [one["text"] for one in found["sentences"]]
    assert said == [
        "6 U are on their way here: if they lie here already, receive their transfer",
        "100 U are on order: if they have arrived, their receipt is missing",
        "5 U are set apart: they do not count as on the shelf",
        "1 adjustments changed the shelf by -1 U",
        "4 U are held for charges that are not recorded yet",
        "It stands on a count that is still open",
        "4 movements changed the shelf by -11 U",
    ]


async def test_late_and_unattributed_sales_stand_first(stock: Chain) -> None:
    """STK-33, N-05: given a posted count; when a sale from before it comes late and one takes more than is there; then
    these two stand first, with their charges.
    """
    await stock.receive("3", lot_number="A")
    sheet = await Sheet.open(stock)
    await sheet.count("3")
    await sheet.posted(None)
    late = await stock.sell("1")
    much = stock.sale(line("4"), happened_at=datetime.now(UTC))
    await stock.hear(much)
    found = await explained(stock)
    assert [one["kind"] for one in found["sentences"]][:2] == ["unattributed", "late"]
    assert [(one["charge_id"], one["quantity"]) for one in found["unattributed_sales"]] == [(str(much.charge_id), "2")]
    assert [(one["cause_id"], one["quantity"]) for one in found["late"]] == [(str(late.charge_id), "-1")]


async def test_asking_is_bound_to_the_site_and_the_product(stock: Chain) -> None:
    """G, bad input: given an unknown site or product, or another's site; then 404 or 403, and a malformed one 422."""
    for query, status in (
        (f"site=nowhere&product={BOTOX}", 404),
        (f"site=harley&product={uuid7()}", 404),
        (f"site=x y&product={BOTOX}", 422),
        ("site=harley&product=seven", 422),
        (f"product={CREAM}", 422),
    ):
        assert (await stock.bench.call("GET", f"/v1/explain/count?{query}")).status_code == status, query
    other = await stock.bench.call("GET", f"/v1/explain/count?site=soho&product={BOTOX}", who="local")
    assert other.status_code == 403


def test_only_what_is_so_is_said() -> None:
    """STK-33: each sentence appears exactly when its fact is so, in the order in which a person looks."""
    assert sentences(Facts("piece")) == []
    both = sentences(Facts("piece", in_use="2", transit="3", transfers=1))
    assert [kind for kind, _ in both] == ["transit", "in_use"]
    assert both[1][1] == "2 piece are in opened containers"
