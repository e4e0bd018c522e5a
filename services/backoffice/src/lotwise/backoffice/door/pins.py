"""Changing the person at a shared till by PIN: every deed from then on is theirs (WEB-13)."""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING
from uuid import UUID

from starlette.requests import Request

from lotwise.backoffice.door import rules
from lotwise.backoffice.door.signing import person, random_text
from lotwise.backoffice.repository import pins as rows
from lotwise.backoffice.repository.pins import Candidate, Shared
from lotwise.contracts.ids import uuid7
from lotwise.kit import audit
from lotwise.kit.principal import Unauthenticated
from lotwise.values import BadValue

if TYPE_CHECKING:
    from lotwise.backoffice.door.door import Door, SignedIn

WRONG_MAX = 5
TRIES_AT_TILL = 20
_PIN = re.compile(r"[0-9]{4,8}")
_STEPS = {1, -1, 0}


def pin_of(text: str) -> str:
    """A PIN as it is hashed. Raises BadValue for one that is not 4 to 8 digits, or is guessed first."""
    if not _PIN.fullmatch(text):
        raise BadValue("A PIN has 4 to 8 digits.", field="pin")
    steps = {int(b) - int(a) for a, b in pairwise(text)}
    if len(steps) == 1 and steps <= _STEPS:
        raise BadValue("This PIN is too easy to guess: no 0000, no 1234.", field="pin")
    return text


async def shared(door: "Door", request: Request) -> Shared | None:
    """The shared till that this browser is, locked or not; None for a browser of one person, or of nobody."""
    secret = door.secret_of(request)
    if secret is None:
        return None
    async with door.runtime.db.reading() as tx:
        return await rows.shared(tx, secret, door.settings.till_lock_minutes)


async def own(door: "Door", request: Request) -> Shared | None:
    """This browser of one person as a till that somebody may take over with a PIN; None unless they may charge.

    Whoever is signed in hands it over: from the first change of person on it is a shared till.
    """
    try:
        who = await door.admit(request)
        live = await door.live_of(request)
    except Unauthenticated:
        return None
    if live.is_shared or not who.allows("charge.create"):
        return None
    sites = sorted({site for grant in live.grants for site in grant.sites})
    return Shared(live.session_id, live.user_id, False, live.expires_at, sites)


async def candidates(door: "Door", till: Shared) -> Sequence[Candidate]:
    """Who may take over at this till."""
    async with door.runtime.db.reading() as tx:
        return await rows.candidates(tx, till.sites)


async def set_pin(door: "Door", user_id: UUID, password: str, pin: str) -> None:
    """Give oneself a PIN, proven by one's password. Raises BadValue, BadSignIn, TooManyTries."""
    chosen = pin_of(pin)
    limits = {f"pin-set:{user_id}": WRONG_MAX}
    await door.may_try(limits)
    async with door.runtime.db.reading() as tx:
        password_hash, _ = await rows.password_of(tx, user_id)
    if not await door.fits(password_hash, password):
        await door.refuse(limits, actor=person(user_id), target=str(user_id), action="pin refused")
        raise rules.BadSignIn("The password does not fit.", field="password")
    pin_hash = await door.passwords.hash(chosen)
    async with door.runtime.db.transaction() as tx:
        await rows.set_pin(tx, user_id, pin_hash)
        await audit.record(tx, audit.Entry(person(user_id), "session", "pin set", target=str(user_id)))


async def share(door: "Door", request: Request, *, is_shared: bool) -> None:
    """Make this browser a shared till, or one person's again."""
    live = await door.live_of(request)
    async with door.runtime.db.transaction() as tx:
        await rows.share(tx, live.session_id, is_shared=is_shared)
        what = "till shared" if is_shared else "till not shared"
        await audit.record(tx, audit.Entry(person(live.user_id), "session", what, target=str(live.session_id)))


async def lock(door: "Door", request: Request) -> bool:
    """Lock this browser if it is a shared till; whether it was one."""
    till = await shared(door, request)
    if till is None:
        return False
    async with door.runtime.db.transaction() as tx:
        await rows.lock(tx, till.session_id)
    return True


async def switch(door: "Door", till: Shared, user_id: UUID, pin: str, address: str) -> "SignedIn":
    """Let another person go on at a till, which is a shared one from then on.

    Raises BadPin for a PIN that does not fit (who is not said to have one), PinLocked after five wrong ones in a row
    until they sign in with their password, TooManyTries for a till where too many were wrong.
    """
    from lotwise.backoffice.door.door import SignedIn

    limits = {f"pin-till:{till.session_id}": TRIES_AT_TILL}
    await door.may_try(limits)
    async with door.runtime.db.reading() as tx:
        known = await rows.pin_of(tx, user_id)
        may = any(one.user_id == user_id for one in await rows.candidates(tx, till.sites))
    if known is not None and known.failures >= WRONG_MAX:
        raise rules.PinLocked(
            f"The PIN of {known.name} is locked after {WRONG_MAX} wrong tries.",
            ways_out=("Sign in with the password.", "Set a new PIN."),
        )
    fits = await door.fits(known.pin_hash if known is not None and may else None, pin if _PIN.fullmatch(pin) else "x")
    if not fits or known is None:
        if may:
            async with door.runtime.db.transaction() as tx:
                await rows.failed(tx, user_id)
        await door.refuse(limits, actor=person(till.user_id), target=str(user_id), action="switch refused")
        raise rules.BadPin("This PIN does not fit.", field="pin")
    secret = random_text()
    async with door.runtime.db.transaction() as tx:
        await rows.forgive(tx, user_id)
        await rows.take_over(tx, till, uuid7(), door.hashed(secret), user_id, address)
        entry = audit.Entry(
            person(user_id), "session", "switch", target=str(user_id), details={"from": str(till.user_id)}
        )
        await audit.record(tx, entry)
    return SignedIn(user_id, known.name, secret)


async def clear(door: "Door", user_id: UUID, actor: str) -> None:
    """Take a person's PIN away; they set a new one themselves."""
    async with door.runtime.db.transaction() as tx:
        await rows.set_pin(tx, user_id, None)
        await audit.record(tx, audit.Entry(actor, "user.manage", "pin cleared", target=str(user_id)))
