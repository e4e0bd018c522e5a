"""The only home of SQL on what prices a charge: discounts, category prices, packages, preferences and limits."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from lotwise.kit.database import Tx
from lotwise.sales.domain.definitions import CategoryPrice, Discount, Limit, Package, PackageItem, Preferences

R = TypeVar("R")


class Rules(NamedTuple):
    """All that prices beyond the products' own prices; a chain has hundreds of them, not more."""

    discounts: Sequence[Discount]
    category_prices: Sequence[CategoryPrice]
    packages: Sequence[Package]
    preferences: Preferences
    limits: Sequence[Limit]


async def put_discounts(tx: Tx, discounts: Iterable[Discount]) -> None:
    """Keep the newest revision of each discount."""
    for one in _newest({one.discount_id: one for one in sorted(discounts, key=_revision)}):
        await tx.execute(
            "insert into discount (discount_id, name, scope, form, value, min_quantity, min_spend, product_ids,"
            " category_ids, at_sites, starts_on, ends_on, is_automatic, is_combinable, audience, coupon, is_archived,"
            " revision) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)"
            " on conflict (discount_id) do update set name = excluded.name, scope = excluded.scope,"
            " form = excluded.form, value = excluded.value, min_quantity = excluded.min_quantity,"
            " min_spend = excluded.min_spend, product_ids = excluded.product_ids,"
            " category_ids = excluded.category_ids, at_sites = excluded.at_sites, starts_on = excluded.starts_on,"
            " ends_on = excluded.ends_on, is_automatic = excluded.is_automatic,"
            " is_combinable = excluded.is_combinable, audience = excluded.audience, coupon = excluded.coupon,"
            " is_archived = excluded.is_archived, revision = excluded.revision"
            " where discount.revision < excluded.revision",
            *(sorted(field) if isinstance(field, frozenset) else field for field in one),
        )


async def put_category_prices(tx: Tx, prices: Iterable[CategoryPrice]) -> None:
    """Keep the newest revision of each category price."""
    newest = _newest({one.category_price_id: one for one in sorted(prices, key=_revision)})
    await tx.execute(
        "insert into category_price (category_price_id, category_id, at_site, amount, markup, valid_from, valid_to,"
        " revision) select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::bigint[], $5::bigint[],"
        " $6::timestamptz[], $7::timestamptz[], $8::int[]) order by 1"
        " on conflict (category_price_id) do update set category_id = excluded.category_id,"
        " at_site = excluded.at_site, amount = excluded.amount, markup = excluded.markup,"
        " valid_from = excluded.valid_from, valid_to = excluded.valid_to, revision = excluded.revision"
        " where category_price.revision < excluded.revision",
        *zip(*newest, strict=True),
    )


async def put_packages(tx: Tx, packages: Iterable[Package]) -> None:
    """Keep the newest revision of each package."""
    for one in _newest({one.product_id: one for one in sorted(packages, key=_revision)}):
        items = [[str(item.product_id), item.quantity, item.is_unlimited] for item in one.items]
        await tx.execute(
            "insert into package (product_id, package_type, items, valid_days, period, rollover_periods, redeem_at,"
            " refund_rule, revision) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
            " on conflict (product_id) do update set package_type = excluded.package_type, items = excluded.items,"
            " valid_days = excluded.valid_days, period = excluded.period,"
            " rollover_periods = excluded.rollover_periods, redeem_at = excluded.redeem_at,"
            " refund_rule = excluded.refund_rule, revision = excluded.revision"
            " where package.revision < excluded.revision",
            *one[:2],
            items,
            *one[3:],
        )


async def put_preferences(tx: Tx, preferences: Preferences) -> None:
    """Keep the chain's newest preferences."""
    await tx.execute(
        "insert into preferences (id, code_length_max, use_service_pricing_tables, slot_minutes, revision)"
        " values (1, $1, $2, $3, $4) on conflict (id) do update set code_length_max = excluded.code_length_max,"
        " use_service_pricing_tables = excluded.use_service_pricing_tables, slot_minutes = excluded.slot_minutes,"
        " revision = excluded.revision where preferences.revision < excluded.revision",
        *preferences,
    )


async def rules(tx: Tx) -> Rules:
    """Everything of this subject, as it is now."""
    return Rules(
        [_discount(*row) for row in await tx.fetch(f"select {', '.join(Discount._fields)} from discount")],
        [
            CategoryPrice(*row)
            for row in await tx.fetch(f"select {', '.join(CategoryPrice._fields)} from category_price")
        ],
        [_package(*row) for row in await tx.fetch(f"select {', '.join(Package._fields)} from package")],
        await _preferences(tx),
        await limits(tx),
    )


async def _preferences(tx: Tx) -> Preferences:
    row = await tx.fetchrow(f"select {', '.join(Preferences._fields)} from preferences")
    return Preferences() if row is None else Preferences(*row)


async def limits(tx: Tx) -> list[Limit]:
    """The limits that the chain set."""
    rows = await tx.fetch("select permission, percent, amount_minor from desk_limit order by permission")
    return [Limit(*row) for row in rows]


async def put_limits(tx: Tx, limits_set: Iterable[Limit], actor: str, at: datetime) -> None:
    """Set how far permissions of the desk go."""
    for one in limits_set:
        await tx.execute(
            "insert into desk_limit (permission, percent, amount_minor, actor, updated_at) values ($1, $2, $3, $4, $5)"
            " on conflict (permission) do update set percent = excluded.percent,"
            " amount_minor = excluded.amount_minor, actor = excluded.actor, updated_at = excluded.updated_at",
            *one,
            actor,
            at,
        )


def _discount(*row: Any) -> Discount:
    return Discount._make([frozenset(field) if isinstance(field, list) else field for field in row])


def _package(product_id: UUID, package_type: str, items: Sequence[Sequence[Any]], *rest: Any) -> Package:
    read = tuple(PackageItem(UUID(product), quantity, unlimited) for product, quantity, unlimited in items)
    valid_days, period, rollover, redeem_at, refund_rule, revision = rest
    return Package(
        UUID(int=product_id.int), package_type, read, valid_days, period, rollover, tuple(redeem_at), refund_rule,
        revision,
    )  # fmt: skip


def _revision(row: Discount | CategoryPrice | Package) -> int:
    return row.revision


def _newest(rows: Mapping[UUID, R]) -> list[R]:
    """One row an id, in the order of the ids: they were put in by rising revision."""
    return [rows[one] for one in sorted(rows)]
