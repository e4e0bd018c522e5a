"""The only home of SQL that adds up a day of a site, or sessions of its tills: sales, payments, tips, liabilities."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from lotwise.kit.database import Tx


class Span(NamedTuple):
    """What is added up: a site between two instants, or sessions of tills whenever they were."""

    site: str
    start: datetime
    end: datetime
    sessions: Sequence[UUID] | None = None

    @property
    def parameters(self) -> tuple[object, ...]:
        """What the statements are given."""
        if self.sessions is None:
            return self.site, self.start, self.end
        return (list(self.sessions),)

    def of(self, alias: str, site: str = "") -> str:
        """The condition on a document's row; `site` is the alias of the row that names the site."""
        if self.sessions is None:
            return f"{site or alias}.site = $1 and {alias}.happened_at >= $2 and {alias}.happened_at < $3"
        return f"{alias}.session_id = any($1)"


class Figures(NamedTuple):
    """How many documents of a kind there were, and their money in minor units."""

    documents: int = 0
    net_minor: int = 0
    tax_1_minor: int = 0
    tax_2_minor: int = 0

    @property
    def total_minor(self) -> int:
        """Net and both taxes."""
        return self.net_minor + self.tax_1_minor + self.tax_2_minor


_SUMS = "count(*), " + ", ".join(f"coalesce(sum({{0}}{one}_minor), 0)::bigint" for one in ("net", "tax_1", "tax_2"))


async def documents(tx: Tx, span: Span) -> dict[str, Figures]:
    """Charges, voids and returns of the span."""
    rows = await tx.fetch(
        f"select 'charge' as way, {_SUMS.format('c.')} from charge c where {span.of('c')} and c.number is not null"
        f" union all select 'void', {_SUMS.format('c.')} from charge_void v join charge c using (charge_id)"
        f" where {span.of('v', 'c')}"
        f" union all select 'return', {_SUMS.format('r.')} from sale_return r where {span.of('r')}",
        *span.parameters,
    )
    return {row[0]: Figures(*tuple(row)[1:]) for row in rows}


async def money(tx: Tx, span: Span) -> dict[str, dict[str, int]]:
    """What came in and went out by way (charge, payment, void, return) and kind, change taken off; minor units."""
    rows = await tx.fetch(
        "with d as ("
        " select 'charge' as way, c.charge_id as id, c.net_minor + c.tax_1_minor + c.tax_2_minor as total"
        f" from charge c where {span.of('c')} and c.number is not null"
        f" union all select 'payment', p.payment_id, p.due_minor from payment p where {span.of('p')}"
        " union all select 'void', v.void_id, null from charge_void v join charge c using (charge_id)"
        f" where {span.of('v', 'c')}"
        f" union all select 'return', r.return_id, null from sale_return r where {span.of('r')}"
        "), t as (select d.way, d.id, d.total, t.kind, t.amount_minor from d join tender t on t.document_id = d.id"
        "), over as (select way, case when total >= 0 then greatest(0, sum(amount_minor) - total)"
        "  else least(0, sum(amount_minor) - total) end as change from t where total is not null"
        "  group by way, id, total)"
        " select way, kind, sum(amount)::bigint as amount from ("
        "  select way, kind, amount_minor as amount from t union all select way, 'cash', -change from over) m"
        " group by way, kind having sum(amount) <> 0 order by way, kind",
        *span.parameters,
    )
    found: dict[str, dict[str, int]] = {}
    for row in rows:
        found.setdefault(row["way"], {})[row["kind"]] = row["amount"]
    return found


class Owed(NamedTuple):
    """What lines of a kind came to (package, membership, gift, account, tip) and, for tips, whose they are."""

    owed: str
    staff: str
    net_minor: int


async def owed(tx: Tx, span: Span) -> list[Owed]:
    """What was sold of packages, memberships, certificates and accounts, and tips by staff; voids and returns off."""
    rows = await tx.fetch(
        "with s as ("
        " select c.charge_id, c.recorded_at, null::smallint as line, 1 as sign, 0::bigint as back"
        f" from charge c where {span.of('c')} and c.number is not null"
        " union all select c.charge_id, c.recorded_at, null, -1, 0"
        f" from charge_void v join charge c using (charge_id) where {span.of('v', 'c')}"
        " union all select c.charge_id, c.recorded_at, b.charge_line, 0, b.net_minor from sale_return r"
        f" join return_line b using (return_id) join charge c on c.charge_id = b.charge_id where {span.of('r')})"
        " select e.owed,"
        " case when e.owed = 'tip' then coalesce(nullif(e.performer, ''), e.seller) else '' end as staff,"
        " sum(s.sign * l.net_minor - s.back)::bigint as net_minor"
        " from s join charge_line_extra e on e.charge_id = s.charge_id and (s.line is null or s.line = e.line)"
        " join charge_line l on l.charge_id = e.charge_id and l.line = e.line and l.recorded_at = s.recorded_at"
        " where e.owed <> 'none' group by 1, 2 having sum(s.sign * l.net_minor - s.back) <> 0 order by 1, 2",
        *span.parameters,
    )
    return [Owed(*row) for row in rows]
