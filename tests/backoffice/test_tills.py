"""The pages of tills, payments, receipts and members: what they show, what they send, what they refuse."""

import csv
import io
from typing import Any

import httpx
import pytest
from selectolax.lexbor import LexborHTMLParser
from tests.backoffice.fakes import Chain, ident, refusal
from tests.backoffice.fakes.tills import COUNTED, FRONT, OPEN, SPARE
from tests.backoffice.office import OpenDoor, find, person

CHARGE = f"/charges/{ident('charge', 'x')}"
MEMBER = f"/members/{ident('member', 'Amelia Hart')}"
PAGES = [
    "/tills",
    "/tills/day",
    f"/tills/day?till={FRONT}&day=2026-07-01",
    f"/tills/{SPARE}/open",
    f"/till-sessions/{OPEN}",
    f"/till-sessions/{COUNTED}",
    f"/till-sessions/{OPEN}/move",
    f"/till-sessions/{OPEN}/count",
    f"/till-sessions/{COUNTED}/close",
    "/settings/tills",
    "/settings/tills/new",
    f"/settings/tills/{FRONT}",
    f"{CHARGE}/pay",
    f"{CHARGE}/return",
    f"{CHARGE}/receipt",
    f"{CHARGE}/send",
    f"{MEMBER}/edit",
    f"{MEMBER}/merge",
    f"{MEMBER}/erase",
    "/members/import",
    *(f"{MEMBER}?tab={tab}" for tab in ("account", "packages", "memberships", "history", "consents")),
]


def tree(answer: httpx.Response) -> LexborHTMLParser:
    """The answer as a tree."""
    return LexborHTMLParser(answer.text)


def sent(chain: Chain, where: str, method: str = "POST") -> Any:
    """The one body that was sent there."""
    (body,) = chain.did(method, f"sales/v1/{where}")
    return body


@pytest.mark.parametrize("path", PAGES)
async def test_each_page_opens_whole_and_as_a_fragment(
    page: httpx.AsyncClient, htmx: httpx.AsyncClient, path: str
) -> None:
    """WEB-01: each page and dialog opens by a plain address, and as a fragment, without a style or script in it."""
    whole, part = await page.get(path), await htmx.get(path)
    assert (whole.status_code, part.status_code) == (200, 200), whole.text[:400]
    assert find(tree(whole), "h1").text(strip=True)
    assert not tree(whole).css("[style], [onclick], [hx-on]")


