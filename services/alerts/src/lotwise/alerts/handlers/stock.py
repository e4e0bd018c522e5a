"""What alerts hear from stock: every event is a word about one or two things, wrong or over."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from lotwise.alerts.domain import signals as kinds
from lotwise.alerts.domain.signals import Signal, Thing
from lotwise.alerts.operations import signals
from lotwise.contracts.stock import (
    CountOverdue,
    CountPosted,
    Crossing,
    HoldBroken,
    LotEvent,
    LotExpired,
    LotExpiring,
    LotQuarantined,
    LotRecalled,
    LotReleased,
    MaintenanceDue,
    MaintenanceRecorded,
    SerialEvent,
    SerialMoved,
    ShortageRecorded,
    StockBelowMin,
    StockOut,
    StockReceived,
    StockRestored,
    TransferCancelled,
    TransferOverdue,
    TransferReceived,
    WarrantyChanged,
    WarrantyEnding,
)
from lotwise.kit.database import Tx
from lotwise.kit.inbox import Message

GONE = frozenset({"sold", "scrapped", "returned", "lost", "in_transit"})
"""The states of a unit that nobody at its old site maintains any more."""

Heard = list[tuple[Signal, Message[Any]]]


def _crossed(kind: str, message: Message[Any], *, is_over: bool = False) -> tuple[Signal, Message[Any]]:
    event: Crossing = message.event
    facts = {
        "on_hand": event.on_hand, "minimum": event.minimum, "reorder_at": event.reorder_at,
        "shortage_id": str(event.shortage_id), "requested": event.requested,
    }  # fmt: skip
    thing = Thing(kind, event.site, event.product_id)
    past = kinds.is_history(kind, event.minimum, event.happened_at, message.published_at)
    return Signal(thing, message.id, event.happened_at, is_over, event.product_id, facts, past), message


def _lot(kind: str, message: Message[Any], *, is_over: bool = False) -> tuple[Signal, Message[Any]]:
    event: LotEvent = message.event
    facts: dict[str, Any] = {
        "lot_number": event.lot_number, "expires_on": event.expires_on and event.expires_on.isoformat(),
        "quantity": event.quantity, "cost_minor": event.cost_minor, "reason": event.reason,
    }  # fmt: skip
    if isinstance(event, LotExpiring):
        facts["days_left"] = event.days_left
    if isinstance(event, LotRecalled) and event.serials:
        facts["serials"] = ", ".join(event.serials)
    thing = Thing(kind, event.site, event.lot_id)
    return Signal(thing, message.id, event.happened_at, is_over, event.product_id, facts), message


def _goods_came(message: Message[Any], products: Sequence[UUID]) -> Heard:
    event = message.event
    return [
        (Signal(Thing(kind, event.site, product), message.id, event.happened_at, True, product), message)
        for product in dict.fromkeys(products)
        for kind in (kinds.STOCK_OUT, kinds.SHORTAGE)
    ]


async def on_below_minimum(tx: Tx, messages: Sequence[Message[StockBelowMin]]) -> None:
    """One alert a product and site, however often it is told."""
    await signals.apply(tx, [_crossed(kinds.BELOW_MINIMUM, message) for message in messages])


async def on_stock_out(tx: Tx, messages: Sequence[Message[StockOut]]) -> None:
    """Nothing usable is left; what ran out long ago without a minimum joins the one alert of its site's past."""
    await signals.apply(tx, [_crossed(kinds.STOCK_OUT, message) for message in messages])


async def on_restored(tx: Tx, messages: Sequence[Message[StockRestored]]) -> None:
    """The shortage is over: both of its alerts clear by themselves."""
    both = (kinds.BELOW_MINIMUM, kinds.STOCK_OUT)
    await signals.apply(tx, [_crossed(kind, message, is_over=True) for message in messages for kind in both])


async def on_received(tx: Tx, messages: Sequence[Message[StockReceived]]) -> None:
    """Goods came: the product is not out any more, whatever its minimum says."""
    await signals.apply(tx, [one for message in messages for one in _goods_came(message, [message.event.product_id])])


async def on_transfers(tx: Tx, messages: Sequence[Message[TransferReceived]]) -> None:
    """Goods came from another site; with the last of them, or the last word on them, a late transfer is over."""
    heard: Heard = []
    for message in messages:
        heard += _goods_came(message, [taken.product_id for taken in message.event.taken])
        if message.event.is_closed:
            heard.append(_late(message, is_over=True))
    await signals.apply(tx, heard)


def _late(message: Message[Any], *, is_over: bool) -> tuple[Signal, Message[Any]]:
    event = message.event
    facts = {"from_site": event.from_site, "to_site": event.to_site, "days": getattr(event, "days", None)}
    thing = Thing(kinds.TRANSFER_OVERDUE, event.to_site, event.transfer_id)
    return Signal(thing, message.id, event.happened_at, is_over, None, facts), message


async def on_transfers_overdue(tx: Tx, messages: Sequence[Message[TransferOverdue]]) -> None:
    """A transfer is on its way for too long (N-25)."""
    await signals.apply(tx, [_late(message, is_over=False) for message in messages])


async def on_transfers_cancelled(tx: Tx, messages: Sequence[Message[TransferCancelled]]) -> None:
    """A transfer was called off: nothing of it is on its way any more."""
    await signals.apply(tx, [_late(message, is_over=True) for message in messages])


