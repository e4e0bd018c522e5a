"""The only home of posting product rows to the catalog, and of knowing products and sites by what a file calls them."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from lotwise.kit import client
from lotwise.onebox.access import Access
from lotwise.onebox.home import Refused
from lotwise.onebox.imports.doors import Batch, Door, pages, post_all, sentence
from lotwise.onebox.imports.progress import Bar
from lotwise.onebox.imports.rejects import Rejects
from lotwise.onebox.imports.results import Outcome

ROWS_MAX = 500
NOTES_MAX = 30
"""How many warnings are shown in words; all of them are counted."""


class Wanted(NamedTuple):
    """A product row as the catalog takes it, and its line in the file (None when many lines speak of it)."""

    line: int | None
    body: dict[str, Any]


async def define(
    access: Access, rows: Sequence[Wanted], outcome: Outcome, rejects: Rejects, bar: Bar
) -> dict[str, str]:
    """Upsert products by code; gives product ids by the code that was sent. Refused rows go to the rejects."""
    ids: dict[str, str] = {}

    def note(batch: Batch, answer: Any) -> None:
        for wanted, result in zip(batch.rows, answer["rows"], strict=True):
            outcome.count("products", result["outcome"])
            for warning in result["warnings"]:
                outcome.count("warnings", warning["code"])
                if len(outcome.notes) < NOTES_MAX:
                    outcome.notes.append(f"{result['code']}: {warning['text']}")
            if result["product_id"]:
                ids[wanted.body["code"]] = result["product_id"]
            if result["problem"]:
                rejects.add(wanted.line, sentence(result["problem"]), str(wanted.body["code"]))
        bar.advance(len(batch.rows))

    def malformed(batch: Batch, reason: str) -> None:
        outcome.count("products", "refused")
        rejects.add(batch.rows[0].line, reason, str(batch.rows[0].body["code"]))
        bar.advance(1)

    dry = {"dry_run": True} if outcome.is_dry_run else {}
    batches = (
        Batch("rows", [one.body for one in part], part, dry)
        for part in (rows[start : start + ROWS_MAX] for start in range(0, len(rows), ROWS_MAX))
    )
    await post_all(Door(access["catalog"], "/v1/products:batch", note, malformed), batches)
    return ids


async def known_products(access: Access) -> dict[str, dict[str, Any]]:
    """Every product of the catalog by its code."""
    return {row["code"]: row async for row in pages(access["catalog"], "/v1/products", archived=False)}


async def zone_of(access: Access, site: str, new_zone: str | None = None) -> str:
    """The time zone of a site; with `new_zone` a missing one is made there. Raises Refused when it is missing."""
    known = {row["slug"]: row["time_zone"] async for row in pages(access["catalog"], "/v1/sites")}
    if site in known:
        return str(known[site])
    if new_zone is None:
        there = ", ".join(sorted(known)) or "none"
        raise Refused(
            f"There is no site {site!r}; there are: {there}. Define it under Settings, or name its --time-zone "
            "(Europe/London) and it is made."
        )
    body = {"slug": site, "name": site.replace("-", " ").title(), "time_zone": new_zone}
    try:
        made = await access["catalog"].post("/v1/sites", json=body, key=f"site-{site}", timeout=10.0)
    except client.Refused as problem:
        raise Refused(f"The site {site!r} cannot be made: {problem.detail}") from None
    return str(made["time_zone"])
