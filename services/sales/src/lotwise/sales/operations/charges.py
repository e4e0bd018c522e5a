"""The only home of charging: prepare, hold, record; void and abandon."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any, NamedTuple, Protocol, TypeVar
from uuid import UUID

from pydantic import BaseModel

from lotwise.contracts.ids import uuid7
from lotwise.kit import context
from lotwise.kit.database import Tx
from lotwise.kit.outbox import tell
from lotwise.kit.principal import Principal
from lotwise.sales.domain.charges import (
    AskedLine,
    Charge,
    ChargeLine,
    Priced,
    Rights,
    check_moment,
    price_charge,
)
from lotwise.sales.domain.drafts import NOTHING_KNOWN, Circumstances
from lotwise.sales.domain.liabilities import Deed
from lotwise.sales.domain.lines import BEYOND_PLAIN, AskedDiscount
from lotwise.sales.domain.owing import owing_of
from lotwise.sales.domain.refusals import (
    AlreadyRecorded,
    AlreadyVoided,
    HasReturns,
    HoldTooShort,
    NotPermitted,
    StockRefused,
    StockUnreachable,
    UnknownCharge,
    UnknownProduct,
    UnknownSite,
)
from lotwise.sales.domain.returns import Sold, check_disposition
from lotwise.sales.domain.tenders import Tender, due_of, round_cash, settle
from lotwise.sales.operations import balances
from lotwise.sales.operations import checkout as queue
from lotwise.sales.operations.answers import voided_event
from lotwise.sales.operations.dispensing import Prepared
from lotwise.sales.operations.holding import Away, Granted, Hold, HoldLine
from lotwise.sales.operations.paying import give_back
from lotwise.sales.operations.recording import Ready, Recorded, refusal_of
from lotwise.sales.operations.selling import Selling
from lotwise.sales.operations.tills import refund_seat, seat_of_charge
from lotwise.sales.repository import charges as rows
from lotwise.sales.repository import checkout
from lotwise.sales.repository import returns as return_rows
from lotwise.sales.repository.charges import Void
from lotwise.sales.repository.definitions import services_among
from lotwise.values import Refusal, format_quantity

T = TypeVar("T")


class TenderAsked(Protocol):
    """A payment as it was asked for."""

    @property
    def kind(self) -> str:
        """The kind of tender: cash, card, account or other."""

    @property
    def amount_minor(self) -> int:
        """How much, in minor units."""

    @property
    def reference(self) -> str:
        """The terminal's reference."""


class ChargeAsked(Protocol):
    """A charge as it was asked for, by the desk, a till or an import."""

    @property
    def site(self) -> str:
        """Where it is charged."""

    @property
    def happened_at(self) -> datetime | None:
        """When it happened; None for now."""

    @property
    def member_id(self) -> UUID | None:
        """Who is charged."""

    @property
    def lines(self) -> Sequence[AskedLine]:
        """What is charged."""

    @property
    def tenders(self) -> Sequence[TenderAsked]:
        """How it is paid."""

    @property
    def discounts(self) -> Sequence[AskedDiscount]:
        """What somebody takes off the whole charge."""

    @property
    def coupons(self) -> Sequence[str]:
        """The coupons that the customer names."""


class Question(NamedTuple):
    """What would be charged: a charge asked for that nobody pays."""

    site: str
    happened_at: datetime | None
    lines: Sequence[AskedLine]
    member_id: UUID | None = None
    tenders: Sequence[TenderAsked] = ()
    discounts: Sequence[AskedDiscount] = ()
    coupons: Sequence[str] = ()


PROVISIONAL_MAX = timedelta(hours=72)
"""How long a charge that was taken without a line may be on its way."""

NOTHING_TAKEN: Mapping[int, int] = {}
CHARGE_WAYS = {"charge_id", "hold", "source", "till_id", "is_provisional"}
PLAIN_WAYS = {
    **dict.fromkeys(CHARGE_WAYS | {"discounts", "coupons"}, True),
    "lines": {"__all__": dict.fromkeys(BEYOND_PLAIN, True)},
}
"""What is left out of a plain charge, whose hash is as it was before a charge could say more."""
RETURN_WAYS = {"return_id", "source"}


