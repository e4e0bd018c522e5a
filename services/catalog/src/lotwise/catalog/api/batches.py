"""HTTP of many products at once: an upsert by code whose rerun changes nothing."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field, ValidationError

from lotwise.catalog.api.shapes import ProductRow, Shape, Warning_
from lotwise.catalog.operations import definitions
from lotwise.catalog.operations.definitions import Outcome
from lotwise.catalog.operations.worlds import Wanted
from lotwise.contracts.fields import Flag
from lotwise.kit.commands import Answer, Cmd
from lotwise.kit.web import Router
from lotwise.values import BadValue

router = Router(tags=["products"])
ROWS_MAX = 500


class ProductBatch(Shape):
    """Up to 500 rows of ProductRow, each judged alone; `dry_run` says what would happen and changes nothing."""

    rows: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=ROWS_MAX)]
    dry_run: Flag = False


class RowProblem(BaseModel):
    """Why a row was refused."""

    code: str
    detail: str
    field: str | None = None


class RowOut(BaseModel):
    """What became of a row; `row` counts from 0."""

    row: int
    code: str | None
    product_id: UUID | None
    outcome: Literal["created", "updated", "unchanged", "refused"]
    revision: int | None = None
    warnings: list[Warning_] = []
    problem: RowProblem | None = None


class ProductBatchOut(BaseModel):
    """What became of each row, and how many there were of each outcome."""

    rows: list[RowOut]
    created: int
    updated: int
    unchanged: int
    refused: int


@router.post("/products:batch", permission="catalog.write")
async def upsert_products(cmd: Cmd, body: ProductBatch) -> Answer[ProductBatchOut]:
    """Define products by their codes: new ones are created, known ones changed where they differ."""
    read = [read_row(row) for row in body.rows]
    wanted = [one for one in read if isinstance(one, Wanted)]
    if any(one.price is not None or one.member_price is not None for one in wanted):
        cmd.who.at("catalog.price")
    async with cmd.transaction() as tx:
        outcomes = iter(
            await definitions.define(
                tx,
                wanted,
                cmd.who.actor,
                currency=cmd.runtime.settings.currency,
                is_dry_run=body.dry_run,
            )
        )
        rows = [
            _row(i, body.rows[i], next(outcomes) if isinstance(one, Wanted) else Outcome("refused", refusal=one))
            for i, one in enumerate(read)
        ]
        return await cmd.answer(tx, _summary(rows), target=f"{len(rows)} products")


def read_row(row: dict[str, Any]) -> Wanted | BadValue:
    """The definition that a row asks for, or what is wrong with the first field that is."""
    try:
        fields = ProductRow.model_validate_json(_json(row))
    except ValidationError as problem:
        error = problem.errors(include_url=False)[0]
        field = ".".join(map(str, error["loc"]))
        return BadValue(_sentence(error)[:300], field=field[:200])
    return Wanted(
        fields.sent(), fields.product_id, fields.category, fields.price, fields.price_from,
        member_price=fields.member_price, base_code=fields.variant_of_code, add_on_codes=tuple(fields.add_on_codes),
        supplier_number=fields.supplier_number,
    )  # fmt: skip


def _sentence(error: Any) -> str:
    """What is wrong with a cell, in words for whoever wrote it."""
    context = error.get("ctx") or {}
    if error["type"] == "string_pattern_mismatch":
        return f"{str(error['input'])[:40]!r} is no plain number: write it like 12.50, without a currency sign."
    if error["type"] == "literal_error":
        return f"{str(error['input'])[:40]!r} is none of the words that are known here: {context['expected']}."
    if error["type"] in {"string_too_long", "string_too_short"}:
        limit = context.get("max_length") or context.get("min_length")
        return f"It has {'more than' if 'max_length' in context else 'fewer than'} {limit} characters."
    return str(error["msg"]).removeprefix("Value error, ")


def _json(row: dict[str, Any]) -> bytes:
    import orjson

    return orjson.dumps(row)


def _row(number: int, sent: dict[str, Any], outcome: Outcome) -> RowOut:
    product, refusal = outcome.product, outcome.refusal
    return RowOut(
        row=number,
        code=product.code if product else str(sent.get("code", ""))[:64],
        product_id=product.id if product else None,
        outcome=outcome.outcome,
        revision=product.revision if product else None,
        warnings=[Warning_(code=code, text=text) for code, text in outcome.warnings],
        problem=None if refusal is None else RowProblem(code=refusal.code, detail=refusal.detail, field=refusal.field),
    )


def _summary(rows: list[RowOut]) -> ProductBatchOut:
    counts = {name: sum(row.outcome == name for row in rows) for name in ("created", "updated", "unchanged", "refused")}
    return ProductBatchOut(rows=rows, **counts)
