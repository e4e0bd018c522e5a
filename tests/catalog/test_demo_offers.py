"""What the demo chain offers beside plain products is taken by the catalog as it is."""

from datetime import date

from tests.catalog.harness import Bench

from lotwise.contracts.purchasing import SupplierDefined
from lotwise.onebox.demo import pricing
from lotwise.onebox.demo.definitions import PRODUCTS, SERVICES, SUPPLIERS, product_row, service_row
from lotwise.onebox.demo.ordering import supplier_id


async def test_the_demos_sizes_discounts_and_packages_are_taken(catalog: Bench) -> None:
    """Issue B: two sizes, add-ons, an hourly service, four kinds of discount, the four package types that each save."""
    for number, code in enumerate(SUPPLIERS, 1):
        await catalog.hear(SupplierDefined(supplier_id=supplier_id(code), number=number, name=code))
    begins = "2026-01-01T00:00:00Z"
    rows = [product_row(one, supplier_id(one.supplier), begins) for one in PRODUCTS]
    rows += [service_row(one, begins) for one in SERVICES]
    first = await catalog.post("/v1/products:batch", {"rows": rows}, who="importer")
    second = await catalog.post("/v1/products:batch", {"rows": pricing.rows()}, who="importer")
    assert [row["problem"] for row in (*first["rows"], *second["rows"]) if row["problem"]] == []
    ids = {row["code"]: row["product_id"] for row in (*first["rows"], *second["rows"])}
    for one in pricing.discounts(ids, date(2026, 1, 5)):
        await catalog.post("/v1/discounts", one, who="importer")
    made = [await catalog.post("/v1/packages", one, who="importer") for one in pricing.packages(ids)]
    assert {one["package_type"] for one in made} == {"treatment", "membership", "bundle", "membership_services"}
    assert all(float(one["saving"]["saved"]) > 0 for one in made)
    serum = (await catalog.get("/v1/codes/SKN-VITC"))["product"]
    assert (serum["price"], serum["member_price"]) == ("128.00", "115.00")
    sizes = await catalog.get("/v1/products", params={"variant_of": ids["SKN-SUN"]})
    assert [row["variant_name"] for row in sizes["rows"]] == ["150 ml", "50 ml"]
    again = await catalog.post("/v1/products:batch", {"rows": pricing.rows()}, who="importer")
    assert (again["created"], again["updated"], again["refused"]) == (0, 0, 0)