def is_plain(asked: Any) -> bool:
    """Whether neither the charge asked for nor one of its lines says more than products, quantities and prices."""
    return not asked.discounts and not asked.coupons and False not in [line.is_plain for line in asked.lines]


def request_hash(body: BaseModel, ways: set[str]) -> bytes:
    """What makes two requests under one id the same: all that was asked; its id and the way it came are left out."""
    left_out: Any = ways
    if ways is CHARGE_WAYS:
        left_out = PLAIN_WAYS if is_plain(body) else _unpacked_ways(body)
    text = body.__pydantic_serializer__.to_json(body, exclude=left_out)
    return blake2b(text, digest_size=16).digest()


def _unpacked_ways(body: Any) -> dict[str, Any]:
    """What is left out of a charge that says more: also the parts of lines that name none, as before there were any."""
    without = {i: {"parts": True} for i, line in enumerate(body.lines) if not line.parts}
    return dict.fromkeys(CHARGE_WAYS, True) | ({"lines": without} if without else {})


async def known_definitions(selling: Selling, site: str, lines: Sequence[AskedLine], work: Callable[[], T]) -> T:
    """Do `work` with the price book; when it misses a definition, look into the database once and do it again."""
    try:
        return work()
    except (UnknownSite, UnknownProduct):
        ids = {line.product_id for line in lines if line.product_id is not None}
        codes = {line.code for line in lines if line.product_id is None and line.code is not None}
        await selling.prices.look_again(site, ids, codes)
        return work()


def price(
    selling: Selling,
    asked: ChargeAsked,
    who: Principal,
    now: datetime,
    *,
    is_fact: bool,
    around: Circumstances = NOTHING_KNOWN,
    is_quote: bool = False,
    is_provisional: bool = False,
) -> Priced:
    """Price and tax what is asked as this person may ask it. Raises what `price_charge` and `check_moment` raise.

    A quote may ask for any day: it records nothing. A provisional charge was sold while the desk's line was down
    (SAL-26): a fact of the last PROVISIONAL_MAX at the price that was taken.
    """
    site = asked.site
    happened_at = now if asked.happened_at is None else asked.happened_at.astimezone(UTC)
    may_state = who.allows("charge.backdate", site)
    is_late_news = is_provisional and now - happened_at <= PROVISIONAL_MAX
    if is_fact and not (may_state or is_late_news):
        raise NotPermitted("a fact (hold: false) needs the permission charge.backdate", field="hold")
    if not is_quote:
        check_moment(happened_at, now, may_backdate=may_state or is_late_news)
    rights = Rights(may_state, is_late_news or who.allows("catalog.price", site))
    if not is_plain(asked):
        more = (who.allows(permission, site) for permission in ("charge.discount", "charge.free", "charge.override"))
        rights = Rights(*rights[:2], *more)
    return price_charge(
        selling.prices.book,
        site,
        asked.lines,
        happened_at,
        rights,
        is_fact=is_fact,
        exponent=selling.exponent,
        cart=asked.discounts,
        coupons=asked.coupons,
        around=around,
    )


def made_ready(
    priced: Priced, asked: ChargeAsked, charge_id: UUID, *, currency: str, actor: str, source: str, body_hash: bytes
) -> Ready:
    """A priced charge made ready to be recorded, in the trace and story of here. Raises BadTender.

    Where nothing is to be paid, a payment of zero is left out. Cash is rounded in the site's steps. What a desk's
    charge leaves to be paid is due; of what outside tills took only they know.
    """
    tenders = [
        Tender(tender.kind, tender.amount_minor, tender.reference)
        for tender in asked.tenders
        if tender.amount_minor or priced.total_minor
    ]
    site, slots = priced.site, priced.slots
    if tenders and site.cash_rounding_minor > 1:
        tenders = round_cash(priced.total_minor, tenders, site.cash_rounding_minor)
    settled = settle(priced.total_minor, tenders)
    charge = Charge(
        charge_id,
        site.slug,
        0,
        "recorded",
        asked.member_id,
        priced.happened_at,
        currency,
        priced.net_minor,
        priced.tax_1_minor,
        priced.tax_2_minor,
        False,
        source,
        actor,
        body_hash,
        slots.valid_from,
        slots.revision,
        site.tax_rounding,
        priced.lines,
        tenders,
        due_minor=due_of(source, settled),
    )
    owing = owing_of(priced.lines, tenders, priced.asked, is_fact=not getattr(asked, "hold", False))
    ready = Ready(charge, context.current_traceparent(), context.correlation_id.get(), context.cause_id.get())
    return ready if owing is None else ready._replace(owing=owing)


