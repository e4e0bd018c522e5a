"""The only home of what the demo chain shows of clinical stock: vials opened and drawn, treatments, named devices.

It stands apart from the ninety days: these goods came the day before yesterday and were used in the last hour, so that
an open vial is still within its use-by whenever the demo is looked at first.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from lotwise.onebox.demo.history import ident
from lotwise.onebox.demo.ordering import supplier_id
from lotwise.onebox.demo.posting import Doors, together
from lotwise.onebox.imports.doors import Settling

SHARED, OWN = "INJ-AURALIS-V", "INJ-MESO-V"
VISIT, BOOST = ".TOX-UNITS", ".MESO"
LASER, CRYO = "EQP-HALO", "EQP-CRYO"
SITES = ("chelsea", "yaletown")
EVERYBODY = ("sales", "stock", "purchasing", "alerts", "reporting")
VIAL_UNITS = "300"
OWN_UNITS = "30"
PAGES_MAX = 20


class Device(NamedTuple):
    """A device of a clinic: where it stands, since how long and until when it is covered, when its work is due."""

    code: str
    serial: str
    site: str
    room: str
    bought_days_ago: int
    warranty_days: int
    due_days: int


DEVICES = (
    Device(LASER, "HL-20417", "chelsea", "Room 2", 700, 20, -3),
    Device(LASER, "HL-20533", "yaletown", "Laser room", 410, 320, 45),
    Device(CRYO, "CR-1108", "lakeview", "Room 1", 150, 580, 120),
    Device(CRYO, "CR-1112", "kitsilano", "Room 3", 150, 580, 12),
)
COSTS = {LASER: 58_000_00, CRYO: 9_400_00}
VISITS = (("Dr Vega", 4, "22"), ("Dr Roth", 9, "30"), ("Dr Vega", 17, "18"))
"""Practitioner, member and units drawn of a shared vial; the recipe expects 24."""


def rows() -> list[dict[str, Any]]:
    """A vial for several patients, one for a single patient, two kinds of devices, and the services that draw."""
    injectable = {"kind": "physical", "category": "Injectables", "purpose": "retail", "tax_code": 0}
    device = {"kind": "physical", "category": "Equipment", "purpose": "back_bar", "is_serialised": True, "tax_code": 0}
    service = {"kind": "service", "category": "Injections", "tax_code": 0}
    return [
        injectable | {
            "code": SHARED, "name": "Auralis toxin vial 100 U", "unit": "U", "cost": "5.70", "price": "12.80",
            "packs": [{"name": "vial of 100 U", "units": "100"}], "container_rule": "multi_patient",
            "container_units": "100", "use_by_hours": 24, "supplier_id": supplier_id("TOX"),
        },
        injectable | {
            "code": OWN, "name": "Mesoderm vial 10 ml", "unit": "ml", "unit_decimals": 1, "cost": "11.40",
            "price": "32.00", "packs": [{"name": "vial of 10 ml", "units": "10"}], "container_rule": "single_patient",
            "container_units": "10", "use_by_hours": 4, "supplier_id": supplier_id("FIL"),
        },
        device | {"code": LASER, "name": "Halo laser platform", "cost": "58000.00", "supplier_id": supplier_id("DEV")},
        device | {"code": CRYO, "name": "Cryo handpiece", "cost": "9400.00", "supplier_id": supplier_id("DEV")},
        service | {"code": VISIT, "name": "Toxin by the unit", "price": "0.00", "duration_slots": 2},
        service | {"code": BOOST, "name": "Mesoderm session", "price": "240.00", "duration_slots": 3},
    ]  # fmt: skip


async def show_clinical(doors: Doors, settling: Settling, now: datetime) -> None:
    """Define, receive, open, draw, treat and name, through the public doors; what was done before is not done twice."""
    answer = await doors.post("catalog", "/v1/products:batch", {"rows": rows()}, "clinical/products")
    ids = {row["code"]: row["product_id"] for row in answer["rows"]}
    recipes = {VISIT: (SHARED, "24"), BOOST: (OWN, "4.5")}
    for code, (used, quantity) in recipes.items():
        lines = [{"product_id": ids[used], "quantity": quantity}]
        await doors.put("catalog", f"/v1/services/{ids[code]}/recipe", {"lines": lines})
    await settling.wait(("catalog",), EVERYBODY)
    came = (now - timedelta(days=2)).isoformat()
    body = {"receipts": [*_vials(ids, came, now), *_devices(ids, came)]}
    made = await doors.post("stock", "/v1/receipts:batch", body, "clinical/receipts")
    received = [row["receipt"] for row in made["results"]]
    lots = {(row["site"], row["product_id"]): row["lot_id"] for row in received}
    await together(_day(doors, site, ids, lots, now) for site in SITES)
    await _name_retail(doors)
    await together(_equip(doors, device, now) for device in DEVICES)


def _vials(ids: Mapping[str, str], came: str, now: datetime) -> list[dict[str, Any]]:
    ends = (now + timedelta(days=300)).date().isoformat()
    return [
        {
            "receipt_id": ident(f"clinical/{code}/{site}"), "site": site, "product_id": ids[code],
            "quantity": quantity, "lot_number": f"{lot}{number}", "expires_on": ends, "happened_at": came,
        }
        for number, site in enumerate(SITES, start=1)
        for code, quantity, lot in ((SHARED, VIAL_UNITS, "AUR77"), (OWN, OWN_UNITS, "MES31"))
    ]  # fmt: skip


def _devices(ids: Mapping[str, str], came: str) -> list[dict[str, Any]]:
    return [
        {
            "receipt_id": ident(f"clinical/{one.serial}"), "site": one.site, "product_id": ids[one.code],
            "quantity": "1", "lot_number": "", "serials": [one.serial], "happened_at": came,
        }
        for one in DEVICES
    ]  # fmt: skip


async def _day(
    doors: Doors, site: str, ids: Mapping[str, str], lots: Mapping[tuple[str, str], str], now: datetime
) -> None:
    """The last hour of a clinic: a shared vial drawn for three visits, one patient's own vial, treatments completed."""
    shared, own = ident(f"clinical/vial/{site}"), ident(f"clinical/own/{site}")
    opened = (now - timedelta(minutes=55)).isoformat()
    vial = {"container_id": shared, "site": site, "product_id": ids[SHARED], "happened_at": opened}
    vial |= {"lot_id": lots[site, ids[SHARED]]}
    await doors.post("stock", "/v1/containers", vial | {"diluent": "NaCl 0.9 % 2.5 ml"}, f"clinical/open/{site}")
    for number, (practitioner, member, units) in enumerate(VISITS):
        at = now - timedelta(minutes=50 - 10 * number)
        await _treat(doors, site, VISIT, (shared, ids[SHARED], units), practitioner, member, at, f"{site}/{number}")
    mine = {"container_id": own, "site": site, "product_id": ids[OWN], "happened_at": opened}
    mine |= {"lot_id": lots[site, ids[OWN]]}
    await doors.post("stock", "/v1/containers", mine, f"clinical/open-own/{site}")
    at = now - timedelta(minutes=12)
    await _treat(doors, site, BOOST, (own, ids[OWN], "4.0"), "Dr Roth", 23, at, f"{site}/own")


