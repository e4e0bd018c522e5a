"""Appointments: booked, changed, moved, cancelled, completed; every no with nothing changed."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from tests.sales.harness import BACK_BAR, BOTOX, CREAM, FACIAL, OTHER, SITE, Sales
from tests.sales.visits import NOW, PEEL, SOON, booked, booking, completed, drawn, furnish, recipe

from lotwise.contracts.ids import uuid7
from lotwise.contracts.sales import AppointmentBooked, AppointmentCancelled, AppointmentMoved, TreatmentCompleted


@pytest.fixture(autouse=True)
async def clinic(sales: Sales) -> None:
    """A service with a recipe, one without."""
    await furnish(sales)


async def test_a_booking_is_kept_once_and_told_once(sales: Sales) -> None:
    """SAL-18 N-02: the same booking under the same id, also under another key, is one appointment and one event."""
    body = booking()
    first = await sales.post("/v1/appointments", body, who="front_desk")
    before = await sales.state()
    again = await sales.post("/v1/appointments", body, who="front_desk")
    assert again["appointment_id"] == first["appointment_id"] == body["appointment_id"]
    assert await sales.state() == before
    (told,) = await sales.told(AppointmentBooked)
    assert (told.site, told.service_id, told.practitioner, told.starts_at, told.minutes, told.revision) == (
        SITE, FACIAL, "Dr Grey", SOON, 45, 1,
    )  # fmt: skip
    assert (first["state"], first["service"], first["warnings"]) == ("booked", "Facial", [])


async def test_an_overlap_warns_and_books(sales: Sales) -> None:
    """A practitioner who is booked at that time, at another site too, is a warning that names the other appointment."""
    first = await booked(sales)
    late = await booked(sales, starts_at=(SOON + timedelta(minutes=45)).isoformat())
    other = await booked(sales, starts_at=(SOON + timedelta(minutes=30)).isoformat(), minutes=10, site=OTHER)
    free = await booked(sales, practitioner="Dr Green")
    assert [one["appointment_id"] for one in other["warnings"]] == [first["appointment_id"]]
    assert other["warnings"][0]["code"] == "practitioner-overlap"
    assert "Harley Street" in other["warnings"][0]["text"]
    assert (late["warnings"], free["warnings"]) == ([], [])


async def test_a_move_tells_the_newest_and_the_same_move_nothing(sales: Sales) -> None:
    """Moved to another site and time: one event at the new site with the next revision; again, nothing."""
    one = await booked(sales)
    path = f"/v1/appointments/{one['appointment_id']}:move"
    body = {"site": OTHER, "starts_at": (SOON + timedelta(days=1)).isoformat()}
    moved = await sales.post(path, body, who="front_desk")
    before = await sales.state()
    await sales.post(path, body, who="front_desk")
    assert await sales.state() == before
    (told,) = await sales.told(AppointmentMoved)
    assert (told.site, told.revision, told.practitioner, told.minutes) == (OTHER, 2, "Dr Grey", 45)
    assert (moved["site"], moved["minutes"]) == (OTHER, 45)


async def test_an_edit_starts_from_what_was_read(sales: Sales) -> None:
    """An edit at the revision read changes service and length; one at an older revision is refused."""
    one = await booked(sales)
    path = f"/v1/appointments/{one['appointment_id']}"
    edit = {"service_code": ".PEEL", "starts_at": SOON.isoformat(), "minutes": 30, "practitioner": "Dr Grey"}
    edited = await sales.put(path, edit, match='"1"', who="front_desk")
    assert (edited["service"], edited["minutes"], edited["revision"]) == ("Peel", 30, 2)
    before = await sales.state()
    answer = await sales.call("PUT", path, edit | {"minutes": 60}, match='"1"', who="front_desk")
    assert (answer.status_code, answer.json()["code"]) == (412, "stale")
    assert await sales.state() == before


async def test_a_cancelled_appointment_stays_cancelled(sales: Sales) -> None:
    """Cancelled once, told once; then it can neither be moved nor completed, and nothing changes."""
    one = await booked(sales)
    path = f"/v1/appointments/{one['appointment_id']}"
    gone = await sales.post(f"{path}:cancel", {"reason": "ill"}, who="front_desk")
    await sales.post(f"{path}:cancel", {"reason": "again"}, who="front_desk")
    assert (gone["state"], gone["reason"], len(await sales.told(AppointmentCancelled))) == ("cancelled", "ill", 1)
    before = await sales.state()
    for deed, body, who in (("move", {"minutes": 5}, "front_desk"), ("complete", {}, "practitioner")):
        answer = await sales.call("POST", f"{path}:{deed}", body, who=who)
        assert (answer.status_code, answer.json()["code"]) == (409, "appointment-closed")
        assert answer.json()["ways_out"] == ["book it anew", "record the treatment without an appointment"]
    assert await sales.state() == before


async def test_a_completed_appointment_tells_what_its_recipe_takes(sales: Sales) -> None:
    """SAL-18 N-14: expected is the recipe times the sessions, drawn what was recorded, with its lot."""
    lot = uuid7()
    one = await booked(sales, sessions=2)
    treated = await completed(sales, one, drawn(BOTOX, "38", lot_id=str(lot)), drawn(CREAM, "0.5"))
    (told,) = await sales.told(TreatmentCompleted)
    assert {line.product_id: (line.expected, line.drawn, line.lot_id) for line in told.lines} == {
        BOTOX: ("40", "38", lot), BACK_BAR: ("4", None, None), CREAM: ("0", "0.5", None),
    }  # fmt: skip
    assert (str(told.treatment_id), str(told.appointment_id)) == (treated["treatment_id"], one["appointment_id"])
    assert (told.practitioner, told.service_id, told.revision) == ("Dr Grey", FACIAL, 1)
    shown = await sales.get(f"/v1/appointments/{one['appointment_id']}")
    assert (shown["state"], shown["treatment_id"]) == ("completed", treated["treatment_id"])


async def test_completed_twice_is_one_treatment(sales: Sales) -> None:
    """N-02: the same completion again changes nothing; another treatment, a move and a cancellation are refused."""
    one = await booked(sales)
    first = await completed(sales, one)
    before = await sales.state()
    again = await completed(sales, one)
    assert (again, await sales.state()) == (first, before)
    path = f"/v1/appointments/{one['appointment_id']}"
    for deed, body in (
        ("complete", {"treatment_id": str(uuid7())}), ("cancel", {"reason": "no"}), ("move", {"minutes": 5}),
    ):  # fmt: skip
        answer = await sales.call("POST", f"{path}:{deed}", body)
        assert (answer.status_code, answer.json()["code"]) == (409, "appointment-closed")
        assert answer.json()["numbers"]["treatment_id"] == first["treatment_id"]
    assert await sales.state() == before


async def test_a_service_without_recipe_completes_and_consumes_nothing(sales: Sales) -> None:
    """N-14: no recipe, no lines; the newest recipe counts once there is one."""
    await completed(sales, await booked(sales, service_id=str(PEEL)))
    await sales.hear(recipe((CREAM, "1"), service=PEEL, revision=2), recipe((CREAM, "9"), service=PEEL, revision=1))
    await completed(sales, await booked(sales, service_id=str(PEEL)))
    empty, full = await sales.told(TreatmentCompleted)
    assert empty.lines == ()
    assert [(line.product_id, line.expected) for line in full.lines] == [(CREAM, "1")]


async def test_a_day_is_the_days_of_the_site(sales: Sales) -> None:
    """DESIGN 3.5: an appointment at 03:00 UTC belongs to the day before in New York and to the same in London."""
    at = (NOW + timedelta(days=30)).replace(hour=3, minute=0, second=0)
    for site in (SITE, OTHER):
        await booked(sales, site=site, starts_at=at.isoformat(), practitioner=site)
    today, before = at.date().isoformat(), (at - timedelta(days=1)).date().isoformat()

    async def at_day(site: str, day: str) -> int:
        """How many appointments a site has on a day."""
        return len((await sales.get(f"/v1/appointments?site={site}&day={day}"))["rows"])

    assert [await at_day(SITE, today), await at_day(SITE, before)] == [1, 0]
    assert [await at_day(OTHER, today), await at_day(OTHER, before)] == [0, 1]


async def test_the_list_is_paged_and_filtered(sales: Sales) -> None:
    """Appointments come by their time, page by page, also by practitioner and state; names for who may read them."""
    member = await sales.post("/v1/members", {"name": "Ann Lee"})
    for hour in range(3):
        await booked(
            sales, starts_at=(SOON + timedelta(hours=hour)).isoformat(), practitioner=f"Dr {hour % 2}",
            member_id=member["member_id"],
        )  # fmt: skip
    first = await sales.get(f"/v1/appointments?site={SITE}&limit=2")
    rest = await sales.get(f"/v1/appointments?site={SITE}&limit=2&after={first['next']}")
    times = [row["starts_at"] for row in first["rows"] + rest["rows"]]
    assert (times, len(times)) == (sorted(times), 3)
    assert {row["member_name"] for row in first["rows"]} == {"Ann Lee"}
    assert len((await sales.get("/v1/appointments?practitioner=Dr%201"))["rows"]) == 1
    assert (await sales.get("/v1/appointments?state=cancelled"))["rows"] == []
    hidden = await sales.get(f"/v1/appointments?site={SITE}", who="service")
    assert {row["member_name"] for row in hidden["rows"]} == {None}


@pytest.mark.parametrize(
    ("more", "status", "code"),
    [
        ({"site": "nowhere"}, 404, "unknown-site"),
        ({"service_id": str(uuid7())}, 404, "unknown-product"),
        ({"service_id": str(BOTOX)}, 409, "not-a-service"),
        ({"member_id": str(uuid7())}, 404, "unknown-member"),
        ({"minutes": 0}, 422, "invalid"),
        ({"service_code": ".PEEL"}, 422, "invalid"),
    ],
)
async def test_bookings_that_cannot_be(sales: Sales, more: dict[str, Any], status: int, code: str) -> None:
    """Bad input: an unknown site, service or member, goods as a service: a named no, and nothing changes."""
    before = await sales.state()
    answer = await sales.call("POST", "/v1/appointments", booking(**more))
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await sales.state() == before


async def test_another_booking_under_a_known_id_is_refused(sales: Sales) -> None:
    """N-02: an id stands for one booking."""
    one = await booked(sales)
    before = await sales.state()
    answer = await sales.call("POST", "/v1/appointments", booking(appointment_id=one["appointment_id"], minutes=5))
    assert (answer.status_code, answer.json()["code"]) == (409, "id-taken")
    assert await sales.state() == before


@pytest.mark.parametrize(
    ("lines", "more", "status", "code"),
    [
        ([drawn(uuid7(), "1")], {}, 404, "unknown-product"),
        ([drawn(FACIAL, "1")], {}, 409, "not-for-sale"),
        ([drawn(BOTOX, "0.5")], {}, 422, "bad-quantity"),
        ([drawn(BOTOX, "-1")], {}, 422, "bad-quantity"),
        ([drawn(BOTOX, "1"), drawn(BOTOX, "2")], {}, 422, "duplicate-line"),
        ([], {"happened_at": (NOW + timedelta(days=1)).isoformat()}, 422, "bad-moment"),
        ([], {"happened_at": (NOW - timedelta(days=8)).isoformat()}, 403, "forbidden"),
        ([], {"sessions": 101}, 422, "invalid"),
    ],
)
async def test_completions_that_cannot_be(
    sales: Sales, lines: list[dict[str, Any]], more: dict[str, Any], status: int, code: str
) -> None:
    """Bad input: what cannot have been drawn or happened is a named no, and nothing changes."""
    one = await booked(sales)
    before = await sales.state()
    path = f"/v1/appointments/{one['appointment_id']}:complete"
    answer = await sales.call("POST", path, {"lines": lines, **more}, who="practitioner")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await sales.state() == before


async def test_another_sites_appointment_is_out_of_reach(sales: Sales) -> None:
    """N-02: who works at one site neither sees, moves nor completes another's, nor moves its own there."""
    far, near = await booked(sales, site=OTHER), await booked(sales)
    before = await sales.state()
    for method, tail, body in (
        ("GET", "", None),
        ("POST", ":move", {"minutes": 5}),
        ("POST", ":cancel", {"reason": "x"}),
    ):
        answer = await sales.call(method, f"/v1/appointments/{far['appointment_id']}{tail}", body, who="local")
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown-appointment")
    answer = await sales.call("POST", f"/v1/appointments/{near['appointment_id']}:move", {"site": OTHER}, who="local")
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    answer = await sales.call("POST", f"/v1/appointments/{near['appointment_id']}:complete", {}, who="front_desk")
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert await sales.state() == before


