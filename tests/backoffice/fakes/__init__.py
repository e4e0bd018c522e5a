"""Services that answer like the real ones from memory: a believable chain for the pages' tests and for the eye."""

from tests.backoffice.fakes import (
    alerts,
    assets,
    containers,
    corrections,
    counts,
    ground,
    imports,
    ops,
    pricing,
    purchasing,
    recalls,
    reporting,
    sales,
    stock,
    tills,
    transfers,
    visits,
)
from tests.backoffice.fakes.catalog import ALL_PRODUCTS
from tests.backoffice.fakes.ground import MEMBERS, ident, refusal
from tests.backoffice.fakes.purchasing import ORDERS
from tests.backoffice.fakes.transfers import TRANSFERS

__all__ = ["ALL_PRODUCTS", "ORDERS", "TRANSFERS", "Chain", "ident", "refusal"]
ANSWERING = (
    alerts,
    assets,
    containers,
    corrections,
    counts,
    imports,
    ops,
    pricing,
    purchasing,
    recalls,
    reporting,
    sales,
    stock,
    tills,
    transfers,
    visits,
)
"""The modules whose import registers their answers."""


class Chain(ground.Chain):
    """The chain with its members and its shelves."""

    def __init__(self) -> None:
        super().__init__()
        self.members = [sales.member(name) for name in MEMBERS]
        self.levels = stock.levels_of_all()
