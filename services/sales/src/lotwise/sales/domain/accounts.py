"""The only home of members' accounts (SAL-25): above zero the chain owes the member, below zero the member owes."""

from typing import NamedTuple
from uuid import UUID

from lotwise.sales.domain.balance_refusals import AccountShort
from lotwise.values import BIGINT_MAX, BadValue


class Account(NamedTuple):
    """A member's account in the order of its columns; minor units. `credit_minor`: how far below zero it may go."""

    member_id: UUID
    balance_minor: int
    credit_minor: int
    currency: str
    revision: int

    @property
    def reach_minor(self) -> int:
        """What it can pay now."""
        return self.balance_minor + self.credit_minor


def move(account: Account, amount: int, field: str, *, is_fact: bool = False) -> Account:
    """Add to an account, or below zero take from it. Raises AccountShort beyond its reach, unless it happened."""
    if amount < 0 and not is_fact and -amount > account.reach_minor:
        raise AccountShort(
            f"the account can pay {max(0, account.reach_minor)} minor units",
            field=field,
            ways_out=("pay the rest otherwise", "take a payment on account first", "raise the member's credit limit"),
            balance_minor=account.balance_minor,
            credit_minor=account.credit_minor,
            wanted_minor=-amount,
        )
    if abs(account.balance_minor + amount) > BIGINT_MAX // 2:
        raise BadValue("so much fits no account", field=field)
    return account._replace(balance_minor=account.balance_minor + amount)
