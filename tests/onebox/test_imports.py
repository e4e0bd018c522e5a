"""Files become rows, and a till's lines become charges, returns and opening stock that add up to the file."""

import gzip
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lotwise.catalog.domain import product_rows
from lotwise.onebox.home import Refused
from lotwise.onebox.imports import products, stock
from lotwise.onebox.imports.members import member_row
from lotwise.onebox.imports.rejects import Rejects
from lotwise.onebox.imports.sales import in_batches, product_body, sent_code, summary
from lotwise.onebox.imports.sheets import Column, FileMapping, Sheet
from lotwise.onebox.imports.till_lines import COLUMNS, KINDS, Rules, read_lines
from lotwise.onebox.imports.till_plan import Ids, Plan, charge_body, goods, make_plan, return_body

REAL = Path(__file__).parents[3] / "shared" / "data" / "online_retail" / "online_retail.csv.gz"
HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
LONDON = Rules.of(FileMapping(), "Europe/London")


def plan_of(folder: Path, text: str, rules: Rules = LONDON) -> tuple[Plan, Path]:
    """The plan of a small file, and where its rejects are."""
    file, rejects_file = folder / "till.csv", folder / "till.rejects.csv"
    file.write_text(HEADER + text)
    with Rejects(rejects_file) as rejects:
        return make_plan(read_lines(Sheet(file, COLUMNS, FileMapping()), rules, rejects), rules, "online"), rejects_file


def test_every_kind_of_line_is_named_and_counted(tmp_path: Path) -> None:
    """WEB-08: sold, given, charged, returned, refunded, written off and corrected lines add up to the file."""
    plan, _ = plan_of(
        tmp_path,
        "1,85123A,HEART,6,2010-12-01 08:26:00,2.55,17850,UK\n"
        "1,85123A,HEART,6,2010-12-01 08:26:00,2.55,17850,UK\n"
        "2,22423,STAND,1,2010-12-01 09:00:00,0,,UK\n"
        "2,POST,POSTAGE,1,2010-12-01 09:00:00,18.00,,UK\n"
        "C3,85123A,HEART,-2,2010-12-02 09:00:00,2.55,17850,UK\n"
        "C3,D,Discount,-1,2010-12-02 09:00:00,5.005,17850,UK\n"
        "4,85123A,damaged,-3,2010-12-03 09:00:00,0,,UK\n"
        "A5,B,Adjust bad debt,1,2011-08-12 14:50:00,-11062.06,,UK\n",
    )
    assert dict(plan.tally.lines) == dict(zip(KINDS, (2, 1, 1, 1, 1, 1, 1), strict=True))
    whole = summary(plan.tally)["all lines"]
    assert whole == {"lines": "8", "net units": "9", "net revenue": "-11023.57"}
    assert (len(plan.charges), len(plan.returns)) == (4, 1)


def test_codes_are_case_sensitive_and_services_get_a_period(tmp_path: Path) -> None:
    """CAT-01: `m` and `M` are two services, `15056BL` and `15056bl` two products; each code stays distinct."""
    plan, _ = plan_of(
        tmp_path,
        "1,15056BL,PARASOL,1,2010-12-01 08:26:00,5.95,,UK\n"
        "1,15056bl,PARASOL small,1,2010-12-01 08:26:00,5.949999,,UK\n"
        "2,M,Manual,1,2010-12-01 08:26:00,1,,UK\n"
        "3,m,Manual,1,2010-12-01 08:26:00,1,,UK\n",
    )
    assert [sent_code(product) for product in plan.products] == ["15056BL", "15056bl", ".M", ".m"]
    assert product_body(plan.products[1]) == {
        "code": "15056bl", "name": "PARASOL small", "kind": "physical", "purpose": "retail", "price": "5.949999",
    }  # fmt: skip


