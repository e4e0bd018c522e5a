"""Every page: whole and as a fragment, for whom it is, and what it must never do."""

import csv
import io
import re
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from selectolax.lexbor import LexborHTMLParser
from tests.backoffice.fakes import ALL_PRODUCTS, ORDERS, TRANSFERS, Chain, ident
from tests.backoffice.fakes.alerts import ALERTS
from tests.backoffice.fakes.pricing import DISCOUNT, PACKAGE, RUN, SERVICES
from tests.backoffice.fakes.recalls import CHARGE, RECALL
from tests.backoffice.office import OpenDoor, find, person

from lotwise.backoffice.pages import MENU

TOXIN = ALL_PRODUCTS[0]["product_id"]
PAGES = [
    *(link.path for _, links in MENU for link in links),
    f"/products/{TOXIN}",
    f"/products/{TOXIN}?tab=pricing",
    f"/products/{TOXIN}?tab=stock",
    f"/products/{TOXIN}?tab=history",
    f"/products/{TOXIN}?tab=variants",
    f"/products/{TOXIN}?tab=discounts",
    f"/products/{SERVICES[0]['product_id']}?tab=recipe",
    f"/products/{SERVICES[0]['product_id']}?tab=add_ons",
    f"/products/{SERVICES[0]['product_id']}/recipe",
    "/discounts/new",
    f"/discounts/{DISCOUNT}/edit",
    "/packages/new",
    f"/packages/{PACKAGE}",
    f"/packages/{PACKAGE}/edit",
    "/categories/new",
    f"/categories/{ALL_PRODUCTS[0]['category_id']}/edit",
    f"/categories/{ALL_PRODUCTS[0]['category_id']}/price",
    f"/prices/runs/{RUN}",
    "/prices/review",
    "/prices/names",
    "/prices/idle",
    "/products/new",
    f"/products/{TOXIN}/edit",
    f"/products/{TOXIN}/price",
    "/stock/lots",
    "/stock/lots/risk",
    "/stock/lots/calendar?month=2026-02",
    "/recalls/new",
    "/recalls/drill",
    f"/recalls/{RECALL}",
    f"/recalls/{RECALL}/release",
    f"/recalls/{RECALL}/destroy?site=bath&lot={RECALL}",
    f"/recalls/{RECALL}/notices/{CHARGE}",
    f"/members/{ident('member', 'Amelia Hart')}/lots",
    f"/stock/bath/{TOXIN}",
    f"/stock/bath/{TOXIN}/receive",
    f"/stock/bath/{TOXIN}/minimum",
    f"/stock/bath/{TOXIN}/adjust",
    "/members/new",
    f"/orders/{ORDERS[0]['order_id']}",
    f"/orders/{ORDERS[1]['order_id']}",
    f"/orders/{ORDERS[1]['order_id']}/receive",
    "/orders/new",
    f"/transfers/{TRANSFERS[0]['transfer_id']}",
    f"/transfers/{TRANSFERS[0]['transfer_id']}/receive",
    "/transfers/new",
    f"/charges/{ident('charge', 'old', 1)}",
    f"/charges/{ident('charge', 'old', 1)}/void",
    "/suppliers/new",
    "/analytics/sales?by=day",
    "/analytics/sales?by=category&days=365",
    "/analytics/sales?by=site",
    f"/ops/journey?id={TOXIN}",
    "/settings/sites/new",
    "/settings/sites/bath",
    "/settings/sites/bath/tax",
    "/settings/users/new",
    "/settings/keys/new",
    "/ui",
    "/containers/open",
    "/containers/yields",
    f"/containers/{ident('container', 1)}",
    f"/containers/{ident('container', 1)}/draw",
    f"/containers/{ident('container', 1)}/discard",
    "/treatments/exceptions",
    "/treatments/use",
    f"/treatments/{ident('treatment', 1)}/explain?product={TOXIN}&kind=variance",
]


def parsed(answer: httpx.Response) -> LexborHTMLParser:
    """The answer as a tree."""
    return LexborHTMLParser(answer.text)


