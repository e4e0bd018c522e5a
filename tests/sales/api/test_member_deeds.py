"""What is done with members: consents, search by digits, merging, erasure that keeps the ledger, export."""

import asyncio
from typing import Any

import pytest
from tests.sales.api.test_payments import card, desk
from tests.sales.harness import BOTOX, FACIAL, SITE, Sales, fact, line

from lotwise.contracts.ids import named_id, uuid7
from lotwise.contracts.sales import MemberErased, MemberMerged, SaleRecorded

PLANTED = ("Ada Lovelace", "020 7946 0958", "ada@planted.example")


async def member(sales: Sales, name: str = "Ada Lovelace", **more: Any) -> str:
    """A member."""
    return str((await sales.post("/v1/members", {"name": name, **more}, who="front_desk"))["member_id"])


async def ada(sales: Sales) -> str:
    """The member whom the tests look for afterwards."""
    return await member(sales, PLANTED[0], phone=PLANTED[1], email=PLANTED[2], note="likes tea", born_on="1980-02-29")


async def refused(sales: Sales, path: str, body: Any, status: int, code: str, who: str = "owner") -> Any:
    """A deed that is refused by name and changes nothing, neither in the database nor in the outbox."""
    before = await sales.state()
    answer = await sales.call("POST", path, body, who=who)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert await sales.state() == before
    return answer.json()


@pytest.mark.parametrize("search", ["2079460958", "020-7946-0958", "7946 0958", "lovelace 0958", "ADA@planted"])
async def test_a_member_is_found_by_the_digits_of_the_phone(sales: Sales, search: str) -> None:
    """SAL-17: a phone is found however it is written; name and e-mail by their parts."""
    one = await ada(sales)
    await member(sales, "Grace Hopper", phone="+44 20 7946 0000")
    found = await sales.get("/v1/members", params={"search": search}, who="front_desk")
    assert [row["member_id"] for row in found["rows"]] == [one]


async def test_consents_say_who_wrote_them_and_when(sales: Sales) -> None:
    """SAL-17: the last word counts, the words before stay; the same again is not written twice; the look is logged."""
    one = await ada(sales)
    where = f"/v1/members/{one}/consents"
    await sales.put(where, {"consents": {"marketing_mail": True, "photo": False}}, None, who="front_desk")
    await sales.put(where, {"consents": {"marketing_mail": True}}, None, who="manager")
    await sales.put(where, {"consents": {"marketing_mail": False}}, None, who="manager")
    shown = await sales.get(where, who="front_desk")
    now = {row["kind"]: (row["is_given"], row["actor"]) for row in shown["consents"]}
    assert now == {"marketing_mail": (False, "user:manager"), "photo": (False, "user:front_desk")}
    assert len(shown["history"]) == 3
    looks = await sales.owner.fetchval("select count(*) from audit where action like 'VIEW %consents'")
    assert looks == 1
    answer = await sales.call("PUT", where, {"consents": {"telepathy": True}})
    assert answer.status_code == 422


async def test_two_records_of_one_person_become_one(sales: Sales) -> None:
    """SAL-17: charges and consents go over, gaps are filled, the old id leads to the new one, and it is told."""
    kept, gone = await member(sales, "Ada L."), await ada(sales)
    await sales.put(f"/v1/members/{gone}/consents", {"consents": {"photo": True}}, None)
    charge = await sales.post("/v1/charges", desk(member_id=gone, tenders=[card(1344)]), who="front_desk")
    now = await sales.post(f"/v1/members/{kept}:merge", {"gone_id": gone, "reason": "same phone"}, who="front_desk")
    assert (now["name"], now["phone"], now["email"], now["born_on"]) == ("Ada L.", *PLANTED[1:], "1980-02-29")
    (told,) = await sales.told(MemberMerged)
    assert (str(told.member_id), str(told.gone_id)) == (kept, gone)
    late = await sales.post("/v1/charges", fact(member_id=gone), who="till")
    listed = await sales.get(f"/v1/members/{kept}/charges")
    assert {row["charge_id"] for row in listed["rows"]} == {charge["charge_id"], late["charge_id"]}
    assert [row["kind"] for row in (await sales.get(f"/v1/members/{kept}/consents"))["consents"]] == ["photo"]
    assert (await sales.get(f"/v1/members/{gone}"))["merged_into"] == kept
    assert [row["member_id"] for row in (await sales.get("/v1/members?archived=true"))["rows"]] == [kept]