def test_opening_stock_is_the_largest_running_shortfall(tmp_path: Path) -> None:
    """WEB-08: 5 sold, 3 back, 4 sold needs 6 at the beginning; a code that only came back needs none."""
    plan, _ = plan_of(
        tmp_path,
        "1,A1,ONE,5,2010-12-01 08:00:00,1,,UK\n"
        "C2,A1,ONE,-3,2010-12-02 08:00:00,1,,UK\n"
        "3,A1,ONE,4,2010-12-03 08:00:00,1,,UK\n"
        "C4,B1,TWO,-3,2010-12-03 08:00:00,1,,UK\n",
    )
    (opening,) = plan.openings
    assert (opening.code, opening.quantity) == ("A1", 6_000_000)
    assert opening.before == datetime(2010, 11, 30, 8, tzinfo=UTC)
    assert [one.invoice for one in plan.charges] == ["1", "3"]


def test_rows_that_cannot_be_read_are_rejected_with_line_and_reason(tmp_path: Path) -> None:
    """WEB-08: a bad quantity, date or empty code is written to the rejects with its line; the rest goes on."""
    plan, rejects = plan_of(
        tmp_path,
        "1,A1,ONE,five,2010-12-01 08:00:00,1,,UK\n"
        "1,A1,ONE,0,2010-12-01 08:00:00,1,,UK\n"
        "1,A1,ONE,1,yesterday,1,,UK\n"
        "1,,ONE,1,2010-12-01 08:00:00,1,,UK\n"
        "1,A1,ONE,1,2010-12-01 08:00:00,1.1234567,,UK\n"
        "1,A1,ONE,1,2010-12-01 08:00:00,1e400,,UK\n"
        "1,A1,ONE,1,2010-12-01 08:00:00,1,,UK\n",
    )
    assert sum(plan.tally.lines.values()) == 1
    reasons = [line.split(",")[:2] for line in rejects.read_text().splitlines()[1:]]
    assert [line for line, _ in reasons] == ["2", "3", "4", "5", "6", "7"]
    assert "no plain number" in reasons[0][1]


def test_times_without_an_offset_are_the_sites_own(tmp_path: Path) -> None:
    """REP-01: 00:30 on a summer day in London is 23:30 UTC of the day before."""
    plan, _ = plan_of(tmp_path, "1,A1,ONE,1,2011-07-01 00:30:00,1,,UK\n")
    assert plan.charges[0].happened_at == datetime(2011, 6, 30, 23, 30, tzinfo=UTC)


def test_an_invoice_over_500_lines_becomes_parts_with_lasting_ids(tmp_path: Path) -> None:
    """WEB-08: 1,114 lines become charges of 500, 500 and 114 lines; planning again gives the same ids."""
    text = "".join(f"1,A{n},ONE,1,2010-12-01 08:00:00,1,,UK\n" for n in range(1114))
    first, again = (plan_of(tmp_path, text)[0].charges for _ in range(2))
    assert [len(one.lines) for one in first] == [500, 500, 114]
    assert [one.id for one in first] == [one.id for one in again]
    assert [sum(len(one.lines) for one in part) for part in in_batches(first * 10)] == [4956, 4956, 1228]


def test_bodies_say_what_stock_does(tmp_path: Path) -> None:
    """WEB-08: write-offs are adjustments, bad debt moves nothing, refunds of services move no stock."""
    plan, _ = plan_of(
        tmp_path,
        "1,A1,ONE,-2,2010-12-01 08:00:00,0,,UK\n"
        "A2,B,debt,1,2010-12-01 08:00:00,-5.5,,UK\n"
        "C3,POST,POSTAGE,-1,2010-12-01 08:00:00,5.5,,UK\n",
    )
    ids = Ids({"A1": "one", "B": "debt", "POST": "post"}, {})
    charges = [charge_body(one, "online", ids) for one in plan.charges]
    assert [one["lines"] for one in charges] == [
        [{"product_id": "one", "quantity": "-2", "unit_price": "0.00", "effect": "adjustment"}],
        [{"product_id": "debt", "quantity": "1", "unit_price": "-5.50", "effect": "none"}],
    ]
    (back,) = (return_body(one, "online", ids) for one in plan.returns)
    assert back["lines"] == [{"product_id": "post", "quantity": "1", "unit_price": "5.50", "moves_stock": False}]