async def recorded_before(selling: Selling, charge_id: UUID, body_hash: bytes) -> Recorded | None:
    """A charge that was recorded under this id, if there is one. Raises DifferentBody, ChargeClosed."""
    async with selling.db.reading() as tx:
        known = (await rows.known(tx, [charge_id])).get(charge_id)
        if known is None:
            return None
        kept = (await rows.load(tx, [charge_id])).get(charge_id)
    if kept is None or known.request_hash != body_hash:
        raise refusal_of(charge_id, known)
    return Recorded(kept.charge, kept.recorded_at, replayed=True)


async def at_till(selling: Selling, one: Ready, till_id: UUID, who: Principal, *, is_fact: bool) -> Ready:
    """The charge with the session of its till. Raises what `seat` raises, but not for a charge recorded before."""
    charge = one.charge
    try:
        session_id = await seat_of_charge(selling.db, till_id, charge.site, who, is_fact=is_fact)
    except Refusal:
        if not await _is_known(selling, charge.charge_id):
            raise
        return one
    return one._replace(charge=charge._replace(session_id=session_id))


async def record(selling: Selling, one: Ready) -> Recorded:
    """Record a charge as it is and answer after the commit. Raises DifferentBody, ChargeClosed, and what balances
    refuse that it touches.
    """
    if one.owing is not None:
        return await balances.record(selling, one, one.owing)
    (outcome,) = await selling.recorder.record([one])
    if isinstance(outcome, Refusal):
        raise outcome
    return outcome


async def hold_and_record(selling: Selling, one: Ready, taken: Mapping[int, int] = NOTHING_TAKEN) -> Recorded:
    """Have stock set the goods aside, then record. Raises StockRefused, StockUnreachable, HoldTooShort too.

    `taken` says by line how much a treatment took already. A charge that was recorded before is answered from the
    record, whatever stock says today.
    """
    charge = one.charge
    lines = goods(selling, charge.lines, taken)
    if not lines:
        return await record(selling, one)
    try:
        held = await _held(selling, Hold(charge.charge_id, charge.site, lines))
    except Refusal:
        if not await _is_known(selling, charge.charge_id):
            raise
        return await record(selling, one)
    try:
        return await record(selling, one._replace(charge=charge._replace(is_held=held)))
    except Refusal:
        await selling.holds.release(charge.charge_id, charge.site)
        raise


async def record_special(selling: Selling, one: Ready, special: Prepared, *, is_held: bool) -> Recorded:
    """Record a charge whose lines name treatments, lots or prescriptions; the checkout queue then follows it."""
    one = one._replace(dispensed=special.dispensed)
    recorded = await (hold_and_record(selling, one, special.treated) if is_held else record(selling, one))
    if special.treatments:
        await queue.settle(selling.db, special.treatments)
    return recorded


async def _is_known(selling: Selling, charge_id: UUID) -> bool:
    async with selling.db.reading() as tx:
        return charge_id in await rows.known(tx, [charge_id])


async def _held(selling: Selling, hold: Hold) -> bool:
    answer = await selling.holds.ask(hold)
    if isinstance(answer, StockRefused):
        raise answer
    if isinstance(answer, Away):
        _check_may_sell_unheld(selling, hold.site, answer)
        return False
    _check_remaining(answer, selling.hold_left_seconds_min)
    return True


def _check_may_sell_unheld(selling: Selling, slug: str, answer: Away) -> None:
    site = selling.prices.book.sites.get(slug)
    if site is None or site.stock_unreachable == "refuse":
        raise StockUnreachable(
            f"stock could not be asked ({answer.why}), and this site does not sell unheld",
            ways_out=("try again in a moment", "set the site to sell while stock is away"),
        )


def _check_remaining(granted: Granted, seconds_min: int) -> None:
    left = granted.expires_at - datetime.now(UTC)
    if left < timedelta(seconds=seconds_min):
        raise HoldTooShort(
            "the goods are held for too short a time",
            ways_out=("abandon this charge and start a new one",),
            left_seconds=max(0, int(left.total_seconds())),
        )


