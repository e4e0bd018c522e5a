"""The only home of the `lotwise import` commands."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer

from lotwise.kit.client import Refused as RefusedByService
from lotwise.kit.client import Unreachable
from lotwise.onebox.home import Refused
from lotwise.onebox.imports import products, sales, stock, suppliers
from lotwise.onebox.imports.bringing import Asked
from lotwise.onebox.imports.results import Outcome, show
from lotwise.onebox.imports.sheets import FileMapping

app = typer.Typer(help="Bring in products, suppliers, stock, or the sales of a till.", no_args_is_help=True)
File = Annotated[
    Path, typer.Argument(help="A CSV file, plain or gzipped, or an XLSX file, with a header.", dir_okay=False)
]
MappingFile = Annotated[
    Path | None,
    typer.Option(
        "--mapping", "-m", help='A JSON file: {"columns": {"code": "Item No."}}.', exists=True, dir_okay=False
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Read, check and total; change nothing.")]
RejectsFile = Annotated[
    Path | None, typer.Option("--rejects", help="Where rows that were not taken go; by default beside the data.")
]
Json = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]
AtSite = Annotated[str | None, typer.Option("--site", help="The site of rows that name none.")]


def _table(name: str, summary: str, work: "Callable[[Asked], Coroutine[Any, Any, Outcome]]") -> None:
    """A command that brings in a plain table, with the options that all of them have."""

    @app.command(name, help=summary)
    def command(
        file: File,
        *,
        mapping: MappingFile = None,
        dry_run: DryRun = False,
        rejects: RejectsFile = None,
        as_json: Json = False,
    ) -> None:
        _run(work(Asked(file, FileMapping.read(mapping), _beside(rejects, file), dry_run)), as_json=as_json)


_table(
    "products",
    "Bring in a catalog: new codes are created, known ones changed where they differ.",
    products.import_products,
)
_table(
    "suppliers",
    "Bring in suppliers: new names are created, known ones stay as they are.",
    suppliers.import_suppliers,
)


@app.command("stock")
def stock_(
    file: File,
    *,
    site: AtSite = None,
    mapping: MappingFile = None,
    dry_run: DryRun = False,
    rejects: RejectsFile = None,
    as_json: Json = False,
) -> None:
    """Bring in opening lots with cost and expiry; each row is received once, however often it is imported."""
    asked = stock.Asked(file, site, FileMapping.read(mapping), _beside(rejects, file), dry_run)
    _run(stock.import_stock(asked), as_json=as_json)


@app.command("sales")
def sales_(
    file: File,
    *,
    site: Annotated[str, typer.Option("--site", help="The site that sold.")],
    mapping: MappingFile = None,
    dry_run: DryRun = False,
    rejects: RejectsFile = None,
    cost_percent: Annotated[
        int,
        typer.Option("--cost-percent", min=0, max=100, help="What opening stock cost, in percent of the last price."),
    ] = 0,
    time_zone: Annotated[
        str | None, typer.Option("--time-zone", help="Make the site, if it is missing, in this zone: Europe/London.")
    ] = None,
    members: Annotated[
        bool,
        typer.Option("--members/--no-members", help="Keep the till's customers as members; else they are left out."),
    ] = True,
    as_json: Json = False,
) -> None:
    """Bring in a till's export: products, opening stock, members, charges and returns; a rerun changes nothing."""
    read, beside = FileMapping.read(mapping), _beside(rejects, file)
    asked = sales.Asked(file, site, read, beside, dry_run, cost_percent, time_zone, members)
    _run(sales.import_sales(asked), as_json=as_json)


def _beside(given: Path | None, file: Path) -> Path:
    """The rejects file: as asked, else in the working folder, named after the data."""
    return given or Path(f"{file.name.removesuffix('.gz').removesuffix('.csv').removesuffix('.xlsx')}.rejects.csv")


def _run(work: "Coroutine[Any, Any, Outcome]", *, as_json: bool) -> None:
    """Run an import; exit code 2 when rows were rejected. Raises Refused with a sentence when it could not be done."""
    try:
        outcome = asyncio.run(work)
    except* (RefusedByService, Unreachable) as problems:
        raise Refused(_sentence(problems)) from None
    except* Refused as problems:
        raise Refused(str(_first(problems))) from None
    show(outcome, as_json=as_json)
    raise typer.Exit(2 if outcome.rejected else 0)


def _first(problems: BaseExceptionGroup[BaseException]) -> BaseException:
    problem: BaseException = problems
    while isinstance(problem, BaseExceptionGroup):
        problem = problem.exceptions[0]
    return problem


def _sentence(problems: BaseExceptionGroup[BaseException]) -> str:
    problem = _first(problems)
    detail = str(getattr(problem, "detail", problem))
    return f"{getattr(problem, 'title', 'It was refused')}: {detail}"
