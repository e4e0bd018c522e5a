"""Bodies are read as JSON means them: a number is no text and no yes; what the document refuses is refused."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute
from pydantic import BaseModel
from tests.security.services import DOORMAN, app_of, client_of, services

from lotwise.kit.service import Service

LOOSE = {"int", "bool", "float", "decimal"}


def _loose(schema: Any, path: str = "") -> Iterator[str]:
    """Every number and yes or no of a model's schema that texts would be taken for."""
    if isinstance(schema, dict):
        if schema.get("type") in LOOSE and not schema.get("strict"):
            yield path
        for name, part in schema.items():
            if name not in {"metadata", "serialization", "default"}:
                yield from _loose(part, f"{path}.{name}" if schema.get("type") == "model-fields" else path)
        if schema.get("type") == "model-fields":
            for name, part in schema["fields"].items():
                yield from _loose(part["schema"], f"{path}.{name}")
    elif isinstance(schema, list | tuple):
        for part in schema:
            yield from _loose(part, path)


@pytest.mark.parametrize("service", list(services()), ids=lambda service: service.name)
def test_no_text_passes_for_a_number_or_a_yes(service: Service) -> None:
    """F15: every whole number, number and switch of every body is strict (Whole, Flag, Minor of the contracts)."""
    loose = []
    for route in app_of(service).routes:
        if isinstance(route, APIRoute) and route.body_field is not None:
            model = route.body_field.field_info.annotation
            if isinstance(model, type) and issubclass(model, BaseModel):
                loose += [f"{model.__name__}: {path}" for path in _loose(model.__pydantic_core_schema__)]
    assert loose == []


@pytest.mark.parametrize("value", ["5", "-0", True, 5.5, "yes"])
async def test_a_text_for_days_is_refused(value: Any) -> None:
    """F15: a lead time of "5", "-0", true or 5.5 days is 422 and names the field, before anything is opened."""
    (purchasing,) = (one for one in services() if one.name == "purchasing")
    async with client_of(app_of(purchasing)) as client:
        answer = await _supplier(client, {"name": "Acme", "lead_time_days": value})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "lead_time_days")


@pytest.mark.parametrize("value", ["true", "yes", 1, 0, "no"])
async def test_a_text_for_a_switch_is_refused(value: Any) -> None:
    """F15: `is_archived` "yes", "true", 1 or 0 is 422 and names the field, before anything is opened."""
    (purchasing,) = (one for one in services() if one.name == "purchasing")
    async with client_of(app_of(purchasing)) as client:
        answer = await _supplier(client, {"name": "Acme", "is_archived": value})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "is_archived")


async def _supplier(client: httpx.AsyncClient, body: dict[str, Any]) -> httpx.Response:
    headers = {"Authorization": f"Bearer {DOORMAN.token('owner', '*')}", "Idempotency-Key": "one-supplier"}
    return await client.post("/v1/suppliers", json=body, headers=headers)
