"""The only home of how appointments and treatments are shown and read: names of today, goods by id or code."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, Protocol
from uuid import UUID

from lotwise.kit import audit
from lotwise.kit.commands import Reading
from lotwise.kit.database import Tx
from lotwise.sales.api.appointment_shapes import AppointmentOut, DrawnIn, ExpectedOut, WarningOut
from lotwise.sales.api.balance_views import offered
from lotwise.sales.api.treatment_shapes import DraftLineOut, DraftOut, TreatmentLineOut, TreatmentOut
from lotwise.sales.domain.appointments import Appointment
from lotwise.sales.domain.definitions import Product
from lotwise.sales.domain.refusals import UnknownSite
from lotwise.sales.domain.treatments import DECIMALS, Drawn, Treatment, expected
from lotwise.sales.operations.appointments import Booked
from lotwise.sales.operations.checkout import Draft
from lotwise.sales.operations.offers import Offered
from lotwise.sales.operations.selling import Selling
from lotwise.sales.operations.services import check_drawn, check_service
from lotwise.sales.repository import members, recipes
from lotwise.values import day_bounds, format_quantity, parse_quantity

Names = dict[UUID, str]
NOBODY: Names = {}


class ServiceNamed(Protocol):
    """A service by its id or its code."""

    @property
    def service_id(self) -> UUID | None:
        """The id."""

    @property
    def service_code(self) -> str | None:
        """The code."""


async def service_of(selling: Selling, site: str, named: ServiceNamed) -> Product:
    """The service that a request names, at a site that is known. Raises UnknownSite, UnknownProduct, NotAService."""
    wanted = {named.service_id} if named.service_id is not None else set()
    codes = {named.service_code} if named.service_code is not None else set()
    await selling.prices.look_again(site, wanted, codes)
    check_site(selling, site)
    book = selling.prices.book
    found = book.by_code(named.service_code or "") if named.service_id is None else book.products.get(named.service_id)
    return check_service(found, named.service_id or named.service_code)


def check_site(selling: Selling, site: str) -> None:
    """Pass for a site that was defined. Raises UnknownSite."""
    if site not in selling.prices.book.sites:
        raise UnknownSite(f"no site is called {site!r}", field="site")


async def drawn_of(selling: Selling, site: str, lines: Sequence[DrawnIn]) -> list[Drawn]:
    """What was drawn, by product. Raises UnknownProduct, NotForSale, BadQuantity."""
    ids = {line.product_id for line in lines if line.product_id is not None}
    await selling.prices.look_again(site, ids, {line.code for line in lines if line.code is not None})
    book = selling.prices.book
    found = []
    for index, line in enumerate(lines):
        product = book.products.get(line.product_id) if line.product_id is not None else book.by_code(line.code or "")
        product = check_drawn(product, line.product_id or line.code, line.drawn, index)
        found.append(Drawn(product.product_id, line.drawn, line.lot_id, line.prescriber, line.order_reference))
    return found


async def names_of(tx: Tx, read: Reading, ids: Iterable[UUID | None]) -> Names:
    """The names of members, for whoever may read them."""
    wanted = sorted({one for one in ids if one is not None})
    if not wanted or not read.who.allows("member.read"):
        return NOBODY
    return await members.names(tx, wanted)


async def log_names(read: Reading, path: str, names: Names) -> None:
    """A look at names goes into the audit trail: who and how many (WEB-09)."""
    if names:
        entry = audit.Entry(read.who.actor, "member.read", f"VIEW {path}", None, "", {"count": len(names)})
        async with read.runtime.db.transaction() as tx:
            await audit.record(tx, entry)


def bounds(
    selling: Selling, site: str | None, day: date | None, since: datetime | None, until: datetime | None
) -> tuple[datetime | None, datetime | None]:
    """The instants of a day at the site's clock (UTC without a site), else those that were asked for."""
    if day is None:
        return since, until
    known = selling.prices.book.sites.get(site or "")
    return day_bounds(day, "UTC" if known is None else known.time_zone)