def goods(selling: Selling, lines: Sequence[ChargeLine], taken: Mapping[int, int] = NOTHING_TAKEN) -> list[HoldLine]:
    """What of a charge stock must set aside: the physical products sold, one row a product and named lot.

    What treatments took already (`taken`, by line) is not asked for again.
    """
    products = selling.prices.book.products
    wanted: dict[tuple[UUID, UUID | None], tuple[int, int]] = {}
    for line in lines:
        if line.effect == "sale" and products[line.product_id].kind == "physical":
            key = (line.product_id, line.lot_id)
            known = wanted.get(key, (0, 0))[0]
            wanted[key] = (known + line.quantity - taken.get(line.line, 0), line.unit_decimals)
    return [
        HoldLine(product, format_quantity(*quantity), lot_id)
        for (product, lot_id), quantity in wanted.items()
        if quantity[0]
    ]


async def void(
    tx: Tx,
    charge_id: UUID,
    who: Principal,
    *,
    reason: str,
    disposition: str,
    happened_at: datetime | None,
    now: datetime,
    till_id: UUID | None = None,
) -> tuple[Charge, Void]:
    """Take a charge back whole, once; its money and (by disposition) its goods reverse.

    What was paid goes back the way it came, out of the till named, or else of the charge's own while that is open.
    Raises UnknownCharge, AlreadyVoided, HasReturns, TreatedGoods, BadMoment, NotPermitted, Forbidden, UnknownTill,
    TillNotOpen, TillCounted, OthersTill.
    """
    charge = await load_one(tx, charge_id, lock=True)
    who.at("charge.void", charge.site)
    if charge.state == "voided":
        raise AlreadyVoided(
            "the charge was voided before", ways_out=("look at its reversal",), charge_id=str(charge_id)
        )
    if await return_rows.returned(tx, [charge_id]):
        raise HasReturns("part of it came back already", ways_out=("return the rest line by line",))
    treated = frozenset(line.treatment_id for line in charge.lines if line.treatment_id is not None)
    if treated:
        services = await services_among(tx, [line.product_id for line in charge.lines])
        check_disposition(
            [sold_of(charge_id, line, {}) for line in charge.lines if line.product_id not in services], disposition
        )
    at = now if happened_at is None else happened_at.astimezone(UTC)
    check_moment(at, now, may_backdate=who.allows("charge.backdate", charge.site))
    session_id, till = await refund_seat(tx, till_id, charge.site, who, charge.session_id)
    done = Void(charge_id, uuid7(), at, now, reason, disposition, who.actor, session_id)
    await rows.add_void(tx, done)
    await give_back(tx, charge, done, till)
    await balances.void(tx, charge, Deed(charge.site, at, now, who.actor, charge_id, reason))
    if treated:
        await checkout.settle(tx, treated, now)
    await tell(tx, voided_event(charge, done))
    return charge, done


async def load_one(tx: Tx, charge_id: UUID, *, lock: bool = False) -> Charge:
    """A recorded charge. Raises UnknownCharge."""
    kept = (await rows.load(tx, [charge_id], lock=lock)).get(charge_id)
    if kept is None:
        raise UnknownCharge(f"no charge has the id {charge_id}")
    return kept.charge


def sold_of(charge_id: UUID, line: ChargeLine, returned: dict[tuple[UUID, int], int]) -> Sold:
    """A recorded line with what came back of it."""
    return Sold(
        line.line,
        line.product_id,
        line.quantity,
        line.unit_decimals,
        line.effect,
        line.unit_price,
        line.net_minor,
        line.tax_1_minor,
        line.tax_2_minor,
        line.treatment_id,
        returned.get((charge_id, line.line), 0),
    )


async def abandon(tx: Tx, charge_id: UUID, site: str, actor: str, now: datetime) -> None:
    """Close a charge id for good; doing it twice changes nothing. Raises AlreadyRecorded."""
    if await rows.abandon(tx, charge_id, site, actor, now):
        return
    known = (await rows.known(tx, [charge_id]))[charge_id]
    if known.state != "abandoned":
        raise AlreadyRecorded(
            "a recorded charge cannot be abandoned", ways_out=("void it",), charge_id=str(charge_id), site=known.site
        )
