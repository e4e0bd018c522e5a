"""From charges to members and back: the half of a recall's trace that only sales knows."""

from tests.sales.harness import Sales, fact, line

from lotwise.contracts.ids import uuid7


async def test_charges_lead_to_members_and_a_member_to_charges(sales: Sales) -> None:
    """N-06: given two charges of a member, one of nobody; when asked both ways; then names and charges, newest first,
    each look in the audit trail; who may not read members is refused.
    """
    await sales.define()
    member = await sales.post("/v1/members", {"name": "Ada Lovelace", "phone": "1", "email": "a@b.example"})
    ada = member["member_id"]
    first = await sales.charge(line(), member_id=ada, happened_at="2026-01-02T10:00:00Z")
    second = await sales.charge(line(), member_id=ada, happened_at="2026-01-03T10:00:00Z")
    nobody = await sales.charge(line())
    asked = [one["charge_id"] for one in (first, second, nobody)]
    found = await sales.post("/v1/charges:members", {"charges": [*asked, str(uuid7())]})
    names = {one["charge_id"]: (one["member_id"], one["name"]) for one in found["rows"]}
    assert names == {asked[0]: (ada, "Ada Lovelace"), asked[1]: (ada, "Ada Lovelace"), asked[2]: (None, "")}
    page = await sales.get(f"/v1/members/{ada}/charges", params={"limit": 1})
    rest = await sales.get(f"/v1/members/{ada}/charges", params={"limit": 1, "after": page["next"]})
    assert [one["charge_id"] for one in page["rows"] + rest["rows"]] == [asked[1], asked[0]]
    since = await sales.get(f"/v1/members/{ada}/charges", params={"since": "2026-01-03T00:00:00Z"})
    assert [one["charge_id"] for one in since["rows"]] == [asked[1]]
    views = await sales.owner.fetchval("select count(*) from audit where action like 'VIEW /v1/charges%'")
    assert views == 4
    for answer in (
        await sales.call("POST", "/v1/charges:members", {"charges": asked}, who="buyer"),
        await sales.call("GET", f"/v1/members/{ada}/charges", who="buyer"),
    ):
        assert answer.status_code == 403
    answer = await sales.call("GET", f"/v1/members/{uuid7()}/charges")
    assert answer.json()["code"] == "unknown-member"


async def test_a_named_lot_goes_into_the_hold(sales: Sales) -> None:
    """STK-12: given lines of one product, two of them with a lot; then stock is asked per product and lot."""
    await sales.define()
    lot = str(uuid7())
    body = fact(line(quantity="1"), line(quantity="2", lot_id=lot), line(quantity="3", lot_id=lot), hold=True)
    await sales.post("/v1/charges", body)
    (asked,) = sales.stock.asked
    assert sorted((one.quantity, str(one.lot_id or "")) for one in asked.lines) == [("1", ""), ("5", lot)]
