"""Sales on a real bus: what it says arrives, what a till reports becomes a charge."""

from datetime import UTC, datetime
from typing import Any

import nats
from tests.sales.harness import BOTOX, SITE, definitions

from lotwise.contracts.ids import uuid7
from lotwise.contracts.sales import SaleRecorded
from lotwise.contracts.till import ReportedLine, SaleReported
from lotwise.kit.migrate import upgrade
from lotwise.kit.provision import apply
from lotwise.kit.service import Runtime
from lotwise.sales.app import SERVICE


async def test_a_tills_report_on_the_bus_becomes_a_sale_on_the_bus(postgres: Any, nats_server: Any) -> None:
    """DESIGN 4: a report published to TILLS is heard once from SALES, under the till's id and at its price, of the site
    that its subject names; one whose body names another site is a dead letter that says so.
    """
    login = postgres.login("sales_bus")
    await upgrade("lotwise.sales", login.owner_url(postgres.admin_url), login.app)
    bus = await nats.connect(nats_server.url)
    jetstream = bus.jetstream()
    for info in await jetstream.streams_info():
        await jetstream.delete_stream(str(info.config.name))
    await apply(nats_server.url)
    runtime = Runtime(
        SERVICE, SERVICE.settings(database_url=login.app_url(postgres.admin_url), nats_url=nats_server.url)
    )
    reported = SaleReported(
        site=SITE,
        sale_id=uuid7(),
        happened_at=datetime.now(UTC),
        lines=(ReportedLine(code="BOTOX", quantity="2", unit_price="11.50"),),
    )
    await jetstream.publish(reported.subject(), reported.model_dump_json(exclude={"site"}).encode())
    elsewhere = reported.model_copy(update={"site": "soho"})
    await jetstream.publish(reported.subject(), elsewhere.model_dump_json().encode())
    for event in definitions():
        await jetstream.publish(
            event.subject(), event.model_dump_json().encode(), headers={"Nats-Msg-Id": str(uuid7())}
        )
    await runtime.start()
    try:
        heard = await jetstream.subscribe(SaleRecorded.filter(), ordered_consumer=True)
        told = SaleRecorded.model_validate_json((await heard.next_msg(timeout=20)).data)
        async with runtime.db.reading() as tx:
            dead = await tx.fetch("select reason, error from dead_letter")
    finally:
        await runtime.stop()
        await bus.close()
    assert (told.charge_id, told.number, told.lines[0].product_id) == (reported.sale_id, "harley-000001", BOTOX)
    assert (told.lines[0].unit_price, told.net_minor, told.is_held, told.source) == ("11.50", 2300, False, "till")
    assert [tuple(row) for row in dead] == [("undecodable", f"the subject is of site {SITE}, the body of soho")]
