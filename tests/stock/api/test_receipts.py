"""Receiving over HTTP: lots with cost and expiry, many at once, twice the same, and what is refused."""

import asyncio
from typing import Any

import pytest
from tests.stock.chain import BOTOX, CREAM, SERUM, SERVICE, Chain

from lotwise.contracts.ids import uuid7
from lotwise.contracts.stock import LotExpired, StockLevelChanged, StockReceived

RECEIPT: dict[str, Any] = {"site": "harley", "product_id": str(BOTOX), "quantity": "100", "unit_cost": "6.00"}


async def test_a_receipt_raises_the_level_and_makes_a_lot(stock: Chain) -> None:
    """STK-01, 10, 11, 14: given nothing; when 100 U of lot C1 arrive for order PO-7;
    then the level, the lot and its source say so.
    """
    supplier = str(uuid7())
    body = RECEIPT | {"lot_number": "C1", "expires_on": "2030-06-30", "purchase_order": "PO-7", "supplier_id": supplier}
    answer = await stock.bench.post("/v1/receipts", body)
    assert (answer["quantity"], answer["cost_minor"], answer["is_repeat"]) == ("100", 60000, False)
    level = await stock.level()
    assert (level["on_hand"], level["value_minor"], level["next_expiry"], level["unit_cost"]) == (
        "100",
        60000,
        "2030-06-30",
        "6.00",
    )
    lot = await stock.bench.get(f"/v1/lots/{answer['lot_id']}")
    assert (lot["purchase_order"], lot["supplier_id"], lot["places"][0]["quantity"]) == ("PO-7", supplier, "100")
    (told,) = await stock.told(StockReceived)
    assert (told.lot_number, told.quantity, told.unit_cost) == ("C1", "100", "6.00")
    assert len(await stock.told(StockLevelChanged)) == 1


async def test_an_empty_cost_takes_the_last_known_one(stock: Chain) -> None:
    """STK-01: given a catalog cost of 0.333333 and then a receipt at 0.50; when costs are left empty;
    then those count.
    """
    body = {"site": "harley", "product_id": str(SERUM), "quantity": "2.5"}
    assert (await stock.bench.post("/v1/receipts", body))["unit_cost"] == "0.333333"
    await stock.bench.post("/v1/receipts", body | {"unit_cost": "0.50"})
    assert (await stock.bench.post("/v1/receipts", body))["cost_minor"] == 125


async def test_the_same_receipt_twice_changes_nothing(stock: Chain) -> None:
    """E: given a receipt id; when it comes again under another key, and twice in one batch; then it counts once."""
    receipt_id = str(uuid7())
    await stock.bench.post("/v1/receipts", RECEIPT | {"receipt_id": receipt_id})
    again = await stock.bench.post("/v1/receipts", RECEIPT | {"receipt_id": receipt_id})
    assert again["is_repeat"] is True
    row = RECEIPT | {"receipt_id": str(uuid7())}
    answer = await stock.bench.post(
        "/v1/receipts:batch", {"receipts": [row, row, RECEIPT | {"receipt_id": receipt_id}]}
    )
    assert [one["outcome"] for one in answer["results"]] == ["received", "repeated", "repeated"]
    assert await stock.on_hand() == "200"


async def test_a_batch_judges_each_row_alone(stock: Chain) -> None:
    """E: given good and bad rows; when they come in one batch; then the good are received and each bad one is named."""
    rows = [
        RECEIPT,
        RECEIPT | {"product_id": str(uuid7())},
        RECEIPT | {"site": "nowhere"},
        RECEIPT | {"product_id": str(SERVICE)},
        RECEIPT | {"quantity": "1.5"},
        RECEIPT | {"expires_on": "2020-01-01"},
        RECEIPT | {"area": "fridge"},
        RECEIPT | {"lot_number": "L", "expires_on": "2031-01-01"},
        RECEIPT | {"lot_number": "L", "expires_on": "2031-02-01"},
        RECEIPT | {"happened_at": "2999-01-01T00:00:00Z"},
    ]
    answer = await stock.bench.call("POST", "/v1/receipts:batch", {"receipts": rows[:-1]}, who="importer")
    found = [one["problem"]["code"] if one["problem"] else one["outcome"] for one in answer.json()["results"]]
    assert found == [
        "received", "unknown-product", "unknown-site", "not-kept", "bad-quantity", "lot-expired", "unknown-area",
        "received", "lot-mismatch",
    ]  # fmt: skip
    assert await stock.on_hand() == "200"


async def test_an_expired_delivery_can_be_taken_into_quarantine(stock: Chain) -> None:
    """STK-16: given a delivery that is over; when it is accepted as expired;
    then it lies in quarantine and is told of.
    """
    answer = await stock.bench.post("/v1/receipts", RECEIPT | {"expires_on": "2020-01-01", "accept_expired": True})
    assert answer["is_quarantined"] is True
    level = await stock.level()
    assert (level["on_hand"], level["quarantined"]) == ("0", "100")
    assert len(await stock.told(LotExpired)) == 1


async def test_a_look_alike_number_warns(stock: Chain) -> None:
    """DESIGN 3.12: given lot C-01; when c01 and CO1 arrive; then they are lots of their own, with a warning."""
    await stock.bench.post("/v1/receipts", RECEIPT | {"lot_number": "C-01"})
    answer = await stock.bench.post("/v1/receipts", RECEIPT | {"lot_number": "CO1"})
    assert answer["warnings"] == ["Looks like lot C-01, which is known"]
    assert len(await stock.lots(product=str(BOTOX))) == 2


