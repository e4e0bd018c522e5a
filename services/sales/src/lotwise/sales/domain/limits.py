"""The only home of what a person may give away for nothing, and how much of it (SAL-23)."""

from collections.abc import Sequence

from lotwise.sales.domain.drafts import Draft, Setting, amount_of
from lotwise.sales.domain.pricing_refusals import BeyondLimit
from lotwise.sales.domain.refusals import NotPermitted
from lotwise.values import format_minor


def check_given_away(setting: Setting, drafts: Sequence[Draft]) -> None:
    """What is given away costs no more than the chain allows. Raises NotPermitted, BeyondLimit.

    It counts at cost; goods without a known cost count at their price, services without one count nothing.
    """
    free = [draft for draft in drafts if draft.more.free_reason]
    rights = setting.rights
    if not free or rights.state_facts or rights.override:
        return
    if not rights.free:
        raise NotPermitted(
            "giving something away needs the permission charge.free",
            field=f"lines.{free[0].nth}.free_reason",
            ways_out=("charge it", "let somebody who may give it away do it"),
        )
    limit = setting.book.limit("charge.free").amount_minor
    cost = sum(cost_of(setting, draft) for draft in free)
    if limit is not None and cost > limit:
        raise BeyondLimit(
            f"goods of at most {format_minor(limit, setting.exponent)} at cost may be given away in a charge",
            field=f"lines.{free[0].nth}.free_reason",
            ways_out=("give away less", "let somebody with charge.override charge it"),
            permission="charge.override",
            limit_minor=limit,
            cost_minor=cost,
        )


def cost_of(setting: Setting, draft: Draft) -> int:
    """What a line costs the chain, in minor units."""
    product = draft.product
    micros = product.cost
    if micros is None and product.kind == "physical" and draft.price is not None:
        micros = draft.price.micros
    return amount_of(micros or 0, draft.quantity, product, setting.exponent, draft.nth)
