"""Treatments and the checkout queue: one use, one movement, one charge; corrections; lots and prescriptions."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.sales.harness import BOTOX, CREAM, FACIAL, OTHER, SITE, FakeShelves, FakeStock, Sales, fact, line
from tests.sales.visits import NOW, TOXIN, booked, completed, drawn, furnish

from lotwise.contracts.catalog import PriceChanged
from lotwise.contracts.ids import named_id, uuid7
from lotwise.contracts.sales import SaleRecorded, TreatmentCompleted
from lotwise.sales.domain.dispensing import Offer
from lotwise.sales.operations import checkout

FIRST = Offer(named_id("lot a"), "A1", date(2027, 1, 31), "50")
SECOND = Offer(named_id("lot b"), "B2", date(2027, 6, 30), "100")
PRESCRIBED = {"prescription": {"prescriber": "Dr Grey", "order_reference": "RX-7"}}


@pytest.fixture(autouse=True)
async def clinic(sales: Sales) -> None:
    """A service with a recipe; a toxin that asks for its lot and a prescription."""
    await furnish(sales)
    await sales.hear(PriceChanged(price_id=uuid7(), product_id=TOXIN, price="9", valid_from=NOW - timedelta(days=9)))
    await sales.selling.prices.load()
    sales.shelves.lots[TOXIN] = [FIRST, SECOND]


async def walk_in(sales: Sales, *lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A treatment without an appointment."""
    body = {"site": SITE, "service_id": str(FACIAL), "practitioner": "Dr Grey", "lines": list(lines), **more}
    answer: dict[str, Any] = await sales.post("/v1/treatments", body, who="practitioner")
    return answer


async def queue(sales: Sales, site: str = SITE) -> list[dict[str, Any]]:
    """What waits for the desk."""
    found: list[dict[str, Any]] = (await sales.get(f"/v1/checkout?site={site}", who="front_desk"))["rows"]
    return found


