"""The pages of opened containers: the product's rule, opening, drawing, discarding, the day's exceptions."""

import httpx
import pytest
from selectolax.lexbor import LexborHTMLParser
from tests.backoffice.fakes import ALL_PRODUCTS, Chain
from tests.backoffice.office import find

TOXIN = ALL_PRODUCTS[0]
VIAL = {"container_rule": "multi_patient", "container_units": "100", "use_by_hours": "24", "drug_class": "prescription"}


async def test_the_form_of_a_product_shows_only_what_applies(htmx: httpx.AsyncClient) -> None:
    """CAT-59, STK-37: fields of containers stand apart, so that a product without a rule does not show them."""
    answer = await htmx.get("/products/new")

    tree = LexborHTMLParser(answer.text)
    assert find(tree, "[data-for=drawn] #container_units").attributes["inputmode"] == "decimal"
    assert find(tree, "[data-for=physical] #container_rule option[selected]").attributes["value"] == "none"
    assert find(tree, "[data-for=service] #duration_slots")


@pytest.mark.parametrize(
    ("form", "sent"),
    [
        (VIAL, {"container_rule": "multi_patient", "container_units": "100", "use_by_hours": 24}),
        (
            VIAL | {"container_rule": "none"},
            {"container_rule": "none", "container_units": None, "use_by_hours": None},
        ),
    ],
)
async def test_a_rule_goes_to_the_catalog_with_its_figures(
    htmx: httpx.AsyncClient, chain: Chain, form: dict[str, str], sent: dict[str, object]
) -> None:
    """STK-37: the rule is sent with label and hours; without a rule what was typed there is not."""
    data = {"key": "k", "code": "BTX", "name": "Toxin", "kind": "physical"} | form

    await htmx.post("/products", data=data)

    (body,) = chain.did("POST", "catalog/v1/products")
    assert {name: body[name] for name in sent} == sent


async def test_a_service_sends_nothing_of_containers(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """CAT-59: a form that still carries a rule from before the kind was changed sends none of it."""
    await htmx.post("/products", data={"key": "k", "code": ".CUT", "name": "Cut", "kind": "service"} | VIAL)

    (body,) = chain.did("POST", "catalog/v1/products")
    assert not VIAL.keys() & body.keys()
