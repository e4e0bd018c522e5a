"""`lotwise audit` on a running system: one row altered by SQL is named, it alone, until it is put right (N-01)."""

import asyncio
import json
from typing import Any

import asyncpg
import pytest
from tests.onebox.conftest import Machine

from lotwise.contracts.ids import uuid7
from lotwise.onebox.access import Access, access
from lotwise.onebox.chain import Chain
from lotwise.onebox.home import Home
from lotwise.onebox.status import admin_url

SITE = "altered"
ALTERATIONS = (
    ("actor = actor || '?'", "actor = rtrim(actor, '?')"),
    ("cost_minor = cost_minor + 1", "cost_minor = cost_minor - 1"),
)


async def _deliver(home: Home) -> str:
    """Receive three times at a site of our own; the id of the movement of the second receipt."""
    async with access("importer", home) as doors:
        site = {"slug": SITE, "name": "Altered", "time_zone": "Europe/London"}
        await doors["catalog"].post("/v1/sites", json=site, key=str(uuid7()))
        product = {"code": "ALT", "name": "Altered", "kind": "physical", "purpose": "retail", "price": "20.00"}
        made = await doors["catalog"].post("/v1/products", json=product, key=str(uuid7()))
        await _heard(doors)
        for lot in ("A", "B", "C"):
            receipt = {
                "site": SITE, "product_id": made["product_id"], "quantity": "5", "unit_cost": "4.00", "lot_number": lot,
            }  # fmt: skip
            await doors["stock"].post("/v1/receipts", json=receipt, key=str(uuid7()))
        rows = (await doors["stock"].get("/v1/movements", params={"site": SITE}))["rows"]
        (moved,) = [row["movement_id"] for row in rows if row["lot_number"] == "B"]
        return str(moved)


async def _heard(doors: Access) -> None:
    """Wait until catalog has told all and stock has heard it."""
    for _ in range(200):
        told, hears = await doors["catalog"].get("/v1/ops/status"), await doors["stock"].get("/v1/ops/status")
        if not told["outbox_depth"] and not any(one["lag"] or one["in_hand"] for one in hears["consumers"]):
            return
        await asyncio.sleep(0.1)


async def _alter(home: Home, statement: str, *arguments: Any) -> None:
    """One statement in stock's database as its superuser: what no service may do."""
    connection = await asyncpg.connect(f"{admin_url(Chain.of(home)).rpartition('/')[0]}/stock")
    try:
        assert await connection.execute(statement, *arguments) == "UPDATE 1"
    finally:
        await connection.close()


def test_exactly_the_altered_movement_is_named(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """N-01: given a running system with clean books; when one movement's actor, then its cost is altered by SQL; then
    `lotwise audit` ends with 1 and its content check names that movement and no other; put right, all is clean.
    """
    monkeypatch.setenv("LOTWISE_HOME", str(machine.home))
    monkeypatch.setenv("LOTWISE_PORT", str(machine.port))
    home = Home.find()
    row = asyncio.run(_deliver(home))
    assert machine.lotwise("audit").returncode == 0
    for wrong, right in ALTERATIONS:
        asyncio.run(_alter(home, f"update movement set {wrong} where id = $1::uuid", row))
        try:
            done = machine.lotwise("audit", "--json")
            assert done.returncode == 1, done.stdout
            findings = json.loads(done.stdout)["stock ledger"]["findings"]
            assert [one["row"] for one in findings if one["check"] == "content"] == [f"movement {row}"]
            assert f"movement {row}" in machine.lotwise("audit").stdout
        finally:
            asyncio.run(_alter(home, f"update movement set {right} where id = $1::uuid", row))
    assert machine.lotwise("audit").returncode == 0
