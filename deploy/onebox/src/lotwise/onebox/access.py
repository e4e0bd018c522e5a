"""The only home of how a command speaks to the running services: as a machine with a secret of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from lotwise.kit.client import MachineToken, ServiceClient
from lotwise.onebox.chain import SERVICES, Chain
from lotwise.onebox.home import Home


class Access:
    """Clients for every service, with the rights of one machine (`importer` or `operator`)."""

    def __init__(self, chain: Chain, machine: str, http: httpx.AsyncClient) -> None:
        self.chain = chain
        self.http = http
        self.token = MachineToken(chain.url("backoffice"), machine, chain.secrets.once(f"client.{machine}"))

    def __getitem__(self, service: str) -> ServiceClient:
        """The client of a service."""
        return ServiceClient(service, self.chain.url(service), self.http, self.token)

    def url(self, service: str) -> str:
        """The address of a service."""
        return self.chain.url(service)

    async def bearer(self) -> str:
        """A token that holds for a while."""
        return await self.token.get(self.http, 5.0)


@asynccontextmanager
async def access(machine: str, home: Home | None = None) -> AsyncIterator[Access]:
    """Speak to the system that runs on this data folder. Raises Refused when none runs."""
    home = home or Home.find()
    home.note()
    async with httpx.AsyncClient(limits=httpx.Limits(max_connections=16)) as http:
        yield Access(Chain.of(home), machine, http)


__all__ = ["SERVICES", "Access", "access"]
