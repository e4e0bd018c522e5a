"""Keys pinned in the catalog are the tiles of the desk, over the running bus (CAT-46)."""

import asyncio

import pytest
from tests.onebox.conftest import Machine

from lotwise.contracts.ids import uuid7
from lotwise.onebox.access import Access, access
from lotwise.onebox.home import Home

SITE = "keys"


async def _pin(home: Home) -> tuple[str, list[str]]:
    """Pin a product to F9 of a site of our own; its id, and what the desk's F9 picks once sales has heard it."""
    async with access("operator", home) as doors:
        site = {"slug": SITE, "name": "Keys", "time_zone": "Europe/London"}
        await doors["catalog"].post("/v1/sites", json=site, key=str(uuid7()))
        product = {"code": "ZPINNED", "name": "Pinned", "kind": "physical", "purpose": "retail", "price": "20.00"}
        made = await doors["catalog"].post("/v1/products", json=product, key=str(uuid7()))
        keys = {"keys": [{"key": 9, "product_id": made["product_id"]}]}
        await doors["catalog"].put(f"/v1/sites/{SITE}/function-keys", json=keys, match='"0"')
        await _heard(doors)
        desk = await doors["sales"].get("/v1/desk", params={"site": SITE})
        return str(made["product_id"]), [tile["product_id"] for tile in desk["tiles"] if tile["key"] == "F9"]


async def _heard(doors: Access) -> None:
    """Wait until catalog has told all and sales has heard it."""
    for _ in range(200):
        told, hears = await doors["catalog"].get("/v1/ops/status"), await doors["sales"].get("/v1/ops/status")
        if not told["outbox_depth"] and not any(one["lag"] or one["in_hand"] for one in hears["consumers"]):
            return
        await asyncio.sleep(0.1)


def test_a_pinned_key_reaches_the_desk(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """CAT-46: given a running system; when a site pins a product to F9; then F9 of its desk picks it."""
    monkeypatch.setenv("LOTWISE_HOME", str(machine.home))
    monkeypatch.setenv("LOTWISE_PORT", str(machine.port))
    pinned, picked = asyncio.run(_pin(Home.find()))
    assert picked == [pinned]
