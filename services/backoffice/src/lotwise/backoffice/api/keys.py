"""HTTP in: keys of machines (tills, other systems)."""

import secrets
import string
from datetime import UTC, datetime
from hashlib import sha256
from ipaddress import ip_network
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from lotwise.backoffice.api.users import GrantIn
from lotwise.backoffice.door import rules
from lotwise.backoffice.door.signing import random_text
from lotwise.backoffice.repository import keys
from lotwise.backoffice.repository.keys import ApiKey
from lotwise.contracts.fields import Instant, Text
from lotwise.kit.commands import Answer, Cmd, Read
from lotwise.kit.paging import After, Limit, Page, cursor_decode, cursor_encode
from lotwise.kit.web import Router
from lotwise.values import BadValue, Unknown

router = Router(tags=["keys"])
MANAGE = "key.manage"
_LETTERS = string.ascii_letters + string.digits
KeyId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{12}$")]


def _network(text: str) -> str:
    try:
        return str(ip_network(text))
    except ValueError:
        raise ValueError("is no network of addresses: write 10.0.0.0/8 or 192.0.2.7") from None


Network = Annotated[str, StringConstraints(max_length=50), AfterValidator(_network)]
"""An address or a network of addresses, as text; a number is none."""


class KeyIn(BaseModel):
    """A key for a machine: what it may do, from where, until when."""

    name: Text
    grants: list[GrantIn] = Field(min_length=1, max_length=50)
    addresses: list[Network] = Field(default=[], max_length=50)
    expires_at: Instant | None = None


class NewKey(ApiKey):
    """A key as it is shown once; the secret is not kept."""

    api_key: str = Field(repr=False)


@router.get("/keys", permission=MANAGE, site="chain")
async def key_list(read: Read, after: After = None, limit: Limit = 100) -> Page[ApiKey]:
    """Keys, newest first, without their secrets."""
    before = cursor_decode(after, datetime, str)
    async with read.connection() as tx:
        rows = await keys.page(tx, (before[0], before[1]) if before else None, limit + 1)
    page = rows[:limit]
    last = page[-1] if len(rows) > limit else None
    return Page(rows=page, next=cursor_encode(last.created_at, last.id) if last else None)


@router.post("/keys", permission=MANAGE, site="record", status_code=201)
async def make(body: KeyIn, cmd: Cmd) -> Answer[NewKey]:
    """Make a key. Its secret stands in this answer only; a replay of the request shows the key without it."""
    grants = [(grant.role, list(grant.sites)) for grant in body.grants]
    rules.check_grants(grants, rules.KEY_ROLES)
    rules.may_grant(cmd.who, MANAGE, grants)
    rules.no_more_than_own(cmd.who, grants)
    if body.expires_at is not None and body.expires_at <= datetime.now(UTC):
        raise BadValue("The key would have run out already.", field="expires_at")
    key_id, secret = "".join(secrets.choice(_LETTERS) for _ in range(12)), random_text()
    async with cmd.transaction() as tx:
        made = await keys.insert(
            tx,
            key_id,
            sha256(secret.encode()).digest(),
            body.name,
            [grant.model_dump() for grant in body.grants],
            body.addresses,
            cmd.who.actor,
            body.expires_at,
        )
        shown = NewKey(**made.model_dump(), api_key=f"ck_{key_id}_{secret}")
        kept = NewKey(**made.model_dump(), api_key=f"ck_{key_id}_…")
        await cmd.answer(
            tx, kept, 201, target=key_id, details={"grants": [grant.model_dump() for grant in body.grants]}
        )
    return Answer(shown.model_dump_json(), 201)


@router.post("/keys/{id}:revoke", permission=MANAGE, site="record")
async def revoke(id: KeyId, cmd: Cmd) -> Answer[ApiKey]:  # noqa: A002 - the name in the address
    """Take a key back; tokens made with it run out within five minutes. Refuses an unknown key."""
    async with cmd.transaction() as tx:
        key = await keys.by_id(tx, id, lock=True)
        if key is None:
            raise Unknown("No key has this id.", field="id")
        rules.may_grant(cmd.who, MANAGE, [(grant.role, grant.sites) for grant in key.grants])
        await keys.revoke(tx, id)
        now = await keys.by_id(tx, id) or key
        return await cmd.answer(tx, now, target=id)
