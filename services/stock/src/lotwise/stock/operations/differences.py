"""The only home of why a count differs: what came, went and waits since the last one, in words and ids (STK-33)."""

from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from lotwise.kit.database import Tx
from lotwise.stock.domain.differences import Facts, sentences
from lotwise.stock.domain.places import Product
from lotwise.stock.domain.refusals import UnknownProduct, UnknownSite
from lotwise.stock.repository.definitions import products_of, sites_of
from lotwise.stock.repository.differences import Found, differences_of
from lotwise.values import format_quantity


class Explained(NamedTuple):
    """The records behind an explanation and its sentences, (kind, text)."""

    product: Product
    found: Found
    sentences: list[tuple[str, str]]


async def explain_difference(tx: Tx, site: str, product_id: UUID) -> Explained:
    """Gather what could explain a difference of a product at a site. Raises UnknownSite or UnknownProduct."""
    if site not in await sites_of(tx, [site]):
        raise UnknownSite("No site has this name", field="site", site=site[:60])
    product = (await products_of(tx, [product_id])).get(product_id)
    if product is None:
        raise UnknownProduct("No product has this id", field="product", product_id=str(product_id))
    found = await differences_of(tx, site, product_id, datetime.now(UTC))
    return Explained(product, found, sentences(_facts(product, found)))


def _facts(product: Product, found: Found) -> Facts:
    def text(quantity: int) -> str:
        return format_quantity(quantity, product.decimals)

    return Facts(
        unit=product.unit,
        unattributed=text(found.now["unattributed"]),
        charges=len(found.unattributed),
        late=text(sum(row["net"] for row in found.late)),
        late_movements=len(found.late),
        transit=text(sum(row["on_its_way"] for row in found.transfers)),
        transfers=len(found.transfers),
        ordered=text(sum(row["ordered"] - row["received"] for row in found.orders)),
        orders=len(found.orders),
        quarantined=text(found.now["quarantined"]),
        in_use=text(found.now["in_use"]),
        adjusted=text(sum(row["net"] for row in found.adjustments)),
        adjustments=len(found.adjustments),
        held=text(sum(row["quantity"] for row in found.holds)),
        holds=len(found.holds),
        open_counts=len(found.open_counts),
        movements=sum(row["movements"] for row in found.kinds),
        moved=text(sum(row["net"] for row in found.kinds)),
    )