async def test_an_import_takes_each_row_by_itself(sales: Sales) -> None:
    """Import: rows come in any order and twice; the highest revision counts and a refused row stops no other."""
    one, two = booking(revision=2, state="moved", minutes=50), booking(state="completed", starts_at=NOW.isoformat())
    older = one | {"revision": 1, "state": "booked", "minutes": 20}
    bad = booking(service_id=str(BOTOX))
    rows = [one, two, older, bad, two]
    answer = await sales.post("/v1/appointments:batch", {"appointments": rows}, who="importer")
    assert [row["outcome"] for row in answer["results"]] == ["created", "created", "known", "refused", "known"]
    assert answer["results"][3]["problem"]["code"] == "not-a-service"
    assert (await sales.get(f"/v1/appointments/{one['appointment_id']}"))["minutes"] == 50
    assert len(await sales.told(TreatmentCompleted)) == 1
    before = await sales.state()
    again = await sales.post("/v1/appointments:batch", {"appointments": rows}, who="importer")
    assert (again["created"], again["changed"], again["known"], again["refused"]) == (0, 0, 4, 1)
    assert await sales.state() == before


async def test_many_complete_at_once_and_one_treatment_is_kept(sales: Sales) -> None:
    """N-02: ten completions of one appointment at once, each with a treatment of its own: one holds, nine are no."""
    one = await booked(sales)
    path = f"/v1/appointments/{one['appointment_id']}:complete"
    answers = await asyncio.gather(
        *(sales.call("POST", path, {"treatment_id": str(uuid7())}, who="practitioner") for _ in range(10))
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 9
    assert len(await sales.told(TreatmentCompleted)) == 1
    assert await sales.owner.fetchval("SELECT count(*) FROM checkout") == 1


async def test_many_book_one_id_at_once(sales: Sales) -> None:
    """N-02: the same booking sent ten times at once under other keys is one appointment and one event."""
    body = booking()
    answers = await asyncio.gather(*(sales.call("POST", "/v1/appointments", body) for _ in range(10)))
    assert {answer.status_code for answer in answers} == {201}
    assert len(await sales.told(AppointmentBooked)) == 1
