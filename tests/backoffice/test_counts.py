"""The pages of counts: office, tablet, paper and plans; what is blind stays unsaid; what is typed is kept."""

import re

import httpx
import pytest
from selectolax.lexbor import LexborHTMLParser
from tests.backoffice.fakes import Chain, ident, refusal
from tests.backoffice.fakes.counts import COUNTS, LINES, PLANS
from tests.backoffice.office import OpenDoor, find, person

OPEN, POSTED, BLIND = (f"/counts/{one['count_id']}" for one in COUNTS)
PLAN = PLANS[0]["plan_id"]


def tree(answer: httpx.Response) -> LexborHTMLParser:
    """The answer as a tree."""
    return LexborHTMLParser(answer.text)


def words(answer: httpx.Response, selector: str) -> str:
    """The text of the first match without spare blanks."""
    return re.sub(r"\s+", " ", find(tree(answer), selector).text()).strip()


@pytest.mark.parametrize(
    "path",
    [
        "/counts",
        "/counts/new",
        "/counts/plans",
        "/counts/plans/new",
        f"/counts/plans/{PLAN}",
        OPEN,
        POSTED,
        BLIND,
        f"{OPEN}/lines/2/why",
        f"{OPEN}/post",
        f"{OPEN}/sheet",
        f"{OPEN}/tablet",
    ],
)
async def test_a_page_of_counts_opens_whole(page: httpx.AsyncClient, path: str) -> None:
    """WEB-01: each page opens by a plain address, has a title and no inline code or style."""
    answer = await page.get(path)
    assert answer.status_code == 200
    found = tree(answer)
    assert find(found, "h1, h2").text(strip=True)
    assert not found.css("[style], [onclick], [hx-on]")
    assert not [node for node in found.css("script") if not node.attributes.get("src")]


