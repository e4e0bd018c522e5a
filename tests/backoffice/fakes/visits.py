"""Appointments and the checkout queue as the pages see them, from memory."""

from datetime import timedelta
from typing import Any

from tests.backoffice.fakes.catalog import ALL_PRODUCTS
from tests.backoffice.fakes.ground import NOW, Answer, Ask, Chain, ident, refusal, route, rows

TOXIN = ALL_PRODUCTS[0]
APPOINTMENT, TREATMENT, DRAFT_CHARGE = ident("appointment"), ident("treatment"), ident("draft charge")
LOT = ident("visit lot")


def appointment(**more: Any) -> dict[str, Any]:
    """A booked appointment of now."""
    body = {
        "appointment_id": APPOINTMENT, "site": "harley-street", "service_id": ident("service"), "service": "Lips",
        "member_id": None, "member_name": "Ann Lee", "practitioner": "Dr Grey", "starts_at": NOW.isoformat(),
        "ends_at": (NOW + timedelta(minutes=30)).isoformat(), "minutes": 30, "sessions": 1, "note": "",
        "state": "booked", "reason": "", "treatment_id": None, "revision": 1, "warnings": [],
        "expected": [{"product_id": TOXIN["product_id"], "code": "TOX", "name": "Toxin", "unit": "U", "expected": "20",
                      "confirm_lot": True, "drug_class": "prescription"}],
    }  # fmt: skip
    return body | more


@route("GET", "sales/v1/appointments")
def listed(_chain: Chain, ask: Ask) -> Answer:
    """The day."""
    gone = appointment(appointment_id=ident("gone"), state="cancelled", reason="ill", practitioner="Dr Green")
    return rows([appointment(), gone], ask)


@route("GET", "sales/v1/appointments/{id}")
def one(_chain: Chain, ask: Ask) -> Answer:
    """One appointment."""
    return 200, appointment(appointment_id=ask.id)


@route("POST", "sales/v1/appointments")
def book(_chain: Chain, ask: Ask) -> Answer:
    """Book; Dr Grey has something at that time."""
    if ask.body["service_code"] == "NONE":
        return refusal(404, "unknown-product", "no service is known as 'NONE'", field="service")
    return 201, appointment(warnings=[{"code": "practitioner-overlap", "text": "Dr Grey has another appointment."}])


@route("POST", "sales/v1/appointments/{id}:move")
def move(_chain: Chain, _ask: Ask) -> Answer:
    """Move."""
    return 200, appointment()


@route("POST", "sales/v1/appointments/{id}:cancel")
def cancel(_chain: Chain, _ask: Ask) -> Answer:
    """Cancel."""
    return 200, appointment(state="cancelled")


@route("POST", "sales/v1/appointments/{id}:complete")
def complete(_chain: Chain, _ask: Ask) -> Answer:
    """Complete."""
    return 200, {"treatment_id": TREATMENT}


def draft() -> dict[str, Any]:
    """A completed treatment that waits."""
    line = {"product_id": TOXIN["product_id"], "code": "TOX", "name": "Toxin", "unit": "U", "quantity": "2",
            "treatment_id": TREATMENT, "lot_id": LOT, "prescriber": "Dr Grey", "order_reference": "RX-7",
            "is_priced": True}  # fmt: skip
    free = line | {"product_id": ident("service"), "name": "Lips", "lot_id": None, "is_priced": False}
    return {"treatment_id": TREATMENT, "appointment_id": APPOINTMENT, "charge_id": DRAFT_CHARGE,
            "site": "harley-street", "state": "open", "reason": "", "member_id": None, "member_name": "Ann Lee",
            "service_id": ident("service"), "service": "Lips", "practitioner": "Dr Grey",
            "happened_at": NOW.isoformat(), "lines": [free, line]}  # fmt: skip


@route("GET", "sales/v1/checkout")
def queue(_chain: Chain, ask: Ask) -> Answer:
    """What waits."""
    return rows([draft()], ask)


@route("GET", "sales/v1/checkout/{id}")
def one_draft(_chain: Chain, _ask: Ask) -> Answer:
    """One draft."""
    return 200, draft()


@route("POST", "sales/v1/checkout/{id}:dismiss")
def dismiss(_chain: Chain, ask: Ask) -> Answer:
    """Not charged."""
    if not ask.body["reason"]:
        return refusal(422, "invalid", "say why", field="reason")
    return 200, {"treatment_id": ask.id}
