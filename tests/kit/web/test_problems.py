"""Every no is a problem: bad input is a 4xx that names the field, and never 500."""

import re
from typing import Any

import httpx
import orjson
import pytest
from starlette.requests import ClientDisconnect
from tests.kit.web.shop import body

from lotwise.contracts.ids import uuid7
from lotwise.kit.web import KitRequest


def _key() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid7())}


async def _things(db: Any) -> tuple[int, int]:
    async with db.reading() as tx:
        return tuple(await tx.fetchrow("select (select count(*) from thing), (select count(*) from outbox)"))


BAD: dict[str, tuple[bytes, str | None]] = {
    "site with a space": (b'{"site":"x y"}', "site"),
    "site with a star": (b'{"site":"*"}', "site"),
    "site with a wildcard": (b'{"site":">"}', "site"),
    "NUL in text": (b'{"name":"a\\u0000b"}', None),
    "lone surrogate": (b'{"name":"a\\ud800b"}', None),
    "huge number": (b'{"amount":1e400}', None),
    "not a number": (b'{"amount":NaN}', None),
    "infinity": (b'{"amount":Infinity}', None),
    "beyond bigint": (b'{"amount":9223372036854775808}', None),
    "not UTF-8": (b'{"name":"\xff\xfe"}', None),
    "unknown id": (b'{"id":"nobody"}', "id"),
    "below zero": (b'{"amount":-1}', None),
    "a list": (b"[]", None),
    "nothing": (b"", None),
    "half": (b'{"site":', None),
    "deep": (b"[" * 100_000, None),
}


@pytest.mark.parametrize("name", BAD)
async def test_bad_input(client: httpx.AsyncClient, db: Any, name: str) -> None:
    """DESIGN 5: bad input is 422 with a problem and a trace id; nothing changed, nothing told."""
    raw, field = BAD[name]
    sent = raw
    if raw.startswith(b'{"') and raw.endswith(b"}"):
        whole = body()
        wrong = re.match(rb'\{"([a-z]+)":(.*)\}$', raw, re.DOTALL)
        assert wrong is not None
        whole.pop(wrong[1].decode())
        rest = ",".join(
            f'"{key}":"{value}"' if isinstance(value, str) else f'"{key}":{value}' for key, value in whole.items()
        )
        sent = b'{"' + wrong[1] + b'":' + wrong[2] + b"," + rest.encode() + b"}"
    before = await _things(db)
    answer = await client.post("/v1/things", content=sent, headers=_key() | {"Content-Type": "application/json"})
    problem = answer.json()
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["status"] == 422
    assert len(problem["trace_id"]) == 32
    assert problem["trace_id"] == answer.headers["x-trace-id"]
    if field is not None:
        assert field in [error["field"] for error in problem["errors"]]
        assert "message" in problem["errors"][0]
    assert await _things(db) == before