async def test_money_on_account_is_merged_with_an_entry_each(sales: Sales) -> None:
    """SAL-25: 5.00 owed to one record and 2.00 to the other are 7.00 on the one that stays; entries say the same."""
    kept, gone = await member(sales, "Ada L."), await ada(sales)
    for one, amount in ((kept, 500), (gone, 200)):
        await sales.owner.execute("insert into member_account values ($1, $2, 0, 'USD', 1)", one, amount)
    await sales.post(f"/v1/members/{kept}:merge", {"gone_id": gone, "reason": "twice"})
    rows = await sales.owner.fetch("select member_id::text, balance_minor from member_account")
    assert {row["member_id"]: row["balance_minor"] for row in rows} == {kept: 700, gone: 0}
    moves = await sales.owner.fetch("select owner_id::text, amount_minor, why from balance_move order by seq")
    assert sorted(tuple(row) for row in moves) == sorted([(gone, -200, "merged"), (kept, 200, "merged")])


async def test_merges_that_cannot_be(sales: Sales) -> None:
    """SAL-17: a record into itself, an unknown one, one that was merged or erased: refused by name."""
    kept, gone = await member(sales), await ada(sales)
    where = f"/v1/members/{kept}:merge"
    await refused(sales, where, {"gone_id": kept, "reason": "x"}, 409, "same-member")
    await refused(sales, where, {"gone_id": str(named_id("no")), "reason": "x"}, 404, "unknown-member")
    await sales.post(where, {"gone_id": gone, "reason": "x"})
    await refused(sales, where, {"gone_id": gone, "reason": "x"}, 409, "member-merged")
    await sales.post(f"/v1/members/{kept}:erase", {"reason": "asked"})
    other = await member(sales)
    await refused(sales, f"/v1/members/{other}:merge", {"gone_id": kept, "reason": "x"}, 409, "member-erased")
    answer = await sales.call("PUT", f"/v1/members/{kept}", {"name": "Ada"}, match="*")
    assert (answer.status_code, answer.json()["code"]) == (409, "member-erased")


async def test_an_erased_member_is_nowhere_but_the_ledger_is_whole(sales: Sales) -> None:
    """WEB-10: name, phone, e-mail, birthday and notes are in no row of any table; the charge keeps the opaque id."""
    one = await ada(sales)
    charge = await sales.post("/v1/charges", desk(member_id=one, tenders=[card(1344)]), who="front_desk")
    booked = {"site": SITE, "service_id": str(FACIAL), "member_id": one, "starts_at": "2026-12-01T10:00:00Z"}
    await sales.post("/v1/appointments", booked | {"note": "Ada Lovelace is afraid of needles"}, who="front_desk")
    parked = {"site": SITE, "label": "Ada Lovelace", "member_id": one, "bill": {}}
    await sales.post("/v1/parked", parked, who="front_desk")
    erased = await sales.post(f"/v1/members/{one}:erase", {"reason": "asked for it"})
    assert erased["sealed_until"] is not None
    for table in await sales._tables() + ["audit", "idempotency", "outbox"]:
        for row in await sales.owner.fetch(f"select t::text as text, t.* from {table} t"):
            kept = row["text"] + "".join(
                bytes(value).decode(errors="replace") for value in row if isinstance(value, bytes)
            )
            for word in (*PLANTED, "Lovelace", "1980-02-29", "likes tea", "needles"):
                assert word.lower() not in kept.lower(), (table, word)
    (told,) = await sales.told(MemberErased)
    assert str(told.member_id) == one
    shown = await sales.get(f"/v1/charges/{charge['charge_id']}")
    assert (shown["member_id"], shown["total_minor"]) == (one, 1344)
    assert (await sales.get("/v1/members?search=lovelace"))["rows"] == []


async def test_a_recall_still_reaches_an_erased_member_until_the_day(sales: Sales) -> None:
    """WEB-10: whoever may recall opens the sealed contact, which is logged; after its day the job deletes it."""
    one = await ada(sales)
    charge = await sales.post("/v1/charges", desk(member_id=one, tenders=[card(1344)]), who="front_desk")
    await sales.post(f"/v1/members/{one}:erase", {"reason": "asked"})
    contact = await sales.get(f"/v1/members/{one}/sealed-contact", who="manager")
    assert (contact["name"], contact["phone"], contact["email"]) == PLANTED
    asked = {"charges": [charge["charge_id"]]}
    (named,) = (await sales.post("/v1/charges:members", asked, who="manager"))["rows"]
    assert (named["name"], named["is_sealed"]) == ("Ada Lovelace", True)
    (hidden,) = (await sales.post("/v1/charges:members", asked, who="front_desk"))["rows"]
    assert (hidden["name"], hidden["is_sealed"]) == ("Erased member", False)
    assert (await sales.call("GET", f"/v1/members/{one}/sealed-contact", who="front_desk")).status_code == 403
    looks = await sales.owner.fetchval("select count(*) from audit where action like 'VIEW %sealed-contact'")
    assert looks == 1
    await sales.owner.execute("update sealed_contact set keep_until = current_date - 1")
    gone = await sales.call("GET", f"/v1/members/{one}/sealed-contact", who="manager")
    assert (gone.status_code, gone.json()["code"]) == (404, "no-sealed-contact")
    job = next(job for job in sales.service.jobs if job.name == "sealed-contacts")
    await job.run(sales.runtime)
    assert await sales.owner.fetchval("select count(*) from sealed_contact") == 0