async def _treat(
    doors: Doors,
    site: str,
    service: str,
    drawn: tuple[str, str, str],
    practitioner: str,
    member: int,
    at: datetime,
    key: str,
) -> None:
    """Draw units from a container for a treatment, and complete it with what was drawn."""
    container, product, units = drawn
    treatment = ident(f"clinical/treatment/{key}")
    who = {"member_id": ident(f"member/{member}"), "practitioner": practitioner, "happened_at": at.isoformat()}
    draw = who | {"draw_id": ident(f"clinical/draw/{key}"), "quantity": units, "treatment_id": treatment}
    await doors.post("stock", f"/v1/containers/{container}:draw", draw, f"clinical/draw/{key}")
    done: dict[str, Any] = who | {"treatment_id": treatment, "site": site, "service_code": service}
    done["lines"] = [{"product_id": product, "drawn": units}]
    await doors.post("sales", "/v1/treatments", done, f"clinical/treatment/{key}", done=("same-id",))


async def _name_retail(doors: Doors) -> None:
    """Give every device for sale on a shelf its serial: the ninety days sold and moved them without."""
    for row in await _all(doors, "/v1/serials/unnamed"):
        missing = int(float(row["on_hand"])) - row["named"]
        if missing <= 0:
            continue
        start = f"{row['code'].removeprefix('DEV-')}-{row['site'][:3].upper()}-{row['lot_number'][-5:]}"
        body = {
            "register_id": ident(f"clinical/register/{row['site']}/{row['lot_id']}"), "site": row["site"],
            "product_id": row["product_id"], "lot_id": row["lot_id"],
            "serials": [f"{start}-{number + 1 + row['named']:02}" for number in range(missing)],
        }  # fmt: skip
        await doors.post("stock", "/v1/serials", body, f"clinical/register/{row['site']}/{row['lot_id']}")


async def _all(doors: Doors, path: str, **params: Any) -> Sequence[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    after = None
    for _ in range(PAGES_MAX):
        asked = {"limit": 200, **params} | ({"after": after} if after else {})
        page = await doors.access["stock"].get(path, params=asked)
        found += page["rows"]
        after = page["next"]
        if not after:
            break
    return found


async def _equip(doors: Doors, one: Device, now: datetime) -> None:
    """Put a device to use with its warranty, its worth and its maintenance log."""
    (unit,) = await _all(doors, "/v1/serials", number=one.serial)
    where, today = f"/v1/serials/{unit['serial_id']}", now.date()
    bought = today - timedelta(days=one.bought_days_ago)
    use = {"move_id": ident(f"clinical/use/{one.serial}"), "state": "in_use", "room": one.room}
    await doors.post("stock", f"{where}:move", use, f"clinical/use/{one.serial}")
    cover = {"starts_on": bought.isoformat(), "ends_on": (today + timedelta(days=one.warranty_days)).isoformat()}
    await _edit(doors, f"{where}/warranty", where, cover | {"terms": "Parts and labour"})
    worth = {"method": "straight_line", "cost_minor": COSTS[one.code], "salvage_minor": COSTS[one.code] // 10}
    worth |= {"in_service_on": bought.isoformat(), "life_months": 84}
    await _edit(doors, f"{where}/depreciation", where, worth)
    work = {
        "work_id": ident(f"clinical/upkeep/{one.serial}"), "done_on": (today - timedelta(days=90)).isoformat(),
        "work": "Half-yearly inspection", "cost_minor": 320_00, "done_by": "Optica Devices",
        "next_due_on": (today + timedelta(days=one.due_days)).isoformat(), "next_work": "Half-yearly inspection",
    }  # fmt: skip
    await doors.post("stock", f"{where}/works", work, f"clinical/upkeep/{one.serial}")


async def _edit(doors: Doors, path: str, where: str, body: dict[str, Any]) -> None:
    """Set words of a unit at the revision that it has now."""
    client = doors.access["stock"]
    revision = (await client.get(where))["revision"]
    await client.put(path, json=body, match=f'"{revision}"')
