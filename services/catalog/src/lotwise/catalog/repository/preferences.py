"""SQL of the preferences and of the tax codes last used."""

from collections.abc import Mapping
from dataclasses import astuple

from lotwise.catalog.domain.preferences import Preferences
from lotwise.kit.database import Tx

_COLUMNS = "code_length_max, use_service_pricing_tables, slot_minutes, revision"


async def get(tx: Tx) -> Preferences:
    """The chain's preferences."""
    row = await tx.fetchrow(f"SELECT {_COLUMNS} FROM preferences WHERE id = 1")
    return Preferences() if row is None else Preferences(**row)


async def are_told(tx: Tx) -> bool:
    """Whether the preferences were ever said on the bus."""
    return bool(await tx.fetchval("SELECT is_told FROM preferences WHERE id = 1"))


async def store(tx: Tx, preferences: Preferences) -> None:
    """Keep the preferences, which whoever stores them also tells."""
    await tx.execute(
        f"""
        INSERT INTO preferences (id, {_COLUMNS}, is_told) VALUES (1, $1, $2, $3, $4, true)
        ON CONFLICT (id) DO UPDATE SET
            code_length_max = excluded.code_length_max, slot_minutes = excluded.slot_minutes,
            use_service_pricing_tables = excluded.use_service_pricing_tables, revision = excluded.revision,
            is_told = true
        """,
        *astuple(preferences),
    )


async def taxes_last_used(tx: Tx) -> dict[str, tuple[int, int]]:
    """Tax and application code last used, by inventory type."""
    rows = await tx.fetch("SELECT item_type, tax_code, application_code FROM tax_default")
    return {row["item_type"]: (row["tax_code"], row["application_code"]) for row in rows}


async def remember_taxes(tx: Tx, used: Mapping[str, tuple[int, int]]) -> None:
    """Keep the codes last used by inventory type."""
    await tx.execute(
        """
        INSERT INTO tax_default (item_type, tax_code, application_code)
        SELECT * FROM unnest($1::text[], $2::smallint[], $3::smallint[])
        ON CONFLICT (item_type) DO UPDATE
            SET tax_code = excluded.tax_code, application_code = excluded.application_code
        """,
        list(used),
        [tax_code for tax_code, _ in used.values()],
        [application_code for _, application_code in used.values()],
    )
