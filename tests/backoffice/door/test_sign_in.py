"""Signing in: one session, a cookie no script reads, wrong passwords slowed down."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request
from starlette.responses import Response
from tests.backoffice.door.conftest import SIGN_INS

from lotwise.backoffice.door import rules
from lotwise.backoffice.door.door import Door
from lotwise.contracts.ids import uuid7
from lotwise.kit.principal import Unauthenticated


@pytest.fixture
def door(office: FastAPI) -> Door:
    """The door of the running back office."""
    door: Door = office.state.runtime.state["door"]
    return door


@pytest.fixture(autouse=True)
async def calm(office: FastAPI) -> None:
    """Forget failed tries before each test."""
    async with office.state.runtime.db.transaction() as tx:
        await tx.execute("delete from sign_in_tries")


def _request(office: FastAPI, cookie: str = "", scheme: str = "http", **headers: str) -> Request:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    if cookie:
        raw.append((b"cookie", cookie.encode()))
    return Request({
        "type": "http", "method": "POST", "scheme": scheme, "path": "/", "query_string": b"", "headers": raw,
        "server": ("office", 80), "client": ("127.0.0.1", 1), "app": office,
    })  # fmt: skip


async def _count(office: FastAPI, table: str) -> Any:
    async with office.state.runtime.db.reading() as tx:
        return await tx.fetchval(f"select count(*) from {table}")


async def test_sign_in_and_out(office: FastAPI, door: Door) -> None:
    """DESIGN 5: a right password starts one session, tells UserSignedIn, and signing out ends it at once."""
    told = await _count(office, "outbox")
    signed_in = await door.sign_in("Owner@lotwise.example ", "correct horse 1", address="127.0.0.1")
    assert await _count(office, "outbox") == told + 1
    who = await door.admit(_request(office, f"sid={signed_in.secret}"))
    assert (who.subject, who.name) == (f"user:{signed_in.user_id}", "Owner")
    assert who.allows("user.manage", "anywhere")
    assert (await office.state.runtime.verifier.admit(who.token)).subject == who.subject
    await door.sign_out(_request(office, f"sid={signed_in.secret}"))
    with pytest.raises(Unauthenticated):
        await door.admit(_request(office, f"sid={signed_in.secret}"))
    async with office.state.runtime.db.reading() as tx:
        actions = [row["action"] for row in await tx.fetch("select action from audit order by seq desc limit 2")]
        event = await tx.fetchrow("select subject, actor from outbox order by seq desc limit 1")
    assert actions == ["sign out", "sign in"]
    assert event["subject"] == "lotwise.chain.backoffice.user-signed-in.v1"
    assert event["actor"] == who.subject


async def test_wrong_sign_in(office: FastAPI, door: Door) -> None:
    """DESIGN 5: a wrong password, an unknown login and odd text are the same refusal; no session, nothing told."""
    before = await _count(office, "app_session"), await _count(office, "outbox")
    for login, password in (
        ("owner@lotwise.example", "wrong password"),
        ("nobody@lotwise.example", "correct horse 1"),
        ("\x00", "\x00"),
        ("\ud800", "\ud800"),
        ("owner@lotwise.example", "x" * 10_000),
    ):
        with pytest.raises(rules.BadSignIn) as refusal:
            await door.sign_in(login, password, address="10.0.0.1")
        assert refusal.value.detail == "Login or password do not fit."
    assert (await _count(office, "app_session"), await _count(office, "outbox")) == before


async def test_too_many_tries(office: FastAPI, door: Door) -> None:
    """DESIGN 5: after five wrong passwords from one address even the right one waits; another address does not."""
    for _ in range(5):
        with pytest.raises(rules.BadSignIn):
            await door.sign_in("manager@lotwise.example", "wrong password", address="10.0.0.2")
    with pytest.raises(rules.TooManyTries) as refusal:
        await door.sign_in("manager@lotwise.example", SIGN_INS["manager"][1], address="10.0.0.2")
    assert 800 < int(str(refusal.value.numbers["retry_after_seconds"])) <= 901
    assert (await door.sign_in("manager@lotwise.example", SIGN_INS["manager"][1], address="10.0.0.3")).name == "Manager"
    async with office.state.runtime.db.transaction() as tx:
        await tx.execute("update sign_in_tries set window_ends_at = now() - interval '1 second'")
    assert (await door.sign_in("manager@lotwise.example", SIGN_INS["manager"][1], address="10.0.0.2")).name == "Manager"


async def test_session_runs_out(office: FastAPI, door: Door) -> None:
    """DESIGN 5: a session ends after 30 idle minutes and after 12 hours, used or not."""
    for change in ("seen_at = now() - interval '31 minutes'", "expires_at = now() - interval '1 second'"):
        signed_in = await door.sign_in(*SIGN_INS["front_desk"], address="127.0.0.1")
        async with office.state.runtime.db.transaction() as tx:
            assert await tx.fetchval(
                "select expires_at - created_at = interval '12 hours' from app_session order by created_at desc limit 1"
            )
            await tx.execute(f"update app_session set {change} where user_id = $1", signed_in.user_id)
        with pytest.raises(Unauthenticated):
            await door.admit(_request(office, f"sid={signed_in.secret}"))


async def test_use_keeps_a_session_alive(office: FastAPI, door: Door) -> None:
    """DESIGN 5: a page seen within the half hour moves its end."""
    signed_in = await door.sign_in(*SIGN_INS["front_desk"], address="127.0.0.1")
    async with office.state.runtime.db.transaction() as tx:
        await tx.execute("update app_session set seen_at = now() - interval '29 minutes' where ended_at is null")
    await door.admit(_request(office, f"sid={signed_in.secret}"))
    async with office.state.runtime.db.reading() as tx:
        idle = await tx.fetchval(
            "select extract(epoch from now() - max(seen_at)) from app_session where user_id = $1", signed_in.user_id
        )
    assert idle < 5


async def test_cookie(office: FastAPI, door: Door) -> None:
    """DESIGN 5: the cookie is for this site alone and no script; over https its name binds it to the host."""
    signed_in = await door.sign_in(*SIGN_INS["front_desk"], address="127.0.0.1")
    plain, safe = Response(), Response()
    door.set_cookie(_request(office), plain, signed_in)
    door.set_cookie(_request(office, scheme="https"), safe, signed_in)
    assert plain.headers["set-cookie"].startswith(
        f"sid={signed_in.secret}; HttpOnly; Max-Age=43200; Path=/; SameSite=lax"
    )
    assert safe.headers["set-cookie"].startswith(f"__Host-sid={signed_in.secret}; HttpOnly")
    assert "Secure" in safe.headers["set-cookie"]
    async with office.state.runtime.db.reading() as tx:
        hashes = [bytes(row["secret_hash"]) for row in await tx.fetch("select secret_hash from app_session")]
    assert signed_in.secret.encode() not in hashes


async def test_token_for_a_session(office: FastAPI, door: Door, client: httpx.AsyncClient) -> None:
    """DESIGN 5: a page swaps its session for a token; a page of another site cannot."""
    signed_in = await door.sign_in(*SIGN_INS["front_desk"], address="127.0.0.1")
    cookie = {"Cookie": f"sid={signed_in.secret}"}
    body = {"grant_type": "session"}
    same = await client.post("/v1/tokens", json=body, headers=cookie | {"Sec-Fetch-Site": "same-origin"})
    origin = await client.post("/v1/tokens", json=body, headers=cookie | {"Origin": "http://office"})
    cross = await client.post("/v1/tokens", json=body, headers=cookie | {"Sec-Fetch-Site": "cross-site"})
    foreign = await client.post("/v1/tokens", json=body, headers=cookie | {"Origin": "http://evil.example"})
    silent = await client.post("/v1/tokens", json=body, headers=cookie)
    none = await client.post("/v1/tokens", json=body, headers={"Sec-Fetch-Site": "same-origin"})
    assert [answer.status_code for answer in (same, origin, cross, foreign, silent, none)] == [
        200,
        200,
        403,
        403,
        403,
        401,
    ]


async def test_change_of_roles_works_at_once(office: FastAPI, door: Door, owner: httpx.AsyncClient) -> None:
    """DESIGN 5: a page opened after a change of roles has the new ones; letting a person go ends their sessions."""
    login = f"u{uuid7().hex}@x.example"
    user = {"login": login, "name": "New", "grants": [{"role": "buyer", "sites": ["*"]}], "password": "open sesame 9"}
    made = await owner.post("/v1/users", json=user, headers={"Idempotency-Key": str(uuid7())})
    assert made.status_code == 201, made.text
    assert "password" not in made.json()
    signed_in = await door.sign_in(login, "open sesame 9", address="127.0.0.1")
    assert (await door.admit(_request(office, f"sid={signed_in.secret}"))).allows("order.send")
    edit = {"name": "New", "grants": [{"role": "auditor", "sites": ["harley"]}]}
    path = f"/v1/users/{made.json()['id']}"
    changed = await owner.put(path, json=edit, headers={"If-Match": made.headers["etag"]})
    assert changed.status_code == 200, changed.text
    who = await door.admit(_request(office, f"sid={signed_in.secret}"))
    assert not who.allows("order.send")
    assert who.sites("audit.read") == frozenset({"harley"})
    gone = await owner.put(path, json=edit | {"is_active": False}, headers={"If-Match": changed.headers["etag"]})
    assert gone.json()["is_active"] is False
    with pytest.raises(Unauthenticated):
        await door.admit(_request(office, f"sid={signed_in.secret}"))
    with pytest.raises(rules.BadSignIn):
        await door.sign_in(login, "open sesame 9", address="127.0.0.1")


async def test_the_last_owner_stays(owner: httpx.AsyncClient) -> None:
    """DESIGN 5: the last owner of every site can neither be let go nor lose the role; nothing changes."""
    rows = (await owner.get("/v1/users", params={"limit": 500})).json()["rows"]
    last = next(row for row in rows if row["login"] == "owner@lotwise.example")
    path, head = f"/v1/users/{last['id']}", {"If-Match": f'"{last["revision"]}"'}
    for edit in (
        {"name": "Owner", "grants": [{"role": "owner", "sites": ["*"]}], "is_active": False},
        {"name": "Owner", "grants": [{"role": "owner", "sites": ["harley"]}]},
        {"name": "Owner", "grants": []},
    ):
        answer = await owner.put(path, json=edit, headers=head)
        assert (answer.status_code, answer.json()["code"]) == (409, "last-owner")
    assert (await owner.get(path)).json() == last


async def test_weak_passwords_and_logins(owner: httpx.AsyncClient) -> None:
    """DESIGN 5: a short or guessable password, an odd or taken login are refused with their field."""
    good = {"login": f"u{uuid7().hex[:8]}@x.example", "name": "U", "grants": [], "password": "open sesame 9"}
    for change, status, field in (
        ({"password": "short"}, 422, "password"),
        ({"password": "aaaaaaaaaaaa"}, 422, "password"),
        ({"login": "a b"}, 422, "login"),
        ({"login": "owner@lotwise.example"}, 409, "login"),
        ({"login": "OWNER@lotwise.example"}, 409, "login"),
        ({"grants": [{"role": "wizard", "sites": ["*"]}]}, 422, "grants"),
        ({"grants": [{"role": "owner", "sites": ["x y"]}]}, 422, "grants.0.sites.0"),
    ):
        answer = await owner.post("/v1/users", json=good | change, headers={"Idempotency-Key": str(uuid7())})
        assert (change, answer.status_code, answer.json()["field"]) == (change, status, field)


async def test_new_password_ends_sessions(door: Door, owner: httpx.AsyncClient, office: FastAPI) -> None:
    """DESIGN 5: a new password works at once, the old one no more, and every session of the person is over."""
    login = f"u{uuid7().hex}@x.example"
    user = {"login": login, "name": "New", "grants": [], "password": "open sesame 9"}
    made = (await owner.post("/v1/users", json=user, headers={"Idempotency-Key": str(uuid7())})).json()
    signed_in = await door.sign_in(login, "open sesame 9", address="127.0.0.1")
    answer = await owner.post(
        f"/v1/users/{made['id']}:password",
        json={"password": "open sesame 10"},
        headers={"Idempotency-Key": str(uuid7())},
    )
    assert answer.status_code == 200
    with pytest.raises(Unauthenticated):
        await door.admit(_request(office, f"sid={signed_in.secret}"))
    with pytest.raises(rules.BadSignIn):
        await door.sign_in(login, "open sesame 9", address="127.0.0.1")
    assert (await door.sign_in(login, "open sesame 10", address="127.0.0.1")).name == "New"


async def test_bootstrap_twice(office: FastAPI, office_settings: Any) -> None:
    """B: a second start makes nobody anew and changes no password."""
    from lotwise.backoffice.door.bootstrap import bootstrap

    before = await _count(office, "app_user")
    made = await bootstrap(office_settings.database_url, {"owner": ("owner@lotwise.example", "another password")})
    assert made == {}
    assert await _count(office, "app_user") == before


async def test_tables_are_what_migrations_make(office_settings: Any) -> None:
    """House: an autogenerate diff between tables and migrations is empty."""
    from lotwise.backoffice.tables import Base
    from lotwise.kit.migrate import drift

    assert await drift(office_settings.owner_database_url, Base.metadata) == []
