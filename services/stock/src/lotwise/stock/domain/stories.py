"""The only home of what the movements of lots tell: which way they came, who carried them, who received them (N-06)."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from lotwise.stock.domain import places

Flow = tuple[UUID, str, str]
"""A lot and the kinds of places that its goods left and reached."""


class Step(NamedTuple):
    """One movement of a lot, with the kinds and sites of both its ends."""

    id: UUID
    lot_id: UUID
    cause_id: UUID
    site: str
    happened_at: datetime
    quantity: int
    cost_minor: int
    reverses: UUID | None
    from_kind: str
    from_site: str
    to_kind: str
    to_site: str


def flows(story: Iterable[Step]) -> dict[Flow, int]:
    """All that ever moved, summed by lot and the kinds of both ends."""
    sums: dict[Flow, int] = {}
    for one in story:
        key = (one.lot_id, one.from_kind, one.to_kind)
        sums[key] = sums.get(key, 0) + one.quantity
    return sums


def receipts(story: Iterable[Step]) -> list[dict[str, Any]]:
    """The deliveries that lots came with, in the order they happened."""
    found: dict[tuple[UUID, str, UUID], dict[str, Any]] = {}
    for one in story:
        if one.from_kind != places.SUPPLIER:
            continue
        row = found.setdefault(
            (one.lot_id, one.site, one.cause_id), _first(one, lot_id=one.lot_id, site=one.site, cost_minor=0)
        )
        _add(row, one)
        row["cost_minor"] += one.cost_minor
    return _in_order(found.values())


def transfers(story: Iterable[Step]) -> list[dict[str, Any]]:
    """The transfers that carried lots, in the order they happened."""
    found: dict[tuple[UUID, UUID, str, str], dict[str, Any]] = {}
    for one in story:
        if one.to_kind != places.TRANSIT:
            continue
        row = found.setdefault(
            (one.lot_id, one.cause_id, one.from_site, one.to_site),
            _first(one, lot_id=one.lot_id, from_site=one.from_site, to_site=one.to_site),
        )
        _add(row, one)
    return _in_order(found.values())


def charges(story: Collection[Step]) -> list[dict[str, Any]]:
    """The charges that received lots and did not bring all of it back; `lots` of each, `is_drawn` from a container.

    What the unattributed account gave is not of a lot, whatever settled it since.
    """
    back: dict[UUID, int] = {}
    for one in story:
        if one.reverses is not None:
            back[one.reverses] = back.get(one.reverses, 0) + one.quantity
    found: dict[tuple[UUID, str], dict[str, Any]] = {}
    for one in story:
        if one.to_kind != places.PATIENT or one.reverses is not None or one.from_kind == places.UNATTRIBUTED:
            continue
        if one.quantity <= back.get(one.id, 0):
            continue
        row = found.setdefault((one.cause_id, one.site), _first(one, site=one.site, lots=set(), is_drawn=False))
        _add(row, one)
        row["lots"].add(one.lot_id)
        row["is_drawn"] |= one.from_kind == places.IN_USE
    return _in_order(found.values())


def _first(one: Step, **more: Any) -> dict[str, Any]:
    return {"cause_id": one.cause_id, "happened_at": one.happened_at, "quantity": 0, **more}


def _add(row: dict[str, Any], one: Step) -> None:
    row["happened_at"] = min(row["happened_at"], one.happened_at)
    row["quantity"] += one.quantity


def _in_order(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: (row["happened_at"], row["cause_id"]))