async def test_body_that_is_no_json(client: httpx.AsyncClient) -> None:
    """DESIGN 5: another kind of content is 422, not a crash."""
    answer = await client.post("/v1/things", content=b"site=harley", headers=_key() | {"Content-Type": "text/plain"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


async def test_literal_backslash_u0000_is_text(client: httpx.AsyncClient) -> None:
    """The six letters backslash-u-0-0-0-0 are a text like any other."""
    answer = await client.post("/v1/things", json=body(name="\\u0000"), headers=_key())
    assert (answer.status_code, answer.json()["name"]) == (201, "\\u0000")


async def test_unknown_things(client: httpx.AsyncClient) -> None:
    """DESIGN 5: an unknown path, id or method is a problem too."""
    nowhere = await client.get("/v1/nowhere")
    nobody = await client.post(f"/v1/things/{uuid7()}:take", json={"amount": 1}, headers=_key())
    wrong = await client.delete("/v1/things")
    assert [answer.status_code for answer in (nowhere, nobody, wrong)] == [404, 404, 405]
    assert [answer.json()["code"] for answer in (nowhere, nobody, wrong)] == [
        "unknown",
        "unknown",
        "method-not-allowed",
    ]
    assert wrong.headers["allow"]


async def test_large_bodies(client: httpx.AsyncClient, db: Any) -> None:
    """DESIGN 5: over 1 MB (8 MB for a batch, 30 MB for a file) is 413, told by its length or counted as it comes."""
    before = await _things(db)
    told = await client.post(
        "/v1/things", content=b" " * 1_000_001, headers=_key() | {"Content-Type": "application/json"}
    )

    async def flood() -> Any:
        """More than a body may hold, its length untold."""
        for _ in range(60):
            yield b" " * 20_000

    counted = await client.post("/v1/things", content=flood(), headers=_key() | {"Content-Type": "application/json"})
    batch = await client.post(
        "/v1/things:batch",
        content=b'{"things":[]' + b" " * 2_000_000 + b"}",
        headers=_key() | {"Content-Type": "application/json"},
    )
    over = await client.post("/v1/things:batch", content=b" " * 8_000_001, headers=_key())
    assert [answer.status_code for answer in (told, counted, batch, over)] == [413, 413, 200, 413]
    file = await client.post("/v1/things:upload", content=b" " * 8_000_001, headers=_key())
    large = await client.post("/v1/things:upload", content=b"", headers=_key() | {"Content-Length": "30000001"})
    assert (file.status_code, large.status_code) == (404, 413)
    assert told.json()["numbers"] == {"limit_bytes": 1_000_000}
    assert await _things(db) == before


async def test_a_body_in_pieces_is_one_body(client: httpx.AsyncClient, db: Any) -> None:
    """DESIGN 5: a body that comes in pieces of any size, empty ones too, is read whole; half of one stores nothing."""
    whole = orjson.dumps(body())

    async def pieces() -> Any:
        """The body, cut in odd places."""
        for piece in (b"", whole[:1], whole[1:7], b"", whole[7:]):
            yield piece

    before = await _things(db)
    answer = await client.post("/v1/things", content=pieces(), headers=_key() | {"Content-Type": "application/json"})
    assert answer.status_code == 201, answer.text
    stored = await _things(db)
    assert stored[0] == before[0] + 1

    parts = iter([{"type": "http.request", "body": whole[:7], "more_body": True}, {"type": "http.disconnect"}])

    async def gone() -> Any:
        """A client that leaves in the middle."""
        return next(parts)

    with pytest.raises(ClientDisconnect):
        await KitRequest({"type": "http", "headers": []}, gone).body()
    assert await _things(db) == stored


async def test_nul_in_the_address(client: httpx.AsyncClient) -> None:
    """DESIGN 5: a NUL in path or query is 422, before the database sees it."""
    path = await client.get("/v1/sites/a%00b/things/count")
    query = await client.get("/v1/audit-trail?actor=a%00b")
    assert [answer.status_code for answer in (path, query)] == [422, 422]


async def test_the_database_says_no(client: httpx.AsyncClient) -> None:
    """DESIGN 5: what only the database finds wrong is a 4xx; what is busy is 503 with Retry-After."""
    kinds = {
        "select 1/0": 422,
        "select 'x'::text::uuid": 422,
        "select 1::int + 2147483647": 422,
        "select pg_sleep(0) from no_such_table": 500,
    }
    for how, status in kinds.items():
        answer = await client.get("/v1/broken", params={"how": how})
        assert (how, answer.status_code) == (how, status)
        assert answer.headers["content-type"] == "application/problem+json"
    thing = body()
    await client.post("/v1/things", json=thing, headers=_key())
    twice = await client.post("/v1/things", json=thing, headers=_key())
    assert (twice.status_code, twice.json()["code"]) == (409, "already-exists")


async def test_our_fault_gives_away_nothing(client: httpx.AsyncClient) -> None:
    """DESIGN 5: a bug is 500 with a trace id; its message stays inside."""
    answer = await client.get("/v1/broken", params={"how": "bug"})
    assert answer.status_code == 500
    assert "Jane" not in answer.text
    assert answer.json()["code"] == "our-fault"
    assert len(answer.json()["trace_id"]) == 32


async def test_safe_headers(client: httpx.AsyncClient) -> None:
    """Each answer, even a 404, carries the safe headers."""
    for path in ("/livez", "/v1/things", "/v1/nowhere"):
        answer = await client.get(path)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["cache-control"] == "no-store"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "server" not in answer.headers


async def test_pages_follow_each_other(client: httpx.AsyncClient) -> None:
    """Keyset pages show every row once, and the last page ends; a foreign cursor is 422."""
    site = f"paged-{uuid7().hex[:8]}"
    wanted = [body(site=site) for _ in range(7)]
    for thing in wanted:
        await client.post("/v1/things", json=thing, headers=_key())
    seen: list[str] = []
    after = None
    for _ in range(4):
        query = {"site": site, "limit": "3"} | ({"after": after} if after else {})
        page = (await client.get("/v1/things", params=query)).json()
        seen += [row["id"] for row in page["rows"]]
        after = page["next"]
        if after is None:
            break
    assert seen == [thing["id"] for thing in reversed(wanted)]
    for cursor in ("!!", "WzFd", "bnVsbA", "W251bGwsIm5vYm9keSJd", "é"):
        answer = await client.get("/v1/things", params={"after": cursor})
        assert (cursor, answer.status_code) == (cursor, 422)
