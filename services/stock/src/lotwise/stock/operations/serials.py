"""The only home of naming units: on receipt, of what lies here, and of what a charge handed out (STK-19, STK-21)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from lotwise.kit.database import Tx
from lotwise.kit.principal import Principal
from lotwise.stock.domain import costs, places
from lotwise.stock.domain.lots import Lot
from lotwise.stock.domain.places import Product, Site
from lotwise.stock.domain.refusals import (
    LotIsRecalled,
    NotEnoughInLot,
    SerialExists,
    SerialMove,
    SerialsDiffer,
    UnknownCharge,
    UnknownLot,
    UnknownProduct,
    UnknownSite,
)
from lotwise.stock.domain.serials import HERE, IN_STOCK, SOLD, repeated
from lotwise.stock.repository import serials as rows
from lotwise.stock.repository.books import open_books
from lotwise.stock.repository.definitions import products_of, sites_of
from lotwise.stock.repository.lots import lots_of
from lotwise.stock.repository.serials import Draft, Step
from lotwise.stock.repository.traces import lots_of_charges
from lotwise.values import Refusal, format_quantity, site_day, spread


class Arriving(NamedTuple):
    """A delivery's units: the numbers named for them; `must_name` when a person stands before the goods."""

    receipt_id: UUID
    line: int
    product: Product
    site: Site
    room: str
    quantity: int
    numbers: Sequence[str]
    must_name: bool
    supplier_id: UUID | None
    happened_at: datetime
    actor: str


class Reserved(NamedTuple):
    """Numbers that are taken for deliveries, which of them are refused, and known numbers that look like theirs."""

    refused: dict[int, Refusal]
    named: dict[int, list[UUID]]
    alike: dict[int, tuple[str, ...]]


def units(quantity: int, product: Product) -> int | None:
    """How many whole units a quantity in smallest units is; None when it is not whole."""
    whole, rest = divmod(quantity, 10**product.decimals)
    return None if rest else whole


async def reserve(tx: Tx, arriving: Mapping[int, Arriving], now: datetime) -> Reserved:
    """Take the numbers of deliveries, each of them whole or not at all; a repeated receipt keeps its own.

    Two receipts with one number at once: the second waits for the first and is refused. Refusals: SerialsDiffer,
    SerialExists.
    """
    refused: dict[int, Refusal] = {}
    drafts: dict[tuple[UUID, str], tuple[int, Draft]] = {}
    for index, one in arriving.items():
        no = _misfit(one) or _taken_before(one, drafts)
        if no is not None:
            refused[index] = no
            continue
        for number in one.numbers:
            drafts.setdefault((one.product.id, number), (index, _draft(one, number)))
    if not drafts:
        return Reserved(refused, {}, {})
    alike = await rows.alike_serials(tx, set(drafts))
    actor = next(iter(arriving.values())).actor
    made = {(row["product_id"], row["number"]): row["id"] for row in await _add(tx, drafts, actor, now)}
    known = {(row["product_id"], row["number"]): row for row in await rows.known_serials(tx, set(drafts) - made.keys())}
    named: dict[int, list[UUID]] = {}
    for key, (index, draft) in drafts.items():
        row = known.get(key)
        if key in made:
            named.setdefault(index, []).append(made[key])
        elif row is not None and (row["receipt_id"], row["receipt_line"]) != (draft.receipt_id, draft.receipt_line):
            refused.setdefault(index, taken_number(row, arriving[index].product))
    await rows.unname(tx, [one for index in refused for one in named.pop(index, [])])
    looks = {i: tuple(n for key in drafts if drafts[key][0] == i for n in alike.get(key, ())) for i in named}
    return Reserved(refused, named, looks)


async def _add(
    tx: Tx, drafts: Mapping[tuple[UUID, str], tuple[int, Draft]], actor: str, now: datetime
) -> list[asyncpg.Record]:
    return await rows.add_serials(tx, [draft for _, draft in drafts.values()], actor, now)


def _misfit(one: Arriving) -> Refusal | None:
    """The no to numbers that do not fit their quantity, or None."""
    if not one.product.is_serialised:
        return no_serials(one.product) if one.numbers else None
    if not one.numbers and not one.must_name:
        return None
    twice = repeated(one.numbers)
    if twice is not None:
        return SerialExists(f"Serial {twice} is named twice", field="serials", serial=twice)
    wanted = units(one.quantity, one.product)
    if wanted != len(one.numbers):
        text = format_quantity(one.quantity, one.product.decimals)
        return SerialsDiffer(
            f"{text} {one.product.unit} of {one.product.name} arrive, {len(one.numbers)} serial numbers are named",
            field="serials",
            wanted=text,
            named=len(one.numbers),
            ways_out=("scan the serial of each unit", "receive as many as are named"),
        )
    return None


def no_serials(product: Product) -> SerialsDiffer:
    """The no to naming units of a product that has no serials."""
    return SerialsDiffer(
        f"{product.name} has no serial numbers",
        field="serials",
        ways_out=("leave them out", "turn serial numbers on in the product"),
    )


