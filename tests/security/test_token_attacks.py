"""F17: tokens that look right and are not; every one is refused, and a right one is not."""

import base64
import hmac
import json
import time
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jwt
from joserfc.jwk import OctKey, OKPKey, RSAKey
from tests.kit.web.doorman import Doorman

from lotwise.kit.principal import Unauthenticated
from lotwise.kit.tokens import Verifier


@pytest.fixture(scope="module")
def doorman() -> Doorman:
    """The right door."""
    return Doorman()


@pytest.fixture
def verifier(doorman: Doorman) -> Verifier:
    """A service that knows the right door's key."""
    verifier = Verifier()
    verifier.load(doorman.jwks())
    return verifier


def _b64(value: object) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _by_hand(door: Doorman, header: dict[str, Any], claims: dict[str, Any]) -> str:
    """A token whose header we choose, signed with the right key: what a library would refuse to make."""
    signed = f"{_b64(header)}.{_b64(claims)}"
    private = Ed25519PrivateKey.from_private_bytes(
        base64.urlsafe_b64decode(str(door.key.as_dict(private=True)["d"]) + "=")
    )
    return f"{signed}.{_b64(private.sign(signed.encode()))}"


def _by_hmac(header: dict[str, Any], claims: dict[str, Any], secret: bytes) -> str:
    signed = f"{_b64(header)}.{_b64(claims)}"
    return f"{signed}.{_b64(hmac.digest(secret, signed.encode(), 'sha256'))}"


def _attacks(door: Doorman) -> dict[str, str]:
    right = {"alg": "Ed25519", "typ": "at+jwt", "kid": door.kid}
    claims = door.claims("owner", "*")
    now = int(time.time())
    public = door.key.as_dict(private=False)
    other = Doorman(kid=door.kid)
    rsa = RSAKey.generate_key(2048)
    pem = door.key.as_pem(private=False)
    none_head = _b64({"alg": "none", "typ": "at+jwt", "kid": door.kid})
    raw = base64.urlsafe_b64decode(str(public["x"]) + "=")
    head, body, tail = door.token("front_desk", "harley").split(".")
    forged = _b64(door.claims("owner", "*"))
    return {
        "none": f"{none_head}.{_b64(claims)}.",
        "none with a signature": f"{none_head}.{_b64(claims)}.{tail}",
        "HS256 with the public PEM": _by_hmac(right | {"alg": "HS256"}, claims, pem),
        "HS256 with the public octets": _by_hmac(right | {"alg": "HS256"}, claims, raw),
        "RS256": jwt.encode(right | {"alg": "RS256"}, claims, rsa, algorithms=["RS256"]),
        "EdDSA, the old name": _by_hand(door, right | {"alg": "EdDSA"}, claims),
        "embedded jwk": _by_hand(other, right | {"jwk": other.key.as_dict(private=False)}, claims),
        "embedded jwk, right key": _by_hand(door, right | {"jwk": public}, claims),
        "jku": _by_hand(door, right | {"jku": "https://evil.example/jwks"}, claims),
        "x5c": _by_hand(door, right | {"x5c": ["MIIB"]}, claims),
        "unknown crit": _by_hand(door, right | {"crit": ["b64"], "b64": False}, claims),
        "foreign key, same kid": other.token("owner", "*"),
        "foreign kid": Doorman(kid="another").token("owner", "*"),
        "no kid": _by_hand(door, {"alg": "Ed25519", "typ": "at+jwt"}, claims),
        "kid is a list": _by_hand(door, right | {"kid": [door.kid]}, claims),
        "kid is a path": _by_hand(door, right | {"kid": "../../etc/passwd"}, claims),
        "wrong typ": door.token("owner", "*", headers={"typ": "JWT"}),
        "no typ": _by_hand(door, {"alg": "Ed25519", "kid": door.kid}, claims),
        "wrong audience": door.token("owner", "*", aud="another"),
        "no audience": door.token("owner", "*", aud=None),
        "wrong issuer": door.token("owner", "*", iss="another"),
        "no issuer": door.token("owner", "*", iss=None),
        "expired": door.token("owner", "*", iat=now - 400, exp=now - 100),
        "expired just now": door.token("owner", "*", iat=now - 300, exp=now),
        "no expiry": door.token("owner", "*", exp=None),
        "expiry is text": door.token("owner", "*", exp="tomorrow"),
        "lives a day": door.token("owner", "*", exp=now + 86_400),
        "expiry is huge": door.token("owner", "*", iat=now, exp=10**20),
        "from the future": door.token("owner", "*", iat=now + 3600, exp=now + 3700),
        "no subject": door.token("owner", "*", sub=None),
        "no id": door.token("owner", "*", jti=None),
        "no grants": door.token("owner", "*", grants=None),
        "grants are text": door.token("owner", "*", grants="owner"),
        "grants are odd": door.token("owner", "*", grants=[{"role": "owner"}]),
        "body swapped": f"{head}.{forged}.{tail}",
        "signature cut": door.token("owner", "*")[:-4],
        "signature empty": f"{head}.{body}.",
        "encrypted shape": "a.b.c.d.e",
        "one part": "owner",
        "empty": "",
        "not ASCII": "é.é.é",
        "huge": f"{head}.{'A' * 20_000}.{tail}",
        "header is a list": f"{_b64([1])}.{body}.{tail}",
        "header is no JSON": f"AAAA.{body}.{tail}",
    }


NAMES = sorted(_attacks(Doorman()))


@pytest.mark.parametrize("name", NAMES)
async def test_attack_is_refused(verifier: Verifier, doorman: Doorman, name: str) -> None:
    """F17: the token is refused with 401, now and when it is shown again."""
    token = _attacks(doorman)[name]
    for _ in range(2):
        with pytest.raises(Unauthenticated):
            await verifier.admit(token)


async def test_right_token(verifier: Verifier, doorman: Doorman) -> None:
    """F17: the right token is read: subject, name, and its grants as permissions by site."""
    who = await verifier.admit(doorman.token("front_desk", "harley"))
    assert (who.subject, who.name) == ("user:front_desk", "front_desk")
    assert who.sites("charge.create") == frozenset({"harley"})
    assert not who.allows("user.manage")
    assert "eyJ" not in repr(who)


async def test_remembered_token_runs_out(verifier: Verifier, doorman: Doorman, monkeypatch: pytest.MonkeyPatch) -> None:
    """F17: remembering a token does not lengthen its life."""
    token = doorman.token("owner", "*")
    await verifier.admit(token)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 301)
    with pytest.raises(Unauthenticated):
        await verifier.admit(token)


async def test_withdrawn_key(verifier: Verifier, doorman: Doorman) -> None:
    """F17: a key that left the key set opens nothing, not even for a token that was remembered."""
    token = doorman.token("owner", "*")
    await verifier.admit(token)
    verifier.load(Doorman(kid="next").jwks())
    with pytest.raises(Unauthenticated):
        await verifier.admit(token)


def test_only_public_signature_keys_are_taken(doorman: Doorman) -> None:
    """F17: symmetric and RSA keys in a key set are passed over; private halves are not kept."""
    verifier = Verifier()
    secret = OctKey.generate_key(256).as_dict() | {"kid": "oct"}
    private = doorman.key.as_dict(private=True) | {"kid": "private"}
    verifier.load({"keys": [secret, RSAKey.generate_key(2048).as_dict(private=False) | {"kid": "rsa"}, private]})
    assert list(verifier._keys) == ["private"]
    assert isinstance(verifier._keys["private"], OKPKey)
    assert not verifier._keys["private"].is_private