async def test_one_lot_received_at_once_at_many_sites_is_one_lot(stock: Chain) -> None:
    """N-20: given no lot; when 12 receipts of one number come at once at three sites;
    then there is one lot of 1,200.
    """
    bodies = [RECEIPT | {"site": site, "lot_number": "ONE"} for site in ("harley", "soho", "sydney") for _ in range(4)]
    answers = await asyncio.gather(*(stock.bench.post("/v1/receipts", body) for body in bodies))
    assert len({answer["lot_id"] for answer in answers}) == 1
    assert sum(int(one["quantity"]) for one in await stock.lots()) == 1200


async def test_the_past_needs_a_permission_and_the_future_is_refused(stock: Chain) -> None:
    """DESIGN 3.5: given a manager and an importer; when receipts are dated;
    then only the importer may name the past.
    """
    past, future = {"happened_at": "2026-01-01T00:00:00Z"}, {"happened_at": "2190-01-01T00:00:00Z"}
    before = await stock.bench.state()
    denied = await stock.bench.call("POST", "/v1/receipts", RECEIPT | past, who="manager")
    assert (denied.status_code, denied.json()["code"]) == (403, "forbidden")
    refused = await stock.bench.call("POST", "/v1/receipts", RECEIPT | future, who="importer")
    assert (refused.status_code, refused.json()["code"]) == (422, "bad-date")
    assert await stock.bench.state() == before
    await stock.bench.post("/v1/receipts", RECEIPT | past, who="importer")


BAD: list[tuple[dict[str, Any], int]] = [
    ({"quantity": "0"}, 422), ({"quantity": "-1"}, 422), ({"quantity": "1.5"}, 422), ({"quantity": "1e400"}, 422),
    ({"quantity": "1.0000001"}, 422), ({"quantity": "9223372036854775808"}, 422), ({"quantity": "9" * 30}, 422),
    ({"quantity": "NaN"}, 422), ({"quantity": 5}, 422), ({"site": "x y"}, 422), ({"site": "*"}, 422),
    ({"site": ">"}, 422),
    ({"site": "nowhere"}, 404), ({"product_id": "0"}, 422), ({"lot_number": "A\x00B"}, 422), ({"unit_cost": "-1"}, 422),
    ({"unit_cost": "1e9"}, 422), ({"unit_cost": "9999999999999", "quantity": "9223372036854775807"}, 422),
    ({"expires_on": "0001-01-01"}, 422), ({"expires_on": "2026-02-30"}, 422),
    ({"happened_at": "0001-01-01T00:00:00Z"}, 422),
    ({"happened_at": "2026-01-01T00:00:00"}, 422), ({"surprise": 1}, 422), ({"purchase_order": "x" * 81}, 422),
    ({"product_id": str(SERVICE)}, 409), ({"expires_on": "2001-01-01"}, 409),
]  # fmt: skip


@pytest.mark.parametrize(("change", "status"), BAD)
async def test_bad_input_is_named_and_changes_nothing(stock: Chain, change: dict[str, Any], status: int) -> None:
    """Bad input, named: given a receipt with one bad value; when it is sent;
    then a clear 4xx, nothing stored, nothing told.
    """
    before = await stock.bench.state()
    answer = await stock.bench.call("POST", "/v1/receipts", RECEIPT | change, who="importer")
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]
    assert await stock.bench.state() == before


async def test_a_stock_too_large_is_refused(stock: Chain) -> None:
    """DESIGN 3.1: given almost the largest stock; when one more unit comes; then it is refused, not wrapped around."""
    await stock.bench.post("/v1/receipts", RECEIPT | {"quantity": "9223372036854775807", "unit_cost": "0"})
    before = await stock.bench.state()
    answer = await stock.bench.call("POST", "/v1/receipts", RECEIPT | {"quantity": "1", "unit_cost": "0"})
    assert (answer.status_code, answer.json()["code"]) == (422, "bad-quantity")
    assert await stock.bench.state() == before


async def test_a_key_used_for_another_receipt_is_refused(stock: Chain) -> None:
    """DESIGN 5: given a key; when it comes again with the same body and with another;
    then the same answer, then 422.
    """
    first = await stock.bench.call("POST", "/v1/receipts", RECEIPT, key="k1")
    again = await stock.bench.call("POST", "/v1/receipts", RECEIPT, key="k1")
    other = await stock.bench.call("POST", "/v1/receipts", RECEIPT | {"quantity": "7"}, key="k1")
    assert (again.json(), again.headers["idempotent-replayed"]) == (first.json(), "true")
    assert other.status_code == 422
    assert await stock.on_hand() == "100"


async def test_another_site_is_not_ones_own(stock: Chain) -> None:
    """G: given a manager of harley; when soho receives or is looked at, alone or in a batch; then 403."""
    for path, body in (
        ("/v1/receipts", RECEIPT | {"site": "soho"}),
        ("/v1/receipts:batch", {"receipts": [RECEIPT, RECEIPT | {"site": "soho"}]}),
    ):
        assert (await stock.bench.call("POST", path, body, who="local")).status_code == 403
    assert (await stock.bench.call("GET", f"/v1/levels/soho/{BOTOX}", who="local")).status_code == 403
    assert (await stock.bench.call("GET", "/v1/levels?site=soho", who="local")).status_code == 403
    await stock.receive("1", CREAM, site="soho")
    assert (await stock.bench.get("/v1/levels", who="local"))["rows"] == []
