"""The one use case of defining products, one or five hundred: what changes is stored and told, the rest is silent."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from stdnum import ean

from lotwise.catalog.domain import add_ons, barcodes, codes, prices, products, variants
from lotwise.catalog.domain.categories import Category, key
from lotwise.catalog.domain.prices import Plan, Price
from lotwise.catalog.domain.products import Product
from lotwise.catalog.domain.refusals import BarcodeTaken, ChangedSince, CodeTaken, ProductInUse, UnitFixed
from lotwise.catalog.operations import categories, showing, telling, worlds
from lotwise.catalog.operations.worlds import Changes, Wanted, World
from lotwise.catalog.repository import changes, locking
from lotwise.catalog.repository import preferences as preference_rows
from lotwise.catalog.repository import prices as price_rows
from lotwise.catalog.repository import products as rows
from lotwise.catalog.repository.changes import Change
from lotwise.contracts.envelope import Event
from lotwise.contracts.ids import uuid7
from lotwise.kit.database import Tx
from lotwise.kit.etag import Expected
from lotwise.kit.inbox import redrive
from lotwise.kit.outbox import tell
from lotwise.values import BadValue, Refusal, Unknown

_UNIT_FIELDS = ("kind", "unit", "unit_decimals")


@dataclass(slots=True)
class Outcome:
    """What became of a wanted definition: created, updated, unchanged or refused."""

    outcome: str
    product: Product | None = None
    was: Product | None = None
    warnings: list[tuple[str, str]] = field(default_factory=list)
    refusal: Refusal | None = None
    plans: tuple[Plan[Price], ...] = ()
    changes: Changes = ()


async def define(
    tx: Tx, wanted: Sequence[Wanted], who: str, *, currency: str, is_dry_run: bool = False
) -> list[Outcome]:
    """Define products in order; each row's outcome stands alone: a refused one leaves the others in force."""
    await locking.definitions(tx)
    world, new_categories = await worlds.load(tx, wanted, currency)
    outcomes = [decide(world, one) for one in wanted]
    if not is_dry_run:
        await _store(tx, world, outcomes, new_categories, who)
    return outcomes


async def define_one(tx: Tx, wanted: Wanted, who: str, *, currency: str) -> Outcome:
    """Define one product. Raises the refusal of its row."""
    (outcome,) = await define(tx, [wanted], who, currency=currency)
    if outcome.refusal is not None:
        raise outcome.refusal
    return outcome


def decide(world: World, wanted: Wanted) -> Outcome:
    """What becomes of a wanted definition; nothing is stored, but later decisions see it."""
    try:
        return _define(world, wanted)
    except Refusal as refusal:
        return Outcome("refused", refusal=refusal)


def _define(world: World, wanted: Wanted) -> Outcome:
    was = _current(world, wanted)
    told = _with_references(world, wanted)
    draft = products.define(was, told, world.rules.preferences.code_length_max)
    if was.revision == 0 and "tax_code" not in told:
        draft = _with_last_taxes(world, draft)
    _check(world, was, draft, wanted)
    now = products.changed(was, draft)
    result = now or was
    listed = world.prices.get(result.id, [])
    plans = _price_plans(world, result, wanted)
    outcome = "unchanged" if now is None and not plans else ("created" if was.revision == 0 else "updated")
    changes = showing.changes(world, (was, listed), result) if wanted.is_shown and outcome == "updated" else ()
    if wanted.seen is not None and wanted.seen != (outcome, changes):
        raise ChangedSince(
            f"{result.code} was changed by somebody else after the file was looked at.",
            ways_out=("Import the file again and look at what it would do now.",),
        )
    if "tax_code" in told and outcome != "unchanged":
        used = (result.tax_code, result.application_code)
        world.taxes_used[codes.item_type(result.code, result.kind, result.purpose)] = used
    world.remember(was, result)
    warnings = _warnings(world, was, result)
    if outcome != "unchanged" and not _suppliers_known(world, wanted):
        warnings.append(("unknown-supplier", f"{result.code} names a supplier that nobody has entered yet."))
    return Outcome(outcome, result, was, warnings, plans=plans, changes=changes)


def _current(world: World, wanted: Wanted) -> Product:
    """The product as it stands, or a blank of revision 0 with the id it will have."""
    if wanted.expected is not None:
        return _existing(world, wanted.id, wanted.expected)
    code = _code(world, wanted)
    standing = world.by_code.get(code) or world.by_id.get(wanted.id or uuid7())
    if standing is None:
        return _blank(wanted, code)
    if wanted.must_be_new or standing.code != code:
        raise _taken(standing)
    return standing


def _blank(wanted: Wanted, code: str) -> Product:
    for name in ("name", "kind"):
        if not wanted.fields.get(name):
            raise BadValue(f"A new product needs a {name}.", field=name)
    return Product(id=wanted.id or uuid7(), code=code, name=wanted.fields["name"], kind=wanted.fields["kind"])


def _existing(world: World, product_id: UUID | None, expected: Expected) -> Product:
    product = world.by_id.get(product_id) if product_id else None
    if product is None:
        raise Unknown(f"There is no product {product_id}.")
    expected.check(product.revision)
    return product


