"""Recording facts: one at a time, many at once, the same one twice, and everything that must be refused."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.sales.harness import BACK_BAR, BOTOX, CREAM, FACIAL, OTHER, SITE, Sales, fact, line

from lotwise.contracts.ids import named_id, uuid7
from lotwise.contracts.sales import SaleRecorded


async def test_a_charge_is_recorded_and_told_once(sales: Sales) -> None:
    """SAL-01 SAL-05: a charge of 20 U and 1.5 pieces costs 300.29, has a number, and SaleRecorded says it once."""
    answer = await sales.charge(
        line(BOTOX, "20"), line(CREAM, "1.5"), tenders=[{"kind": "cash", "amount_minor": 30100}]
    )
    assert answer["number"] == "harley-000001"
    assert (answer["net_minor"], answer["tax_minor"], answer["total_minor"]) == (26999, 3030, 30029)
    assert (answer["paid_minor"], answer["change_minor"], answer["due_minor"]) == (30100, 71, 0)
    (told,) = await sales.told(SaleRecorded)
    assert isinstance(told, SaleRecorded)
    assert (str(told.charge_id), told.number, told.site, told.is_held) == (
        answer["charge_id"],
        "harley-000001",
        SITE,
        False,
    )
    assert (told.net_minor, told.tax_minor, told.total_minor, told.source, told.actor) == (
        26999,
        3030,
        30029,
        "till",
        "user:till",
    )
    assert [(one.line, one.quantity, one.effect, one.unit_price) for one in told.lines] == [
        (1, "20", "sale", "12.00"),
        (2, "1.5", "sale", "19.99"),
    ]


async def test_the_event_is_what_its_contract_says(sales: Sales) -> None:
    """N-24: the JSON that the fast path writes is byte for byte a SaleRecorded that was made from its contract.

    What nobody paid is left out.
    """
    await sales.charge(line(BOTOX, "2", lot_id=str(uuid7()), treatment_id=str(uuid7())), line(FACIAL, "1"))
    (body,) = [row["body"] for row in await sales.owner.fetch("SELECT body FROM outbox")]
    parsed = SaleRecorded.model_validate_json(body)
    assert SaleRecorded.model_validate(parsed.model_dump()) == parsed
    assert parsed.model_dump(mode="json").keys() - json.loads(body).keys() == {"payments", "till_id"}


async def test_the_outbox_row_carries_trace_story_and_actor(sales: Sales) -> None:
    """N-18: the event of a charge goes on in the trace of its request."""
    body = fact()
    headers = {
        "authorization": "Bearer till",
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00",
        "x-correlation-id": "story-7",
    }
    answer = await sales.http.post("/v1/charges", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    row = await sales.owner.fetchrow("SELECT traceparent, correlation_id, actor, subject FROM outbox")
    assert row is not None
    assert row["traceparent"][3:35] == "0af7651916cd43dd8448eb211c80319c"
    assert (row["correlation_id"], row["actor"]) == ("story-7", "user:till")
    assert row["subject"] == "lotwise.harley.sales.sale-recorded.v1"


async def test_the_same_charge_again_gets_the_same_answer(sales: Sales) -> None:
    """N-02: sent three times under one id, a charge is recorded once; the answer is the same, marked as replayed."""
    body = fact(line(BOTOX, "3"), happened_at="2026-01-05T10:00:00+02:00")
    first = await sales.call("POST", "/v1/charges", body, who="till")
    before = await sales.state()
    for _ in range(2):
        again = await sales.call("POST", "/v1/charges", body, who="till")
        assert (again.status_code, again.json()) == (201, first.json())
        assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    assert await sales.state() == before


async def test_a_replay_is_the_same_after_a_void(sales: Sales) -> None:
    """N-02: the answer told again is the first one, also when the charge was voided since."""
    body = fact()
    first = await sales.call("POST", "/v1/charges", body, who="till")
    await sales.post(f"/v1/charges/{body['charge_id']}:void", {"reason": "typed wrong"}, who="manager")
    again = await sales.call("POST", "/v1/charges", body, who="till")
    assert again.json() == first.json()


async def test_the_same_id_with_other_contents_is_refused(sales: Sales) -> None:
    """SAL-01: an id that comes again for another charge is refused (422) and nothing changes."""
    body = fact(line(BOTOX, "3"))
    await sales.post("/v1/charges", body, who="till")
    before = await sales.state()
    answer = await sales.call("POST", "/v1/charges", body | {"lines": [line(BOTOX, "4")]}, who="till")
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-key-reused")
    assert await sales.state() == before


async def test_many_at_once_are_each_recorded_once(sales: Sales) -> None:
    """N-02 N-03: 120 requests of 40 charges, each sent three times at once: 40 charges, 40 events, numbers 1 to 40."""
    bodies = [fact(line(BOTOX, str(1 + i % 7))) for i in range(40)]
    answers = await asyncio.gather(*(sales.call("POST", "/v1/charges", body, who="till") for body in bodies * 3))
    assert {answer.status_code for answer in answers} == {201}
    for i in range(40):
        assert answers[i].json() == answers[i + 40].json() == answers[i + 80].json()
    numbers = [row["number"] for row in await sales.owner.fetch("SELECT number FROM charge ORDER BY number")]
    assert numbers == list(range(1, 41))
    assert len(await sales.told(SaleRecorded)) == 40
    assert sum("idempotent-replayed" in answer.headers for answer in answers) == 80


async def test_concurrent_charges_share_a_commit(sales: Sales) -> None:
    """D-1: charges that wait together are recorded by one statement: 50 at once need far fewer than 50 commits."""
    stamps = await sales.owner.fetch("SELECT DISTINCT recorded_at FROM charge")
    assert stamps == []
    await asyncio.gather(*(sales.charge() for _ in range(50)))
    row = await sales.owner.fetchrow("SELECT count(*) AS charges, count(DISTINCT recorded_at) AS groups FROM charge")
    assert row is not None
    assert row["charges"] == 50
    assert row["groups"] <= 10


async def test_numbers_of_another_process_do_not_disturb(sales: Sales) -> None:
    """SAL-01: when another process gave out numbers meanwhile, the next charge goes on after them."""
    await sales.charge()
    await sales.owner.execute("UPDATE charge_number SET last = last + 5 WHERE kind = 'charge'")
    assert (await sales.charge())["number"] == "harley-000007"


async def test_one_bad_charge_does_not_hurt_its_group(sales: Sales) -> None:
    """SAL-01: among charges that wait together a known id and a reused one get their own answers."""
    known = fact(line(BOTOX, "1"))
    await sales.post("/v1/charges", known, who="till")
    bodies = [fact(), known, known | {"lines": [line(BOTOX, "9")]}, fact()]
    answers = await asyncio.gather(*(sales.call("POST", "/v1/charges", body, who="till") for body in bodies))
    assert [answer.status_code for answer in answers] == [201, 201, 422, 201]
    assert len(await sales.told(SaleRecorded)) == 3


@pytest.mark.parametrize("key", ["header", "body", "both"])
async def test_the_id_stands_in_the_header_or_in_the_body(sales: Sales, key: str) -> None:
    """SAL-01: the charge's id is its Idempotency-Key; either place names it."""
    charge_id = str(uuid7())
    body = fact(charge_id=charge_id)
    if key == "header":
        del body["charge_id"]
    headers = {"authorization": "Bearer till"} | ({} if key == "body" else {"idempotency-key": charge_id})
    answer = await sales.http.post("/v1/charges", json=body, headers=headers)
    assert (answer.status_code, answer.json()["charge_id"]) == (201, charge_id)


