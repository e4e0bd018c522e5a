"""Asking the others whether a product is used: every way of not answering is no answer; racing writers agree."""

import asyncio
from collections.abc import Callable
from uuid import uuid4

import httpx
import pytest
from tests.catalog.harness import Bench

from lotwise.catalog.api.uses import answers_of
from lotwise.catalog.domain.uses import Uses
from lotwise.contracts.catalog import ProductDefined

Answer = Callable[[httpx.Request], httpx.Response]


@pytest.fixture
def others(catalog: Bench, monkeypatch: pytest.MonkeyPatch) -> dict[str, Answer]:
    """The other services by name; the door gives everybody a token."""
    answers: dict[str, Answer] = {}

    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/tokens":
            return httpx.Response(200, json={"access_token": "t", "expires_in": 300})
        return answers[request.url.host](request)

    settings = catalog.runtime.settings
    monkeypatch.setattr(settings, "door_url", "http://door")
    for name in ("stock", "sales", "purchasing"):
        monkeypatch.setattr(settings, f"{name}_url", f"http://{name}")
    monkeypatch.setattr(catalog.runtime, "http", httpx.AsyncClient(transport=httpx.MockTransport(handle)))
    monkeypatch.setattr(catalog.runtime, "_clients", {})
    return answers


def unused(_request: httpx.Request) -> httpx.Response:
    """Nobody here uses it."""
    return httpx.Response(200, json={"count": 0, "reasons": []})


def slow(_request: httpx.Request) -> httpx.Response:
    """No answer in time."""
    raise httpx.ReadTimeout("slow")


def silent(status: int, body: object = None) -> Answer:
    """An answer that says nothing about uses."""
    return lambda _request: httpx.Response(status, json=body)


@pytest.mark.parametrize("bad", [silent(500), silent(404, {}), silent(403, {}), silent(200, {"count": -1}), slow])
async def test_every_way_of_not_answering_is_no_answer(catalog: Bench, others: dict[str, Answer], bad: Answer) -> None:
    """CAT-22: a fault, an unknown address, a refusal, nonsense or silence all mean "not known"."""
    others |= {"stock": unused, "sales": bad, "purchasing": unused}
    answers = await answers_of(catalog.runtime, uuid4())
    assert answers == {"stock": Uses(0), "sales": None, "purchasing": Uses(0)}


async def test_a_product_is_deleted_over_http(catalog: Bench, others: dict[str, Answer]) -> None:
    """CAT-22: with one use it stays as it is, archived offer and all; once three say unused it is gone."""
    made = await catalog.post("/v1/products", {"code": "A", "name": "A", "kind": "physical"})
    path = f"/v1/products/{made['product_id']}"
    used = silent(200, {"count": 2, "reasons": ["2 charges"]})
    others |= {"stock": unused, "sales": used, "purchasing": unused}
    before = await catalog.state()
    refused = await catalog.call("POST", f"{path}:delete")
    assert (refused.status_code, refused.json()["numbers"]["reasons"]) == (409, ["2 charges"])
    assert await catalog.state() == before
    others["sales"] = unused
    first = await catalog.post(f"{path}:delete", key="gone")
    assert await catalog.post(f"{path}:delete", key="gone") == first
    assert (await catalog.call("GET", path)).status_code == 404


async def test_a_product_in_a_recipe_is_not_deleted(catalog: Bench, others: dict[str, Answer]) -> None:
    """CAT-22: what a recipe consumes is in use, whatever the others say; nothing changed."""
    others |= dict.fromkeys(("stock", "sales", "purchasing"), unused)
    vial = await catalog.post("/v1/products", {"code": "V", "name": "V", "kind": "physical"})
    service = await catalog.post("/v1/products", {"code": "S", "name": "S", "kind": "service"})
    lines = [{"product_id": vial["product_id"], "quantity": "1"}]
    await catalog.put(f"/v1/services/{service['product_id']}/recipe", {"lines": lines})
    before = await catalog.state()
    refused = await catalog.call("POST", f"/v1/products/{vial['product_id']}:delete")
    assert refused.json()["numbers"]["reasons"] == ["it stands in the recipe of .S"]
    assert await catalog.state() == before


async def test_racing_writers_of_one_code_make_one_product(catalog: Bench) -> None:
    """DESIGN 3.4: eight writers of the same code at once: one is taken, seven are refused, one event is told."""
    body = {"code": "A", "name": "A", "kind": "physical", "price": "1"}
    answers = await asyncio.gather(*(catalog.call("POST", "/v1/products", body) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [201, *[409] * 7]
    assert len(await catalog.told(ProductDefined)) == 1


async def test_racing_senders_of_one_key_get_one_answer(catalog: Bench) -> None:
    """N-08: the same request six times at once under one key: one product, six equal answers."""
    body = {"code": "A", "name": "A", "kind": "physical"}
    answers = await asyncio.gather(*(catalog.call("POST", "/v1/products", body, key="k") for _ in range(6)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["product_id"] for answer in answers}) == 1
    assert len(await catalog.told(ProductDefined)) == 1
