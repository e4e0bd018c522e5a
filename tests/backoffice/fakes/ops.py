"""What every service as the pages see it, from memory."""

from datetime import timedelta

from tests.backoffice.fakes.ground import NOW, Answer, Ask, Chain, ident, route, rows


@route("GET", "{service}/v1/ops/status")
def status(_chain: Chain, ask: Ask) -> Answer:
    """How a service does."""
    heard = {
        "stock": ("catalog", "sales", "purchasing"),
        "sales": ("catalog", "stock"),
        "alerts": ("catalog", "stock"),
        "reporting": ("sales", "stock", "catalog"),
    }.get(ask.service, ())
    return 200, {
        "service": ask.service,
        "outbox_depth": 3 if ask.service == "stock" else 0,
        "outbox_oldest_seconds": 0.4,
        "outbox_failed": 0,
        "dead_letters": 1 if ask.service == "alerts" else 0,
        "waiting": 0,
        "bus_connected": True,
        "consumers": [
            {"name": f"{ask.service}-{speaker}", "lag": 0, "in_hand": 0, "redelivered": 0} for speaker in heard
        ],
    }


LETTER = {
    "id": ident("letter"),
    "consumer": "alerts-stock",
    "stream": "STOCK",
    "sequence": 41288,
    "subject": "lotwise.bath.stock.stock-below-min.v9",
    "reason": "unknown-event",
    "error": "this service knows no event or version lotwise.bath.stock.stock-below-min.v9",
    "failed_at": (NOW - timedelta(minutes=12)).isoformat(),
    "tries": 1,
    "settled_at": None,
    "settled_by": None,
}


@route("GET", "{service}/v1/ops/dead-letters")
def dead_letters(_chain: Chain, ask: Ask) -> Answer:
    """Dead letters."""
    return rows([LETTER] if ask.service == "alerts" else [], ask)


@route("GET", "{service}/v1/ops/dead-letters/{id}")
def dead_letter(_chain: Chain, _ask: Ask) -> Answer:
    """A dead letter."""
    return 200, LETTER | {"headers": {}, "body": '{"product_id": "x"}', "stack": ""}


@route("POST", "{service}/v1/ops/dead-letters/{id}:retry")
def retry(_chain: Chain, ask: Ask) -> Answer:
    """Retry."""
    return 202, {"id": ask.id, "retried": True}


USERS = [
    ("olga", "Olga Novak", "owner", "*"),
    ("marc", "Marc Dubois", "manager", "montreal"),
    ("front", "Fay Lin", "front_desk", "harley-street"),
    ("ben", "Ben Ortiz", "buyer", "*"),
]


@route("GET", "backoffice/v1/users")
def users(_chain: Chain, ask: Ask) -> Answer:
    """Persons."""
    return rows(
        [
            {
                "id": ident("user", login),
                "login": f"{login}@lotwise.example",
                "name": name,
                "grants": [{"role": role, "sites": [where]}],
                "is_active": True,
                "revision": 1,
            }
            for login, name, role, where in USERS
        ],
        ask,
    )


@route("GET", "backoffice/v1/users/{id}")
def one_user(chain: Chain, ask: Ask) -> Answer:
    """A person."""
    return 200, next(u for u in users(chain, ask)[1]["rows"] if u["id"] == ask.id)


@route("POST", "backoffice/v1/users")
def add_user(_chain: Chain, ask: Ask) -> Answer:
    """Add a person."""
    return 201, {"id": ident("user", ask.body["login"]), "is_active": True, "revision": 1} | ask.body


@route("GET", "backoffice/v1/keys")
def keys(_chain: Chain, ask: Ask) -> Answer:
    """Keys."""
    return rows(
        [
            {
                "id": "aB3dE5fG7hJ9",
                "name": "Till at the door",
                "grants": [{"role": "till", "sites": ["bath"]}],
                "addresses": [],
                "created_by": "user:olga",
                "created_at": (NOW - timedelta(days=40)).isoformat(),
                "expires_at": None,
                "revoked_at": None,
                "used_at": (NOW - timedelta(minutes=3)).isoformat(),
            }
        ],
        ask,
    )


@route("POST", "backoffice/v1/keys")
def add_key(_chain: Chain, ask: Ask) -> Answer:
    """Make a key."""
    return 201, {"id": "aB3dE5fG7hJ9", "api_key": "ck_aB3dE5fG7hJ9_secret", "created_at": NOW.isoformat()} | ask.body
