"""A door for tests: signs tokens with its own key, right ones and wrong ones."""

import time
from typing import Any

from joserfc import jwt
from joserfc.jwk import OKPKey

from lotwise.kit.tokens import ALGORITHM, AUDIENCE, ISSUER, TYPE


class Doorman:
    """Holds an Ed25519 key; `token` gives what the real door would, unless told otherwise."""

    def __init__(self, kid: str = "test-key") -> None:
        self.kid = kid
        self.key = OKPKey.generate_key("Ed25519", auto_kid=False)

    def jwks(self) -> dict[str, Any]:
        """The public key set."""
        return {"keys": [self.key.as_dict(private=False) | {"kid": self.kid, "use": "sig", "alg": ALGORITHM}]}

    def claims(self, role: str = "owner", *sites: str, **changes: Any) -> dict[str, Any]:
        """The claims of a person with one role; a claim given as None is left out."""
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": f"user:{role}",
            "name": role,
            "grants": [{"role": role, "sites": list(sites) or ["*"]}],
            "iat": now,
            "exp": now + 300,
            "jti": f"{role}-{now}",
        } | changes
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, role: str = "owner", *sites: str, headers: dict[str, Any] | None = None, **changes: Any) -> str:
        """A signed token."""
        header = {"alg": ALGORITHM, "typ": TYPE, "kid": self.kid} | (headers or {})
        return jwt.encode(header, self.claims(role, *sites, **changes), self.key, algorithms=[ALGORITHM])

    def bearer(self, role: str = "owner", *sites: str) -> dict[str, str]:
        """The header that a caller sends."""
        return {"Authorization": f"Bearer {self.token(role, *sites)}"}