BAD: list[tuple[str, dict[str, Any], int, str]] = [
    ("unknown product", {"lines": [line(named_id("?"))]}, 404, "unknown-product"),
    ("unknown code", {"lines": [{"code": "botox", "quantity": "1"}]}, 404, "unknown-product"),
    ("unknown site", {"site": "nowhere"}, 404, "unknown-site"),
    ("site with a space", {"site": "x y"}, 422, "invalid"),
    ("site *", {"site": "*"}, 422, "invalid"),
    ("site >", {"site": ">"}, 422, "invalid"),
    ("site chain", {"site": "chain"}, 404, "unknown-site"),
    ("quantity 0", {"lines": [line(BOTOX, "0")]}, 422, "bad-quantity"),
    ("quantity below zero", {"lines": [line(BOTOX, "-1")]}, 422, "bad-quantity"),
    ("too many decimals", {"lines": [line(BOTOX, "1.5")]}, 422, "bad-quantity"),
    ("seven decimals", {"lines": [line(CREAM, "1.0000001")]}, 422, "invalid"),
    ("quantity 1e400", {"lines": [line(BOTOX, "1e400")]}, 422, "invalid"),
    ("quantity as a number", {"lines": [line(BOTOX) | {"quantity": 1e300}]}, 422, "invalid"),
    ("quantity beyond bigint", {"lines": [line(BOTOX, "9" * 19)]}, 422, "bad-quantity"),
    ("NUL in a text", {"lines": [line(description="a\x00b")]}, 422, "invalid"),
    ("NUL in a code", {"lines": [{"code": "A\x00", "quantity": "1"}]}, 422, "invalid"),
    ("the future", {"happened_at": (datetime.now(UTC) + timedelta(days=1)).isoformat()}, 422, "bad-moment"),
    ("the year 1", {"happened_at": "0001-01-01T00:00:00Z"}, 422, "invalid"),
    ("no time zone", {"happened_at": "2026-01-01T00:00:00"}, 422, "invalid"),
    ("a price below zero", {"lines": [line(unit_price="-1")]}, 422, "bad-price"),
    ("a price beyond money", {"lines": [line(unit_price="9999999999999")]}, 422, "bad-price"),
    ("an amount beyond money", {"lines": [line(BOTOX, "9" * 18, unit_price="999999999")]}, 422, "amount-too-large"),
    ("no lines", {"lines": []}, 422, "invalid"),
    ("10,000 lines", {"lines": [line()] * 10_000}, 422, "invalid"),
    ("a line of nothing", {"lines": [{"quantity": "1"}]}, 422, "invalid"),
    ("a misspelt field", {"lines": [line(qty="1")]}, 422, "invalid"),
    ("a card that pays too much", {"tenders": [{"kind": "card", "amount_minor": 999_999}]}, 422, "bad-tender"),
    ("a tender of zero", {"tenders": [{"kind": "cash", "amount_minor": 0}]}, 422, "bad-tender"),
    ("a shell for an id", {"charge_id": "not an id"}, 422, "invalid"),
]