def _taken_before(one: Arriving, drafts: Mapping[tuple[UUID, str], tuple[int, Draft]]) -> Refusal | None:
    """The no to a number that another delivery of this request names already, or None."""
    for number in one.numbers:
        found = drafts.get((one.product.id, number))
        if found is not None and (found[1].receipt_id, found[1].receipt_line) != (one.receipt_id, one.line):
            return SerialExists(f"Serial {number} is named twice", field="serials", serial=number)
    return None


def taken_number(row: Any, product: Product) -> SerialExists:
    """The no to a number that is known, with where its unit is."""
    return SerialExists(
        f"Serial {row['number']} of {product.name} is known: {row['state'].replace('_', ' ')} at {row['site']}",
        field="serials",
        serial=row["number"],
        serial_id=str(row["id"]),
        state=row["state"],
        site=row["site"],
        ways_out=("read the number again", "look at that unit", "bring it back if it is the same unit"),
    )


def _draft(one: Arriving, number: str) -> Draft:
    return Draft(
        one.product.id, number, None, one.site.slug, IN_STOCK, one.room, one.receipt_id, one.line, 0,
        site_day(one.happened_at, one.site.zone), one.supplier_id, "",
    )  # fmt: skip


async def settle(tx: Tx, received: Sequence[tuple[Arriving, list[UUID], Lot, int]], now: datetime) -> None:
    """Give units that arrived their lot, their share of the cost, and the first step of their story."""
    shares = [
        (serial_id, lot.id, cost)
        for _, named, lot, total in received
        for serial_id, cost in zip(named, spread(total, [1] * len(named)), strict=True)
    ]
    await rows.settle_receipt(tx, shares)
    steps = [
        Step(serial_id, "received", IN_STOCK, one.site.slug, one.room, one.receipt_id, "", one.actor, one.happened_at)
        for one, named, _, _ in received
        for serial_id in named
    ]
    await rows.place(tx, steps, now)


class Naming(NamedTuple):
    """Units to be named at a site: of a lot that lies there, or (without a lot) assets from before the books."""

    cause_id: UUID
    site: str
    product_id: UUID
    numbers: Sequence[str]
    lot_id: UUID | None
    state: str
    room: str
    cost_minor: int | None
    acquired_on: date | None
    supplier_id: UUID | None
    note: str
    actor: str


async def register(tx: Tx, one: Naming, exponent: int) -> list[UUID]:
    """Name units; of a lot no more than lie there without a name. Named before with the same cause, they are repeated.

    Raises UnknownSite, UnknownProduct, UnknownLot, SerialsDiffer, SerialExists, NotEnoughInLot, and SerialMove when a
    unit of a lot is to begin elsewhere than in stock: it is named first and then moved.
    """
    sites, products = await sites_of(tx, [one.site]), await products_of(tx, [one.product_id])
    if one.site not in sites:
        raise UnknownSite("No site has this name", field="site", site=one.site)
    product = products.get(one.product_id)
    if product is None:
        raise UnknownProduct("No product has this id", field="product_id", product_id=str(one.product_id))
    if not product.is_serialised:
        raise no_serials(product)
    if one.lot_id is not None and one.state != IN_STOCK:
        raise SerialMove("A unit of the books is named in stock, then moved", field="state", state=one.state)
    twice = repeated(one.numbers)
    if twice is not None:
        raise SerialExists(f"Serial {twice} is named twice", field="serials", serial=twice)
    now = datetime.now(UTC)
    day = one.acquired_on or site_day(now, sites[one.site].zone)
    drafts = [
        Draft(
            product.id, number, one.lot_id, one.site, one.state, one.room, one.cause_id, 0, one.cost_minor or 0, day,
            one.supplier_id, one.note,
        )
        for number in one.numbers
    ]  # fmt: skip
    made = {row["number"]: row["id"] for row in await rows.add_serials(tx, drafts, one.actor, now)}
    known = await rows.known_serials(tx, {(product.id, number) for number in one.numbers if number not in made})
    strange = next((row for row in known if row["receipt_id"] != one.cause_id), None)
    if strange is not None:
        raise taken_number(strange, product)
    if one.lot_id is not None and made:
        await _of_lot(tx, one, list(made.values()), sites, products, exponent)
    steps = [
        Step(key, "registered", one.state, one.site, one.room, one.cause_id, one.note, one.actor, now)
        for key in made.values()
    ]
    await rows.place(tx, steps, now)
    everyone = made | {row["number"]: row["id"] for row in known}
    return [everyone[number] for number in one.numbers]


