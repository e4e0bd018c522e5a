"""HTTP of central supply: who resupplies a product at a site, and who may order it there (STK-32)."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from fastapi import Response
from pydantic import BaseModel, model_validator

from lotwise.contracts.fields import Slug
from lotwise.kit.commands import Answer, Cmd, Read, visible
from lotwise.kit.database import Tx
from lotwise.kit.etag import IfMatch, etag
from lotwise.kit.paging import After, Limit, Page, cursor_decode, cursor_encode
from lotwise.kit.web import Router
from lotwise.stock.api.shapes import Strict
from lotwise.stock.domain.refusals import NotKept, UnknownProduct, UnknownSite
from lotwise.stock.operations.resupply import Rule, manage
from lotwise.stock.repository.definitions import products_of, sites_of
from lotwise.stock.repository.resupply import rule_row, rules_page
from lotwise.values import BadValue

router = Router(tags=["resupply"])
NOTHING = UUID(int=0)


class ResupplyIn(Strict):
    """`local`: the site orders for itself. `central`: it asks `from_site`, which alone orders."""

    mode: Literal["local", "central"]
    from_site: Slug | None = None

    @model_validator(mode="after")
    def _fits(self) -> "ResupplyIn":
        if (self.mode == "central") != (self.from_site is not None):
            raise ValueError("central names the site that resupplies, local names none")
        return self


class ResupplyOut(BaseModel):
    """A rule; `ordered_by` is the site whose buyers order the product for this one."""

    site: str
    product_id: UUID
    code: str = ""
    name: str = ""
    mode: Literal["local", "central"]
    from_site: str | None
    ordered_by: str
    set_by: str
    set_at: datetime | None
    revision: int


def _out(site: str, product_id: UUID, row: Any) -> ResupplyOut:
    source = row["from_site"] if row else None
    return ResupplyOut(
        site=site,
        product_id=product_id,
        code=row.get("code", "") if row else "",
        name=row.get("name", "") if row else "",
        mode="central" if source else "local",
        from_site=source,
        ordered_by=source or site,
        set_by=row["set_by"] if row else "",
        set_at=row["set_at"] if row else None,
        revision=row["revision"] if row else 0,
    )


async def _one(tx: Tx, site: str, product_id: UUID) -> ResupplyOut:
    if site not in await sites_of(tx, [site]):
        raise UnknownSite("No site has this name", field="site", site=site[:60])
    if product_id not in await products_of(tx, [product_id]):
        raise UnknownProduct("No product has this id", product_id=str(product_id))
    return _out(site, product_id, await rule_row(tx, site, product_id))


@router.get("/resupply/{site}/{product_id}", permission="stock.read", refusals=(UnknownProduct, UnknownSite))
async def resupply_of(read: Read, response: Response, site: str, product_id: UUID) -> ResupplyOut:
    """Who resupplies a product at a site; `local` where nobody ever said. Its ETag is what an edit starts from."""
    async with read.connection() as tx:
        shown = await _one(tx, site, product_id)
    response.headers["ETag"] = etag(shown.revision)
    return shown


@router.put(
    "/resupply/{site}/{product_id}",
    permission="stock.minimum",
    refusals=(UnknownProduct, UnknownSite, NotKept, BadValue),
)
async def set_resupply(
    cmd: Cmd, site: str, product_id: UUID, body: ResupplyIn, expected: IfMatch
) -> Answer[ResupplyOut]:
    """Say who resupplies a product at a site; shortages are answered that way from now on (STK-39)."""
    rule = Rule(site, product_id, body.from_site, cmd.who.actor, expected.check)
    async with cmd.transaction() as tx:
        revision = await manage(tx, rule)
        shown = await _one(tx, site, product_id)
        return await cmd.answer(tx, shown, site=site, target=product_id, details=body.model_dump(), revision=revision)


@router.get("/resupply", permission="stock.read")
async def resupplies(
    read: Read, site: str | None = None, product: UUID | None = None, after: After = None, limit: Limit = 50
) -> Page[ResupplyOut]:
    """The rules that were set, by site and product."""
    keys = cursor_decode(after, str, UUID) or ("", NOTHING)
    async with read.connection() as tx:
        rows = await rules_page(tx, visible(read.who, "stock.read", site), product, (keys[0], keys[1]), limit)
    shown = [_out(row["site"], row["product_id"], row) for row in rows]
    last = cursor_encode(shown[-1].site, shown[-1].product_id) if len(shown) == limit else None
    return Page(rows=shown, next=last)
