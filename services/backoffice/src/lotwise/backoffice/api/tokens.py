"""HTTP in: tokens for five minutes, and the key set that they are verified with."""

from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import Request
from pydantic import BaseModel, Field, StringConstraints
from starlette.responses import JSONResponse

from lotwise.backoffice.door import rules
from lotwise.backoffice.door.door import address_of, same_origin
from lotwise.kit.principal import Principal, Unauthenticated
from lotwise.kit.tokens import LIFETIME_SECONDS
from lotwise.kit.web import PUBLIC, Router

if TYPE_CHECKING:
    from lotwise.backoffice.door.door import Door

router = Router(tags=["door"])
Secret = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class ByClient(BaseModel):
    """A service of ours, with its client secret."""

    grant_type: Literal["client_credentials"]
    client_id: Secret
    client_secret: Secret = Field(repr=False)


class ByKey(BaseModel):
    """A machine with its key `ck_<id>_<secret>`."""

    grant_type: Literal["api_key"]
    api_key: Secret = Field(repr=False)


class BySession(BaseModel):
    """A person's browser, with its session cookie."""

    grant_type: Literal["session"]


class Token(BaseModel):
    """A bearer token and the seconds that it holds."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - a kind, not a secret
    expires_in: int = LIFETIME_SECONDS


class PublicKey(BaseModel):
    """The public half of a signing key."""

    kty: str
    crv: str
    use: str
    alg: str
    kid: str
    x: str


class KeySet(BaseModel):
    """What tokens are verified with: the key that signs and the next one."""

    keys: list[PublicKey]


Asking = Annotated[ByClient | ByKey | BySession, Field(discriminator="grant_type")]


@router.post(
    "/tokens",
    permission=PUBLIC,
    refusals=(rules.BadClient, rules.TooManyTries, Unauthenticated, rules.ForeignOrigin),
)
async def token(body: Asking, request: Request) -> Token:
    """Swap a client secret, a key or a session for a token. Refuses what does not hold, and too many tries."""
    door: Door = request.app.state.runtime.state["door"]
    return Token(access_token=(await _principal(door, body, request)).token)


async def _principal(door: "Door", body: ByClient | ByKey | BySession, request: Request) -> Principal:
    address = address_of(request)
    if isinstance(body, ByClient):
        return await door.machine(body.client_id, body.client_secret, address=address)
    if isinstance(body, ByKey):
        return await door.api_key(body.api_key, address=address)
    same_origin(request)
    return await door.admit(request)


@router.get("/jwks", permission=PUBLIC, response_model=KeySet)
async def key_set(request: Request) -> JSONResponse:
    """The key set; services keep it on disk, so that they start without the door."""
    door: Door = request.app.state.runtime.state["door"]
    return JSONResponse(door.signer.jwks(), headers={"Cache-Control": "public, max-age=300"})
