"""The only home of `lotwise export`: the catalog as a file that can be changed and imported again."""

import asyncio
import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from lotwise.onebox.access import Access, access
from lotwise.onebox.home import Refused
from lotwise.onebox.imports.workbooks import write_workbook

app = typer.Typer(help="Take products out as a file.", no_args_is_help=True)
SECONDS_MAX = 300.0


@app.callback()
def group() -> None:
    """Take data out as a file."""


@app.command("products")
def products_(
    file: Annotated[Path, typer.Argument(help="Where to write: a .csv or an .xlsx file.", dir_okay=False)],
    *,
    search: Annotated[str, typer.Option("--search", help="Only products with these words.")] = "",
    archived: Annotated[bool, typer.Option("--archived", help="The archived ones instead.")] = False,
) -> None:
    """Write all products by code; importing the file again changes nothing."""
    count = asyncio.run(export_products(file, search, is_archived=archived))
    Console().print(f"{count:,} products are in {file}.", markup=False, soft_wrap=True)


async def export_products(file: Path, search: str = "", *, is_archived: bool = False) -> int:
    """Write the products into a file and give how many. Raises Refused."""
    async with access("importer") as system:
        return await fetch(system, file, {"search": search, "archived": str(is_archived).lower()})


async def fetch(system: Access, file: Path, parameters: dict[str, str]) -> int:
    """Stream the catalog's own CSV into the file, or turn it into a workbook."""
    is_book = file.suffix.lower() == ".xlsx"
    target = file.with_suffix(".csv.part") if is_book else file
    try:
        await _stream(system, target, parameters)
        with target.open(newline="") as text:
            count = sum(1 for _ in csv.reader(text)) - 1
        if is_book:
            await asyncio.to_thread(write_workbook, file, _rows(target))
    except OSError as problem:
        raise Refused(f"{file} cannot be written: {problem.strerror or problem}.") from None
    finally:
        if is_book:
            target.unlink(missing_ok=True)
    return count


async def _stream(system: Access, target: Path, parameters: dict[str, str]) -> None:
    headers = {"Authorization": f"Bearer {await system.bearer()}"}
    url = f"{system.url('catalog')}/v1/products:export"
    async with system.http.stream("GET", url, params=parameters, headers=headers, timeout=SECONDS_MAX) as answer:
        if answer.status_code != 200:
            raise Refused(f"The catalog answered {answer.status_code}; nothing was written.")
        with target.open("wb") as out:
            async for part in answer.aiter_bytes():
                out.write(part)


def _rows(file: Path) -> Iterator[list[str]]:
    with file.open(newline="") as text:
        yield from csv.reader(text)
