"""Every no of a count over HTTP: its code and numbers, and that nothing changed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.stock.chain import BOTOX, CREAM, SERUM, SERVICE, Chain, product
from tests.stock.counts.sheet import Sheet

from lotwise.contracts.ids import uuid7

NOBODY = str(uuid7())


async def refused(stock: Chain, method: str, path: str, body: Any, **options: Any) -> dict[str, Any]:
    """The problem that a request gets; the database and the outbox are as before."""
    before = await stock.bench.state()
    answer = await stock.bench.call(method, path, body, **options)
    assert await stock.bench.state() == before
    found: dict[str, Any] = answer.json() | {"status": answer.status_code}
    return found


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"site": "nowhere"}, 404, "unknown-site"),
        ({"area": "Attic"}, 404, "unknown-area"),
        ({"product_ids": [NOBODY]}, 404, "unknown-product"),
        ({"product_ids": [str(SERVICE)]}, 409, "not-kept"),
        ({"category_id": NOBODY}, 422, "bad-value"),
        ({"site": "soho"}, 409, "nothing-to-count"),
        ({"tolerance_percent": "100.01"}, 422, "bad-value"),
        ({"tolerance_units": "-1"}, 422, "invalid-request"),
        ({"witness_above_minor": -1}, 422, "invalid-request"),
        ({"abc_class": "D"}, 422, "invalid-request"),
        ({"expected": "5"}, 422, "invalid-request"),
    ],
)
async def test_a_bad_count_is_not_opened(stock: Chain, change: dict[str, Any], status: int, code: str) -> None:
    """Bad input: given one bad value; when a count is opened; then it is named and nothing is stored."""
    await stock.receive("1")
    no = await refused(stock, "POST", "/v1/counts", {"site": "harley"} | change)
    assert no["status"] == status, no
    assert code in {no["code"], "invalid-request"}


async def test_an_empty_site_has_nothing_to_count(stock: Chain) -> None:
    """STK-05: given a site without any goods; when all of it is counted; then that is said, with what would help."""
    no = await refused(stock, "POST", "/v1/counts", {"site": "sydney"})
    assert (no["code"], no["status"], len(no["ways_out"])) == ("nothing-to-count", 409, 2)


async def test_a_closed_count_takes_nothing_more(stock: Chain) -> None:
    """Bad input: given a posted and a cancelled count; when either is counted, explained, added to, witnessed, posted
    or called off; then it is refused with who closed it and when.
    """
    await stock.receive("10", lot_number="A")
    posted, cancelled = await Sheet.open(stock), await Sheet.open(stock)
    await posted.count("9")
    await posted.posted()
    await stock.bench.post(f"{cancelled.path}:cancel", {"reason": "wrong shelf"})
    deeds = {
        ":count": {"entries": [{"line": 1, "quantity": "1"}]},
        "/lines": {"product_id": str(CREAM)},
        "/lines/1:explain": {"cause": "loss"},
        "/lines/1:confirm_lot": None,
        ":witness": {"revision": 1},
        ":post": {},
        ":cancel": {},
    }
    for sheet, state in ((posted, "posted"), (cancelled, "cancelled")):
        for deed, body in deeds.items():
            no = await refused(stock, "POST", sheet.path + deed, body)
            assert (no["status"], no["code"], no["numbers"]["state"]) == (409, "count-closed", state), deed
            assert no["numbers"]["closed_by"] == "user:owner"
    assert await stock.on_hand() == "9"


async def test_what_is_not_counted_is_not_posted_unawares(stock: Chain) -> None:
    """STK-05: given two lines of which one is counted; when it is posted; then the other is named; told to leave it,
    it stays as recorded.
    """
    await stock.receive("10", lot_number="A")
    await stock.receive("4", CREAM, lot_number="B")
    sheet = await Sheet.open(stock)
    no = await refused(stock, "POST", f"{sheet.path}:post", {"cause_of_rest": "error"})
    assert no["code"] == "nothing-to-count"
    await sheet.count("9")
    no = await refused(stock, "POST", f"{sheet.path}:post", {"cause_of_rest": "error"})
    assert (no["code"], no["numbers"]) == ("count-incomplete", {"lines": 2, "uncounted": 1, "first_lines": [2]})
    await sheet.posted(leave_uncounted=True)
    assert [await stock.on_hand(), await stock.on_hand(CREAM)] == ["9", "4"]


async def test_a_difference_needs_a_cause_that_fits(stock: Chain) -> None:
    """STK-07: given a shortage and a surplus; when they have no cause, or one of the other sign; then posting and
    explaining are refused by line.
    """
    await stock.receive("10", lot_number="A")
    await stock.receive("4", CREAM, lot_number="B")
    sheet = await Sheet.open(stock)
    await sheet.count("9", "5")
    for cause, lines in ((None, [1, 2]), ("theft", [2]), ("found", [1])):
        no = await refused(stock, "POST", f"{sheet.path}:post", {"cause_of_rest": cause})
        assert (no["code"], no["numbers"]["first_lines"]) == ("count-unexplained", lines)
    no = await refused(stock, "POST", f"{sheet.path}/lines/1:explain", {"cause": "found"})
    assert (no["code"], no["numbers"]["difference"]) == ("count-unexplained", "-1")
    assert (await refused(stock, "POST", f"{sheet.path}/lines/1:explain", {"cause": "magic"}))["status"] == 422
    await sheet.explain(1, "theft")
    await sheet.explain(2, "found")
    await sheet.posted(None)


async def test_a_line_the_ledger_overtook_is_counted_again(stock: Chain) -> None:
    """N-15: given 5 recorded, 2 counted; when 4 are sold before posting; then one is there and 3 would leave: refused
    with both numbers, and right after a second pass.
    """
    await stock.receive("5", lot_number="A")
    sheet = await Sheet.open(stock)
    await sheet.count("2")
    await stock.sell("4", happened_at=datetime.now(UTC))
    no = await refused(stock, "POST", f"{sheet.path}:post", {"cause_of_rest": "loss"})
    assert no["code"] == "count-overtaken"
    assert (no["numbers"]["line"], no["numbers"]["recorded"], no["numbers"]["difference"]) == (1, "1", "-3")
    await sheet.count("0")
    await sheet.posted("loss")
    assert await stock.on_hand() == "0"


@pytest.mark.parametrize(
    ("entry", "status", "code"),
    [
        ({"line": 7, "quantity": "1"}, 404, "unknown-count"),
        ({"line": 1, "quantity": "-1"}, 422, "bad-quantity"),
        ({"line": 1, "quantity": "0.5"}, 422, "bad-quantity"),
        ({"line": 1, "quantity": "9999999999999999999"}, 422, "bad-quantity"),
        ({"line": 1, "quantity": "1000000000000001"}, 422, "bad-quantity"),
        ({"line": 1, "quantity": "1e3"}, 422, ""),
        ({"line": 0, "quantity": "1"}, 422, ""),
        ({"line": 1, "quantity": "1", "seen_passes": 3}, 409, "line-counted-meanwhile"),
        ({"line": 1, "quantity": "1", "counted_at": "2020-01-01T00:00:00Z"}, 422, "bad-date"),
    ],
)
async def test_a_bad_entry_is_named(stock: Chain, entry: dict[str, Any], status: int, code: str) -> None:
    """Bad input: given a sheet; when an entry is wrong; then it is named and no entry of the request is kept."""
    await stock.receive("5", lot_number="A")
    sheet = await Sheet.open(stock)
    body = {"entries": [{"line": 1, "quantity": "2"}, entry]}
    no = await refused(stock, "POST", f"{sheet.path}:count", body)
    assert no["status"] == status, no
    assert not code or no["code"] == code


async def test_a_typed_instant_lies_within_the_count(stock: Chain) -> None:
    """WEB-02: given a count of now; when an entry says it was typed an hour before; then it is refused with the first
    instant that is allowed; one from the future counts as now.
    """
    await stock.receive("5", lot_number="A")
    sheet = await Sheet.open(stock)
    early = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    answer = await sheet.entry(1, "5", counted_at=early)
    assert (answer.status_code, answer.json()["code"]) == (422, "bad-date")
    assert answer.json()["numbers"]["earliest"] == (await sheet.shown())["opened_at"].replace("Z", "+00:00")
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    assert (await sheet.entry(1, "5", counted_at=later)).status_code == 200
    assert (await sheet.line())["counted_at"] < later


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"product_id": NOBODY}, 404, "unknown-product"),
        ({"product_id": str(SERVICE)}, 409, "not-kept"),
        ({"area": "Attic"}, 404, "unknown-area"),
        ({"lot_id": NOBODY}, 404, "unknown-lot"),
        ({"lot_number": "A", "expires_on": "2031-01-01"}, 409, "lot-mismatch"),
        ({"lot_number": "B"}, 409, "lot-ambiguous"),
        ({"lot_number": "x" * 41}, 422, ""),
        ({"expires_on": "2031-02-30"}, 422, ""),
    ],
)
async def test_a_bad_finding_is_named(stock: Chain, body: dict[str, Any], status: int, code: str) -> None:
    """Bad input: given a lot with another expiry and two lots of one number; when goods are put on the sheet wrongly;
    then the no says what is known.
    """
    await stock.receive("5", lot_number="A", expires_on="2030-01-01")
    await stock.receive("5", lot_number="B", expires_on="2030-01-01", manufacturer="One")
    await stock.receive("5", lot_number="B", expires_on="2030-01-01", manufacturer="Two")
    sheet = await Sheet.open(stock)
    no = await refused(stock, "POST", f"{sheet.path}/lines", {"product_id": str(BOTOX)} | body)
    assert no["status"] == status, no
    assert not code or no["code"] == code


async def test_a_witness_is_another_person_who_saw_these_figures(stock: Chain) -> None:
    """N-22: given differences worth 10.00 above a limit of 9.99; when one person posts, or is their own witness, or
    the figures changed after the witness; then it is refused with both sums; a second person makes it right.
    """
    await stock.receive("10", lot_number="A")
    sheet = await Sheet.open(stock, witness_above_minor=999)
    counted = await sheet.count("8")
    no = await refused(stock, "POST", f"{sheet.path}:post", {"cause_of_rest": "loss"})
    assert no["code"] == "witness-needed"
    assert (no["numbers"]["value_minor"], no["numbers"]["above_minor"], no["numbers"]["why"]) == (1000, 999, "value")
    no = await refused(stock, "POST", f"{sheet.path}:witness", {"revision": counted["revision"] - 1})
    assert (no["code"], no["numbers"]["revision"]) == ("witness-needed", counted["revision"])
    assert (await refused(stock, "POST", f"{sheet.path}:witness", {"revision": 2}, who="front_desk"))["status"] == 403
    await stock.bench.post(f"{sheet.path}:witness", {"revision": counted["revision"]})
    no = await refused(stock, "POST", f"{sheet.path}:post", {"cause_of_rest": "loss"})
    assert (no["code"], no["detail"]) == ("witness-needed", "The witness is the one who posts")
    seen = await stock.bench.post(f"{sheet.path}:witness", {"revision": counted["revision"]}, who="manager")
    assert (seen["witness"], seen["is_witnessed"]) == ("user:manager", True)
    again = await sheet.count("8")
    assert again["is_witnessed"] is False
    assert (await refused(stock, "POST", f"{sheet.path}:post", {"cause_of_rest": "loss"}))["code"] == "witness-needed"
    await stock.bench.post(f"{sheet.path}:witness", {"revision": again["revision"]}, who="manager")
    done = await sheet.posted("loss")
    assert (done["witness"], done["closed_by"], done["loss_minor"]) == ("user:manager", "user:owner", 1000)


async def test_below_the_limit_one_person_posts(stock: Chain) -> None:
    """N-22: given a limit of 10.00 and differences of exactly that; when one person posts; then that is enough."""
    await stock.receive("10", lot_number="A")
    sheet = await Sheet.open(stock, witness_above_minor=1000)
    await sheet.count("8")
    assert (await sheet.posted("loss"))["witness"] is None


async def test_whoever_belongs_to_another_site_counts_nothing_here(stock: Chain) -> None:
    """G: given a count at soho; when a manager of harley reads, counts, posts or explains it; then 403, and the list
    does not have it.
    """
    await stock.receive("5", SERUM, site="soho")
    sheet = await Sheet.open(stock, site="soho")
    for path in (sheet.path, f"{sheet.path}/lines", f"{sheet.path}/lines/1"):
        assert (await stock.bench.call("GET", path, who="local")).status_code == 403
    deeds = {
        ":count": {"entries": [{"line": 1, "quantity": "1"}]},
        "/lines": {"product_id": str(CREAM)},
        "/lines/1:explain": {"cause": "loss"},
        "/lines/1:confirm_lot": None,
        ":witness": {"revision": 1},
        ":post": {},
        ":cancel": {},
    }
    for deed, body in deeds.items():
        assert (await refused(stock, "POST", sheet.path + deed, body, who="local"))["status"] == 403, deed
    assert (await stock.bench.get("/v1/counts", who="local"))["rows"] == []
    assert (await stock.bench.call("GET", "/v1/counts?site=soho", who="local")).status_code == 403
    assert len((await stock.bench.get("/v1/counts", params={"state": "open"}))["rows"]) == 1


async def test_an_unknown_count_is_404(stock: Chain) -> None:
    """Bad input: given no such count or line; then each door says so."""
    for method, path, body in (
        ("GET", f"/v1/counts/{NOBODY}", None),
        ("GET", f"/v1/counts/{NOBODY}/lines", None),
        ("GET", f"/v1/counts/{NOBODY}/lines/1", None),
        ("POST", f"/v1/counts/{NOBODY}:post", {}),
        ("POST", f"/v1/counts/{NOBODY}:cancel", {}),
        ("POST", f"/v1/counts/{NOBODY}:witness", {"revision": 1}),
        ("POST", f"/v1/counts/{NOBODY}:count", {"entries": [{"line": 1, "quantity": "1"}]}),
    ):
        no = await refused(stock, method, path, body)
        assert (no["status"], no["code"]) == (404, "unknown-count"), path
    await stock.receive("5", lot_number="A")
    sheet = await Sheet.open(stock)
    for path, wanted in (("/lines/9:explain", {"cause": "loss"}), ("/lines/99999999999:confirm_lot", None)):
        assert (await refused(stock, "POST", sheet.path + path, wanted))["code"] == "unknown-count"


async def test_a_count_sent_twice_is_one_and_posted_twice_once(stock: Chain) -> None:
    """DESIGN 3.5: given the same count id twice and the same key twice; then there is one count and one posting; a
    second posting under a new key is refused.
    """
    await stock.receive("5", lot_number="A")
    count_id = str(uuid7())
    sheet = await Sheet.open(stock, count_id=count_id)
    again = await Sheet.open(stock, count_id=count_id)
    assert (sheet.id, again.id, len(await again.lines())) == (count_id, count_id, 1)
    await sheet.count("4")
    body = {"cause_of_rest": "loss"}
    one = await stock.bench.call("POST", f"{sheet.path}:post", body, key="once")
    two = await stock.bench.call("POST", f"{sheet.path}:post", body, key="once")
    assert (one.status_code, two.status_code, one.json() == two.json()) == (200, 200, True)
    assert (await refused(stock, "POST", f"{sheet.path}:post", body))["code"] == "count-closed"
    assert await stock.on_hand() == "4"


async def test_the_rule_of_the_site_watches_counts_too(stock: Chain) -> None:
    """N-22: given a count without a limit at a site whose rule says 5.00; when 10.00 differ; then a witness is needed,
    by the stricter of both limits.
    """
    await stock.receive("10", lot_number="A")
    rule = {"above_minor": 500, "classes": [], "hours": 24}
    await stock.bench.put("/v1/witness-rules/harley", rule)
    sheet = await Sheet.open(stock, witness_above_minor=5000)
    await sheet.count("8")
    no = await refused(stock, "POST", f"{sheet.path}:post", {"cause_of_rest": "loss"})
    assert (no["code"], no["numbers"]["why"], no["numbers"]["above_minor"]) == ("witness-needed", "value", 500)


async def test_a_controlled_drug_is_never_counted_out_by_one_person(stock: Chain) -> None:
    """N-22, STK-40: given a controlled drug; when one unit of it differs; then a witness is needed whatever its value;
    one that does not differ needs none.
    """
    await stock.hear(product(CREAM, "CRM", "Cream", cost="12.50", drug_class="controlled", revision=2))
    await stock.receive("10", CREAM, lot_number="A", unit_cost="0.01")
    sheet = await Sheet.open(stock)
    counted = await sheet.count("9")
    no = await refused(stock, "POST", f"{sheet.path}:post", {"cause_of_rest": "loss"})
    assert (no["code"], no["numbers"]["why"]) == ("witness-needed", "class")
    await stock.bench.post(f"{sheet.path}:witness", {"revision": counted["revision"]}, who="manager")
    await sheet.posted("loss")
    again = await Sheet.open(stock)
    await again.count("9")
    await again.posted(None)


async def test_a_sheet_that_is_too_long_is_refused(stock: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bad input: given room for one line and two lots; when all is counted; then the limit and ways out are said."""
    monkeypatch.setattr("lotwise.stock.operations.counts.LINES_MAX", 1)
    await stock.receive("5", lot_number="A")
    await stock.receive("5", lot_number="B")
    no = await refused(stock, "POST", "/v1/counts", {"site": "harley"})
    assert (no["status"], no["code"], no["numbers"]["lines_max"]) == (409, "count-too-large", 1)
    assert no["ways_out"] == ["count by area", "count by class"]


