"""The pages of appointments and of the checkout queue: a day, its dialogs, and the desk's prefilled bill."""

import re
from decimal import Decimal
from uuid import UUID

import httpx
import pytest
from selectolax.lexbor import LexborHTMLParser
from tests.backoffice.fakes import ALL_PRODUCTS, Chain
from tests.backoffice.fakes.visits import APPOINTMENT, DRAFT_CHARGE, LOT, TREATMENT
from tests.backoffice.office import find

from lotwise.backoffice.screens.bills import Bill, BillLine, read_bill

TOXIN = ALL_PRODUCTS[0]["product_id"]
PRESCRIBED = {"prescriber": "Dr Grey", "order_reference": "RX-7"}
TREATED = BillLine("1", TOXIN, Decimal(2), {"treatment_id": TREATMENT, "lot_id": LOT, "prescription": PRESCRIBED})
HERE = f"/appointments/{APPOINTMENT}"
BOOK = {
    "key": "019a7c4e-8f00-7abc-8def-0123456789aa", "site": "harley-street", "service": ".LIPS",
    "starts_at": "2026-11-23T09:30", "minutes": "45", "sessions": "1", "practitioner": "Dr Grey", "member": "",
}  # fmt: skip


async def test_a_day_shows_what_can_be_done(page: httpx.AsyncClient) -> None:
    """SAL-18: the day of a site with its keys: book, complete, move, cancel; what is cancelled has no deeds."""
    tree = LexborHTMLParser((await page.get("/appointments?site=harley-street")).text)

    booked, gone = tree.css("tbody tr")
    assert [node.text() for node in booked.css("button")] == ["Complete", "Move", "Cancel"]
    assert [node.attributes["data-key"] for node in booked.css("button")] == ["c", "m", "x"]
    assert gone.css("button") == []
    assert str(find(tree, "[data-key=n]").attributes["data-get"]).startswith("/appointments/new?day=")
    assert [node.text() for node in tree.css("[name=practitioner] option")] == [
        "Any practitioner", "Dr Green", "Dr Grey",
    ]  # fmt: skip


