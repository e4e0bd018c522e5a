"""The demo chain is believable, the same each time, and a load that was cut short goes on with the same chain."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.onebox.conftest import Machine

from lotwise.onebox.demo import clinical
from lotwise.onebox.demo.definitions import BY_CODE, CLINICS, PRODUCTS, SERVICES, SITES, SUPPLIERS
from lotwise.onebox.demo.history import DAYS, MEMBERS, Chain, charge_body, member_names
from lotwise.onebox.demo.progress import Telling
from lotwise.onebox.home import Home

EVENING = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)


def test_the_chain_is_as_promised() -> None:
    """Issue B: 5 sites in 3 zones and 2 tax systems, about 80 products and services, 5 suppliers, 150 members."""
    assert (len(SITES), len({site.zone for site in SITES}), len({bool(site.tax_2[0]) for site in SITES})) == (5, 3, 2)
    assert 75 <= len(PRODUCTS) + len(SERVICES) <= 85
    assert (len(SUPPLIERS), len(set(member_names()))) == (5, MEMBERS)
    assert {product.purpose for product in PRODUCTS} == {"retail", "consigned", "back_bar"}
    assert {product.unit for product in PRODUCTS if product.category == "Toxins"} == {"U"}
    assert any(product.is_serialised for product in PRODUCTS)
    assert all(code in BY_CODE for service in SERVICES for code, _ in service.recipe)


def test_vials_treatments_and_devices_belong_to_the_chain() -> None:
    """N-07, STK-20 to STK-22: a vial for several patients and one for a single one, drawn no more than they hold, and
    devices with their serial at clinics of the chain; codes are new.
    """
    rows = {row["code"]: row for row in clinical.rows()}
    assert not rows.keys() & {*BY_CODE, *(service.code for service in SERVICES)}
    assert [rows[code]["container_rule"] for code in (clinical.SHARED, clinical.OWN)] == [
        "multi_patient", "single_patient",
    ]  # fmt: skip
    assert sum(int(units) for _, _, units in clinical.VISITS) <= int(rows[clinical.SHARED]["container_units"])
    clinics = {site.slug for site in CLINICS}
    assert {one.site for one in clinical.DEVICES} | set(clinical.SITES) <= clinics
    assert all(rows[one.code]["is_serialised"] for one in clinical.DEVICES)
    assert len({one.serial for one in clinical.DEVICES}) == len(clinical.DEVICES)


def test_ninety_days_are_made_without_selling_what_is_not_there() -> None:
    """Issue B: about 300 lots, expiries from last week to three years, thousands of charges, no shelf below zero."""
    chain = Chain(EVENING)
    days = list(chain.days())
    assert len(days) == DAYS + 1
    lots = [lot for day in days for lot in (*day.receipts, *(one for order in day.orders for one in order.lots))]
    expiries = [lot.expires_on for lot in lots if lot.expires_on]
    assert 280 <= len({lot.lot_number for lot in lots}) <= 400
    assert -8 <= (min(expiries) - chain.today).days < 0
    assert 2 * 365 < (max(expiries) - chain.today).days < 4 * 365
    assert sum(len(day.charges) for day in days) > 3000
    assert min(chain.shelf.values()) >= 0
    assert sum(1 for day in days for transfer in day.transfers if transfer.received_at is None) == 1
    assert days[-1].charges
    assert all(one.happened_at < EVENING for day in days for one in day.charges)


def test_the_same_moment_makes_the_same_chain() -> None:
    """Issue B: a load that is cut short and begun again says the same things under the same ids."""
    first, again = (list(Chain(EVENING).days()) for _ in range(2))
    assert first == again
    ids = Counter(charge_body(charge)["charge_id"] for day in first for charge in day.charges)
    assert max(ids.values()) == 1


def test_early_in_the_morning_nothing_was_sold_yet() -> None:
    """Issue B: no charge lies in the future, at whatever hour the demo is loaded."""
    for hour in range(0, 24, 3):
        now = EVENING.replace(hour=hour)
        last = list(Chain(now).days())[-1]
        assert all(one.happened_at < now for one in last.charges)


def test_a_second_try_goes_on_where_the_first_stopped(tmp_path: Path) -> None:
    """Issue B: the progress file keeps the moment of the first try, the days done, and the percent for pages."""
    home = Home(tmp_path)
    with Telling(home) as telling:
        telling.say(12.5, "3 September", days_done=11)
    note = json.loads((tmp_path / "demo-progress.json").read_text())
    assert (note["state"], note["percent"], note["step"]) == ("loading", 12.5, "3 September")
    again = Telling(home)
    assert (again.began_at, again.days_done) == (telling.began_at, 11)
    assert datetime.now(UTC) - again.began_at < timedelta(minutes=1)


@pytest.mark.slow
def test_the_demo_loads_through_the_real_doors(new_machine: Machine) -> None:
    """Issue B: with the demo loaded every day was heard; shortages are drafted, alerts open, a lorry is on the road."""
    done = new_machine.lotwise("up", "--detach", "--no-demo", seconds_max=180)
    assert done.returncode == 0, done.stderr
    import subprocess
    import sys

    load = [sys.executable, "-m", "lotwise.onebox.demo"]
    subprocess.run(load, env=new_machine.environment(), check=True, timeout=240)
    totals = json.loads(new_machine.lotwise("report", "totals", "--json").stdout)
    below = json.loads(new_machine.lotwise("report", "below-minimum", "--json").stdout)
    assert (totals["charges"] > 3000, totals["waste_minor"] > 0, len(below["rows"]) >= 3) == (True, True, True)
    sites = json.loads(new_machine.lotwise("report", "by-site", "--json").stdout)
    assert {row["site"] for row in sites["rows"]} == {site.slug for site in CLINICS}
    assert new_machine.lotwise("rebuild", "--verify").returncode == 0
    assert new_machine.lotwise("audit").returncode == 0
