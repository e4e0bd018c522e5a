"""The door itself: signing in and out, who a cookie speaks for, and tokens for persons and machines."""

import asyncio
import hmac
import ipaddress
import re
import time
import unicodedata
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
import structlog
from starlette.requests import Request
from starlette.responses import Response

from lotwise.backoffice.door import rules
from lotwise.backoffice.door.passwords import Busy, Passwords
from lotwise.backoffice.door.signing import Signer, person, random_text
from lotwise.backoffice.repository import keys, sessions, users
from lotwise.backoffice.repository import pins as pin_rows
from lotwise.backoffice.repository.sessions import Live
from lotwise.contracts.backoffice import UserSignedIn
from lotwise.contracts.ids import uuid7
from lotwise.kit import audit, context
from lotwise.kit.outbox import tell
from lotwise.kit.principal import Grant, Principal, Unauthenticated

if TYPE_CHECKING:
    from lotwise.backoffice.settings import BackofficeSettings
    from lotwise.kit.service import Runtime

WINDOW_SECONDS = 15 * 60.0
TRIES_AT_ADDRESS = 5
TRIES_OF_LOGIN = 30
TRIES_FROM_ADDRESS = 60
SEEN_EVERY_SECONDS = 60.0
TOKEN_MARGIN_SECONDS = 60.0
SESSIONS_KNOWN_MAX = 5000
KEYS_READ_SECONDS = 300.0
MACHINE_ROLES = {"importer": "importer", "operator": "owner"}
_KEY = re.compile(r"^ck_([A-Za-z0-9]{12})_([A-Za-z0-9_-]{43})$")
log = structlog.get_logger(__name__)
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person who came in: `secret` is the cookie's value, shown to nobody else."""

    user_id: UUID
    name: str
    secret: str


