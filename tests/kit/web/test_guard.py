"""The guard: no token 401, no permission 403, another's site 403, before anything of the request is read further."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from tests.kit.web import shop as toy
from tests.kit.web.doorman import Doorman
from tests.kit.web.shop import body

from lotwise.contracts.ids import uuid7
from lotwise.kit.principal import Grant, Principal, compile_reach
from lotwise.kit.service import Service, create_app
from lotwise.kit.settings import ServiceSettings
from lotwise.kit.web import Router, find_site_scope


@pytest.fixture
async def stranger(shop: FastAPI) -> Any:
    """A client without a token."""
    transport = httpx.ASGITransport(shop, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://shop") as client:
        yield client


async def test_no_token(stranger: httpx.AsyncClient) -> None:
    """DESIGN 5: without a token every endpoint but the public ones is 401 and says how to get one."""
    answer = await stranger.get("/v1/things")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["code"] == "unauthenticated"
    for path in ("/livez", "/readyz", "/metrics", "/openapi.json"):
        assert (await stranger.get(path)).status_code == 200


async def test_no_permission(stranger: httpx.AsyncClient, doorman: Doorman, db: Any) -> None:
    """DESIGN 5: a role without the permission is 403, whatever the body holds."""
    headers = doorman.bearer("front_desk") | {"Idempotency-Key": "x"}
    answer = await stranger.post("/v1/things", json={"nonsense": 1}, headers=headers)
    assert answer.status_code == 403
    assert answer.json()["numbers"] == {"permission": "stock.receive"}


@pytest.mark.parametrize(
    ("method", "path", "sent"),
    [
        ("POST", "/v1/things", {"site": "leeds"}),
        ("POST", "/v1/things:batch", {"things": [{"site": "harley"}, {"site": "leeds"}]}),
        ("GET", "/v1/things?site=leeds", None),
        ("GET", "/v1/things?site=harley&site=leeds", None),
        ("GET", "/v1/sites/leeds/things/count", None),
    ],
)
async def test_another_site(
    stranger: httpx.AsyncClient, doorman: Doorman, method: str, path: str, sent: dict[str, Any] | None
) -> None:
    """DESIGN 5: a person of one site is 403 at another, named in path, query, body or any row of a batch."""
    headers = doorman.bearer("manager", "harley") | {"Idempotency-Key": "x"}
    answer = await stranger.request(method, path, json=sent, headers=headers)
    assert answer.status_code == 403, answer.text


async def test_lists_show_own_sites_only(client: httpx.AsyncClient, doorman: Doorman, db: Any) -> None:
    """I9: what belongs to site A is not in the list of a person of site B, asked with or without a site."""
    for site in ("harley", "leeds"):
        await client.post("/v1/things", json=body(site=site), headers={"Idempotency-Key": str(uuid7())})
    rows = (await client.get("/v1/things", headers=doorman.bearer("manager", "leeds"))).json()["rows"]
    assert {row["site"] for row in rows} == {"leeds"}


async def test_record_of_another_site(client: httpx.AsyncClient, doorman: Doorman, db: Any) -> None:
    """API1: an id of another site is refused by the operation that loads it, and nothing changed."""
    thing = body(site="leeds")
    await client.post("/v1/things", json=thing, headers={"Idempotency-Key": str(uuid7())})
    headers = doorman.bearer("manager", "harley") | {"Idempotency-Key": str(uuid7())}
    answer = await client.post(f"/v1/things/{thing['id']}:take", json={"amount": 1}, headers=headers)
    assert answer.status_code == 403
    async with db.reading() as tx:
        assert await tx.fetchval("select amount from thing where id = $1", thing["id"]) == 5


def test_undeclared_routes_do_not_start() -> None:
    """F16: a route without a permission of the table cannot be declared, and one that slips in stops the app."""
    with pytest.raises(TypeError):
        Router().get("/x")  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="not in the table"):
        Router().get("/x", permission="stock.everything")

    def slip_in(app: FastAPI) -> None:
        app.get("/v1/slipped", include_in_schema=False)(lambda: None)

    service = Service(name="x", package="tests", settings=ServiceSettings, extend=slip_in)
    with pytest.raises(ValueError, match="declares no permission"):
        create_app(service)


def test_where_the_site_is_found() -> None:
    """F16: the place of the site is read from the signature: path, query, body, rows, record, or the chain."""
    scopes = {route.path: route.site_scope for route in toy.router.routes if route.method != "GET"}
    assert scopes == {
        "/v1/things": "body:site",
        "/v1/things:batch": "rows:things",
        "/v1/things/{id}:take": "record",
        "/v1/things/{id}": "record",
    }
    assert find_site_scope("/sites/{site}/things/count", toy.count) == "path"
    assert find_site_scope("/things", toy.things) == "query"


def test_reach_of_grants() -> None:
    """DESIGN 5: grants add up by permission and site; * is everywhere; an unknown role gives nothing."""
    grants = (Grant("front_desk", ("harley",)), Grant("buyer", ("leeds", "york")), Grant("wizard", ("*",)))
    who = Principal("user:1", reach=compile_reach(grants))
    assert who.sites("stock.read") == frozenset({"harley", "leeds", "york"})
    assert who.allows("charge.create", "harley")
    assert not who.allows("charge.create", "leeds")
    assert who.sites("user.manage") == frozenset()
    assert Principal("user:2", reach=compile_reach([Grant("owner", ("*",))])).sites("stock.read") is None
