"""Gift certificates and accounts: numbers that cannot be guessed or mistyped, amounts that cannot be overspent."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lotwise.contracts.ids import named_id
from lotwise.sales.domain import accounts, gifts
from lotwise.sales.domain.accounts import Account
from lotwise.sales.domain.balance_refusals import (
    AccountShort,
    BadCertificate,
    BalanceUsed,
    CertificateClosed,
    CertificateEmpty,
)
from lotwise.sales.domain.gifts import ALPHABET, Certificate

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
draws = st.lists(st.integers(0, 2**64 - 1), min_size=15, max_size=15)


def card(**more: Any) -> Certificate:
    """A certificate of 50.00."""
    return Certificate(named_id("gift"), "ABCD", "harley", None, "active", 5000, 0, 0, "USD", NOW, None, 1)._replace(
        **more
    )


@given(draws, st.integers(0, 15), st.integers(1, 30))
def test_one_wrong_sign_shows(numbers: list[int], place: int, shift: int) -> None:
    """SAL-20: a number with any one sign mistyped is told from a good one."""
    number = gifts.make_number(numbers)
    assert len(number) == 16
    assert not gifts.is_mistyped(number)
    wrong = ALPHABET[(ALPHABET.index(number[place]) + shift) % 31]
    assert gifts.is_mistyped(number[:place] + wrong + number[place + 1 :])


@given(draws, st.integers(0, 13))
def test_two_signs_swapped_show(numbers: list[int], place: int) -> None:
    """SAL-20: two neighbours swapped are told from a good number, unless they are the same sign."""
    number = gifts.make_number(numbers)
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    assert gifts.is_mistyped(swapped) == (swapped != number)


def test_numbers_are_read_as_they_are_typed_and_shown_masked() -> None:
    """SAL-20: spaces, dashes and small letters do not matter; a list shows the last four signs only."""
    assert gifts.clean(" abcd-2345 ", "x") == "ABCD2345"
    assert gifts.grouped("ABCD2345") == "ABCD-2345"
    assert gifts.masked("ABCD2345") == "••••2345"
    for bad in ("12345", "é12345", "A" * 41, "ABC/2345"):
        with pytest.raises(BadCertificate):
            gifts.clean(bad, "x")


def test_a_certificate_pays_no_more_than_it_holds() -> None:
    """SAL-20: 50.00 pays 30.00 and then 20.00, not 20.01; what it paid may come back."""
    part = gifts.spend(card(), 3000, NOW, "tenders.0")
    assert part.balance_minor == 2000
    with pytest.raises(CertificateEmpty) as refused:
        gifts.spend(part, 2001, NOW, "tenders.0")
    assert refused.value.numbers["balance_minor"] == 2000
    empty = gifts.spend(part, 2000, NOW, "tenders.0")
    assert (empty.balance_minor, gifts.give_back(empty, 9999).balance_minor) == (0, 5000)
    refunded = gifts.put_on(part, 4000)
    assert (refunded.balance_minor, refunded.sold_minor, refunded.spent_minor) == (6000, 6000, 0)


def test_a_certificate_that_ran_out_pays_nothing() -> None:
    """SAL-20: expired by the clock or by the job, or voided: refused; its rest is earned."""
    for closed in (card(expires_at=NOW), card(state="expired"), card(state="voided")):
        with pytest.raises(CertificateClosed):
            gifts.spend(closed, 1, NOW, "tenders.0")
    gone, earned = gifts.expire(gifts.spend(card(), 1000, NOW, "t"))
    assert (earned, gone.balance_minor, gone.state) == (4000, 0, "expired")


def test_a_sale_is_taken_back_unless_it_was_spent() -> None:
    """SAL-16: a top-up of 20.00 on 50.00 is undone while 20.00 are left; the whole leaves a voided certificate."""
    topped = gifts.top_up(card(), 2000)
    assert gifts.take_sale_back(topped, 2000).balance_minor == 5000
    assert gifts.take_sale_back(card(), 5000).state == "voided"
    with pytest.raises(BalanceUsed):
        gifts.take_sale_back(gifts.spend(topped, 5500, NOW, "t"), 2000)
    with pytest.raises(BadCertificate):
        gifts.top_up(card(), 0)


def test_an_account_pays_to_its_limit() -> None:
    """SAL-25: 30.00 on account and a limit of 20.00 pay 50.00, not 50.01; a fact is recorded anyway."""
    account = Account(named_id("member"), 3000, 2000, "USD", 1)
    assert accounts.move(account, -5000, "t").balance_minor == -2000
    with pytest.raises(AccountShort) as refused:
        accounts.move(account, -5001, "t")
    assert (refused.value.numbers["balance_minor"], refused.value.numbers["credit_minor"]) == (3000, 2000)
    assert accounts.move(account, -5001, "t", is_fact=True).balance_minor == -2001