async def on_shortages(tx: Tx, messages: Sequence[Message[ShortageRecorded]]) -> None:
    """A sale took more than the lots had."""
    heard: Heard = []
    for message in messages:
        event = message.event
        facts = {"quantity": event.quantity, "charge_id": str(event.charge_id)}
        thing = Thing(kinds.SHORTAGE, event.site, event.product_id)
        heard.append((Signal(thing, message.id, event.happened_at, False, event.product_id, facts), message))
    await signals.apply(tx, heard)


async def on_expiring(tx: Tx, messages: Sequence[Message[LotExpiring]]) -> None:
    """A lot comes near its expiry: one alert, told again at each threshold."""
    await signals.apply(tx, [_lot(kinds.LOT_EXPIRING, message) for message in messages])


async def on_expired(tx: Tx, messages: Sequence[Message[LotExpired]]) -> None:
    """A lot expired: the warning is over, the fact stands."""
    await signals.apply(tx, [_lot(kinds.LOT_EXPIRED, message) for message in messages])
    await signals.apply(tx, [_lot(kinds.LOT_EXPIRING, message, is_over=True) for message in messages])


async def on_quarantined(tx: Tx, messages: Sequence[Message[LotQuarantined]]) -> None:
    """A lot was set apart."""
    await signals.apply(tx, [_lot(kinds.LOT_QUARANTINED, message) for message in messages])


async def on_recalled(tx: Tx, messages: Sequence[Message[LotRecalled]]) -> None:
    """A recall blocked a lot: one alert at every site that held it, whether or not anything is left (ALR-05)."""
    await signals.apply(tx, [_lot(kinds.LOT_RECALLED, message) for message in messages])


async def on_released(tx: Tx, messages: Sequence[Message[LotReleased]]) -> None:
    """A lot may be used again, or nothing of it is left at the site."""
    ended = (kinds.LOT_QUARANTINED, kinds.LOT_EXPIRED, kinds.LOT_RECALLED)
    await signals.apply(tx, [_lot(kind, message, is_over=True) for message in messages for kind in ended])


async def on_holds_broken(tx: Tx, messages: Sequence[Message[HoldBroken]]) -> None:
    """A promise to a charge cannot be kept."""
    heard: Heard = []
    for message in messages:
        event = message.event
        facts = {"quantity": event.quantity, "reason": event.reason, "hold_id": str(event.hold_id)}
        thing = Thing(kinds.HOLD_BROKEN, event.site, event.hold_id)
        heard.append((Signal(thing, message.id, message.published_at, False, event.product_id, facts), message))
    await signals.apply(tx, heard)


async def on_counts_overdue(tx: Tx, messages: Sequence[Message[CountOverdue]]) -> None:
    """A planned count was not held in time: one alert a plan (STK-45)."""
    heard: Heard = []
    for message in messages:
        event = message.event
        facts = {"name": event.name, "due_on": event.due_on.isoformat()}
        thing = Thing(kinds.COUNT_OVERDUE, event.site, event.plan_id)
        heard.append((Signal(thing, message.id, event.happened_at, False, None, facts), message))
    await signals.apply(tx, heard)


async def on_counts_posted(tx: Tx, messages: Sequence[Message[CountPosted]]) -> None:
    """The planned count was held: its alert is over."""
    heard: Heard = []
    for message in messages:
        event = message.event
        if event.plan_id is not None:
            thing = Thing(kinds.COUNT_OVERDUE, event.site, event.plan_id)
            heard.append((Signal(thing, message.id, event.happened_at, is_over=True), message))
    await signals.apply(tx, heard)


def _serial(kind: str, message: Message[Any], *, is_over: bool = False) -> tuple[Signal, Message[Any]]:
    event: SerialEvent = message.event
    facts = {"serial": event.serial, "due_on": event.due_on.isoformat(), "work": getattr(event, "work", "")}
    thing = Thing(kind, event.site, event.serial_id)
    return Signal(thing, message.id, event.happened_at, is_over, event.product_id, facts), message


async def on_maintenance_due(tx: Tx, messages: Sequence[Message[MaintenanceDue]]) -> None:
    """Maintenance of a device is due: one alert a unit (ALR-08)."""
    await signals.apply(tx, [_serial(kinds.MAINTENANCE_DUE, message) for message in messages])


async def on_maintained(tx: Tx, messages: Sequence[Message[MaintenanceRecorded]]) -> None:
    """The work was recorded, or planned anew: the alert is over."""
    await signals.apply(tx, [_serial(kinds.MAINTENANCE_DUE, message, is_over=True) for message in messages])


async def on_warranties_ending(tx: Tx, messages: Sequence[Message[WarrantyEnding]]) -> None:
    """A warranty ends soon: claims come before its end (ALR-08)."""
    await signals.apply(tx, [_serial(kinds.WARRANTY_ENDING, message) for message in messages])


async def on_warranties_changed(tx: Tx, messages: Sequence[Message[WarrantyChanged]]) -> None:
    """The warranty was extended or corrected: the alert is over."""
    await signals.apply(tx, [_serial(kinds.WARRANTY_ENDING, message, is_over=True) for message in messages])


async def on_serials_moved(tx: Tx, messages: Sequence[Message[SerialMoved]]) -> None:
    """A unit that is gone, or at another site, alerts nobody where it was."""
    heard: Heard = []
    for message in messages:
        event = message.event
        if event.state not in GONE and event.at_site == event.site:
            continue
        for kind in (kinds.MAINTENANCE_DUE, kinds.WARRANTY_ENDING):
            thing = Thing(kind, event.site, event.serial_id)
            heard.append((Signal(thing, message.id, event.happened_at, is_over=True), message))
    await signals.apply(tx, heard)