async def _of_lot(
    tx: Tx,
    one: Naming,
    made: Sequence[UUID],
    sites: dict[str, Site],
    products: dict[UUID, Product],
    exponent: int,
) -> None:
    """Pass when so many units of the lot lie here without a name, and give them its cost per unit."""
    lot = (await lots_of(tx, [one.lot_id] if one.lot_id else [])).get(one.lot_id) if one.lot_id else None
    product = products[one.product_id]
    if lot is None or lot.product_id != product.id:
        raise UnknownLot("No lot of this product has this id", field="lot_id", lot_id=str(one.lot_id))
    books = await open_books(tx, [(one.site, product.id)], sites, products, datetime.now(UTC), exponent)
    cell = books.cells[one.site, product.id]
    here = cell.of_lot(lot.id, places.SHELF, places.BACK_BAR, places.QUARANTINE, places.TRANSIT)
    there = sum(balance.on_hand for balance in here) // 10**product.decimals
    named = await rows.named_in_lot(tx, one.site, lot.id)
    if named > there:
        raise NotEnoughInLot(
            f"{there} units of this lot are here, {named - len(made)} of them have their serial",
            field="serials",
            on_hand=str(there),
            named=named - len(made),
            ways_out=("receive the others first", "choose their lot"),
        )
    total, lying = sum(balance.cost for balance in here), sum(balance.on_hand for balance in here)
    cost = costs.share(total, 10**product.decimals, lying) if one.cost_minor is None else one.cost_minor
    await rows.settle_receipt(tx, [(key, lot.id, cost) for key in made])


async def hand_out(
    tx: Tx, charge_id: UUID, product_id: UUID, numbers: Sequence[str], who: Principal, permission: str
) -> list[UUID]:
    """Say which units a charge handed out; no more than it took and did not bring back.

    A number that was never named is named now: the unit left, whatever the books knew. Raises UnknownCharge,
    Forbidden, SerialsDiffer, SerialExists, or SerialMove when a unit is elsewhere.
    """
    await rows.lock_charge(tx, charge_id)
    taken = [row for row in await lots_of_charges(tx, [charge_id]) if row["product_id"] == product_id]
    if not taken:
        raise UnknownCharge("The charge took nothing of this product", charge_id=str(charge_id))
    site = taken[0]["site"]
    who.at(permission, site)
    product = (await products_of(tx, [product_id]))[product_id]
    if not product.is_serialised:
        raise no_serials(product)
    twice = repeated(numbers)
    if twice is not None:
        raise SerialExists(f"Serial {twice} is named twice", field="serials", serial=twice)
    now, at = datetime.now(UTC), taken[0]["happened_at"]
    lots = [row["lot_id"] for row in taken if row["lot_id"]]
    drafts = [
        Draft(product_id, number, lots[0] if lots else None, site, IN_STOCK, "", None, 0, 0, at.date(), None, "")
        for number in numbers
    ]
    await rows.add_serials(tx, drafts, who.actor, now)
    known = await rows.known_serials(tx, {(product_id, number) for number in numbers}, lock=True)
    before = {row["id"] for row in await rows.lock_where(tx, "charge_id", [charge_id])}
    fresh = [row for row in known if row["id"] not in before]
    _must_fit(product, sum(row["quantity"] for row in taken), before, fresh)
    await refuse_recalled_unit(tx, fresh, ())
    for row in fresh:
        if row["state"] not in HERE or row["site"] != site:
            raise elsewhere(row, f"It cannot be handed out at {site}")
    steps = [
        Step(
            row["id"], "sold", SOLD, site, "", charge_id, "" if row["lot_id"] in lots else "of another lot than taken",
            who.actor, at, charge_id,
        )
        for row in fresh
    ]  # fmt: skip
    await rows.place(tx, steps, now)
    return [row["id"] for row in known]


def _must_fit(product: Product, quantity: int, before: set[UUID], fresh: Sequence[Any]) -> None:
    took = units(quantity, product) or 0
    if len(before) + len(fresh) > took:
        raise SerialsDiffer(
            f"The charge took {took} of {product.name}; {len(before)} have their serial",
            field="serials",
            wanted=str(took),
            named=len(before) + len(fresh),
            ways_out=("name fewer",),
        )


async def refuse_recalled_unit(tx: Tx, units: Iterable[Any], lots: Iterable[Lot]) -> None:
    """Raise LotIsRecalled when a recall blocks one of these units, or the lot it is of."""
    blocked = {lot.id: lot.number for lot in lots if lot.is_recalled}
    for row in units:
        if row["is_recalled"] or row["lot_id"] in blocked:
            found = await rows.recalls_of(tx, row["id"], row["lot_id"])
            raise LotIsRecalled(
                f"Serial {row['number']} is recalled: {found['title']}" if found else f"{row['number']} is recalled",
                field="serials",
                serial=row["number"],
                recall_id=str(found["id"]) if found else None,
                ways_out=("take another unit", "set it apart and open its recall"),
            )


def elsewhere(row: Any, why: str) -> SerialMove:
    """The no to a deed that the place of a unit does not allow, with where it is."""
    return SerialMove(
        f"Serial {row['number']} is {row['state'].replace('_', ' ')} at {row['site']}: {why}",
        field="serials",
        serial=row["number"],
        state=row["state"],
        site=row["site"],
    )
