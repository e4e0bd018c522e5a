"""Tokens: for a client secret, a key or a session; five minutes; read by every service."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from lotwise.backoffice.settings import BackofficeSettings
from lotwise.contracts.ids import uuid7
from lotwise.kit.client import MachineToken
from lotwise.kit.service import create_app
from lotwise.kit.tokens import Verifier


def _key() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid7())}


async def _verifier(client: httpx.AsyncClient) -> Verifier:
    verifier = Verifier()
    verifier.load((await client.get("/v1/jwks")).json())
    return verifier


async def test_client_credentials(client: httpx.AsyncClient) -> None:
    """DESIGN 5: a service swaps its secret for a five-minute token that any service reads offline."""
    body = {"grant_type": "client_credentials", "client_id": "sales", "client_secret": "the secret of sales"}
    answer = await client.post("/v1/tokens", json=body)
    assert answer.status_code == 200
    assert (answer.json()["token_type"], answer.json()["expires_in"]) == ("Bearer", 300)
    who = await (await _verifier(client)).admit(answer.json()["access_token"])
    assert (who.subject, who.actor) == ("service:sales", "service:sales")
    assert who.allows("stock.hold", "harley")
    assert not who.allows("user.manage")


async def test_wrong_client(client: httpx.AsyncClient) -> None:
    """DESIGN 5: a wrong secret, an unknown client and a client without a secret are the same 401."""
    for client_id, secret in (("sales", "wrong"), ("nobody", "x"), ("stock", ""), ("stock", "x"), ("sales", "é")):
        body = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret or "-"}
        answer = await client.post("/v1/tokens", json=body)
        assert (answer.status_code, answer.json()["code"]) == (401, "bad-client")


async def test_machine_token_is_kept(office: FastAPI) -> None:
    """A service asks the door once and uses the token until a minute before its end."""
    asked: list[httpx.Request] = []

    async def count(request: httpx.Request) -> None:
        """Remember that the door was asked."""
        asked.append(request)

    transport = httpx.ASGITransport(office)
    async with httpx.AsyncClient(transport=transport, event_hooks={"request": [count]}) as http:
        token = MachineToken("http://office", "sales", "the secret of sales")
        assert await token.get(http, 1.0) == await token.get(http, 1.0)
    assert len(asked) == 1


async def test_key_set_shows_two_public_keys(client: httpx.AsyncClient) -> None:
    """DESIGN 5: the key that signs and the next one are public; no private half leaves."""
    keys = (await client.get("/v1/jwks")).json()["keys"]
    assert len(keys) == 2
    assert {key["alg"] for key in keys} == {"Ed25519"}
    assert all(set(key) == {"kty", "crv", "use", "alg", "kid", "x"} for key in keys)


async def test_keys_survive_a_restart(
    office: FastAPI, office_settings: BackofficeSettings, client: httpx.AsyncClient
) -> None:
    """DESIGN 5: the private half is stored encrypted, opens with the same secret and not with another."""
    door = office.state.runtime.state["door"]
    before = door.signer.jwks()
    async with office.state.runtime.db.reading() as tx:
        boxes = await tx.fetch("select private_box from signing_key")
    private = door.signer._private[before["keys"][0]["kid"]].as_dict(private=True)["d"]
    assert all(private.encode() not in row["private_box"] for row in boxes)
    again = create_app(_service(), office_settings)
    async with again.router.lifespan_context(again):
        assert again.state.runtime.state["door"].signer.jwks() == before
    other = create_app(_service(), office_settings.model_copy(update={"client_secret": "c" * 32}))
    async with other.router.lifespan_context(other):
        signer = other.state.runtime.state["door"].signer
        assert len(signer.jwks()["keys"]) == 4
        assert signer.mint("user:1", "x", []).token
    async with office.state.runtime.db.transaction() as tx:
        await tx.execute("delete from signing_key where kid <> all($1)", [key["kid"] for key in before["keys"]])


def _service() -> Any:
    from lotwise.backoffice.app import SERVICE

    return SERVICE


async def test_keys_rotate(office: FastAPI) -> None:
    """DESIGN 5: when its month is over the next key signs, another is made, and the old one stays for an hour."""
    runtime = office.state.runtime
    door = runtime.state["door"]
    first, second = (key["kid"] for key in door.signer.jwks()["keys"])
    async with runtime.db.transaction() as tx:
        await tx.execute("update signing_key set signs_from = signs_from - interval '30 days 1 minute',"
                         " signs_until = signs_until - interval '30 days 1 minute'")  # fmt: skip
    await door.open()
    kids = [key["kid"] for key in door.signer.jwks()["keys"]]
    assert kids[:2] == [first, second]
    assert len(kids) == 3
    assert door.signer._signing()[0] == second
    async with runtime.db.transaction() as tx:
        await tx.execute("update signing_key set signs_until = signs_until - interval '2 hours' where kid = $1", first)
    await door.open()
    assert [key["kid"] for key in door.signer.jwks()["keys"]] == kids[1:]


async def test_api_key(client: httpx.AsyncClient, owner: httpx.AsyncClient, office: FastAPI) -> None:
    """DESIGN 5: a key is shown once, kept as a hash, gives its grants only, and opens nothing once revoked."""
    body = {"name": "Till 3", "grants": [{"role": "till", "sites": ["harley"]}]}
    head = _key()
    made = await owner.post("/v1/keys", json=body, headers=head)
    assert made.status_code == 201, made.text
    text = made.json()["api_key"]
    assert text.startswith("ck_")
    again = await owner.post("/v1/keys", json=body, headers=head)
    assert again.json()["id"] == made.json()["id"]
    assert text not in again.text
    token = (await client.post("/v1/tokens", json={"grant_type": "api_key", "api_key": text})).json()["access_token"]
    who = await office.state.runtime.verifier.admit(token)
    assert who.subject == f"key:{made.json()['id']}"
    assert who.sites("charge.create") == frozenset({"harley"})
    assert not who.allows("stock.adjust")
    async with office.state.runtime.db.reading() as tx:
        rows = await tx.fetch("select * from api_key")
        answers = await tx.fetch("select answer from idempotency")
    secret = text.split("_", 2)[2].encode()
    assert all(secret not in bytes(row["secret_hash"]) for row in rows)
    assert all(secret not in bytes(row["answer"]) for row in answers)
    revoked = await owner.post(f"/v1/keys/{made.json()['id']}:revoke", headers=_key())
    assert revoked.json()["revoked_at"]
    refused = await client.post("/v1/tokens", json={"grant_type": "api_key", "api_key": text})
    assert (refused.status_code, refused.json()["code"]) == (401, "bad-client")


async def test_api_key_from_an_address(client: httpx.AsyncClient, owner: httpx.AsyncClient) -> None:
    """DESIGN 5: a key bound to other addresses, or one that has run out, opens nothing here."""
    body = {"name": "Far", "grants": [{"role": "till", "sites": ["harley"]}], "addresses": ["10.9.0.0/16"]}
    made = (await owner.post("/v1/keys", json=body, headers=_key())).json()
    refused = await client.post("/v1/tokens", json={"grant_type": "api_key", "api_key": made["api_key"]})
    past = body | {"expires_at": "2020-01-01T00:00:00Z"}
    over = await owner.post("/v1/keys", json=past, headers=_key())
    assert (refused.status_code, over.status_code) == (401, 422)
    for odd in ("ck_x_y", "ck_" + "a" * 12 + "_" + "b" * 43, "", "ck_\x00"):
        answer = await client.post("/v1/tokens", json={"grant_type": "api_key", "api_key": odd})
        assert answer.status_code in {401, 422}


@pytest.mark.parametrize(
    "addresses", [["10.0.0.7/8"], ["garbage", True], [True], [1], [{}], [["10.0.0.0", 8]], ["\u00b8"], [""], ["1" * 60]]
)
async def test_addresses_that_are_none(owner: httpx.AsyncClient, addresses: list[Any]) -> None:
    """F15: a host with a mask, a word, a number, a list: 422 that names the address, and no key is made."""
    before = (await owner.get("/v1/keys")).json()
    body = {"name": "till", "grants": [{"role": "till", "sites": ["harley"]}], "addresses": addresses}
    answer = await owner.post("/v1/keys", json=body, headers=_key())
    assert (answer.status_code, answer.json()["errors"][0]["field"].split(".")[0]) == (422, "addresses"), answer.text
    assert (await owner.get("/v1/keys")).json() == before


async def test_nobody_hands_out_more_than_they_have(office: FastAPI) -> None:
    """DESIGN 5: an owner of one site makes neither keys nor persons for another, nor for every site."""
    from lotwise.kit.principal import Grant

    token = office.state.runtime.state["door"].signer.mint("user:x", "X", [Grant("owner", ("harley",))]).token
    transport = httpx.ASGITransport(office, raise_app_exceptions=False)
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://office", headers=headers) as client:
        for sites, status in ((["harley"], 201), (["leeds"], 403), (["*"], 403), (["harley", "leeds"], 403)):
            grants = [{"role": "front_desk", "sites": sites}]
            key = await client.post("/v1/keys", json={"name": "k", "grants": grants}, headers=_key())
            user = {"login": f"u{uuid7().hex}@x.example", "name": "U", "grants": grants}
            person = await client.post("/v1/users", json=user, headers=_key())
            assert (sites, key.status_code, person.status_code) == (sites, status, status)
        odd = [{"role": "service", "sites": ["harley"]}]
        assert (await client.post("/v1/keys", json={"name": "k", "grants": odd}, headers=_key())).status_code == 422


async def test_one_broken_till_blocks_no_other(
    client: httpx.AsyncClient, owner: httpx.AsyncClient, office: FastAPI
) -> None:
    """DESIGN 5: a till that goes on trying with a revoked key is told to wait; the till beside it is not."""
    grants = [{"role": "till", "sites": ["harley"]}]
    broken, good = [
        (await owner.post("/v1/keys", json={"name": name, "grants": grants}, headers=_key())).json() for name in "ab"
    ]
    await owner.post(f"/v1/keys/{broken['id']}:revoke", headers=_key())
    async with office.state.runtime.db.transaction() as tx:
        await tx.execute(
            "insert into sign_in_tries values ($1, 59, now() + interval '9 minutes')", f"key:{broken['id']}@127.0.0.1"
        )
    statuses = []
    for key in (broken, broken, good):
        answer = await client.post("/v1/tokens", json={"grant_type": "api_key", "api_key": key["api_key"]})
        statuses.append(answer.status_code)
    assert statuses == [401, 429, 200]