@pytest.mark.parametrize(("body", "status", "code"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
async def test_bad_input_is_refused_and_changes_nothing(
    sales: Sales, body: dict[str, Any], status: int, code: str
) -> None:
    """Issue, bad input named: each is a clear 4xx with its code, and neither database nor outbox changes."""
    before = await sales.state()
    answer = await sales.call(
        "POST", "/v1/charges", fact() | body, who="till", key=str(uuid7()) if "charge_id" in body else None
    )
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert await sales.state() == before


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 422),
        (b"{", 422),
        (b"null", 422),
        (b'{"site": "harley", "lines": [{"code": "\\ud800", "quantity": "1"}]}', 422),
        (b'{"site": NaN}', 422),
        (b"\xff\xfe", 422),
        (b" " * 1_100_000, 413),
        (b"x" * 50_000_000, 413),
    ],
    ids=["empty", "cut off", "null", "lone surrogate", "NaN", "not UTF-8", "over a megabyte", "50 MB"],
)
async def test_bodies_that_are_no_charge(sales: Sales, content: bytes, status: int) -> None:
    """Issue, bad input named: no JSON, a lone surrogate, too large: refused before it is read on."""
    before = await sales.state()
    headers = {"authorization": "Bearer till", "idempotency-key": str(uuid7()), "content-type": "application/json"}
    answer = await sales.http.post("/v1/charges", content=content, headers=headers)
    assert answer.status_code == status, answer.text
    assert await sales.state() == before


