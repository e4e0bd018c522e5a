"""`lotwise bus replay`: a consumer hears its stream again, and nothing is done twice."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import nats
from tests.onebox.conftest import Machine

from lotwise.kit.bus import inbox_prefix

CONSUMER, STREAM = "stock-catalog", "CATALOG"
HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"


async def _info(machine: Machine) -> dict[str, Any]:
    secrets = json.loads((machine.home / "secrets.json").read_text())
    url = f"nats://127.0.0.1:{machine.note()['ports']['nats']}"
    client = await nats.connect(url, user="ops", password=secrets["nats.ops"], inbox_prefix=inbox_prefix("ops"))
    try:
        reply = await client.request(f"$JS.API.CONSUMER.INFO.{STREAM}.{CONSUMER}", b"", timeout=5)
        return dict(json.loads(reply.data))
    finally:
        await client.close()


def settled(machine: Machine) -> dict[str, Any]:
    """How far the consumer is once it has heard everything."""
    until = time.monotonic() + 30
    while True:
        info = asyncio.run(_info(machine))
        if info["num_pending"] == info["num_ack_pending"] == 0:
            return info
        assert time.monotonic() < until, info
        time.sleep(0.2)


def test_a_consumer_hears_its_stream_again(machine: Machine, tmp_path: Path) -> None:
    """N-02: the consumer is made anew and hears every event of its stream once more; figures and books stay."""
    file = tmp_path / "till.csv"
    file.write_text(HEADER + "1,REPLAY-1,One,2,2010-12-01 08:26:00,2.55,1,UK\n")
    sales = ("import", "sales", str(file), "--site", "replayed", "--time-zone", "Europe/London")
    assert machine.lotwise(*sales).returncode == 0
    before, totals = settled(machine), machine.lotwise("report", "totals", "--json").stdout

    done = machine.lotwise("bus", "replay", CONSUMER)

    assert (done.returncode, done.stderr) == (0, "")
    assert f"{CONSUMER} hears its stream from the beginning" in done.stdout
    after = settled(machine)
    assert after["created"] > before["created"]
    assert after["ack_floor"]["stream_seq"] == before["ack_floor"]["stream_seq"] > 0
    assert after["delivered"]["consumer_seq"] >= 1
    assert machine.lotwise("report", "totals", "--json").stdout == totals
    assert machine.lotwise("audit").returncode == 0


def test_a_consumer_that_is_none_is_refused_by_name(machine: Machine) -> None:
    """Given a name that is no consumer, when replayed, then a sentence names those that are, and nothing changes."""
    before = settled(machine)["created"]
    done = machine.lotwise("bus", "replay", "stock-weather")
    assert done.returncode == 1
    assert "There is no consumer 'stock-weather'; there are: alerts-catalog" in done.stderr
    assert settled(machine)["created"] == before
