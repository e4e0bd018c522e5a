"""HTTP of treatments: what a day left unexplained, what was used against expected, what one treatment took."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel

from lotwise.contracts.fields import Day, Id
from lotwise.kit.commands import Answer, Cmd, Read
from lotwise.kit.paging import After, Limit, Page, cursor_decode, cursor_encode
from lotwise.kit.web import Router
from lotwise.stock.api.containers import check_days, zone_of
from lotwise.stock.api.shapes import ReasonText, Strict, text
from lotwise.stock.domain.exceptions import Known, exceptions_of
from lotwise.stock.domain.refusals import BadDate, NothingToExplain, UnknownSite, UnknownTreatment
from lotwise.stock.operations import exceptions as deeds
from lotwise.stock.operations.exceptions import Unmoved
from lotwise.stock.repository import yields as rows_of
from lotwise.values import format_quantity, site_day

router = Router(tags=["treatments"])
NOTHING = UUID(int=0)
Kind = Literal["no_stock", "not_consumed", "variance"]
Open = Literal["no_stock", "not_consumed", "variance", "waiting"]


class Figures(BaseModel):
    """What is known of a product's use; `drawn` is null when nobody recorded it."""

    product_id: UUID
    code: str
    name: str
    unit: str
    charged: str
    drawn: str | None
    expected: str
    consumed: str
    unattributed: str


class ExceptionOut(Figures):
    """A difference of a completed treatment, and why it is as it should be once somebody said so.

    "waiting": a product of the treatment is not known here, so nothing of it was taken yet; it needs no explanation
    but the product's definition, and goes by itself. The unknown product has neither code nor name.
    """

    treatment_id: UUID
    practitioner: str
    member_id: UUID | None
    happened_at: datetime
    kind: Open
    difference: str
    reason: str | None
    explained_by: str | None
    explained_at: datetime | None


class ExceptionsOut(BaseModel):
    """What a day's treatments left open; it must be empty at the end of the day (N-14)."""

    site: str
    day: date
    unexplained: int
    rows: list[ExceptionOut]


class ExplainIn(Strict):
    """Why a difference is as it should be."""

    product_id: Id
    kind: Kind
    reason: ReasonText


class ExplainedOut(BaseModel):
    """The difference that is explained now."""

    treatment_id: UUID
    product_id: UUID
    kind: Kind
    difference: str
    reason: str


class UseOut(BaseModel):
    """What a practitioner's treatments used of a product: actual against expected, drawn against charged (N-22)."""

    practitioner: str
    product_id: UUID
    code: str
    name: str
    unit: str
    treatments: int
    expected: str
    charged: str
    drawn: str
    consumed: str
    unattributed: str
    above_expected: str
    above_charged: str
    cost_minor: int


class PartOut(BaseModel):
    """What was taken of a lot, and where it is: with the patient, set apart or thrown away."""

    lot_id: UUID | None
    lot_number: str
    container_id: UUID | None
    quantity: str
    cost_minor: int
    place: str
    is_poured: bool


class TreatmentUse(Figures):
    """A product in a treatment."""

    site: str
    practitioner: str
    is_completed: bool
    cost_minor: int
    parts: list[PartOut]


class TreatmentOut(BaseModel):
    """What a treatment took; `happened_at` is null while only charges or draws speak of it."""

    treatment_id: UUID
    site: str
    service_id: UUID | None
    member_id: UUID | None
    practitioner: str
    happened_at: datetime | None
    revision: int
    uses: list[TreatmentUse]


def _known(row: Any, charged: str = "charged") -> Known:
    return Known(row[charged], row["drawn"], row["poured"], row["expected"], row["consumed"], row["unattributed"])


def _figures(row: Any, charged: str = "charged") -> dict[str, Any]:
    decimals = row["unit_decimals"]
    plain = {name: row[name] for name in ("product_id", "code", "name", "unit")}
    figures = {name: format_quantity(row[name], decimals) for name in ("expected", "consumed", "unattributed")}
    figures["charged"] = format_quantity(row[charged], decimals)
    return plain | figures | {"drawn": text(_known(row, charged).stated, decimals)}


def _exceptions(row: Any) -> list[ExceptionOut]:
    said = {one["kind"]: one for one in row["explanations"]}
    found = []
    for kind, difference in exceptions_of(_known(row)):
        why = said.get(kind)
        if why is not None and why["difference"] != difference:
            why = None
        found.append(
            ExceptionOut(
                **_figures(row),
                **{name: row[name] for name in ("treatment_id", "practitioner", "member_id", "happened_at")},
                kind=kind,
                difference=format_quantity(difference, row["unit_decimals"]),
                reason=why["reason"] if why else None,
                explained_by=why["actor"] if why else None,
                explained_at=why["explained_at"] if why else None,
            )
        )
    return found


def _unmoved(one: Unmoved) -> ExceptionOut:
    product, line = one.product, one.line
    taken = line.drawn or line.expected
    return ExceptionOut(
        treatment_id=one.event.treatment_id, practitioner=one.event.practitioner, member_id=one.event.member_id,
        happened_at=one.event.happened_at, product_id=line.product_id, code=product.code if product else "",
        name=product.name if product else "", unit=product.unit if product else "", charged="0", drawn=line.drawn,
        expected=line.expected, consumed="0", unattributed="0", kind="waiting",
        difference="0" if taken == "0" else f"-{taken}", reason=None, explained_by=None, explained_at=None,
    )  # fmt: skip


