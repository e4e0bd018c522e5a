"""The only home of the writes to the read models: a tally is stored set-wise, a table a statement, in key order."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lotwise.reporting.domain.tally import Tally
from lotwise.reporting.repository import owed

if TYPE_CHECKING:
    from lotwise.kit.database import Tx

_SALES = """
insert into sale_day as t (generation, day, site, product_id, units, lines, net_minor, tax_minor)
select $1, day, site, product, (units || 'e-6')::numeric, lines, net, tax
from unnest($2::date[], $3::text[], $4::uuid[], $5::text[], $6::bigint[], $7::bigint[], $8::bigint[])
     as u (day, site, product, units, lines, net, tax)
on conflict (generation, day, site, product_id) do update set
  units = t.units + excluded.units, lines = t.lines + excluded.lines,
  net_minor = t.net_minor + excluded.net_minor, tax_minor = t.tax_minor + excluded.tax_minor"""
_CHARGES = """
insert into charge_day as t (generation, day, site, charges, returns, voids)
select $1, u.* from unnest($2::date[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[]) as u
on conflict (generation, day, site) do update set
  charges = t.charges + excluded.charges, returns = t.returns + excluded.returns, voids = t.voids + excluded.voids"""
_COSTS = """
insert into cost_day as t (generation, day, site, product_id, units, cost_minor)
select $1, day, site, product, (units || 'e-6')::numeric, cost
from unnest($2::date[], $3::text[], $4::uuid[], $5::text[], $6::bigint[]) as u (day, site, product, units, cost)
on conflict (generation, day, site, product_id) do update set
  units = t.units + excluded.units, cost_minor = t.cost_minor + excluded.cost_minor"""
_WASTE = """
insert into waste_day as t (generation, day, site, product_id, reason, units, cost_minor, entries)
select $1, day, site, product, reason, (units || 'e-6')::numeric, cost, entries
from unnest($2::date[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::bigint[], $8::bigint[])
     as u (day, site, product, reason, units, cost, entries)
on conflict (generation, day, site, product_id, reason) do update set
  units = t.units + excluded.units, cost_minor = t.cost_minor + excluded.cost_minor,
  entries = t.entries + excluded.entries"""
_LEVELS = """
insert into level as t (generation, site, product_id, on_hand, held, available, minimum, reorder_at, value_minor,
                        revision)
select $1, site, product, on_hand::numeric, held::numeric, available::numeric, minimum::numeric, reorder_at::numeric,
       value, revision
from unnest($2::text[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bigint[],
            $10::bigint[])
     as u (site, product, on_hand, held, available, minimum, reorder_at, value, revision)
on conflict (generation, site, product_id) do update set
  on_hand = excluded.on_hand, held = excluded.held, available = excluded.available, minimum = excluded.minimum,
  reorder_at = excluded.reorder_at, value_minor = excluded.value_minor, revision = excluded.revision
where t.revision < excluded.revision"""
_ORDERS = """
insert into purchase_order as t (generation, order_id, site, number, supplier_id, drafted_at, sent_at, received_at,
                                 cancelled_at, is_complete, total_at, total_minor)
select $1, u.* from unnest($2::uuid[], $3::text[], $4::text[], $5::uuid[], $6::timestamptz[], $7::timestamptz[],
  $8::timestamptz[], $9::timestamptz[], $10::bool[], $11::timestamptz[], $12::bigint[]) as u
on conflict (generation, order_id) do update set
  drafted_at = least(t.drafted_at, excluded.drafted_at), sent_at = least(t.sent_at, excluded.sent_at),
  received_at = least(t.received_at, excluded.received_at), cancelled_at = least(t.cancelled_at, excluded.cancelled_at),
  is_complete = t.is_complete or excluded.is_complete,
  (total_at, total_minor) = (select * from (values (t.total_at, t.total_minor),
                             (excluded.total_at, excluded.total_minor)) v order by 1 desc, 2 desc limit 1)"""
_SITES = """
insert into site as t (generation, slug, name, time_zone, revision)
select $1, u.* from unnest($2::text[], $3::text[], $4::text[], $5::bigint[]) as u
on conflict (generation, slug) do update set
  name = excluded.name, time_zone = excluded.time_zone, revision = excluded.revision
where t.revision < excluded.revision"""
_PRODUCTS = """
insert into product as t (generation, product_id, code, name, kind, category_id, unit, revision)
select $1, u.* from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::text[], $8::bigint[]) as u
on conflict (generation, product_id) do update set
  code = excluded.code, name = excluded.name, kind = excluded.kind, category_id = excluded.category_id,
  unit = excluded.unit, revision = excluded.revision
where t.revision < excluded.revision"""
_CATEGORIES = """
insert into category as t (generation, category_id, name, revision)
select $1, u.* from unnest($2::uuid[], $3::text[], $4::bigint[]) as u
on conflict (generation, category_id) do update set name = excluded.name, revision = excluded.revision
where t.revision < excluded.revision"""
_SUPPLIERS = """
insert into supplier as t (generation, supplier_id, name, revision)
select $1, u.* from unnest($2::uuid[], $3::text[], $4::bigint[]) as u
on conflict (generation, supplier_id) do update set name = excluded.name, revision = excluded.revision
where t.revision < excluded.revision"""


async def store(tx: "Tx", generation: int, tally: Tally) -> None:
    """Add a tally to a generation of the read models."""
    await _definitions(tx, generation, tally)
    await _put(tx, generation, _SALES, [(d, s, p, str(c[0]), *c[1:]) for (s, d, p), c in tally.sales.items()])
    await _put(tx, generation, _CHARGES, [(d, s, *c) for (s, d), c in tally.charges.items()])
    await _put(tx, generation, _COSTS, [(d, s, p, str(c[0]), c[1]) for (s, d, p), c in tally.costs.items()])
    await _put(tx, generation, _WASTE, [(d, s, p, r, str(c[0]), *c[1:]) for (s, d, p, r), c in tally.waste.items()])
    await owed.store(tx, generation, tally)
    await _put(tx, generation, _LEVELS, [(*key, *_level(body)) for key, body in tally.levels.items()])
    await _put(tx, generation, _ORDERS, [(key, *_order(order)) for key, order in tally.orders.items()])


async def _definitions(tx: "Tx", generation: int, tally: Tally) -> None:
    await _put(
        tx, generation, _SITES, [(k, b["name"], b["time_zone"], b.get("revision", 1)) for k, b in tally.sites.items()]
    )
    await _put(tx, generation, _PRODUCTS, [(k, *_product(b)) for k, b in tally.products.items()])
    await _put(tx, generation, _CATEGORIES, [(k, b["name"], b.get("revision", 1)) for k, b in tally.categories.items()])
    await _put(tx, generation, _SUPPLIERS, [(k, b["name"], b.get("revision", 1)) for k, b in tally.suppliers.items()])


async def _put(tx: "Tx", generation: int, statement: str, rows: "list[tuple[Any, ...]]") -> None:
    if rows:
        rows.sort()  # by key, which no two rows share: locks are taken in one order everywhere
        await tx.execute(statement, generation, *zip(*rows, strict=True))


def _level(body: Mapping[str, Any]) -> "tuple[Any, ...]":
    return (
        body["on_hand"], body["held"], body["available"], body.get("minimum"), body.get("reorder_at"),
        body.get("value_minor", 0), body["revision"],
    )  # fmt: skip


def _product(body: Mapping[str, Any]) -> "tuple[Any, ...]":
    return (
        body["code"], body["name"], body["kind"], body.get("category_id"), body.get("unit", "piece"),
        body.get("revision", 1),
    )  # fmt: skip


def _order(order: Mapping[str, Any]) -> "tuple[Any, ...]":
    return (
        order["site"], order["number"], order["supplier_id"], order["drafted_at"], order["sent_at"],
        order["received_at"], order["cancelled_at"], order["is_complete"], *order["total"],
    )  # fmt: skip
