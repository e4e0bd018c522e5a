"""The only home of what the desk offers before it prices: the balances of a member that would cover a line (SAL-24).

`offers(tx, book, member_id, site, lines, at)` gives for each line the balances to choose from, what runs out first
coming first; a line that names one in `redeem` is taken from it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from lotwise.kit.database import Tx
from lotwise.sales.domain import packages
from lotwise.sales.domain.memberships import check_gives
from lotwise.sales.domain.packages import Item, Package
from lotwise.sales.domain.prices import PriceBook
from lotwise.sales.operations.packages import covered_by
from lotwise.sales.repository import memberships as membership_rows
from lotwise.sales.repository import packages as rows
from lotwise.values import Refusal


class Offered(NamedTuple):
    """A line that might be taken from a balance: its product, and its quantity in millionths of the unit."""

    product_id: UUID
    quantity: int


class Offer(NamedTuple):
    """A balance that covers a line, in part where less is left than the line asks for."""

    package: Package
    item: Item
    covers: int


async def offers(
    tx: Tx, book: PriceBook, member_id: UUID, site: str, lines: Sequence[Offered], at: datetime
) -> list[list[Offer]]:
    """By line, the balances that this member may use at this site now."""
    held = await rows.of_member(tx, member_id, open_only=True)
    given_by = {one.membership_id for one in held if one.membership_id is not None}
    memberships = await membership_rows.load(tx, given_by)
    usable = []
    for package in held:
        try:
            packages.check_usable(package, member_id, site, at, "redeem")
            if package.membership_id is not None:
                check_gives(memberships[package.membership_id], "redeem")
        except Refusal:
            continue
        usable.append(package)
    return [_for_line(book, usable, line) for line in lines]


def _for_line(book: PriceBook, held: Sequence[Package], line: Offered) -> list[Offer]:
    wanted = covered_by(book, line.product_id)
    found = []
    for package in held:
        for item in package.items:
            if item.product_id in wanted and (item.left or item.is_unlimited):
                covers = line.quantity if item.is_unlimited else min(line.quantity, item.left)
                found.append(Offer(package, item, covers))
    return found
