"""The only home of reading tokens: Ed25519 signatures checked offline against the door's key set.

A token that held once is remembered until it runs out, so that the fast path is one dictionary look-up.
"""

import asyncio
import time
from collections import OrderedDict
from pathlib import Path
from typing import Any

import httpx
import orjson
import structlog
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey

from lotwise.kit.principal import Grant, Principal, Unauthenticated, compile_reach
from lotwise.values import Refusal

ALGORITHM = "Ed25519"
AUDIENCE = "lotwise"
ISSUER = "lotwise-door"
TYPE = "at+jwt"
LIFETIME_SECONDS = 300
LEEWAY_SECONDS = 5
REMEMBERED_MAX = 4096
TOKEN_BYTES_MAX = 8192
REFRESH_PAUSE_SECONDS = 5.0
FRESH_SECONDS = 300.0
_HEADER_FIELDS = frozenset({"alg", "typ", "kid"})
log = structlog.get_logger(__name__)

_CLAIMS = jwt.JWTClaimsRegistry(
    leeway=LEEWAY_SECONDS,
    iss={"essential": True, "value": ISSUER},
    aud={"essential": True, "value": AUDIENCE},
    exp={"essential": True},
    iat={"essential": True},
    sub={"essential": True},
    jti={"essential": True},
)


class NoKeys(Refusal):
    """A fresh service that has never reached the door can believe nobody; the caller's token may be fine."""

    code = "no-keys"
    title = "Not available for a moment"
    status = 503


class Verifier:
    """The key set of the door, fetched at need and kept on disk, so that a service starts without the door."""

    def __init__(self, url: str = "", cache: Path | None = None) -> None:
        self.url = url
        self.cache = cache
        self._keys: dict[str, OKPKey] = {}
        self._known: OrderedDict[str, Principal] = OrderedDict()
        self._tried_at = -REFRESH_PAUSE_SECONDS
        self._fetching = asyncio.Lock()

    def load(self, document: dict[str, Any]) -> None:
        """Take a JWKS document: only public Ed25519 signature keys with a kid are kept. Raises JoseError."""
        keys: dict[str, OKPKey] = {}
        for key in document.get("keys", []):
            if key.get("kty") == "OKP" and key.get("crv") == "Ed25519" and key.get("kid"):
                public = {name: key[name] for name in ("kty", "crv", "x", "kid")}
                keys[str(key["kid"])] = OKPKey.import_key(public)
        self._keys = keys
        self._known.clear()

    def load_cache(self) -> None:
        """Take the key set of the last run from disk, if there is one that can be read."""
        if self.cache is None or not self.cache.exists():
            return
        try:
            self.load(orjson.loads(self.cache.read_bytes()))
        except (ValueError, JoseError, OSError):
            log.warning("key cache cannot be read", path=self.cache.name)

    async def admit(self, token: str) -> Principal:
        """Who the token speaks for. Raises Unauthenticated, or NoKeys before the door was ever reached.

        A token that names an unknown key makes it fetch the key set.
        """
        known = self._known.get(token)
        if known is not None and known.expires_at > time.time():
            return known
        self._known.pop(token, None)
        kid = _kid(token)
        if kid not in self._keys:
            await self.refresh()
        if not self._keys:
            raise NoKeys("Tokens cannot be read yet: the door has not been reached.", retry_after_seconds=2)
        principal = self._verify(token, kid)
        self._known[token] = principal
        if len(self._known) > REMEMBERED_MAX:
            self._known.popitem(last=False)
        return principal

    async def refresh(self) -> None:
        """Fetch the key set from the door, at most once in five seconds; what is known stays when that fails."""
        async with self._fetching:
            if not self.url or time.monotonic() - self._tried_at < REFRESH_PAUSE_SECONDS:
                return
            self._tried_at = time.monotonic()
            try:
                async with httpx.AsyncClient(timeout=2.0, trust_env=False) as client:
                    document = (await client.get(self.url)).raise_for_status().json()
                self.load(document)
                self._keep(orjson.dumps(document))
            except (httpx.HTTPError, ValueError, JoseError, OSError) as error:
                log.warning("key set cannot be fetched", error=type(error).__name__)

    async def keep_fresh(self) -> None:
        """Fetch the key set every few minutes, for ever: a key that was withdrawn opens nothing for longer."""
        while True:
            await asyncio.sleep(FRESH_SECONDS)
            await self.refresh()

    def _keep(self, document: bytes) -> None:
        if self.cache is None:
            return
        self.cache.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.cache.with_suffix(".new")
        fresh.write_bytes(document)
        fresh.replace(self.cache)

    def _verify(self, token: str, kid: str) -> Principal:
        key = self._keys.get(kid)
        if key is None:
            raise _refused()
        try:
            read = jwt.decode(token, KeySet([key]), algorithms=[ALGORITHM])
            _CLAIMS.validate(read.claims)
            return _principal(read.claims, token)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise _refused() from error


def _refused() -> Unauthenticated:
    return Unauthenticated("The token does not hold or has run out.", ways_out=("Get a new one from the door.",))


def _kid(token: str) -> str:
    """The key that a token names, read before anything is believed. Raises Unauthenticated for odd headers.

    Only alg, typ and kid may stand in the header: no embedded key, no key address, no critical extension.
    """
    if len(token) > TOKEN_BYTES_MAX or not token.isascii() or token.count(".") != 2:
        raise _refused()
    try:
        header = orjson.loads(_unpadded(token.split(".", 1)[0]))
    except ValueError as error:
        raise _refused() from error
    if not isinstance(header, dict) or set(header) != _HEADER_FIELDS:
        raise _refused()
    if header["alg"] != ALGORITHM or header["typ"] != TYPE or not isinstance(header["kid"], str):
        raise _refused()
    return header["kid"]


def _unpadded(text: str) -> bytes:
    import base64

    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _principal(claims: dict[str, Any], token: str) -> Principal:
    now = time.time()
    issued, expires = float(claims["iat"]), float(claims["exp"])
    if expires - issued > LIFETIME_SECONDS or issued > now + LEEWAY_SECONDS or expires <= now:
        raise ValueError("outside of its time")
    grants = tuple(Grant(str(grant["role"]), tuple(map(str, grant["sites"]))) for grant in claims["grants"])
    return Principal(
        subject=str(claims["sub"]),
        name=str(claims.get("name", "")),
        reach=compile_reach(grants),
        grants=grants,
        expires_at=expires,
        token=token,
    )
