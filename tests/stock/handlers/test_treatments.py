"""Completed treatments heard from the bus: one consumption per product, an empty list at the end of the day."""

from datetime import timedelta
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest
from tests.stock.api.test_containers import ANNA, BEA, SYRINGE, VIAL, clinic, drawn, opened, products_of_clinic, refused
from tests.stock.chain import BOTOX, CREAM, NOON, SERVICE, Chain, line, product, returned, voided

from lotwise.contracts.envelope import Event
from lotwise.contracts.ids import uuid7
from lotwise.contracts.sales import TreatmentCompleted, TreatmentLine
from lotwise.contracts.stock import ContainerDiscarded, StockAdjusted, StockIssued, StockReturned, TreatmentConsumed

__all__ = ["clinic"]
DAY = NOON.date().isoformat()


def completed(
    treatment_id: UUID, *lines: TreatmentLine, revision: int = 1, practitioner: str = "Dr Vega", **fields: Any
) -> TreatmentCompleted:
    """A treatment at harley at noon of 4 May 2026."""
    values: dict[str, Any] = {"site": "harley", "member_id": UUID(ANNA), "happened_at": NOON} | fields
    return TreatmentCompleted(
        treatment_id=treatment_id, service_id=SERVICE, practitioner=practitioner, lines=lines, revision=revision,
        **values,
    )  # fmt: skip


def took(expected: str, drawn_: str | None = None, product_id: UUID = BOTOX, **fields: Any) -> TreatmentLine:
    """A line of a treatment."""
    return TreatmentLine(product_id=product_id, expected=expected, drawn=drawn_, **fields)


async def exceptions(clinic: Chain, **query: Any) -> list[dict[str, Any]]:
    """The day's unexplained ones."""
    asked = {"site": "harley", "day": DAY} | query
    answer = await clinic.bench.get("/v1/treatments/exceptions", params=asked)
    found: list[dict[str, Any]] = answer["rows"]
    assert answer["unexplained"] == len([one for one in found if one["reason"] is None])
    return found


async def no_dead_letters(clinic: Chain) -> None:
    """Nothing was parked as poison."""
    assert await clinic.bench.owner.fetch("select subject, error from dead_letter") == []


async def test_a_completed_treatment_consumes_its_recipe(clinic: Chain) -> None:
    """N-14: given a recipe of 15 U and 2 creams; when the treatment took place; then they left, told with their cost
    and the practitioner; heard twice, once.
    """
    await clinic.receive("100", BOTOX, lot_number="A")
    await clinic.receive("10", CREAM)
    done = completed(uuid7(), took("15"), took("2", product_id=CREAM), took("1", product_id=SERVICE))
    await clinic.hear(done)
    await clinic.hear(done, done)
    assert [await clinic.on_hand(BOTOX), await clinic.on_hand(CREAM)] == ["85", "8"]
    (told,) = await clinic.told(TreatmentConsumed)
    assert [(one.product_id, one.quantity, one.cost_minor) for one in told.taken] == [
        (BOTOX, "15", 7500), (CREAM, "2", 1000),
    ]  # fmt: skip
    assert (told.treatment_id, told.practitioner) == (done.treatment_id, "Dr Vega")
    assert await exceptions(clinic) == []
    await no_dead_letters(clinic)


