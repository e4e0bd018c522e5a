"""The only home of what a unit is worth, covered by and due for: warranty, maintenance, depreciation (STK-20 to 23)."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from lotwise.contracts.envelope import Event
from lotwise.contracts.stock import MaintenanceDue, MaintenanceRecorded, WarrantyChanged, WarrantyEnding
from lotwise.kit.database import Tx
from lotwise.kit.outbox import tell
from lotwise.kit.principal import Principal
from lotwise.stock.domain.depreciation import Plan, Use, book_value, problem
from lotwise.stock.domain.refusals import BadDate, BadDepreciation, UnknownSerial
from lotwise.stock.domain.serials import GONE, Warranty
from lotwise.stock.operations.serials import elsewhere
from lotwise.stock.repository import serials as rows
from lotwise.stock.repository.definitions import all_sites, sites_of
from lotwise.stock.repository.serials import Step
from lotwise.values import site_day

PERMISSION = "stock.asset"


class Work(NamedTuple):
    """Maintenance that was done, in the order of its row; cost in minor units, `document` names its papers."""

    id: UUID
    serial_id: UUID
    done_on: date
    work: str
    cost_minor: int
    done_by: str
    document: str
    note: str
    next_due_on: date | None
    next_work: str


class Depreciation(NamedTuple):
    """How a unit loses its worth; method "" when it does not. `factor` in thousandths, money in minor units."""

    method: str
    cost_minor: int
    in_service_on: date | None
    salvage_minor: int
    life_months: int
    factor: int
    units_total: int


async def _locked(tx: Tx, serial_id: UUID, who: Principal, expected: Any = None) -> Any:
    """One unit, locked, at the revision that was read. Raises UnknownSerial, Forbidden, or what `expected` raises."""
    row = await rows.lock_serial(tx, serial_id)
    if row is None:
        raise UnknownSerial("No serial has this id", serial_id=str(serial_id))
    who.at(PERMISSION, row["site"])
    if expected is not None:
        expected.check(row["revision"])
    return row


async def today_at(tx: Tx, site: str, now: datetime | None = None) -> date:
    """The site's calendar day."""
    return site_day(now or datetime.now(UTC), (await sites_of(tx, [site]))[site].zone)


def warranty_of(row: Any) -> Warranty:
    """A unit's warranty."""
    return Warranty(row["warranty_starts_on"], row["warranty_ends_on"], row["warranty_terms"])


def plan_of(row: Any) -> Plan | None:
    """How a unit loses its worth, or None when it does not."""
    if not row["method"] or row["in_service_on"] is None:
        return None
    return Plan(
        row["method"], row["cost_minor"], row["salvage_minor"], row["life_months"], row["in_service_on"],
        row["factor"], row["units_total"],
    )  # fmt: skip


def worth(row: Any, day: date, uses: Sequence[tuple[date, int]] = ()) -> int:
    """What a unit is worth at the end of a day, in minor units: its cost when it does not depreciate, 0 once gone."""
    if row["state"] in GONE:
        return 0
    plan = plan_of(row)
    return row["cost_minor"] if plan is None else book_value(plan, day, [Use(*one) for one in uses])


async def set_warranty(
    tx: Tx, serial_id: UUID, warranty: Warranty, note: str, cause_id: UUID, who: Principal, expected: Any
) -> None:
    """Enter, extend or correct a warranty; what was told of its end is over. Raises UnknownSerial or BadDate."""
    if warranty.starts_on and warranty.ends_on and warranty.ends_on < warranty.starts_on:
        raise BadDate(
            "A warranty does not end before it begins",
            field="ends_on",
            starts_on=str(warranty.starts_on),
            ends_on=str(warranty.ends_on),
        )
    row = await _locked(tx, serial_id, who, expected)
    values = {
        "warranty_starts_on": warranty.starts_on, "warranty_ends_on": warranty.ends_on,
        "warranty_terms": warranty.terms,
        "warranty_told_on": row["warranty_told_on"] if row["warranty_ends_on"] == warranty.ends_on else None,
    }  # fmt: skip
    await rows.change(tx, serial_id, values)
    until = f"until {warranty.ends_on}" if warranty.ends_on else "none"
    await _note(tx, row, "warranty", cause_id, f"{until}. {note}".strip(), who)
    if row["warranty_ends_on"] != warranty.ends_on:
        now = datetime.now(UTC)
        ends_on = warranty.ends_on or await today_at(tx, row["site"], now)
        await tell(tx, WarrantyChanged(**_about(row, ends_on, now)))