@router.get("/treatments/exceptions", permission="stock.read", refusals=(UnknownSite,))
async def exceptions(read: Read, site: str, day: Day | None = None, explained: bool = False) -> ExceptionsOut:
    """What completed treatments of a day left open: nothing taken, taken from no lot, drawn against charged (N-14).

    Those that wait for a product's definition stand first. `explained` shows those with a reason too; today unless
    another day is asked for.
    """
    async with read.connection() as tx:
        zone = await zone_of(tx, site)
        today = site_day(datetime.now(UTC), zone)
        unmoved = await deeds.unmoved_lines(tx, site, zone, day or today)
        rows = await rows_of.exceptional_uses(tx, site, day or today)
    found = [_unmoved(one) for one in unmoved] + [one for row in rows for one in _exceptions(row)]
    unexplained = [one for one in found if one.reason is None]
    shown = found if explained else unexplained
    return ExceptionsOut(site=site, day=day or today, unexplained=len(unexplained), rows=shown)


@router.post(
    "/treatments/{treatment_id}:explain", permission="stock.use", refusals=(UnknownTreatment, NothingToExplain)
)
async def explain(cmd: Cmd, treatment_id: UUID, body: ExplainIn) -> Answer[ExplainedOut]:
    """Say why a difference is as it should be; should the difference change, it is open again."""
    async with cmd.transaction() as tx:
        row = await rows_of.treatment_row(tx, treatment_id)
        if row is None:
            raise UnknownTreatment("No completed treatment has this id", treatment_id=str(treatment_id))
        cmd.who.at("stock.use", row["site"])
        difference = await deeds.explain(tx, treatment_id, body.product_id, body.kind, body.reason, cmd.who.actor)
        answer = ExplainedOut(
            treatment_id=treatment_id, product_id=body.product_id, kind=body.kind, difference=difference,
            reason=body.reason,
        )  # fmt: skip
        return await cmd.answer(tx, answer, site=row["site"], target=treatment_id, reason=body.reason)


@router.get("/treatments/use", permission="stock.read", refusals=(UnknownSite, BadDate))
async def use(
    read: Read,
    site: str,
    since: Annotated[Day | None, Query(alias="from")] = None,
    until: Annotated[Day | None, Query(alias="to")] = None,
    after: After = None,
    limit: Limit = 100,
) -> Page[UseOut]:
    """Actual against expected and drawn against charged, by practitioner and product; 30 days unless asked (N-22)."""
    keys = cursor_decode(after, str, UUID)
    async with read.connection() as tx:
        last = until or site_day(datetime.now(UTC), await zone_of(tx, site))
        first = since or last - timedelta(days=29)
        check_days(first, last)
        begin = (keys[0], keys[1]) if keys else ("", NOTHING)
        rows = await rows_of.uses_between(tx, site, first, last, begin, limit)
    shown = [_use(row) for row in rows]
    more = len(shown) == limit
    return Page(rows=shown, next=cursor_encode(shown[-1].practitioner, shown[-1].product_id) if more else None)


def _use(row: Any) -> UseOut:
    decimals = row["unit_decimals"]
    figures = ("expected", "charged", "drawn", "consumed", "unattributed")
    return UseOut(
        **{name: row[name] for name in ("practitioner", "product_id", "code", "name", "unit", "treatments")},
        **{name: format_quantity(row[name], decimals) for name in figures},
        above_expected=format_quantity(row["consumed"] - row["expected"], decimals),
        above_charged=format_quantity(row["consumed"] - row["charged"], decimals),
        cost_minor=row["cost_minor"],
    )


@router.get("/treatments/{treatment_id}", permission="stock.read", refusals=(UnknownTreatment,))
async def treatment(read: Read, treatment_id: UUID) -> TreatmentOut:
    """What one treatment took: lots, containers and cost."""
    async with read.connection() as tx:
        row = await rows_of.treatment_row(tx, treatment_id)
        uses = await rows_of.treatment_uses(tx, treatment_id)
    if row is None and not uses:
        raise UnknownTreatment("No treatment with this id took anything", treatment_id=str(treatment_id))
    site = row["site"] if row else uses[0]["site"]
    read.who.at("stock.read", site)
    return TreatmentOut(
        treatment_id=treatment_id, site=site, service_id=row["service_id"] if row else None,
        member_id=row["member_id"] if row else None,
        practitioner=row["practitioner"] if row else uses[0]["practitioner"],
        happened_at=row["happened_at"] if row else None, revision=row["revision"] if row else 0,
        uses=[_treatment_use(one) for one in uses],
    )  # fmt: skip


def _treatment_use(row: Any) -> TreatmentUse:
    decimals = row["unit_decimals"]
    return TreatmentUse(
        **_figures(row, "net"),
        **{name: row[name] for name in ("site", "practitioner", "is_completed", "cost_minor")},
        parts=[PartOut(**(one | {"quantity": format_quantity(one["quantity"], decimals)})) for one in row["parts"]],
    )