@pytest.mark.parametrize("order", [0, 1])
async def test_treated_and_charged_in_either_order_leaves_once(clinic: Chain, order: int) -> None:
    """SAL-18: given 20 U treated and charged; when they come in either order; then 20 U leave, one cost is told.

    20 treated and 18 charged are a variance of 2, which stands in the list until somebody explains it.
    """
    await clinic.receive("100", BOTOX)
    treatment = uuid7()
    events: list[Event] = [
        clinic.sale(line("18", treatment_id=treatment), actor="user:desk"), completed(treatment, took("15", "20")),
    ]  # fmt: skip
    for event in events if order else events[::-1]:
        await clinic.hear(event)
    assert await clinic.on_hand(BOTOX) == "80"
    issued = sum(int(one.quantity) for told in await clinic.told(StockIssued) for one in told.taken)
    consumed = sum(int(one.quantity) for told in await clinic.told(TreatmentConsumed) for one in told.taken)
    assert issued + consumed == 20
    (variance,) = await exceptions(clinic)
    assert (variance["kind"], variance["difference"], variance["charged"], variance["drawn"]) == (
        "variance", "2", "18", "20",
    )  # fmt: skip
    body = {"product_id": str(BOTOX), "kind": "variance", "reason": "2 U for the brow, free of charge"}
    told = await clinic.bench.post(f"/v1/treatments/{treatment}:explain", body)
    assert told["difference"] == "2"
    assert await exceptions(clinic) == []
    (explained,) = await exceptions(clinic, explained=True)
    assert (explained["reason"], explained["explained_by"]) == (body["reason"], "user:owner")
    await clinic.hear(completed(treatment, took("15", "23"), revision=2))
    assert [one["difference"] for one in await exceptions(clinic)] == ["5"]
    assert await clinic.on_hand(BOTOX) == "77"


@pytest.mark.parametrize("product_id", [BOTOX, VIAL, SYRINGE])
async def test_every_order_of_a_treatments_events_ends_the_same(clinic: Chain, product_id: UUID) -> None:
    """DESIGN 3.8: given a charge and its void, another charge, and two revisions; when they come in every order, some
    of them twice; then shelves, containers, quarantine and what was consumed are the same, and the books agree.
    """
    ends = []
    for number, order in enumerate(permutations(range(5))):
        if number % 8:
            continue
        treatment = uuid7()
        if number:
            await clinic.bench.empty()
            await clinic.define()
            await _define(clinic)
        await clinic.receive("60", product_id, lot_number="A", expires_on="2030-01-01")
        await clinic.receive("200", product_id, lot_number="B", expires_on="2031-01-01")
        first = clinic.sale(line("30", product_id, treatment_id=treatment), member_id=UUID(ANNA))
        events: list[Event] = [
            first, voided(first), clinic.sale(line("45", product_id, treatment_id=treatment), member_id=UUID(ANNA)),
            completed(treatment, took("20", None, product_id)),
            completed(treatment, took("20", "25", product_id), revision=2),
        ]  # fmt: skip
        for index in order:
            await clinic.hear(events[index])
        await clinic.hear(*[events[index] for index in order[:3]])
        await no_dead_letters(clinic)
        await clinic.must_balance()
        ends.append(await _balances(clinic))
    assert all(one == ends[0] for one in ends)


@pytest.mark.parametrize(("charged", "apart"), [("20", "0"), ("42", "22")])
async def test_charged_voided_and_charged_again_leaves_once(clinic: Chain, charged: str, apart: str) -> None:
    """SAL-18, SAL-19: given a recipe of 20 U, a charge that is voided and one of 20 in its place, the first as two
    lines; when they come in every order, twice; then 20 U are the patient's, only what the voided charge took above
    them is set apart, and what was told agrees.
    """
    left = 100 - 20 - int(apart)
    for number, order in enumerate(permutations(range(4))):
        treatment = uuid7()
        if number:
            await clinic.bench.empty()
            await clinic.define()
            await _define(clinic)
        await clinic.receive("100", BOTOX, lot_number="A", expires_on="2030-01-01")
        parts = "8", str(int(charged) - 8)
        lines = [line(part, treatment_id=treatment, number=at) for at, part in enumerate(parts, start=1)]
        first, voided_at = clinic.sale(*lines), NOON + timedelta(minutes=5)
        again = clinic.sale(line("20", treatment_id=treatment), happened_at=NOON + timedelta(minutes=6))
        events: list[Event] = [completed(treatment, took("20")), first, voided(first, happened_at=voided_at), again]
        for index in order:
            await clinic.hear(events[index])
        await clinic.hear(*[events[index] for index in order])
        level = await clinic.level()
        assert (level["on_hand"], level["quarantined"]) == (str(left), apart)
        (use,) = (await clinic.bench.get(f"/v1/treatments/{treatment}"))["uses"]
        assert (use["consumed"], use["charged"], use["expected"]) == ("20", "20", "20")
        assert await exceptions(clinic) == []
        await no_dead_letters(clinic)
        await clinic.must_balance()