@pytest.mark.parametrize(
    ("who", "more", "status"),
    [
        ("nobody", {}, 401),
        ("practitioner", {}, 403),
        ("front_desk", {}, 403),
        ("manager", {}, 403),
        ("local-till", {"site": OTHER}, 403),
        ("local-till", {}, 201),
        ("importer", {"happened_at": "2010-12-01T08:26:00Z", "source": "import"}, 201),
    ],
)
async def test_who_may_state_facts(sales: Sales, who: str, more: dict[str, Any], status: int) -> None:
    """N-03: a fact passes by stock's refusal, so it needs charge.backdate at that site; others are refused."""
    before = await sales.state()
    answer = await sales.call("POST", "/v1/charges", fact(**more), who=who)
    assert answer.status_code == status, answer.text
    if status != 201:
        assert await sales.state() == before


@pytest.mark.parametrize(
    ("who", "more", "source", "due_minor"),
    [
        ("local-till", {}, "till", 0),
        ("local-till", {"source": "desk"}, "desk", 24_000 + 2_880),
        ("local", {}, "desk", 24_000 + 2_880),
    ],
)
async def test_what_a_tills_key_sells_from_the_shelf_is_not_due(
    sales: Sales, who: str, more: dict[str, Any], source: str, due_minor: int
) -> None:
    """SAL-22, DESIGN 4: given a till with a key of its own, which holds stock as the desk does and says nothing of
    payments; when it charges 20 U; then the charge is a till's and nothing is due, for only the till knows what was
    paid; it may say that it is a desk.
    """
    body = fact(line(BOTOX, "20"), hold=True, **more)
    made = await sales.post("/v1/charges", body, who=who)
    assert (made["source"], made["is_held"], made["due_minor"]) == (source, True, due_minor)
    assert (await sales.post("/v1/charges", body, who=who)) == made


async def test_corrections_and_adjustments_are_kept_with_their_sign(sales: Sales) -> None:
    """SAL-01: a money-only correction below zero and a write-off of 10 are recorded as such."""
    answer = await sales.charge(
        line(FACIAL, "1", effect="none", unit_price="-11062.06", description="Adjust bad debt"),
        line(BOTOX, "-10", effect="adjustment", unit_price="0"),
        line(BACK_BAR, "2", unit_price="0.001"),
    )
    (told,) = await sales.told(SaleRecorded)
    assert [(one.effect, one.quantity, one.net_minor) for one in told.lines] == [
        ("none", "1", -1106206),
        ("adjustment", "-10", 0),
        ("sale", "2", 0),
    ]
    assert answer["total_minor"] == -1106206


async def test_a_batch_has_an_outcome_for_each_row(sales: Sales) -> None:
    """SAL-26: of five rows one is recorded, one replayed, three refused with their problem."""
    known = fact(happened_at="2026-02-01T09:00:00Z")
    await sales.post("/v1/charges", known, who="till")
    good = fact(happened_at="2026-02-01T09:05:00Z")
    rows = [known, good, fact(site="nowhere"), fact(line(BOTOX, "1e400")), good | {"lines": [line(BOTOX, "2")]}]
    answer = await sales.post("/v1/charges:batch", {"charges": rows}, who="till")
    assert [one["outcome"] for one in answer["results"]] == ["replayed", "accepted", "refused", "refused", "refused"]
    assert [(one["problem"] or {}).get("code") for one in answer["results"]] == [
        None, None, "unknown-site", "invalid", "idempotency-key-reused",
    ]  # fmt: skip
    assert (answer["accepted"], answer["replayed"], answer["refused"]) == (1, 1, 3)
    assert [one["id"] for one in answer["results"]] == [row["charge_id"] for row in rows]
    assert len(await sales.told(SaleRecorded)) == 2