def appointment(selling: Selling, booked: Booked | Appointment, names: Names = NOBODY) -> AppointmentOut:
    """An appointment as it is shown."""
    one, others = booked if isinstance(booked, Booked) else (booked, [])
    service = selling.prices.book.products.get(one.service_id)
    return AppointmentOut.model_validate(
        {
            **one._asdict(),
            "ends_at": one.ends_at,
            "service": "" if service is None else service.name,
            "member_name": names.get(one.member_id) if one.member_id else None,
            "warnings": [_overlap(selling, one, other) for other in others],
        }
    )


def _overlap(selling: Selling, one: Appointment, other: Appointment) -> WarningOut:
    site = selling.prices.book.sites.get(other.site)
    where = "" if other.site == one.site else f" at {other.site if site is None else site.name}"
    at = other.starts_at.isoformat(timespec="minutes")
    text = f"{one.practitioner} has another appointment{where} from {at} for {other.minutes} minutes."
    return WarningOut(code="practitioner-overlap", text=text, appointment_id=other.appointment_id)


async def expected_of(tx: Tx, selling: Selling, one: Appointment) -> list[ExpectedOut]:
    """What the recipe takes for an appointment, with names."""
    recipe = await recipes.newest(tx, one.service_id)
    found = []
    for product_id, quantity in expected(recipe.lines, one.sessions).items():
        product = selling.prices.book.products.get(product_id)
        found.append(
            ExpectedOut(
                product_id=product_id, **_goods(product), expected=format_quantity(quantity, DECIMALS),
            )
        )  # fmt: skip
    return found


def _goods(product: Product | None) -> dict[str, object]:
    if product is None:
        return {"code": "", "name": "", "unit": "", "confirm_lot": False, "drug_class": "otc"}
    names = ("code", "name", "unit", "confirm_lot", "drug_class")
    return {name: getattr(product, name) for name in names}


def treatment(selling: Selling, one: Treatment) -> TreatmentOut:
    """A treatment as it is shown."""
    products = selling.prices.book.products
    service = products.get(one.service_id)
    return TreatmentOut.model_validate(
        {
            **one._asdict(),
            "service": "" if service is None else service.name,
            "lines": [
                TreatmentLineOut.model_validate(
                    {
                        **line._asdict(),
                        **_goods(products.get(line.product_id)),
                        "expected": format_quantity(line.expected, DECIMALS),
                        "drawn": None if line.drawn is None else format_quantity(line.drawn, DECIMALS),
                    }
                )
                for line in one.lines
            ],
        }
    )


async def balances_for(tx: Tx, selling: Selling, one: Draft, now: datetime) -> list[list[dict[str, Any]]]:
    """By line of a draft that waits, the balances of the member that it may be taken from."""
    if one.queued.state != "open":
        return []
    wanted = [Offered(line.product_id, parse_quantity(line.quantity, DECIMALS)) for line in one.lines]
    return await offered(tx, selling, one.treatment.member_id, one.treatment.site, wanted, now)


def draft(
    selling: Selling, one: Draft, names: Names = NOBODY, held: Sequence[Sequence[dict[str, Any]]] = ()
) -> DraftOut:
    """A row of the checkout queue as it is shown; `held` are the balances offered by line."""
    treated = one.treatment
    service = selling.prices.book.products.get(treated.service_id)
    return DraftOut.model_validate(
        {
            **treated._asdict(),
            "charge_id": one.charge_id,
            "state": one.queued.state,
            "reason": one.queued.reason,
            "member_name": names.get(treated.member_id) if treated.member_id else None,
            "service": "" if service is None else service.name,
            "lines": [
                DraftLineOut.model_validate(line._asdict() | {"balances": list(balances)})
                for line, balances in zip(one.lines, held or [()] * len(one.lines), strict=True)
            ],
        }
    )
