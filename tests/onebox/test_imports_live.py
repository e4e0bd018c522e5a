"""The `lotwise import` commands against a running system: what comes in, what a rerun changes, what is refused."""

import asyncio
import csv
import gzip
import json
import os
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from tests.onebox.conftest import Machine

from lotwise.onebox.access import access
from lotwise.onebox.home import Home
from lotwise.onebox.imports.members import member_id

REAL = Path(__file__).parents[3] / "shared" / "data" / "online_retail" / "online_retail.csv.gz"
HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
SLICE_LINES = 6_000
ALL_KINDS = (
    "1,85123A,HEART,6,2010-12-01 08:26:00,2.55,17850,UK\n"
    "1,85123A,HEART,6,2010-12-01 08:26:00,2.55,17850,UK\n"
    "2,22423,STAND,1,2010-12-01 09:00:00,0,,UK\n"
    "2,POST,POSTAGE,1,2010-12-01 09:00:00,18.00,,UK\n"
    "C3,85123A,HEART,-2,2010-12-02 09:00:00,2.55,17850,UK\n"
    "C3,D,Discount,-1,2010-12-02 09:00:00,5.005,17850,UK\n"
    "C3,85123B,NEVER SOLD,-4,2010-12-02 09:00:00,1.25,17850,UK\n"
    "4,85123A,damaged,-3,2010-12-03 09:00:00,0,,UK\n"
    "A5,B,Adjust bad debt,1,2011-08-12 14:50:00,-11062.06,,UK\n"
    "6,85123A,HEART,many,2010-12-03 09:00:00,2.55,,UK\n"
)


def bring(machine: Machine, folder: Path, *arguments: str, code: int = 0) -> dict[str, Any]:
    """Run an import with --json; the outcome it printed."""
    done = machine.lotwise("import", *arguments, "--json", "--rejects", str(folder / "rejects.csv"), seconds_max=1500)
    assert done.returncode == code, done.stdout + done.stderr
    return dict(json.loads(done.stdout))


