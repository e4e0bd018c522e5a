"""The only home of SQL on the packages that members hold."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from lotwise.kit.database import Tx
from lotwise.sales.domain.packages import Item, Package

_COLUMNS = (
    "balance_id, package_id, membership_id, member_id, site, charge_id, line, state, value_minor, earned_minor,"
    " refunded_minor, kept_minor, expired_minor, tax_1_minor, tax_2_minor, taxed_at_sale, tax_inclusive, sold_at,"
    " expires_at, refund_rule, redeem_at, currency, revision"
)
_TYPES = (
    "$1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::uuid[], $7::smallint[], $8::text[], $9::bigint[],"
    " $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[], $16::boolean[],"
    " $17::boolean[], $18::timestamptz[], $19::timestamptz[], $20::text[], $21::text[], $22::text[], $23::int[]"
)
_SITES = 20


async def add(tx: Tx, packages: Sequence[Package]) -> None:
    """Keep new packages with their items. UniqueViolationError: one is kept already."""
    if not packages:
        return
    await tx.execute(
        f"insert into package_balance ({_COLUMNS}) select"
        " t.balance_id, t.package_id, t.membership_id, t.member_id, t.site, t.charge_id, t.line, t.state, t.value,"
        " t.earned, t.refunded, t.kept, t.expired, t.tax_1, t.tax_2, t.taxed, t.inclusive, t.sold_at, t.expires_at,"
        " t.rule, string_to_array(t.sites, ' '), t.currency, t.revision"
        f" from unnest({_TYPES}) as t(balance_id, package_id, membership_id, member_id, site, charge_id, line, state,"
        " value, earned, refunded, kept, expired, tax_1, tax_2, taxed, inclusive, sold_at, expires_at, rule, sites,"
        " currency, revision)",
        *zip(*[_row(one) for one in packages], strict=True),
    )
    items = [(one.balance_id, i, *item) for one in packages for i, item in enumerate(one.items)]
    if items:
        await tx.execute(
            "insert into package_item (balance_id, position, product_id, quantity, used, value_minor, earned_minor,"
            " list_minor, is_unlimited) select * from unnest($1::uuid[], $2::smallint[], $3::uuid[], $4::bigint[],"
            " $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::boolean[])",
            *zip(*items, strict=True),
        )


def _row(package: Package) -> tuple[object, ...]:
    row: list[object] = list(package[:-1])
    row[_SITES] = " ".join(package.redeem_at)
    return tuple(row)


async def save(tx: Tx, packages: Sequence[Package]) -> None:
    """Keep what became of packages; their revision grows."""
    if not packages:
        return
    await tx.execute(
        "update package_balance b set state = t.state, earned_minor = t.earned, refunded_minor = t.refunded,"
        " kept_minor = t.kept, expired_minor = t.expired, expires_at = t.expires_at, revision = b.revision + 1"
        " from unnest($1::uuid[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[],"
        " $7::timestamptz[]) as t(balance_id, state, earned, refunded, kept, expired, expires_at)"
        " where b.balance_id = t.balance_id",
        [one.balance_id for one in packages],
        [one.state for one in packages],
        [one.earned_minor for one in packages],
        [one.refunded_minor for one in packages],
        [one.kept_minor for one in packages],
        [one.expired_minor for one in packages],
        [one.expires_at for one in packages],
    )
    items = [(one.balance_id, item.product_id, item.used, item.earned_minor) for one in packages for item in one.items]
    if items:
        await tx.execute(
            "update package_item i set used = t.used, earned_minor = t.earned"
            " from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[]) as t(balance_id, product_id,"
            " used, earned) where i.balance_id = t.balance_id and i.product_id = t.product_id"
            " and (i.used, i.earned_minor) <> (t.used, t.earned)",
            *zip(*items, strict=True),
        )


async def load(tx: Tx, ids: Collection[UUID], *, lock: bool = False) -> dict[UUID, Package]:
    """The packages of these ids; `lock` keeps others from changing them until this commits, in the order of ids."""
    if not ids:
        return {}
    rows = await tx.fetch(
        f"select {_COLUMNS} from package_balance where balance_id = any($1) order by balance_id"
        + (" for update" if lock else ""),
        sorted(ids),
    )
    return {one.balance_id: one for one in await _with_items(tx, rows)}


async def _with_items(tx: Tx, rows: Sequence[asyncpg.Record]) -> list[Package]:
    items: dict[UUID, list[Item]] = {}
    for balance_id, *item in await tx.fetch(
        "select balance_id, product_id, quantity, used, value_minor, earned_minor, list_minor, is_unlimited"
        " from package_item where balance_id = any($1) order by balance_id, position",
        [row["balance_id"] for row in rows],
    ):
        items.setdefault(balance_id, []).append(Item(*item))
    return [Package._make((*row, items.get(row["balance_id"], []))) for row in rows]


async def of_member(tx: Tx, member_id: UUID, *, open_only: bool = False) -> list[Package]:
    """What a member holds: what runs out first comes first; `open_only` leaves out what is closed."""
    rows = await tx.fetch(
        f"select {_COLUMNS} from package_balance where member_id = $1 and (not $2 or state = 'active')"
        " order by expires_at nulls last, sold_at, balance_id limit 500",
        member_id,
        open_only,
    )
    return await _with_items(tx, rows)


async def ids_of_charge(tx: Tx, charge_id: UUID) -> list[UUID]:
    """The packages that a charge sold."""
    rows = await tx.fetch("select balance_id from package_balance where charge_id = $1 order by 1", charge_id)
    return [row["balance_id"] for row in rows]


async def ids_of_membership(tx: Tx, membership_id: UUID) -> list[UUID]:
    """What the periods of a membership give, as far as it is not closed."""
    rows = await tx.fetch(
        "select balance_id from package_balance where membership_id = $1 and state = 'active' order by 1",
        membership_id,
    )
    return [row["balance_id"] for row in rows]


async def memberships_of(tx: Tx, ids: Iterable[UUID]) -> dict[UUID, UUID]:
    """The memberships that give these balances; a package of its own has none."""
    rows = await tx.fetch(
        "select balance_id, membership_id from package_balance"
        " where balance_id = any($1) and membership_id is not null",
        list(ids),
    )
    return {row["balance_id"]: row["membership_id"] for row in rows}


async def ran_out(tx: Tx, now: datetime, limit: int) -> list[UUID]:
    """Open packages whose end has come, locked; those that another holds are left for the next time."""
    rows = await tx.fetch(
        "select balance_id from package_balance where state = 'active' and expires_at <= $1"
        " order by balance_id limit $2 for update skip locked",
        now,
        limit,
    )
    return [row["balance_id"] for row in rows]
