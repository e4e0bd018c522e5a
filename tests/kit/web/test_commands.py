"""Deeds: once under a key, all or nothing, with an audit row."""

import asyncio
from typing import Any

import asyncpg
import httpx
from tests.kit.web.doorman import Doorman
from tests.kit.web.shop import body

from lotwise.contracts.ids import uuid7
from lotwise.kit import audit


async def _counts(db: Any) -> tuple[int, int, int, int]:
    async with db.reading() as tx:
        return tuple(
            await tx.fetchrow(
                "select (select count(*) from thing), (select count(*) from audit),"
                " (select count(*) from idempotency), (select count(*) from outbox)"
            )
        )


async def test_same_key_same_answer(client: httpx.AsyncClient, db: Any) -> None:
    """DESIGN 5: a POST sent again with its key gets the first answer, byte for byte, and does nothing again."""
    sent = body()
    first = await client.post("/v1/things", json=sent, headers={"Idempotency-Key": "same-1"})
    before = await _counts(db)
    again = await client.post("/v1/things", json=sent, headers={"Idempotency-Key": "same-1"})
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    assert await _counts(db) == before


async def test_same_key_other_body(client: httpx.AsyncClient, db: Any) -> None:
    """DESIGN 5: the same key with another body is refused with 422 and changes nothing."""
    await client.post("/v1/things", json=body(), headers={"Idempotency-Key": "other-1"})
    before = await _counts(db)
    answer = await client.post("/v1/things", json=body(), headers={"Idempotency-Key": "other-1"})
    assert answer.status_code == 422
    assert answer.json()["code"] == "idempotency-key-reused"
    assert answer.headers["content-type"] == "application/problem+json"
    assert await _counts(db) == before


async def test_key_belongs_to_its_sender(client: httpx.AsyncClient, doorman: Doorman, db: Any) -> None:
    """DESIGN 5: two callers may use the same key; each gets an answer of their own."""
    one, two = body(), body()
    first = await client.post("/v1/things", json=one, headers={"Idempotency-Key": "mine-1"})
    other = await client.post("/v1/things", json=two, headers=doorman.bearer("buyer") | {"Idempotency-Key": "mine-1"})
    assert (first.json()["id"], other.json()["id"]) == (one["id"], two["id"])


async def test_concurrent_twins(client: httpx.AsyncClient, db: Any) -> None:
    """DESIGN 5: ten requests with one key at the same moment take effect once, and all get the one answer."""
    thing = body(amount=5)
    await client.post("/v1/things", json=thing, headers={"Idempotency-Key": str(uuid7())})
    path = f"/v1/things/{thing['id']}:take"
    answers = await asyncio.gather(
        *(client.post(path, json={"amount": 5}, headers={"Idempotency-Key": "twins-1"}) for _ in range(10))
    )
    assert {answer.status_code for answer in answers} == {200}
    assert {answer.content for answer in answers} == {answers[0].content}
    assert sum("idempotent-replayed" in answer.headers for answer in answers) == 9
    async with db.reading() as tx:
        assert await tx.fetchval("select amount from thing where id = $1", thing["id"]) == 0


async def test_refusal_leaves_no_trace(client: httpx.AsyncClient, db: Any) -> None:
    """DESIGN 5: a refused deed is 409 with code, numbers and ways out, and leaves no row: not even its key."""
    thing = body(amount=3)
    await client.post("/v1/things", json=thing, headers={"Idempotency-Key": str(uuid7())})
    before = await _counts(db)
    answer = await client.post(
        f"/v1/things/{thing['id']}:take", json={"amount": 5}, headers={"Idempotency-Key": "no-1"}
    )
    assert answer.status_code == 409
    assert answer.json()["code"] == "not-enough-things"
    assert answer.json()["numbers"] == {"wanted": 5, "available": 3}
    assert answer.json()["ways_out"] == ["Take what is there."]
    assert await _counts(db) == before


async def test_key_is_required(client: httpx.AsyncClient, db: Any) -> None:
    """DESIGN 5: a POST without Idempotency-Key, or with an unprintable one, is 422 and changes nothing."""
    before = await _counts(db)
    missing = await client.post("/v1/things", json=body())
    odd = await client.post("/v1/things", json=body(), headers={"Idempotency-Key": "a b"})
    assert (missing.status_code, missing.json()["code"]) == (422, "idempotency-key-missing")
    assert (odd.status_code, odd.json()["field"]) == (422, "Idempotency-Key")
    assert await _counts(db) == before