async def test_a_batch_sent_again_changes_nothing(sales: Sales) -> None:
    """E: a rerun of an import changes nothing: every row is replayed, no event is said again."""
    rows = [fact(line(BOTOX, str(i)), happened_at=f"2026-03-01T09:{i:02}:00Z", source="import") for i in range(1, 51)]
    first = await sales.post("/v1/charges:batch", {"charges": rows}, who="importer")
    assert first["accepted"] == 50
    before = await sales.state()
    again = await sales.post("/v1/charges:batch", {"charges": rows}, who="importer")
    assert again["replayed"] == 50
    assert [one["number"] for one in again["results"]] == [one["number"] for one in first["results"]]
    assert await sales.state() == before


async def test_a_charge_sent_singly_is_known_to_a_batch(sales: Sales) -> None:
    """SAL-26: the same charge through either door is the same charge; twice within one batch it is recorded once."""
    row = fact(happened_at="2026-02-01T09:00:00Z")
    await sales.post("/v1/charges", row, who="till")
    twice = fact(happened_at="2026-02-01T09:10:00Z")
    answer = await sales.post("/v1/charges:batch", {"charges": [row, twice, twice]}, who="till")
    assert [one["outcome"] for one in answer["results"]] == ["replayed", "accepted", "replayed"]
    assert len(await sales.told(SaleRecorded)) == 2


async def test_a_batch_refuses_rows_of_other_sites(sales: Sales) -> None:
    """G: a till of one site cannot state facts of another; its own rows are recorded."""
    answer = await sales.post("/v1/charges:batch", {"charges": [fact(), fact(site=OTHER)]}, who="local-till")
    assert [one["outcome"] for one in answer["results"]] == ["accepted", "refused"]
    assert answer["results"][1]["problem"]["status"] == 403


@pytest.mark.parametrize(
    "body", [{}, {"charges": []}, {"charges": [{}]}, {"charges": [{"charge_id": "x"}]}, [], {"charges": [1]}]
)
async def test_batches_that_are_none(sales: Sales, body: Any) -> None:
    """Issue, bad input named: a batch that names no ids is refused whole."""
    before = await sales.state()
    assert (await sales.call("POST", "/v1/charges:batch", body, who="till")).status_code == 422
    assert await sales.state() == before


async def test_a_batch_of_more_than_a_thousand_is_refused(sales: Sales) -> None:
    """Limits: 1,001 rows are refused whole, 1,000 are taken."""
    rows = [fact(happened_at="2026-02-01T09:00:00Z") for _ in range(1001)]
    assert (await sales.call("POST", "/v1/charges:batch", {"charges": rows}, who="till")).status_code == 422
    answer = await sales.post("/v1/charges:batch", {"charges": rows[:1000]}, who="till")
    assert answer["accepted"] == 1000


async def test_privacy_canary(sales: Sales) -> None:
    """WEB-09: a planted member name, phone and e-mail occur 0 times in outbox, audit and dead letters."""
    member = await sales.post(
        "/v1/members",
        {"name": "Zebedee Canary", "phone": "0555-31337", "email": "canary@example.test"},
        who="front_desk",
    )
    await sales.charge(member_id=member["member_id"])
    body = fact(hold=True, member_id=member["member_id"])
    await sales.post("/v1/charges", body, who="front_desk")
    await sales.post(f"/v1/charges/{body['charge_id']}:void", {"reason": "wrong"}, who="manager")
    for table in ("outbox", "audit", "dead_letter", "waiting"):
        rows = await sales.owner.fetch(f"SELECT t::text AS row FROM {table} t")
        bodies = (
            [row["body"] for row in await sales.owner.fetch("SELECT body FROM outbox")] if table == "outbox" else []
        )
        text = " ".join(row["row"] for row in rows) + b" ".join(bodies).decode()
        assert not any(word in text for word in ("Zebedee", "Canary", "canary@", "31337")), table
    assert len(await sales.told()) == 3
