"""Rebuilds over HTTP: all figures anew from the journal, verified to the bit."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from lotwise.contracts.fields import Flag
from lotwise.kit.commands import Answer, Cmd, Read
from lotwise.kit.web import Router
from lotwise.reporting.domain.refusals import RebuildDisturbed, RebuildRunning
from lotwise.reporting.operations.rebuild import rebuild
from lotwise.reporting.repository import projections

router = Router(tags=["rebuilds"])


class RebuildIn(BaseModel):
    """With `verify` the rebuilt figures are only compared; without, they also replace the live ones."""

    model_config = ConfigDict(extra="forbid")

    verify: Flag = False


class RebuildOut(BaseModel):
    """How many events were folded, which read models differed (none: equal to the bit), and both sides' hashes."""

    events: int
    is_equal: bool
    differing: list[str]
    was: dict[str, str]
    now: dict[str, str]
    is_swapped: bool


class StandingOut(BaseModel):
    """When the figures were last made anew; `due_since` is set while an upgrade's rebuild has yet to end."""

    rebuilt_at: datetime | None
    due_since: datetime | None


@router.get("/rebuild", permission="ops.read", site="chain")
async def get_rebuild(read: Read) -> StandingOut:
    """Whether a rebuild is due: the service does it by itself, once, and shows the standing figures until then."""
    async with read.connection() as tx:
        return StandingOut(**(await projections.standing(tx))._asdict())


@router.post("/rebuild", permission="ops.manage", site="chain", refusals=(RebuildRunning, RebuildDisturbed))
async def post_rebuild(cmd: Cmd, asked: RebuildIn) -> Answer[RebuildOut]:
    """Fold the whole journal anew, compare with the live figures, and swap (unless it is only to verify)."""
    done = await rebuild(cmd.runtime.db, is_swapped=not asked.verify)
    out = RebuildOut(is_equal=not done.differing, **done._asdict())
    async with cmd.transaction() as tx:
        details = {"events": done.events, "differing": done.differing, "is_swapped": done.is_swapped}
        return await cmd.answer(tx, out, details=details)
