"""The only home of SQL on members' accounts."""

from collections.abc import Collection, Sequence
from uuid import UUID

from lotwise.kit.database import Tx
from lotwise.sales.domain.accounts import Account

_COLUMNS = "member_id, balance_minor, credit_minor, currency, revision"


async def open_for(tx: Tx, members: Collection[UUID], currency: str) -> dict[UUID, Account]:
    """The accounts of these members, made where there is none, locked in the order of ids."""
    ids = sorted(members)
    if not ids:
        return {}
    await tx.execute(
        f"insert into member_account ({_COLUMNS}) select m, 0, 0, $2, 1 from unnest($1::uuid[]) m order by m"
        " on conflict do nothing",
        ids,
        currency,
    )
    rows = await tx.fetch(
        f"select {_COLUMNS} from member_account where member_id = any($1) order by member_id for update", ids
    )
    return {row["member_id"]: Account(*row) for row in rows}


async def get(tx: Tx, member_id: UUID) -> Account | None:
    """A member's account, if it ever moved."""
    row = await tx.fetchrow(f"select {_COLUMNS} from member_account where member_id = $1", member_id)
    return None if row is None else Account(*row)


async def save(tx: Tx, accounts: Sequence[Account]) -> None:
    """Keep what became of accounts; their revision grows."""
    if accounts:
        await tx.execute(
            "update member_account a set balance_minor = t.balance, credit_minor = t.credit, revision = a.revision + 1"
            " from unnest($1::uuid[], $2::bigint[], $3::bigint[]) as t(member_id, balance, credit)"
            " where a.member_id = t.member_id",
            [one.member_id for one in accounts],
            [one.balance_minor for one in accounts],
            [one.credit_minor for one in accounts],
        )