async def set_depreciation(
    tx: Tx, serial_id: UUID, one: Depreciation, cause_id: UUID, who: Principal, expected: Any
) -> None:
    """Say how a unit loses its worth, from which cost. Raises UnknownSerial or BadDepreciation."""
    row = await _locked(tx, serial_id, who, expected)
    wanted = one._replace(in_service_on=one.in_service_on or row["acquired_on"])
    if one.method:
        _must_make_sense(wanted)
    elif one.salvage_minor > one.cost_minor:
        raise BadDepreciation("The salvage is above the cost", field="salvage_minor")
    await rows.change(tx, serial_id, wanted._asdict())
    await _note(tx, row, "depreciation", cause_id, one.method.replace("_", " ") or "none", who)


def _must_make_sense(one: Depreciation) -> None:
    if one.in_service_on is None:
        raise BadDepreciation("Say since when it is in service", field="in_service_on")
    plan = Plan(
        one.method, one.cost_minor, one.salvage_minor, one.life_months, one.in_service_on, one.factor, one.units_total
    )
    field = problem(plan)
    if field is not None:
        raise BadDepreciation(
            f"The method {one.method.replace('_', ' ')} cannot work with this {field.replace('_', ' ')}",
            field=field,
            method=one.method,
            cost_minor=one.cost_minor,
            salvage_minor=one.salvage_minor,
            life_months=one.life_months,
            units_total=one.units_total,
        )


async def plan_maintenance(
    tx: Tx, serial_id: UUID, due_on: date | None, work: str, cause_id: UUID, who: Principal, expected: Any
) -> None:
    """Say when maintenance is due next, or never; what was told of the old date is over. Raises UnknownSerial."""
    row = await _locked(tx, serial_id, who, expected)
    await rows.change(tx, serial_id, _next(row, due_on, work))
    await _note(tx, row, "maintenance planned", cause_id, f"{work} due {due_on}" if due_on else "none", who)
    if row["maintenance_due_on"] != due_on and row["maintenance_told_on"] is not None:
        now = datetime.now(UTC)
        about = _about(row, row["maintenance_due_on"] or now.date(), now)
        await tell(tx, MaintenanceRecorded(**about, work="planned anew", next_due_on=due_on))


def _next(row: Any, due_on: date | None, work: str) -> dict[str, object]:
    kept = row["maintenance_told_on"] if row["maintenance_due_on"] == due_on else None
    return {"maintenance_due_on": due_on, "maintenance_work": work, "maintenance_told_on": kept}


async def record_work(tx: Tx, one: Work, who: Principal) -> bool:
    """Keep maintenance that was done; the next one is due as it says, and the alert is over. False when repeated.

    Raises UnknownSerial, BadDate for a day in the future or a next one before it, SerialMove for a unit that is gone.
    """
    row = await _locked(tx, one.serial_id, who)
    now = datetime.now(UTC)
    if one.done_on > await today_at(tx, row["site"], now):
        raise BadDate("Work of the future is not recorded", field="done_on", done_on=str(one.done_on))
    if one.next_due_on is not None and one.next_due_on <= one.done_on:
        raise BadDate("The next one is due after this one", field="next_due_on", next_due_on=str(one.next_due_on))
    if row["state"] in GONE:
        raise elsewhere(row, "nothing is maintained that is gone")
    if not await rows.add_work(tx, (*one, who.actor, now)):
        return False
    await rows.change(tx, one.serial_id, _next(row, one.next_due_on, one.next_work) | {"maintenance_told_on": None})
    await _note(tx, row, "maintained", one.id, one.work, who)
    about = _about(row, one.done_on, now)
    said = MaintenanceRecorded(**about, work=one.work, cost_minor=one.cost_minor, next_due_on=one.next_due_on)
    await tell(tx, said)
    return True