@pytest.mark.parametrize("back", ["void", "return"])
async def test_of_two_standing_charges_what_comes_back_of_one_lies_apart(clinic: Chain, back: str) -> None:
    """SAL-19: given a recipe of 20 U and two charges of 20 that both stand; when the first is taken back after the
    second was made, and all comes in every order, twice; then 20 U are the patient's, 20 lie in quarantine and not one
    reaches the shelf; once the second is taken back too, nothing more moves.
    """
    for number, order in enumerate(permutations(range(4))):
        treatment = uuid7()
        if number:
            await clinic.bench.empty()
            await clinic.define()
            await _define(clinic)
        await clinic.receive("100", BOTOX, lot_number="A", expires_on="2030-01-01")
        first = clinic.sale(line("20", treatment_id=treatment))
        second = clinic.sale(line("20", treatment_id=treatment), happened_at=NOON + timedelta(minutes=5))
        at = NOON + timedelta(minutes=6)
        gone = voided(first, happened_at=at) if back == "void" else returned("20", first, happened_at=at)
        events: list[Event] = [completed(treatment, took("20")), first, second, gone]
        for index in order:
            await clinic.hear(events[index])
        await clinic.hear(*[events[index] for index in order])
        level = await clinic.level()
        assert (level["on_hand"], level["quarantined"]) == ("60", "20")
        (use,) = (await clinic.bench.get(f"/v1/treatments/{treatment}"))["uses"]
        assert (use["consumed"], use["charged"]) == ("20", "20")
        await clinic.must_balance()
    await clinic.hear(voided(second))
    level = await clinic.level()
    assert (level["on_hand"], level["quarantined"]) == ("60", "20")
    await no_dead_letters(clinic)


async def _define(clinic: Chain) -> None:
    """The two products of the clinic anew."""
    await clinic.hear(*products_of_clinic())


async def _balances(clinic: Chain) -> list[tuple[Any, ...]]:
    rows = await clinic.bench.owner.fetch(
        "select p.kind, p.area, l.number, sum(d.quantity)::bigint as quantity, sum(d.cost_minor)::bigint as cost"
        " from daily_total d join location p on p.id = d.location_id left join lot l on l.id = d.lot_id"
        " group by 1, 2, 3 having sum(d.quantity) <> 0 order by 1, 2, 3"
    )
    return [tuple(row) for row in rows]


async def test_a_draw_from_a_vial_is_the_treatments_consumption(clinic: Chain) -> None:
    """N-07, DESIGN 3.8: given 18 U charged, which the open vial gave by itself; when 20 are recorded as drawn from
    another vial; then the first has its 18 back and the other gave 20; the completion takes nothing more.
    """
    await clinic.receive("200", VIAL)
    first = await opened(clinic)
    treatment = uuid7()
    await clinic.hear(clinic.sale(line("18", VIAL, treatment_id=treatment)))
    second = await opened(clinic)
    await drawn(clinic, second, "20", treatment_id=str(treatment), practitioner="Dr Vega")
    await clinic.hear(completed(treatment, took("15", None, VIAL)))
    shown = [await clinic.bench.get(f"/v1/containers/{one['container_id']}") for one in (first, second)]
    assert [(one["drawn"], one["left"]) for one in shown] == [("0", "100"), ("20", "80")]
    treated = await clinic.bench.get(f"/v1/treatments/{treatment}")
    (use,) = treated["uses"]
    assert (use["consumed"], use["drawn"], use["charged"], use["expected"]) == ("20", "20", "18", "15")
    assert [(part["quantity"], part["is_poured"]) for part in use["parts"]] == [("20", True)]
    assert [one["difference"] for one in await exceptions(clinic)] == ["2"]
    await no_dead_letters(clinic)


