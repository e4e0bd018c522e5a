"""The only home of states that events carry whole: levels and definitions; the newest revision wins."""

from lotwise.reporting.domain.facts import Fact
from lotwise.reporting.domain.tally import Tally, keep_newest


def level(tally: Tally, fact: Fact) -> None:
    """The figures of products at a site."""
    for now in fact.body["levels"]:
        keep_newest(tally.levels, (fact.site, now["product_id"]), now)


def site(tally: Tally, fact: Fact) -> None:
    """A site: its name and its time zone."""
    keep_newest(tally.sites, fact.body["slug"], fact.body)


def product(tally: Tally, fact: Fact) -> None:
    """A product or service: its code, name and category."""
    keep_newest(tally.products, fact.body["product_id"], fact.body)


def category(tally: Tally, fact: Fact) -> None:
    """A category: its name."""
    keep_newest(tally.categories, fact.body["category_id"], fact.body)


def supplier(tally: Tally, fact: Fact) -> None:
    """A supplier: its name."""
    keep_newest(tally.suppliers, fact.body["supplier_id"], fact.body)
