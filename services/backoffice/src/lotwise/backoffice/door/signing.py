"""The only home of signing keys and of minting: two keys stand in the key set, one signs, the next is known beforehand.

Private halves are kept encrypted with a key derived from the back office's own client secret.
"""

import base64
import os
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from joserfc import jwt
from joserfc.jwk import OKPKey

from lotwise.backoffice.repository import keys
from lotwise.backoffice.repository.keys import SigningKey
from lotwise.contracts.ids import uuid7
from lotwise.kit.database import Database
from lotwise.kit.principal import Grant, Principal, compile_reach
from lotwise.kit.tokens import ALGORITHM, AUDIENCE, ISSUER, LIFETIME_SECONDS, TYPE

GRACE = timedelta(hours=1)
log = structlog.get_logger(__name__)


class Signer:
    """The door's keys in memory: which one signs now, and the key set that services verify with."""

    def __init__(self, secret: str, key_days: int = 30) -> None:
        self._box = AESGCM(HKDF(SHA256(), 32, salt=None, info=b"lotwise signing keys").derive(secret.encode()))
        self._days = key_days
        self._stored: list[SigningKey] = []
        self._private: dict[str, OKPKey] = {}

    async def prepare(self, db: Database) -> None:
        """Read the keys; make the one that signs now and the next one where they are missing; drop old ones.

        A key whose private half cannot be opened (another secret) stays in the key set and signs nothing.
        """
        async with db.transaction() as tx:
            await keys.lock_signing(tx)
            stored = await keys.signing_keys(tx)
            now = datetime.now(UTC)
            old = [key.kid for key in stored if key.signs_until + GRACE < now]
            await keys.drop_signing(tx, old)
            stored = [key for key in stored if key.kid not in old]
            for key in self._missing(stored, now):
                await keys.insert_signing(tx, key)
                stored.append(key)
        self._take(stored)

    def jwks(self) -> dict[str, Any]:
        """The public key set, as services fetch it."""
        return {
            "keys": [
                {"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": ALGORITHM, "kid": key.kid, "x": key.public_x}
                for key in self._stored
            ]
        }

    def mint(self, subject: str, name: str, grants: Sequence[Grant]) -> Principal:
        """A token for five minutes, with the principal that services will read from it."""
        issued = int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": subject,
            "name": name,
            "grants": [{"role": grant.role, "sites": list(grant.sites)} for grant in grants],
            "iat": issued,
            "exp": issued + LIFETIME_SECONDS,
            "jti": str(uuid7()),
        }
        kid, key = self._signing()
        token = jwt.encode({"alg": ALGORITHM, "typ": TYPE, "kid": kid}, claims, key, algorithms=[ALGORITHM])
        return Principal(subject, name, compile_reach(grants), tuple(grants), float(issued + LIFETIME_SECONDS), token)

    def _signing(self) -> tuple[str, OKPKey]:
        now = datetime.now(UTC)
        able = [key for key in self._stored if key.kid in self._private]
        current = [key for key in able if key.signs_from <= now < key.signs_until] or able
        return current[-1].kid, self._private[current[-1].kid]

    def _missing(self, stored: Sequence[SigningKey], now: datetime) -> list[SigningKey]:
        able = [key for key in stored if self._open(key) is not None]
        current = next((key for key in able if key.signs_from <= now < key.signs_until), None)
        made = [] if current else [self._make(now - timedelta(seconds=1))]
        last = current or made[0]
        if not any(key.signs_from >= last.signs_until for key in able):
            made.append(self._make(last.signs_until))
        return made

    def _make(self, signs_from: datetime) -> SigningKey:
        key = OKPKey.generate_key("Ed25519", auto_kid=False)
        halves = key.as_dict(private=True)
        kid, nonce = str(uuid7()), os.urandom(12)
        private = nonce + self._box.encrypt(nonce, str(halves["d"]).encode(), kid.encode())
        return SigningKey(kid, str(halves["x"]), private, signs_from, signs_from + timedelta(days=self._days))

    def _open(self, key: SigningKey) -> OKPKey | None:
        try:
            half = self._box.decrypt(key.private_box[:12], key.private_box[12:], key.kid.encode()).decode()
        except InvalidTag:
            return None
        return OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": key.public_x, "d": half})

    def _take(self, stored: Sequence[SigningKey]) -> None:
        opened = {key.kid: self._open(key) for key in stored}
        self._stored = sorted(stored, key=lambda key: key.signs_from)
        self._private = {kid: key for kid, key in opened.items() if key is not None}
        if len(self._private) < len(self._stored):
            log.warning("signing keys of another secret", count=len(self._stored) - len(self._private))


def random_text(octets: int = 32) -> str:
    """A secret for a cookie or a key: 43 characters for 32 octets."""
    return base64.urlsafe_b64encode(os.urandom(octets)).rstrip(b"=").decode()


def person(user_id: UUID) -> str:
    """A person as tokens, movements and the audit trail name them."""
    return f"user:{user_id}"