def text(answer: httpx.Response, selector: str) -> str:
    """The text of the first match, "" without one."""
    found = parsed(answer).css_first(selector)
    return re.sub(r"\s+", " ", found.text()).strip() if found else ""


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_opens_whole_and_keeps_to_its_policy(page: httpx.AsyncClient, path: str) -> None:
    """WEB-01: each page of the menu and behind it opens by a plain address, with a title, a main and no inline code."""
    answer = await page.get(path)

    assert answer.status_code == 200
    assert text(answer, "h1")
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert "HX-Request" in answer.headers["vary"]
    tree = parsed(answer)
    assert not [node for node in tree.css("script") if not node.attributes.get("src")]
    assert not tree.css("[style], [onclick], [hx-on]")
    assert not [
        node
        for node in tree.css("[src], link[href]")
        if "//" in str(node.attributes.get("src") or node.attributes.get("href"))
    ]


@pytest.mark.parametrize(
    "path", ["/products", "/stock", "/stock/lots", "/orders", "/alerts", "/charges", "/members", "/transfers"]
)
async def test_a_list_answers_htmx_with_its_table_alone(htmx: httpx.AsyncClient, path: str) -> None:
    """UI rule: the same address gives the page or the fragment; the fragment has the table and no shell."""
    answer = await htmx.get(path)

    assert answer.status_code == 200
    assert text(answer, "#table table caption")
    assert not parsed(answer).css_first("nav, .top")


async def test_the_menu_has_the_names_of_the_guide(page: httpx.AsyncClient) -> None:
    """WEB-01: the guide's words under Inventory, Settings and Analytics, in its order."""
    tree = parsed(await page.get("/"))

    groups = {
        find(tree, f"#{part.attributes['aria-labelledby']}").text(strip=True): [
            a.text(strip=True) for a in part.css("a")
        ]
        for part in tree.css(".side nav ul[aria-labelledby]")
    }
    assert groups["Inventory"] == [
        "Products",
        "Stock",
        "Adjustments",
        "Counts",
        "Assets",
        "Transfers",
        "Opened Vials",
        "Lots & Expiry",
        "Recalls",
        "Packages",
        "Members",
        "Purchase Orders",
    ]
    assert groups["Settings"][:5] == ["Suppliers", "Categories", "Discounts", "Prices", "Preferences"]
    assert groups["Analytics"][0] == "Sales"


async def test_a_person_sees_only_what_their_role_may(page: httpx.AsyncClient, door: OpenDoor) -> None:
    """N-03: a front desk has no entry for orders, reports or users, and opening one by hand answers 403 in words."""
    door.who = person("front_desk", ("bath",))

    home = await page.get("/")
    refused = await page.get("/settings/users")

    entries = [node.text(strip=True) for node in parsed(home).css(".side nav a")]
    assert "Charge desk" in entries
    assert not {"Purchase Orders", "Sales", "Users & Keys", "Transfers"} & set(entries)
    assert refused.status_code == 403
    assert "user.manage" in text(refused, "main")


async def test_a_person_of_one_site_has_no_other_in_view(page: httpx.AsyncClient, door: OpenDoor, chain: Chain) -> None:
    """N-03: whoever works at one site has it in view, whatever the address asks for."""
    door.who = person("front_desk", ("bath",))

    await page.get("/stock?site=austin")

    asked = [
        headers for (_, where, _), headers in zip(chain.calls, chain.headers, strict=True) if where == "stock/v1/levels"
    ]
    assert asked
    assert not parsed(await page.get("/stock")).css_first("select[name=site]")


async def test_whoever_is_not_signed_in_goes_to_the_door_and_back(
    page: httpx.AsyncClient, htmx: httpx.AsyncClient, door: OpenDoor
) -> None:
    """G: a page without a session leads to sign-in and back; a fragment leads the whole page there."""
    door.who = None

    whole = await page.get("/stock?below=true")
    part = await htmx.get("/alerts", headers={"hx-current-url": "http://office/alerts?state=all"})

    assert whole.status_code == 303
    assert whole.headers["location"] == "/sign-in?next=%2Fstock%3Fbelow%3Dtrue"
    assert part.status_code == 401
    assert part.headers["hx-redirect"] == "/sign-in?next=%2Falerts%3Fstate%3Dall"


