"""The only home of the page of function keys: the products that a site pins to F1 to F12 of its desk (CAT-46)."""

from typing import Any
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from lotwise.backoffice.gateway import Refused, Shape
from lotwise.backoffice.pages import done, form_of, page, refused_fields
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.screens.product_choice import offered, product_of_code
from lotwise.backoffice.session import Visitor, Who

screen = Screen()
KEYS = range(1, 13)


class Picked(Shape):
    """The product that a key picks."""

    product_id: UUID
    code: str
    name: str


class FunctionKey(Shape):
    """A key, and whether the site pinned it or it follows the list."""

    key: str
    is_pinned: bool = False
    product: Picked


class FunctionKeys(Shape):
    """Every key of a site at a revision of its pins."""

    rows: tuple[FunctionKey, ...] = ()
    revision: int = 0


@screen.get("/settings/function-keys", permission="catalog.write")
async def function_keys(request: Request, who: Who) -> Response:
    """What each key picks at the site in view; a field holds the code of a pinned product."""
    site = who.a_site() or ""
    known = await who.gateway.one(FunctionKeys, "catalog", "/v1/function-keys", site=site)
    form = {f"key_{row.key[1:]}": row.product.code for row in known.rows if row.is_pinned}
    return await _page(request, who, site, known, form, {})


@screen.post("/settings/function-keys", permission="catalog.write")
async def pin(request: Request, who: Who) -> Response:
    """Pin the named products in place of those pinned before; an empty field follows the list again."""
    form = await form_of(request)
    site = form.get("site") or who.a_site() or ""
    keys: list[dict[str, Any]] = []
    errors: dict[str, str] = {}
    for key in KEYS:
        code = form.get(f"key_{key}", "")
        product_id = await product_of_code(who, code) if code else None
        if product_id is not None:
            keys.append({"key": key, "product_id": product_id})
        elif code:
            errors[f"key_{key}"] = f"No product has the code {code}."
    if not errors:
        try:
            await who.gateway.put("catalog", f"/v1/sites/{site}/function-keys", {"keys": keys}, form.get("revision"))
        except Refused as no:
            errors = refused_fields(no, ())
        else:
            text = f"Saved. The desk of {who.site_name(site)} shows the keys when it is opened next."
            return done(request, text, f"/settings/function-keys?site={site}")
    known = await who.gateway.one(FunctionKeys, "catalog", "/v1/function-keys", site=site)
    return await _page(request, who, site, known, form, errors)


async def _page(
    request: Request, who: Visitor, site: str, known: FunctionKeys, form: dict[str, Any], errors: dict[str, str]
) -> Response:
    context: dict[str, Any] = {
        "site": site,
        "revision": form.get("revision") or known.revision,
        "picked": {int(row.key[1:]): row for row in known.rows},
        "keys": KEYS,
        "offered": await offered(who),
        "form": form,
        "errors": errors,
    }
    status = 422 if errors else 200
    return page(request, who, "screens/function_keys.html", status=status, title="Function keys", **context)
