"""The only home of the dead letters' later life: listed, explained, tried again, or laid to rest by a person."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from lotwise.kit.apply import is_fault_of_the_place
from lotwise.kit.database import Tx
from lotwise.kit.message import clean
from lotwise.kit.waiting import NotYetKnown, from_row, park
from lotwise.values import Refusal, Unknown


class StillFails(Refusal):
    """The message was handed to its handler again and cannot be applied now either."""

    code = "still-fails"
    title = "This message still cannot be applied"


class DeadLetter(BaseModel):
    """A message that could not be applied: why, since when, and what became of it."""

    id: UUID
    consumer: str
    stream: str
    sequence: int
    msg_id: UUID | None
    subject: str
    reason: str
    error: str
    published_at: datetime | None
    failed_at: datetime
    tries: int
    settled_at: datetime | None
    settled_by: str | None


class Explained(DeadLetter):
    """A dead letter with all that was sent and where it failed; a body that is no text is shown with marks."""

    headers: dict[str, Any]
    body: str
    stack: str


_COLUMNS = (
    "id, consumer, stream, sequence, msg_id, subject, reason, error,"
    " published_at, failed_at, tries, settled_at, settled_by"
)
_LIST = f"""
select {_COLUMNS} from dead_letter
where (settled_at is null or not $1) and ($2::timestamptz is null or (failed_at, id) < ($2, $3::uuid))
order by failed_at desc, id desc limit $4
"""
_SETTLE = "update dead_letter set settled_at = now(), settled_by = $2 where id = $1"
_FAILED_AGAIN = "update dead_letter set tries = tries + 1, error = $2, failed_at = now() where id = $1"


async def dead_letters(
    tx: Tx, *, is_open: bool = True, before: tuple[datetime, UUID] | None = None, limit: int = 100
) -> list[DeadLetter]:
    """Dead letters, newest first, below a keyset position; settled ones too when not `is_open`."""
    at, last = before or (None, None)
    return [DeadLetter.model_validate(dict(row)) for row in await tx.fetch(_LIST, is_open, at, last, limit)]


async def explain(tx: Tx, dead_letter_id: UUID) -> Explained:
    """All that is known of one. Raises Unknown."""
    row = await tx.fetchrow(f"select {_COLUMNS}, headers, body, stack from dead_letter where id = $1", dead_letter_id)
    if row is None:
        raise Unknown("No dead letter has this id.", field="id")
    return Explained.model_validate(dict(row) | {"body": bytes(row["body"][:20_000]).decode(errors="replace")})


async def retry(tx: Tx, dead_letter_id: UUID, by: str) -> None:
    """Hand a dead letter to its handler again, in this transaction; it is settled, or parked as early.

    Raises Unknown when no open one has this id or nobody here hears its stream, StillFails when it cannot be applied;
    then nothing else of the transaction is lost (a savepoint is rolled back), and the try is counted by `count_try`.
    """
    row = await tx.fetchrow("select * from dead_letter where id = $1 and settled_at is null for update", dead_letter_id)
    home = getattr(tx, "home", None)
    applier = None if row is None or home is None or home.redriver is None else home.redriver.applier(row["consumer"])
    if row is None or applier is None:
        raise Unknown("No open dead letter of a consumer of this service has this id.", field="id")
    message = from_row(row)
    try:
        async with tx.transaction():
            await applier.once_more(tx, message)
    except NotYetKnown as soon:
        await park(tx, message, soon.kind, soon.key)
    except Exception as error:
        if is_fault_of_the_place(error):
            raise
        raise StillFails(clean(str(error))[:500] or type(error).__name__, reason=type(error).__name__) from error
    await tx.execute(_SETTLE, dead_letter_id, by)


async def count_try(tx: Tx, dead_letter_id: UUID, error: str) -> None:
    """Remember that a retry failed, and how."""
    await tx.execute(_FAILED_AGAIN, dead_letter_id, clean(error)[:4000])


async def lay_to_rest(tx: Tx, dead_letter_id: UUID, by: str) -> None:
    """Settle one without applying it. Raises Unknown."""
    done = await tx.execute(f"{_SETTLE} and settled_at is null", dead_letter_id, by)
    if done == "UPDATE 0":
        raise Unknown("No open dead letter has this id.", field="id")
