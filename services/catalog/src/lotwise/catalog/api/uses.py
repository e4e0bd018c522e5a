"""Asking the other services whether they use a product: an answer that does not come is no answer."""

import asyncio
from collections.abc import Sequence
from typing import cast
from uuid import UUID

from pydantic import BaseModel, Field, ValidationError

from lotwise.catalog.domain.uses import ASKED, Uses
from lotwise.catalog.settings import CatalogSettings
from lotwise.kit.client import Refused, Unreachable
from lotwise.kit.service import Runtime


class UsesAnswer(BaseModel):
    """What stock, sales and purchasing answer at GET /v1/uses/{product_id}."""

    count: int = Field(ge=0)
    reasons: list[str] = []


async def answers_of(runtime: Runtime, product_id: UUID, services: Sequence[str] = ASKED) -> dict[str, Uses | None]:
    """What each service answers; None for one that did not."""
    answers = await asyncio.gather(*(_ask(runtime, service, product_id) for service in services))
    return dict(zip(services, answers, strict=True))


async def _ask(runtime: Runtime, service: str, product_id: UUID) -> Uses | None:
    seconds = cast("CatalogSettings", runtime.settings).uses_deadline_seconds
    try:
        answer = await runtime.client(service).get(f"/v1/uses/{product_id}", timeout=seconds)
        read = UsesAnswer.model_validate(answer)
    except (Unreachable, Refused, ValidationError):
        return None
    return Uses(read.count, tuple(read.reasons))
