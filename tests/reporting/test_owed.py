"""What is owed to members is no revenue until it is earned; what costs nothing is reported with its cost."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from tests.catalog.harness import Bench
from tests.reporting.conftest import said, uid

from lotwise.contracts.catalog import ProductDefined, SiteDefined
from lotwise.contracts.envelope import Event
from lotwise.contracts.sales import (
    AccountMoved,
    BalanceItem,
    GiftCertificateExpired,
    GiftCertificateRedeemed,
    GiftCertificateSold,
    MembershipEnded,
    MembershipPaused,
    MembershipRenewed,
    MembershipResumed,
    PackageExpired,
    PackageRedeemed,
    PackageRefunded,
    PackageSold,
    ReturnLine,
    SaleLine,
    SaleRecorded,
    SaleReturned,
    SaleVoided,
)
from lotwise.contracts.stock import LotTaken, StockIssued, StockReturned

PACKAGE, SESSION, CLUB, TOX = uid(1), uid(2), uid(3), uid(4)
MEMBER, BALANCE, SECOND, CARD, MEMBERSHIP = uid(20), uid(21), uid(22), uid(23), uid(24)


def noon(day: int, month: int = 3) -> datetime:
    """Noon of a day."""
    return datetime(2026, month, day, 12, tzinfo=UTC)


def charge(number: int, day: int, *lines: SaleLine, site: str = "harley", actor: str = "user:amy") -> SaleRecorded:
    """A charge with these lines."""
    net = sum(line.net_minor for line in lines)
    return SaleRecorded(
        site=site, charge_id=uid(1000 + number), number=str(number), happened_at=noon(day), lines=lines, net_minor=net,
        tax_minor=0, total_minor=net, actor=actor,
    )  # fmt: skip


def owed_line(number: int, product: Any, owed: Any, net: int, tax: int = 0) -> SaleLine:
    """A line whose money is owed."""
    return SaleLine(
        line=number, product_id=product, quantity="1", effect="none", unit_price="1", net_minor=net, tax_1_minor=tax,
        owed=owed,
    )  # fmt: skip


def sold(balance: Any, day: int, value: int, site: str = "harley") -> PackageSold:
    """A package was sold."""
    item = BalanceItem(product_id=SESSION, quantity="3", value_minor=value)
    return PackageSold(
        site=site, balance_id=balance, product_id=PACKAGE, charge_id=uid(1001), line=1, member_id=MEMBER,
        items=(item,), value_minor=value, happened_at=noon(day),
    )  # fmt: skip


def used(balance: Any, day: int, value: int, site: str) -> PackageRedeemed:
    """A session of a package was used."""
    return PackageRedeemed(
        site=site, balance_id=balance, package_id=PACKAGE, product_id=SESSION, quantity="1", value_minor=value,
        charge_id=uid(1002), line=1, member_id=MEMBER, happened_at=noon(day),
    )  # fmt: skip


def balances() -> list[Event]:
    """Two packages, a certificate and an account: sold, used at another site, refunded, run out."""
    of: dict[str, Any] = {"package_id": PACKAGE, "member_id": MEMBER}
    gift: dict[str, Any] = {"site": "harley", "certificate_id": CARD}
    spent: dict[str, Any] = gift | {"site": "coast", "charge_id": uid(1003)}
    account: dict[str, Any] = {"site": "coast", "member_id": MEMBER}
    return [
        charge(
            1, 2, owed_line(1, PACKAGE, "package", 10000, 500), owed_line(2, uid(5), "gift", 5000),
            owed_line(3, uid(6), "account", 2000), owed_line(4, uid(7), "tip", 300),
            SaleLine(line=5, product_id=TOX, quantity="2", unit_price="1", net_minor=2400),
        ),
        sold(BALANCE, 2, 10000), sold(SECOND, 2, 900, "coast"),
        used(BALANCE, 3, 3333, "coast"), used(BALANCE, 4, 3333, "harley"), used(BALANCE, 5, -3333, "harley"),
        PackageRefunded(
            site="harley", balance_id=BALANCE, refund_minor=6000, kept_minor=667, happened_at=noon(6), **of
        ),
        PackageExpired(site="coast", balance_id=SECOND, value_minor=400, happened_at=noon(7), **of),
        GiftCertificateSold(amount_minor=5000, happened_at=noon(2), **gift),
        GiftCertificateSold(amount_minor=1000, happened_at=noon(3), **gift | {"site": "coast"}),
        GiftCertificateRedeemed(amount_minor=1500, happened_at=noon(4), **spent),
        GiftCertificateExpired(value_minor=500, happened_at=noon(8), **gift),
        AccountMoved(entry_id=uid(31), amount_minor=2000, why="received", happened_at=noon(2), **account),
        AccountMoved(entry_id=uid(32), amount_minor=-700, why="spent", happened_at=noon(3), **account),
        AccountMoved(entry_id=uid(33), amount_minor=100, why="reversed", happened_at=noon(4), **account),
        AccountMoved(entry_id=uid(34), amount_minor=-50, why="returned", happened_at=noon(5), **account),
    ]  # fmt: skip


SITES: list[Event] = [
    SiteDefined(site="harley", slug="harley", name="Harley Street", time_zone="Europe/London"),
    SiteDefined(site="coast", slug="coast", name="Coast", time_zone="UTC"),
]


async def hear(reporting: Bench, events: "list[Event]") -> None:
    """Hear events one batch each."""
    for event in events:
        await reporting.hear(said(event))


async def revenue(reporting: Bench, query: str = "") -> int:
    """The revenue of a window."""
    return int((await reporting.get(f"/v1/totals?{query}"))["net_revenue_minor"])


async def owed(reporting: Bench, query: str = "") -> dict[tuple[str, str], tuple[int, ...]]:
    """Sold, redeemed, expired, refunded and outstanding by kind and site."""
    page = await reporting.get(f"/v1/liabilities-report?{query}")
    words = ("sold", "redeemed", "expired", "refunded", "outstanding")
    return {(row["kind"], row["site"]): tuple(row[f"{word}_minor"] for word in words) for row in page["rows"]}


async def is_rebuilt_equal(reporting: Bench) -> bool:
    """Whether the journal folds to the same rows, to the bit."""
    return bool((await reporting.post("/v1/rebuild", {"verify": True}))["is_equal"])


@pytest.mark.parametrize("is_reversed", [False, True])
async def test_money_that_is_owed_is_revenue_when_it_is_earned(reporting: Bench, is_reversed: bool) -> None:
    """SAL-20: given a package, certificate, account and tip in one charge; only the goods are revenue at the sale; the
    package's follows with use (a use taken back lowers it), with what is kept and with breakage; in any order.
    """
    events = [*SITES, *balances()]
    await hear(reporting, events[::-1] if is_reversed else events)

    assert await revenue(reporting, "to=2026-03-02") == 2400
    assert await revenue(reporting, "from=2026-03-03&to=2026-03-03") == 3333
    assert await revenue(reporting, "from=2026-03-05&to=2026-03-05") == -3333
    assert await revenue(reporting) == 2400 + 3333 + 667 + 400
    rows = (await reporting.get("/v1/sales/by-product"))["rows"]
    shown = {row["product_id"]: (row["revenue_minor"], row["tax_minor"], row["units"]) for row in rows}
    assert shown[str(SESSION)] == (3333, 0, "0")
    assert shown[str(PACKAGE)] == (1067, 500, "1")
    assert await is_rebuilt_equal(reporting)


async def test_money_given_back_of_what_is_owed_takes_no_revenue(reporting: Bench) -> None:
    """SAL-20: a void and a return of a package's line leave the revenue where it is; their tax goes back."""
    line = owed_line(1, PACKAGE, "package", 10000, 500)
    back = ReturnLine(
        line=1, product_id=PACKAGE, quantity="1", unit_price="1", net_minor=6000, tax_1_minor=300, moves_stock=False,
        owed="package",
    )  # fmt: skip
    void = SaleVoided(
        site="harley", charge_id=uid(1001), void_id=uid(60), happened_at=noon(3), reason="mistake", lines=(line,),
        net_minor=10000, tax_minor=500,
    )  # fmt: skip
    refund = SaleReturned(
        site="harley", return_id=uid(61), number="R1", happened_at=noon(3), lines=(back,), net_minor=6000,
        tax_minor=300,
    )  # fmt: skip
    await hear(reporting, [charge(1, 2, line), void, charge(2, 2, line), refund])
    totals = await reporting.get("/v1/totals")
    assert (totals["net_revenue_minor"], totals["tax_minor"]) == (0, 200)


