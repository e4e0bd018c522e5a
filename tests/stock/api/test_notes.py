"""Notes between legal entities: issued when goods leave for another one, credited when they come back (STK-38)."""

from typing import Any

import pytest
from tests.stock.chain import BOTOX, SITES, Chain

from lotwise.contracts.catalog import SiteDefined

TOXIN = {"product_id": str(BOTOX)}
PAIR = {"from_entity": "London Ltd", "to_entity": "New York Inc"}


async def companies(stock: Chain, **entities: str) -> None:
    """Harley and sydney belong to London Ltd, soho to New York Inc, unless said otherwise."""
    owners = {"harley": "London Ltd", "soho": "New York Inc", "sydney": "London Ltd"} | entities
    await stock.hear(
        *(
            SiteDefined(
                slug=slug,
                name=slug,
                time_zone=zone,
                stock_policy="block_at_zero",
                legal_entity=owners[slug],
                revision=2,
            )
            for slug, zone in SITES.items()
        )
    )


async def sent(stock: Chain, quantity: str = "3", to_site: str = "soho") -> str:
    """The path of a transfer from harley that has left."""
    body = {"from_site": "harley", "to_site": to_site, "lines": [TOXIN | {"quantity": quantity}]}
    path = f"/v1/transfers/{(await stock.bench.post('/v1/transfers', body))['transfer_id']}"
    await stock.bench.post(f"{path}:ship", {})
    return path


async def notes(stock: Chain, **params: Any) -> list[dict[str, Any]]:
    """The notes, oldest first."""
    rows: list[dict[str, Any]] = (await stock.bench.get("/v1/company-notes", params=params))["rows"]
    return rows[::-1]


async def test_a_transfer_across_entities_makes_a_note_on_the_pairs_terms(stock: Chain) -> None:
    """STK-38: given cost plus 10 %, 20 % tax; when 3 of a lot at 10.01 leave for another entity;
    then one note: cost 10.01, price 11.01, tax 2.20, number 1 of the pair, with the lot.
    """
    await companies(stock)
    terms = PAIR | {"markup_percent": "10", "tax_name": "VAT", "tax_percent": "20"}
    await stock.bench.put("/v1/company-terms", terms, match='"0"')
    await stock.receive("3", lot_number="A", expires_on="2030-01-01", unit_cost="3.336667")
    path = await sent(stock)
    (note,) = await notes(stock)
    assert (note["number"], note["from_entity"], note["to_entity"]) == ("IC-00001", "London Ltd", "New York Inc")
    assert (note["cost_minor"], note["price_minor"], note["tax_minor"], note["total_minor"]) == (1001, 1101, 220, 1321)
    assert (note["tax_name"], note["markup_percent"], note["tax_percent"]) == ("VAT", "10.00", "20.00")
    line = note["lines"][0]
    assert (line["lot_number"], line["quantity"], line["expires_on"], line["price_minor"]) == (
        "A", "3", "2030-01-01", 1101,
    )  # fmt: skip
    assert await stock.bench.get(f"/v1/company-notes/{note['note_id']}") == note
    assert f"/v1/transfers/{note['transfer_id']}" == path


async def test_within_one_entity_there_is_no_note(stock: Chain) -> None:
    """STK-38: given two sites of London Ltd, and one without an entity; when goods go between them; then no note."""
    await companies(stock, soho="")
    await stock.receive("6")
    await sent(stock, to_site="sydney")
    await sent(stock)
    assert await notes(stock) == []


