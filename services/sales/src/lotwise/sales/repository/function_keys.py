"""The only home of SQL on the products that sites pinned to function keys."""

from collections.abc import Iterable
from typing import NamedTuple
from uuid import UUID

from lotwise.kit.database import Tx


class Pins(NamedTuple):
    """All pinned keys of a site as they were told: (key, product)."""

    site: str
    keys: list[tuple[int, UUID]]
    revision: int


async def put(tx: Tx, told: Iterable[Pins]) -> None:
    """Keep the newest revision of each site's pins."""
    newest = {one.site: one for one in sorted(told, key=lambda one: one.revision)}
    for site in sorted(newest):
        await tx.execute(
            "insert into function_keys (site, keys, revision) values ($1, $2, $3)"
            " on conflict (site) do update set keys = excluded.keys, revision = excluded.revision"
            " where function_keys.revision < excluded.revision",
            site,
            [[key, str(product_id)] for key, product_id in newest[site].keys],
            newest[site].revision,
        )


async def of(tx: Tx, site: str) -> dict[int, UUID]:
    """The products pinned at a site by key; what is archived or back bar is not for sale and frees its key."""
    rows = await tx.fetch(
        "select (one->>0)::int as key, p.product_id from function_keys k cross join jsonb_array_elements(k.keys) one"
        " join product p on p.product_id = (one->>1)::uuid"
        " where k.site = $1 and not p.is_archived and p.purpose is distinct from 'back_bar' order by 1",
        site,
    )
    return {row["key"]: UUID(int=row["product_id"].int) for row in rows}