def as_charge(draft: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The charge that the desk makes of a draft."""
    lines = [
        line(UUID(one["product_id"]), one["quantity"], treatment_id=one["treatment_id"], lot_id=one["lot_id"])
        for one in draft["lines"]
        if one["is_priced"]
    ]
    return {"charge_id": draft["charge_id"], "site": draft["site"], "hold": True, "lines": lines} | more


async def desk(sales: Sales, body: dict[str, Any], who: str = "front_desk") -> Any:
    """What the desk is answered."""
    return await sales.call("POST", "/v1/charges", body, who=who)


async def test_a_completed_treatment_waits_as_a_draft(sales: Sales) -> None:
    """SAL-18: the service and the goods that were used wait at the desk; back bar goods are part of the service."""
    member = await sales.post("/v1/members", {"name": "Ann Lee"})
    treated = await completed(sales, await booked(sales, member_id=member["member_id"]), drawn(BOTOX, "18"))
    (draft,) = await queue(sales)
    assert (draft["treatment_id"], draft["member_name"], draft["service"]) == (
        treated["treatment_id"], "Ann Lee", "Facial",
    )  # fmt: skip
    assert [(one["name"], one["quantity"], one["treatment_id"]) for one in draft["lines"]] == [
        ("Facial", "1", treated["treatment_id"]), ("Botox", "18", treated["treatment_id"]),
    ]  # fmt: skip
    assert await queue(sales, OTHER) == []


async def test_a_charged_draft_leaves_the_queue_and_a_void_puts_it_back(sales: Sales, stock: FakeStock) -> None:
    """SAL-18: what the treatment took is not held again; charged once it is gone, voided it is back with a new id."""
    await completed(sales, await booked(sales))
    (draft,) = await queue(sales)
    answer = await desk(sales, as_charge(draft))
    assert (answer.status_code, stock.asked) == (201, [])
    assert await queue(sales) == []
    assert (await sales.get(f"/v1/checkout/{draft['treatment_id']}"))["state"] == "charged"
    (told,) = await sales.told(SaleRecorded)
    assert {str(one.treatment_id) for one in told.lines} == {draft["treatment_id"]}
    void = await sales.call(
        "POST", f"/v1/charges/{draft['charge_id']}:void", {"reason": "wrong", "disposition": "restock"}
    )
    assert (void.status_code, void.json()["code"], await queue(sales)) == (409, "treated-goods", [])
    await sales.post(f"/v1/charges/{draft['charge_id']}:void", {"reason": "wrong", "disposition": "quarantine"})
    (again,) = await queue(sales)
    assert again["treatment_id"] == draft["treatment_id"]
    assert again["charge_id"] != draft["charge_id"]
    assert (await desk(sales, as_charge(again))).status_code == 201
    assert await queue(sales) == []


async def test_two_desks_cannot_charge_one_treatment_twice(sales: Sales) -> None:
    """SAL-18 N-02: both tills opened the draft: the second one's other bill is refused, nothing is charged twice."""
    await completed(sales, await booked(sales))
    (draft,) = await queue(sales)
    await desk(sales, as_charge(draft))
    before = await sales.state()
    body = as_charge(draft)
    answer = await desk(sales, body | {"lines": body["lines"][:1]})
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-key-reused")
    assert await sales.state() == before


async def test_a_charge_before_its_treatment_settles_it(sales: Sales, stock: FakeStock) -> None:
    """SAL-18: charged first, treated later: the goods were held for the charge, and the queue stays empty."""
    treatment = str(uuid7())
    answer = await desk(sales, fact(line(BOTOX, "20", treatment_id=treatment)) | {"hold": True})
    assert (answer.status_code, [one.lines[0].quantity for one in stock.asked]) == (201, ["20"])
    await walk_in(sales, treatment_id=treatment)
    assert await queue(sales) == []


async def test_more_charged_than_expected_holds_the_rest(sales: Sales, stock: FakeStock) -> None:
    """DESIGN 3.8: without a drawn quantity the charge is the figure: only what the recipe did not take is held."""
    treated = await walk_in(sales)
    await desk(sales, fact(line(BOTOX, "25", treatment_id=treated["treatment_id"])) | {"hold": True})
    drawn_for = await walk_in(sales, drawn(BOTOX, "20"))
    await desk(sales, fact(line(BOTOX, "25", treatment_id=drawn_for["treatment_id"])) | {"hold": True})
    assert [[one.quantity for one in hold.lines] for hold in stock.asked] == [["5"]]


async def test_facts_of_tills_settle_the_queue_too(sales: Sales) -> None:
    """SAL-18: a charge from a till or a batch that names the treatment takes it out of the queue."""
    one, two = await walk_in(sales), await walk_in(sales)
    await sales.charge(line(FACIAL, "1", treatment_id=one["treatment_id"]))
    batch = {"charges": [fact(line(FACIAL, "1", treatment_id=two["treatment_id"]))]}
    await sales.post("/v1/charges:batch", batch, who="till")
    states = await sales.owner.fetch("SELECT state FROM checkout")
    assert [row["state"] for row in states] == ["charged", "charged"]


async def test_the_job_closes_what_a_lost_process_left(sales: Sales) -> None:
    """A process that ended between charge and queue: the list does not show it, and the job settles it."""
    await completed(sales, await booked(sales))
    (draft,) = await queue(sales)
    await desk(sales, as_charge(draft))
    await sales.owner.execute("UPDATE checkout SET state = 'open'")
    assert await queue(sales) == []
    assert await checkout.settle_rest(sales.db) == 1
    assert await sales.owner.fetchval("SELECT state FROM checkout") == "charged"
    assert await checkout.settle_rest(sales.db) == 0


async def test_a_treatment_is_dismissed_with_its_reason(sales: Sales) -> None:
    """Not charged, and why: it leaves the queue; again nothing changes; what is charged is not dismissed."""
    treated = await walk_in(sales)
    path = f"/v1/checkout/{treated['treatment_id']}:dismiss"
    answer = await sales.call("POST", path, {"reason": ""}, who="front_desk")
    assert answer.status_code == 422
    await sales.post(path, {"reason": "touch-up"}, who="front_desk")
    before = await sales.state()
    await sales.post(path, {"reason": "touch-up"}, who="front_desk")
    assert (await queue(sales), await sales.state()) == ([], before)
    other = await walk_in(sales)
    await sales.charge(line(FACIAL, "1", treatment_id=other["treatment_id"]))
    before = await sales.state()
    answer = await sales.call("POST", f"/v1/checkout/{other['treatment_id']}:dismiss", {"reason": "no"})
    assert (answer.status_code, answer.json()["code"]) == (409, "checkout-closed")
    far = await walk_in(sales, site=OTHER)
    before = await sales.state()
    answer = await sales.call("POST", f"/v1/checkout/{far['treatment_id']}:dismiss", {"reason": "no"}, who="local")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown-treatment")
    assert await sales.state() == before


async def test_a_correction_tells_the_next_revision(sales: Sales) -> None:
    """SAL-18 DESIGN 3.8: what was drawn after all goes out with the next revision; the same again changes nothing."""
    treated = await walk_in(sales, drawn(BOTOX, "20"))
    path = f"/v1/treatments/{treated['treatment_id']}"
    edit = {"practitioner": "Dr Grey", "lines": [drawn(BOTOX, "22"), drawn(CREAM, "1")]}
    corrected = await sales.put(path, edit, match='"1"', who="practitioner")
    before = await sales.state()
    await sales.put(path, edit, match='"2"', who="practitioner")
    answer = await sales.call("PUT", path, edit | {"lines": []}, match='"1"', who="practitioner")
    assert (answer.status_code, answer.json()["code"], await sales.state()) == (412, "stale", before)
    told = (await sales.told(TreatmentCompleted))[-1]
    assert (told.revision, corrected["revision"]) == (2, 2)
    figures = {one.product_id: (one.expected, one.drawn) for one in told.lines}
    assert (figures[BOTOX], figures[CREAM]) == (("20", "22"), ("0", "1"))
    assert len(await queue(sales)) == 1


async def test_a_treatment_under_a_known_id_is_the_same_or_refused(sales: Sales) -> None:
    """N-02: sent again under another key it changes nothing; with another quantity it is refused by name."""
    treatment = str(uuid7())
    first = await walk_in(sales, drawn(BOTOX, "20"), treatment_id=treatment)
    before = await sales.state()
    assert await walk_in(sales, drawn(BOTOX, "20"), treatment_id=treatment) == first
    body = {"treatment_id": treatment, "site": SITE, "service_id": str(FACIAL), "lines": [drawn(BOTOX, "9")]}
    answer = await sales.call("POST", "/v1/treatments", body, who="practitioner")
    assert (answer.status_code, answer.json()["code"], await sales.state()) == (409, "id-taken", before)
    listed = await sales.get(f"/v1/treatments?site={SITE}&practitioner=Dr%20Grey")
    assert [row["treatment_id"] for row in listed["rows"]] == [treatment]
    answer = await sales.call("GET", f"/v1/treatments/{uuid7()}")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown-treatment")


async def test_a_line_without_its_lot_is_refused_with_the_proposal(sales: Sales, stock: FakeStock) -> None:
    """STK-36: the line completes only with a lot; the refusal proposes the one that goes first."""
    before = await sales.state()
    answer = await desk(sales, fact(line(TOXIN, "5", **PRESCRIBED)) | {"hold": True}, who="owner")
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (409, "lot-not-confirmed")
    assert problem["numbers"]["proposal"] == {
        "lot_id": str(FIRST.lot_id), "lot_number": "A1", "expires_on": "2027-01-31", "quantity": "50",
    }  # fmt: skip
    assert len(problem["numbers"]["lots"]) == 2
    assert problem["ways_out"] == ["scan the lot", "choose lot A1, expires 2027-01-31: it goes first"]
    assert (await sales.state(), stock.asked) == (before, [])


@pytest.mark.parametrize(
    ("lot", "away", "choice"),
    [(FIRST, False, "fefo"), (SECOND, False, "deviation"), (SECOND, True, "unchecked")],
)
async def test_a_confirmed_lot_is_kept_with_its_deviation(
    sales: Sales, stock: FakeStock, lot: Offer, away: bool, choice: str
) -> None:
    """STK-36: the chosen lot goes into the hold and the event; whether it was the first is kept on the line."""
    sales.shelves.away = away
    body = fact(line(TOXIN, "5", lot_id=str(lot.lot_id), **PRESCRIBED)) | {"hold": True}
    answer = await desk(sales, body, who="owner")
    assert answer.status_code == 201, answer.text
    assert stock.asked[0].lines[0].lot_id == lot.lot_id
    kept = (await sales.get(f"/v1/charges/{body['charge_id']}"))["lines"][0]["dispensed"]
    assert (kept["lot_choice"], kept["fefo_lot_id"]) == (choice, None if away else str(FIRST.lot_id))
    assert (kept["prescriber"], kept["order_reference"], kept["drug_class"]) == ("Dr Grey", "RX-7", "prescription")
    (told,) = await sales.told(SaleRecorded)
    assert told.lines[0].lot_id == lot.lot_id
    before = await sales.state()
    again = await desk(sales, body, who="owner")
    assert (again.headers["idempotent-replayed"], await sales.state()) == ("true", before)


async def test_a_till_without_a_lot_is_recorded_as_assumed(sales: Sales, shelves: FakeShelves) -> None:
    """STK-36: a fact is never refused; the lot that nobody named is marked assumed, one that was named unchecked."""
    one = await sales.charge(line(TOXIN, "5"))
    two = await sales.charge(line(TOXIN, "5", lot_id=str(FIRST.lot_id)))
    choices = [
        (await sales.get(f"/v1/charges/{found['charge_id']}"))["lines"][0]["dispensed"]["lot_choice"]
        for found in (one, two)
    ]
    assert (choices, shelves.asked) == (["assumed", "unchecked"], [])


@pytest.mark.parametrize(
    ("who", "more", "status", "code"),
    [
        ("owner", {}, 409, "prescription-missing"),
        ("front_desk", PRESCRIBED, 403, "not-licensed"),
    ],
)
async def test_a_prescription_needs_its_papers_and_a_licence(
    sales: Sales, stock: FakeStock, who: str, more: dict[str, Any], status: int, code: str
) -> None:
    """STK-40: without prescriber and order reference, or by a role without licence: a named no, nothing changes."""
    before = await sales.state()
    body = fact(line(TOXIN, "5", lot_id=str(FIRST.lot_id), **more)) | {"hold": True}
    answer = await desk(sales, body, who=who)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["numbers"]["product_id"] == str(TOXIN)
    assert (await sales.state(), stock.asked) == (before, [])


async def test_what_the_practitioner_recorded_counts_at_the_desk(sales: Sales, shelves: FakeShelves) -> None:
    """STK-36 STK-40: lot, prescriber and licence of the treatment count for the line that the front desk charges."""
    used = drawn(TOXIN, "5", lot_id=str(SECOND.lot_id), prescriber="Dr Grey", order_reference="RX-9")
    await walk_in(sales, used)
    (draft,) = await queue(sales)
    answer = await desk(sales, as_charge(draft))
    assert answer.status_code == 201, answer.text
    rows = (await sales.get(f"/v1/charges/{draft['charge_id']}"))["lines"]
    kept = next(row for row in rows if row["product_id"] == str(TOXIN))
    assert (kept["lot_id"], kept["dispensed"]["prescriber"], kept["dispensed"]["order_reference"]) == (
        str(SECOND.lot_id), "Dr Grey", "RX-9",
    )  # fmt: skip
    assert shelves.asked == []


async def test_plain_charges_cost_no_more_queries(sales: Sales, monkeypatch: pytest.MonkeyPatch) -> None:
    """A charge without a treatment and without special goods never comes near lots, treatments or the queue."""

    async def never(*_: Any, **__: Any) -> Any:
        """A query that must not be made."""
        raise AssertionError("looked at what is not special")

    monkeypatch.setattr("lotwise.sales.api.charges.dispense", never)
    monkeypatch.setattr("lotwise.sales.repository.dispensed.add", never)
    monkeypatch.setattr("lotwise.sales.repository.checkout.settle", never)
    assert (await desk(sales, fact(line(BOTOX, "2"), line(FACIAL, "1")) | {"hold": True})).status_code == 201
