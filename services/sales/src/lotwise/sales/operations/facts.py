"""The only home of recording many facts at once: tills that were offline, and imports."""

import asyncio
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from lotwise.kit.principal import Principal
from lotwise.sales.domain.charges import Priced
from lotwise.sales.domain.dispensing import Dispensed
from lotwise.sales.domain.drafts import Circumstances
from lotwise.sales.domain.receipts import charge_number
from lotwise.sales.operations import charges, packages
from lotwise.sales.operations.charges import ChargeAsked
from lotwise.sales.operations.checkout import settle
from lotwise.sales.operations.circumstances import look
from lotwise.sales.operations.dispensing import is_special, of_facts, treatments_of
from lotwise.sales.operations.recording import Outcome, Ready, Recorded, different_body, outcomes_of_known
from lotwise.sales.operations.selling import Selling
from lotwise.values import Refusal

PREPARED_AT_ONCE = 50
"""After so many rows of a batch the charges that wait behind it get their turn."""


class Fact(NamedTuple):
    """A sale that already happened, with its id, the hash of what was said of it and the till it was made at."""

    charge_id: UUID
    asked: ChargeAsked
    source: str
    body_hash: bytes
    till_id: UUID | None = None


async def record_facts(selling: Selling, facts: Sequence[Fact], who: Principal, now: datetime) -> list[Outcome]:
    """Record facts with one commit; each has its own outcome and a refused one stops no other."""
    await _look_for_definitions(selling, facts)
    first: dict[UUID, Fact] = {}
    for fact in facts:
        first.setdefault(fact.charge_id, fact)
    prepared: dict[UUID, Ready | Recorded | Refusal] = {}
    for count, fact in enumerate(first.values(), 1):
        prepared[fact.charge_id] = await _prepared(selling, fact, who, now, await look(selling, fact.asked))
        if count % PREPARED_AT_ONCE == 0:
            await asyncio.sleep(0)
    await _seat(selling, first.values(), prepared, who)
    readies = [one for one in prepared.values() if isinstance(one, Ready)]
    found = await _known(selling, readies)
    fresh = [one for one in readies if one.charge.charge_id not in found]
    if fresh:
        found |= await _recorded(selling, fresh)
        treated = treatments_of([line for one in fresh for line in one.charge.lines])
        if treated:
            await settle(selling.db, treated)
    for charge_id, one in prepared.items():
        if not isinstance(one, Ready):
            found[charge_id] = one
    return [_outcome(fact, first[fact.charge_id], found[fact.charge_id]) for fact in facts]


async def _seat(
    selling: Selling, asked: Collection[Fact], prepared: dict[UUID, Ready | Recorded | Refusal], who: Principal
) -> None:
    """Give the charges that name a till its open session; one that is closed by now has none."""
    for fact in asked:
        one = prepared[fact.charge_id]
        if fact.till_id is None or not isinstance(one, Ready):
            continue
        try:
            prepared[fact.charge_id] = await charges.at_till(selling, one, fact.till_id, who, is_fact=True)
        except Refusal as refusal:
            prepared[fact.charge_id] = refusal


def _outcome(fact: Fact, first: Fact, outcome: Outcome) -> Outcome:
    """A second row with one id in a call is a replay of the first, or another charge under its id."""
    if fact is first or isinstance(outcome, Refusal):
        return outcome
    if fact.body_hash != first.body_hash:
        return different_body(fact.charge_id)
    return outcome._replace(replayed=True)


async def _known(selling: Selling, readies: Sequence[Ready]) -> dict[UUID, Outcome]:
    if not readies:
        return {}
    async with selling.db.reading() as tx:
        return await outcomes_of_known(tx, readies)


async def _recorded(selling: Selling, fresh: Sequence[Ready]) -> dict[UUID, Outcome]:
    """Record with one commit what touches no balance; each of the others with its balances."""
    plain = [one for one in fresh if one.owing is None]
    outcomes: list[Outcome] = await selling.recorder.record(plain) if plain else []
    found = {one.charge.charge_id: outcome for one, outcome in zip(plain, outcomes, strict=True)}
    for one in fresh:
        if one.owing is not None:
            try:
                found[one.charge.charge_id] = await charges.record(selling, one)
            except Refusal as refusal:
                found[one.charge.charge_id] = refusal
    return found


async def _prepared(
    selling: Selling, fact: Fact, who: Principal, now: datetime, around: Circumstances
) -> Ready | Recorded | Refusal:
    try:
        who.at("charge.create", fact.asked.site)
        priced = charges.price(selling, fact.asked, who, now, is_fact=True, around=around)
        if packages.redeems(priced.lines):
            if known := await charges.recorded_before(selling, fact.charge_id, fact.body_hash):
                return known
            priced = await packages.prepared(selling, priced, fact.asked.member_id)
        return charges.made_ready(
            priced,
            fact.asked,
            fact.charge_id,
            currency=selling.currency,
            actor=who.actor,
            source=fact.source,
            body_hash=fact.body_hash,
        )._replace(dispensed=_dispensed(selling, priced, who))
    except Refusal as refusal:
        return refusal


def _dispensed(selling: Selling, priced: Priced, who: Principal) -> Sequence[Dispensed]:
    book = selling.prices.book
    if not is_special(book, priced.lines):
        return ()
    return of_facts(book, priced.lines, priced.asked, who.actor)


async def _look_for_definitions(selling: Selling, facts: Sequence[Fact]) -> None:
    """Read from the database what this process has not heard of yet, once for the whole batch."""
    book = selling.prices.book
    ids: set[UUID] = set()
    codes: set[str] = set()
    site = None
    for fact in facts:
        if fact.asked.site not in book.sites:
            site = fact.asked.site
        for line in fact.asked.lines:
            if line.product_id is not None:
                if line.product_id not in book.products:
                    ids.add(line.product_id)
            elif line.code is not None and book.by_code(line.code) is None:
                codes.add(line.code)
    if site is not None or ids or codes:
        await selling.prices.look_again(site or facts[0].asked.site, ids, codes)


def result(charge_id: UUID, recorded: Recorded) -> dict[str, Any]:
    """A row of the answer to a batch, for a charge that was recorded now or before."""
    return {
        "id": charge_id,
        "outcome": "replayed" if recorded.replayed else "accepted",
        "number": charge_number(recorded.charge.site, recorded.charge.number),
        "total_minor": recorded.charge.total_minor,
        "problem": None,
    }
