"""The ground of the fake services: the chain's names, who asks, what is answered, where it is routed."""

import hashlib
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import httpx
import orjson

NOW = datetime.now(UTC).replace(microsecond=0)
TODAY = NOW.date()
SPACE = UUID("11111111-2222-3333-4444-555555555555")
Answer = tuple[int, Any]
Handler = Callable[["Ask"], Answer]


def ident(*words: object) -> str:
    """The same id for the same words."""
    return str(uuid5(SPACE, "/".join(map(str, words))))


def luck(*words: object) -> float:
    """A number from 0 to 1 that is always the same for the same words."""
    return int(hashlib.sha256("/".join(map(str, words)).encode()).hexdigest()[:8], 16) / 0xFFFFFFFF


SITES = [
    ("harley-street", "Harley Street", "Europe/London", False),
    ("bath", "Bath Spa", "Europe/London", False),
    ("montreal", "Montréal", "America/Toronto", False),
    ("austin", "Austin", "America/Chicago", False),
    ("central", "Central Store", "Europe/London", True),
]
CATEGORIES = ["Toxins", "Fillers", "Skincare", "Back bar", "Devices", "Treatments"]
PRODUCTS = [
    ("TOX-050", "Botulinum toxin 50 U", "Toxins", "physical", "vial", "112.40", "186.00", "12"),
    ("TOX-100", "Botulinum toxin 100 U", "Toxins", "physical", "vial", "198.10", "345.00", "10"),
    ("FIL-HA1", "Hyaluronic filler 1 ml", "Fillers", "physical", "syringe", "96.00", "289.00", "8"),
    ("FIL-HA2", "Hyaluronic filler volume 2 ml", "Fillers", "physical", "syringe", "164.50", "460.00", "6"),
    ("FIL-CAH", "Calcium filler 1.5 ml", "Fillers", "physical", "syringe", "141.00", "420.00", "4"),
    ("SKI-VC1", "Vitamin C serum 30 ml", "Skincare", "physical", "piece", "31.25", "89.00", "10"),
    ("SKI-SPF", "Mineral sunscreen SPF 50", "Skincare", "physical", "piece", "14.80", "42.00", "20"),
    ("SKI-RET", "Retinol night cream 50 ml", "Skincare", "physical", "piece", "27.90", "76.50", "8"),
    ("SKI-AHA", "AHA toner 150 ml", "Skincare", "physical", "piece", "9.35", "34.00", "10"),
    ("BAR-LID", "Lidocaine cream 30 g", "Back bar", "physical", "tube", "6.20", None, "15"),
    ("BAR-CAN", "Cannula 25G 50 mm", "Back bar", "physical", "piece", "2.45", None, "60"),
    ("BAR-WIP", "Alcohol wipe x200", "Back bar", "physical", "box", "4.10", None, "20"),
    ("DEV-MND", "Microneedling pen", "Devices", "physical", "piece", "310.00", "620.00", "2"),
    ("FACIAL.", "Signature facial", "Treatments", "service", "piece", None, "145.00", None),
    ("TOXIN.", "Toxin treatment, three areas", "Treatments", "service", "piece", None, "420.00", None),
    ("PEEL.", "Chemical peel", "Treatments", "service", "piece", None, "165.00", None),
]
SUPPLIERS = ["Allerva Medical", "Northline Aesthetics", "Dermacare Supply", "Merivale Devices"]
MEMBERS = ["Amelia Hart", "Zoë Okafor", "Łukasz Brandt", "Priya Raman", "Grace Lin", "Noah Beaumont", "Inés Cabral"]


class Ask:
    """A request as a handler sees it."""

    def __init__(self, request: httpx.Request, parts: dict[str, str]) -> None:
        self.request = request
        self.parts = parts
        self.params = dict(request.url.params)

    @property
    def body(self) -> Any:
        """The JSON that was sent."""
        return orjson.loads(self.request.content or b"null")

    def __getattr__(self, name: str) -> str:
        return self.parts[name]


class Chain:
    """All services of the fake chain. `calls` keeps every request; `override` replaces one answer."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, Any]] = []
        self.headers: list[httpx.Headers] = []
        self.overrides: dict[tuple[str, str], Handler] = {}
        self.down: set[str] = set()
        self.members: list[dict[str, Any]] = []
        self.charges: dict[str, dict[str, Any]] = {}
        self.levels: dict[tuple[str, str], dict[str, Any]] = {}
        self.parked: list[dict[str, Any]] = []

    def transport(self) -> httpx.MockTransport:
        """What an httpx client speaks to."""
        return httpx.MockTransport(self.answer)

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Answer as the service that the host names."""
        service, path = request.url.host, request.url.path
        self.calls.append(
            (request.method, f"{service}{path}", orjson.loads(request.content) if request.content else None)
        )
        self.headers.append(request.headers)
        if service in self.down:
            raise httpx.ConnectError("connection refused", request=request)
        for (method, pattern), handler in (*self.overrides.items(), *ROUTES.items()):
            match = re.fullmatch(pattern, service + path)
            if method == request.method and match:
                status, body = (
                    handler(self, Ask(request, match.groupdict()))
                    if handler in ROUTES.values()
                    else handler(Ask(request, match.groupdict()))
                )
                kind = "application/problem+json" if status >= 400 else "application/json"
                return httpx.Response(status, content=orjson.dumps(body, default=str), headers={"content-type": kind})
        return httpx.Response(
            404, json={"title": "Unknown", "detail": f"no fake for {request.method} {service}{path}", "status": 404}
        )

    def did(self, method: str, where: str) -> list[Any]:
        """The bodies of the calls made there."""
        return [body for m, w, body in self.calls if m == method and re.fullmatch(where, w)]


ROUTES: dict[tuple[str, str], Any] = {}


def route(method: str, pattern: str) -> Callable[[Any], Any]:
    """Register an answer; `{name}` in the pattern is a part of the path."""

    def add(handler: Any) -> Any:
        ROUTES[method, re.sub(r"\{(\w+)\}", r"(?P<\1>[^/:]+)", pattern)] = handler
        return handler

    return add


def refusal(status: int, code: str, detail: str, **more: Any) -> Answer:
    """A problem."""
    return status, {
        "type": f"urn:lotwise:problem:{code}",
        "title": "This cannot be done",
        "status": status,
        "code": code,
        "detail": detail,
    } | more


def rows(found: list[Any], ask: Ask) -> Answer:
    """A page of rows with a cursor."""
    start, limit = int(ask.params.get("after") or 0), int(ask.params.get("limit") or 50)
    more = str(start + limit) if start + limit < len(found) else None
    return 200, {"rows": found[start : start + limit], "next": more}


def day(offset: int) -> date:
    """A day counted from today."""
    return TODAY + timedelta(days=offset)