async def test_at_the_visits_end_one_patients_rest_is_waste(clinic: Chain) -> None:
    """STK-37: given a filler opened for Anna with 6 left and one for Bea; when Anna's treatment is completed;
    then 6 are waste with their cost, told with the reason, and Bea's stays.
    """
    await clinic.receive("20", SYRINGE)
    treatment = uuid7()
    mine = await opened(clinic, SYRINGE, member_id=ANNA, treatment_id=str(treatment))
    hers = await opened(clinic, SYRINGE, member_id=BEA)
    await drawn(clinic, mine, "4", treatment_id=str(treatment))
    await clinic.hear(completed(treatment, took("5", None, SYRINGE)))
    (told,) = await clinic.told(ContainerDiscarded)
    assert (told.quantity, told.reason, told.cost_minor) == ("6", "visit_end", 3000)
    assert [(one.quantity, one.reason) for one in await clinic.told(StockAdjusted)] == [("-6", "visit_end")]
    assert (await clinic.bench.get(f"/v1/containers/{hers['container_id']}"))["state"] == "open"
    assert (await clinic.level(SYRINGE))["available"] == "0"


async def test_nothing_on_the_shelf_is_an_exception_until_it_is_explained(clinic: Chain) -> None:
    """N-14: given a treatment that took from no lot and one whose drawn figure is nought; then both stand in the
    day's list; explaining what does not stand is refused, and nothing changed; another day's list is empty.
    """
    bare, none = uuid7(), uuid7()
    await clinic.hear(completed(bare, took("15")), completed(none, took("10", "0", CREAM)))
    found = await exceptions(clinic)
    assert sorted((one["kind"], one["difference"]) for one in found) == [("no_stock", "15"), ("not_consumed", "-10")]
    assert await exceptions(clinic, day="2026-05-05") == []
    wrong = {"product_id": str(BOTOX), "kind": "variance", "reason": "why not"}
    path = f"/v1/treatments/{bare}:explain"
    no = await refused(clinic, path, wrong)
    assert (no["code"], no["numbers"]["kinds"]) == ("nothing-to-explain", ["no_stock"])
    assert (await refused(clinic, f"/v1/treatments/{uuid7()}:explain", wrong))["code"] == "unknown-treatment"
    other = {"product_id": str(CREAM), "kind": "no_stock", "reason": "why not"}
    assert (await refused(clinic, path, other))["code"] == "unknown-treatment"
    for treatment, product_id, kind in ((bare, BOTOX, "no_stock"), (none, CREAM, "not_consumed")):
        body = {"product_id": str(product_id), "kind": kind, "reason": "counted and found"}
        await clinic.bench.post(f"/v1/treatments/{treatment}:explain", body)
    assert await exceptions(clinic) == []


async def test_actual_against_expected_by_practitioner(clinic: Chain) -> None:
    """N-22: given two practitioners; then each product's use is measured against recipe and charge, page by page."""
    await clinic.receive("200", BOTOX)
    await clinic.receive("20", CREAM)
    one, two = uuid7(), uuid7()
    await clinic.hear(
        clinic.sale(line("18", treatment_id=one)),
        completed(one, took("15", "20"), took("2", product_id=CREAM)),
        completed(two, took("15", "15"), practitioner="Dr Roth"),
    )
    asked = {"site": "harley", "from": DAY, "to": DAY, "limit": 2}
    page = await clinic.bench.get("/v1/treatments/use", params=asked)
    rest = await clinic.bench.get("/v1/treatments/use", params=asked | {"after": page["next"]})
    names = ("practitioner", "code", "expected", "charged", "consumed", "above_expected", "above_charged")
    assert [[row[name] for name in names] for row in page["rows"] + rest["rows"]] == [
        ["Dr Roth", "BTX", "15", "0", "15", "0", "15"],
        ["Dr Vega", "BTX", "15", "18", "20", "5", "2"],
        ["Dr Vega", "CRM", "2", "0", "2", "0", "2"],
    ]
    assert rest["next"] is None
    assert (await clinic.bench.call("GET", "/v1/treatments/use", params={"site": "nowhere"})).status_code == 404


