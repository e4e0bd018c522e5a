"""The only home of SQL on what is done with members: consents, merging, erasing, sealed contacts, what is theirs."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from lotwise.contracts.ids import uuid7
from lotwise.kit.database import Tx
from lotwise.sales.domain.members import Consent


async def consents(tx: Tx, member_id: UUID) -> dict[str, Consent]:
    """What a member said last, by kind."""
    rows = await tx.fetch(
        "select distinct on (kind) kind, is_given, actor, given_at from member_consent where member_id = $1"
        " order by kind, given_at desc, consent_id desc",
        member_id,
    )
    return {row["kind"]: Consent(*row) for row in rows}


async def history(tx: Tx, member_id: UUID) -> list[Consent]:
    """All that a member said of consent, the latest first."""
    rows = await tx.fetch(
        "select kind, is_given, actor, given_at from member_consent where member_id = $1"
        " order by given_at desc, consent_id desc limit 500",
        member_id,
    )
    return [Consent(*row) for row in rows]


async def add_consents(tx: Tx, member_id: UUID, given: Mapping[str, bool], actor: str, at: datetime) -> None:
    """Write down what a member said."""
    await tx.execute(
        "insert into member_consent (consent_id, member_id, kind, is_given, actor, given_at)"
        " select t.id, $2, t.kind, t.is_given, $5, $6 from unnest($1::uuid[], $3::text[], $4::boolean[])"
        " as t(id, kind, is_given)",
        [uuid7() for _ in given],
        member_id,
        list(given),
        list(given.values()),
        actor,
        at,
    )


_OWNERS = ("charge", "sale_return", "appointment", "treatment", "parked")


async def move_records(tx: Tx, kept: UUID, gone: UUID) -> int:
    """Give charges, returns, appointments, treatments and parked bills of one id to the other; how many charges."""
    moved = 0
    for table in _OWNERS:
        status: str = await tx.execute(f"update {table} set member_id = $1 where member_id = $2", kept, gone)
        moved += int(status.rsplit(" ", 1)[1]) if table == "charge" else 0
    await tx.execute("update member set merged_into = $1 where merged_into = $2", kept, gone)
    return moved


async def running_twice(tx: Tx, kept: UUID, gone: UUID) -> list[UUID]:
    """Packages of which both run a membership."""
    rows = await tx.fetch(
        "select a.package_id from membership a join membership b using (package_id)"
        " where a.member_id = $1 and b.member_id = $2 and a.state <> 'ended' and b.state <> 'ended'",
        kept,
        gone,
    )
    return [row["package_id"] for row in rows]


async def move_balances(tx: Tx, kept: UUID, gone: UUID) -> None:
    """Give packages, memberships and certificates of one id to the other."""
    for table in ("package_balance", "membership", "gift_certificate"):
        await tx.execute(f"update {table} set member_id = $1, revision = revision + 1 where member_id = $2", kept, gone)


_ACCOUNT = """
with old as (
    update member_account set balance_minor = 0, credit_minor = 0, revision = revision + 1
     where member_id = $2
    returning currency
), was as (
    select balance_minor, credit_minor, currency from member_account where member_id = $2
), new as (
    insert into member_account as a (member_id, balance_minor, credit_minor, currency, revision)
    select $1, balance_minor, credit_minor, currency, 1 from was where exists (select from old)
    on conflict (member_id) do update set balance_minor = a.balance_minor + excluded.balance_minor,
        credit_minor = greatest(a.credit_minor, excluded.credit_minor), revision = a.revision + 1
)
insert into balance_move (entry_id, kind, owner_id, why, amount_minor, product_id, quantity, charge_id, line, site,
    member_id, currency, happened_at, recorded_at, reason, actor)
select t.entry_id, 'account', t.owner_id, 'merged', t.sign * was.balance_minor, null, 0, null, null, 'chain',
    t.owner_id, was.currency, $5, $5, $6, $7
  from was, (values ($3::uuid, $2::uuid, -1), ($4::uuid, $1::uuid, 1)) as t(entry_id, owner_id, sign)
 where was.balance_minor <> 0
"""


async def move_account(tx: Tx, kept: UUID, gone: UUID, at: datetime, reason: str, actor: str) -> None:
    """Put the money on account of one id onto the other's, with an entry for each."""
    await tx.execute(
        "select 1 from member_account where member_id = any($1) order by member_id for update", [kept, gone]
    )
    await tx.execute(_ACCOUNT, kept, gone, uuid7(), uuid7(), at, reason, actor)


async def move_consents(tx: Tx, kept: UUID, gone: UUID) -> None:
    """What only the other record said of a kind counts for the one that stays."""
    await tx.execute(
        "update member_consent c set member_id = $1 where member_id = $2 and not exists"
        " (select from member_consent k where k.member_id = $1 and k.kind = c.kind)",
        kept,
        gone,
    )


async def open_with(tx: Tx, member_id: UUID) -> list[str]:
    """What is still open with a member: debts, memberships that run, packages and money that are owed to them."""
    rows = await tx.fetch(
        "select 'a charge is not paid' as what where exists"
        " (select from charge where member_id = $1 and due_minor <> 0 and state = 'recorded')"
        " union all select 'a membership runs' where exists"
        " (select from membership where member_id = $1 and state <> 'ended')"
        " union all select 'money is on account' where exists"
        " (select from member_account where member_id = $1 and balance_minor <> 0)",
        member_id,
    )
    return [row["what"] for row in rows]


