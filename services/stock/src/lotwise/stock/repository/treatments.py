"""The only home of the consumption of treatments in SQL: uses locked before lots and levels, stored with the books."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from lotwise.kit.database import Tx
from lotwise.stock.domain.lots import Lot
from lotwise.stock.domain.treatments import APART, THROWN, Change, Part, Use
from lotwise.stock.repository.lots import lots_of

UseKey = tuple[UUID, UUID]

_MAKE = """
insert into treatment_use (treatment_id, product_id, site, happened_on, practitioner, charged, returned, thrown,
    poured, expected, is_completed, consumed, cost_minor, set_apart, wasted, unattributed)
select treatment_id, product_id, site, happened_on, '', 0, 0, 0, 0, 0, false, 0, 0, 0, 0, 0
from unnest($1::uuid[], $2::uuid[], $3::text[], $4::date[]) as w(treatment_id, product_id, site, happened_on)
order by treatment_id, product_id on conflict do nothing
"""
_LOCK = """
select u.treatment_id, u.product_id, u.site, u.charged, u.returned, u.thrown, u.drawn, u.poured,
       u.expected, u.is_completed, u.practitioner, u.happened_at
from treatment_use u join unnest($1::uuid[], $2::uuid[]) as w(treatment_id, product_id)
     using (treatment_id, product_id)
order by u.treatment_id, u.product_id for update of u
"""
_PARTS = """
select p.treatment_id, p.product_id, p.movement_id, p.site, p.lot_id, p.container_id, p.quantity, p.cost_minor, p.place,
       p.is_poured, p.from_location
from treatment_part p join unnest($1::uuid[], $2::uuid[]) as w(treatment_id, product_id)
     using (treatment_id, product_id)
order by p.treatment_id, p.product_id, p.position
"""
_CHANGES = """
select c.treatment_id, c.product_id, c.charge_id, c.happened_at, c.quantity
from treatment_change c join unnest($1::uuid[], $2::uuid[]) as w(treatment_id, product_id)
     using (treatment_id, product_id)
"""
_ADD_CHANGES = """
insert into treatment_change (treatment_id, product_id, charge_id, happened_at, quantity)
select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::timestamptz[], $5::bigint[])
"""
_STORE = """
update treatment_use u set charged = n.charged, returned = n.returned, thrown = n.thrown,
    drawn = n.drawn, poured = n.poured,
    expected = n.expected, is_completed = n.is_completed, practitioner = n.practitioner, happened_at = n.happened_at,
    consumed = n.consumed, cost_minor = n.cost, set_apart = n.apart, wasted = n.wasted,
    unattributed = n.unattributed
from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[],
    $8::bigint[], $9::bool[], $10::text[], $11::timestamptz[], $12::bigint[], $13::bigint[], $14::bigint[],
    $15::bigint[], $16::bigint[])
     as n(treatment_id, product_id, charged, returned, thrown, drawn, poured, expected, is_completed,
          practitioner, happened_at, consumed, cost, apart, wasted, unattributed)
where u.treatment_id = n.treatment_id and u.product_id = n.product_id
"""
_FORGET = """
delete from treatment_part p using unnest($1::uuid[], $2::uuid[]) as w(treatment_id, product_id)
where p.treatment_id = w.treatment_id and p.product_id = w.product_id
"""
_KEEP = """
insert into treatment_part (treatment_id, product_id, position, movement_id, site, lot_id, container_id, quantity,
    cost_minor, place, is_poured, from_location)
select * from unnest($1::uuid[], $2::uuid[], $3::int[], $4::uuid[], $5::text[], $6::uuid[], $7::uuid[],
    $8::bigint[], $9::bigint[], $10::text[], $11::bool[], $12::int[])
"""
_COMPLETE = """
insert into treatment as t (id, site, service_id, appointment_id, member_id, practitioner, happened_at, happened_on,
    revision)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
on conflict (id) do update set site = excluded.site, service_id = excluded.service_id,
    appointment_id = excluded.appointment_id, member_id = excluded.member_id, practitioner = excluded.practitioner,
    happened_at = excluded.happened_at, happened_on = excluded.happened_on, revision = excluded.revision
where t.revision < excluded.revision returning true
"""
_OVER = """
update treatment_use set site = $2, happened_on = $3 where treatment_id = $1
"""
_CHARGED = """
insert into treatment_charge (charge_id, line, treatment_id, product_id, quantity, back)
select *, 0 from unnest($1::uuid[], $2::int[], $3::uuid[], $4::uuid[], $5::bigint[])
on conflict (charge_id, line) do nothing
"""
_CHARGES = """
select charge_id, line, treatment_id, product_id, quantity, back
from treatment_charge
where charge_id = any($1::uuid[]) order by charge_id, line
"""
_BACK = """
update treatment_charge c set back = n.back from unnest($1::uuid[], $2::int[], $3::bigint[]) as n(charge_id, line, back)
where c.charge_id = n.charge_id and c.line = n.line
"""


class Known(NamedTuple):
    """A treatment as the bus told it, in our words."""

    treatment_id: UUID
    site: str
    service_id: UUID
    appointment_id: UUID | None
    member_id: UUID | None
    practitioner: str
    happened_at: datetime
    happened_on: date
    revision: int


class Charged(NamedTuple):
    """A charge's line of a treatment, and what of it came back."""

    charge_id: UUID
    line: int
    treatment_id: UUID
    product_id: UUID
    quantity: int
    back: int = 0

    @property
    def key(self) -> UseKey:
        """Which use it is about."""
        return self.treatment_id, self.product_id