async def test_a_treatment_of_an_unknown_product_waits_for_its_definition(clinic: Chain) -> None:
    """DESIGN 4: given a completed treatment with a product not heard of; when it is defined; then it is consumed."""
    late = uuid7()
    await clinic.hear(completed(uuid7(), took("2", None, late)))
    assert await clinic.bench.owner.fetchval("select count(*) from waiting where kind = 'product'") == 1
    await clinic.hear(product(late, "LATE", "Late"))
    assert (await clinic.level(late))["unattributed"] == "-2"


async def test_a_treatment_that_waits_stands_in_its_days_list(clinic: Chain) -> None:
    """N-14: given a treatment of 2 of an unknown product and 15 U of toxin, corrected to 3 drawn; when its day is
    closed; then both lines stand in the list of that day and site as not taken yet, once; once the product is known
    they moved, and what no lot covered is what is left to explain.
    """
    await clinic.receive("100", BOTOX)
    late, treatment = uuid7(), uuid7()
    first = completed(treatment, took("2", None, late), took("15"))
    again = completed(treatment, took("2", "3", late), took("15"), took("1", product_id=SERVICE), revision=2)
    await clinic.hear(first)
    await clinic.hear(again, again)
    rows = await exceptions(clinic)
    assert [(one["kind"], one["product_id"], one["name"], one["difference"], one["drawn"]) for one in rows] == [
        ("waiting", str(late), "", "-3", "3"), ("waiting", str(BOTOX), "Botox Units", "-15", None),
    ]  # fmt: skip
    assert {one["treatment_id"] for one in rows} == {str(treatment)}
    assert await exceptions(clinic, day="2026-05-03") == await exceptions(clinic, site="soho") == []
    body = {"product_id": str(late), "kind": "waiting", "reason": "later"}
    answer = await clinic.bench.call("POST", f"/v1/treatments/{treatment}:explain", body)
    assert answer.status_code == 422
    await clinic.hear(product(late, "LATE", "Late"))
    assert [(one["kind"], one["name"]) for one in await exceptions(clinic)] == [
        ("no_stock", "Late"), ("variance", "Late"),
    ]  # fmt: skip
    assert await clinic.on_hand(BOTOX) == "85"


async def test_a_returned_line_of_a_treatment_follows_its_figures(clinic: Chain) -> None:
    """SAL-19, DESIGN 3.8: given 20 charged that came back and are set apart; when the recipe expects 12, 8 are;
    when 15 were drawn, the other 5 never left the shelf.
    """
    await clinic.receive("100", BOTOX, lot_number="A")
    treatment = uuid7()
    sale = clinic.sale(line("20", treatment_id=treatment))
    await clinic.hear(sale)
    await clinic.hear(returned("20", sale))
    assert (await clinic.level())["quarantined"] == "20"
    await clinic.hear(completed(treatment, took("12")))
    level = await clinic.level()
    assert (level["on_hand"], level["quarantined"]) == ("80", "8")
    assert [one.disposition for one in await clinic.told(StockReturned)] == ["quarantine"]
    (consumed,) = await clinic.told(TreatmentConsumed)
    assert [(one.quantity, one.cost_minor) for one in consumed.taken] == [("12", 6000)]
    await clinic.hear(completed(treatment, took("12", "15"), revision=2))
    level = await clinic.level()
    assert (level["on_hand"], level["quarantined"]) == ("85", "0")


async def test_the_back_bar_is_used_before_the_shelf(clinic: Chain) -> None:
    """SAL-18: given 5 creams in the back bar and 10 on the shelf; when a treatment takes 7; then 5 + 2; a charge of one
    takes from the shelf.
    """
    await clinic.receive("15", CREAM)
    (lot,) = await clinic.lots(product=str(CREAM))
    move = {"site": "harley", "product_id": str(CREAM), "lot_id": lot["lot_id"], "quantity": "5"}
    move |= {"source": {"purpose": "retail"}, "target": {"purpose": "back_bar"}}
    await clinic.bench.post("/v1/moves", move)
    await clinic.hear(completed(uuid7(), took("7", None, CREAM)))
    lots = {one["state"]: one["quantity"] for one in await clinic.lots(product=str(CREAM))}
    assert lots == {"shelf": "8"}
    await clinic.sell("1", CREAM)
    assert await clinic.on_hand(CREAM) == "7"