async def test_a_booking_goes_to_sales_on_the_clock_of_its_site(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """N-02: the form's key is the appointment's id; 09:30 in London in November is 09:30 UTC; the overlap is said."""
    answer = await htmx.post("/appointments", data=BOOK)

    (sent,) = chain.did("POST", "sales/v1/appointments")
    assert (sent["appointment_id"], sent["service_code"], sent["minutes"]) == (BOOK["key"], ".LIPS", 45)
    assert sent["starts_at"] == "2026-11-23T09:30:00+00:00"
    assert "Dr%20Grey%20has%20another" in answer.headers["set-cookie"]


@pytest.mark.parametrize(
    ("more", "field", "text"),
    [
        ({"member": "nobody at all"}, "#member-note", "Nobody is called that."),
        ({"member": "a"}, "#member-note", "Several match:"),
        ({"minutes": "0"}, "#minutes-note", "at least 1"),
        ({"service": "NONE"}, "#service-note", "no service is known"),
    ],
)
async def test_a_wrong_booking_stays_in_the_form(
    htmx: httpx.AsyncClient, more: dict[str, str], field: str, text: str
) -> None:
    """Bad input: an unknown or ambiguous member, no minutes, an unknown service: said at the field, text kept."""
    answer = await htmx.post("/appointments", data=BOOK | more)

    tree = LexborHTMLParser(answer.text)
    assert answer.status_code == 422
    assert text in find(tree, field).text()
    assert find(tree, "#practitioner").attributes["value"] == "Dr Grey"


async def test_completing_is_prefilled_from_the_recipe(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """SAL-18 STK-36 STK-40: drawn quantities stand ready; a lot is scanned or typed; prescriber and order go along."""
    tree = LexborHTMLParser((await htmx.get(f"{HERE}/complete")).text)
    assert find(tree, f"#drawn_{TOXIN}").attributes["value"] == "20"

    form = {
        "key": TREATMENT, "practitioner": "Dr Grey", "sessions": "1", f"drawn_{TOXIN}": "18", f"lot_{TOXIN}": LOT,
        f"prescriber_{TOXIN}": "Dr Grey", f"order_{TOXIN}": "RX-7",
    }  # fmt: skip
    await htmx.post(f"{HERE}/complete", data=form)

    (sent,) = chain.did("POST", f"sales/v1{HERE}:complete")
    assert sent["treatment_id"] == TREATMENT
    assert sent["lines"] == [
        {"product_id": TOXIN, "drawn": "18", "lot_id": LOT, "prescriber": "Dr Grey", "order_reference": "RX-7"}
    ]


async def test_an_unknown_lot_is_said_at_its_field(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """STK-36: a number that no lot here has completes nothing."""
    form = {"key": TREATMENT, "sessions": "1", f"drawn_{TOXIN}": "18", f"lot_{TOXIN}": "nope"}
    answer = await htmx.post(f"{HERE}/complete", data=form)

    assert answer.status_code == 422
    assert "No lot of this product" in find(LexborHTMLParser(answer.text), f"#lot_{TOXIN}-note").text()
    assert chain.did("POST", f"sales/v1{HERE}:complete") == []


@pytest.mark.parametrize(
    ("deed", "form", "sent"),
    [
        (
            "move",
            {"starts_at": "2026-11-24T10:00", "minutes": "30", "site": "harley-street", "practitioner": "Dr Green"},
            {"starts_at": "2026-11-24T10:00:00+00:00", "practitioner": "Dr Green"},
        ),
        ("cancel", {"reason": "ill"}, {"reason": "ill"}),
    ],
)
async def test_moves_and_cancellations_go_to_sales(
    htmx: httpx.AsyncClient, chain: Chain, deed: str, form: dict[str, str], sent: dict[str, str]
) -> None:
    """A dialog each; empty ones are sent back with what is missing."""
    assert (await htmx.post(f"{HERE}/{deed}", data={"key": "k"})).status_code == 422
    await htmx.post(f"{HERE}/{deed}", data={"key": "k"} | form)

    (body,) = chain.did("POST", f"sales/v1{HERE}:{deed}")
    assert {name: body[name] for name in sent} == sent


async def test_the_desk_lists_what_waits_and_opens_it_prefilled(page: httpx.AsyncClient) -> None:
    """SAL-18: the queue stands on the desk; opened, the bill has the draft's id, lines, treatment, lot and papers."""
    desk = LexborHTMLParser((await page.get("/charge?site=harley-street")).text)
    link = find(desk, "#checkout a")
    assert link.text(strip=True) == "Ann Lee · Lips"

    tree = LexborHTMLParser((await page.get(str(link.attributes["href"]))).text)
    assert find(tree, "[name=charge_id]").attributes["value"] == DRAFT_CHARGE
    assert [node.attributes["value"] for node in tree.css("[name=line_of]")] == [TREATED.text]
    assert "left out: Lips" in re.sub(r"\s+", " ", find(tree, ".banner:not([hidden])").text())


async def test_a_prefilled_bill_is_charged_with_its_treatment(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """SAL-18 STK-36: the charge names treatment, lot and prescription under the draft's id."""
    data = {"site": "harley-street", "charge_id": DRAFT_CHARGE, "member_id": "", "tender": "card"}
    data |= {"line_of": TREATED.text}
    await htmx.post("/charge", data=data)

    (sent,) = chain.did("POST", "sales/v1/charges")
    assert sent["charge_id"] == DRAFT_CHARGE
    assert sent["lines"] == [
        {
            "product_id": TOXIN, "quantity": "2", "treatment_id": TREATMENT, "lot_id": LOT,
            "prescription": {"prescriber": "Dr Grey", "order_reference": "RX-7"},
        }
    ]  # fmt: skip


async def test_a_chosen_lot_stays_on_its_line(htmx: httpx.AsyncClient) -> None:
    """STK-36: the lot chosen in the refusal's dialog goes onto the line, and the dialog closes."""
    data = {
        "site": "harley-street", "charge_id": DRAFT_CHARGE, "member_id": "",
        "line_of": BillLine("1", TOXIN, Decimal(2)).text, "line": "1",
        "set_lot_id": LOT, "code": "", "choose": "1",
    }  # fmt: skip
    answer = await htmx.post("/charge/lines", data=data)

    kept = BillLine("1", TOXIN, Decimal(2), {"lot_id": LOT}).text
    assert find(LexborHTMLParser(answer.text), "[name=line_of]").attributes["value"] == kept
    assert "dialog-close" in answer.headers["hx-trigger"]


async def test_a_treatment_is_dismissed_with_a_reason(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """Not charged, and why; without a reason the dialog stays."""
    path = f"/checkout/{TREATMENT}/dismiss"
    assert (await htmx.get(path)).status_code == 200
    assert (await htmx.post(path, data={"key": "k"})).status_code == 422
    await htmx.post(path, data={"key": "k", "reason": "touch-up"})
    assert chain.did("POST", f"sales/v1/checkout/{TREATMENT}:dismiss")[-1] == {"reason": "touch-up"}


def test_a_line_is_read_back_as_it_was_written() -> None:
    """UI: what a line knows round-trips; a bar inside a name cannot break it, rubbish is left out."""
    (back,) = read_bill([TREATED.text]).lines
    assert back == TREATED
    assert read_bill([BillLine("1", TOXIN, Decimal(2), {"treatment_id": "junk", "junk": 1}).text]).lines[0].said == {}
    assert Bill((TREATED,)).say("1", lot_id=str(UUID(int=1))).lines[0].said["lot_id"] == str(UUID(int=1))


@pytest.mark.parametrize(("lots", "kept"), [([LOT], LOT), ([LOT, TREATMENT], ""), ([], "")])
async def test_a_scanned_lot_goes_onto_the_line(
    htmx: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, lots: list[str], kept: str
) -> None:
    """STK-36 N-09: a code that names one lot confirms it by being scanned; with several or none nothing is guessed."""

    async def scanned(*_: object, **__: object) -> dict[str, object]:
        """What the scan finds."""
        product = {"product_id": TOXIN, "quantity": "1"}
        return {"products": [product], "lots": [{"lot_id": lot, "product_id": TOXIN} for lot in lots]}

    monkeypatch.setattr("lotwise.backoffice.gateway.Gateway.raw", scanned)
    data = {"site": "harley-street", "charge_id": DRAFT_CHARGE, "member_id": "", "code": "(01)09506000134352(10)A1"}
    answer = await htmx.post("/charge/lines", data=data)

    line = str(find(LexborHTMLParser(answer.text), "[name=line_of]").attributes["value"])
    assert line == BillLine("1", TOXIN, Decimal(1), {"lot_id": kept} if kept else {}).text
