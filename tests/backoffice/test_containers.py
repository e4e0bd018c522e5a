"""The pages of opened containers: the product's rule, opening, drawing, discarding, the day's exceptions."""

import httpx
import pytest
from selectolax.lexbor import LexborHTMLParser
from tests.backoffice.fakes import ALL_PRODUCTS, Chain, ident
from tests.backoffice.fakes.containers import CONTAINERS
from tests.backoffice.office import find

TOXIN = ALL_PRODUCTS[1]
VIAL_ID = ident("container", 1)
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


async def test_open_vials_show_what_is_left_and_until_when(htmx: httpx.AsyncClient) -> None:
    """N-07: the list counts down to each use-by; what is over can be thrown away and no longer drawn."""
    answer = await htmx.get("/containers")

    tree = LexborHTMLParser(answer.text)
    first, over, mine = tree.css("#table tbody tr")
    assert first.css_first(".number strong").text() == "62 U"  # type: ignore[union-attr]
    assert "Draw" in first.text()
    assert over.css_first(".badge.danger") is not None
    assert [node.text(strip=True) for node in over.css("button")] == ["Discard"]
    assert "One patient" in mine.text()
    assert "every 60s" in str(find(tree, "#table").attributes["hx-trigger"])


async def test_a_scan_fills_the_form_of_opening(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """STK-37, N-09: a scanned vial opens the dialog with its product; an unknown one beeps and opens nothing."""
    code = TOXIN["barcodes"][0].rjust(14, "0")

    answer = await htmx.get("/containers/open", params={"data": f"(01){code}(17)280630(10)L1"})
    unknown = await htmx.get("/containers/open", params={"data": "0000000000"})

    assert find(LexborHTMLParser(answer.text), "[name=product_id]").attributes["value"] == TOXIN["product_id"]
    assert (unknown.status_code, unknown.headers["hx-trigger"]) == (404, "scan-missing")
    assert chain.did("POST", "stock/.*") == []


async def test_our_own_label_leads_to_its_draw(htmx: httpx.AsyncClient) -> None:
    """N-07: scanning the label of an opened vial opens the dialog of drawing from it."""
    answer = await htmx.get("/containers/open", params={"data": f"(91){VIAL_ID.replace('-', '')}"})

    assert find(LexborHTMLParser(answer.text), "form").attributes["action"] == f"/containers/{VIAL_ID}/draw"


async def test_a_vial_is_opened_once(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """STK-37: opening sends diluent and lot under one id, however often the form is sent; the use-by is of the wall."""
    data = {
        "key": ident("k"), "site": "bath", "product_id": TOXIN["product_id"], "diluent": "NaCl", "label": "",
        "use_by": "2030-07-01T12:00", "approved_by": "Dr Vega",
    }  # fmt: skip

    answer = await htmx.post("/containers", data=data)
    await htmx.post("/containers", data=data)

    assert "live-stock" in answer.headers["hx-trigger"]
    first, second = chain.did("POST", "stock/v1/containers")
    assert first == second
    assert (first["container_id"], first["diluent"], first["label"]) == (data["key"], "NaCl", None)
    assert first["use_by"].startswith("2030-07-01T12:00:00")


async def test_a_code_typed_instead_of_scanned_asks_for_the_rest(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """STK-37: a typed code leads to the form of its product; nothing typed says so beside the field."""
    answer = await htmx.post("/containers", data={"key": "k", "site": "bath", "data": TOXIN["barcodes"][0]})
    nothing = await htmx.post("/containers", data={"key": "k", "site": "bath", "data": ""})

    assert find(LexborHTMLParser(answer.text), "[name=product_id]").attributes["value"] == TOXIN["product_id"]
    assert find(LexborHTMLParser(nothing.text), "#data-note").text() == "Scan the vial, or type its code."
    assert chain.did("POST", "stock/v1/containers") == []


async def test_a_draw_of_too_much_keeps_the_form(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """STK-37: what is not left is said beside the units; what is left is drawn under one id."""
    path = f"/containers/{VIAL_ID}/draw"

    no = await htmx.post(path, data={"key": "k", "quantity": "70", "practitioner": "Dr Vega"})
    done = await htmx.post(path, data={"key": "k", "quantity": "20", "practitioner": "Dr Vega"})

    tree = LexborHTMLParser(no.text)
    assert (no.status_code, find(tree, "#quantity-note").text()) == (422, "62 U are left.")
    assert find(tree, "#practitioner").attributes["value"] == "Dr Vega"
    assert "42 U are left" in done.text
    assert chain.did("POST", "stock/v1/containers/.*:draw")[-1]["draw_id"] == "k"


async def test_the_rest_is_thrown_away_with_a_note(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """STK-37: discarding needs a note; it goes with its reason."""
    path = f"/containers/{VIAL_ID}/discard"

    no = await htmx.post(path, data={"key": "k", "reason": "damage", "note": ""})
    await htmx.post(path, data={"key": "k", "reason": "damage", "note": "dropped"})

    assert no.status_code == 422
    assert chain.did("POST", "stock/v1/containers/.*:discard") == [{"reason": "damage", "note": "dropped"}]


async def test_the_label_of_an_open_vial_prints(page: httpx.AsyncClient) -> None:
    """STK-37: the label is a PDF."""
    answer = await page.get(f"/containers/{VIAL_ID}/label")

    assert answer.headers["content-type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")


async def test_a_difference_is_explained(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """N-14: a difference of the day is explained with a reason; without one nothing is sent."""
    path = f"/treatments/{ident('treatment', 1)}/explain"
    data = {"key": "k", "product_id": TOXIN["product_id"], "kind": "variance"}

    no = await htmx.post(path, data=data | {"reason": ""})
    await htmx.post(path, data=data | {"reason": "free of charge"})

    assert no.status_code == 422
    (sent,) = chain.did("POST", "stock/v1/treatments/.*:explain")
    assert (sent["kind"], sent["reason"]) == ("variance", "free of charge")


@pytest.mark.parametrize("path", ["/containers", "/containers/yields", "/treatments/use"])
async def test_each_list_leaves_as_csv(page: httpx.AsyncClient, path: str) -> None:
    """UI rule: every list has CSV, and no cell is a formula."""
    answer = await page.get(f"{path}?format=csv&by=practitioner")

    assert answer.headers["content-type"].startswith("text/csv")
    assert len(answer.text.splitlines()) >= 2
    assert "\n=1" not in answer.text
    assert ",=1+1" not in answer.text


async def test_a_treatment_that_waits_says_what_it_waits_for(page: httpx.AsyncClient, chain: Chain) -> None:
    """N-14: a treatment with a product not known yet stands in the day's list with both its lines; nothing is to be
    explained there, the way out is the product.
    """
    line = {"treatment_id": ident("treatment", 2), "product_id": ident("product", "new"), "name": "", "unit": ""}
    line |= {"happened_at": "2026-11-22T09:00:00Z", "kind": "waiting", "difference": "-3", "expected": "3"}
    known = line | {"product_id": TOXIN["product_id"], "name": TOXIN["name"], "unit": "U"}
    answer = (200, {"site": "bath", "day": "2026-11-22", "unexplained": 2, "rows": [line, known]})
    chain.overrides["GET", "stock/v1/treatments/exceptions"] = lambda _: answer

    tree = LexborHTMLParser((await page.get("/treatments/exceptions")).text)

    first, second = tree.css("#table tbody tr")
    assert first.css("td")[2].text() == "A product not known yet"
    assert "has not told stock of this product" in first.text()
    assert "another product of this treatment" in second.text()
    assert [node.text() for node in tree.css("#table tbody button")] == []
    assert find(tree, "#table tbody a.button").attributes["href"] == "/products"


async def test_a_vial_whose_rest_waits_leads_to_its_witness(page: httpx.AsyncClient, chain: Chain) -> None:
    """STK-40: a vial beyond its use-by whose waste waits says so, in the list and on its page, and is signed, not
    discarded again.
    """
    row = CONTAINERS[1] | {"waits_for": ident("adjustment", 1)}
    chain.overrides["GET", "stock/v1/containers"] = lambda _: (200, {"rows": [row], "next": None})
    chain.overrides["GET", "stock/v1/containers/(?P<id>[^/]+)"] = lambda _: (200, row)

    listed = LexborHTMLParser((await page.get("/containers")).text)
    one = LexborHTMLParser((await page.get(f"/containers/{row['container_id']}")).text)

    assert "Waits for a witness" in find(listed, "#table tbody tr").text()
    assert find(listed, "#table tbody a.button").attributes["href"] == "/adjustments?state=pending"
    assert [node.text() for node in listed.css("#table tbody button")] == []
    assert [node.text() for node in one.css("button.danger")] == []


async def test_what_is_open_is_named_wherever_available_stands(page: httpx.AsyncClient, chain: Chain) -> None:
    """N-07, N-17: given more available than on hand, because a vial is open; when the list, the line, the card and
    the product are looked at; then each says how much is open, and a line without an open vial does not.
    """
    chain.levels["bath", TOXIN["product_id"]] |= {"on_hand": "200", "opened": "30", "available": "230", "held": "5"}

    cell = f"#available-bath-{TOXIN['product_id']}"
    for path in ("/stock?site=bath", f"/products/{TOXIN['product_id']}?tab=stock"):
        assert find(LexborHTMLParser((await page.get(path)).text), cell).text() == "23030 opened", path
    other = find(LexborHTMLParser((await page.get("/stock?site=harley-street")).text), "tbody td[id^=available]")
    assert "opened" not in other.text()
    for path in (f"/stock/bath/{TOXIN['product_id']}", f"/stock/bath/{TOXIN['product_id']}/card"):
        notes = [node.text() for node in LexborHTMLParser((await page.get(path)).text).css(".figures .note")]
        assert "30 in opened vials, 5 held for charges" in notes, path