async def last_goods(tx: Tx, member_id: UUID) -> datetime | None:
    """When a member was last charged or treated; None for never."""
    found: datetime | None = await tx.fetchval(
        "select greatest((select max(happened_at) from charge where member_id = $1 and number is not null),"
        " (select max(happened_at) from treatment where member_id = $1))",
        member_id,
    )
    return found


async def forget(tx: Tx, member_id: UUID) -> None:
    """Take out what was written of a member elsewhere: notes, bills set aside, consents, answers kept under keys."""
    await tx.execute("update appointment set note = '' where member_id = $1 and note <> ''", member_id)
    await tx.execute("delete from parked where member_id = $1", member_id)
    await tx.execute("delete from member_consent where member_id = $1", member_id)
    await tx.execute(
        "update idempotency set answer = convert_to(jsonb_build_object('member_id', $1::text)::text, 'UTF8')"
        " where position(convert_to($1::text, 'UTF8') in answer) > 0 and exists (select from unnest($2::bytea[]) w"
        " where position(w in answer) > 0)",
        str(member_id),
        [f'"{word}"'.encode() for word in ("email", "note", "label")],
    )


async def merged_ids(tx: Tx, member_id: UUID) -> list[UUID]:
    """The records that were merged into this one."""
    rows = await tx.fetch("select member_id from member where merged_into = $1 order by 1", member_id)
    return [row["member_id"] for row in rows]


async def seal(tx: Tx, member_id: UUID, box: bytes, keep_until: date, at: datetime) -> None:
    """Keep a sealed contact until its day."""
    await tx.execute(
        "insert into sealed_contact (member_id, box, keep_until, sealed_at) values ($1, $2, $3, $4)"
        " on conflict (member_id) do update set box = excluded.box, keep_until = excluded.keep_until",
        member_id,
        box,
        keep_until,
        at,
    )


async def sealed(tx: Tx, ids: Sequence[UUID], today: date) -> dict[UUID, tuple[bytes, date]]:
    """The sealed contacts of these members whose day has not passed."""
    rows = await tx.fetch(
        "select member_id, box, keep_until from sealed_contact where member_id = any($1) and keep_until >= $2",
        ids,
        today,
    )
    return {row["member_id"]: (row["box"], row["keep_until"]) for row in rows}


async def drop_sealed(tx: Tx, today: date) -> int:
    """Delete the sealed contacts whose day has passed; how many."""
    status: str = await tx.execute("delete from sealed_contact where keep_until < $1", today)
    return int(status.rsplit(" ", 1)[1])


async def held(tx: Tx, member_id: UUID) -> dict[str, list[dict[str, Any]]]:
    """All rows that are kept of a member and the records merged into them, by what they are."""
    ids = [member_id, *await merged_ids(tx, member_id)]
    found: dict[str, list[dict[str, Any]]] = {}
    for name, statement in _HELD.items():
        found[name] = [dict(row) for row in await tx.fetch(statement, ids)]
    return found


_HELD = {
    "charges": (
        "select charge_id, site, number, state, happened_at, currency, net_minor, tax_1_minor, tax_2_minor, due_minor,"
        " (select coalesce(jsonb_agg(jsonb_build_object('line', l.line, 'product_id', l.product_id,"
        "  'quantity', l.quantity, 'unit_decimals', l.unit_decimals, 'net_minor', l.net_minor,"
        "  'lot_id', l.lot_id, 'treatment_id', l.treatment_id, 'description', l.description) order by l.line), '[]')"
        "  from charge_line l where l.charge_id = c.charge_id and l.recorded_at = c.recorded_at) as lines,"
        " (select coalesce(jsonb_agg(jsonb_build_object('kind', t.kind, 'amount_minor', t.amount_minor)"
        "  order by t.position), '[]') from tender t where t.document_id = c.charge_id) as tenders"
        " from charge c where member_id = any($1) and number is not null order by happened_at, charge_id"
    ),
    "returns": (
        "select return_id, charge_id, site, number, happened_at, net_minor, tax_1_minor, tax_2_minor, reason"
        " from sale_return where member_id = any($1) order by happened_at, return_id"
    ),
    "appointments": (
        "select appointment_id, site, service_id, practitioner, starts_at, minutes, note, state from appointment"
        " where member_id = any($1) order by starts_at, appointment_id"
    ),
    "treatments": (
        "select treatment_id, site, service_id, practitioner, happened_at, sessions from treatment"
        " where member_id = any($1) order by happened_at, treatment_id"
    ),
    "packages": (
        "select balance_id, package_id, site, state, value_minor, sold_at, expires_at from package_balance"
        " where member_id = any($1) order by sold_at, balance_id"
    ),
    "memberships": (
        "select membership_id, package_id, site, state, joined_on, from_day, to_day, ended_on from membership"
        " where member_id = any($1) order by joined_on, membership_id"
    ),
    "gift_certificates": (
        "select certificate_id, site, state, sold_minor, spent_minor, sold_at, expires_at from gift_certificate"
        " where member_id = any($1) order by sold_at, certificate_id"
    ),
    "account": (
        "select why, amount_minor, currency, happened_at, reason from balance_move"
        " where kind = 'account' and member_id = any($1) order by seq"
    ),
}
