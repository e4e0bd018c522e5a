"""Imports of products as the pages see them, from memory."""

from typing import Any

from tests.backoffice.fakes.ground import NOW, Answer, Ask, Chain, ident, route, rows

IMPORT = ident("import")


def told(state: str = "ready", **given: Any) -> dict[str, Any]:
    """An import of five rows: one new, one changed, one unchanged, two refused."""
    return {
        "import_id": IMPORT, "name": "catalog.csv", "state": state, "rows": 5, "done_rows": 0, "created": 1,
        "updated": 1, "unchanged": 1, "refused": 2, "warned": 1, "applied": 0,
        "columns": {"code": "Code", "name": "Name", "price": "Price"}, "unused": ["colour"], "has_prices": True,
        "problem": None, "who": "user:olga", "created_at": NOW, "applied_by": None, "applied_at": None,
        "finished_at": None,
    } | given  # fmt: skip


def row(line: int, code: str, outcome: str, **given: Any) -> dict[str, Any]:
    """A row of it."""
    return {
        "line": line, "code": code, "name": f"The {code}", "outcome": outcome, "is_applied": False, "product_id": None,
        "changes": [], "warnings": [], "field": None, "problem": None, "advice": None,
    } | given  # fmt: skip


CHANGES = [{"field": "price", "was": "10.00", "now": "12.50"}, {"field": "size", "was": "", "now": "30"}]
WARNINGS = [{"code": "check-digit", "text": "The check digit of 4006381333932 is wrong."}]
ROWS = [
    row(2, "NEW", "created"),
    row(3, "OLD", "updated", product_id=ident("old"), changes=CHANGES, warnings=WARNINGS),
    row(4, "SAME", "unchanged", product_id=ident("same")),
    row(5, "BAD", "refused", field="price", problem="'$7' is no plain number.", advice="Correct the row in your file."),
    row(6, "", "refused", field="code", problem="The row has no code.", advice="Correct the row in your file."),
]


@route("POST", "catalog/v1/product-imports:upload")
def upload(_chain: Chain, _ask: Ask) -> Answer:
    """The file is taken."""
    return 201, told("reading", rows=0, created=0, updated=0, unchanged=0, refused=0, warned=0)


@route("GET", "catalog/v1/product-imports")
def listing(_chain: Chain, ask: Ask) -> Answer:
    """The import of today."""
    return rows([told()], ask)


@route("GET", "catalog/v1/product-imports/{id}")
def one(_chain: Chain, _ask: Ask) -> Answer:
    """The import."""
    return 200, told()


@route("GET", "catalog/v1/product-imports/{id}/rows")
def some(_chain: Chain, ask: Ask) -> Answer:
    """Its rows of one outcome."""
    show = ask.params.get("show")
    return rows([one for one in ROWS if show in {None, one["outcome"]} or (show == "warned" and one["warnings"])], ask)


@route("POST", "catalog/v1/product-imports/{id}:apply")
def apply(_chain: Chain, _ask: Ask) -> Answer:
    """It is under way."""
    return 200, told("applying")
