"""The only home of the managed reasons and the witness rules in SQL; what a chain did not touch is as the code says."""

from collections.abc import Collection, Sequence

from lotwise.kit.database import Tx
from lotwise.stock.domain.reasons import SEED, Reason
from lotwise.stock.domain.witness import CHAIN, Rule

REASONS_MAX = 200
_SAVE = """
insert into reason (code, name, account, needs_note, needs_witness, is_archived, revision)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict (code) do update set name = excluded.name, needs_note = excluded.needs_note,
    needs_witness = excluded.needs_witness, is_archived = excluded.is_archived, revision = excluded.revision
"""
_SAVE_RULE = """
insert into witness_rule (scope, above_minor, classes, hours, revision) values ($1, $2, $3, $4, $5)
on conflict (scope) do update set above_minor = excluded.above_minor, classes = excluded.classes,
    hours = excluded.hours, revision = excluded.revision
"""


async def all_reasons(tx: Tx) -> dict[str, Reason]:
    """Every reason by code: those every chain begins with, as the chain has edited them, and its own."""
    rows = await tx.fetch(
        "select code, name, account, needs_note, needs_witness, is_archived, revision from reason order by code"
    )
    return {**SEED, **{row[0]: Reason(*row) for row in rows}}


async def lock_reasons(tx: Tx) -> None:
    """Let one person at a time edit the list."""
    await tx.execute("select pg_advisory_xact_lock(hashtext('reason'))")


async def save_reason(tx: Tx, reason: Reason) -> None:
    """Keep a reason as it is given."""
    await tx.execute(_SAVE, *reason)


async def rules_of(tx: Tx, sites: Collection[str] | None = None) -> dict[str, Rule]:
    """The witness rules of these sites and of the chain, by scope (None: all)."""
    rows = await tx.fetch(
        "select scope, above_minor, classes, hours, revision from witness_rule"
        " where $1::text[] is null or scope = any($1) order by scope",
        None if sites is None else [*sites, CHAIN],
    )
    return {row[0]: Rule(row[1], tuple(row[2]), row[3], row[4]) for row in rows}


async def save_rule(tx: Tx, scope: str, rule: Rule) -> None:
    """Keep a scope's rule as it is given."""
    classes: Sequence[str] = list(rule.classes)
    await tx.execute(_SAVE_RULE, scope, rule.above_minor, classes, rule.hours, rule.revision)