def test_a_charge_carries_the_member_whom_its_lines_name(tmp_path: Path) -> None:
    """WEB-08: 17850.0 is customer 17850; a document is of the first one named, and of nobody when nobody is."""
    plan, _ = plan_of(
        tmp_path,
        "1,A1,ONE,1,2010-12-01 08:00:00,1,,UK\n"
        "1,A1,ONE,1,2010-12-01 08:00:00,1,17850.0,UK\n"
        "2,A1,ONE,1,2010-12-02 08:00:00,1,,UK\n"
        "C3,A1,ONE,-1,2010-12-03 08:00:00,1,Ada Lovelace,UK\n"
        "4,A1,ONE,1,2010-12-04 08:00:00,1,17850,UK\n",
    )
    assert [(one.number, one.line) for one in plan.customers] == [("17850", 2), ("Ada Lovelace", 5)]
    rows = [member_row("online", one.number) for one in plan.customers]
    assert [row["name"] for row in rows] == ["Customer 17850", "Ada Lovelace"]
    members = dict(zip(("17850", "Ada Lovelace"), (row["member_id"] for row in rows), strict=True))
    ids = Ids({"A1": "one"}, members)
    assert [charge_body(one, "online", ids).get("member_id") for one in plan.charges] == [
        members["17850"],
        None,
        members["17850"],
    ]
    assert [return_body(one, "online", ids)["member_id"] for one in plan.returns] == [members["Ada Lovelace"]]
    assert "member_id" not in charge_body(plan.charges[0], "online", Ids({"A1": "one"}, {}))


def test_a_customer_is_one_member_for_ever_and_of_one_till() -> None:
    """WEB-08: the id follows from the till's name for its numbers; another till's 17850 is somebody else."""
    assert member_row("online", "17850") == member_row("online", "17850")
    assert member_row("online", "17850")["member_id"] != member_row("shop", "17850")["member_id"]
    assert len(member_row("online", "x" * 300)["name"]) == 200


def test_columns_are_found_by_name_or_by_a_mapping(tmp_path: Path) -> None:
    """WEB-08: headers are known by their usual names; others are named in a mapping; else it is refused."""
    file = tmp_path / "x.csv.gz"
    file.write_bytes(gzip.compress("Artikel;Unit Price\n\xc4rmel;3,5\n".encode("cp1252")))
    columns = (Column("code", ("sku",), True), Column("price", ("unitprice",)))
    with pytest.raises(Refused, match="no column for code"):
        Sheet(file, columns, FileMapping())
    sheet = Sheet(file, columns, FileMapping({"code": "Artikel"}))
    (row,) = sheet.rows()
    assert (row.line, row["code"], row["price"]) == (2, "\xc4rmel", "3,5")


def test_a_damaged_mapping_is_refused_with_a_sentence(tmp_path: Path) -> None:
    """WEB-08: a mapping file that is no JSON, or says a word that means nothing, is refused by name."""
    file = tmp_path / "map.json"
    file.write_text("{")
    with pytest.raises(Refused, match="is no mapping file"):
        FileMapping.read(file)
    file.write_text('{"servces": ["POST"]}')
    with pytest.raises(Refused, match="servces"):
        Rules.of(FileMapping.read(file), "UTC")


