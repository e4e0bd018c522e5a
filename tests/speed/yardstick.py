"""The only home of the yardsticks: what the bare database and bus can do in the same run, on the same servers.

L is a ledger sale in one statement by pgbench at 8 clients; B is pgbench's own TPC-B-like script at 8 clients.
"""

import asyncio
import os
import re
import subprocess
import time
from pathlib import Path

import nats
from nats.js.api import StorageType

TABLES = """
create table y_inbox (id uuid primary key);
create table y_lot (id int primary key, product int not null, site int not null, expires_on date not null,
                    on_hand bigint not null);
create table y_movement (id bigint generated always as identity primary key, lot int not null, product int not null,
                         site int not null, quantity int not null, at timestamptz not null default now(),
                         cause uuid not null);
create index on y_movement (lot);
create table y_outbox (id bigint generated always as identity primary key, subject text not null, body jsonb not null);
insert into y_lot
select product * 100 + site * 10 + n, product, site, date '2030-01-01' + 30 * n, 1000000000
from generate_series(1, 200) product, generate_series(0, 4) site, generate_series(0, 4) n;
create index on y_lot (product, site, expires_on, id) where on_hand > 0;
"""

LEDGER_SALE = r"""\set product random(1, 200)
\set site random(0, 4)
with heard as (insert into y_inbox values (gen_random_uuid()) returning id),
soonest as (select id from y_lot where product = :product and site = :site and on_hand > 0
              and expires_on >= current_date order by expires_on, id limit 1 for update),
taken as (update y_lot set on_hand = on_hand - 1 from soonest where y_lot.id = soonest.id
          returning y_lot.id, y_lot.on_hand),
moved as (insert into y_movement (lot, product, site, quantity, cause)
          select taken.id, :product, :site, -1, heard.id from taken, heard returning id)
insert into y_outbox (subject, body)
select 'lotwise.y.stock.stock-issued.v1', jsonb_build_object('movement', moved.id, 'left', taken.on_hand)
from moved, taken;
"""


class Database:
    """A scratch database on the measured server, filled with the yardstick's tables."""

    def __init__(self, bindir: Path, url: str, scratch: Path) -> None:
        self.bindir, self.url, self.scratch = bindir, url, scratch
        self.script = scratch / "ledger_sale.sql"
        self.script.write_text(LEDGER_SALE)

    def prepare(self) -> None:
        """Make the tables of both scripts."""
        self._run(
            "psql", "-qX", "-v", "ON_ERROR_STOP=1", "-c", "set client_min_messages = warning", "-c", TABLES, self.url
        )
        self._run("pgbench", "-i", "-q", "-s", "10", self.url)

    def tps(self, *, seconds: int, clients: int, ledger: bool) -> float:
        """Transactions a second of one of the two scripts."""
        script = ["-M", "prepared", "-f", str(self.script)] if ledger else ["-b", "tpcb-like"]
        out = self._run("pgbench", "-n", "-c", str(clients), "-j", "2", "-T", str(seconds), *script, self.url)
        match = re.search(r"tps = ([0-9.]+)", out)
        if match is None:
            raise RuntimeError(out)
        return float(match[1])

    def fsyncs(self) -> int:
        """How many WAL flushes the server has done so far."""
        sql = "select coalesce(sum(fsyncs), 0) from pg_stat_io where object = 'wal'"
        return int(self._run("psql", "-qXAt", "-c", sql, self.url))

    def _run(self, tool: str, *args: str) -> str:
        done = subprocess.run(
            [str(self.bindir / tool), *args],
            check=False,
            capture_output=True,
            text=True,
            env={**os.environ, "LC_ALL": "C"},
        )
        if done.returncode:
            raise RuntimeError(f"{tool}: {done.stderr[-500:]}")
        return done.stdout


async def publish_rate(url: str, user: str, password: str, *, messages: int = 4000) -> float:
    """JetStream publishes a second in windows of 500, on a stream of its own with every write flushed."""
    connection = await nats.connect(url, user=user, password=password)
    js = connection.jetstream()
    await js.add_stream(name="YARDSTICK", subjects=["yardstick.>"], storage=StorageType.FILE)
    body = b'{"sale":"0198c0de-0000-7000-8000-000000000001","product":123,"site":4,"quantity":1}' * 2
    started = time.perf_counter()
    for _ in range(messages // 500):
        await asyncio.gather(*(js.publish("yardstick.sale", body) for _ in range(500)))
    rate = messages / (time.perf_counter() - started)
    await js.delete_stream("YARDSTICK")
    await connection.close()
    return rate