def _code(world: World, wanted: Wanted) -> str:
    typed: str = wanted.fields["code"]
    standing = next((world.by_code[form] for form in codes.forms(typed) if form in world.by_code), None)
    kind = wanted.fields.get("kind") or (standing.kind if standing else "physical")
    return codes.code_of(typed, kind, world.rules.preferences.code_length_max)


def _taken(standing: Product) -> CodeTaken:
    return CodeTaken(
        f"{standing.code} is {standing.name}.", field="code", code=standing.code, product_id=str(standing.id)
    )


def _with_references(world: World, wanted: Wanted) -> dict[str, Any]:
    told = dict(wanted.fields)
    if wanted.category:
        told["category_id"] = world.categories[key(wanted.category)].id
    elif told.get("category_id") and told["category_id"] not in world.category_names:
        raise Unknown(f"There is no category {told['category_id']}.", field="category_id")
    for site in worlds.sites_in([wanted]):
        if site not in world.sites:
            raise Unknown(f"There is no site {site[:40]}.", field="site_taxes")
    _with_codes(world, wanted, told)
    if wanted.is_typed and not _suppliers_known(world, wanted):
        raise Unknown(f"There is no supplier {told['supplier_id']}.", field="supplier_id")
    return told


def _with_codes(world: World, wanted: Wanted, told: dict[str, Any]) -> None:
    """Put the ids of what a row names by code or number among its fields. Raises Unknown."""
    if wanted.base_code is not None:
        told["variant_of"] = _named(world, wanted.base_code, "variant_of_code") if wanted.base_code else None
    if wanted.add_on_codes:
        told["add_ons"] = [_named(world, code, "add_on_codes") for code in wanted.add_on_codes]
    if wanted.supplier_number is not None:
        if wanted.supplier_number not in world.supplier_numbers:
            raise Unknown(f"There is no supplier number {wanted.supplier_number}.", field="supplier_number")
        told["supplier_id"] = world.supplier_numbers[wanted.supplier_number]


def _named(world: World, code: str, field: str) -> UUID:
    found = next((world.by_code[form] for form in codes.forms(code) if form in world.by_code), None)
    if found is None:
        raise Unknown(f"There is no product with the code {code}.", field=field)
    return found.id


def _suppliers_known(world: World, wanted: Wanted) -> bool:
    return world.suppliers.issuperset(worlds.suppliers_in([wanted]))


def _with_last_taxes(world: World, product: Product) -> Product:
    shown = codes.item_type(product.code, product.kind, product.purpose)
    tax_code, application_code = world.taxes_used.get(shown) or world.rules.taxes.get(shown) or (0, 0)
    return replace(product, tax_code=tax_code, application_code=application_code)


def _check(world: World, was: Product, now: Product, wanted: Wanted) -> None:
    standing = world.by_code.get(now.code)
    if standing is not None and standing.id != now.id:
        raise _taken(standing)
    if was.revision and not wanted.unit_may_change:
        changed = [name for name in _UNIT_FIELDS if getattr(was, name) != getattr(now, name)]
        if changed:
            raise UnitFixed(
                f"{was.code} is kept in {was.unit} with {was.unit_decimals} decimals; that is fixed once it has moved.",
                field=changed[0],
                ways_out=("define a new product",),
            )
    _check_relations(world, was, now, wanted)
    for barcode in products.all_barcodes(now):
        owner = world.owners.get(barcode)
        if owner is not None and owner != now.id:
            raise BarcodeTaken(
                f"The barcode {barcode} belongs to another product.", field="barcodes", product_id=str(owner)
            )


def _check_relations(world: World, was: Product, now: Product, wanted: Wanted) -> None:
    """Pass when variants, bases and add-ons fit each other. Raises BadVariant, BaseNotSold, BadAddOn, ProductInUse."""
    own_variants = world.variants.get(now.id, 0)
    if now.variant_of != was.variant_of or now.variant_name != was.variant_name or now.kind != was.kind:
        base = world.by_id.get(now.variant_of) if now.variant_of else None
        variants.check_variant(now, base, own_variants)
        if base is not None and now.variant_of != was.variant_of:
            _check_base(world, base)
    if own_variants:
        variants.check_base(now, has_price=wanted.price is not None or wanted.member_price is not None)
    add_ons.check_kind(now)
    if now.add_ons != was.add_ons:
        add_ons.check_list(now, world.by_id)
    _check_used(world, was, now)


def _check_base(world: World, base: Product) -> None:
    """Pass when a product may become the base of its first variant, or has variants already."""
    uses = () if world.variants.get(base.id) else tuple(world.own_uses.get(base.id, ()))
    variants.check_base(base, has_price=bool(world.prices.get(base.id)), used=uses)


