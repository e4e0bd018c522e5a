"""The only home of the second person: a deed that waits is confirmed, declined, or its time runs out (N-22)."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from lotwise.kit import audit
from lotwise.kit.database import Tx
from lotwise.kit.principal import Principal
from lotwise.stock.domain.places import Product
from lotwise.stock.domain.refusals import NotPending, SameWitness, UnknownDeed, UseByPassed
from lotwise.stock.domain.transfers import RECEIVED
from lotwise.stock.operations import journeys
from lotwise.stock.operations.adjustments import PENDING, POSTED, Adjusted, Adjustment, adjust
from lotwise.stock.operations.arrivals import Counted, explain
from lotwise.stock.operations.containers import discard_container
from lotwise.stock.operations.waiting import CLOCK
from lotwise.stock.repository.adjustments import decide, expire_pending, lock_adjustment
from lotwise.stock.repository.definitions import products_of
from lotwise.stock.repository.transfers import state_of
from lotwise.values import Refusal, format_quantity

WITNESS = "stock.witness"
DECLINED = "declined"


async def _waiting(tx: Tx, adjustment_id: UUID, who: Principal, now: datetime) -> Any:
    """The deed under its lock. Raises UnknownDeed, Forbidden, SameWitness or NotPending."""
    row = await lock_adjustment(tx, adjustment_id)
    if row is None:
        raise UnknownDeed("No adjustment has this id", adjustment_id=str(adjustment_id))
    who.at(WITNESS, row["site"])
    if row["actor"] == who.actor:
        raise SameWitness("Whoever did the deed cannot witness it", ways_out=("ask somebody who saw it",))
    if row["state"] != PENDING or (row["expires_at"] is not None and row["expires_at"] <= now):
        state = "expired" if row["state"] == PENDING else row["state"]
        raise NotPending(f"It is {state}", state=state, ways_out=("enter it again",) if state != POSTED else ())
    return row


async def confirm(tx: Tx, adjustment_id: UUID, who: Principal, note: str, exponent: int) -> Adjusted:
    """Do what waited, as it was entered, with both names.

    Raises what `_waiting` raises, NotEnoughInLot, NotEnoughLeft when a container holds another quantity by now,
    NotOnItsWay when the goods of a transfer came after all.
    """
    now = datetime.now(UTC)
    row = await _waiting(tx, adjustment_id, who, now)
    product = (await products_of(tx, [row["product_id"]]))[row["product_id"]]
    if row["container_id"] or row["transfer_id"]:
        cost = await _confirm_part(tx, row, product, exponent)
        await decide(tx, adjustment_id, POSTED, cost, who.actor, now, note)
        return _part_done(row, product, cost, who.actor)
    wanted = Adjustment(
        adjustment_id, row["site"], row["product_id"], format_quantity(row["quantity"], product.decimals),
        row["reason"], row["note"], row["lot_id"], row["area"], row["happened_at"], row["actor"], row["trace_id"],
        who.actor, damage_id=row["damage_id"], serials=tuple(row["serials"]),
    )  # fmt: skip
    outcome = (await adjust(tx, [wanted], exponent))[0]
    if isinstance(outcome, Refusal):
        raise outcome
    await decide(tx, adjustment_id, POSTED, outcome.cost_minor, who.actor, now, note)
    return outcome


async def _confirm_part(tx: Tx, row: Any, product: Product, exponent: int) -> int:
    """Discard the container, or explain what the transfer did not bring; returns the signed cost that moved."""
    quantity, at, actor = -row["quantity"], row["happened_at"], row["actor"]
    if row["container_id"]:
        done = await discard_container(
            tx, row["container_id"], row["reason"], row["note"], at, actor, exponent, row["trace_id"], quantity
        )
        return -done.cost if done else 0
    units = await journeys.carried(tx, row["transfer_id"])
    text = format_quantity(quantity, product.decimals)
    counted = Counted(product.id, row["lot_id"], text, row["reason"], row["note"])
    lost = await explain(tx, row["transfer_id"], [counted], at, actor, exponent, is_witnessed=True)
    if units and (await state_of(tx, row["transfer_id"])) == RECEIVED:
        stop = journeys.Stop(row["transfer_id"], row["site"], actor, at)
        await journeys.get_off(tx, units, (), stop, is_closed=True)
    return -sum(one.cost_minor for one in lost)


def _part_done(row: Any, product: Product, cost: int, witness: str) -> Adjusted:
    text = format_quantity(row["quantity"], product.decimals)
    wanted = Adjustment(
        row["id"], row["site"], product.id, text, row["reason"], row["note"], row["lot_id"], row["area"],
        row["happened_at"], row["actor"], row["trace_id"], witness,
    )  # fmt: skip
    return Adjusted(wanted, text, cost, ())


async def decline(tx: Tx, adjustment_id: UUID, who: Principal, note: str) -> str:
    """Say that it was not so: nothing moves. Returns its site; raises what `_waiting` raises.

    Raises UseByPassed for a deed of the clock: that a vial is over is so, whoever says otherwise.
    """
    now = datetime.now(UTC)
    row = await _waiting(tx, adjustment_id, who, now)
    if row["container_id"] and row["actor"] == CLOCK:
        raise UseByPassed(
            "The vial is over: what is left of it can only be thrown away",
            use_by=row["happened_at"].isoformat(),
            ways_out=("record what was drawn before its use-by", "witness what is thrown away"),
        )
    await decide(tx, adjustment_id, DECLINED, row["cost_minor"], who.actor, now, note)
    return str(row["site"])


async def expire_deeds(tx: Tx, now: datetime, limit: int) -> int:
    """Close deeds that nobody witnessed in time, each with its row in the audit trail; returns how many."""
    closed = await expire_pending(tx, now, limit)
    entries = [
        audit.Entry(
            "service:stock", WITNESS, "expire adjustment", row["site"], str(row["id"]),
            {"entered_by": row["actor"], "reason": row["reason"]}, "nobody witnessed it in time",
        )
        for row in closed
    ]  # fmt: skip
    if entries:
        await audit.record(tx, *entries)
    return len(entries)
