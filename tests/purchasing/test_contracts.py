"""Contracts with suppliers: told once before they end, again when the end is another day (ALR-08)."""

from datetime import UTC, date, datetime, timedelta

from tests.catalog.harness import Bench
from tests.purchasing.conftest import supplier

from lotwise.contracts.purchasing import ContractChanged, ContractEnding
from lotwise.purchasing.operations.contracts import tell_ending

TODAY = date(2026, 11, 22)
AT = datetime(2026, 11, 22, 9, tzinfo=UTC)


async def sweep(purchasing: Bench, today: date = TODAY) -> int:
    """The clock's look at contracts."""
    async with purchasing.db.transaction() as tx:
        return await tell_ending(tx, today, AT, 100)


async def test_a_contract_is_told_once_before_it_ends(purchasing: Bench) -> None:
    """ALR-08: given a contract that ends in 30 days with a notice of 30, and one that ends a day later; when the clock
    looks, twice; then the first is told once with its days; a new end is told as changed and told again in its time.
    """
    first, later = await supplier(purchasing, name="Acme"), await supplier(purchasing, name="Bolt")
    ends = TODAY + timedelta(days=30)
    fields = {"contract_ends_on": ends.isoformat(), "contract_reference": "C-77"}
    await purchasing.put(f"/v1/suppliers/{first}", fields, match="*")
    await purchasing.put(
        f"/v1/suppliers/{later}", {"contract_ends_on": (ends + timedelta(days=1)).isoformat()}, match="*"
    )
    assert (await sweep(purchasing), await sweep(purchasing)) == (1, 0)
    (told,) = await purchasing.told(ContractEnding)
    assert (told.site, told.name, told.reference, told.ends_on, told.days_left) == ("chain", "Acme", "C-77", ends, 30)
    await purchasing.put(f"/v1/suppliers/{first}", {"contract_ends_on": "2027-12-31"}, match="*")
    changes = await purchasing.told(ContractChanged)
    assert [one.ends_on for one in changes if one.supplier_id == told.supplier_id] == [ends, date(2027, 12, 31)]
    assert await sweep(purchasing, date(2027, 12, 1)) == 2


async def test_other_edits_tell_nothing_and_an_archived_supplier_has_no_contract(purchasing: Bench) -> None:
    """ALR-08: given a contract; when the phone number changes, nothing is told; when the supplier is archived, it is
    told without an end and never told as ending; bad days are refused.
    """
    key = await supplier(purchasing, name="Acme")
    await purchasing.put(f"/v1/suppliers/{key}", {"contract_ends_on": "2026-12-01"}, match="*")
    await purchasing.put(f"/v1/suppliers/{key}", {"phone": "1"}, match="*")
    assert len(await purchasing.told(ContractChanged)) == 1
    shown = await purchasing.get(f"/v1/suppliers/{key}")
    assert (shown["contract_ends_on"], shown["contract_notice_days"]) == ("2026-12-01", 30)
    await purchasing.put(f"/v1/suppliers/{key}", {"is_archived": True}, match="*")
    assert (await purchasing.told(ContractChanged))[-1].ends_on is None
    assert await sweep(purchasing) == 0
    bad = await purchasing.call("PUT", f"/v1/suppliers/{key}", {"contract_notice_days": 731}, match="*")
    assert bad.status_code == 422