def _check_used(world: World, was: Product, now: Product) -> None:
    """Pass unless what others of the catalog rely on would change: the kind, and being an add-on."""
    is_changed = was.kind != now.kind or (was.add_on_kind is not None and now.add_on_kind is None)
    reasons = world.own_uses.get(now.id, ()) if was.revision and is_changed else ()
    if reasons:
        raise ProductInUse(
            f"{now.code} is in use: {'; '.join(reasons)}.",
            field="kind" if was.kind != now.kind else "add_on_kind",
            ways_out=("take it out there first",),
            reasons=list(reasons),
        )


def _price_plans(world: World, product: Product, wanted: Wanted) -> tuple[Plan[Price], ...]:
    """What the wanted prices do to the chain's lists: everyone's, and the members'."""
    known = world.prices.get(product.id, [])
    wishes = ((prices.EVERYONE, _price(world, product, wanted, known)), (prices.MEMBERS, _member_price(wanted)))
    plans = (_placed(world, product, wanted, audience, value) for audience, value in wishes if value is not None)
    return tuple(plan for plan in plans if plan != Plan())


def _placed(world: World, product: Product, wanted: Wanted, audience: str, value: int) -> Plan[Price]:
    variants.check_unpriced(product.id, product.code, world.variants.get(product.id, 0))
    known = world.prices.get(product.id, [])
    listed = [row for row in known if row.shares_list(None, audience)]
    standing = prices.valid_at(listed, world.now, None, audience)
    if wanted.price_from is None and standing is not None and standing.price == value:
        return Plan()
    begins = wanted.price_from or (world.now if listed else prices.BEGINNING)
    price = Price(uuid7(), product.id, None, value, begins, audience=audience)
    plan = prices.place(listed, price, uuid7(), world.now)
    kept = [row for row in known if row.id not in {changed.id for changed in plan.changed}]
    world.prices[product.id] = [*kept, *plan.changed, *plan.new]
    return plan


def _price(world: World, product: Product, wanted: Wanted, known: Sequence[Price]) -> int | None:
    """The chain's price that is wanted: typed, or for a new product from its cost and mark-up (CAT-55)."""
    if wanted.price is not None:
        return products.micros("price", wanted.price)
    if known or product.cost is None or product.markup is None:
        return None
    return products.price_from_markup(product.cost, product.markup, world.rules.minor_exponent)


def _member_price(wanted: Wanted) -> int | None:
    return None if wanted.member_price is None else products.micros("member_price", wanted.member_price)


def _warnings(world: World, was: Product, now: Product) -> list[tuple[str, str]]:
    """What a person should look at twice: codes that look alike, barcodes whose check digit is wrong."""
    found: list[tuple[str, str]] = []
    if was.revision == 0 or was.code != now.code:
        alike = products.look_alikes(now.code, world.looks.get(codes.look(now.code), []))
        found += [("look-alike-code", f"{now.code} looks like {other}, which is another product.") for other in alike]
    fresh = set(products.all_barcodes(now)) - (set(products.all_barcodes(was)) if was.revision else set())
    found += [
        ("check-digit", f"The check digit of {barcode} is wrong.")
        for barcode in sorted(fresh)
        if barcodes.looks_like_gtin(barcode) and not ean.is_valid(barcode)
    ]
    return found


async def _store(tx: Tx, world: World, outcomes: Sequence[Outcome], new: Sequence[Category], who: str) -> None:
    used = {row.product.category_id for row in outcomes if row.product is not None}
    needed = [category for category in new if category.id in used]
    if needed:
        await categories.store_new(tx, needed, who)
    latest = {row.product.id: row.product for row in outcomes if _is_changed(row) and row.product is not None}
    await rows.store(tx, list(latest.values()))
    await price_rows.apply(tx, [plan for row in outcomes for plan in row.plans])
    await changes.keep(tx, [change for row in outcomes for change in _history(row)], who)
    if world.taxes_used:
        await preference_rows.remember_taxes(tx, world.taxes_used)
    await tell(tx, *(event for row in outcomes for event in _events(world, row)))
    created = [str(row.product.id) for row in outcomes if row.outcome == "created" and row.product is not None]
    await redrive(tx, "product", *created)


def _is_changed(row: Outcome) -> bool:
    return row.product is not None and row.was is not None and row.product.revision != row.was.revision


def _history(row: Outcome) -> list[Change]:
    if row.product is None or row.was is None:
        return []
    subject = f"product:{row.product.id}"
    created = row.outcome == "created"
    fields = [] if created or not _is_changed(row) else products.differences(row.was, row.product)
    history = [Change(subject, "created", None, row.product.code)] if created else []
    history += [Change(subject, *difference) for difference in fields]
    return history + [Change(subject, "price", None, price) for plan in row.plans for price in plan.new]


def _events(world: World, row: Outcome) -> list[Event]:
    if row.product is None or row.was is None:
        return []
    said: list[Event] = []
    if _is_changed(row):
        category = world.category_names.get(row.product.category_id) if row.product.category_id else None
        said.append(telling.product_defined(row.product, category))
        if row.was.revision and row.was.purpose and row.product.purpose and row.was.purpose != row.product.purpose:
            said.append(telling.purpose_changed(row.was, row.product))
    return said + [telling.price_changed(price) for plan in row.plans for price in (*plan.changed, *plan.new)]
