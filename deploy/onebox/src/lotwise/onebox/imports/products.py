"""The only home of `lotwise import products`: a clinic's own catalog, row by row; the code says which product."""

from collections.abc import Iterator, Sequence

from lotwise.catalog.domain.product_rows import COLUMNS, part_of, product_row
from lotwise.onebox.access import access
from lotwise.onebox.imports.bringing import Asked, bringing
from lotwise.onebox.imports.catalog_rows import Wanted, define
from lotwise.onebox.imports.rejects import Rejects
from lotwise.onebox.imports.results import Outcome
from lotwise.onebox.imports.sheets import Sheet


async def import_products(asked: Asked) -> Outcome:
    """Bring a catalog in. Raises Refused when the file or the system does not allow it."""
    with bringing(asked, "Products", COLUMNS) as work:
        rows = list(wanted_rows(work.sheet, work.rejects))
        async with access("importer") as doors:
            bar = work.screen.bar("products", len(rows))
            for part in in_order(rows):
                await define(doors, part, work.outcome, work.rejects, bar)
    return work.outcome


def in_order(rows: Sequence[Wanted]) -> Iterator[list[Wanted]]:
    """Rows in an order in which each finds what it names: products, then their variants, then lists of add-ons."""
    for part in range(3):
        if found := [row for row in rows if part_of(row.body) == part]:
            yield found


def wanted_rows(sheet: Sheet, rejects: Rejects) -> Iterator[Wanted]:
    """Rows as the catalog takes them; what cannot be read goes to the rejects."""
    seen: dict[str, int] = {}
    for row in sheet.rows():
        code = row["code"]
        if code in seen:
            rejects.add(row.line, f"the code stands already in line {seen[code]}", code)
            continue
        seen[code] = row.line
        try:
            yield Wanted(row.line, product_row(row))
        except ValueError as problem:
            rejects.add(row.line, str(problem), code)