async def test_a_deed_from_another_site_is_refused(page: httpx.AsyncClient, chain: Chain) -> None:
    """UI rule: unsafe methods only from our own pages; a foreign form changes nothing."""
    answer = await page.post("/members", data={"name": "Eve"}, headers={"sec-fetch-site": "cross-site"})

    assert answer.status_code == 403
    assert chain.did("POST", "sales/.*") == []


async def test_each_call_carries_the_persons_own_token(page: httpx.AsyncClient, chain: Chain) -> None:
    """G: the pages speak to the services with the person's five-minute token, never with one of their own."""
    await page.get("/stock")

    assert {headers["authorization"] for headers in chain.headers} == {"Bearer token-of-owner"}


async def test_a_service_that_is_down_leaves_the_rest_standing(
    page: httpx.AsyncClient, htmx: httpx.AsyncClient, chain: Chain
) -> None:
    """N-08: without reporting and alerts Today still opens; the page of a service that is down says so in words."""
    chain.down = {"reporting", "alerts"}

    home = await page.get("/")
    report = await page.get("/analytics/sales")
    part = await htmx.get("/alerts")

    assert home.status_code == 200
    assert "PO-1040" in home.text
    assert report.status_code == 503
    assert "reporting does not answer" in text(report, "main")
    assert part.status_code == 503
    assert part.headers["hx-reswap"] == "none"
    assert "kept" in text(part, ".toast")


async def test_the_waste_report_shows_reasons_and_costs(page: httpx.AsyncClient) -> None:
    """D6, REP-03: what was lost stands with reason and cost, the most costly first; a reason narrows the question."""
    report = await page.get("/analytics/waste?days=7")
    narrowed = await page.get("/analytics/waste?days=7&reason=expired")

    rows = [[cell.text(strip=True) for cell in row.css("td")] for row in LexborHTMLParser(report.text).css("tbody tr")]
    costs = [float(row[6].strip("$").replace(",", "")) for row in rows]
    assert sorted(row[3] for row in rows) == ["Damage", "Expired", "Expired", "Tester", "Waste"]
    assert costs == sorted(costs, reverse=True)
    assert len(LexborHTMLParser(narrowed.text).css("tbody tr")) == 2


async def test_an_address_that_does_not_exist_says_so(page: httpx.AsyncClient) -> None:
    """Bad input: an unknown page, an unknown product and a broken id answer 404 or 422 as a page."""
    unknown = await page.get("/nowhere")
    missing = await page.get(f"/products/{ident('nothing')}")
    broken = await page.get("/products/nonsense")

    assert (unknown.status_code, missing.status_code, broken.status_code) == (404, 404, 422)
    assert text(unknown, "h1") == "This page does not exist"


async def test_a_list_leaves_as_csv_and_runs_no_formula(page: httpx.AsyncClient, chain: Chain) -> None:
    """UI rule: every list has CSV with its filters; a name that begins with = is no formula in a spreadsheet."""
    chain.overrides["GET", "catalog/v1/products"] = lambda _: (
        200,
        {"rows": [ALL_PRODUCTS[0] | {"name": "=HYPERLINK(1)"}], "next": None},
    )

    answer = await page.get("/products?format=csv&q=tox")

    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.text.splitlines()[0] == "Product,Code,Category,Kind,Unit,Cost,Price"
    assert answer.text.splitlines()[1].startswith("'=HYPERLINK(1),TOX-050,")


async def test_the_worst_alerts_stand_first_on_today(page: httpx.AsyncClient, chain: Chain) -> None:
    """UI: given ten new remarks and an older thing that ran out; when Today opens; then what ran out stands first."""

    def of(ask: Any) -> tuple[int, Any]:
        """The alerts of the severity asked for, the newest first."""
        level = ask.params["severity"]
        many = {"critical": 1, "warning": 0, "info": int(ask.params["limit"])}[level]
        row = {"kind": "x", "site": "bath", "severity": level, "state": "open", "happened_at": "2026-07-01T12:00:00Z"}
        return 200, {"rows": [row | {"alert_id": ident(level, n), "title": f"{level} {n}"} for n in range(many)]}

    chain.overrides["GET", "alerts/v1/alerts"] = of

    shown = [node.text() for node in parsed(await page.get("/")).css("#today .todo a")]

    assert [text.split()[0] for text in shown if text.startswith(("critical", "info"))] == ["critical", *["info"] * 5]


