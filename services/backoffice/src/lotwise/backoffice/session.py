"""The only home of who looks at a page: the signed-in person, their sites, how figures look to them."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, Request

from lotwise.backoffice.formats import Formats
from lotwise.backoffice.gateway import Gateway, Refused, Shape, Unreachable
from lotwise.backoffice.repository import users
from lotwise.kit.principal import Principal
from lotwise.kit.web import PRINCIPAL
from lotwise.values import site_day

if TYPE_CHECKING:
    from lotwise.kit.service import Runtime

SITE_COOKIE = "site"
ALL = "all"
KNOWN_SECONDS = 20.0
PERSONS_MAX = 1000
LOCALES = {"USD": "en_US", "CAD": "en_CA", "AUD": "en_AU", "NZD": "en_NZ"}


class Site(Shape):
    """A site as every page needs it: its name and its clock."""

    slug: str
    name: str
    time_zone: str = "UTC"
    is_central_store: bool = False
    stock_policy: str = ""


@dataclass(slots=True)
class Known:
    """What all persons of this process share and is read anew after a while: the chain's sites, who is who."""

    sites: tuple[Site, ...] = ()
    names: dict[str, str] = field(default_factory=dict)
    read_at: float = field(default=-KNOWN_SECONDS)


@dataclass(frozen=True, slots=True)
class Visitor:
    """The person in front of a page. `site` is the one in view, None for all of theirs; `mark` is where the live
    stream stood before the page was read.
    """

    principal: Principal
    gateway: Gateway
    sites: tuple[Site, ...]
    site: Site | None
    formats: Formats
    names: Mapping[str, str] = field(default_factory=dict)
    mark: str = "-"

    @property
    def name(self) -> str:
        """What the person is called."""
        return self.principal.name or self.principal.subject

    @property
    def roles(self) -> str:
        """The person's roles in words."""
        return ", ".join(sorted({grant.role.replace("_", " ") for grant in self.principal.grants}))

    @property
    def slug(self) -> str | None:
        """The site in view as the services name it; None for all."""
        return self.site.slug if self.site else None

    @property
    def today(self) -> date:
        """The day at the site in view."""
        return site_day(datetime.now(UTC), self.formats.zone)

    def can(self, permission: str, site: str | None = None) -> bool:
        """Whether the person may do that (at a site)."""
        return self.principal.allows(permission, site)

    def site_name(self, slug: str | None) -> str:
        """A site's name by its slug; the slug itself when the site is not known."""
        return next((site.name for site in self.sites if site.slug == slug), slug or "")

    def person(self, actor: str | None) -> str:
        """Who did it, as persons call each other: a name, or the machine that acted."""
        if not actor:
            return ""
        kind, _, name = actor.partition(":")
        return self.names.get(actor) or (f"the {name} service" if kind == "service" else f"{kind} {name[:12]}")

    def a_site(self) -> str | None:
        """The site in view, else the first one where goods are sold, else the first: where a deed needs one."""
        if self.site:
            return self.site.slug
        shops = [site for site in self.sites if not site.is_central_store] or list(self.sites)
        return shops[0].slug if shops else None


async def visitor(request: Request) -> Visitor:
    """The person of this request, whom the router has let in."""
    principal: Principal = request.scope[PRINCIPAL]
    runtime: Runtime = request.app.state.runtime
    live = runtime.state.get("live")
    mark = live.mark if live is not None else "-"
    gateway = Gateway(runtime, principal.token)
    known = await _known(runtime, gateway)
    sites = _theirs(known.sites, principal)
    site = _in_view(request, sites)
    formats = formats_of(runtime, site or (sites[0] if sites else None))
    return Visitor(principal, gateway, sites, site, formats, known.names, mark)


Who = Annotated[Visitor, Depends(visitor)]


async def admit(request: Request) -> Principal:
    """Who the session cookie speaks for, with a token that holds. Raises Unauthenticated."""
    door = request.app.state.runtime.state["door"]
    principal: Principal = await door.admit(request)
    return principal


def formats_of(runtime: "Runtime", site: Site | None) -> Formats:
    """How figures look: the chain's currency and the language that goes with it, the site's clock."""
    currency = runtime.settings.currency
    return Formats(LOCALES.get(currency, "en_GB"), currency, site.time_zone if site else "UTC")


async def _known(runtime: "Runtime", gateway: Gateway) -> Known:
    known: Known = runtime.state.setdefault("known", Known())
    if time.monotonic() - known.read_at > KNOWN_SECONDS:
        try:
            found = await gateway.rows(Site, "catalog", "/v1/sites", limit=500)
        except (Refused, Unreachable):
            return known
        known.names = await _names(runtime)
        known.sites, known.read_at = tuple(found.rows), time.monotonic()
    return known


async def _names(runtime: "Runtime") -> dict[str, str]:
    async with runtime.db.reading() as tx:
        persons = await users.page(tx, None, PERSONS_MAX)
    return {f"user:{person.id}": person.name for person in persons}


def forget_sites(runtime: Any) -> None:
    """Read the sites anew at the next page: one was just changed here."""
    runtime.state.pop("known", None)


def _theirs(sites: tuple[Site, ...], principal: Principal) -> tuple[Site, ...]:
    own = principal.sites("catalog.read")
    return tuple(site for site in sites if own is None or site.slug in own)


def _in_view(request: Request, sites: tuple[Site, ...]) -> Site | None:
    if len(sites) == 1:
        return sites[0]
    wanted = request.query_params.get("site") or request.cookies.get(SITE_COOKIE)
    return next((site for site in sites if site.slug == wanted), None)
