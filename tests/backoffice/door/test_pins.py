"""Changing the person at a shared till by PIN: at once, for real, and not by guessing."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from tests.backoffice.door.conftest import SIGN_INS
from tests.backoffice.door.test_sign_in import _count, _request

from lotwise.backoffice.door import pins
from lotwise.backoffice.door.door import Door
from lotwise.kit.migrate import drift
from lotwise.values import BadValue

PIN = "2580"


@pytest.fixture
def door(office: FastAPI) -> Door:
    """The door of the running back office."""
    door: Door = office.state.runtime.state["door"]
    return door


@pytest.fixture(autouse=True)
async def calm(office: FastAPI) -> None:
    """Forget failed tries and PINs before each test."""
    async with office.state.runtime.db.transaction() as tx:
        await tx.execute("delete from sign_in_tries")
        await tx.execute("update app_user set pin_hash = null, pin_failures = 0")


@pytest.fixture
async def till(office: FastAPI, door: Door) -> AsyncIterator[httpx.AsyncClient]:
    """A browser at the front desk, signed in by a manager and shared."""
    transport = httpx.ASGITransport(office, raise_app_exceptions=False)
    headers = {"accept": "text/html", "sec-fetch-site": "same-origin"}
    async with httpx.AsyncClient(transport=transport, base_url="http://office", headers=headers) as browser:
        came = await door.sign_in(*SIGN_INS["manager"], address="127.0.0.1")
        browser.cookies.set("sid", came.secret, domain="office.local", path="/")
        await browser.post("/pin/share", data={"is_shared": "true"})
        yield browser


async def who(office: FastAPI, door: Door, browser: httpx.AsyncClient, **headers: str) -> Any:
    """Who the browser's cookie speaks for."""
    return await door.admit(_request(office, f"sid={browser.cookies['sid']}", **headers))


async def desk_person(office: FastAPI, door: Door) -> str:
    """The front desk's person with a PIN."""
    async with office.state.runtime.db.reading() as tx:
        user_id = await tx.fetchval("select id from app_user where login = $1", SIGN_INS["front_desk"][0])
    await pins.set_pin(door, user_id, SIGN_INS["front_desk"][1], PIN)
    return str(user_id)


async def test_the_migration_makes_the_tables_of_the_code(postgres: Any, office_settings: Any) -> None:
    """DESIGN 2: a diff between migrations and tables finds nothing."""
    from lotwise.backoffice.tables import Base

    assert await drift(office_settings.owner_database_url, Base.metadata) == []


