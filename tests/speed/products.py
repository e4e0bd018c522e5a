"""Prints how fast products are found among 100,000: python -m tests.speed.products [--products 100000].

The catalog's own application over a real database, each question asked over HTTP inside this process, beside the time
of reading one product by its id (what a request costs in any case). The bar: p99 of a search at most 30 ms.
"""

import argparse
import asyncio
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.catalog.harness import Bench, bench
from tests.conftest import FAST, Databases
from tests.speed.bench import Table, quantile

from lotwise.catalog.app import SERVICE
from lotwise.onebox.account import open_home, server_account
from lotwise.onebox.servers import PostgresServer

ASKED = 300
MUST_MS = 30.0
_KINDS = ("serum", "cream", "filler", "peel", "mask", "toner", "needle", "cannula", "gauze", "lotion")
_BRANDS = (
    "Aurelin",
    "Lumivol",
    "Silkline",
    "Verity",
    "Novaline",
    "Optica",
    "Meridian",
    "Contour",
    "Fineline",
    "Dynera",
)
_FILL = """
WITH made AS (
    INSERT INTO product (id, code, name, description, kind, purpose, unit, unit_decimals, manufacturer, size, size_unit,
                         tax_code, application_code, tax_inclusive, supplier_code, is_serialised, confirm_lot,
                         is_archived, revision)
    SELECT gen_random_uuid(), upper(substr(($2::text[])[1 + n / 7 % 10], 1, 3)) || '-' || n,
           ($2::text[])[1 + n / 7 % 10] || ' ' || ($1::text[])[1 + n % 10] || ' ' || (n % 97) || ' ml batch ' || n,
           'Made for a measurement', 'physical', 'retail', 'piece', 0, '', '', '', 1, 0, false, '', false, false,
           n % 50 = 0, 1
      FROM generate_series(1, $3) n RETURNING id, name
), priced AS (
    INSERT INTO price (id, product_id, price, valid_from, revision)
    SELECT gen_random_uuid(), id, 20000000, '1970-01-01', 1 FROM made
)
INSERT INTO product_barcode (barcode, product_id)
SELECT '40' || lpad(split_part(name, 'batch ', 2), 10, '0'), id FROM made
"""


async def measure(catalog: Bench, products: int, table: Table) -> None:
    """Fill the catalog and ask each kind of question many times, in random order."""
    await catalog.owner.execute(_FILL, list(_KINDS), list(_BRANDS), products, timeout=300)
    await catalog.owner.execute("VACUUM ANALYZE")
    ids = [str(row["id"]) for row in await catalog.owner.fetch("SELECT id FROM product LIMIT 500")]
    floor = await _times(catalog, lambda: (f"/v1/products/{random.choice(ids)}", {}))
    table.add("one product by its id (the floor)", quantile(floor, 0.5), "ms p50")
    for name, question in _questions(products).items():
        times = await _times(catalog, question)
        p50, p99 = quantile(times, 0.5), quantile(times, 0.99)
        note = f"p50 {p50:.1f} ms, {p50 / statistics.median(floor):.1f} times the floor"
        table.add(f"search among {products:,}: {name}", p99, "ms p99", must="<= 30", passed=p99 <= MUST_MS, note=note)


def _questions(products: int) -> dict[str, Callable[[], tuple[str, dict[str, Any]]]]:
    def search(text: Callable[[], str]) -> Callable[[], tuple[str, dict[str, Any]]]:
        return lambda: ("/v1/products", {"search": text()})

    def number() -> int:
        return random.randint(1, products)

    return {
        "prefix of a code": search(lambda: f"{random.choice(_BRANDS)[:3]}-{number() // 10}"),
        "one letter": search(lambda: random.choice("abcdfglmnpstv")),
        "two letters": search(lambda: random.choice(_BRANDS)[:2]),
        "a common word": search(lambda: random.choice(_KINDS)),
        "two words": search(lambda: f"{random.choice(_KINDS)} {random.choice(_BRANDS)}"),
        "part of a rare word": search(lambda: f"batch {number()}"),
        "nothing like it": search(lambda: f"xq{number()}zz"),
        "a barcode": search(lambda: f"40{number():010}"),
        "a scan": lambda: (f"/v1/codes/40{number():010}", {}),
        "the first page": lambda: ("/v1/products", {}),
    }


async def _times(catalog: Bench, question: Callable[[], tuple[str, dict[str, Any]]]) -> list[float]:
    """Milliseconds of each answer; a few questions before are not counted."""
    found: list[float] = []
    for _ in range(ASKED + 20):
        path, params = question()
        began = time.perf_counter()
        answer = await catalog.call("GET", path, params=params)
        found.append((time.perf_counter() - began) * 1000)
        if answer.status_code not in {200, 404}:
            raise RuntimeError(f"{path} {params}: {answer.text[:300]}")
    return sorted(found[20:])


async def main(products: int) -> None:
    """Start a database, measure, and stop it."""
    folder = Path(tempfile.mkdtemp(prefix="lotwise-speed-"))
    open_home(folder, server_account())
    server = PostgresServer(folder, settings=FAST)
    server.start()
    try:
        async with bench(SERVICE, Databases(server, server.url())) as catalog:
            await measure(catalog, products, Table())
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--products", type=int, default=100_000)
    asyncio.run(main(parser.parse_args().products))
