"""The only home of `lotwise audit`: the books of every service, proven over public interfaces.

Stock recomputes its balances from the ledger and checks the ledger's seals; sales holds what members own (packages,
certificates, accounts, fees) against its entries; every service proves its audit trail; the books of sales, purchasing
and reporting are matched with stock's.
"""

import asyncio
import json
from typing import Any

from rich.console import Console

from lotwise.kit.client import Unreachable
from lotwise.onebox.access import Access, access
from lotwise.onebox.chain import SERVICES
from lotwise.onebox.matching import Matching

MATCHING = "charges, deliveries and reports against the ledger"
LEDGER = ("stock ledger", "stock", "/v1/audit")
OWED = "what is owed to members"
OWED_PATH = "/v1/liabilities/proof"
TRAILS = tuple((f"{service} audit trail", service, "/v1/audit-trail/proof") for service in SERVICES)
AUDIT_SECONDS_MAX = 3600.0


def audit(*, as_json: bool) -> int:
    """Ask for every proof and print what was found; 0 when all hold, 1 otherwise. Raises Refused."""
    answers = asyncio.run(_ask())
    if as_json:
        print(json.dumps(answers, indent=1))
    else:
        _show(answers)
    return int(not all(map(holds, answers.values())))


def holds(answer: dict[str, Any]) -> bool:
    """Whether a proof found nothing wrong."""
    return bool(answer.get("is_clean", answer.get("is_intact", False)))


async def _ask() -> dict[str, dict[str, Any]]:
    async with access("operator") as system:
        proofs = {about: await _proof(system, service, path) for about, service, path in (LEDGER, *TRAILS)}
        proofs[OWED] = owed(await _proof(system, "sales", OWED_PATH))
        try:
            proofs[MATCHING] = await Matching(system).run()
        except Unreachable as problem:
            proofs[MATCHING] = {"is_clean": False, "findings": [problem.detail]}
        return proofs


def owed(answer: dict[str, Any]) -> dict[str, Any]:
    """What sales says of its entries as a proof like the others: each row that disagrees is a finding that names it."""
    if "wrong" not in answer:
        return answer
    findings = [
        {
            "check": "balances",
            "row": f"{one['kind']} {one['owner_id']}",
            "detail": "the row says another amount than its entries, in minor units",
            "expected": str(one["entries_minor"]),
            "found": str(one["row_minor"]),
        }
        for one in answer["wrong"]
    ]
    return {"is_clean": not findings, "entries": answer["entries"], "findings": findings}


async def _proof(system: Access, service: str, path: str) -> dict[str, Any]:
    try:
        return dict(await system[service].get(path, timeout=AUDIT_SECONDS_MAX))
    except Unreachable as problem:
        return {"is_intact": False, "findings": [problem.detail]}


def _show(answers: dict[str, dict[str, Any]]) -> None:
    console = Console(soft_wrap=True, highlight=False)
    for about, answer in answers.items():
        counts = ", ".join(f"{number} {name}" for name, number in answer.items() if type(number) is int)
        console.print(f"{'[green]clean[/]' if holds(answer) else '[red]differs[/]'}  {about}: {counts or 'no proof'}")
        if not holds(answer):
            console.print_json(data=answer)
    console.print("The books are clean." if all(map(holds, answers.values())) else "The books differ: see above.")
