"""The only home of the page of preferences: codes, slots, priced services, and how far the desk may go by itself."""

from typing import Any

from fastapi import Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from lotwise.backoffice.gateway import Refused, Shape, or_else
from lotwise.backoffice.pages import done, form_of, page, read_form, refused_fields
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.session import Who
from lotwise.values import currency_exponent, format_minor, parse_minor

screen = Screen()
LENGTHS = (("10", "10 characters"), ("12", "12 characters"), ("14", "14 characters"))
DEEDS = {
    "charge.discount": "Discounts by hand",
    "charge.free": "Given away, at cost",
    "charge.return": "Refunds to the original tender",
}


class Preferences(Shape):
    """The chain's preferences."""

    code_length_max: int = 14
    slot_minutes: int = 15
    use_service_pricing_tables: bool = True
    tax_defaults: dict[str, Any] = Field(default_factory=dict)
    revision: int = 1


class Limit(Shape):
    """How far a permission of the desk goes; beyond it a manager's permission is needed."""

    permission: str
    percent: str | None = None
    amount_minor: int | None = None


class Limits(Shape):
    """Every limit in force."""

    limits: tuple[Limit, ...] = ()


class PreferencesForm(BaseModel):
    """What is written of the preferences."""

    code_length_max: int
    slot_minutes: int = Field(ge=1, le=480)


@screen.get("/settings/preferences", permission="catalog.write")
async def preferences(request: Request, who: Who) -> Response:
    """The preferences, filled."""
    row = await who.gateway.one(Preferences, "catalog", "/v1/preferences")
    return await _page(request, who, row, row.model_dump(), {})


@screen.post("/settings/preferences", permission="catalog.site")
async def save_preferences(request: Request, who: Who) -> Response:
    """Change the preferences at the revision that was read."""
    form = await form_of(request)
    row = await who.gateway.one(Preferences, "catalog", "/v1/preferences")
    given, errors = read_form(PreferencesForm, form)
    if given is None:
        return await _page(request, who, row, form, errors)
    body = given.model_dump() | {"use_service_pricing_tables": "use_service_pricing_tables" in form}
    try:
        await who.gateway.put("catalog", "/v1/preferences", body, form.get("revision"))
    except Refused as no:
        return await _page(request, who, row, form, refused_fields(no, tuple(PreferencesForm.model_fields)))
    return done(request, "Saved.", "/settings/preferences")


@screen.post("/settings/limits", permission="catalog.price")
async def save_limits(request: Request, who: Who) -> Response:
    """Set how far the desk goes by itself; an empty field is no bound."""
    form = await form_of(request)
    row = await who.gateway.one(Preferences, "catalog", "/v1/preferences")
    limits, errors = [], {}
    for word in DEEDS:
        percent, amount = form.get(f"percent_{word}") or None, form.get(f"amount_{word}", "")
        try:
            minor = parse_minor(amount, currency_exponent(who.formats.currency)) if amount else None
        except ValueError:
            errors[f"amount_{word}"] = "Enter an amount, such as 50 or 50.00."
            continue
        limits.append({"permission": word, "percent": percent, "amount_minor": minor})
    if errors:
        return await _page(request, who, row, row.model_dump() | form, errors)
    try:
        await who.gateway.put("sales", "/v1/limits", {"limits": limits})
    except Refused as no:
        return await _page(request, who, row, row.model_dump() | form, {"limits": no.detail})
    return done(request, "The limits count at once.", "/settings/preferences")


async def _page(request: Request, who: Who, row: Preferences, form: dict[str, Any], errors: dict[str, str]) -> Response:
    limits = (await or_else(who.gateway.one(Limits, "sales", "/v1/limits"), Limits())).limits
    exponent = currency_exponent(who.formats.currency)
    filled: dict[str, Any] = {f"percent_{one.permission}": one.percent for one in limits}
    filled |= {
        f"amount_{one.permission}": format_minor(one.amount_minor, exponent)
        for one in limits
        if one.amount_minor is not None
    }
    context: dict[str, Any] = {
        "filled": filled | form, "row": row, "form": form,
        "errors": errors, "lengths": LENGTHS, "limits": limits, "deeds": DEEDS,
        "fixed_site": True,
    }  # fmt: skip
    status = 422 if errors else 200
    return page(request, who, "screens/preferences.html", status=status, title="Preferences", **context)
