"""Use cases of the price-setting tool: look at new prices, set them, take a run back (CAT-58)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from lotwise.catalog.domain import price_runs
from lotwise.catalog.domain.periods import Plan
from lotwise.catalog.domain.price_rules import Rule
from lotwise.catalog.domain.price_runs import Place, Row, Run
from lotwise.catalog.domain.prices import Price
from lotwise.catalog.domain.refusals import NothingToPrice, RunUndone, TooManyProducts
from lotwise.catalog.operations import sites, telling
from lotwise.catalog.repository import changes, locking
from lotwise.catalog.repository import price_runs as rows
from lotwise.catalog.repository import prices as price_rows
from lotwise.catalog.repository.changes import Change
from lotwise.catalog.repository.products import Filter
from lotwise.contracts.ids import uuid7
from lotwise.kit.database import Tx
from lotwise.kit.outbox import tell
from lotwise.values import BadValue, Unknown

PRODUCTS_MAX = 20_000


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants to price: by which rule, which list, from when (None: now), which products."""

    rule: Rule
    at_site: str | None
    audience: str
    begins: datetime | None
    filter: Filter
    product_ids: Sequence[UUID] | None
    minor_exponent: int


@dataclass(frozen=True, slots=True)
class Undone:
    """What undoing a run did: the codes whose price came back, and those that somebody changed since."""

    run: Run
    restored: tuple[str, ...]
    skipped: tuple[str, ...]


async def preview(tx: Tx, asked: Asked) -> list[Row]:
    """What the rule would do to each product; nothing is stored. Raises Unknown, BadValue, TooManyProducts."""
    if asked.at_site is not None:
        await sites.load(tx, asked.at_site)
    now = await price_rows.moment(tx)
    if asked.begins is not None and asked.begins < now:
        raise BadValue("Prices of the past stay as they were; begin now or later.", field="effective_from")
    found = await rows.candidates(tx, asked.filter, asked.product_ids, PRODUCTS_MAX + 1)
    if len(found) > PRODUCTS_MAX:
        raise TooManyProducts(
            f"One run prices at most {PRODUCTS_MAX} products.",
            ways_out=("narrow the list by category, kind or supplier",),
            products_max=PRODUCTS_MAX,
        )
    known = await price_rows.of_products(tx, [one.product_id for one in found])
    place = Place(asked.at_site, asked.audience, asked.begins or now)
    return [
        price_runs.priced(one, known[one.product_id], asked.rule, place, now, (uuid7(), uuid7()), asked.minor_exponent)
        for one in found
    ]


async def save(tx: Tx, asked: Asked, chosen: dict[str, Any], who: str) -> tuple[Run, list[Row]]:
    """Set the prices that a preview shows, as one run that can be undone. Raises as preview, and NothingToPrice."""
    await locking.definitions(tx)
    found = await preview(tx, asked)
    priced = [row for row in found if row.now is not None]
    if not priced:
        raise NothingToPrice(
            "None of these prices would change.",
            ways_out=("choose other products or another rule",),
            products=len(found),
        )
    now = await price_rows.moment(tx)
    run = Run(
        uuid7(), asked.rule, asked.at_site, asked.audience, asked.begins or now, chosen, who, now, len(priced),
        len(found) - len(priced),
    )  # fmt: skip
    await rows.store(tx, run, priced)
    await _store(tx, [row.plan for row in priced], run, who)
    return run, found


async def load(tx: Tx, run_id: UUID, *, is_locked: bool = False) -> Run:
    """The run. Raises Unknown."""
    run = await rows.find(tx, run_id, is_locked=is_locked)
    if run is None:
        raise Unknown(f"There is no run {run_id}.")
    return run


async def undo(tx: Tx, run_id: UUID, who: str) -> Undone:
    """Take back the prices of a run that nobody changed since; those changed stay and are named.

    Raises Unknown, RunUndone.
    """
    await locking.definitions(tx)
    run = await load(tx, run_id, is_locked=True)
    if run.undone_at is not None:
        raise RunUndone(f"{run.undone_by} undid this run already.", undone_at=run.undone_at.isoformat())
    now = await price_rows.moment(tx)
    kept = await rows.prices_of(tx, run_id)
    known = await price_rows.of_products(tx, [row["product_id"] for row in kept])
    place = Place(run.at_site, run.audience, run.begins)
    plans = {
        row["product_id"]: price_runs.undone(
            known[row["product_id"]], (row["price_id"], row["now"], row["was_own"]), place, now, (uuid7(), uuid7())
        )
        for row in kept
    }
    done = {product_id: plan for product_id, plan in plans.items() if plan is not None}
    await rows.mark_undone(tx, run_id, who, now, list(done))
    await _store(tx, list(done.values()), run, who)
    restored = tuple(row["code"] for row in kept if row["product_id"] in done)
    skipped = tuple(row["code"] for row in kept if row["product_id"] not in done)
    return Undone(await load(tx, run_id), restored, skipped)


async def _store(tx: Tx, plans: Sequence[Plan[Price]], run: Run, who: str) -> None:
    await price_rows.apply(tx, plans)
    told = [price for plan in plans for price in (*plan.changed, *plan.new)]
    await changes.keep(
        tx, [Change(f"product:{row.product_id}", "price", {"price_run": run.id}, row) for row in told], who
    )
    await tell(tx, *(telling.price_changed(row) for row in told))
