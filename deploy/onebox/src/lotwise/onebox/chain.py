"""The only home of which services there are on one machine, and of the environment that each is started with."""

import os
from dataclasses import dataclass
from urllib.parse import urlsplit

from lotwise.onebox.databases import DatabaseLogin
from lotwise.onebox.home import Home, Refused, Secrets, read_json, write_json
from lotwise.onebox.ports import HOST, free_ports, is_free

SERVICES = ("backoffice", "catalog", "sales", "stock", "purchasing", "alerts", "reporting")
"""The door first: everybody asks it for keys."""
MACHINES = (*(name for name in SERVICES if name != "backoffice"), "importer", "operator")
"""Who may ask the door for a token with a client secret."""
ROLES = ("owner", "manager", "front_desk", "practitioner", "buyer", "auditor")
PORT_DEFAULT = 8080
KNOBS = (
    "LOTWISE_CURRENCY",
    "LOTWISE_OTLP_ENDPOINT",
    "LOTWISE_LOG_LEVEL",
    "LOTWISE_TRACE_SAMPLE_RATIO",
    "LOTWISE_TRACE_FILE",
)
"""What a person may set for all services at once; every other LOTWISE_ variable is ours."""


@dataclass(frozen=True)
class Chain:
    """One installation: its data folder, its secrets and the ports in use. Servers of one's own come by address."""

    home: Home
    secrets: Secrets
    ports: dict[str, int]
    postgres_url: str | None
    nats_url: str | None

    @classmethod
    def of(cls, home: Home) -> "Chain":
        """The installation of this data folder and environment. Raises Refused when the page's port is no port."""
        return cls(
            home,
            Secrets(home.secrets_file),
            _ports(home),
            os.environ.get("LOTWISE_POSTGRES_URL") or None,
            os.environ.get("LOTWISE_NATS_URL") or None,
        )

    @property
    def address(self) -> str:
        """Where a browser finds the pages."""
        return self.url("backoffice")

    def url(self, service: str) -> str:
        """The address of a service."""
        return f"http://{HOST}:{self.ports[service]}"

    def login(self, service: str) -> DatabaseLogin:
        """The database of a service and its two roles."""
        return DatabaseLogin(
            service, self.secrets.once(f"database.{service}.owner"), self.secrets.once(f"database.{service}.app")
        )

    def logins(self) -> list[DatabaseLogin]:
        """The databases of all services."""
        return [self.login(service) for service in SERVICES]

    def bus_url(self) -> str:
        """The address of the bus: one's own, or the embedded one."""
        return self.nats_url or f"nats://{HOST}:{self.ports['nats']}"

    def bus_login(self, user: str) -> tuple[str | None, str | None]:
        """User and password on the bus; a server of one's own may name one for all in its address."""
        if self.nats_url is None:
            return user, self.secrets.once(f"nats.{user}")
        parts = urlsplit(self.nats_url)
        return parts.username, parts.password

    def make_secrets(self) -> None:
        """Make every secret that is missing, in one process, before others read them."""
        self.logins()
        self.sign_ins()
        for machine in (*MACHINES, "backoffice"):
            self.secrets.once(f"client.{machine}")

    def sign_ins(self) -> dict[str, tuple[str, str]]:
        """One sign-in per role: its name and its first password."""
        return {
            role: (f"{role.replace('_', '-')}@lotwise.example", self.secrets.once(f"sign-in.{role}", 12))
            for role in ROLES
        }

    def environment(self, service: str, admin_url: str) -> dict[str, str]:
        """The environment of a service: addresses of all, and only its own secrets."""
        prefix = service.upper()
        login = self.login(service)
        user, password = self.bus_login(service)
        own = {
            "DATABASE_URL": login.app_url(admin_url),
            "NATS_USER": user,
            "NATS_PASSWORD": password,
            "PORT": str(self.ports[service]),
            "CLIENT_SECRET": self.secrets.once(f"client.{service}"),
            "JWKS_CACHE": str(self.home.caches / f"{service}-jwks.json"),
        }
        if service == "backoffice":
            own |= {f"{name.upper()}_SECRET": self.secrets.once(f"client.{name}") for name in MACHINES}
            own["SUPERVISOR_JOURNAL"] = str(self.home.journal_file)
        return self._inherited() | self._shared() | {f"{prefix}_{name}": text for name, text in own.items() if text}

    @staticmethod
    def _inherited() -> dict[str, str]:
        return {key: text for key, text in os.environ.items() if not key.startswith("LOTWISE_") or key in KNOBS}

    def _shared(self) -> dict[str, str]:
        urls = {f"LOTWISE_{name.upper()}_URL": self.url(name) for name in SERVICES}
        return urls | {
            "LOTWISE_HOST": HOST,
            "LOTWISE_NATS_URL": self.bus_url(),
            "LOTWISE_DOOR_URL": self.url("backoffice"),
            "LOTWISE_JWKS_URL": f"{self.url('backoffice')}/v1/jwks",
        }


def page_port() -> int:
    """The port of the pages: LOTWISE_PORT, by default 8080. Raises Refused when it is no port."""
    text = os.environ.get("LOTWISE_PORT") or str(PORT_DEFAULT)
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise Refused(f"LOTWISE_PORT is {text!r}, which is no port: give a number from 1 to 65535.")
    return int(text)


def _ports(home: Home) -> dict[str, int]:
    kept = read_json(home.folder / "ports.json")
    names = [*(name for name in SERVICES if name != "backoffice"), "postgres", "nats", "nats-monitor"]
    fresh = iter(free_ports(len(names), besides={page_port()}))
    return {name: int(kept.get(name) or next(fresh)) for name in names} | {"backoffice": _page_port_of(home)}


def _page_port_of(home: Home) -> int:
    """Where the pages of this folder are: where its running system says, else where the next one is asked to be.

    Whoever asks after a system need not repeat the port it was started with.
    """
    try:
        return int(urlsplit(str(home.note()["address"])).port or page_port())
    except Refused:
        return page_port()


def settle_ports(chain: Chain) -> Chain:
    """Before a start: replace every inner port that another program took meanwhile, and remember them all."""
    fresh = iter(free_ports(len(chain.ports), besides=set(chain.ports.values())))
    ports = {name: port if name == "backoffice" or is_free(port) else next(fresh) for name, port in chain.ports.items()}
    write_json(chain.home.folder / "ports.json", ports)
    return Chain(chain.home, chain.secrets, ports, chain.postgres_url, chain.nats_url)
