"""Asking stock when products last moved: an answer that does not come is no answer."""

from collections.abc import Sequence
from datetime import date
from typing import cast
from uuid import UUID

from pydantic import BaseModel, ValidationError

from lotwise.catalog.domain.refusals import UsesNotKnown
from lotwise.catalog.settings import CatalogSettings
from lotwise.contracts.ids import uuid7
from lotwise.kit.client import Refused, Unreachable
from lotwise.kit.service import Runtime

ASKED_MAX = 500


class LastMovement(BaseModel):
    """The last day a product moved anywhere."""

    product_id: UUID
    last_moved_on: date


class LastMovements(BaseModel):
    """What stock answers at POST /v1/last-movements; products that never moved are left out."""

    rows: list[LastMovement]


async def last_moved(runtime: Runtime, product_ids: Sequence[UUID]) -> dict[UUID, date]:
    """The last day each product moved; those that never did are left out. Raises UsesNotKnown when stock is silent."""
    seconds = cast("CatalogSettings", runtime.settings).uses_deadline_seconds
    body = {"product_ids": [str(one) for one in product_ids]}
    try:
        answer = await runtime.client("stock").post("/v1/last-movements", json=body, key=str(uuid7()), timeout=seconds)
        read = LastMovements.model_validate(answer)
    except (Unreachable, Refused, ValidationError):
        raise UsesNotKnown(
            "Stock did not answer when these products last moved.", ways_out=("try again later",), silent=["stock"]
        ) from None
    return {row.product_id: row.last_moved_on for row in read.rows}
