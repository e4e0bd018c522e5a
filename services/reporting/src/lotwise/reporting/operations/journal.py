"""The only home of how an event is kept: journalled as received, folded into the live read models, one transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from lotwise.reporting.domain.facts import Fact
from lotwise.reporting.domain.folding import DATED, fold
from lotwise.reporting.domain.references import references
from lotwise.reporting.domain.tally import Tally
from lotwise.reporting.repository import journal, projections, tallies
from lotwise.reporting.repository.journal import Entry
from lotwise.reporting.repository.projections import Live

if TYPE_CHECKING:
    from lotwise.kit.database import Tx

PORTION_ROWS = 2_000


async def keep(tx: "Tx", entries: Sequence[Entry]) -> None:
    """Keep a batch of fresh events: the journal gains them, the figures move with them."""
    facts = [journal.fact_of(entry.at, entry.subject, entry.body) for entry in entries]
    await (projections.alone if _tells_site(facts) else projections.join)(tx)
    live = await projections.live(tx)
    tally = fold(facts, live.zones)
    await journal.append(tx, entries, _references(facts, entries))
    await tallies.store(tx, live.generation, tally)
    await _follow_zones(tx, live, tally)


def _tells_site(facts: Sequence[Fact]) -> bool:
    return any(fact.name == "site-defined" for fact in facts)


def _references(facts: Sequence[Fact], entries: Sequence[Entry]) -> "list[tuple[str, datetime, UUID]]":
    return [
        (ref, entry.at, entry.id)
        for fact, entry in zip(facts, entries, strict=True)
        for ref in references(fact.name, fact.body)
    ]


async def _follow_zones(tx: "Tx", before: Live, tally: Tally) -> None:
    """A site whose zone became known, or changed, gets its days folded anew from the journal."""
    if not tally.sites:
        return
    now = await projections.live(tx)
    for site in tally.sites:
        if now.zones[site] != before.zones.get(site, "UTC"):
            await _refold(tx, now, site)


async def _refold(tx: "Tx", live: Live, site: str) -> None:
    await projections.forget_days(tx, live.generation, site)
    async for facts in journal.facts_of_site(tx, site, DATED, PORTION_ROWS):
        await tallies.store(tx, live.generation, fold(facts, live.zones))
