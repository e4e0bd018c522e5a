"""75,000 real lines with three kinds of discount through the engine that prices."""

import pytest
from tests.sales import journey
from tests.sales.domain.shop import TILL, ByHand, charge, product, shop

from lotwise.sales.domain.charges import Asked


@pytest.mark.skipif(not journey.DATA.exists(), reason=journey.REASON)
def test_real_discounts_add_up_to_the_cent() -> None:
    """SAL-04: priced basket by basket, what was paid and what each kind of discount took equal the file's sums."""
    book = shop([])
    paid, taken, count = 0, dict.fromkeys(journey.KINDS, 0), 0
    for lines in journey.baskets().values():
        asked = []
        for one in lines:
            if one.product_id not in book.products:
                book.put_product(product(str(one.product_id), product_id=one.product_id), [])
            discounts = [ByHand(amount=given["amount"], reason=given["reason"]) for given in journey.by_hand(one)]
            asked.append(Asked(one.product_id, None, one.quantity, unit_price=one.unit_price, discounts=discounts))
        priced = charge(book, *asked, rights=TILL, is_fact=True)
        assert [line.net_minor for line in priced.lines] == [one.net for one in lines]
        paid, count = paid + priced.total_minor, count + len(lines)
        for line in priced.lines:
            for off in line.more.discounts:
                taken[off.reason] += off.minor
    assert (count, paid) == (75_000, journey.NET)
    assert tuple(taken.values()) == (journey.RETAIL, journey.COUPON, journey.MATCH)
