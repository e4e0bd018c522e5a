"""SQL of sites and their taxes."""

from collections.abc import Sequence
from dataclasses import astuple

from asyncpg import Record

from lotwise.catalog.domain.sites import Site, SiteTaxes, Slot
from lotwise.kit.database import Tx

_COLUMNS = (
    "slug, name, time_zone, legal_entity, is_central_store, stock_policy, stock_unreachable, tax_rounding,"
    " cash_rounding_minor, package_tax_point, revision"
)


def _site(row: Record) -> Site:
    return Site(**row)


async def every(tx: Tx) -> list[Site]:
    """All sites, by slug."""
    return [_site(row) for row in await tx.fetch(f"SELECT {_COLUMNS} FROM site ORDER BY slug")]


async def find(tx: Tx, slug: str) -> Site | None:
    """The site, or None."""
    row = await tx.fetchrow(f"SELECT {_COLUMNS} FROM site WHERE slug = $1", slug)
    return None if row is None else _site(row)


async def known(tx: Tx, slugs: Sequence[str]) -> set[str]:
    """Those of the slugs that are sites."""
    return {row["slug"] for row in await tx.fetch("SELECT slug FROM site WHERE slug = ANY($1)", list(slugs))}


async def store(tx: Tx, site: Site) -> None:
    """Insert or update a site."""
    await tx.execute(
        f"""
        INSERT INTO site ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        ON CONFLICT (slug) DO UPDATE SET
            name = excluded.name, time_zone = excluded.time_zone, legal_entity = excluded.legal_entity,
            is_central_store = excluded.is_central_store, stock_policy = excluded.stock_policy,
            stock_unreachable = excluded.stock_unreachable, tax_rounding = excluded.tax_rounding,
            cash_rounding_minor = excluded.cash_rounding_minor, package_tax_point = excluded.package_tax_point,
            revision = excluded.revision
        """,
        *astuple(site),
    )


_TAX_COLUMNS = (
    "slug, valid_from, tax_1_name, tax_1_rate_1, tax_1_rate_2, tax_2_name, tax_2_rate_1, tax_2_rate_2, revision"
)


def _taxes(row: Record) -> SiteTaxes:
    return SiteTaxes(
        slug=row["slug"],
        valid_from=row["valid_from"],
        tax_1=Slot(row["tax_1_name"], row["tax_1_rate_1"], row["tax_1_rate_2"]),
        tax_2=Slot(row["tax_2_name"], row["tax_2_rate_1"], row["tax_2_rate_2"]),
        revision=row["revision"],
    )


async def taxes(tx: Tx, slug: str) -> list[SiteTaxes]:
    """All taxes a site had, has and will have, by the day they begin."""
    rows = await tx.fetch(f"SELECT {_TAX_COLUMNS} FROM site_tax WHERE slug = $1 ORDER BY valid_from", slug)
    return [_taxes(row) for row in rows]


async def store_taxes(tx: Tx, wanted: SiteTaxes) -> None:
    """Insert or update the taxes of a site from a day on."""
    await tx.execute(
        f"""
        INSERT INTO site_tax ({_TAX_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT (slug, valid_from) DO UPDATE SET
            tax_1_name = excluded.tax_1_name, tax_1_rate_1 = excluded.tax_1_rate_1,
            tax_1_rate_2 = excluded.tax_1_rate_2, tax_2_name = excluded.tax_2_name,
            tax_2_rate_1 = excluded.tax_2_rate_1, tax_2_rate_2 = excluded.tax_2_rate_2, revision = excluded.revision
        """,
        wanted.slug,
        wanted.valid_from,
        *astuple(wanted.tax_1),
        *astuple(wanted.tax_2),
        wanted.revision,
    )
