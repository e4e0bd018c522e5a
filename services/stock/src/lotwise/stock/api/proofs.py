"""HTTP of answers to "why" and "is it true": why a charge is blocked, whether the books agree, who uses a product."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel

from lotwise.contracts.fields import PositiveQuantity
from lotwise.kit.commands import Read
from lotwise.kit.paging import After, Limit, Page, cursor_decode, cursor_encode
from lotwise.kit.web import Router
from lotwise.stock.api.holds import FIRST, OpenHold, open_hold
from lotwise.stock.api.levels import LevelOut, level_out
from lotwise.stock.api.shapes import exponent
from lotwise.stock.domain.holds import Figures, ways_out
from lotwise.stock.domain.places import DAMAGED, EXPIRED, RECALLED
from lotwise.stock.domain.refusals import BadQuantity, UnknownProduct, UnknownSite
from lotwise.stock.operations.audit import prove_live
from lotwise.stock.operations.temporary_minimums import LAST
from lotwise.stock.repository.cards import Cell, set_apart_of
from lotwise.stock.repository.definitions import sites_of
from lotwise.stock.repository.holds import list_holds
from lotwise.stock.repository.levels import on_order, one_level, uses
from lotwise.stock.repository.proofs import proofs_page
from lotwise.stock.repository.temporary_minimums import temporaries_page
from lotwise.values import format_quantity, parse_quantity

router = Router(tags=["proofs"])
WHY_APART = {"": "set apart in quarantine", EXPIRED: "expired", DAMAGED: "damaged", RECALLED: "recalled"}
HOLDS_SHOWN = 50
LAST_PROOF = UUID(int=2**128 - 1)


class BlockOut(BaseModel):
    """Why a charge of a product is blocked at a site: the policy, the numbers, who holds, and what would help."""

    site: str
    product_id: UUID
    policy: str
    is_blocked: bool
    grantable: str
    level: LevelOut
    holds: list[OpenHold]
    chain: list[str]
    ways_out: list[str]


class FindingOut(BaseModel):
    """A row that does not agree with the ledger: what it should say and what it says."""

    check: str
    row: str
    detail: str
    expected: str
    found: str


class AuditOut(BaseModel):
    """The proof: how many rows were gone over, and what did not agree; clean when nothing."""

    is_clean: bool
    movements: int
    balances: int
    levels: int
    daily_totals: int
    blocks: int
    seconds: float
    rows_a_second: int
    findings: list[FindingOut]


class ProofOut(BaseModel):
    """One run of the nightly audit: when, over how many rows, and what did not agree."""

    proof_id: UUID
    started_at: datetime
    finished_at: datetime
    is_clean: bool
    sizes: dict[str, int]
    rows_a_second: int
    findings: list[FindingOut]


class UsesOut(BaseModel):
    """How often stock uses a product, and how."""

    count: int
    reasons: list[str]


def _asked(quantity: str | None, decimals: int) -> int:
    """What the charge wants in smallest units. Raises BadQuantity."""
    if quantity is None:
        return 1
    try:
        return parse_quantity(quantity, decimals)
    except ValueError as error:
        raise BadQuantity(str(error), field="quantity", unit_decimals=decimals) from error


@router.get("/explain/block", permission="stock.read", refusals=(UnknownProduct, UnknownSite, BadQuantity))
async def explain_block(
    read: Read, site: str, product: UUID, quantity: Annotated[PositiveQuantity | None, Query()] = None
) -> BlockOut:
    """Why "stock too low": the chain of rules with its numbers, and the ways out that help (SAL-12, STK-46).

    `quantity` is what the charge wants, one smallest unit unless it is said.
    """
    async with read.connection() as tx:
        found = await sites_of(tx, [site])
        if site not in found:
            raise UnknownSite("No site has this name", field="site", site=site[:60])
        row = await one_level(tx, site, product)
        ordered = (await on_order(tx, site, [product])).get(product, 0)
        held = await list_holds(tx, [site], "granted", FIRST, HOLDS_SHOWN, product)
        apart = await set_apart_of(tx, Cell(site, product))
        temporary = await temporaries_page(tx, [site], product, "active", None, LAST, 1)
    if row is None:
        raise UnknownProduct("No product has this id", field="product", product_id=str(product))
    policy = found[site].policy
    figures = Figures(row["on_hand"] + row["opened"], row["held"], row["minimum"])
    decimals, unit = row["unit_decimals"], row["unit"]
    grantable = figures.grantable(policy)
    asked = _asked(quantity, decimals)
    is_blocked = policy != "warn" and grantable < asked

    def text(quantity: int) -> str:
        return f"{format_quantity(quantity, decimals)} {unit}"

    chain = [f"{text(row['on_hand'])} on hand"]
    if row["opened"]:
        chain.append(f"{text(row['opened'])} in opened vials beside")
    chain.append(f"{text(row['held'])} held for other charges")
    if policy == "block_at_minimum" and row["minimum"]:
        chain.append(f"the minimum of {text(row['minimum'])} is kept")
        chain += [f"that minimum is temporary, through {one['ends_on']}: {one['reason']}" for one in temporary]
    chain += [f"{text(quantity)} are not usable: {WHY_APART.get(area, 'set apart')}" for area, quantity in apart]
    if row["in_transit"]:
        chain.append(f"{text(row['in_transit'])} are on their way here")
    chain.append("this site only warns" if policy == "warn" else f"so {text(grantable)} can be charged")
    return BlockOut(
        site=site,
        product_id=product,
        policy=policy,
        is_blocked=is_blocked,
        grantable=format_quantity(grantable, decimals),
        level=level_out(row, exponent(read.runtime), ordered),
        holds=[open_hold(one) for one in held],
        chain=chain,
        ways_out=list(ways_out(figures, asked, row["in_transit"], ordered, policy)) if is_blocked else [],
    )


@router.get("/audit", permission="audit.read")
async def audit(read: Read) -> AuditOut:
    """Prove the books: every balance, level and daily total from the ledger, the ledger from its hashes and seals."""
    proof = await prove_live(read.runtime.db)
    findings = [FindingOut(**finding._asdict()) for finding in proof.findings]
    return AuditOut(
        is_clean=not findings,
        findings=findings,
        seconds=round(proof.seconds, 3),
        rows_a_second=round(proof.rows_a_second),
        **proof.sizes,
    )


@router.get("/proofs", permission="audit.read", site="chain")
async def proofs(read: Read, after: After = None, limit: Limit = 30) -> Page[ProofOut]:
    """The nightly proofs of the books, newest first (N-01)."""
    keys = cursor_decode(after, UUID)
    async with read.connection() as tx:
        rows = await proofs_page(tx, keys[0] if keys else LAST_PROOF, limit)
    shown = [ProofOut(**one._asdict() | {"rows_a_second": round(one.rows_a_second)}) for one in rows]
    return Page(rows=shown, next=cursor_encode(shown[-1].proof_id) if len(shown) == limit else None)


@router.get("/uses/{product_id}", permission="stock.read", site="chain")
async def product_uses(read: Read, product_id: UUID) -> UsesOut:
    """How often stock uses a product: catalog deletes only what nobody uses."""
    async with read.connection() as tx:
        counts = await uses(tx, product_id)
    return UsesOut(
        count=sum(counts.values()), reasons=[f"{number} {what}" for what, number in counts.items() if number]
    )
