"""The price book: codes, periods, sites and tax days."""

from datetime import UTC, date, datetime, timedelta

from lotwise.contracts.ids import named_id
from lotwise.sales.domain.definitions import NO_TAX, Price, Product, TaxSlots
from lotwise.sales.domain.prices import PriceBook, price_at, slots_at

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def price(micros: int, since: datetime, until: datetime | None = None, site: str | None = None) -> Price:
    """A price of a period."""
    return Price(named_id(micros, since, site), site, micros, since, until)


def product(code: str, name: str = "x") -> Product:
    """A plain physical product."""
    return Product(named_id(name), code, name, "physical", "retail", None, "piece", 0, 0, 0, False, False, 1)


def test_the_latest_price_in_force_counts() -> None:
    """CAT-08: a price holds from its instant on, to the instant before its end."""
    prices = [price(1, NOW - 10 * DAY), price(2, NOW - DAY, NOW + DAY), price(3, NOW + DAY)]
    assert [found.micros for at in (-20, -5, 0, 1, 2) if (found := price_at(prices, "harley", NOW + at * DAY))] == [
        1,
        2,
        3,
        3,
    ]
    assert price_at(prices, "harley", NOW - 20 * DAY) is None


def test_a_price_that_ended_holds_no_more() -> None:
    """CAT-56: at its end instant a price is over, a microsecond earlier it is in force."""
    prices = [price(5, NOW, NOW + DAY)]
    assert price_at(prices, "harley", NOW + DAY) is None
    assert price_at(prices, "harley", NOW + DAY - timedelta(microseconds=1)) is not None


def test_a_site_has_its_own_price() -> None:
    """CAT-56: a site's price goes before the chain's, even an older one; other sites pay the chain's."""
    prices = [price(10, NOW - DAY), price(8, NOW - 5 * DAY, site="harley")]
    assert price_at(prices, "harley", NOW) == prices[1]
    assert price_at(prices, "soho", NOW) == prices[0]


def test_taxes_start_on_their_day() -> None:
    """CAT-63: the rates of a day are those that started last; before the first there are none."""
    old, new = TaxSlots(date(2012, 1, 1), "", 1, 0, "", 0, 0, 1), TaxSlots(date(2013, 1, 1), "", 2, 0, "", 0, 0, 1)
    assert slots_at([new, old], date(2012, 12, 31)) == old
    assert slots_at([new, old], date(2013, 1, 1)) == new
    assert slots_at([new, old], date(2011, 12, 31)) == NO_TAX


def test_codes_are_case_sensitive_and_barcodes_lead_to_the_product() -> None:
    """CAT-34 SAL-15: a code or a barcode finds its product, another case does not; a new code replaces the old one."""
    book = PriceBook()
    book.put_product(product("VIAL"), ["VIAL", "00012345678905"])
    assert book.by_code("VIAL") == book.by_code("00012345678905") == product("VIAL")
    assert book.by_code("vial") is None
    book.put_product(product("VIAL2"), ["VIAL2"])
    assert book.by_code("VIAL") is None
    assert book.by_code("VIAL2") == product("VIAL2")
    assert book.by_code("00012345678905") is None


def test_a_barcode_never_hides_another_products_code() -> None:
    """SAL-15: when a barcode of one product equals the code of another, the code wins."""
    book = PriceBook()
    book.put_product(product("123", "first"), ["123"])
    book.put_product(product("B", "second"), ["B", "123"])
    found = book.by_code("123")
    assert found is not None
    assert found.name == "first"