async def test_the_inbox_keeps_one_severity(page: httpx.AsyncClient) -> None:
    """ALR-10: given alerts of three severities; when one is chosen, or nonsense; then only its rows stand, or all."""
    one = parsed(await page.get("/alerts?severity=critical"))
    every = parsed(await page.get("/alerts?severity=dreadful"))

    assert [row.css("td")[2].text(strip=True) for row in one.css("tbody tr")] == ["Critical"]
    assert find(one, "select[name=severity] option[selected]").attributes["value"] == "critical"
    assert len(every.css("tbody tr")) == len(ALERTS)


async def test_a_list_of_any_length_leaves_whole(page: httpx.AsyncClient, chain: Chain) -> None:
    """UI rule: given 30,250 levels in chunks; when the list is taken as CSV; then every one is in it, once."""
    level = next(iter(chain.levels.values()))

    def chunk(ask: Any) -> tuple[int, Any]:
        """Five hundred levels from where the cursor says, the last time half as many."""
        first = int(ask.params.get("after") or 0)
        after = first + int(ask.params["limit"])
        rows = [level | {"code": f"C{number}"} for number in range(first, min(after, 30_250))]
        return 200, {"rows": rows, "next": str(after) if after < 30_250 else None}

    chain.overrides["GET", "stock/v1/levels"] = chunk

    answer = await page.get("/stock?format=csv")

    found = [row["Code"] for row in csv.DictReader(io.StringIO(answer.text))]
    assert found == [f"C{number}" for number in range(30_250)]


async def test_names_of_members_are_escaped(page: httpx.AsyncClient, chain: Chain) -> None:
    """Bad input: a name with markup in it is text on the page."""
    chain.members[0]["name"] = "<script>alert(1)</script>"

    answer = await page.get("/members")

    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;alert(1)" in answer.text


async def test_machines_still_get_problems(app: FastAPI, door: OpenDoor) -> None:
    """N-18: whoever does not ask for HTML gets problem+json, not a page."""
    door.who = None
    async with httpx.AsyncClient(base_url="http://office", transport=httpx.ASGITransport(app)) as machine:
        answer = await machine.get("/stock")

    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"


async def test_the_stock_of_a_past_day_says_so(page: httpx.AsyncClient, chain: Chain) -> None:
    """N-04: given the stock page; when a past day is asked for; then a banner names it with its value, rows are of
    then, nothing can be received there, and stock was asked as of the end of that day; today and nonsense are now.
    """
    then = parsed(await page.get("/stock?as_of=2026-01-31"))
    banner = find(then, ".banner").text()
    assert "As of the end of 31 Jan 2026" in banner
    assert "Back to now" in banner
    assert then.css("td.number")[0].text(strip=True) == "77"
    assert not then.css("tbody button")
    assert ("GET", "stock/v1/levels") in {call[:2] for call in chain.calls}
    for query in ("", "?as_of=nonsense", "?as_of=2999-01-01"):
        assert not parsed(await page.get(f"/stock{query}")).css(".banner"), query


async def test_the_ops_page_tells_the_last_proof_of_the_books(page: httpx.AsyncClient) -> None:
    """N-01: given a proof of last night that found a row; when operations are opened; then rate and row are told."""
    told = find(parsed(await page.get("/ops")), "section[aria-labelledby=h-proof]").text()
    assert "31,200 movements, 44,000 a second" in " ".join(told.split())
    assert "movement 0198: its content does not match its hash" in told


async def test_the_ops_page_tells_of_a_rebuild_that_an_upgrade_asked_for(page: httpx.AsyncClient, chain: Chain) -> None:
    """N-19: while the figures are made anew the page says so; otherwise it says nothing."""
    assert not parsed(await page.get("/ops")).css(".banner")
    chain.overrides["GET", "reporting/v1/rebuild"] = lambda _: (
        200,
        {"rebuilt_at": None, "due_since": "2026-03-02T12:00:00Z"},
    )
    told = find(parsed(await page.get("/ops")), ".banner").text()
    assert "Reporting makes its figures anew" in told
