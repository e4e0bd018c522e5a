"""The catalog as files: what an export writes an import reads, and real catalogs come in whole."""

import csv
import io
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from tests.catalog.harness import Bench

from lotwise.catalog.domain.product_rows import COLUMNS
from lotwise.contracts.catalog import ProductDefined
from lotwise.contracts.ids import uuid7
from lotwise.contracts.purchasing import SupplierDefined
from lotwise.onebox.imports.products import in_order, wanted_rows
from lotwise.onebox.imports.rejects import Rejects
from lotwise.onebox.imports.sheets import FileMapping, Sheet
from lotwise.onebox.imports.workbooks import write_workbook

DATA = Path(__file__).parents[3] / "shared" / "data"
with_devices = pytest.mark.skipif(
    not (DATA / "fda" / "gudid_devices.csv.gz").exists(), reason="the register of devices is not beside the repository"
)
GUDID = {
    "code": "primary_di", "name": "brand", "barcodes": "primary_di", "manufacturer": "company",
    "supplier_code": "catalog", "description": "description",
}  # fmt: skip
ORDERABLES = {"code": "code", "name": "fullproductname"}
FILE = """\
code,name,kind,purpose,category,description,unit,unit_decimals,price,member_price,price_per,cost,barcodes,packs,size,\
size_unit,tax_code,application_code,supplier_number,supplier_code,variant_of,variant_name,add_on_kind,add_ons
PEEL,Peel,service,,Face,A peel,,,150,135,,,,,,,1,0,,,,,,MASK;.GOLD
CREAM-50,Cream,physical,retail,Skin,Rich,jar,0,20,,,9,4006381333931,box=10; case=120:05012345678900,50,ml,5,1,7,C50,\
CREAM,50 ml,,
CREAM,Cream,physical,retail,Skin,Rich,jar,,,,,,,,,,,,,,,,,
MASK,Mask,physical,retail,Skin,One mask,,,12,,,4,,,,,,,,,,,product,
GOLD,Gold,service,,Face,Gold leaf,,,45,,,,,,,,,,,,,,upgrade,
LASER,Laser,service,,Face,By time,,,100,,hour,,,,,,,,,,,,,
SERUM,Serum,physical,back-bar,Skin,Drops,ml,1,,,,0.5,,,30,ml,,,,,,,,
BAD*,Bad,physical,,,,,,,,,,,,,,,,,,,,,
LOST,Lost,physical,,,,,,,,,,,,,,,,,,NOWHERE,,,
PACK,Pack,physical,,,,,,,,,,,box of ten,,,,,,,,,,
"""


class Brought:
    """What became of the rows of a file: outcomes and warnings counted, refusals and rejects in words."""

    def __init__(self) -> None:
        self.outcomes: Counter[str] = Counter()
        self.warnings: Counter[str] = Counter()
        self.problems: dict[str, str] = {}
        self.rejects: list[list[str]] = []


async def bring(
    catalog: Bench, file: Path, folder: Path, mapping: dict[str, str] | None = None, *, dry_run: bool = False
) -> Brought:
    """Bring a file in as `lotwise import products` does, in batches of 500."""
    found, rejects_file = Brought(), folder / "rejects.csv"
    with Rejects(rejects_file) as rejects:
        rows = list(wanted_rows(Sheet(file, COLUMNS, FileMapping(mapping or {})), rejects))
    if rejects_file.exists():
        found.rejects = list(csv.reader(rejects_file.open()))[1:]
    for part in in_order(rows):
        for start in range(0, len(part), 500):
            body = {"rows": [one.body for one in part[start : start + 500]], "dry_run": dry_run}
            for row in (await catalog.post("/v1/products:batch", body, who="importer"))["rows"]:
                found.outcomes[row["outcome"]] += 1
                found.warnings.update(warning["code"] for warning in row["warnings"])
                if row["problem"]:
                    found.problems[row["code"]] = row["problem"]["code"]
    return found


async def export(catalog: Bench, **params: Any) -> str:
    """The catalog as CSV."""
    answer = await catalog.call("GET", "/v1/products:export", params=params)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    return answer.text


async def furnished(catalog: Bench, folder: Path) -> Path:
    """The file above on disk, and its supplier known."""
    await catalog.hear(SupplierDefined(supplier_id=uuid7(), number=7, name="Verity"))
    file = folder / "products.csv"
    file.write_text(FILE)
    return file


async def test_a_file_brings_everything_a_product_has(catalog: Bench, tmp_path: Path) -> None:
    """WEB-08, CAT-14, CAT-15, CAT-09, CAT-65: variants, add-ons, packs, time and members' prices, taxes, suppliers;
    rows that cannot be taken say why, and the rest stands.
    """
    brought = await bring(catalog, await furnished(catalog, tmp_path), tmp_path)
    assert brought.outcomes == {"created": 7, "refused": 2}
    assert brought.problems == {"BAD*": "bad-code", "LOST": "unknown"}
    assert [(line, code) for line, _, code in brought.rejects] == [("11", "PACK")]
    cream = (await catalog.get("/v1/codes/CREAM-50"))["product"]
    assert (cream["variant_of_code"], cream["variant_name"], cream["supplier_number"]) == ("CREAM", "50 ml", 7)
    assert (cream["tax_code"], cream["application_code"], cream["supplier_code"]) == (5, 1, "C50")
    assert [(pack["name"], pack["units"], pack["gtin"]) for pack in cream["packs"]] == [
        ("box", "10", None),
        ("case", "120", "05012345678900"),
    ]
    peel = (await catalog.get("/v1/codes/.PEEL"))["product"]
    assert (peel["price"], peel["member_price"], len(peel["add_ons"])) == ("150.00", "135.00", 2)
    assert (await catalog.get("/v1/codes/.LASER"))["product"]["price_per"] == "hour"