async def test_the_liabilities_report_tells_each_kind_at_the_site_that_sold_it(reporting: Bench) -> None:
    """REP-16: sold, redeemed, expired (with what was kept), refunded within the days, and what is owed at their end; a
    package used at another site lowers what the selling one owes; a manager sees the own site.
    """
    await hear(reporting, [*SITES, *balances()])
    assert await owed(reporting) == {
        ("package", "harley"): (10000, 3333, 667, 6000, 0),
        ("package", "coast"): (900, 0, 400, 0, 500),
        ("gift", "harley"): (6000, 1500, 500, 0, 4000),
        ("account", "coast"): (2000, 600, 0, 50, 1350),
    }
    assert await owed(reporting, "from=2026-03-04&to=2026-03-04&kind=package") == {
        ("package", "harley"): (0, 3333, 0, 0, 3334),
        ("package", "coast"): (0, 0, 0, 0, 900),
    }
    mine = await reporting.get("/v1/liabilities-report?sort=kind", who="local")
    assert [(row["kind"], row["site_name"]) for row in mine["rows"]] == [
        ("gift", "Harley Street"), ("package", "Harley Street"),
    ]  # fmt: skip
    first = await reporting.get("/v1/liabilities-report?limit=3")
    rest = await reporting.get(f"/v1/liabilities-report?limit=3&after={first['next']}")
    assert [row["outstanding_minor"] for row in first["rows"] + rest["rows"]] == [4000, 1350, 500, 0]
    assert (await reporting.call("GET", "/v1/liabilities-report?kind=tip")).status_code == 422
    assert (await reporting.call("GET", "/v1/liabilities-report?sort=colour")).status_code == 422
    assert (await reporting.call("GET", "/v1/liabilities-report", who="front_desk")).status_code == 403


