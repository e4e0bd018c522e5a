"""The only home of what tests of appointments and treatments share: a clinic with a recipe, and how it is spoken to."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from tests.sales.harness import BACK_BAR, BOTOX, FACIAL, SITE, Sales

from lotwise.contracts.catalog import ProductDefined, RecipeDefined, RecipeLine
from lotwise.contracts.ids import named_id, uuid7

NOW = datetime.now(UTC).replace(microsecond=0)
SOON = NOW + timedelta(hours=2)
TOXIN = named_id("confirmed toxin")
PEEL = named_id("peel")


def recipe(*lines: tuple[UUID, str], service: UUID = FACIAL, revision: int = 1) -> RecipeDefined:
    """What a service consumes."""
    told = tuple(RecipeLine(product_id=product, quantity=quantity) for product, quantity in lines)
    return RecipeDefined(site="chain", service_id=service, lines=told, revision=revision)


async def furnish(sales: Sales) -> None:
    """The facial takes 20 U of toxin and 2 of gauze; the peel is a service without a recipe."""
    await sales.hear(
        recipe((BOTOX, "20"), (BACK_BAR, "2")),
        ProductDefined(product_id=PEEL, code=".PEEL", name="Peel", kind="service"),
        ProductDefined(
            product_id=TOXIN, code="TOXIN", name="Toxin", kind="physical", purpose="retail", unit="U",
            confirm_lot=True, drug_class="prescription",
        ),
    )  # fmt: skip
    await sales.selling.prices.load()


def booking(**more: Any) -> dict[str, Any]:
    """A facial in two hours."""
    body = {
        "appointment_id": str(uuid7()), "site": SITE, "service_id": str(FACIAL), "practitioner": "Dr Grey",
        "starts_at": SOON.isoformat(), "minutes": 45,
    }  # fmt: skip
    return body | more


async def booked(sales: Sales, **more: Any) -> dict[str, Any]:
    """An appointment that was booked."""
    answer: dict[str, Any] = await sales.post("/v1/appointments", booking(**more), who="front_desk")
    return answer


async def completed(sales: Sales, one: dict[str, Any], *lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Its treatment."""
    path = f"/v1/appointments/{one['appointment_id']}:complete"
    answer: dict[str, Any] = await sales.post(path, {"lines": list(lines), **more}, who="practitioner")
    return answer


def drawn(product: UUID, quantity: str | None = None, **more: Any) -> dict[str, Any]:
    """What was drawn of a product."""
    return {"product_id": str(product), "drawn": quantity, **more}