async def test_a_dry_run_and_a_rerun_change_nothing(catalog: Bench, tmp_path: Path) -> None:
    """CAT-34: a dry run names what would be refused and stores nothing; a rerun of the real one says nothing."""
    file = await furnished(catalog, tmp_path)
    before = await catalog.state()
    dry = await bring(catalog, file, tmp_path, dry_run=True)
    assert dry.problems["BAD*"] == "bad-code"
    assert await catalog.state() == before
    await bring(catalog, file, tmp_path)
    before = await catalog.state()
    again = await bring(catalog, file, tmp_path)
    assert again.outcomes == {"unchanged": 7, "refused": 2}
    assert await catalog.state() == before


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
async def test_an_export_brought_in_again_changes_nothing(catalog: Bench, tmp_path: Path, ending: str) -> None:
    """CAT-34: all products as CSV or XLSX, each with every column; importing the file changes nothing at all."""
    await bring(catalog, await furnished(catalog, tmp_path), tmp_path)
    text = await export(catalog)
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["code"] for row in rows] == [".GOLD", ".LASER", ".PEEL", "CREAM", "CREAM-50", "MASK", "SERUM"]
    assert (rows[2]["add_ons"], rows[2]["member_price"]) == ("MASK;.GOLD", "135.00")
    assert (rows[4]["packs"], rows[4]["variant_of"]) == ("box=10; case=120:05012345678900", "CREAM")
    assert (rows[6]["unit_decimals"], rows[6]["cost"], rows[6]["purpose"]) == ("1", "0.50", "back_bar")
    file = tmp_path / f"export.{ending}"
    if ending == "csv":
        file.write_text(text)
    else:
        write_workbook(file, csv.reader(io.StringIO(text)))
    before = await catalog.state()
    again = await bring(catalog, file, tmp_path)
    assert (again.outcomes, again.problems, again.rejects) == ({"unchanged": 7}, {}, [])
    assert await catalog.state() == before


async def test_an_export_may_be_narrowed(catalog: Bench, tmp_path: Path) -> None:
    """CAT-06: only what is searched for, of one group, or what is archived."""
    await bring(catalog, await furnished(catalog, tmp_path), tmp_path)
    assert [line.split(",")[0] for line in (await export(catalog, group="services")).splitlines()[1:]] == [
        ".GOLD",
        ".LASER",
        ".PEEL",
    ]
    assert len((await export(catalog, search="cream 50")).splitlines()) == 2
    assert len((await export(catalog, archived=True)).splitlines()) == 1
    assert (await catalog.call("GET", "/v1/products:export", who="nobody")).status_code == 401


@with_devices
async def test_bad_check_digits_warn(catalog: Bench, tmp_path: Path) -> None:
    """CAT-44: of the first devices of the FDA's file and its known bad one, that one warns and all are taken."""
    file = tmp_path / "devices.csv"
    header, *lines = _device_lines()
    bad = next(line for line in lines if line.startswith("00841518100003"))
    file.write_text("\n".join([header, *lines[:400], bad]))
    brought = await bring(catalog, file, tmp_path, GUDID)
    assert (brought.outcomes, brought.warnings) == ({"created": 401}, {"check-digit": 1})
    assert len(await catalog.told(ProductDefined)) == 401


def _device_lines() -> list[str]:
    import gzip

    with gzip.open(DATA / "fda" / "gudid_devices.csv.gz", "rt") as text:
        return text.read().splitlines()


@with_devices
@pytest.mark.slow
@pytest.mark.timeout(1500)
async def test_50000_devices_come_in(catalog: Bench, tmp_path: Path) -> None:
    """CAT-34, ORACLES 4: all 50,000 FDA devices come in, exactly 9 warn of a check digit, a rerun says nothing."""
    file = DATA / "fda" / "gudid_devices.csv.gz"
    brought = await bring(catalog, file, tmp_path, GUDID)
    assert (brought.outcomes, brought.rejects) == ({"created": 50_000}, [])
    assert brought.warnings["check-digit"] == 9
    before = await catalog.state()
    assert (await bring(catalog, file, tmp_path, GUDID)).outcomes == {"unchanged": 50_000}
    assert await catalog.state() == before


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_10234_orderables_come_in(catalog: Bench, tmp_path: Path) -> None:
    """CAT-45: of 10,234 OpenLMIS orderables those with a name and a code of at most 14 come in, the others say why."""
    file = DATA / "openlmis" / "referencedata.orderables.csv"
    brought = await bring(catalog, file, tmp_path, ORDERABLES)
    refused = Counter(brought.problems.values())
    assert brought.outcomes["created"] + brought.outcomes["refused"] + len(brought.rejects) == 10_234
    assert (brought.outcomes["created"], refused["bad-code"], len(brought.rejects)) == (10_217, 15, 1)
    before = await catalog.state()
    assert (await bring(catalog, file, tmp_path, ORDERABLES)).outcomes["unchanged"] == 10_217
    assert await catalog.state() == before