async def lock_uses(tx: Tx, wanted: Mapping[UseKey, tuple[str, date]]) -> dict[UseKey, Use]:
    """Lock these uses in sorted order, made where they did not exist, with what was taken for them.

    They are locked after effects and before lots, holds and levels.
    """
    keys = sorted(wanted)
    if not keys:
        return {}
    columns = [key[0] for key in keys], [key[1] for key in keys]
    rows = await tx.fetch(_LOCK, *columns)
    if len(rows) < len(keys):
        await tx.execute(_MAKE, *columns, [wanted[key][0] for key in keys], [wanted[key][1] for key in keys])
        rows = await tx.fetch(_LOCK, *columns)
    uses = {(row[0], row[1]): Use(*row) for row in rows}
    for treatment_id, product_id, *change in await tx.fetch(_CHANGES, *columns):
        use = uses[treatment_id, product_id]
        use.changes.append(Change(*change))
        use.stored += 1
    parts = await tx.fetch(_PARTS, *columns)
    lots = await lots_of(tx, {row["lot_id"] for row in parts if row["lot_id"]}) if parts else {}
    for treatment_id, product_id, *part in parts:
        uses[treatment_id, product_id].parts.append(_part(part, lots))
    return uses


def _part(row: Sequence[Any], lots: Mapping[UUID, Lot]) -> Part:
    movement_id, site, lot_id, container_id, *rest = row
    return Part(movement_id, site, lots[lot_id] if lot_id else None, container_id, *rest)


async def store_uses(tx: Tx, uses: Iterable[Use]) -> None:
    """Write what is known of uses and what is taken for them now."""
    touched = [one for one in uses if one.is_touched]
    if not touched:
        return
    await tx.execute(_STORE, *zip(*(_row(one) for one in touched), strict=True))
    columns = [one.treatment_id for one in touched], [one.product_id for one in touched]
    await tx.execute(_FORGET, *columns)
    parts = [
        (
            use.treatment_id, use.product_id, position, one.movement_id, one.site,
            one.lot.id if one.lot else None, one.container_id, one.quantity, one.cost, one.place,
            one.is_poured, one.from_location,
        )
        for use in touched
        for position, one in enumerate(use.parts)
    ]  # fmt: skip
    if parts:
        await tx.execute(_KEEP, *zip(*parts, strict=True))
    changes = [(use.treatment_id, use.product_id, *one) for use in touched for one in use.changes[use.stored :]]
    if changes:
        await tx.execute(_ADD_CHANGES, *zip(*changes, strict=True))


def _row(use: Use) -> tuple[object, ...]:
    return (
        use.treatment_id, use.product_id, use.charged, use.returned, use.thrown, use.drawn,
        use.poured, use.expected, use.is_completed, use.practitioner, use.happened_at, use.consumed, use.cost,
        use.at(APART), use.at(THROWN), use.unattributed,
    )  # fmt: skip


async def revisions_of(tx: Tx, treatments: Collection[UUID]) -> dict[UUID, int]:
    """The revision by which each of these treatments was completed; those never completed are left out."""
    if not treatments:
        return {}
    rows = await tx.fetch("select id, revision from treatment where id = any($1::uuid[])", list(treatments))
    return {row["id"]: row["revision"] for row in rows}


async def complete(tx: Tx, one: Known) -> bool:
    """Keep a treatment if this revision is newer; False when it was heard already."""
    return bool(await tx.fetchval(_COMPLETE, *one))


async def move_uses(tx: Tx, one: Known) -> None:
    """Let the uses of a treatment belong to the site and day at which it really took place."""
    await tx.execute(_OVER, one.treatment_id, one.site, one.happened_on)


async def products_used(tx: Tx, treatments: Collection[UUID]) -> dict[UUID, set[UUID]]:
    """The products that are known of these treatments so far."""
    rows = await tx.fetch(
        "select treatment_id, product_id from treatment_use where treatment_id = any($1::uuid[])", list(treatments)
    )
    found: dict[UUID, set[UUID]] = defaultdict(set)
    for row in rows:
        found[row[0]].add(row[1])
    return found


async def members_of(tx: Tx, treatments: Collection[UUID]) -> dict[UUID, tuple[UUID | None, str]]:
    """Member and practitioner of those of these treatments that took place."""
    rows = await tx.fetch(
        "select id, member_id, practitioner from treatment where id = any($1::uuid[])", list(treatments)
    )
    return {row[0]: (row[1], row[2]) for row in rows}


async def add_charges(tx: Tx, charges: Sequence[Charged]) -> None:
    """Keep which lines of charges belong to which treatments."""
    if charges:
        await tx.execute(_CHARGED, *zip(*(one[:5] for one in charges), strict=True))


async def charges_of(tx: Tx, charge_ids: Collection[UUID]) -> list[Charged]:
    """The lines of these charges that belong to treatments; certain once their uses are locked."""
    return [Charged(*row) for row in await tx.fetch(_CHARGES, list(charge_ids))]


async def set_back(tx: Tx, charges: Sequence[Charged]) -> None:
    """Keep how much of these lines came back."""
    if charges:
        rows = [(one.charge_id, one.line, one.back) for one in charges]
        await tx.execute(_BACK, *zip(*rows, strict=True))
