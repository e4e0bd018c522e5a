"""Special codes, kinds and fields of the entry form, row by row of the second seed document."""

from typing import Any

import pytest
from tests.catalog.harness import Bench
from tests.catalog.test_variants import product, refused

from lotwise.catalog.domain import codes


@pytest.mark.parametrize("typed", [".ROA", "ROA", ".TIP", "tip", ".Und"])
async def test_single_entries_exist_once(catalog: Bench, typed: str) -> None:
    """CAT-40, CAT-41, CAT-42: however it is typed, the first makes the entry and a second one is refused."""
    made = await product(catalog, typed, kind="service")
    assert made["code"] == f".{typed.strip('.').upper()}"
    assert made["item_type"] in {"received_on_account", "tip", "undefined"}
    for again in (made["code"], made["code"].lower(), made["code"].strip(".").title()):
        problem = await refused(catalog, "POST", "/v1/products", {"code": again, "name": "X", "kind": "service"})
        assert problem["code"] == "code-taken"


@pytest.mark.parametrize(("code", "shown"), [("SPA", "spa"), ("TAN", "tanning"), ("GIFT", "gift_certificate")])
async def test_prefixes_may_have_many_entries(catalog: Bench, code: str, shown: str) -> None:
    """CAT-37, CAT-38, CAT-39, CAT-43: `.SPA1` and `.SPA2`, `.TAN…`, `.GIFT25` and `.GIFT50` are each of their kind."""
    made = [await product(catalog, f"{code}{number}", kind="service") for number in (25, 50)]
    assert [row["item_type"] for row in made] == [shown, shown]
    assert [row["code"] for row in made] == [f".{code}25", f".{code}50"]


async def test_only_timed_entries_take_a_duration(catalog: Bench) -> None:
    """CAT-53: spa and tanning have whole slots, 1 by default; a tip has none and refuses one."""
    spa = await product(catalog, "SPA1", kind="service")
    tan = await product(catalog, "TAN1", kind="service", duration_slots=3)
    assert (spa["duration_slots"], tan["duration_slots"]) == (1, 3)
    body = {"code": "TIP", "name": "Tip", "kind": "service", "duration_slots": 1}
    assert (await refused(catalog, "POST", "/v1/products", body))["field"] == "duration_slots"
    for slots in (0, 1.5, "2"):
        body = {"code": "SPA9", "name": "Spa", "kind": "service", "duration_slots": slots}
        assert (await refused(catalog, "POST", "/v1/products", body))["field"] == "duration_slots"


@pytest.mark.parametrize(("length", "fits"), [(10, "A" * 9), (12, "A" * 11), (14, "A" * 13)])
async def test_the_period_counts_in_the_length(catalog: Bench, length: int, fits: str) -> None:
    """CAT-45: at 10, 12 and 14 a service's code with its period may be just that long, and not longer."""
    await catalog.put("/v1/preferences", {"code_length_max": length})
    assert len((await product(catalog, fits, kind="service"))["code"]) == length
    problem = await refused(catalog, "POST", "/v1/products", {"code": f"{fits}B", "name": "X", "kind": "service"})
    assert problem["numbers"] == {"length": length + 1, "length_max": length}
    scanned = (await catalog.get(f"/v1/codes/.{fits}"))["product"]
    assert scanned["code"] == f".{fits}"


async def test_taxes_default_to_those_last_used_by_type(catalog: Bench) -> None:
    """CAT-30: each inventory type remembers its own last codes, and the preferences show them."""
    await product(catalog, "R1", tax_code=5, application_code=1)
    await product(catalog, "B1", purpose="back_bar", tax_code=2)
    await product(catalog, "SPA1", kind="service", tax_code=7)
    assert (await product(catalog, "R2"))["tax_code"] == 5
    assert (await product(catalog, "B2", purpose="back_bar"))["tax_code"] == 2
    assert (await product(catalog, "SPA2", kind="service"))["tax_code"] == 7
    assert (await product(catalog, "PEEL", kind="service"))["tax_code"] == 0
    defaults = (await catalog.get("/v1/preferences"))["tax_defaults"]
    assert (defaults["retail"], defaults["spa"]) == (
        {"tax_code": 5, "application_code": 1},
        {"tax_code": 7, "application_code": 0},
    )


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("service", {"reorder_at": "1"}),
        ("service", {"normal_order_quantity": "1"}),
        ("service", {"packs": [{"name": "box", "units": "2"}]}),
        ("service", {"is_serialised": True}),
        ("service", {"drug_class": "controlled"}),
        ("digital", {"container_units": "1", "container_rule": "single_patient"}),
        ("digital", {"duration_slots": 1}),
        ("digital", {"price_per": "hour"}),
        ("physical", {"duration_slots": 1}),
        ("physical", {"price_per": "minute"}),
    ],
)
async def test_a_kind_has_only_its_own_fields(catalog: Bench, kind: str, fields: dict[str, Any]) -> None:
    """CAT-59, CAT-02: a field that the kind does not have is refused by name; without it the entry is taken."""
    body = {"code": "X", "name": "X", "kind": kind}
    problem = await refused(catalog, "POST", "/v1/products", body | fields)
    assert (problem["code"], problem["field"]) == ("field-not-for-kind", next(iter(fields)))
    await catalog.post("/v1/products", body)


async def test_vial_sizes_are_packs_of_one_product_sold_by_the_unit(catalog: Bench) -> None:
    """CAT-62: vials of 50 and 100 units are packs of one toxin; scanning a vial finds the toxin and its size."""
    await product(
        catalog, "BTX", unit="U", container_rule="multi_patient", container_units="100", use_by_hours=24,
        packs=[{"name": "vial 50", "units": "50", "gtin": "4006381333931"}, {"name": "vial 100", "units": "100"}],
    )  # fmt: skip
    found = await catalog.get("/v1/codes/4006381333931")
    assert (found["product"]["code"], found["pack"], found["product"]["variants"]) == ("BTX", "vial 50", 0)


def test_forms_of_what_is_typed() -> None:
    """CAT-36, CAT-42: a code may mean itself, a service, or a single entry in capitals."""
    assert codes.forms("cut") == ["cut", ".cut"]
    assert codes.forms("tip") == ["tip", ".tip", ".TIP"]
