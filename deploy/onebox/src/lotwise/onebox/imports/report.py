"""The only home of the `lotwise report` commands: figures of the running system, as tables or as JSON."""

import asyncio
import json
import sys
from datetime import date, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from lotwise.contracts.ids import uuid7
from lotwise.kit.client import Refused as RefusedByService
from lotwise.kit.client import Unreachable
from lotwise.onebox.access import access
from lotwise.onebox.home import Refused
from lotwise.values import format_minor

app = typer.Typer(help="Figures of the running system.", no_args_is_help=True)
REBUILD_SECONDS_MAX = 3600.0
WIDTH = 160
"""Characters of a line where no screen says how many it has."""
_FIRST = ("day", "site", "code", "name", "reason", "category", "unit", "units")
Json = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]
From = Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="The first day.")]
To = Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="The last day, included.")]
AtSite = Annotated[str | None, typer.Option("--site", help="One site; every site when left out.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=500, help="At most this many rows.")]
Sort = Annotated[str | None, typer.Option("--sort", help="A column to sort by, with a - in front for descending.")]


@app.command()
def totals(*, from_day: From = None, to_day: To = None, site: AtSite = None, as_json: Json = False) -> None:
    """Net units and revenue, tax, cost, margin and waste, with how many lines, charges and returns."""
    answer = _get("/v1/totals", _window(from_day, to_day, site))
    if as_json:
        _say(answer)
    else:
        _table([{"figure": name, "value": value} for name, value in answer.items()])


@app.command()
def by_product(
    *,
    from_day: From = None,
    to_day: To = None,
    site: AtSite = None,
    sort: Sort = None,
    limit: Limit = 30,
    as_json: Json = False,
) -> None:
    """Sales by product with cost and margin."""
    _rows("/v1/sales/by-product", _window(from_day, to_day, site) | _paging(sort, limit), as_json=as_json)


@app.command()
def by_category(
    *,
    from_day: From = None,
    to_day: To = None,
    site: AtSite = None,
    sort: Sort = None,
    limit: Limit = 30,
    as_json: Json = False,
) -> None:
    """Sales by category."""
    _rows("/v1/sales/by-category", _window(from_day, to_day, site) | _paging(sort, limit), as_json=as_json)


@app.command()
def by_day(
    *,
    from_day: From = None,
    to_day: To = None,
    site: AtSite = None,
    sort: Sort = None,
    limit: Limit = 100,
    as_json: Json = False,
) -> None:
    """Sales by day, in the sites' own calendars."""
    _rows("/v1/sales/by-day", _window(from_day, to_day, site) | _paging(sort, limit), as_json=as_json)


@app.command()
def by_site(
    *, from_day: From = None, to_day: To = None, sort: Sort = None, limit: Limit = 30, as_json: Json = False
) -> None:
    """Sales by site."""
    _rows("/v1/sales/by-site", _window(from_day, to_day, None) | _paging(sort, limit), as_json=as_json)


@app.command()
def stock_value(
    *,
    by: Annotated[str, typer.Option(help="site, category or product")] = "site",
    site: AtSite = None,
    as_json: Json = False,
) -> None:
    """The value of stock at cost."""
    _rows("/v1/stock-value", _window(None, None, site) | {"by": by, "limit": 500}, as_json=as_json)


@app.command()
def below_minimum(*, site: AtSite = None, as_json: Json = False) -> None:
    """What stands below its minimum."""
    _rows("/v1/below-minimum", _window(None, None, site) | {"limit": 500}, as_json=as_json)


@app.command()
def waste(*, from_day: From = None, to_day: To = None, site: AtSite = None, as_json: Json = False) -> None:
    """What was lost without a sale, by product and reason."""
    _rows("/v1/waste", _window(from_day, to_day, site) | {"limit": 500}, as_json=as_json)


@app.command()
def journey(thing: Annotated[str, typer.Argument(help="The id of a charge, order, lot, product or shortage.")],
            *, as_json: Json = False) -> None:  # fmt: skip
    """What led to a thing and what followed from it."""
    answer = _get(f"/v1/journey/{thing}", {})
    if as_json:
        _say(answer)
        return
    shown = ("at", "happened_at", "site", "speaker", "event", "actor")
    _table([{name: "  " * step["depth"] + step[name] if name == "event" else step[name] for name in shown}
            for step in answer["steps"]])  # fmt: skip


@app.command()
def rebuild(
    *,
    verify: Annotated[bool, typer.Option("--verify", help="Only compare with the live figures.")] = False,
    as_json: Json = False,
) -> None:
    """Fold all figures anew from the journal; exit code 1 when they differed from the live ones."""
    answer = _call(_rebuild(verify=verify))
    if as_json:
        _say(answer)
    else:
        how = "equal to the bit" if answer["is_equal"] else f"different in {', '.join(answer['differing'])}"
        done = "The rebuilt figures are live now." if answer["is_swapped"] else "Nothing was changed."
        Console().print(f"{answer['events']:,} events folded anew: {how}. {done}", markup=False)
    raise typer.Exit(0 if answer["is_equal"] else 1)


async def _rebuild(*, verify: bool) -> Any:
    async with access("operator") as system:
        reporting = system["reporting"]
        return await reporting.post(
            "/v1/rebuild", json={"verify": verify}, key=str(uuid7()), timeout=REBUILD_SECONDS_MAX
        )


def _window(from_day: datetime | None, to_day: datetime | None, site: str | None) -> dict[str, Any]:
    days: dict[str, date | None] = {
        "from": from_day.date() if from_day else None,
        "to": to_day.date() if to_day else None,
    }
    given = {name: day.isoformat() for name, day in days.items() if day}
    return given | ({"site": site} if site else {})


def _paging(sort: str | None, limit: int) -> dict[str, Any]:
    return {"limit": limit} | ({"sort": sort} if sort else {})


def _rows(path: str, parameters: dict[str, Any], *, as_json: bool) -> None:
    answer = _get(path, parameters)
    if as_json:
        _say(answer)
    else:
        _table([_readable(row) for row in answer["rows"]])


def _readable(row: dict[str, Any]) -> dict[str, str]:
    """A row for persons: names first, no ids, money as decimals."""
    order = {name: place for place, name in enumerate(_FIRST)}
    names = sorted((name for name in row if not name.endswith("_id")), key=lambda name: order.get(name, len(order)))
    return {name.removesuffix("_minor"): _cell(name, row[name]) for name in names}


def _cell(name: str, value: Any) -> str:
    if value is None:
        return ""
    return f"{format_minor(value)}" if name.endswith("_minor") else str(value)


def _get(path: str, parameters: dict[str, Any]) -> Any:
    return _call(_ask(path, parameters))


async def _ask(path: str, parameters: dict[str, Any]) -> Any:
    async with access("operator") as system:
        return await system["reporting"].get(path, params=parameters, timeout=60.0)


def _call(work: Any) -> Any:
    try:
        return asyncio.run(work)
    except (RefusedByService, Unreachable) as problem:
        raise Refused(f"{problem.title}: {problem.detail}") from None


def _say(answer: Any) -> None:
    print(json.dumps(answer, indent=1))


def _table(rows: "list[dict[str, Any]]") -> None:
    if not rows:
        Console().print("Nothing.")
        return
    table = Table()
    for name, value in rows[0].items():
        is_number = _is_number(value)
        table.add_column(name, justify="right" if is_number else "left", no_wrap=is_number, overflow="fold")
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row.values()))
    Console(width=None if sys.stdout.isatty() else WIDTH).print(table)


def _is_number(value: Any) -> bool:
    return str(value).replace(".", "", 1).removeprefix("-").isdecimal()
