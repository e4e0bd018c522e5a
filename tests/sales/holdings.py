"""The only home of what the tests of packages, memberships, certificates and accounts share: definitions and deeds."""

import asyncio
from typing import Any
from uuid import UUID

import httpx
from tests.sales.harness import BOTOX, FACIAL, OLD, SITE, Sales, fact, line

from lotwise.contracts.catalog import PackageDefined, PackageItem, PriceChanged, ProductDefined
from lotwise.contracts.ids import named_id

SIX = named_id("six-pack")
BANK = named_id("bank")
MIXED = named_id("mixed")
GOLD = named_id("gold")
YEARLY = named_id("yearly")
GIFT = named_id("gift-code")
ON_ACCOUNT = named_id("roa")
LIST_RULE = named_id("list-rule")


def definitions() -> list[Any]:
    """Packages, memberships and the codes of money, with their prices."""
    digital = ((SIX, "SIX", "Six facials"), (BANK, "BANK", "Bank of 100 U"), (MIXED, "MIXED", "Facials and Botox"),
               (GOLD, "GOLD", "Gold membership"), (YEARLY, "YEAR", "Yearly membership"),
               (LIST_RULE, "LIST", "Six facials less list"))  # fmt: skip
    prices = (
        (SIX, "450"), (BANK, "1000"), (MIXED, "300"), (GOLD, "99"), (YEARLY, "999"), (LIST_RULE, "450"), (GIFT, "50"),
    )  # fmt: skip
    return [
        *(
            ProductDefined(product_id=product, code=code, name=name, kind="digital", tax_code=0)
            for product, code, name in digital
        ),
        ProductDefined(product_id=GIFT, code=".GIFT50", name="Gift certificate 50", kind="service", tax_code=0),
        ProductDefined(product_id=ON_ACCOUNT, code=".ROA", name="Received on account", kind="service", tax_code=0),
        *(
            PriceChanged(price_id=named_id("price", product), product_id=product, price=price, valid_from=OLD)
            for product, price in prices
        ),
        package(SIX, "treatment", (FACIAL, "6"), valid_days=365),
        package(LIST_RULE, "treatment", (FACIAL, "6"), refund_rule="list"),
        package(BANK, "treatment", (BOTOX, "100")),
        package(MIXED, "treatment", (FACIAL, "2"), (BOTOX, "10"), redeem_at=(SITE,)),
        package(GOLD, "membership", (FACIAL, "1"), period="month", rollover_periods=1),
        package(YEARLY, "membership_services", (FACIAL, "12"), period="year"),
    ]


def package(product: UUID, kind: Any, *items: tuple[UUID, str], **more: Any) -> PackageDefined:
    """A definition of what a product gives."""
    given = tuple(PackageItem(product_id=item, quantity=quantity) for item, quantity in items)
    return PackageDefined(product_id=product, package_type=kind, items=given, **more)


async def define(sales: Sales) -> None:
    """Let sales hear the definitions, until its price book has settled: it may be reading older ones just now."""
    await sales.hear(*definitions())
    for _ in range(100):
        await sales.selling.prices.load()
        await asyncio.sleep(0.02)
        if YEARLY in sales.selling.prices.book.packages and ON_ACCOUNT in sales.selling.prices.book.products:
            return


async def member(sales: Sales, name: str = "Ann") -> str:
    """A member's id."""
    kept = await sales.post("/v1/members", {"name": name}, who="front_desk")
    return str(kept["member_id"])


async def charge(sales: Sales, *lines: dict[str, Any], who: str = "front_desk", **more: Any) -> httpx.Response:
    """A charge of the desk."""
    return await sales.call("POST", "/v1/charges", fact(*lines, **more) | {"hold": True}, who=who)


async def sold(sales: Sales, product: UUID, member_id: str, **more: Any) -> Any:
    """What a member holds after buying a package: its balance as it is shown."""
    answer = await charge(sales, line(product), member_id=member_id, **more)
    assert answer.status_code == 201, answer.text
    held = await sales.get(f"/v1/members/{member_id}/balances", who="front_desk")
    return next(one for one in held["packages"] if one["charge_id"] == answer.json()["charge_id"])


async def use(
    sales: Sales, member_id: str, balance: Any, product: UUID = FACIAL, quantity: str = "1", **more: Any
) -> Any:
    """A charge of the desk that takes a line from a balance."""
    redeem = balance if isinstance(balance, str) else balance["balance_id"]
    return await charge(sales, line(product, quantity, redeem=redeem), member_id=member_id, **more)


async def shown(sales: Sales, member_id: str, balance_id: str) -> Any:
    """A balance of a member as it is shown now."""
    held = await sales.get(f"/v1/members/{member_id}/balances", who="front_desk")
    return next(one for one in held["packages"] if one["balance_id"] == balance_id)


async def right(sales: Sales) -> None:
    """The books of what is owed agree with their entries."""
    proof = await sales.get("/v1/liabilities/proof", who="auditor")
    assert proof["wrong"] == [], proof