def membership(kind: type[Event], revision: int, day: int, month: int = 3, **more: Any) -> Event:
    """An event of the membership."""
    return kind.model_validate(
        {"site": "harley", "membership_id": MEMBERSHIP, "package_id": CLUB, "member_id": MEMBER,
         "happened_at": noon(day, month), "revision": revision, **more}
    )  # fmt: skip


def begun(revision: int, period: int, first: date, last: date, fee: int) -> Event:
    """A period began."""
    return membership(
        MembershipRenewed, revision, first.day, first.month, period=period, from_day=first, to_day=last, fee_minor=fee
    )


async def earned(reporting: Bench) -> dict[str, int]:
    """Revenue by day."""
    rows = (await reporting.get("/v1/sales/by-day?limit=200"))["rows"]
    return {row["day"]: row["revenue_minor"] for row in rows if row["revenue_minor"]}


async def test_a_fee_is_earned_by_the_days_of_its_period(reporting: Bench) -> None:
    """SAL-20: 100.00 over 31 days: each day the difference of what is earned by its end, the days add up to the fee;
    its line is no revenue; what is not earned is owed.
    """
    await hear(reporting, [
        *SITES, charge(1, 1, owed_line(1, CLUB, "membership", 10000)),
        begun(1, 1, date(2026, 3, 1), date(2026, 3, 31), 10000),
    ])  # fmt: skip
    days = await earned(reporting)
    assert (len(days), sum(days.values())) == (31, 10000)
    assert [days[f"2026-03-0{n}"] for n in (1, 2, 3, 4)] == [323, 322, 323, 322]
    assert await revenue(reporting, "from=2026-03-02&to=2026-03-10") == sum(
        days[f"2026-03-{n:02}"] for n in range(2, 11)
    )
    assert await owed(reporting, "to=2026-03-10") == {("membership", "harley"): (10000, 3226, 0, 0, 6774)}
    assert await owed(reporting, "from=2026-03-11") == {("membership", "harley"): (0, 6774, 0, 0, 0)}
    assert await is_rebuilt_equal(reporting)


@pytest.mark.parametrize("is_reversed", [False, True])
async def test_pauses_and_an_end_move_what_a_fee_earns(reporting: Bench, is_reversed: bool) -> None:
    """SAL-21: 30.00 over 30 days rests five days, which lengthen it; the next period ends on its tenth day with 15.00
    given back: the rest is earned that day; told in any order the rows are the same.
    """
    steps = [
        begun(1, 1, date(2026, 4, 1), date(2026, 4, 30), 3000),
        membership(MembershipPaused, 2, 11, 4, from_day="2026-04-11"),
        membership(MembershipResumed, 3, 16, 4, from_day="2026-04-16"),
        begun(4, 2, date(2026, 5, 6), date(2026, 6, 4), 3000),
        membership(MembershipEnded, 5, 15, 5, on_day="2026-05-15", reason="cancelled", refunded_minor=1500),
    ]
    await hear(reporting, [*SITES, *(steps[::-1] if is_reversed else steps)])
    days = await earned(reporting)
    assert not {"2026-04-11", "2026-04-15"} & set(days)
    assert (days["2026-04-10"], days["2026-04-16"], days["2026-05-05"]) == (100, 100, 100)
    assert (days["2026-05-14"], days["2026-05-15"], sum(days.values())) == (100, 600, 4500)
    assert await owed(reporting, "from=2026-05-01&to=2026-05-14") == {
        ("membership", "harley"): (3000, 1400, 0, 0, 2100)
    }
    assert await owed(reporting) == {("membership", "harley"): (6000, 4500, 0, 1500, 0)}
    assert await is_rebuilt_equal(reporting)