def test_product_rows_take_the_words_of_other_systems(tmp_path: Path) -> None:
    """WEB-08: a product file with its own words becomes rows of the catalog; a code twice is rejected."""
    file = tmp_path / "p.csv"
    file.write_text(
        "SKU,Product Name,Type,Retail Price,Decimals,Barcode\n"
        "TOX,Toxin,Back bar,12.5,0,4006381333931\n.FAC,Facial,service,90,,\nTOX,Again,,1,,\n"
    )
    with Rejects(tmp_path / "r.csv") as rejects:
        rows = list(products.wanted_rows(Sheet(file, product_rows.COLUMNS, FileMapping()), rejects))
    assert [row.body for row in rows] == [
        {"code": "TOX", "name": "Toxin", "kind": "physical", "purpose": "back_bar", "price": "12.5",
         "unit_decimals": 0, "barcodes": ["4006381333931"]},
        {"code": ".FAC", "name": "Facial", "kind": "service", "price": "90"},
    ]  # fmt: skip
    assert rejects.count == 1


def test_product_rows_bring_how_they_are_drawn(tmp_path: Path) -> None:
    """STK-37, WEB-08: a product file says the container rule, the units of a vial, its hours and the drug's class."""
    file = tmp_path / "p.csv"
    file.write_text(
        "code,name,container,units per vial,hours after opening,class\nTOX,Toxin,Multi-patient,100,24,Prescription\n"
    )
    with Rejects(tmp_path / "r.csv") as rejects:
        (row,) = products.wanted_rows(Sheet(file, product_rows.COLUMNS, FileMapping()), rejects)
    names = ("container_rule", "container_units", "use_by_hours", "drug_class")
    assert [row.body[name] for name in names] == ["multi_patient", "100", 24, "prescription"]
    assert rejects.count == 0


def test_stock_rows_become_receipts_with_lasting_ids(tmp_path: Path) -> None:
    """WEB-08: an opening lot has cost, lot and expiry; a month alone means its last day; unknown words are rejected."""
    file = tmp_path / "s.csv"
    file.write_text(
        "clinic,code,qty,cost,lot,expiry\nHarley,TOX,12,3.5,L1,02/2027\nHarley,NIX,1,1,,\nHarley,TOX,-1,1,,\n"
    )
    now = datetime(2026, 11, 21, tzinfo=UTC)
    known = stock.Known({"TOX": {"product_id": "p", "cost": None}}, {"harley"}, {}, None, now)
    rows = list(Sheet(file, stock.COLUMNS, FileMapping()).rows())
    arrival = stock.arrival_of(rows[0], known)
    body = arrival.body()
    assert (body["site"], body["quantity"], body["unit_cost"], str(body["expires_on"])) == (
        "harley",
        "12",
        "3.5",
        "2027-02-28",
    )
    assert body["receipt_id"] == stock.arrival_of(rows[0], known).body()["receipt_id"]
    for row, reason in ((rows[1], "no product"), (rows[2], "not above zero")):
        with pytest.raises(ValueError, match=reason):
            stock.arrival_of(row, known)


@pytest.mark.skipif(not REAL.exists(), reason="the shared data folder with Online Retail is absent")
def test_a_real_year_of_sales_is_planned_to_the_unit_and_cent(tmp_path: Path) -> None:
    """WEB-08 (Online Retail): 541,909 lines, 4,070 codes, every line counted; no shelf below zero in posting order."""
    with Rejects(tmp_path / "rejects.csv") as rejects:
        plan = make_plan(read_lines(Sheet(REAL, COLUMNS, FileMapping()), LONDON, rejects), LONDON, "online")
    assert rejects.count == 0
    assert summary(plan.tally)["all lines"] == {"lines": "541909", "net units": "5176450", "net revenue": "9747747.93"}
    assert list(plan.tally.lines.values()) == [527761, 1162, 2359, 8704, 584, 1336, 3]
    assert len({sent_code(product) for product in plan.products}) == len(plan.products) == 4070
    assert (len(plan.openings), sum(one.quantity for one in plan.openings)) == (4041, 5_738_612_000_000)
    shelf = Counter({one.code: one.quantity for one in plan.openings})
    for document in (*plan.returns, *plan.charges):
        assert len(document.lines) <= 500
        for line in document.lines:
            shelf[line.code] += goods(line)
            assert shelf[line.code] >= 0