class Door:
    """Lets persons and machines in. One per process, in `runtime.state["door"]`."""

    def __init__(self, runtime: "Runtime", settings: "BackofficeSettings") -> None:
        self.runtime = runtime
        self.settings = settings
        self.signer = Signer(settings.client_secret or settings.database_url, settings.key_days)
        self.passwords = Passwords(settings.password_checks_max)
        self._tokens: OrderedDict[tuple[UUID, int], Principal] = OrderedDict()
        self._machines = machines(settings)
        self.keeping: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Read or make the signing keys; this process verifies with them too."""
        await self.signer.prepare(self.runtime.db)
        self.runtime.verifier.load(self.signer.jwks())

    async def keep_open(self) -> None:
        """Read the keys every few minutes, for ever: another process may have made the next one."""
        while True:
            await asyncio.sleep(KEYS_READ_SECONDS)
            try:
                await self.open()
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                log.warning("signing keys cannot be read", error=type(error).__name__)

    def close(self) -> None:
        """Stop reading keys and checking passwords."""
        if self.keeping is not None:
            self.keeping.cancel()
        self.passwords.close()

    async def sign_in(self, login: str, password: str, *, address: str) -> SignedIn:
        """Start a session. Raises BadSignIn (401) or TooManyTries (429); every try is in the audit trail."""
        name = _readable(login.strip().lower()[:80])
        limits = _limits(name, address)
        await self.may_try(limits)
        async with self.runtime.db.reading() as tx:
            known = await users.secret_of(tx, name)
        user_id, shown, password_hash, is_active = known or (None, "", None, False)
        if not await self.fits(password_hash if is_active else None, password) or user_id is None:
            await self.refuse(limits, actor="nobody", target=name, action="sign in refused")
            raise rules.BadSignIn("Login or password do not fit.", ways_out=("Ask an owner for a new password.",))
        return await self._start(user_id, shown, password, password_hash or "", address, limits)

    async def sign_out(self, request: Request) -> None:
        """End the session of this browser, if it has one."""
        secret = request.cookies.get(cookie_name(request))
        if not secret:
            return
        async with self.runtime.db.transaction() as tx:
            user_id = await sessions.end(tx, _hashed(secret))
            if user_id is not None:
                await audit.record(tx, audit.Entry(person(user_id), "session", "sign out", target=str(user_id)))

    async def admit(self, request: Request) -> Principal:
        """Who the session cookie speaks for, with a token that holds for a minute at least. Raises Unauthenticated.

        At a shared till whatever a person does themselves keeps it unlocked; a page that reads itself anew does not.
        """
        live = await self.live_of(request)
        now = datetime.now(UTC)
        if live.is_shared:
            idle = (now - live.active_at).total_seconds()
            if live.is_locked or idle > 60 * self.settings.till_lock_minutes:
                raise Unauthenticated("This till is locked.", ways_out=("Enter your PIN.",))
            if idle > SEEN_EVERY_SECONDS / 4 and _is_own_deed(request):
                async with self.runtime.db.transaction() as tx:
                    await pin_rows.active(tx, live.session_id)
        elif (now - live.seen_at).total_seconds() > SEEN_EVERY_SECONDS:
            async with self.runtime.db.transaction() as tx:
                await sessions.touch(tx, live.session_id)
        return self._token_of(live)

    async def live_of(self, request: Request) -> Live:
        """The session of this browser, locked or not. Raises Unauthenticated."""
        secret = self.secret_of(request)
        if secret is None:
            raise Unauthenticated("You are not signed in.")
        async with self.runtime.db.reading() as tx:
            live = await sessions.live(tx, secret, self.settings.session_idle_minutes)
        if live is None:
            raise Unauthenticated("Your session is over.", ways_out=("Sign in again.",))
        return live

    def secret_of(self, request: Request) -> bytes | None:
        """The hash of this browser's cookie, if it has one."""
        secret = request.cookies.get(cookie_name(request))
        return _hashed(secret) if secret and len(secret) <= 100 else None

    async def machine(self, client_id: str, client_secret: str, *, address: str) -> Principal:
        """A token for a service of ours. Raises BadClient or TooManyTries."""
        client_id = _readable(client_id[:40])
        limits = {f"client:{client_id}@{address}": TRIES_FROM_ADDRESS}
        await self.may_try(limits)
        expected = self._machines.get(client_id)
        if expected is None or not hmac.compare_digest(expected.encode(), client_secret.encode(errors="replace")):
            await self.refuse(limits, actor="nobody", target=client_id, action="client refused")
            raise rules.BadClient("This client and secret do not fit.")
        return self.signer.mint(f"service:{client_id}", client_id, (_machine_grant(client_id),))

    async def api_key(self, text: str, *, address: str) -> Principal:
        """A token for a key `ck_<id>_<secret>`. Raises BadClient or TooManyTries."""
        match = _KEY.fullmatch(text)
        limits = {f"key:{match[1] if match else ''}@{address}": TRIES_FROM_ADDRESS}
        await self.may_try(limits)
        async with self.runtime.db.transaction() as tx:
            found = await keys.usable(tx, match[1]) if match else None
            fits = found is not None and match is not None and hmac.compare_digest(found[0], _hashed(match[2]))
            if fits and found is not None and _may_come_from(found[1].addresses, address):
                await keys.used(tx, found[1].id)
                grants = tuple(Grant(grant.role, tuple(grant.sites)) for grant in found[1].grants)
                return self.signer.mint(f"key:{found[1].id}", found[1].name, grants)
        await self.refuse(limits, actor="nobody", target=match[1] if match else "", action="key refused")
        raise rules.BadClient("This key does not fit.")

    @staticmethod
    def hashed(secret: str) -> bytes:
        """What is kept of a cookie."""
        return _hashed(secret)

    def set_cookie(self, request: Request, response: Response, signed_in: SignedIn) -> None:
        """Hand the session to the browser: readable by no script, sent to this site alone."""
        response.set_cookie(
            cookie_name(request),
            signed_in.secret,
            max_age=self.settings.session_hours_max * 3600,
            path="/",
            secure=is_https(request),
            httponly=True,
            samesite="lax",
        )

    def clear_cookie(self, request: Request, response: Response) -> None:
        """Take the session from the browser."""
        response.delete_cookie(cookie_name(request), path="/", secure=is_https(request), httponly=True, samesite="lax")

    async def _start(
        self, user_id: UUID, name: str, password: str, password_hash: str, address: str, limits: dict[str, int]
    ) -> SignedIn:
        secret, actor, now = random_text(), person(user_id), datetime.now(UTC)
        fresh = await self.passwords.hash(password) if self.passwords.is_outdated(password_hash) else None
        with context.work(by=actor, correlation=context.correlation_id.get(), trace_parent=context.traceparent.get()):
            async with self.runtime.db.transaction() as tx:
                await sessions.start(tx, uuid7(), _hashed(secret), user_id, self.settings.session_hours_max, address)
                if fresh is not None:
                    await users.renew_hash(tx, user_id, fresh)
                await sessions.forgive(tx, [subject for subject in limits if subject.startswith("login")])
                await pin_rows.forgive(tx, user_id)
                await audit.record(tx, audit.Entry(actor, "session", "sign in", target=str(user_id)))
                await tell(tx, UserSignedIn(user_id=user_id, happened_at=now))
        return SignedIn(user_id, name, secret)

    def _token_of(self, live: Live) -> Principal:
        key = (live.session_id, live.revision)
        known = self._tokens.get(key)
        if known is None or known.expires_at - time.time() < TOKEN_MARGIN_SECONDS:
            known = self._tokens[key] = self.signer.mint(person(live.user_id), live.name, live.grants)
            self._tokens.move_to_end(key)
            if len(self._tokens) > SESSIONS_KNOWN_MAX:
                self._tokens.popitem(last=False)
        return known

    async def fits(self, password_hash: str | None, password: str) -> bool:
        """Whether a password or PIN fits; without a hash it takes as long. Raises TooManyTries when many wait."""
        if len(password) > rules.PASSWORD_LETTERS_MAX:
            return False
        password = unicodedata.normalize("NFC", _readable(password))
        try:
            return await self.passwords.fits(password_hash, password)
        except Busy:
            raise rules.TooManyTries("Many people sign in at once; try again.", retry_after_seconds=2) from None

    async def may_try(self, limits: dict[str, int]) -> None:
        """Pass unless one of these subjects failed too often. Raises TooManyTries."""
        async with self.runtime.db.reading() as tx:
            seconds = await sessions.must_wait(tx, limits)
        if seconds > 0:
            raise rules.TooManyTries("Too many failed tries; wait a while.", retry_after_seconds=int(seconds) + 1)

    async def refuse(self, limits: dict[str, int], *, actor: str, target: str, action: str) -> None:
        """Count a failure of these subjects and put it into the trail."""
        async with self.runtime.db.transaction() as tx:
            await sessions.failed(tx, list(limits), WINDOW_SECONDS)
            await audit.record(tx, audit.Entry(actor, "session", action, target=target))