async def test_days_to_come_earn_nothing_yet(reporting: Bench) -> None:
    """SAL-20: a period that lies ahead is owed whole, whatever the last day asked for."""
    await hear(reporting, [*SITES, begun(1, 1, date(2190, 3, 1), date(2190, 3, 31), 10000)])
    assert await revenue(reporting, "to=2195-01-01") == 0
    assert await owed(reporting, "to=2195-01-01") == {("membership", "harley"): (10000, 0, 0, 0, 10000)}


def free(number: int, reason: str, quantity: str) -> SaleLine:
    """A line that costs nothing."""
    return SaleLine(line=number, product_id=TOX, quantity=quantity, unit_price="0", net_minor=0, free_reason=reason)


@pytest.mark.parametrize("is_reversed", [False, True])
async def test_free_use_is_reported_by_reason_with_its_cost_and_who(reporting: Bench, is_reversed: bool) -> None:
    """SAL-23: lines with a reason count with their quantity, the cost of the lots really taken and who recorded them;
    a voided one is taken back; a line that was paid for is not in it; whichever service is heard first.
    """
    paid = SaleLine(line=3, product_id=TOX, quantity="9", unit_price="1", net_minor=900)

    def took(line: int, quantity: str, cost: int) -> LotTaken:
        """A part of a lot."""
        return LotTaken(line=line, product_id=TOX, lot_id=uid(90), quantity=quantity, cost_minor=cost)

    events: list[Event] = [
        ProductDefined(product_id=TOX, code="TOX", name="Toxin", kind="physical", unit="U"),
        charge(1, 2, free(1, "touch_up", "2.5"), free(2, "training", "1"), paid),
        StockIssued(
            site="harley", charge_id=uid(1001), happened_at=noon(2),
            taken=(took(1, "2", 900), took(1, "0.5", 230), took(2, "1", 450), took(3, "9", 4050)),
        ),
        charge(2, 3, free(1, "touch_up", "4"), site="coast", actor="user:bo"),
        StockIssued(site="coast", charge_id=uid(1002), happened_at=noon(3), taken=(took(1, "4", 1800),)),
        SaleVoided(
            site="coast", charge_id=uid(1002), void_id=uid(60), happened_at=noon(4), reason="mistake",
            lines=(free(1, "touch_up", "4"),), net_minor=0, tax_minor=0, actor="user:bo",
        ),
        StockReturned(
            site="coast", charge_id=uid(1002), return_id=uid(60), happened_at=noon(4), disposition="restock",
            taken=(took(1, "4", 1800),),
        ),
    ]  # fmt: skip
    await hear(reporting, [*SITES, *(events[::-1] if is_reversed else events)])

    async def rows(query: str, who: str = "owner") -> list[tuple[Any, ...]]:
        """The report's rows."""
        words = ("reason", "name", "actor", "units", "lines", "cost_minor")
        page = await reporting.get(f"/v1/free-use?{query}", who=who)
        return [tuple(row[word] for word in words) for row in page["rows"]]

    harley = [
        ("touch_up", "Toxin", "user:amy", "2.5", 1, 1130),
        ("training", "Toxin", "user:amy", "1", 1, 450),
    ]
    assert await rows("to=2026-03-03") == [("touch_up", "Toxin", "user:bo", "4", 1, 1800), *harley]
    assert await rows("") == [*harley, ("touch_up", "Toxin", "user:bo", "0", 0, 0)]
    assert await rows("reason=training") == harley[1:]
    assert await rows("", who="local") == harley
    assert (await reporting.call("GET", "/v1/free-use?sort=colour")).status_code == 422
    assert (await reporting.call("GET", "/v1/free-use", who="front_desk")).status_code == 403
    assert await is_rebuilt_equal(reporting)