async def test_a_count_is_opened_once_with_its_rules(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """STK-05, N-15: given the form with tolerance, blindness and a limit in money; when it is sent twice; then the
    count id and key are the same and the limit is in minor units; an empty part of the site is said in the form.
    """
    form = await htmx.get("/counts/new")
    key = find(tree(form), "[name=key]").attributes["value"]
    data = {
        "key": key, "site": "bath", "kind": "cycle", "abc_class": "A", "tolerance_percent": "2.5", "is_blind": "true",
        "witness_above": "50.00",
    }  # fmt: skip
    first = await htmx.post("/counts", data=data)
    await htmx.post("/counts", data=data)
    assert first.headers["hx-redirect"] == f"/counts/{key}"
    sent = chain.did("POST", "stock/v1/counts")
    assert [one["count_id"] for one in sent] == [key, key]
    assert (sent[0]["witness_above_minor"], sent[0]["is_blind"], sent[0]["tolerance_percent"]) == (5000, True, "2.5")
    empty = await htmx.post("/counts", data=data | {"abc_class": "B", "note": "kept"})
    assert empty.status_code == 422
    assert words(empty, ".banner") == "Nothing lies in that part of the site"
    assert find(tree(empty), "#note").text() == "kept"


async def test_the_office_page_shows_recorded_counted_and_difference(page: httpx.AsyncClient) -> None:
    """STK-05 to 07: recorded beside counted, the difference marked, who counted, and the mark to count again."""
    answer = await page.get(OPEN)
    row = words(answer, "#line-2")
    assert "-3" in row.replace("\N{MINUS SIGN}", "-")
    assert "Count again" in row
    assert "-1 told late" in row
    assert find(tree(answer), "#line-2 input[name=quantity]").attributes["value"] == "9"
    assert "Unknown lot" in words(answer, "#line-3")


async def test_a_quantity_in_the_office_comes_back_as_its_row(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """STK-05: given a typed quantity; then one entry goes out with the passes that were seen; somebody else's count in
    between is said at the row with what was typed.
    """
    data = {"key": "k1", "seen": "1", "quantity": "10"}
    kept = await htmx.post(f"{OPEN}/lines/2", data=data)
    assert kept.status_code == 200
    assert '<tr id="line-2"' in kept.text
    assert chain.did("POST", "stock/v1/counts/.*:count") == [
        {"entries": [{"line": 2, "quantity": "10", "note": "", "seen_passes": 1}]}
    ]
    late = await htmx.post(f"{OPEN}/lines/2", data=data | {"seen": "0"})
    assert late.status_code == 422
    assert words(late, "#note-2") == "user:amara counted it meanwhile"
    assert find(tree(late), "input[name=quantity]").attributes["value"] == "10"
    wrong = await htmx.post(f"{OPEN}/lines/2", data=data | {"quantity": "ten"})
    assert words(wrong, "#note-2") == "Enter a plain number, such as 2 or 2.5."


async def test_why_it_differs_stands_at_the_line(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """STK-33, WEB-06: the dialog of a line says what could explain it and asks for a cause; a cause that does not fit
    is said beside its field.
    """
    dialog = await htmx.get(f"{OPEN}/lines/2/why")
    text = words(dialog, ".sheet")
    assert "3 vial are on their way here" in text
    assert "C-2" in text
    assert "back row?" in text
    done = await htmx.post(f"{OPEN}/lines/2/why", data={"key": "k", "cause": "damage", "note": "dropped"})
    assert "dialog-close" in done.headers["hx-trigger"]
    assert chain.did("POST", "stock/v1/counts/.*:explain") == [{"cause": "damage", "note": "dropped"}]
    no = await htmx.post(f"{OPEN}/lines/2/why", data={"key": "k", "cause": "found"})
    assert no.status_code == 422
    assert "does not explain" in words(no, "#cause-note")


async def test_a_blind_count_says_nothing_of_what_is_recorded(page: httpx.AsyncClient) -> None:
    """N-15: on a blind count neither office, tablet, dialog nor paper has a recorded figure."""
    office = await page.get(BLIND)
    assert "hidden" in words(office, "#line-2")
    assert "Recorded:" not in (await page.get(f"{BLIND}/tablet")).text
    assert "is blind until it is posted" in words(await page.get(f"{BLIND}/lines/2/why"), ".sheet")
    heads = [node.text() for node in tree(await page.get(f"{BLIND}/sheet")).css("th")]
    assert "Recorded" not in heads
    assert "Recorded" in [node.text() for node in tree(await page.get(f"{OPEN}/sheet")).css("th")]


async def test_posting_says_what_is_missing_and_keeps_the_form(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """STK-05: given lines that are not counted; when it is posted; then that stands in the dialog with what was chosen;
    told to leave them, it is posted.
    """
    no = await htmx.post(f"{OPEN}/post", data={"key": "k", "cause_of_rest": "theft"})
    assert no.status_code == 422
    assert words(no, ".banner.danger") == "1 of 3 lines are not counted"
    assert find(tree(no), "#cause_of_rest option[selected]").attributes["value"] == "theft"
    done = await htmx.post(f"{OPEN}/post", data={"key": "k", "cause_of_rest": "theft", "leave_uncounted": "true"})
    assert done.headers["hx-redirect"] == OPEN
    assert chain.did("POST", "stock/v1/counts/.*:post")[-1] == {"leave_uncounted": True, "cause_of_rest": "theft"}


async def test_a_witness_confirms_the_revision_on_the_page(page: httpx.AsyncClient, chain: Chain) -> None:
    """N-22: the button sends the revision that was shown."""
    form = find(tree(await page.get(OPEN)), f"form[action='{OPEN}/witness']")
    revision = find_in(form, "[name=revision]")
    await page.post(f"{OPEN}/witness", data={"key": "k", "revision": revision})
    assert chain.did("POST", "stock/v1/counts/.*:witness") == [{"revision": 4}]


def find_in(node: object, selector: str) -> str:
    """The value of a field inside a node."""
    found = node.css_first(selector)  # type: ignore[attr-defined]
    return str(found.attributes["value"])


async def test_the_tablet_counts_and_goes_on(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """N-15: given a line on the tablet; when a quantity is sent with the instant it was typed; then it goes out with
    it and the next line to be counted comes.
    """
    first = await htmx.get(f"{OPEN}/tablet")
    assert find(tree(first), "#pad-form").attributes["data-line"] == "3"
    data = {"key": "k1", "seen": "0", "quantity": "4", "counted_at": "2026-11-22T10:00:00Z"}
    after = await htmx.post(f"{OPEN}/tablet/3", data=data)
    assert after.headers["hx-trigger"] == "count-kept"
    (sent,) = chain.did("POST", "stock/v1/counts/.*:count")
    assert sent["entries"][0]["counted_at"] == "2026-11-22T10:00:00+00:00"
    assert find(tree(after), "#pad-form").attributes["data-line"] == "2"


async def test_what_was_typed_on_the_tablet_is_kept(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """WEB-02: given a wrong number, or a service that does not answer; then the line stays with what was typed, or the
    page as it is.
    """
    wrong = await htmx.post(f"{OPEN}/tablet/3", data={"key": "k", "seen": "0", "quantity": "1,5"})
    assert wrong.status_code == 422
    assert find(tree(wrong), "#quantity").attributes["value"] == "1,5"
    chain.down.add("stock")
    away = await htmx.post(f"{OPEN}/tablet/3", data={"key": "k", "seen": "0", "quantity": "4"})
    assert away.status_code == 503
    assert away.headers["hx-reswap"] == "none"


async def test_a_scan_opens_its_line_or_offers_to_add_it(htmx: httpx.AsyncClient) -> None:
    """N-09: a scanned box of the sheet opens its line with a beep; one that is not on it is offered with its lot and
    day; an unknown code gives the low tone.
    """
    code = LINES[1]["code"]
    known = await htmx.get(f"{OPEN}/tablet/scan", params={"data": code})
    assert find(tree(known), "#pad-form").attributes["data-line"] == "2"
    assert known.headers["hx-trigger"] == "scan-found"
    other = await htmx.get(f"{OPEN}/tablet/scan", params={"data": "FIL-HA2"})
    assert "Not on this sheet" in words(other, ".pad")
    added = await htmx.post(
        f"{OPEN}/tablet/add", data={"key": "k", "product_id": ident("x"), "lot_number": "L4E", "expires_on": ""}
    )
    assert "looks like lot L43" in words(added, "#pad-form")
    unknown = await htmx.get(f"{OPEN}/tablet/scan", params={"data": "0000000000"})
    assert (unknown.status_code, unknown.headers["hx-trigger"]) == (404, "scan-missing")


async def test_a_count_leaves_as_csv(page: httpx.AsyncClient) -> None:
    """STK-05: the whole count as CSV, one line each, with recorded, counted, difference, cause and who."""
    answer = await page.get(f"{OPEN}?format=csv")
    head, first, second, _ = answer.text.splitlines()
    assert head.startswith("Line,Place,Product,Code,Lot,Expires,Recorded,Counted,Difference")
    assert first.startswith("1,Main shelf,")
    assert ",12,9,-3,-28800," in second


async def test_plans_show_what_is_overdue_and_open_their_count(page: httpx.AsyncClient, chain: Chain) -> None:
    """STK-45: an overdue plan is marked with its days; counting now opens the plan's count under a fresh id."""
    shown = await page.get("/counts/plans")
    assert "3 d over" in words(shown, "tbody tr")
    key = find(tree(shown), f"form[action='/counts/plans/{PLAN}/open'] [name=key]").attributes["value"]
    went = await page.post(f"/counts/plans/{PLAN}/open", data={"key": key})
    assert went.headers["location"] == f"/counts/{key}"
    assert chain.did("POST", "stock/v1/count-plans/.*:open") == [{"count_id": key}]


async def test_a_plan_is_kept_at_the_revision_read(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """STK-45: a new plan goes out with its due date and limit; an edit with a stale revision is said in the form."""
    data = {
        "key": ident("new"), "site": "bath", "name": "Fridge", "interval_days": "7", "next_due_on": "2026-12-01",
        "witness_above": "10", "is_active": "true", "area": "Fridge",
    }  # fmt: skip
    made = await htmx.post("/counts/plans", data=data)
    assert made.headers["hx-redirect"] == "/counts/plans"
    (sent,) = chain.did("POST", "stock/v1/count-plans")
    assert (sent["interval_days"], sent["next_due_on"], sent["witness_above_minor"]) == (7, "2026-12-01", 1000)
    kept = await htmx.post(f"/counts/plans/{PLAN}", data=data | {"revision": "2"})
    assert kept.headers["hx-redirect"] == "/counts/plans"
    stale = await htmx.post(f"/counts/plans/{PLAN}", data=data | {"revision": "1"})
    assert stale.status_code == 422
    assert "it is now at 2" in words(stale, ".banner")


async def test_a_counter_cannot_post(page: httpx.AsyncClient, door: OpenDoor) -> None:
    """G: a front desk counts; the buttons to post, call off and witness are not there, and their addresses are 403."""
    door.who = person("front_desk", ("bath",))
    shown = await page.get(OPEN)
    assert shown.status_code == 200
    found = tree(shown)
    assert found.css_first("#line-2 input[name=quantity]")
    for path in ("cancel", "witness"):
        assert not found.css_first(f"form[action='{OPEN}/{path}']")
        assert (await page.post(f"{OPEN}/{path}", data={"key": "k"})).status_code == 403
    assert (await page.get(f"{OPEN}/post")).status_code == 403


async def test_a_line_is_counted_by_its_serials(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """STK-05, STK-19: the dialog takes a serial a line; as many as are named lie there; too few is said beside it."""
    form = LexborHTMLParser((await htmx.get(f"{OPEN}/lines/1/units")).text)
    assert find(form, "textarea[name=serials]")
    await htmx.post(f"{OPEN}/lines/1/units", data={"key": "u1", "seen": "1", "serials": "A-1\nA-2"})
    (sent,) = chain.did("POST", "stock/v1/counts/[^/:]+:count")
    assert sent["entries"] == [{"line": 1, "quantity": "2", "serials": ["A-1", "A-2"], "seen_passes": 1}]
    no = refusal(409, "serial-exists", "Serial A-1 is named twice", field="serials")
    chain.overrides["POST", "stock/v1/counts/[^/:]+:count"] = lambda _: no
    again = await htmx.post(f"{OPEN}/lines/1/units", data={"key": "u2", "seen": "1", "serials": "A-1\nA-1"})
    assert (again.status_code, "named twice" in again.text) == (422, True)


def by_serial(chain: Chain, **fields: object) -> None:
    """Line 3 is of a product with serials."""
    line = LINES[2] | {"is_serialised": True} | fields
    chain.overrides["GET", "stock/v1/counts/(?P<id>[^/]+)/lines/3"] = lambda _: (200, line)


async def test_the_tablet_asks_for_the_serials_of_units(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """STK-19, N-15: a line of a product with serials takes scanned serials in place of a figure; as many as are named
    were counted; what lacks and what should not lie there is said on the next line, with the way back.
    """
    by_serial(chain)
    pad = find(tree(await htmx.get(f"{OPEN}/tablet?line=3")), "#pad-form")
    assert pad.css_first("[data-scan-lines] textarea[name=serials]") is not None
    assert pad.css("[data-pad], input[name=quantity]") == []
    by_serial(chain, missing_serials=["SN-2"], unexpected_serials=["SN-9"])
    data = {"key": "k1", "seen": "0", "serials": "SN-1\r\nSN-9\r\n", "counted_at": "2026-11-22T10:00:00Z"}
    after = await htmx.post(f"{OPEN}/tablet/3", data=data)
    assert after.headers["hx-trigger"] == "count-kept"
    (sent,) = chain.did("POST", "stock/v1/counts/.*:count")
    assert sent["entries"] == [
        {"line": 3, "quantity": "2", "note": "", "seen_passes": 0, "serials": ["SN-1", "SN-9"],
         "counted_at": "2026-11-22T10:00:00+00:00"}
    ]  # fmt: skip
    assert (
        words(after, ".banner.warning") == f"{LINES[2]['name']}, lot L43: not scanned: SN-2; not expected here: SN-9."
    )
    assert find(tree(after), "#pad-form").attributes["data-line"] == "2"


async def test_no_serial_on_the_tablet_means_nothing_lies_there(htmx: httpx.AsyncClient, chain: Chain) -> None:
    """STK-19: an empty list of serials is a count of none."""
    by_serial(chain)
    await htmx.post(f"{OPEN}/tablet/3", data={"key": "k1", "seen": "0", "serials": ""})
    (sent,) = chain.did("POST", "stock/v1/counts/.*:count")
    assert (sent["entries"][0]["quantity"], sent["entries"][0]["serials"]) == ("0", [])


@pytest.mark.parametrize(
    ("scan", "said"),
    [
        ({"products": [{"product_id": ident("x"), "name": "Laser"}], "serial": "SN-1"}, "is Laser: take it out"),
        ({"products": [{"product_id": LINES[2]["product_id"], "name": "Own"}], "serial": ""}, "says no serial"),
    ],
)
async def test_a_code_of_other_goods_is_no_serial(
    htmx: httpx.AsyncClient, chain: Chain, scan: dict[str, object], said: str
) -> None:
    """N-09, STK-19: given the code of another product, or of a box, among the serials; when they are sent; then it is
    refused by name with what was scanned kept, and nothing is counted; the unit's own code is read for its serial.
    """
    by_serial(chain)
    chain.overrides["GET", "stock/v1/scan"] = lambda _: (200, scan)
    code = "0109506000134352\x1d21SN-1"
    no = await htmx.post(f"{OPEN}/tablet/3", data={"key": "k1", "seen": "0", "serials": f"SN-7\n{code}"})
    assert no.status_code == 422
    assert said in words(no, "#quantity-note")
    assert "SN-7" in find(tree(no), "textarea[name=serials]").text()
    assert chain.did("POST", "stock/v1/counts/.*:count") == []
    own = {"products": [{"product_id": LINES[2]["product_id"], "name": "Own"}], "serial": "SN-1"}
    chain.overrides["GET", "stock/v1/scan"] = lambda _: (200, own)
    await htmx.post(f"{OPEN}/tablet/3", data={"key": "k1", "seen": "0", "serials": f"SN-7\n{code}"})
    (sent,) = chain.did("POST", "stock/v1/counts/.*:count")
    assert sent["entries"][0]["serials"] == ["SN-7", "SN-1"]


async def test_the_office_names_the_units_that_differ(page: httpx.AsyncClient, chain: Chain) -> None:
    """STK-05, STK-19: the sheet of the office, its dialog and its CSV name what lacks and what should not lie there."""
    line = LINES[1] | {"is_serialised": True, "missing_serials": ["SN-2", "SN-3"]}
    chain.overrides["GET", "stock/v1/counts/(?P<id>[^/]+)/lines"] = lambda _: (200, {"rows": [line], "next": None})
    chain.overrides["GET", "stock/v1/counts/(?P<id>[^/]+)/lines/2"] = lambda _: (200, line)
    assert "Not scanned: SN-2, SN-3" in words(await page.get(OPEN), "#line-2")
    assert "Not scanned: SN-2, SN-3" in words(await page.get(f"{OPEN}/lines/2/why"), ".facts")
    assert '"not scanned: SN-2, SN-3"' in (await page.get(f"{OPEN}?format=csv")).text
