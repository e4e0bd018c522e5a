"""The one table of which event adds to which read model; events that stand here nowhere are only journalled."""

from collections.abc import Callable, Iterable, Mapping

from lotwise.reporting.domain import costs, orders, owed, sales, states, waste
from lotwise.reporting.domain.facts import Fact
from lotwise.reporting.domain.tally import Tally

RULES: dict[str, Callable[[Tally, Fact], None]] = {
    "sale-recorded": sales.recorded,
    "sale-voided": sales.voided,
    "sale-returned": sales.returned,
    "package-sold": owed.package_sold,
    "package-redeemed": owed.package_redeemed,
    "package-refunded": owed.package_refunded,
    "package-expired": owed.package_expired,
    "gift-certificate-sold": owed.gift_sold,
    "gift-certificate-redeemed": owed.gift_redeemed,
    "gift-certificate-expired": owed.gift_expired,
    "account-moved": owed.account_moved,
    "membership-renewed": owed.membership_renewed,
    "membership-paused": owed.membership_paused,
    "membership-resumed": owed.membership_resumed,
    "membership-ended": owed.membership_ended,
    "stock-issued": costs.issued,
    "stock-returned": costs.returned,
    "treatment-consumed": costs.issued,
    "cost-corrected": costs.corrected,
    "stock-adjusted": waste.adjusted,
    "lot-expired": waste.expired,
    "stock-level-changed": states.level,
    "site-defined": states.site,
    "product-defined": states.product,
    "category-defined": states.category,
    "supplier-defined": states.supplier,
    "purchase-order-drafted": orders.stepped,
    "purchase-order-sent": orders.stepped,
    "purchase-order-received": orders.stepped,
    "purchase-order-cancelled": orders.stepped,
}


_DATED = {"sales", "costs", "waste", "owed"}
DATED = tuple(name for name, rule in RULES.items() if rule.__module__.rpartition(".")[2] in _DATED)
"""Events that add to a day of a site: what is folded anew when its time zone becomes known."""


def fold(facts: Iterable[Fact], zones: Mapping[str, str]) -> Tally:
    """What facts add up to. A site's days follow its zone as `zones` knows it; a zone told within the facts is kept
    beside, to be applied by whoever stores the tally.
    """
    tally = Tally(zones=dict(zones))
    for fact in facts:
        rule = RULES.get(fact.name)
        if rule is not None:
            rule(tally, fact)
    return tally
