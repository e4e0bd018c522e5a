"""The only home of a large system that may stand again: furnished and filled once, kept in a folder, taken up later."""

import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import asyncpg
from tests.speed.history import Made, keep_days, make
from tests.speed.system import LOTWISE, System, _note_commits, running

from lotwise.contracts.ids import named_id
from lotwise.kit.database import SESSION
from lotwise.onebox.home import Home
from lotwise.onebox.ports import free_port

SITES = 40
PRODUCTS = 5000
ZONES = ("Europe/London", "America/New_York", "Australia/Sydney", "Asia/Dubai", "America/Los_Angeles")


@contextmanager
def standing(room: Path | None) -> Iterator[Home]:
    """A onebox that is stopped afterwards: a fresh one that is removed, or the one that a room keeps."""
    if room is None:
        with running() as home:
            yield home
        return
    room.mkdir(mode=0o711, parents=True, exist_ok=True)
    os.environ.update({"LOTWISE_HOME": str(room / "home"), "LOTWISE_PORT": str(free_port())})
    up, down = [LOTWISE, "up", "--detach", "--no-demo"], [LOTWISE, "down"]
    is_fresh = not (room / "home").exists()
    subprocess.run(up, check=True, stdout=subprocess.DEVNULL)
    try:
        if is_fresh:
            _note_commits(Home.find())
            subprocess.run(down, check=True, stdout=subprocess.DEVNULL)
            subprocess.run(up, check=True, stdout=subprocess.DEVNULL)
        yield Home.find()
    finally:
        subprocess.run(down, check=False, stdout=subprocess.DEVNULL)


def slug(number: int) -> str:
    """The slug of a site."""
    return f"size-{number:02}"


async def furnish(measured: System) -> list[str]:
    """Forty sites in five zones and five thousand products with a price; returns the products' ids by code."""
    catalog = measured.doors["catalog"]
    for number in range(SITES):
        body = {"slug": slug(number), "name": f"Size {number}", "time_zone": ZONES[number % len(ZONES)]}
        await catalog.post("/v1/sites", json=body, key=str(named_id("size-site", number)))
    ids: dict[str, str] = {}
    for start in range(0, PRODUCTS, 250):
        rows = [
            {
                "code": f"S{number:05}",
                "name": f"Product {number:05}",
                "kind": "physical",
                "purpose": "retail",
                "price": "12.50",
            }
            for number in range(start, start + 250)
        ]
        key = str(named_id("size-products", start))
        made = await catalog.post("/v1/products:batch", json={"rows": rows}, key=key, timeout=60)
        ids |= {row["code"]: row["product_id"] for row in made["rows"]}
    await measured.drained()
    return [ids[code] for code in sorted(ids)]


def noted(note: Path | None) -> tuple[Made, list[str]] | None:
    """What a kept folder's note says was made there."""
    if note is None or not note.exists():
        return None
    found = json.loads(note.read_text())
    return Made(**found["made"]), found["products"]


def write_note(note: Path | None, made: Made, products: Sequence[str]) -> None:
    """Note in a kept folder what was made there."""
    if note is not None:
        note.write_text(json.dumps({"made": asdict(made), "products": products}))


async def filled(measured: System, movements: int, note: Path | None) -> tuple[Made, list[str]]:
    """Furnish the system and make its history, or take up what a kept folder's note says; its days are kept too."""
    owner = await asyncpg.connect(measured.admin_url("stock"), command_timeout=3600, server_settings=SESSION)
    try:
        if (found := noted(note)) is None:
            products = await furnish(measured)
            found = await make(owner, movements, 1000), products
            write_note(note, *found)
        await keep_days(owner)
    finally:
        await owner.close()
    return found
