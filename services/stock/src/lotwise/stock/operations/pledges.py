"""The only home of units promised to a charge before it is recorded, and handed out with it (STK-19).

The desk names the serials while the bill is open; the charge takes the lots of these units and hands them out when
stock hears of it. Units are locked before effects, lots and levels.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from lotwise.contracts.envelope import Event
from lotwise.contracts.sales import SaleRecorded
from lotwise.kit.database import Tx
from lotwise.kit.inbox import Message
from lotwise.kit.outbox import tell
from lotwise.stock.domain.allocations import is_usable
from lotwise.stock.domain.places import Product, Site
from lotwise.stock.domain.refusals import LotIsExpired, SerialExists, SerialMove, UnknownProduct, UnknownSite
from lotwise.stock.domain.serials import HERE, IN_STOCK, SOLD, repeated
from lotwise.stock.operations.serials import elsewhere, no_serials, refuse_recalled_unit
from lotwise.stock.operations.whereabouts import place
from lotwise.stock.repository import serials as rows
from lotwise.stock.repository.definitions import products_of, sites_of
from lotwise.stock.repository.lots import lots_of
from lotwise.stock.repository.pledges import Pledge, Promise, add_pledges, end_pledges, pledges_of
from lotwise.stock.repository.recalls import name_lots
from lotwise.stock.repository.serials import Draft, Step
from lotwise.stock.repository.traces import lots_of_charges
from lotwise.values import site_day

KEPT = timedelta(minutes=30)
"""How long a promised unit is kept from other charges; the charge itself may come later."""


async def pledge(
    tx: Tx, charge_id: UUID, site: str, wanted: Mapping[UUID, Sequence[str]], actor: str
) -> list[tuple[UUID, str, UUID | None]]:
    """Promise units to a charge: (product, number, its lot). Naming them anew replaces what it was promised before.

    A number that nobody knows is promised too when units without a name lie here: it is named when it leaves. Raises
    UnknownSite, UnknownProduct, SerialsDiffer, SerialExists, SerialMove, LotIsRecalled or LotIsExpired.
    """
    now = datetime.now(UTC)
    here = (await sites_of(tx, [site])).get(site)
    if here is None:
        raise UnknownSite("No site has this name", field="site", site=site)
    products = await products_of(tx, wanted)
    for product_id, numbers in wanted.items():
        _must_be_named(products.get(product_id), product_id, numbers)
    keys = {(product_id, number) for product_id, numbers in wanted.items() for number in numbers}
    known = {(row["product_id"], row["number"]): row for row in await rows.known_serials(tx, keys, lock=True)}
    lots = await lots_of(tx, {row["lot_id"] for row in known.values() if row["lot_id"]})
    for row in known.values():
        _must_be_free(row, here)
        lot = lots.get(row["lot_id"])
        if lot is not None and not is_usable(lot.expires_on, site_day(now, here.zone)):
            raise LotIsExpired(
                f"Serial {row['number']} expired on {lot.expires_on}",
                field="serials", serial=row["number"], expires_on=str(lot.expires_on), ways_out=("take another unit",),
            )  # fmt: skip
    await refuse_recalled_unit(tx, known.values(), lots.values())
    for product_id in {key[0] for key in keys - known.keys()}:
        strange = sorted(number for product, number in keys - known.keys() if product == product_id)
        await _must_be_nameless(tx, products[product_id], site, strange)
    mine = await add_pledges(tx, Promise(charge_id, site, actor, now, now + KEPT), keys)
    gone = keys - mine
    if gone:
        _, number = min(gone, key=str)
        raise SerialMove(
            f"Serial {number} is on another bill",
            field="serials", serial=number, ways_out=("take another unit", "ask who is charging it"),
        )  # fmt: skip
    return [(*key, known[key]["lot_id"] if key in known else None) for key in sorted(keys)]


def _must_be_named(product: Product | None, product_id: UUID, numbers: Sequence[str]) -> None:
    if product is None:
        raise UnknownProduct("No product has this id", field="product_id", product_id=str(product_id))
    if not product.is_serialised and numbers:
        raise no_serials(product)
    twice = repeated(numbers)
    if twice is not None:
        raise SerialExists(f"Serial {twice} is named twice", field="serials", serial=twice)


def _must_be_free(row: Any, site: Site) -> None:
    if row["state"] != IN_STOCK or row["site"] != site.slug:
        raise elsewhere(row, f"It cannot be handed out at {site.slug}")


async def _must_be_nameless(tx: Tx, product: Product, site: str, numbers: Sequence[str]) -> None:
    """Pass when as many units without a serial lie here as unknown numbers are named. Raises SerialMove."""
    free = await rows.nameless(tx, site, product.id)
    if len(numbers) > free:
        raise SerialMove(
            f"Serial {numbers[0]} of {product.name} is not known, and every unit here has another one",
            field="serials",
            serial=numbers[0],
            site=site,
            unnamed=free,
            ways_out=("read the number again", "choose one from the list", "receive the unit first"),
        )


@dataclass(slots=True)
class Pledged:
    """The promises of a batch of charges, and what of them was handed out."""

    units: dict[tuple[UUID, UUID], list[Pledge]] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    were: dict[UUID, Any] = field(default_factory=dict)

    def lots(self, charge_id: UUID, product: Product, site: str, quantity: int) -> list[tuple[UUID, int]]:
        """The lots of the promised units that are in stock here: (lot, smallest units), no more than the quantity."""
        one = 10**product.decimals
        mine = self.units.get((charge_id, product.id), [])[: quantity // one]
        here = Counter(unit.lot_id for unit in mine if unit.lot_id and unit.site == site and unit.state == IN_STOCK)
        return [(lot_id, count * one) for lot_id, count in here.items()]


async def promised(tx: Tx, messages: Sequence[Message[SaleRecorded]], products: Collection[Product]) -> Pledged:
    """What these charges were promised, its units locked; nothing is asked when no product of theirs has serials."""
    if not any(product.is_serialised for product in products):
        return Pledged()
    found: dict[tuple[UUID, UUID], list[Pledge]] = defaultdict(list)
    pledges = await pledges_of(tx, {one.event.charge_id for one in messages})
    if not pledges:
        return Pledged()
    locked = await rows.known_serials(tx, {(one.product_id, one.number) for one in pledges}, lock=True)
    units = {(row["product_id"], row["number"]): row for row in locked}
    for one in pledges:
        row = units.get((one.product_id, one.number))
        now = one if row is None else one._replace(lot_id=row["lot_id"], site=row["site"], state=row["state"])
        found[one.charge_id, one.product_id].append(now)
    return Pledged(dict(found), were={row["id"]: row for row in locked})


async def hand_over(tx: Tx, pledged: Pledged, messages: Sequence[Message[SaleRecorded]]) -> None:
    """Hand out what these recorded charges were promised: a fact is never refused, a unit that went elsewhere stays.

    The units that a charge takes and that nobody named, or that are elsewhere by now, wait for their name.
    """
    events = {one.event.charge_id: one.event for one in messages}
    now = datetime.now(UTC)
    mine = [one for many in pledged.units.values() for one in many if one.charge_id in events]
    if not mine:
        return
    new = [one for one in mine if one.serial_id is None]
    took = await lots_of_charges(tx, {one.charge_id for one in new}) if new else []
    lots = {(row["cause_id"], row["product_id"]): row["lot_id"] for row in took if row["lot_id"]}
    drafts = [
        Draft(
            one.product_id, one.number, lots.get((one.charge_id, one.product_id)), events[one.charge_id].site,
            IN_STOCK, "", None, 0, 0, events[one.charge_id].happened_at.date(), None, "",
        )
        for one in new
    ]  # fmt: skip
    sites = {(one.product_id, one.number): events[one.charge_id].site for one in new}
    for row in await rows.add_serials(tx, drafts, "stock", now):
        pledged.were[row["id"]] = {**row, "site": sites[row["product_id"], row["number"]]}
    named = {(row["product_id"], row["number"]): key for key, row in pledged.were.items()}
    steps = []
    for one in mine:
        key, event = named.get((one.product_id, one.number)), events[one.charge_id]
        if key is None or (one.serial_id and (one.state not in HERE or one.site != event.site)):
            continue
        steps.append(
            Step(key, "sold", SOLD, event.site, "", one.charge_id, "", one.actor, event.happened_at, one.charge_id)
        )
    told: list[Event] = await place(tx, steps, pledged.were)
    await name_lots(tx, [(one.charge_id, 0, one.lot_id) for one in mine if one.lot_id])
    await end_pledges(tx, events)
    await tell(tx, *told)