def report(machine: Machine, name: str, *arguments: str) -> Any:
    """A report as JSON."""
    done = machine.lotwise("report", name, *arguments, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def ask(machine: Machine, path: str) -> Any:
    """What sales answers to the importer."""

    async def asked() -> Any:
        """The answer of the running system."""
        async with access("importer", Home(machine.home)) as doors:
            return await doors["sales"].get(path)

    with mock.patch.dict(os.environ, machine.environment()):
        return asyncio.run(asked())


def make_site(machine: Machine, folder: Path, site: str) -> None:
    """A site, made by an import of one line."""
    file = folder / f"{site}.csv"
    file.write_text(HEADER + "0,.HELLO,hello,1,2010-12-01 08:00:00,0,,UK\n")
    (folder / "map.json").write_text('{"services": [".HELLO"]}')
    mapping = ("--mapping", str(folder / "map.json"))
    bring(machine, folder, "sales", str(file), "--site", site, "--time-zone", "Europe/London", *mapping)


def test_every_kind_of_line_comes_in_once(machine: Machine, tmp_path: Path) -> None:
    """WEB-08: all kinds of lines reach reports and stock with their sums; a rerun and a dry run change nothing."""
    file = tmp_path / "till.csv"
    file.write_text(HEADER + ALL_KINDS)
    sales = ("sales", str(file), "--site", "kinds", "--time-zone", "Europe/London")
    # given a site that does not exist, a dry run says so and makes nothing
    refused = machine.lotwise("import", *sales, "--dry-run", "--rejects", str(tmp_path / "rejects.csv"))
    assert (refused.returncode, "There is no site 'kinds'" in refused.stderr) == (1, True)
    # when imported
    first = bring(machine, tmp_path, *sales, code=2)
    assert first["counts"] == {
        "products": {"created": 6},
        "receipts": {"received": 2},
        "members": {"created": 1},
        "charges": {"accepted": 4},
        "returns": {"accepted": 1},
    }
    assert (first["rejected"], (tmp_path / "rejects.csv").read_text().splitlines()[1].split(",")[0]) == (1, "11")
    # then every line counts with its sign, and the shelves hold what is left: 13 opened, 12 sold, 2 back, 3 broken
    totals = report(machine, "totals", "--site", "kinds")
    assert (totals["net_units"], totals["net_revenue"], totals["lines"]) == ("5", "-11028.57", 9)
    assert (totals["charges"], totals["returns"]) == (4, 1)
    # and the customer's charge is the member's, the others are nobody's
    member = str(member_id("kinds", "17850"))
    charges = ask(machine, "/v1/charges?site=kinds")["rows"]
    assert [one["member_id"] for one in charges] == [None, None, None, member]
    assert ask(machine, f"/v1/members/{member}")["name"] == "Customer 17850"
    # and a rerun changes nothing
    again = bring(machine, tmp_path, *sales, code=2)
    assert again["counts"] == {
        "products": {"unchanged": 6},
        "receipts": {"repeated": 2},
        "members": {"known": 1},
        "charges": {"replayed": 4},
        "returns": {"replayed": 1},
    }
    assert report(machine, "totals", "--site", "kinds") == totals
    assert machine.lotwise("audit").returncode == 0


def test_a_clinics_own_files_come_in(machine: Machine, tmp_path: Path) -> None:
    """WEB-08: suppliers, products and opening lots with cost and expiry; totals per site; a rerun changes nothing."""
    make_site(machine, tmp_path, "clinic")
    files = {name: tmp_path / f"{name}.csv" for name in ("suppliers", "products", "stock")}
    files["suppliers"].write_text("Vendor,Phone,Lead time\nNorthern Medical,555,3\n,1,1\n")
    files["products"].write_text("Item code,Item,Type,Price,Cost\nTOX-9,Toxin,Retail,12.5,4.25\nBAD CODE*,x,,1,\n")
    files["stock"].write_text(
        "Clinic,Item code,Qty,Cost,Batch,Expiry,Vendor\n"
        "clinic,TOX-9,10,4.25,L1,2031-05,Northern Medical\nclinic,TOX-9,5,4.30,L2,,\nnowhere,TOX-9,5,1,,,\n"
        f"clinic,TOX-9,1,1,{'L' * 50},,\n"
    )
    assert bring(machine, tmp_path, "suppliers", str(files["suppliers"]), code=2)["counts"] == {
        "suppliers": {"created": 1}
    }
    dry = bring(machine, tmp_path, "products", str(files["products"]), "--dry-run", code=2)
    assert dry["counts"] == {"products": {"created": 1, "refused": 1}}
    made = bring(machine, tmp_path, "products", str(files["products"]), code=2)
    assert made["counts"] == {"products": {"created": 1, "refused": 1}}
    stocked = bring(machine, tmp_path, "stock", str(files["stock"]), code=2)
    assert stocked["counts"] == {"receipts": {"received": 2, "refused": 1}}
    assert stocked["totals"]["clinic"] == {"lots": "3", "units": "16", "cost": "65.00"}
    assert [line.split(",")[0] for line in (tmp_path / "rejects.csv").read_text().splitlines()[1:]] == ["4", "5"]
    for name, counts in (("suppliers", {"unchanged": 1}), ("products", {"unchanged": 1, "refused": 1})):
        assert bring(machine, tmp_path, name, str(files[name]), code=2)["counts"] == {name: counts}
    assert bring(machine, tmp_path, "stock", str(files["stock"]), code=2)["counts"] == {
        "receipts": {"repeated": 2, "refused": 1}
    }
    (value,) = (row for row in report(machine, "stock-value")["rows"] if row["id"] == "clinic")
    assert value["value_minor"] == 6400


@pytest.mark.skipif(not REAL.exists(), reason="the shared data folder with Online Retail is absent")
def test_the_first_lines_of_a_real_year_come_out_exact(machine: Machine, tmp_path: Path) -> None:
    """WEB-08 (Online Retail): 6,000 real lines come out exact, per code too, and the books are clean."""
    file = tmp_path / "slice.csv.gz"
    units, money = Counter[str](), 0
    with gzip.open(REAL, "rt") as text, gzip.open(file, "wt") as out:
        rows = csv.reader(islice(text, SLICE_LINES + 1))
        writer = csv.writer(out)
        writer.writerow(next(rows))
        for row in rows:
            writer.writerow(row)
            units[row[1]] += int(row[3])
            money += round(int(row[3]) * round(float(row[5]) * 1_000_000) / 10_000)
    outcome = bring(machine, tmp_path, "sales", str(file), "--site", "retail", "--time-zone", "Europe/London")
    assert outcome["totals"]["all lines"]["net units"] == str(units.total())
    totals = report(machine, "totals", "--site", "retail")
    assert (totals["net_units"], totals["lines"]) == (str(units.total()), SLICE_LINES)
    assert totals["net_revenue"] == outcome["totals"]["all lines"]["net revenue"] == f"{money / 100:.2f}"
    code, most = units.most_common(1)[0]
    best = report(machine, "by-product", "--site", "retail", "--sort=-units", "--limit", "1")["rows"][0]
    assert (best["code"], best["units"]) == (code, str(most))
    assert machine.lotwise("audit").returncode == 0
    print(f"\nimport: {SLICE_LINES / outcome['seconds']:,.0f} lines/s")


@pytest.mark.slow
@pytest.mark.timeout(1700)
@pytest.mark.skipif(not REAL.exists(), reason="the shared data folder with Online Retail is absent")
def test_a_real_year_comes_out_exact_and_twice_is_once(new_machine: Machine, tmp_path: Path) -> None:
    """WEB-08, REP-01, N-19 (Online Retail): 5,176,450 units and 9,747,747.93 come out; a rerun changes nothing."""
    new_machine.up()
    sales = ("sales", str(REAL), "--site", "online", "--time-zone", "Europe/London")
    first = bring(new_machine, tmp_path, *sales)
    assert first["counts"]["members"] == {"created": 4_372}
    totals = report(new_machine, "totals")
    assert (totals["net_units"], totals["net_revenue"], totals["lines"]) == ("5176450", "9747747.93", 541_909)
    assert (totals["products"], totals["charges"], totals["returns"]) == (4_070, 22_114, 3_836)
    assert first["totals"]["all lines"] == {"lines": "541909", "net units": "5176450", "net revenue": "9747747.93"}
    best = report(new_machine, "by-product", "--limit", "2")["rows"]
    assert [(row["code"], row["revenue_minor"]) for row in best] == [(".DOT", 20_624_548), ("22423", 16_476_219)]
    again = bring(new_machine, tmp_path, *sales)
    assert again["counts"] == {
        "products": {"unchanged": 4_070},
        "receipts": {"repeated": 4_041},
        "members": {"known": 4_372},
        "returns": {"replayed": 3_836},
        "charges": {"replayed": 22_114},
    }
    assert report(new_machine, "totals") == totals
    assert new_machine.lotwise("audit", seconds_max=300).returncode == 0
    assert new_machine.lotwise("rebuild", "--verify", seconds_max=600).returncode == 0
    print(f"\nimport: {541_909 / first['seconds']:,.0f} lines/s, again: {541_909 / again['seconds']:,.0f} lines/s")
