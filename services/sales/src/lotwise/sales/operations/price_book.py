"""The only home of the price book that is kept in memory: loaded at start, refreshed when a definition commits."""

import asyncio
import contextlib
from uuid import UUID

import asyncpg
import structlog

from lotwise.kit.database import Database
from lotwise.sales.domain.definitions import DEFAULT_LIMITS
from lotwise.sales.domain.prices import PriceBook
from lotwise.sales.repository import definitions, pricing
from lotwise.sales.repository.definitions import Named
from lotwise.sales.repository.pricing import Rules

log = structlog.get_logger(__name__)
RETRY_SECONDS = 1.0


def _put_rules(book: PriceBook, rules: Rules) -> None:
    book.put_discounts(rules.discounts)
    book.put_category_prices(rules.category_prices)
    book.put_packages(rules.packages)
    book.preferences = rules.preferences
    book.limits = {**DEFAULT_LIMITS, **{one.permission: one for one in rules.limits}}


class LivePriceBook:
    """Sales' price book of this process. Whatever process applies a definition notifies all of them at its commit."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self.book = PriceBook()
        self._stale: set[UUID] = set()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._lost = asyncio.Event()

    async def start(self) -> None:
        """Load everything, then listen."""
        await self.load()
        self._task = asyncio.create_task(self._listen(), name="price-book")

    async def stop(self) -> None:
        """Stop listening."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def load(self) -> None:
        """Read every definition anew."""
        book = PriceBook()
        async with self._db.reading() as tx:
            book.sites = {site.slug: site for site in await definitions.sites(tx)}
            book.taxes = await definitions.taxes(tx)
            for named in await definitions.products(tx, None):
                book.put_product(named.product, named.names)
            book.prices = await definitions.prices(tx, None)
            _put_rules(book, await pricing.rules(tx))
        self.book = book

    async def refresh(self, products: set[UUID]) -> None:
        """Read these products anew, and all sites, taxes, discounts, packages and preferences (they are few)."""
        ids = list(products)
        async with self._db.reading() as tx:
            sites = await definitions.sites(tx)
            taxes = await definitions.taxes(tx)
            fresh: list[Named] = await definitions.products(tx, ids) if ids else []
            prices = await definitions.prices(tx, ids) if ids else {}
            rules = await pricing.rules(tx)
        _put_rules(self.book, rules)
        self.book.sites = {site.slug: site for site in sites}
        self.book.taxes = taxes
        for named in fresh:
            self.book.put_product(named.product, named.names)
        for product_id in ids:
            self.book.prices[product_id] = prices.get(product_id, ())

    async def look_again(self, site: str, ids: set[UUID], codes: set[str]) -> None:
        """Before a thing is called unknown: read it from the database, in case its notice is still on its way."""
        missing = {product_id for product_id in ids if product_id not in self.book.products}
        names = [code for code in codes if self.book.by_code(code) is None]
        if names:
            async with self._db.reading() as tx:
                found = [await definitions.product_by_name(tx, name) for name in names]
            missing |= {product_id for product_id in found if product_id is not None}
        if missing or site not in self.book.sites:
            await self.refresh(missing)

    async def _listen(self) -> None:
        while True:
            try:
                await self._hear()
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                log.warning("price book listens again", error=type(error).__name__)
            await asyncio.sleep(RETRY_SECONDS)

    async def _hear(self) -> None:
        connection = await asyncpg.connect(self._db.url, timeout=5, server_settings={"application_name": "sales-book"})
        try:
            self._lost.clear()
            connection.add_termination_listener(lambda _: self._on_loss())
            await connection.add_listener(definitions.CHANNEL, self._on_notice)
            await self.load()
            while not self._lost.is_set():
                await self._wake.wait()
                self._wake.clear()
                stale, self._stale = self._stale, set()
                await self.refresh(stale)
        finally:
            with contextlib.suppress(OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await connection.close(timeout=1)

    def _on_notice(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        self._stale.update(UUID(text) for text in str(payload).split())
        self._wake.set()

    def _on_loss(self) -> None:
        self._lost.set()
        self._wake.set()
