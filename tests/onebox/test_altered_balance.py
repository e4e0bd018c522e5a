"""`lotwise audit` and what is owed to members: one row of sales altered by SQL is named, it alone (N-01, SAL-20)."""

import asyncio
import json
from typing import Any

import asyncpg
import pytest
from tests.onebox.conftest import Machine

from lotwise.contracts.ids import uuid7
from lotwise.onebox.access import Access, access
from lotwise.onebox.audit import OWED
from lotwise.onebox.chain import Chain
from lotwise.onebox.home import Home
from lotwise.onebox.status import admin_url

SITE = "owed"


async def _sell_packages(home: Home) -> list[str]:
    """Sell a package of three visits twice; the balances' ids."""
    async with access("operator", home) as doors:
        site = {"slug": SITE, "name": "Owed", "time_zone": "Europe/London"}
        await doors["catalog"].post("/v1/sites", json=site, key=str(uuid7()))
        visit = {"code": ".VISIT", "name": "Visit", "kind": "service", "price": "20.00"}
        made = await doors["catalog"].post("/v1/products", json=visit, key=str(uuid7()))
        package = {
            "code": "THREE", "name": "Three visits", "package_type": "treatment", "price": "50.00",
            "items": [{"product_id": made["product_id"], "quantity": "3"}],
        }  # fmt: skip
        three = await doors["catalog"].post("/v1/packages", json=package, key=str(uuid7()))
        await _heard(doors)
        member = await doors["sales"].post("/v1/members", json={"name": "Ann"}, key=str(uuid7()))
        for _ in range(2):
            key = str(uuid7())
            body: dict[str, Any] = {"charge_id": key, "site": SITE, "hold": True, "member_id": member["member_id"]}
            body["lines"] = [{"product_id": three["product"]["product_id"], "quantity": "1"}]
            await doors["sales"].post("/v1/charges", json=body, key=key)
        held = await doors["sales"].get(f"/v1/members/{member['member_id']}/balances")
        return [str(one["balance_id"]) for one in held["packages"]]


async def _heard(doors: Access) -> None:
    """Wait until catalog has told all and sales has heard it."""
    for _ in range(200):
        told, hears = await doors["catalog"].get("/v1/ops/status"), await doors["sales"].get("/v1/ops/status")
        if not told["outbox_depth"] and not any(one["lag"] or one["in_hand"] for one in hears["consumers"]):
            return
        await asyncio.sleep(0.1)


async def _alter(home: Home, change: str, balance: str) -> None:
    """One statement in sales' database as its superuser: what no service may do."""
    connection = await asyncpg.connect(f"{admin_url(Chain.of(home)).rpartition('/')[0]}/sales")
    try:
        statement = f"update package_balance set {change} where balance_id = $1::uuid"
        assert await connection.execute(statement, balance) == "UPDATE 1"
    finally:
        await connection.close()


def test_exactly_the_altered_balance_is_named(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """N-01: given two packages sold and clean books; when 1.00 of one is kept by SQL; then `lotwise audit` ends with 1
    and names that balance with both amounts and no other; put right, all is clean.
    """
    monkeypatch.setenv("LOTWISE_HOME", str(machine.home))
    monkeypatch.setenv("LOTWISE_PORT", str(machine.port))
    home = Home.find()
    balance, _other = asyncio.run(_sell_packages(home))
    assert machine.lotwise("audit").returncode == 0
    asyncio.run(_alter(home, "kept_minor = kept_minor + 100", balance))
    try:
        done = machine.lotwise("audit", "--json")
        assert done.returncode == 1, done.stdout
        proof = json.loads(done.stdout)[OWED]
        figures = [(one["row"], one["expected"], one["found"]) for one in proof["findings"]]
        assert (proof["is_clean"], figures) == (False, [(f"package {balance}", "5000", "4900")])
        assert f"package {balance}" in machine.lotwise("audit").stdout
    finally:
        asyncio.run(_alter(home, "kept_minor = kept_minor - 100", balance))
    assert machine.lotwise("audit").returncode == 0
