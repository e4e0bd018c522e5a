"""The only home of what the tests of catalog, purchasing and alerts share: a service over a real database."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
import httpx

from lotwise.contracts.envelope import Event, event_type
from lotwise.contracts.ids import uuid7
from lotwise.kit.apply import Applier
from lotwise.kit.bus import Bus
from lotwise.kit.database import Database
from lotwise.kit.inbox import Consumers
from lotwise.kit.message import Message
from lotwise.kit.migrate import upgrade
from lotwise.kit.principal import Grant, Principal, compile_reach
from lotwise.kit.service import Runtime, Service, create_app
from lotwise.kit.settings import ServiceSettings

_KIT = {"inbox", "idempotency", "audit", "audit_seal", "relay_state", "waiting", "dead_letter"}
_counter = iter(range(1, 10**9))
_EMPTY = """
do $$
declare
  one regclass;
  large text[];
begin
  set local session_replication_role = replica;
  for one in
    select oid::regclass from pg_class
    where relnamespace = 'public'::regnamespace and relkind = 'r' and relname <> 'alembic_version'
  loop
    if pg_relation_size(one) > 1 << 20 then
      large := large || one::text;
    else
      execute format('delete from %s', one);
    end if;
  end loop;
  if large is not null then
    execute 'truncate ' || array_to_string(large, ', ') || ' cascade';
  end if;
  perform setval(s.seqrelid, s.seqstart, false)
    from pg_sequence s join pg_depend d on d.objid = s.seqrelid and d.classid = 'pg_class'::regclass
    where d.deptype in ('a', 'i') and pg_sequence_last_value(s.seqrelid) is not null;
end $$
"""
"""Deleting the few rows of a test, without triggers, takes a twentieth of the time of truncating every table."""


class Bench:
    """A service under test: its app, its database, and the events it told."""

    def __init__(self, service: Service, db: Database, owner: "asyncpg.Connection[Any]", runtime: Runtime) -> None:
        self.service = service
        self.db = db
        self.owner = owner
        self.runtime = runtime
        self.consumers = Consumers(service.name, db, Bus(service.name, "nats://127.0.0.1:1"), service.subscriptions)
        self.http: httpx.AsyncClient

    async def call(self, method: str, path: str, body: Any = None, **options: Any) -> httpx.Response:
        """One request as `who` (a role, by default the owner) with a fresh key unless `key` is given."""
        headers = {"authorization": f"Bearer {options.pop('who', 'owner')}"}
        if method == "POST":
            headers["idempotency-key"] = options.pop("key", None) or str(uuid7())
        if (match := options.pop("match", None)) is not None:
            headers["if-match"] = match
        return await self.http.request(method, path, json=body, headers=headers, **options)

    async def get(self, path: str, **options: Any) -> Any:
        """The JSON of a reading that must succeed."""
        answer = await self.call("GET", path, **options)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, body: Any = None, **options: Any) -> Any:
        """The JSON of a deed that must succeed."""
        answer = await self.call("POST", path, body, **options)
        assert answer.status_code in {200, 201}, answer.text
        return answer.json()

    async def put(self, path: str, body: Any, match: str | None = "*", **options: Any) -> Any:
        """The JSON of an edit that must succeed."""
        answer = await self.call("PUT", path, body, match=match, **options)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def told(self, kind: type[Event] | None = None) -> list[Any]:
        """The events of the outbox in the order they were told, of one kind or all."""
        rows = await self.owner.fetch("SELECT subject, body FROM outbox ORDER BY seq")
        shapes = [(event_type(row["subject"]), row["body"]) for row in rows]
        return [shape.model_validate_json(body) for shape, body in shapes if shape and kind in {None, shape}]

    async def state(self) -> dict[str, str]:
        """A fingerprint of every table of the service and of its outbox: equal before and after a refusal."""
        found: dict[str, str] = {}
        for table in await self._tables():
            found[table] = await self.owner.fetchval(
                f"SELECT count(*) || ':' || coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') FROM {table} t"
            )
        return found

    async def empty(self) -> None:
        """Forget everything."""
        await self.owner.execute(_EMPTY)

    async def _tables(self) -> list[str]:
        rows = await self.owner.fetch(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
            " AND NOT relispartition AND relname <> 'alembic_version' ORDER BY relname"
        )
        return [row["relname"] for row in rows if row["relname"] not in _KIT]

    async def hear(self, *events: Event | Message[Any]) -> list[Message[Any]]:
        """Apply events as one batch per speaker through the inbox, exactly as a consumer does."""
        messages = [event if isinstance(event, Message) else said(event) for event in events]
        for subscription in self.service.subscriptions:
            mine = [one for one in messages if one.subject.split(".")[2] == subscription.speaker]
            for one in mine:
                one.consumer = f"{self.service.name}-{subscription.speaker}"
            if mine:
                await self._applier(subscription.speaker).apply(mine)
        return messages

    def _applier(self, speaker: str) -> Applier:
        applier = self.consumers.applier(f"{self.service.name}-{speaker}")
        assert applier is not None
        return applier


def said(event: Event, message_id: UUID | None = None) -> "Message[Any]":
    """An event as it comes from the bus."""
    return Message(
        id=message_id or uuid7(),
        subject=event.subject(),
        body=event.model_dump_json().encode(),
        headers={"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "correlation_id": "story"},
        stream=event.speaker.upper(),
        sequence=next(_counter),
        published_ns=1_760_000_000_000_000_000,
    )


def who(role: str, sites: Sequence[str] = ("*",)) -> Principal:
    """A person of a role at some sites, whose token is the role's name."""
    grants = (Grant(role, tuple(sites)),)
    return Principal(f"user:{role}", role, compile_reach(grants), grants, expires_at=4_102_444_800.0)


async def _let_delete(admin_url: str, role: str) -> None:
    """Allow a role to do without triggers: the ledger, for one, lets nobody delete from it."""
    admin = await asyncpg.connect(admin_url)
    await admin.execute(f'GRANT SET ON PARAMETER session_replication_role TO "{role}"')
    await admin.close()


@asynccontextmanager
async def bench(service: Service, postgres: Any, persons: dict[str, Principal] | None = None) -> AsyncIterator[Bench]:
    """A migrated service over a fresh database, without its bus: tokens are names of roles."""
    owner_url, app_url = postgres.database(service.name)
    await upgrade(service.package, owner_url, app_url.split("//")[1].split(":")[0])
    settings: ServiceSettings = service.settings(database_url=app_url)
    app = create_app(service, settings)
    runtime = Runtime(service, settings)
    runtime.db = await Database.open(app_url, connections_max=4)
    runtime.http = httpx.AsyncClient()
    known = {role: who(role) for role in ("owner", "manager", "buyer", "auditor", "front_desk", "service", "importer")}
    for token, principal in (known | (persons or {})).items():
        runtime.verifier._known[token] = principal
    app.state.runtime = runtime
    owner = await asyncpg.connect(owner_url)
    await _let_delete(postgres.admin_url, await owner.fetchval("SELECT current_user"))
    await owner.set_type_codec("jsonb", schema="pg_catalog", encoder=json.dumps, decoder=json.loads)
    found = Bench(service, runtime.db, owner, runtime)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://service.test") as found.http:
        yield found
    await owner.close()
    await runtime.http.aclose()
    await runtime.db.close()