async def test_numbers_count_up_by_pair_and_a_credit_takes_back_to_the_cent(stock: Chain) -> None:
    """STK-38: given 3 at 10.01 billed at cost; when 1 is refused on arrival and 2 are sent back later;
    then two credits of the same pair that sum to the note.
    """
    await companies(stock)
    await stock.receive("3", unit_cost="3.336667")
    path = await sent(stock)
    received = {"lines": [TOXIN | {"quantity": "2", "missing_reason": "returned"}]}
    await stock.bench.post(f"{path}:receive", received)
    back = await stock.bench.post(f"{path}:return", {"lines": [TOXIN | {"quantity": "2"}]})
    await stock.bench.post(f"/v1/transfers/{back['transfer_id']}:ship", {})
    found = await notes(stock)
    assert [(one["number"], one["cost_minor"]) for one in found] == [
        ("IC-00001", 1001), ("CN-00002", -334), ("CN-00003", -667),
    ]  # fmt: skip
    assert {one["credits"] for one in found[1:]} == {found[0]["note_id"]}
    assert sum(one["total_minor"] for one in found) == 0
    assert [one["lines"][0]["quantity"] for one in found] == ["3", "-1", "-2"]
    mine = await notes(stock, transfer=found[0]["transfer_id"])
    assert len(mine) == 3


async def test_what_is_called_off_is_credited_and_a_return_called_off_is_billed_again(stock: Chain) -> None:
    """STK-38: given a billed transfer; when it is called off; then it is credited whole; and so the other way round."""
    await companies(stock)
    await stock.receive("6", unit_cost="3.336667")
    off = await sent(stock)
    await stock.bench.post(f"{off}:cancel", {})
    kept = await sent(stock)
    await stock.bench.post(f"{kept}:receive", {})
    back = await stock.bench.post(f"{kept}:return", {"lines": [TOXIN | {"quantity": "3"}]})
    home = f"/v1/transfers/{back['transfer_id']}"
    await stock.bench.post(f"{home}:ship", {})
    await stock.bench.post(f"{home}:cancel", {})
    totals = [one["total_minor"] for one in await notes(stock)]
    assert totals == [1001, -1001, 1001, -1001, 1001]


async def test_terms_are_listed_for_each_pair_and_edited_once(stock: Chain) -> None:
    """STK-38: given two entities; when their terms are set twice from one reading; then the second is stale."""
    await companies(stock)
    pairs = (await stock.bench.get("/v1/company-terms"))["rows"]
    assert [(one["from_entity"], one["to_entity"], one["revision"]) for one in pairs] == [
        ("London Ltd", "New York Inc", 0), ("New York Inc", "London Ltd", 0),
    ]  # fmt: skip
    await stock.bench.put("/v1/company-terms", PAIR | {"markup_percent": "7.5"}, match='"0"')
    no = await stock.bench.call("PUT", "/v1/company-terms", PAIR | {"markup_percent": "9"}, match='"0"')
    assert (no.status_code, no.json()["code"]) == (412, "stale")
    no = await stock.bench.call("PUT", "/v1/company-terms", PAIR | {"markup_percent": "9"}, match="*", who="local")
    assert no.status_code == 403


@pytest.mark.parametrize(
    "fields", [{"to_entity": "London Ltd"}, {"markup_percent": "-1"}, {"tax_percent": "1001"}, {"tax_percent": "x"}]
)
async def test_bad_terms_are_named_and_change_nothing(stock: Chain, fields: dict[str, str]) -> None:
    """Bad input, named: given terms with one bad value; when they are set; then 422 and nothing stored."""
    before = await stock.bench.state()
    no = await stock.bench.call("PUT", "/v1/company-terms", PAIR | fields, match="*")
    assert no.status_code == 422, no.text
    assert await stock.bench.state() == before


async def test_an_unknown_note_is_404_and_a_foreign_one_403(stock: Chain) -> None:
    """N-03: given a note of soho and sydney; when a manager of harley reads it, or one that is none; then no."""
    await companies(stock)
    await stock.receive("3", site="soho")
    body = {"from_site": "soho", "to_site": "sydney", "lines": [TOXIN | {"quantity": "3"}]}
    path = f"/v1/transfers/{(await stock.bench.post('/v1/transfers', body))['transfer_id']}"
    await stock.bench.post(f"{path}:ship", {})
    (note,) = await notes(stock)
    where = f"/v1/company-notes/{note['note_id']}"
    assert (await stock.bench.call("GET", where, who="local")).status_code == 403
    no = await stock.bench.call("GET", f"/v1/company-notes/{note['transfer_id']}")
    assert (no.status_code, no.json()["code"]) == (404, "unknown-note")