def machines(settings: "BackofficeSettings") -> dict[str, str]:
    """The services and commands that may ask for a token, with their secrets; those without a secret may not."""
    names = ("catalog", "sales", "stock", "purchasing", "alerts", "reporting", "importer", "operator")
    known = {name: str(getattr(settings, f"{name}_secret")) for name in names} | {"backoffice": settings.client_secret}
    return {name: secret for name, secret in known.items() if secret}


def _machine_grant(client_id: str) -> Grant:
    return Grant(MACHINE_ROLES.get(client_id, "service"), ("*",))


def _limits(login: str, address: str) -> dict[str, int]:
    return {
        f"login:{login}@{address}": TRIES_AT_ADDRESS,
        f"login:{login}": TRIES_OF_LOGIN,
        f"address:{address}": TRIES_FROM_ADDRESS,
    }


def _is_own_deed(request: Request) -> bool:
    """Whether a person did this: went to a page or sent something; not a part of a page that reads itself anew."""
    if request.method not in _SAFE:
        return True
    is_stream = "text/event-stream" in request.headers.get("accept", "")
    return "hx-request" not in request.headers and not is_stream


def _readable(text: str) -> str:
    """Text that can be kept: without NUL, lone surrogates as question marks."""
    return text.encode(errors="replace").decode().replace("\x00", "?")


def _hashed(secret: str) -> bytes:
    return sha256(secret.encode(errors="replace")).digest()


def _may_come_from(addresses: list[str], address: str) -> bool:
    if not addresses:
        return True
    try:
        here = ipaddress.ip_address(address)
        return any(here in ipaddress.ip_network(net, strict=False) for net in addresses)
    except ValueError:
        return False


def is_https(request: Request) -> bool:
    """Whether the browser came by https, told by the connection or by the proxy in front."""
    return request.url.scheme == "https"


def cookie_name(request: Request) -> str:
    """`__Host-sid` over https: no other host or path can set it; plain `sid` on a loopback address."""
    return "__Host-sid" if is_https(request) else "sid"


def address_of(request: Request) -> str:
    """The address that a request came from."""
    return request.client.host if request.client else ""


def same_origin(request: Request) -> None:
    """Pass reads, and deeds that one of our own pages sent. Raises ForeignOrigin."""
    if request.method in _SAFE:
        return
    told = request.headers.get("sec-fetch-site")
    if told is not None:
        if told in {"same-origin", "none"}:
            return
        raise rules.ForeignOrigin("This request was not sent from a page of this office.")
    origin = request.headers.get("origin")
    if origin is None or urlsplit(origin).netloc != request.headers.get("host"):
        raise rules.ForeignOrigin("This request was not sent from a page of this office.")


async def keep_house(runtime: "Runtime") -> None:
    """The door's chores: what is left of sessions long over, and of tries."""
    async with asyncio.timeout(30), runtime.db.transaction() as tx:
        await sessions.forget_old(tx)


async def open_door(runtime: "Runtime") -> None:
    """Put the door into the runtime and open it."""
    from lotwise.backoffice.settings import BackofficeSettings

    settings = runtime.settings
    if not isinstance(settings, BackofficeSettings):
        raise TypeError("the door needs the back office's settings")
    door = runtime.state["door"] = Door(runtime, settings)
    await door.open()
    door.keeping = asyncio.create_task(door.keep_open(), name="door")


async def close_door(runtime: "Runtime") -> None:
    """Close what the door holds."""
    if (door := runtime.state.get("door")) is not None:
        door.close()
