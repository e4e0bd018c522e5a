"""The only home of managing why stock is corrected and when a second person is needed."""

from typing import NamedTuple

from lotwise.kit.database import Tx
from lotwise.kit.etag import Expected
from lotwise.stock.domain.reasons import Reason
from lotwise.stock.domain.refusals import ReasonExists, UnknownReason, UnknownSite
from lotwise.stock.domain.witness import CHAIN, Rule
from lotwise.stock.repository.definitions import sites_of
from lotwise.stock.repository.reasons import REASONS_MAX, all_reasons, lock_reasons, rules_of, save_reason, save_rule
from lotwise.values import BadValue


class Change(NamedTuple):
    """What may be edited of a reason; its account stays, or last year's reports would change."""

    name: str
    needs_note: bool
    needs_witness: bool
    is_archived: bool


async def add_reason(tx: Tx, reason: Reason) -> Reason:
    """Add a reason to the list. Raises ReasonExists, or BadValue when the list is full."""
    await lock_reasons(tx)
    known = await all_reasons(tx)
    if reason.code in known:
        raise ReasonExists(
            f"{reason.code!r} is in the list: {known[reason.code].name}",
            field="code",
            ways_out=("edit that one", "choose another code"),
        )
    if len(known) >= REASONS_MAX:
        raise BadValue(f"A list of more than {REASONS_MAX} reasons helps nobody; archive does not free a place")
    await save_reason(tx, reason)
    return reason


async def edit_reason(tx: Tx, code: str, change: Change, expected: Expected) -> Reason:
    """Edit or archive a reason, also one that every chain begins with. Raises UnknownReason, or Stale."""
    await lock_reasons(tx)
    known = (await all_reasons(tx)).get(code)
    if known is None:
        raise UnknownReason("No reason has this code", field="code", reason=code[:40])
    expected.check(known.revision)
    edited = known._replace(**change._asdict(), revision=known.revision + 1)
    await save_reason(tx, edited)
    return edited


async def set_rule(tx: Tx, scope: str, rule: Rule, expected: Expected) -> Rule:
    """Set when a second person is needed, for a site or the chain. Raises UnknownSite, or Stale."""
    if scope != CHAIN and scope not in await sites_of(tx, [scope]):
        raise UnknownSite("No site has this name", field="site", site=scope[:60])
    await lock_reasons(tx)
    known = (await rules_of(tx, [scope])).get(scope, Rule())
    expected.check(known.revision)
    kept = rule._replace(revision=known.revision + 1)
    await save_rule(tx, scope, kept)
    return kept