async def record_use(tx: Tx, use_id: UUID, serial_id: UUID, read_on: date, units: int, who: Principal) -> bool:
    """Keep units of work a device did. False when repeated. Raises UnknownSerial, BadDate or SerialMove."""
    row = await _locked(tx, serial_id, who)
    now = datetime.now(UTC)
    if read_on > await today_at(tx, row["site"], now):
        raise BadDate("Work of the future is not recorded", field="read_on", read_on=str(read_on))
    if row["state"] in GONE:
        raise elsewhere(row, "nothing works that is gone")
    return await rows.add_use(tx, (use_id, serial_id, read_on, units, who.actor, now))


async def _note(tx: Tx, row: Any, kind: str, cause_id: UUID, note: str, who: Principal) -> None:
    """A step of the story that moves nothing."""
    now = datetime.now(UTC)
    step = Step(row["id"], kind, row["state"], row["site"], row["room"], cause_id, note[:500], who.actor, now)
    await rows.add_steps(tx, [step], now)


def _about(row: Any, due_on: date, now: datetime) -> dict[str, Any]:
    return {
        "site": row["site"], "serial_id": row["id"], "product_id": row["product_id"], "serial": row["number"],
        "due_on": due_on, "happened_at": now,
    }  # fmt: skip


async def tell_due(tx: Tx, now: datetime, warranty_days: int, rows_max: int) -> int:
    """Tell of maintenance that is due and of warranties that end within days, once per due date; returns how many.

    At most `rows_max` of each.
    """
    today: Mapping[str, date] = {site.slug: site_day(now, site.zone) for site in await all_sites(tx)}
    due = await rows.due_maintenance(tx, today, rows_max)
    ending = await rows.ending_warranties(tx, today, warranty_days, rows_max)
    said: list[Event] = [MaintenanceDue(**_about(row, row["due_on"], now), work=row["work"]) for row in due]
    said += [WarrantyEnding(**_about(row, row["due_on"], now)) for row in ending]
    if said:
        await rows.told(tx, "maintenance", [row["id"] for row in due])
        await rows.told(tx, "warranty", [row["id"] for row in ending])
        await tell(tx, *said)
    return len(said)


class SiteTotal(NamedTuple):
    """What a site's units cost, what their maintenance cost, and what they are worth on a day."""

    site: str
    units: int
    cost_minor: int
    spent_minor: int
    book_minor: int
    by_state: dict[str, int]


async def totals(tx: Tx, sites: Sequence[str] | None, day: date | None) -> list[SiteTotal]:
    """The register's totals by site, of units that are ours; worth on `day`, or today at each site."""
    now = datetime.now(UTC)
    days = {site.slug: day or site_day(now, site.zone) for site in await all_sites(tx)}
    found: dict[str, SiteTotal] = {}
    for row in await rows.totals(tx, sites):
        one = found.get(row["site"]) or SiteTotal(row["site"], 0, 0, 0, 0, {})
        found[row["site"]] = one._replace(
            units=one.units + row["units"],
            cost_minor=one.cost_minor + row["cost_minor"],
            spent_minor=one.spent_minor + row["spent_minor"],
            book_minor=one.book_minor + row["cost_minor"],
            by_state=one.by_state | {row["state"]: row["units"]},
        )
    async for batch in rows.depreciating(tx, sites):
        uses = await rows.uses_of(tx, [row["id"] for row in batch if row["method"] == "units_of_production"])
        for row in batch:
            one = found[row["site"]]
            lost = row["cost_minor"] - worth(row, days[row["site"]], uses.get(row["id"], ()))
            found[row["site"]] = one._replace(book_minor=one.book_minor - lost)
    return [found[site] for site in sorted(found)]
