"""The only home of `lotwise audit`: the books of every service, proven from their ledgers over public interfaces."""

import asyncio
import json
from typing import Any

from rich.console import Console

from lotwise.onebox.access import access

AUDITS = (("stock", "/v1/audit"),)
AUDIT_SECONDS_MAX = 600.0


def audit(*, as_json: bool) -> int:
    """Ask for every proof and print what was found; 0 when the books are clean, 1 otherwise. Raises Refused."""
    answers = asyncio.run(_ask())
    findings = [finding for answer in answers.values() for finding in answer.get("findings", [])]
    if as_json:
        print(json.dumps(answers, indent=1))
    else:
        _show(answers, findings)
    return int(bool(findings))


async def _ask() -> dict[str, dict[str, Any]]:
    async with access("operator") as system:
        return {name: await system[name].get(path, timeout=AUDIT_SECONDS_MAX) for name, path in AUDITS}


def _show(answers: dict[str, dict[str, Any]], findings: list[Any]) -> None:
    console = Console()
    for name, answer in answers.items():
        counted = ", ".join(f"{key} {number}" for key, number in answer.items() if isinstance(number, int | str))
        console.print(f"{name}: {counted}")
    for finding in findings:
        console.print_json(data=finding)
    console.print("[red]The books differ.[/]" if findings else "[green]The books are clean.[/]")