async def test_a_drawer_is_opened_worked_and_closed(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """SAL-22: float, cash out with a reason, blind count by kind, close with a reason reach sales in minor units."""
    await htmx.post(f"/tills/{SPARE}/open", data={"key": "1", "float": "100"})
    await htmx.post(f"/till-sessions/{OPEN}/move", data={"key": "2", "way": "out", "amount": "50.5", "reason": "bank"})
    answer = await htmx.post(f"/till-sessions/{OPEN}/count", data={"key": "3", "cash": "634", "card": "1200"})
    assert answer.headers["hx-redirect"] == f"/till-sessions/{OPEN}"
    await htmx.post(f"/till-sessions/{COUNTED}/close", data={"key": "4", "reason": "a coin"})
    assert sent(chain, "tills/[^/]+:open") == {"float_minor": 10000}
    assert sent(chain, "till-sessions/[^/]+:move") == {"amount_minor": -5050, "reason": "bank"}
    counted = {"cash": 63400, "card": 120000, "reward": 0, "other": 0}
    assert sent(chain, "till-sessions/[^/]+:count") == {"counted": counted}
    assert sent(chain, "till-sessions/[^/]+:close") == {"reason": "a coin"}


async def test_an_open_drawer_shows_nothing_of_what_should_be_in_it(page: httpx.AsyncClient) -> None:
    """SAL-22: blind until counted; then counted, expected and difference stand side by side."""
    blind = (await page.get(f"/till-sessions/{OPEN}")).text
    assert "Expected" not in blind
    shown = (await page.get(f"/till-sessions/{COUNTED}")).text
    assert "$634.44" in shown
    assert "-$0.44" in shown


@pytest.mark.parametrize(
    ("path", "data", "words"),
    [
        (f"/tills/{SPARE}/open", {"float": "ten"}, "Enter an amount"),
        (f"/till-sessions/{OPEN}/move", {"amount": "0", "reason": "x"}, "at least 0.01"),
        (f"/till-sessions/{OPEN}/move", {"amount": "5", "reason": ""}, "This is needed"),
        (f"/till-sessions/{OPEN}/count", {"cash": "1.234"}, "Enter an amount"),
        (f"{CHARGE}/pay", {"amount": "x"}, "Enter an amount"),
        (f"{CHARGE}/return", {"reason": "x"}, "Say how much"),
        (f"{CHARGE}/return", {"reason": "x", "quantity_1": "7"}, "Between 0 and 1"),
        ("/settings/tills", {"site": "bath", "name": ""}, "This is needed"),
    ],
)
async def test_what_is_mistyped_is_said_where_it_stands(
    htmx: httpx.AsyncClient, chain: Chain, path: str, data: dict[str, str], words: str
) -> None:
    """WEB-06: a wrong word is named at its field, nothing is sent, what was typed stays."""
    answer = await htmx.post(path, data={"key": "k", **data})
    assert answer.status_code == 422
    assert words in answer.text
    assert not [call for call in chain.calls if call[0] in {"POST", "PUT"}]


async def test_a_no_of_sales_names_the_ways_out(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """WEB-06 SAL-22: bills set aside keep a drawer open; the page says so and what to do."""
    chain.overrides["POST", r"sales/v1/till-sessions/[^/]+:count"] = lambda _: refusal(
        409, "bills-parked", "a bill is set aside: red coat", ways_out=["take it up and charge it"]
    )
    answer = await htmx.post(f"/till-sessions/{OPEN}/count", data={"key": "k", "cash": "1"})
    assert answer.status_code == 422
    assert "red coat. Take it up and charge it." in answer.text


async def test_the_day_is_printed_and_taken_along(page: httpx.AsyncClient) -> None:
    """SAL-22: the day has figures, tips by person and a CSV of its payments."""
    shown = tree(await page.get("/tills/day?day=2026-07-01"))
    words = find(shown, "main").text(separator=" ", strip=True)
    for part in ("$2,160.00", "VAT", "Rounding of cash", "Gift certificates"):
        assert part in words
    table = csv.reader(io.StringIO((await page.get("/tills/day?csv=tenders")).text))
    assert [row[0] for row in table][1:] == ["card", "cash"]


async def test_tills_are_set_up(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """SAL-22: a new till names its site and whether it is shared; one is put away at the revision that was read."""
    await htmx.post("/settings/tills", data={"key": "k", "site": "bath", "name": "Bar", "is_shared": "true"})
    assert sent(chain, "tills") == {"site": "bath", "name": "Bar", "is_shared": True}
    await htmx.post(f"/settings/tills/{FRONT}", data={"revision": "3", "name": "Bar", "is_archived": "true"})
    assert sent(chain, "tills/[^/]+", "PUT") == {"name": "Bar", "is_shared": False, "is_archived": True}


async def test_the_rest_is_paid_and_lines_come_back(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """SAL-22 SAL-16: a later payment and a return reach sales with the till, the way of the goods and of the money."""
    await htmx.post(f"{CHARGE}/pay", data={"key": "k", "kind": "cash", "amount": "12", "till": FRONT})
    paid = sent(chain, "charges/[^/]+/payments")
    assert paid == {"tenders": [{"kind": "cash", "amount_minor": 1200, "reference": ""}], "till_id": FRONT}
    form = {"key": "k2", "quantity_1": "1", "quantity_2": "", "reason": "burst", "disposition": "quarantine"}
    await htmx.post(f"{CHARGE}/return", data=form | {"refund": "originals"})
    body = sent(chain, "returns")
    assert body["lines"] == [{"line": 1, "quantity": "1", "disposition": "quarantine"}]
    assert (body["refund"], body["reason"], body["till_id"]) == ("originals", "burst", None)


async def test_a_receipt_says_all_and_a_second_one_that_it_is_a_copy(htmx: httpx.AsyncClient) -> None:
    """SAL-22: discounts, package use, seller and performer, whose tip; given again it is marked as a copy."""
    shown = (await htmx.get(f"{CHARGE}/receipt")).text
    for words in (
        "Spring",
        "Taken from a package",
        "By Dr Reed",
        "For Dr Reed",
        "Sold by",
        "Manufacturer&#39;s reward",
    ):
        assert words in shown, words
    assert "Copy" not in shown
    assert "Copy 1" in (await htmx.post(f"{CHARGE}/receipt", data={"key": "k"})).text


async def test_a_receipt_on_a4_is_written_down_before_it_is_printed(page: httpx.AsyncClient, chain: Chain) -> None:
    """SAL-22: the page to look at prints nothing by itself; its button writes down that a receipt is given first."""
    looked = LexborHTMLParser((await page.get(f"{CHARGE}/receipt")).text)
    assert looked.css("[data-print], [data-action=print]") == []
    press = find(looked, "form[method=post]:not([hx-post])")
    given = await page.post(str(press.attributes["action"]), data={"key": "k"})

    assert find(LexborHTMLParser(given.text), ".sheet[data-print]")
    assert sent(chain, "charges/[^/]+/receipts")["way"] == "print"


async def test_without_a_mail_server_the_page_says_how(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """SAL-22: no button that cannot work: the two settings are named; with a server the address is sent."""
    shown = await htmx.get(f"{CHARGE}/send")
    assert "SALES_SMTP_URL" in shown.text
    assert not tree(shown).css("button[type=submit]")
    chain.overrides["GET", "sales/v1/receipt-mail"] = lambda _: (200, {"is_set": True})
    assert tree(await htmx.get(f"{CHARGE}/send")).css("button[type=submit]")
    await htmx.post(f"{CHARGE}/send", data={"key": "k", "to": "a@b.example"})
    body = sent(chain, "charges/[^/]+/receipts")
    assert (body["way"], body["to"]) == ("mail", "a@b.example")


async def test_charges_are_found_by_member_state_and_debt(page: httpx.AsyncClient, chain: Chain) -> None:
    """SAL-16: a name finds the member's charges; state and what is unpaid narrow the list."""
    await page.get("/charges?q=Amelia&state=voided&due=true")
    asked = [call for call in chain.calls if call[1] == "sales/v1/charges"]
    assert asked
    shown = (await page.get("/charges?q=Amelia")).text
    assert "Charges of Amelia Hart" in shown


async def test_a_members_page_shows_what_they_hold_and_said(page: httpx.AsyncClient, chain: Chain) -> None:
    """SAL-09 SAL-17: four of six left, the membership's period, money on account; consents with who and when."""
    assert "$25.00" in (await page.get(MEMBER)).text
    assert "4 of 6" in (await page.get(f"{MEMBER}?tab=packages")).text
    assert "Glow Club" in (await page.get(f"{MEMBER}?tab=memberships")).text
    assert "Not asked yet" in (await page.get(f"{MEMBER}?tab=consents")).text
    chain.down.add("nothing")
    await page.post(f"{MEMBER}/consents", data={"photo": "no", "marketing_sms": "yes", "recall_contact": ""})
    assert sent(chain, "members/[^/]+/consents", "PUT") == {"consents": {"marketing_sms": True, "photo": False}}


async def test_without_balances_the_page_stands(page: httpx.AsyncClient, chain: Chain) -> None:
    """WEB-05: when what they hold cannot be read, the tabs are empty and say what belongs there."""
    chain.overrides["GET", r"sales/v1/members/[^/]+/balances"] = lambda _: refusal(404, "none", "none")
    answer = await page.get(f"{MEMBER}?tab=packages")
    assert answer.status_code == 200
    assert "No packages" in answer.text


async def test_two_records_become_one_and_one_is_erased(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """SAL-17 WEB-10: the other record and the reason are sent; erasing needs its own permission."""
    other = ident("member", "Grace Lin")
    await htmx.post(f"{MEMBER}/merge", data={"key": "k", "gone_id": other, "reason": "same phone"})
    assert sent(chain, "members/[^/]+:merge") == {"gone_id": other, "reason": "same phone"}
    await htmx.post(f"{MEMBER}/erase", data={"key": "k", "reason": "asked"})
    assert sent(chain, "members/[^/]+:erase") == {"reason": "asked", "even_if_open": False}
    assert (await htmx.get(f"{MEMBER}/merge?q=Grace")).text.count('name="gone_id"') >= 1


async def test_an_export_is_a_file(page: httpx.AsyncClient) -> None:
    """WEB-09: all that is kept of a member leaves as one file."""
    answer = await page.get(f"{MEMBER}/export")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.json()["charges"] == []


async def test_members_come_in_from_a_table_dry_first(page: httpx.AsyncClient, chain: Chain) -> None:
    """WEB-08: the dry run keeps nobody and names each wrong row; the same table makes the same ids."""
    table = "Name,Phone,born_on,id\nAda,020 7946,1980-02-29,17\n,1,,18\nBo,,yesterday,19\n"
    shown = await page.post("/members/import", data={"key": "k", "table": table})
    (body,) = chain.did("POST", "sales/v1/members:batch")
    assert (body["dry_run"], [row["name"] for row in body["rows"]]) == (True, ["Ada"])
    for words in ("This is needed.", "Enter a day.", "Bring in 1 member<"):
        assert words in shown.text
    tree = LexborHTMLParser(shown.text)
    assert [row.text(separator=" ").split()[0] for row in tree.css("tbody tr")] == ["3", "4"]
    assert "4%2Cborn_on" in (find(tree, "a[download='members-left-out.csv']").attributes["href"] or "")
    answer = await page.post("/members/import", data={"key": "k", "table": table, "apply": "true"})
    assert answer.headers["location"] == "/members"
    again = chain.did("POST", "sales/v1/members:batch")[1]
    assert (again["dry_run"], again["rows"]) == (False, body["rows"])
    assert "one of them is called name" in (await page.post("/members/import", data={"table": "a,b\n1,2"})).text


@pytest.mark.parametrize(
    ("role", "path", "status"),
    [
        ("front_desk", "/tills", 200),
        ("front_desk", "/settings/tills", 403),
        ("practitioner", "/tills", 403),
        ("front_desk", f"{MEMBER}/erase", 403),
        ("manager", f"{MEMBER}/export", 403),
        ("buyer", MEMBER, 403),
    ],
)
async def test_who_may_see(door: OpenDoor, page: httpx.AsyncClient, role: str, path: str, status: int) -> None:
    """DESIGN 5: tills for the desk, their setup for managers, erasure and export for owners."""
    door.who = person(role)
    assert (await page.get(path)).status_code == status
