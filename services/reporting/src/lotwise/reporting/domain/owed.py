"""The only home of what is owed to members (SAL-20): what was sold, used, given back and run out, and what that earns.

A package earns with its use, with what is kept of it and with its expiry; a certificate and money on account never do.
"""

from lotwise.reporting.domain.facts import Fact, local_day
from lotwise.reporting.domain.tally import Tally

SOLD, USED, REFUNDED, EXPIRED = 0, 1, 2, 3
_ACCOUNT = {"received": SOLD, "opening": SOLD, "returned": REFUNDED, "spent": USED, "reversed": USED}
"""What a deed on an account is; all but what came in lower what is owed, so their sign turns."""


def package_sold(tally: Tally, fact: Fact) -> None:
    """A package was bought: its price is owed at the site that sold it."""
    _add(tally, fact, "package", "balance_id", (SOLD, fact.body["value_minor"]))
    _home(tally, fact, "package", "balance_id")


def package_redeemed(tally: Tally, fact: Fact) -> None:
    """A part was used: its share is revenue of the product it was used for, where it was used."""
    _add(tally, fact, "package", "balance_id", (USED, fact.body["value_minor"]))
    _earn(tally, fact, "product_id", fact.body["value_minor"])


def package_refunded(tally: Tally, fact: Fact) -> None:
    """A package was given back: what is kept of it is revenue of the package."""
    kept = fact.body["kept_minor"]
    _add(tally, fact, "package", "balance_id", (REFUNDED, fact.body["refund_minor"]), (EXPIRED, kept))
    _earn(tally, fact, "package_id", kept)


def package_expired(tally: Tally, fact: Fact) -> None:
    """A package ran out: what was left is revenue of the package (breakage); below zero it was extended again."""
    _add(tally, fact, "package", "balance_id", (EXPIRED, fact.body["value_minor"]))
    _earn(tally, fact, "package_id", fact.body["value_minor"])


def gift_sold(tally: Tally, fact: Fact) -> None:
    """A certificate was sold or topped up; below zero its sale was taken back."""
    amount = fact.body["amount_minor"]
    _add(tally, fact, "gift", "certificate_id", (SOLD, amount) if amount > 0 else (REFUNDED, -amount))
    if amount > 0:
        _home(tally, fact, "gift", "certificate_id")


def gift_redeemed(tally: Tally, fact: Fact) -> None:
    """A certificate paid for something, whose own line is the revenue."""
    _add(tally, fact, "gift", "certificate_id", (USED, fact.body["amount_minor"]))


def gift_expired(tally: Tally, fact: Fact) -> None:
    """A certificate ran out: what was left is owed no more."""
    _add(tally, fact, "gift", "certificate_id", (EXPIRED, fact.body["value_minor"]))


def account_moved(tally: Tally, fact: Fact) -> None:
    """A member's account moved at a site."""
    column, amount = _ACCOUNT[fact.body["why"]], fact.body["amount_minor"]
    _add(tally, fact, "account", "member_id", (column, amount if column == SOLD else -amount))


def membership_renewed(tally: Tally, fact: Fact) -> None:
    """A period began: its fee is owed and earned by its days."""
    body = fact.body
    _add(tally, fact, "membership", "membership_id", (SOLD, body["fee_minor"]))
    _step(tally, fact, "renewed", body["from_day"], body["to_day"], body["fee_minor"])


def membership_paused(tally: Tally, fact: Fact) -> None:
    """It rests from a day on: these days earn nothing."""
    _step(tally, fact, "paused", fact.body["from_day"], fact.body.get("to_day"), 0)


def membership_resumed(tally: Tally, fact: Fact) -> None:
    """It goes on from a day: the days it rested lengthen its period."""
    _step(tally, fact, "resumed", fact.body["from_day"], None, 0)


def membership_ended(tally: Tally, fact: Fact) -> None:
    """It ended: what is not given back of its fee is earned by that day."""
    back = fact.body.get("refunded_minor", 0)
    if back:
        _add(tally, fact, "membership", "membership_id", (REFUNDED, back))
    _step(tally, fact, "ended", fact.body["on_day"], None, back)


def _add(tally: Tally, fact: Fact, kind: str, owner: str, *amounts: tuple[int, int]) -> None:
    day = local_day(fact.body["happened_at"], tally.zone(fact.site))
    cell = tally.owed[kind, fact.body[owner], day, fact.site]
    for column, amount in amounts:
        cell[column] += amount


def _earn(tally: Tally, fact: Fact, product: str, amount: int) -> None:
    if amount:
        day = local_day(fact.body["happened_at"], tally.zone(fact.site))
        tally.sales[fact.site, day, fact.body[product]][2] += amount


def _home(tally: Tally, fact: Fact, kind: str, owner: str) -> None:
    key, home = (kind, fact.body[owner]), (fact.at, fact.site)
    tally.homes[key] = min(tally.homes.get(key, home), home)


def _step(tally: Tally, fact: Fact, step: str, first: str, last: str | None, minor: int) -> None:
    body = fact.body
    key = (body["membership_id"], body.get("revision", 1), step)
    tally.steps[key] = (fact.site, body["package_id"], first, last, minor)
