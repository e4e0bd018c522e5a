"""The only home of SQL on the entries of what is owed to members: added to, never changed."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from lotwise.kit.database import Tx
from lotwise.sales.domain.liabilities import Move

_COLUMNS = (
    "entry_id, kind, owner_id, why, amount_minor, product_id, quantity, charge_id, line, site, member_id, currency,"
    " happened_at, recorded_at, reason, actor"
)


async def add(tx: Tx, moves: Sequence[Move]) -> None:
    """Keep entries in their order."""
    if moves:
        await tx.execute(
            f"insert into balance_move ({_COLUMNS})"
            " select * from unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::bigint[], $6::uuid[],"
            " $7::bigint[], $8::uuid[], $9::smallint[], $10::text[], $11::uuid[], $12::text[], $13::timestamptz[],"
            " $14::timestamptz[], $15::text[], $16::text[])",
            *zip(*moves, strict=True),
        )


async def of_charge(tx: Tx, charge_id: UUID) -> list[Move]:
    """What a charge did to balances, and what was done to it since, in order."""
    rows = await tx.fetch(f"select {_COLUMNS} from balance_move where charge_id = $1 order by seq", charge_id)
    return [Move(*row) for row in rows]


async def of_owner(tx: Tx, owner_id: UUID) -> list[Move]:
    """The history of a package, membership or certificate, in order."""
    rows = await tx.fetch(f"select {_COLUMNS} from balance_move where owner_id = $1 order by seq limit 1000", owner_id)
    return [Move(*row) for row in rows]


class Entry(NamedTuple):
    """An entry of an account with the balance after it."""

    seq: int
    move: Move
    balance_minor: int


async def statement(tx: Tx, member_id: UUID, before: int | None, limit: int) -> list[Entry]:
    """A member's account, the newest entry first, each with the balance after it."""
    rows = await tx.fetch(
        f"select * from (select seq, {_COLUMNS}, (sum(amount_minor) over (order by seq))::bigint as balance"
        " from balance_move where owner_id = $1 and kind = 'account') s"
        " where $2::bigint is null or seq < $2 order by seq desc limit $3",
        member_id,
        before,
        limit,
    )
    return [Entry(row["seq"], Move(*tuple(row)[1:-1]), row["balance"]) for row in rows]


class Figures(NamedTuple):
    """What was owed of a kind at a site: sold, what became of it, and what is left; minor units."""

    kind: str
    site: str
    why: str
    amount_minor: int


async def totals(tx: Tx, until: datetime, sites: Sequence[str] | None) -> list[Figures]:
    """The sums of entries before an instant, by kind, site and cause."""
    rows = await tx.fetch(
        "select kind, site, why, sum(amount_minor)::bigint from balance_move"
        " where happened_at < $1 and ($2::text[] is null or site = any($2)) group by 1, 2, 3 order by 1, 2, 3",
        until,
        sites,
    )
    return [Figures(*row) for row in rows]


class Wrong(NamedTuple):
    """An owner whose row disagrees with its entries."""

    kind: str
    owner_id: UUID
    row_minor: int
    entries_minor: int


_WRONG = """
with entries as (
    select owner_id, kind, sum(amount_minor)::bigint as total from balance_move
     where kind <> 'membership' group by owner_id, kind
), owners as (
    select 'package' as kind, balance_id as owner_id,
           value_minor - earned_minor - refunded_minor - kept_minor - expired_minor as owed
      from package_balance where membership_id is null
    union all
    select 'gift', certificate_id, sold_minor - spent_minor - expired_minor from gift_certificate
    union all
    select 'account', member_id, balance_minor from member_account
)
select coalesce(o.kind, e.kind), coalesce(o.owner_id, e.owner_id), coalesce(o.owed, 0), coalesce(e.total, 0)
  from owners o full join entries e on e.owner_id = o.owner_id and e.kind = o.kind
 where coalesce(o.owed, 0) <> coalesce(e.total, 0) order by 1, 2 limit $1
"""
_WRONG_ITEMS = """
select 'package', b.balance_id, b.earned_minor, i.earned from package_balance b
  join (select balance_id, sum(earned_minor)::bigint as earned from package_item group by 1) i using (balance_id)
 where b.earned_minor <> i.earned order by 2 limit $1
"""
_WRONG_FEES = """
select 'membership', membership_id, p.fees, coalesce(m.total, 0)
  from (select membership_id, sum(fee_minor - refunded_minor)::bigint as fees from membership_period group by 1) p
  left join (select owner_id, sum(amount_minor)::bigint as total from balance_move
              where kind = 'membership' group by 1) m on m.owner_id = p.membership_id
 where p.fees <> coalesce(m.total, 0) order by 2 limit $1
"""


async def wrong(tx: Tx, limit: int) -> list[Wrong]:
    """Owners whose rows disagree with their entries or their parts; none where the books are right."""
    found = []
    for statement_ in (_WRONG, _WRONG_ITEMS, _WRONG_FEES):
        found += [Wrong(*row) for row in await tx.fetch(statement_, limit)]
    return found[:limit]


async def count(tx: Tx) -> int:
    """How many entries there are."""
    counted: int = await tx.fetchval("select count(*) from balance_move")
    return counted
