"""The only home of the SQL of machines' keys and of signing keys."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from pydantic import BaseModel

from lotwise.backoffice.repository.users import GrantShape
from lotwise.kit.database import Tx


class ApiKey(BaseModel):
    """A machine's key without its secret."""

    id: str
    name: str
    grants: list[GrantShape]
    addresses: list[str]
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    used_at: datetime | None


class SigningKey(NamedTuple):
    """A stored signing key; its private half is encrypted."""

    kid: str
    public_x: str
    private_box: bytes
    signs_from: datetime
    signs_until: datetime


_KEY = "id, name, grants, addresses, created_by, created_at, expires_at, revoked_at, used_at"


async def insert(
    tx: Tx,
    key_id: str,
    secret_hash: bytes,
    name: str,
    grants: Sequence[dict[str, Any]],
    addresses: Sequence[str],
    created_by: str,
    expires_at: datetime | None,
) -> ApiKey:
    """Add a key."""
    row = await tx.fetchrow(
        "insert into api_key (id, secret_hash, name, grants, addresses, created_by, expires_at)"
        f" values ($1, $2, $3, $4, $5, $6, $7) returning {_KEY}",
        key_id, secret_hash, name, list(grants), list(addresses), created_by, expires_at,
    )  # fmt: skip
    return ApiKey.model_validate(dict(row or {}))


async def by_id(tx: Tx, key_id: str, *, lock: bool = False) -> ApiKey | None:
    """A key by its id; with `lock`, until the end of the transaction."""
    row = await tx.fetchrow(f"select {_KEY} from api_key where id = $1" + (" for update" if lock else ""), key_id)
    return None if row is None else ApiKey.model_validate(dict(row))


async def page(tx: Tx, before: tuple[datetime, str] | None, limit: int) -> list[ApiKey]:
    """Keys, newest first."""
    where = "where (created_at, id) < ($1, $2)" if before else ""
    rows = await tx.fetch(
        f"select {_KEY} from api_key {where} order by created_at desc, id desc limit {int(limit)}", *(before or ())
    )
    return [ApiKey.model_validate(dict(row)) for row in rows]


async def usable(tx: Tx, key_id: str) -> tuple[bytes, ApiKey] | None:
    """The hash and the key, unless it is revoked or has run out."""
    row = await tx.fetchrow(
        f"select secret_hash, {_KEY} from api_key where id = $1 and revoked_at is null"
        " and (expires_at is null or expires_at > now())",
        key_id,
    )
    return None if row is None else (row["secret_hash"], ApiKey.model_validate(dict(row)))


async def used(tx: Tx, key_id: str) -> None:
    """The key was used just now."""
    await tx.execute("update api_key set used_at = now() where id = $1", key_id)


async def revoke(tx: Tx, key_id: str) -> None:
    """The key opens nothing from now on; revoking twice keeps the first time."""
    await tx.execute("update api_key set revoked_at = now() where id = $1 and revoked_at is null", key_id)


async def lock_signing(tx: Tx) -> None:
    """Only one process at a time makes signing keys."""
    await tx.execute("select pg_advisory_xact_lock(hashtext('signing_key'))")


async def signing_keys(tx: Tx) -> list[SigningKey]:
    """The signing keys, oldest first."""
    rows = await tx.fetch(
        "select kid, public_x, private_box, signs_from, signs_until from signing_key order by signs_from"
    )
    return [SigningKey(*row) for row in rows]


async def insert_signing(tx: Tx, key: SigningKey) -> None:
    """Add a signing key."""
    await tx.execute("insert into signing_key values ($1, $2, $3, $4, $5)", *key)


async def drop_signing(tx: Tx, kids: Sequence[str]) -> None:
    """Forget signing keys."""
    await tx.execute("delete from signing_key where kid = any($1)", list(kids))