async def test_another_person_goes_on_at_once(office: FastAPI, door: Door, till: httpx.AsyncClient) -> None:
    """WEB-13: after the PIN the same browser speaks for the other person, with their rights; the old cookie is dead."""
    desk = await desk_person(office, door)
    before, old = await who(office, door, till), till.cookies["sid"]
    assert before.allows("charge.void", "harley")
    answer = await till.post("/switch", data={"person": desk, "pin": PIN, "next": "/charge"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/charge")
    now = await who(office, door, till)
    assert now.subject == f"user:{desk}" != before.subject
    assert not now.allows("charge.void", "harley")
    assert (await office.state.runtime.verifier.admit(now.token)).subject == f"user:{desk}"
    till.cookies.set("sid", old, domain="office.local", path="/")
    assert (await till.get("/switch")).headers["location"].startswith("/sign-in")
    async with office.state.runtime.db.reading() as tx:
        last = await tx.fetchrow("select actor, action, details from audit order by seq desc limit 1")
    assert (last["actor"], last["action"], last["details"]) == (
        f"user:{desk}",
        "switch",
        {"from": before.subject.removeprefix("user:")},
    )


async def test_five_wrong_pins_lock_until_the_password(office: FastAPI, door: Door, till: httpx.AsyncClient) -> None:
    """WEB-13: guessing ends after five tries, even with the right one; signing in with the password opens it again."""
    desk = await desk_person(office, door)
    sessions, form = await _count(office, "app_session"), {"person": desk, "next": "/"}
    for _ in range(5):
        answer = await till.post("/switch", data=form | {"pin": "1111"})
        assert (answer.status_code, "does not fit" in answer.text) == (401, True)
    locked = await till.post("/switch", data=form | {"pin": PIN})
    assert (locked.status_code, "is locked" in locked.text) == (403, True)
    assert await _count(office, "app_session") == sessions
    assert (await who(office, door, till)).name == "Manager"
    await door.sign_in(*SIGN_INS["front_desk"], address="127.0.0.1")
    assert (await till.post("/switch", data=form | {"pin": PIN})).status_code == 303


async def test_a_till_where_many_pins_are_wrong_waits(office: FastAPI, door: Door, till: httpx.AsyncClient) -> None:
    """WEB-13: trying one person after the other ends, too: a till has twenty wrong tries a quarter of an hour."""
    desk = await desk_person(office, door)
    for n in range(20):
        person = desk if n % 5 == 0 else "00000000-0000-7000-8000-000000000000"
        await till.post("/switch", data={"person": person, "pin": "1111", "next": "/"})
    answer = await till.post("/switch", data={"person": desk, "pin": PIN, "next": "/"})
    assert (answer.status_code, "Too many" in answer.text) == (429, True)


async def test_an_idle_till_locks_itself(office: FastAPI, door: Door, till: httpx.AsyncClient) -> None:
    """WEB-13: five minutes without a person's deed lock it, though its pages read themselves anew all the time."""
    desk = await desk_person(office, door)
    async with office.state.runtime.db.transaction() as tx:
        await tx.execute("update app_session set active_at = now() - interval '4 minutes' where is_shared")
    await door.admit(_request_get(office, till, hx_request="true"))
    async with office.state.runtime.db.transaction() as tx:
        idle = await tx.fetchval(
            "select max(now() - active_at) > interval '3 minutes' from app_session where is_shared"
        )
        assert idle
        await tx.execute("update app_session set active_at = now() - interval '6 minutes' where is_shared")
    page = await till.get("/pin")
    assert page.status_code == 303
    pad = await till.get(page.headers["location"])
    assert pad.headers["location"].startswith("/switch?next=")
    assert "This till is locked" in (await till.get(pad.headers["location"])).text
    await till.post("/switch", data={"person": desk, "pin": PIN, "next": "/"})
    assert (await who(office, door, till)).subject == f"user:{desk}"


def _request_get(office: FastAPI, browser: httpx.AsyncClient, **headers: str) -> Any:
    request = _request(office, f"sid={browser.cookies['sid']}", **headers)
    request.scope["method"] = "GET"
    return request


async def test_a_till_is_locked_by_hand(office: FastAPI, door: Door, till: httpx.AsyncClient) -> None:
    """WEB-13: whoever steps away locks it; nothing of the office opens until a PIN is given."""
    desk = await desk_person(office, door)
    assert (await till.post("/lock", data={"next": "/charge"})).headers["location"] == "/switch?next=%2Fcharge"
    assert (await till.get("/pin")).status_code == 303
    assert (await till.post("/switch", data={"person": desk, "pin": PIN, "next": "/charge"})).status_code == 303
    assert (await till.get("/pin")).status_code == 200


async def test_a_browser_of_one_person_is_not_switched(office: FastAPI, door: Door, till: httpx.AsyncClient) -> None:
    """WEB-13: without sharing there is no pad, and a page of another site cannot switch or lock."""
    desk = await desk_person(office, door)
    foreign = {"sec-fetch-site": "cross-site"}
    form = {"person": desk, "pin": PIN, "next": "/"}
    assert (await till.post("/switch", data=form, headers=foreign)).status_code == 403
    assert (await till.post("/lock", headers=foreign)).status_code == 403
    await till.post("/pin/share", data={"is_shared": "false"})
    answer = await till.post("/switch", data=form)
    assert answer.headers["location"] == "/sign-in"
    assert (await who(office, door, till)).name == "Manager"


async def test_the_change_of_person_makes_a_shared_till_in_one_step(
    office: FastAPI, door: Door, till: httpx.AsyncClient
) -> None:
    """WEB-13: at a browser of one person the pad comes at once and says what it does; a wrong PIN changes nothing, the
    right one hands the browser over, which is a shared till from then on.
    """
    desk = await desk_person(office, door)
    await till.post("/pin/share", data={"is_shared": "false"})
    pad = await till.get("/switch?next=/charge")
    assert (pad.status_code, 'name="share" value="true"' in pad.text) == (200, True)
    assert "this browser is the shared till of this desk" in pad.text
    form = {"person": desk, "next": "/charge", "share": "true"}
    sessions = await _count(office, "app_session")
    assert (await till.post("/switch", data=form | {"pin": "1111"})).status_code == 401
    assert await _count(office, "app_session") == sessions
    assert not await _is_shared(office, door, till)
    answer = await till.post("/switch", data=form | {"pin": PIN})
    assert (answer.status_code, answer.headers["location"]) == (303, "/charge")
    assert (await who(office, door, till)).subject == f"user:{desk}"
    assert await _is_shared(office, door, till)


async def test_without_any_pin_the_desk_says_what_to_do(till: httpx.AsyncClient) -> None:
    """WEB-13: where nobody has a PIN yet the way to one's own is on the sheet, and that the bill stays."""
    await till.post("/pin/share", data={"is_shared": "false"})
    pad = (await till.get("/switch?next=/charge")).text
    assert "Nobody at this site has a PIN yet." in pad
    assert 'href="/pin"' in pad
    assert "The open bill stays" in pad


async def _is_shared(office: FastAPI, door: Door, browser: httpx.AsyncClient) -> bool:
    return (await door.live_of(_request(office, f"sid={browser.cookies['sid']}"))).is_shared


@pytest.mark.parametrize("pin", ["123", "123456789", "0000", "1234", "8765", "12a4", "", "\uff11\uff12\uff13\uff14"])
def test_pins_that_are_guessed_first(pin: str) -> None:
    """WEB-13: 4 to 8 digits, no row of the same and no stairs."""
    with pytest.raises(BadValue):
        pins.pin_of(pin)


async def test_a_pin_is_set_with_the_password_and_kept_as_a_hash(
    office: FastAPI, door: Door, till: httpx.AsyncClient
) -> None:
    """WEB-13: two equal PINs and the own password; what is kept is argon2id; an owner can take it away."""
    good = {"password": SIGN_INS["manager"][1], "pin": "4826", "again": "4826"}
    for wrong, words in (
        ({"again": "4827"}, "differ"),
        ({"password": "nope"}, "does not fit"),
        ({"pin": "1111", "again": "1111"}, "easy"),
    ):
        answer = await till.post("/pin", data=good | wrong)
        assert (answer.status_code, words in answer.text) == (422, True)
    assert (await till.post("/pin", data=good)).status_code == 303
    async with office.state.runtime.db.reading() as tx:
        kept = await tx.fetchrow("select id, pin_hash from app_user where login = $1", SIGN_INS["manager"][0])
    assert kept["pin_hash"].startswith("$argon2id$")
    await pins.clear(door, kept["id"], "user:owner")
    async with office.state.runtime.db.reading() as tx:
        assert await tx.fetchval("select pin_hash from app_user where id = $1", kept["id"]) is None
