"""The only home of money at risk of expiry: what lies on shelves against what this site consumes (N-12)."""

from collections.abc import Collection
from datetime import datetime
from itertools import groupby
from typing import NamedTuple

import asyncpg

from lotwise.kit.database import Tx
from lotwise.stock.domain.risks import Ageing, at_risk
from lotwise.stock.repository.definitions import all_sites
from lotwise.stock.repository.risks import ageing_lots, consumption
from lotwise.values import site_day

RATE_DAYS = 90
ROWS_MAX = 50_000


class Risky(NamedTuple):
    """A lot at a site of which something will not be consumed in time; `consumed` is what the rate rests on."""

    row: asyncpg.Record
    quantity: int
    cost: int
    consumed: int
    days_left: int


async def risks(tx: Tx, sites: Collection[str] | None, within_days: int, now: datetime) -> list[Risky]:
    """What of the lots that expire within so many days will be left over, the most money first.

    The rate is what this site's patients received in the last 90 days; lots leave soonest expiry first.
    """
    today = {site.slug: site_day(now, site.zone) for site in await all_sites(tx) if sites is None or site.slug in sites}
    rows = await ageing_lots(tx, today, within_days, ROWS_MAX)
    cells = list(dict.fromkeys((row["site"], row["product_id"], today[row["site"]]) for row in rows))
    rates = await consumption(tx, cells, RATE_DAYS)
    found: list[Risky] = []
    for key, group in groupby(rows, key=lambda row: (row["site"], row["product_id"])):
        lots = list(group)
        day, consumed = today[key[0]], rates[key]
        ageing = [Ageing(row["lot_id"], row["on_hand"], row["cost_minor"], row["expires_on"]) for row in lots]
        left = {one.lot_id: one for one in at_risk(ageing, consumed, RATE_DAYS, day)}
        found += [
            Risky(row, left[row["lot_id"]].quantity, left[row["lot_id"]].cost, consumed, (row["expires_on"] - day).days)
            for row in lots
            if row["lot_id"] in left
        ]
    return sorted(found, key=lambda one: (-one.cost, one.row["expires_on"], str(one.row["lot_id"])))
