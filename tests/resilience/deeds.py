"""The only home of the deeds that run beside the tills: transfers, counts and recalls, until the last strike."""

import asyncio
import itertools
from collections.abc import Sequence
from typing import Any

from tests.resilience.hands import Hand
from tests.speed.system import SITES, site

BREATH_SECONDS = 0.2
TURNS_MIN = 12
SECOND_LOT = "L2"
"""No charge and no transfer reaches it: the first lot of a product ends sooner and is never used up."""


class Porter(Hand):
    """Carries goods between sites: most arrive, some with one missing, some are called back."""

    async def work(self, products: Sequence[dict[str, Any]], is_over: asyncio.Event) -> None:
        """Ship and receive, one transfer after the other."""
        turns = itertools.count()
        while next(turns) < TURNS_MIN or not is_over.is_set():
            start, end = (site(number) for number in self.dice.sample(range(SITES), 2))
            await self._carry(start, end, self.dice.choice(products)["product_id"], self.dice.randint(2, 50))
            await asyncio.sleep(BREATH_SECONDS)

    async def _carry(self, start: str, end: str, product: str, quantity: int) -> None:
        lines = [{"product_id": product, "quantity": str(quantity)}]
        made = await self.surely("/v1/transfers", {"from_site": start, "to_site": end, "lines": lines})
        path = f"/v1/transfers/{made['transfer_id']}"
        await self.surely(f"{path}:ship", {})
        how = self.dice.choice(("received", "received", "short", "cancelled"))
        if how == "cancelled":
            await self.surely(f"{path}:cancel", {})
        elif how == "short":
            came = {"product_id": product, "quantity": str(quantity - 1), "missing_reason": "loss"}
            await self.surely(f"{path}:receive", {"lines": [came]})
        else:
            await self.surely(f"{path}:receive", {})
        if how != "cancelled":
            self.history.moved[start, product] -= quantity
            self.history.moved[end, product] += quantity - (how == "short")
        self.history.deeds[how] += 1


class Taker(Hand):
    """Counts the second lot of products that the tills sell, and each time finds some stolen."""

    async def work(self, products: Sequence[dict[str, Any]], there: int, is_over: asyncio.Event) -> None:
        """Open, count and post, one count after the other; `there` lies of each second lot at the start."""
        left: dict[tuple[str, str], int] = {}
        turns = itertools.count()
        while next(turns) < TURNS_MIN or not is_over.is_set():
            slug, product = site(self.dice.randrange(SITES)), self.dice.choice(products)["product_id"]
            stolen = self.dice.randint(1, 3)
            left[slug, product] = left.get((slug, product), there) - stolen
            await self._count(slug, product, left[slug, product])
            self.history.moved[slug, product] -= stolen
            self.history.deeds["counted"] += 1
            self.history.deeds["stolen"] += stolen
            await asyncio.sleep(BREATH_SECONDS)

    async def _count(self, slug: str, product: str, quantity: int) -> None:
        made = await self.surely("/v1/counts", {"site": slug, "kind": "cycle", "product_ids": [product]})
        path = f"/v1/counts/{made['count_id']}"
        found = await self.surely(f"{path}/lines", {"product_id": product, "lot_number": SECOND_LOT})
        assert not found["is_new"], found
        await self.surely(f"{path}:count", {"entries": [{"line": found["line"]["line"], "quantity": str(quantity)}]})
        posted = await self.surely(f"{path}:post", {"leave_uncounted": True, "cause_of_rest": "theft"})
        assert posted["state"] == "posted", posted


class Caller(Hand):
    """Recalls the second lot of a product at every site and releases it, and at the end leaves one recalled."""

    async def work(self, products: Sequence[dict[str, Any]], is_over: asyncio.Event) -> None:
        """Begin and release, one recall after the other; the last one stays."""
        for turn in itertools.count():
            product = products[turn % len(products)]["product_id"]
            line = {"product_id": product, "first": SECOND_LOT}
            body = {"title": "Particles", "severity": "I", "reason": "glass found", "lines": [line]}
            begun = await self.surely("/v1/recalls", body)
            assert [one["lot_number"] for one in begun["lots"]] == [SECOND_LOT], begun
            self.history.deeds["recalled"] += 1
            if is_over.is_set():
                self.history.blocked.add(product)
                return
            await asyncio.sleep(BREATH_SECONDS)
            await self.surely(f"/v1/recalls/{begun['recall_id']}:release", {"reason": "the maker took it back"})
            self.history.deeds["released"] += 1