@pytest.mark.parametrize(("goods", "refuses"), [(False, False), (True, True)])
async def test_no_contact_is_sealed_without_goods_or_against_a_members_word(
    sales: Sales, *, goods: bool, refuses: bool
) -> None:
    """WEB-10: who received nothing, or refused recall contact, leaves no sealed contact behind."""
    one = await ada(sales)
    if goods:
        await sales.post("/v1/charges", desk(member_id=one, tenders=[card(1344)]), who="front_desk")
    if refuses:
        await sales.put(f"/v1/members/{one}/consents", {"consents": {"recall_contact": False}}, None)
    assert (await sales.post(f"/v1/members/{one}:erase", {"reason": "asked"}))["sealed_until"] is None


async def test_what_is_open_is_settled_before_a_member_is_erased(sales: Sales) -> None:
    """WEB-10: an unpaid charge is named; erased all the same when whoever may says so. A manager may not erase."""
    one = await ada(sales)
    await sales.post("/v1/charges", desk(member_id=one), who="front_desk")
    await refused(sales, f"/v1/members/{one}:erase", {"reason": "asked"}, 409, "still-owed")
    await refused(sales, f"/v1/members/{one}:erase", {"reason": "asked"}, 403, "forbidden", "manager")
    await sales.post(f"/v1/members/{one}:erase", {"reason": "asked", "even_if_open": True})
    await refused(sales, f"/v1/members/{one}:erase", {"reason": "asked"}, 409, "member-erased")


async def test_a_member_erased_while_charging(sales: Sales) -> None:
    """WEB-10 issue: charges and the erasure at once: each charge goes through with the opaque id, never a 500."""
    one = await ada(sales)
    charges = [sales.call("POST", "/v1/charges", desk(line(BOTOX, "1"), member_id=one)) for _ in range(8)]
    erasing = sales.call("POST", f"/v1/members/{one}:erase", {"reason": "asked", "even_if_open": True})
    *answers, erased = await asyncio.gather(*charges, erasing)
    assert [one.status_code for one in answers] == [201] * 8
    assert erased.status_code == 200
    after = await sales.call("POST", "/v1/charges", desk(member_id=one))
    assert after.status_code == 201
    assert {str(told.member_id) for told in await sales.told(SaleRecorded)} == {one}


async def test_a_member_gets_all_that_is_kept_of_them(sales: Sales) -> None:
    """WEB-09: the export holds what is kept, is logged, and is an owner's to give."""
    one = await ada(sales)
    await sales.post("/v1/charges", desk(member_id=one, tenders=[card(1344)]), who="front_desk")
    await sales.put(f"/v1/members/{one}/consents", {"consents": {"photo": True}}, None)
    found = await sales.get(f"/v1/members/{one}/export")
    assert (found["member"]["name"], found["consents"][0]["kind"]) == ("Ada Lovelace", "photo")
    assert found["charges"][0]["lines"][0]["product_id"] == str(BOTOX)
    logged = await sales.owner.fetch("select actor, subject, target from audit where action like 'EXPORT %'")
    assert [tuple(row) for row in logged] == [("user:owner", "member.export", one)]
    assert (await sales.call("GET", f"/v1/members/{one}/export", who="manager")).status_code == 403


async def test_members_are_imported_dry_first(sales: Sales) -> None:
    """WEB-08: a dry run says who would be new and keeps nobody; the run itself says the same."""
    known = await ada(sales)
    rows = [{"member_id": known, "name": "Ada"}, {"member_id": str(uuid7()), "name": "Bo", "born_on": "1990-05-01"}]
    before = await sales.state()
    dry = await sales.post("/v1/members:batch", {"rows": rows, "dry_run": True}, who="importer")
    assert [row["outcome"] for row in dry["rows"]] == ["known", "created"]
    assert await sales.state() == before
    wet = await sales.post("/v1/members:batch", {"rows": rows}, who="importer")
    assert (wet["rows"], wet["created"]) == (dry["rows"], 1)