async def test_audit_row(client: httpx.AsyncClient, db: Any) -> None:
    """DESIGN 3.3: each deed adds who, what, where, to what and why to the audit trail, with its trace."""
    thing = body(amount=3)
    await client.post("/v1/things", json=thing, headers={"Idempotency-Key": str(uuid7())})
    answer = await client.post(
        f"/v1/things/{thing['id']}:take", json={"amount": 1}, headers={"Idempotency-Key": str(uuid7())}
    )
    trail = (await client.get("/v1/audit-trail", params={"target": thing["id"]})).json()["rows"]
    assert [deed["action"] for deed in trail] == ["POST /v1/things/{id}:take", "POST /v1/things"]
    assert (trail[0]["actor"], trail[0]["subject"], trail[0]["site"]) == ("user:owner", "stock.adjust", "harley")
    assert (trail[0]["reason"], trail[0]["trace_id"]) == ("taken", answer.headers["x-trace-id"])
    async with db.reading() as tx:
        content = audit.CONTENT.format("")
        same = await tx.fetchval(f"select bool_and(content_hash = sha256(convert_to({content}, 'UTF8'))) from audit")
    assert same is True


async def test_edits_name_their_revision(client: httpx.AsyncClient, db: Any) -> None:
    """DESIGN 5: an edit needs If-Match (428), of the present revision (412); the answer carries the next ETag."""
    thing = body()
    made = await client.post("/v1/things", json=thing, headers={"Idempotency-Key": str(uuid7())})
    path = f"/v1/things/{thing['id']}"
    missing = await client.put(path, json={"name": "new"})
    edited = await client.put(path, json={"name": "new"}, headers={"If-Match": made.headers["etag"]})
    stale = await client.put(path, json={"name": "newer"}, headers={"If-Match": made.headers["etag"]})
    odd = await client.put(path, json={"name": "newer"}, headers={"If-Match": "abc"})
    assert [answer.status_code for answer in (missing, edited, stale, odd)] == [428, 200, 412, 412]
    assert (made.headers["etag"], edited.headers["etag"]) == ('"1"', '"2"')
    assert stale.json()["numbers"] == {"expected": 1, "current": 2}
    async with db.reading() as tx:
        assert await tx.fetchval("select name from thing where id = $1", thing["id"]) == "new"


async def test_trail_is_sealed(shop_settings: Any, client: httpx.AsyncClient, db: Any, postgres: Any) -> None:
    """DESIGN 3.3: an altered deed is named; one altered with its hash, or removed, is named by its block."""
    await client.post("/v1/things", json=body(), headers={"Idempotency-Key": str(uuid7())})
    admin = await asyncpg.connect(
        postgres.admin_url.rsplit("/", 1)[0] + "/" + shop_settings.database_url.rsplit("/", 1)[1]
    )
    try:
        await admin.execute("update audit set at = at - interval '1 minute'")
        content = audit.CONTENT.format("")
        await admin.execute(f"update audit set content_hash = sha256(convert_to({content}, 'UTF8'))")
        async with db.transaction() as tx:
            sealed = await audit.seal(tx)
        assert sealed > 0
        proof = (await client.get("/v1/audit-trail/proof")).json()
        assert (proof["is_intact"], proof["rows"], proof["blocks"]) == (True, sealed, 1)
        victim = await admin.fetchval(
            "update audit set actor = 'user:x' where seq = (select min(seq) from audit) returning id"
        )
        proof = (await client.get("/v1/audit-trail/proof")).json()
        assert (proof["is_intact"], proof["altered"], proof["broken_blocks"]) == (False, [str(victim)], [])
        await admin.execute(f"update audit set content_hash = sha256(convert_to({content}, 'UTF8'))")
        proof = (await client.get("/v1/audit-trail/proof")).json()
        assert (proof["altered"], proof["broken_blocks"]) == ([], [1])
        async with db.transaction() as tx:
            assert await audit.seal(tx) == 0
    finally:
        await admin.close()
