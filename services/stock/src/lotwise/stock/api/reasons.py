"""HTTP of the managed reasons and of the rules for witnesses."""

from typing import Annotated, Literal

from fastapi import Query
from pydantic import BaseModel, Field, StringConstraints

from lotwise.contracts.fields import Flag, Text, Whole
from lotwise.kit.commands import Answer, Cmd, Read
from lotwise.kit.etag import IfMatch
from lotwise.kit.paging import Page
from lotwise.kit.web import Router
from lotwise.stock.api.shapes import Strict
from lotwise.stock.domain.reasons import Reason
from lotwise.stock.domain.refusals import ReasonExists, UnknownReason, UnknownSite
from lotwise.stock.domain.witness import CHAIN, Rule
from lotwise.stock.operations.reasons import Change, add_reason, edit_reason, set_rule
from lotwise.stock.repository.reasons import all_reasons, rules_of

router = Router(tags=["reasons"])
Account = Literal["waste", "loss", "found", "usage"]
ReasonCode = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
"""A reason's code: a letter, then letters, digits, dashes; at most 40."""


class ReasonOut(BaseModel):
    """A reason of the managed list; `revision` is what an edit starts from."""

    code: str
    name: str
    account: Account
    needs_note: bool
    needs_witness: bool
    is_archived: bool
    revision: int


class ReasonEdit(Strict):
    """What may be edited: the name, what it asks for, whether it is still offered."""

    name: Text
    needs_note: Flag = False
    needs_witness: Flag = False
    is_archived: Flag = False


class ReasonIn(Strict):
    """A new reason; its code and account stay for good."""

    code: ReasonCode
    name: Text
    account: Account
    needs_note: Flag = False
    needs_witness: Flag = False


class RuleIn(Strict):
    """Above which value (minor units), for which classes of drugs a second person is needed; hours a deed waits."""

    above_minor: Annotated[Whole, Field(ge=0, le=2**53)] | None = None
    classes: tuple[Literal["otc", "prescription", "controlled"], ...] = ("controlled",)
    hours: Annotated[Whole, Field(ge=1, le=720)] = 24


class RuleOut(BaseModel):
    """The rule of a site or of the chain; revision 0 is the one every chain begins with."""

    scope: str
    above_minor: int | None
    classes: list[str]
    hours: int
    revision: int


def _out(reason: Reason) -> ReasonOut:
    return ReasonOut.model_validate(reason._asdict())


def _rule(scope: str, rule: Rule) -> RuleOut:
    return RuleOut(scope=scope, **rule._asdict() | {"classes": list(rule.classes)})


@router.get("/reasons", permission="stock.read", site="chain")
async def reasons(
    read: Read,
    account: Account | None = None,
    archived: Annotated[bool, Query(description="With those no longer offered.")] = False,
) -> Page[ReasonOut]:
    """Why stock may be corrected, by code: the whole list, at most 200 (STK-26)."""
    async with read.connection() as tx:
        found = await all_reasons(tx)
    shown = [one for one in found.values() if account in {None, one.account} and (archived or not one.is_archived)]
    return Page(rows=[_out(one) for one in sorted(shown)])


@router.post("/reasons", permission="stock.setting", status_code=201, site="chain", refusals=(ReasonExists,))
async def add(cmd: Cmd, body: ReasonIn) -> Answer[ReasonOut]:
    """Add a reason to the chain's list: for who may set at every site."""
    cmd.who.at("stock.setting", CHAIN)
    reason = Reason(body.code, body.name, body.account, body.needs_note, body.needs_witness)
    async with cmd.transaction() as tx:
        made = await add_reason(tx, reason)
        return await cmd.answer(tx, _out(made), 201, target=made.code, revision=made.revision)


@router.put("/reasons/{code}", permission="stock.setting", site="chain", refusals=(UnknownReason,))
async def edit(cmd: Cmd, code: ReasonCode, body: ReasonEdit, expected: IfMatch) -> Answer[ReasonOut]:
    """Edit or archive a reason, for who may set at every site; what was entered with it keeps it."""
    cmd.who.at("stock.setting", CHAIN)
    async with cmd.transaction() as tx:
        made = await edit_reason(tx, code, Change(**body.model_dump()), expected)
        return await cmd.answer(tx, _out(made), target=code, details=body.model_dump(), revision=made.revision)


@router.get("/witness-rules", permission="stock.read", site="chain")
async def rules(read: Read) -> Page[RuleOut]:
    """When a second person is needed: the chain's rule first, then the sites that have their own (N-22)."""
    async with read.connection() as tx:
        found = await rules_of(tx)
    chain, own = found.pop(CHAIN, Rule()), read.who.sites("stock.read")
    seen = [_rule(scope, rule) for scope, rule in found.items() if own is None or scope in own]
    return Page(rows=[_rule(CHAIN, chain), *seen])


@router.put("/witness-rules/{site}", permission="stock.setting", refusals=(UnknownSite,))
async def put_rule(cmd: Cmd, site: str, body: RuleIn, expected: IfMatch) -> Answer[RuleOut]:
    """Set the rule of a site, or of the `chain`; a site without one follows the chain's."""
    rule = Rule(body.above_minor, tuple(dict.fromkeys(body.classes)), body.hours)
    async with cmd.transaction() as tx:
        made = await set_rule(tx, site, rule, expected)
        details = body.model_dump(mode="json")
        return await cmd.answer(tx, _rule(site, made), target=site, details=details, revision=made.revision)