async def test_a_find_that_costs_more_than_can_be_kept_is_refused(stock: Chain) -> None:
    """Bad input: given a lot of absurd cost; when a find of it is posted; then it is refused by line, and its line is
    still shown.
    """
    await stock.receive("1", lot_number="A", unit_cost="9999999999.00")
    sheet = await Sheet.open(stock)
    await sheet.count("1000000000000000")
    assert (await sheet.line())["difference"] == "999999999999999"
    no = await refused(stock, "POST", f"{sheet.path}:post", {"cause_of_rest": "found"})
    assert (no["status"], no["code"]) == (422, "bad-quantity")


async def test_a_witness_nobody_needed_may_post_or_call_off(stock: Chain) -> None:
    """N-22: given a person who confirmed figures that needed no witness; when the same person posts, or calls another
    count off; then that is done, and nobody stands as their own witness.
    """
    await stock.receive("10", lot_number="A")
    for deed, body in ((":post", {"cause_of_rest": "loss"}), (":cancel", {})):
        sheet = await Sheet.open(stock)
        counted = await sheet.count("9")
        await stock.bench.post(f"{sheet.path}:witness", {"revision": counted["revision"]})
        done = await stock.bench.post(sheet.path + deed, body)
        assert (done["witness"], done["is_witnessed"]) == (None, False)
