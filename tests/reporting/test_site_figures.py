"""What reporting tells dashboards of each site, out of its own figures."""

from datetime import UTC, datetime
from typing import Any

import pytest
from tests.catalog.harness import Bench
from tests.reporting.conftest import said, uid
from tests.reporting.test_api import CREAM, TOX

from lotwise.contracts.catalog import SiteDefined
from lotwise.contracts.sales import SaleLine, SaleRecorded
from lotwise.contracts.stock import LevelNow, StockAdjusted, StockLevelChanged
from lotwise.kit import metrics
from lotwise.reporting.app import SERVICE
from lotwise.reporting.operations import measuring
from lotwise.reporting.repository import sites

NAMES = (
    "charges_today",
    "net_minor_today",
    "waste_minor_today",
    "stock_value_minor",
    "products_below_minimum",
    "products_out",
)


def shown(site: str) -> dict[str, float]:
    """The figures of a site as somebody who collects metrics reads them; empty when there is no such site."""
    found: dict[str, float] = {}
    for line in metrics.exposition().decode().splitlines():
        for name in NAMES:
            head = f'lotwise_site_{name}{{site="{site}"}} '
            if line.startswith(head):
                found[name] = float(line.removeprefix(head))
    return found


def charge(number: int, site: str, at: datetime, net: int) -> SaleRecorded:
    """A charge of one toxin."""
    line = SaleLine(line=1, product_id=TOX, quantity="1", unit_price="1", net_minor=net)
    return SaleRecorded(
        site=site, charge_id=uid(2000 + number), number=str(number), happened_at=at, lines=(line,), net_minor=net,
        tax_minor=0, total_minor=net,
    )  # fmt: skip


def level(product_id: Any, on_hand: str, minimum: str | None, value: int) -> LevelNow:
    """What a product stands at."""
    return LevelNow(
        product_id=product_id,
        on_hand=on_hand,
        held="0",
        available=on_hand,
        minimum=minimum,
        value_minor=value,
        revision=1,
    )


@pytest.fixture(autouse=True)
def asked(reporting: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reporting as if it had started, and nobody had asked it yet."""
    monkeypatch.setattr(reporting.runtime, "is_started", True)
    monkeypatch.setattr(measuring, "FRESH_SECONDS", 0.0)


async def test_each_site_is_told_with_its_own_day(reporting: Bench) -> None:
    """DESIGN 6: given charges, waste and levels at two sites; when metrics are asked for; each site has its own, of
    the day so far: what was sold long ago is not of today.
    """
    now, old = datetime.now(UTC), datetime(2020, 5, 4, 12, tzinfo=UTC)
    await reporting.hear(
        said(SiteDefined(site="harley", slug="harley", name="Harley Street", time_zone="UTC")),
        said(SiteDefined(site="coast", slug="coast", name="Coast", time_zone="UTC")),
        said(charge(1, "harley", now, 24000)),
        said(charge(2, "harley", now, 500)),
        said(charge(3, "harley", old, 7)),
        said(
            StockAdjusted(
                site="harley", adjustment_id=uid(1), product_id=TOX, lot_id=uid(90), quantity="-1", cost_minor=-450,
                reason="damaged", actor="user:x", happened_at=now,
            )
        ),
        said(StockLevelChanged(site="harley", levels=(level(TOX, "0", "5", 0), level(CREAM, "4", "5", 1200)))),
        said(StockLevelChanged(site="coast", levels=(level(TOX, "0", None, 0), level(CREAM, "9", "5", 2700)))),
    )  # fmt: skip

    await reporting.runtime.measure()

    assert shown("harley") == {
        "charges_today": 2, "net_minor_today": 24500, "waste_minor_today": 450, "stock_value_minor": 1200,
        "products_below_minimum": 2, "products_out": 1,
    }  # fmt: skip
    assert shown("coast") == dict.fromkeys(NAMES, 0.0) | {"stock_value_minor": 2700}


async def test_a_site_that_is_gone_is_told_no_more(reporting: Bench) -> None:
    """DESIGN 6: given a site that was told; when reporting knows it no longer; then its figures do not stand still."""
    await reporting.hear(said(SiteDefined(site="harley", slug="harley", name="Harley Street", time_zone="UTC")))
    await reporting.runtime.measure()
    assert shown("harley")
    await reporting.empty()
    await reporting.owner.execute("insert into projection (id, live, last) values (1, 1, 1)")

    await reporting.runtime.measure()

    assert shown("harley") == {}


async def test_asking_often_costs_the_database_once(reporting: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """DESIGN 6: two who collect at the same moment get the same figures; the shelves of all sites are read once."""
    monkeypatch.setattr(measuring, "FRESH_SECONDS", 60.0)
    reporting.runtime.state.pop("sites_measured", None)
    read: list[int] = []

    async def today(_tx: Any) -> list[Any]:
        """The figures of the day."""
        read.append(1)
        return []

    monkeypatch.setattr(sites, "today", today)
    await reporting.runtime.measure()
    await reporting.runtime.measure()

    assert len(read) == 1
    assert SERVICE.measure is measuring.measure_sites
