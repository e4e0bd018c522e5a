"""The only home of the commands about messages that could not be applied."""

import asyncio
from typing import Annotated, Any

import typer
from rich.console import Console

from lotwise.contracts.ids import uuid7
from lotwise.onebox.access import access
from lotwise.onebox.chain import SERVICES

app = typer.Typer(help="List, explain and retry messages that could not be applied.", no_args_is_help=True)
Service = Annotated[str, typer.Argument(help=f"One of {', '.join(SERVICES)}.")]


@app.command("list")
def list_them(service: Annotated[str | None, typer.Argument(help="One service; all when left out.")] = None) -> None:
    """List what is parked, with the reason."""
    rows = asyncio.run(_rows([service] if service else list(SERVICES)))
    for name, row in rows:
        print(f"{name:<10}  {row['id']}  {row['failed_at'][:19]}  {row['subject']}  {row['reason']}")
    print(f"{len(rows) or 'No'} messages are parked.")


async def _rows(services: list[str]) -> list[tuple[str, dict[str, Any]]]:
    async with access("operator") as system:
        pages = [(name, await system[name].get("/v1/ops/dead-letters")) for name in services]
    return [(name, row) for name, page in pages for row in page["rows"]]


@app.command()
def show(service: Service, letter: Annotated[str, typer.Argument(help="Its id.")]) -> None:
    """Explain one: its message, the error and where it happened."""
    Console().print_json(data=asyncio.run(_one(service, letter)))


async def _one(service: str, letter: str) -> Any:
    async with access("operator") as system:
        return await system[service].get(f"/v1/ops/dead-letters/{letter}")


@app.command()
def retry(
    service: Service,
    letter: Annotated[str | None, typer.Argument(help="Its id; all of the service when left out.")] = None,
) -> None:
    """Apply again, once what was wrong is mended."""
    for one, answer in asyncio.run(_retry(service, letter)):
        print(f"{one}: {answer}")


async def _retry(service: str, letter: str | None) -> list[tuple[str, str]]:
    letters = [letter] if letter else [str(row["id"]) for _, row in await _rows([service])]
    async with access("operator") as system:
        return [(one, await _retry_one(system[service], one)) for one in letters]


async def _retry_one(client: Any, letter: str) -> str:
    from lotwise.values import Refusal

    try:
        await client.post(f"/v1/ops/dead-letters/{letter}:retry", json={}, key=str(uuid7()), timeout=30)
    except Refusal as refusal:
        return f"not applied: {refusal.detail}"
    return "applied"


@app.command()
def dismiss(
    service: Service,
    letter: Annotated[str, typer.Argument(help="Its id.")],
    reason: Annotated[str, typer.Option(help="Why it will never be applied; kept in the audit trail.")],
) -> None:
    """Lay one to rest unapplied."""
    asyncio.run(_dismiss(service, letter, reason))
    print(f"{letter}: laid to rest")


async def _dismiss(service: str, letter: str, reason: str) -> None:
    async with access("operator") as system:
        await system[service].post(f"/v1/ops/dead-letters/{letter}:dismiss", json={"reason": reason}, key=str(uuid7()))
