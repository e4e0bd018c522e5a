"""The only home of SQL on charges: one statement records a whole group with its lines, tenders and events."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from lotwise.kit.database import Tx
from lotwise.sales.domain.charges import Charge, ChargeLine
from lotwise.sales.domain.lines import COLUMNS as LINE_COLUMNS
from lotwise.sales.domain.tenders import Tender
from lotwise.sales.repository import line_extras


class Told(NamedTuple):
    """An outbox row in the order of its columns."""

    id: UUID
    subject: str
    traceparent: str | None
    correlation_id: str | None
    actor: str | None
    cause_id: UUID | None
    body: bytes


class Kept(NamedTuple):
    """A charge as it stands in the database: with the instant it was recorded."""

    charge: Charge
    recorded_at: datetime


_RECORD = """
with bump as (
    update charge_number n set last = t.last
      from unnest($1::text[], $2::bigint[], $3::bigint[]) as t(site, was, last)
     where n.site = t.site and n.kind = 'charge' and n.last = t.was
    returning 1
), first as (
    insert into charge_number (site, kind, last)
    select t.site, 'charge', t.last from unnest($1::text[], $2::bigint[], $3::bigint[]) as t(site, was, last)
     where t.was = 0 order by t.site on conflict do nothing
    returning 1
), fits as (
    select (select count(*) from bump) + (select count(*) from first) = cardinality($1) as fits
), kept as (
    insert into charge (charge_id, site, number, state, member_id, happened_at, currency, net_minor, tax_1_minor,
        tax_2_minor, is_held, source, actor, request_hash, tax_from, tax_revision, tax_rounding, session_id, due_minor,
        recorded_at)
    select t.*, $4 from unnest($5::uuid[], $6::text[], $7::bigint[], $8::text[], $9::uuid[], $10::timestamptz[],
        $11::text[], $12::bigint[], $13::bigint[], $14::bigint[], $15::boolean[], $16::text[], $17::text[],
        $18::bytea[], $19::date[], $20::int[], $21::text[], $53::uuid[], $54::bigint[]) as t, fits where fits.fits
), sold as (
    insert into charge_line (charge_id, recorded_at, line, product_id, product_revision, quantity, unit_decimals,
        effect, unit_price, list_price, price_id, net_minor, tax_1_minor, tax_2_minor, tax_code, application_code,
        tax_inclusive, treatment_id, lot_id, description)
    select l.charge_id, $4, l.line, l.product_id, l.revision, l.quantity, l.decimals, l.effect, l.unit_price,
        l.list_price, l.price_id, l.net, l.tax_1, l.tax_2, l.tax_code, l.application, l.inclusive, l.treatment_id,
        l.lot_id, l.description
      from unnest($22::uuid[], $23::smallint[], $24::uuid[], $25::int[], $26::bigint[], $27::smallint[], $28::text[],
        $29::bigint[], $30::bigint[], $31::uuid[], $32::bigint[], $33::bigint[], $34::bigint[], $35::smallint[],
        $36::smallint[], $37::boolean[], $38::uuid[], $39::uuid[], $40::text[])
        as l(charge_id, line, product_id, revision, quantity, decimals, effect, unit_price, list_price, price_id, net,
             tax_1, tax_2, tax_code, application, inclusive, treatment_id, lot_id, description), fits where fits.fits
), paid as (
    insert into tender (document_id, position, kind, amount_minor, reference)
    select t.* from unnest($41::uuid[], $42::smallint[], $43::text[], $44::bigint[], $45::text[]) as t, fits
     where fits.fits
), told as (
    insert into outbox (id, subject, traceparent, correlation_id, actor, cause_id, body)
    select t.* from unnest($46::uuid[], $47::text[], $48::text[], $49::text[], $50::text[], $51::uuid[], $52::bytea[])
        as t, fits where fits.fits
)
select fits from fits
"""
_LINES_EMPTY: tuple[list[Any], ...] = tuple([] for _ in range(18))


async def record(
    tx: Tx, charges: Sequence[Charge], told: Sequence[Told], was: Mapping[str, int], recorded_at: datetime
) -> bool:
    """Record charges with their events in one statement, if each site's last number is still the one in `was`.

    False: another process gave out numbers meanwhile, and nothing was written. Raises UniqueViolationError when one of
    the ids is known already; then nothing was written either.
    """
    counted: dict[str, int] = {}
    for charge in charges:
        counted[charge.site] = counted.get(charge.site, 0) + 1
    sites = sorted(counted)
    lines = [line for charge in charges for line in charge.lines]
    tenders = [(charge.charge_id, i, *tender) for charge in charges for i, tender in enumerate(charge.tenders, 1)]
    fits: bool = await tx.fetchval(
        _RECORD,
        sites,
        [was[site] for site in sites],
        [was[site] + counted[site] for site in sites],
        recorded_at,
        *tuple(zip(*charges, strict=True))[:17],
        [charge.charge_id for charge in charges for _ in charge.lines],
        *(tuple(zip(*lines, strict=True))[:LINE_COLUMNS] if lines else _LINES_EMPTY),
        *(zip(*tenders, strict=True) if tenders else _LINES_EMPTY[:5]),
        *zip(*told, strict=True),
        [charge.session_id for charge in charges],
        [charge.due_minor for charge in charges],
    )
    return fits


async def last_numbers(tx: Tx, kind: str, sites: Iterable[str], *, lock: bool = False) -> dict[str, int]:
    """The last number given at each site; `lock` keeps others from giving out numbers there until this commits."""
    names = sorted(set(sites))
    if lock:
        await tx.execute(
            "insert into charge_number (site, kind, last) select s, $2, 0 from unnest($1::text[]) s order by s"
            " on conflict do nothing",
            names,
            kind,
        )
    rows = await tx.fetch(
        "select site, last from charge_number where site = any($1) and kind = $2 order by site"
        + (" for update" if lock else ""),
        names,
        kind,
    )
    return dict.fromkeys(names, 0) | {row["site"]: row["last"] for row in rows}


class Known(NamedTuple):
    """What an id already stands for."""

    site: str
    state: str
    request_hash: bytes


async def known(tx: Tx, ids: Sequence[UUID]) -> dict[UUID, Known]:
    """Which of these charge ids are taken, and by what."""
    rows = await tx.fetch("select charge_id, site, state, request_hash from charge where charge_id = any($1)", ids)
    return {row["charge_id"]: Known(row["site"], row["state"], row["request_hash"]) for row in rows}


_COLUMNS = (
    "charge_id, site, number, state, member_id, happened_at, currency, net_minor, tax_1_minor, tax_2_minor, is_held,"
    " source, actor, request_hash, tax_from, tax_revision, tax_rounding"
)
_LINE_COLUMNS = (
    "l.line, l.product_id, l.product_revision, l.quantity, l.unit_decimals, l.effect, l.unit_price, l.list_price,"
    " l.price_id, l.net_minor, l.tax_1_minor, l.tax_2_minor, l.tax_code, l.application_code, l.tax_inclusive,"
    " l.treatment_id, l.lot_id, l.description"
)


async def load(tx: Tx, ids: Sequence[UUID], *, lock: bool = False) -> dict[UUID, Kept]:
    """The recorded charges of these ids, whole; `lock` keeps others from changing them until this commits."""
    rows = await tx.fetch(
        f"select {_COLUMNS}, session_id, due_minor, recorded_at from charge"
        " where charge_id = any($1) and number is not null"
        " order by charge_id" + (" for update" if lock else ""),
        ids,
    )
    lines = await _lines(tx, [row["charge_id"] for row in rows], [row["recorded_at"] for row in rows])
    tenders = await load_tenders(tx, [row["charge_id"] for row in rows])
    return {
        row["charge_id"]: Kept(
            Charge._make((*row[:17], lines.get(row["charge_id"], ()), tenders.get(row["charge_id"], ()), *row[17:19])),
            row["recorded_at"],
        )
        for row in rows
    }


async def _lines(tx: Tx, ids: Sequence[UUID], recorded: Sequence[datetime]) -> dict[UUID, list[ChargeLine]]:
    rows = await tx.fetch(
        f"select l.charge_id, {_LINE_COLUMNS}, {line_extras.COLUMNS}"
        " from unnest($1::uuid[], $2::timestamptz[]) as c(charge_id, recorded_at)"
        " join charge_line l using (charge_id, recorded_at)"
        " left join charge_line_extra e on e.charge_id = l.charge_id and e.line = l.line order by l.charge_id, l.line",
        ids,
        recorded,
    )
    found: dict[UUID, list[ChargeLine]] = {}
    for row in rows:
        _, *read = row
        line = ChargeLine._make([*read[:LINE_COLUMNS], line_extras.read(read[LINE_COLUMNS:])])
        found.setdefault(row["charge_id"], []).append(line)
    return found


async def load_tenders(tx: Tx, ids: Sequence[UUID]) -> dict[UUID, list[Tender]]:
    """The tenders of these charges or returns, in order."""
    rows = await tx.fetch(
        "select document_id, kind, amount_minor, reference from tender where document_id = any($1)"
        " order by document_id, position",
        ids,
    )
    found: dict[UUID, list[Tender]] = {}
    for row in rows:
        found.setdefault(row["document_id"], []).append(Tender(*tuple(row)[1:]))
    return found


class Listed(NamedTuple):
    """A charge in a list."""

    charge_id: UUID
    site: str
    number: int
    state: str
    member_id: UUID | None
    happened_at: datetime
    source: str
    is_held: bool
    total_minor: int
    currency: str
    due_minor: int


async def page(
    tx: Tx,
    sites: Sequence[str] | None,
    *,
    after: tuple[datetime, UUID] | None,
    limit: int,
    since: datetime | None = None,
    until: datetime | None = None,
    member_id: UUID | None = None,
    number: int | None = None,
    state: str | None = None,
    due: bool = False,
) -> list[Listed]:
    """Charges of these sites (None: every site), latest first, read site by site from the index.

    `due`: only those of which something is still to be paid, from an index of their own.
    """
    at, last = after or (None, None)
    rows = await tx.fetch(
        "select c.* from (select slug from site where $1::text[] is null or slug = any($1)) s cross join lateral ("
        " select charge_id, c.site, number, state, member_id, happened_at, source, is_held,"
        " net_minor + tax_1_minor + tax_2_minor as total_minor, currency, due_minor from charge c"
        " where c.site = s.slug and number is not null"
        " and ($2::timestamptz is null or (happened_at, charge_id) < ($2, $3::uuid))"
        " and ($5::timestamptz is null or happened_at >= $5) and ($6::timestamptz is null or happened_at < $6)"
        " and ($7::uuid is null or member_id = $7) and ($8::bigint is null or number = $8)"
        " and ($9::text is null or state = $9)"
        + (" and due_minor <> 0" if due else "") +
        " order by happened_at desc, charge_id desc limit $4) c"
        " order by c.happened_at desc, c.charge_id desc limit $4",
        sites, at, last, limit, since, until, member_id, number, state,
    )  # fmt: skip
    return [Listed(*row) for row in rows]


async def abandon(tx: Tx, charge_id: UUID, site: str, actor: str, at: datetime) -> bool:
    """Close a charge id for good; False when it is taken already."""
    status: str = await tx.execute(
        "insert into charge (charge_id, site, number, state, happened_at, recorded_at, currency, net_minor,"
        " tax_1_minor, tax_2_minor, is_held, source, actor, request_hash, tax_revision, tax_rounding)"
        " values ($1, $2, null, 'abandoned', $4, $4, '', 0, 0, 0, false, 'desk', $3, '', 0, '') on conflict do nothing",
        charge_id,
        site,
        actor,
        at,
    )
    return status.endswith(" 1")


class Void(NamedTuple):
    """The reversal of a charge, in the order of its columns."""

    charge_id: UUID
    void_id: UUID
    happened_at: datetime
    recorded_at: datetime
    reason: str
    disposition: str
    actor: str
    session_id: UUID | None = None


async def add_void(tx: Tx, void: Void) -> None:
    """Mark a charge as voided and keep why; the key lets it happen once. Nothing of it is due any more."""
    await tx.execute(
        "with v as (insert into charge_void (charge_id, void_id, happened_at, recorded_at, reason, disposition, actor,"
        " session_id) values ($1, $2, $3, $4, $5, $6, $7, $8))"
        " update charge set state = 'voided', due_minor = 0 where charge_id = $1",
        *void,
    )


async def lock(tx: Tx, charge_id: UUID) -> None:
    """Keep others from changing a charge until this commits."""
    await tx.execute("select from charge where charge_id = $1 for update", charge_id)


async def set_due(tx: Tx, dues: Mapping[UUID, int]) -> None:
    """Keep what is still to be paid of charges, minor units."""
    await tx.execute(
        "update charge c set due_minor = d.due from unnest($1::uuid[], $2::bigint[]) as d(charge_id, due)"
        " where c.charge_id = d.charge_id",
        list(dues),
        list(dues.values()),
    )


async def void_of(tx: Tx, charge_id: UUID) -> Void | None:
    """The reversal of a charge, if there is one."""
    row = await tx.fetchrow(
        "select charge_id, void_id, happened_at, recorded_at, reason, disposition, actor, session_id from charge_void"
        " where charge_id = $1",
        charge_id,
    )
    return None if row is None else Void(*row)


async def uses(tx: Tx, product_id: UUID) -> tuple[bool, bool]:
    """Whether a charge names the product, and whether a return does."""
    row = await tx.fetchrow(
        "select exists (select from charge_line where product_id = $1) as charged,"
        " exists (select from return_line where product_id = $1) as returned",
        product_id,
    )
    return (False, False) if row is None else (row["charged"], row["returned"])


async def make_partitions(tx: Tx, months_ahead: int) -> int:
    """Make the partitions of the sales lines for this month and the months ahead; how many were made."""
    made: int = await tx.fetchval("select sales_partitions($1)", months_ahead)
    return made
