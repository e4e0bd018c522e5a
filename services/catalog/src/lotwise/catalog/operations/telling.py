"""The only home of the catalog's events: how definitions are said on the bus."""

from collections.abc import Mapping
from uuid import UUID

from lotwise.catalog.domain.categories import Category
from lotwise.catalog.domain.category_prices import CategoryPrice
from lotwise.catalog.domain.discounts import Discount
from lotwise.catalog.domain.packages import Package
from lotwise.catalog.domain.preferences import Preferences
from lotwise.catalog.domain.prices import Price
from lotwise.catalog.domain.products import Product
from lotwise.catalog.domain.recipes import RecipeLine
from lotwise.catalog.domain.sites import CHAIN, Site, SiteTaxes, Slot, rate_text
from lotwise.contracts import catalog as said
from lotwise.values import format_quantity, price_text


def site_defined(site: Site) -> said.SiteDefined:
    """The site as it stands now."""
    return said.SiteDefined(
        site=site.slug,
        slug=site.slug,
        name=site.name,
        time_zone=site.time_zone,
        legal_entity=site.legal_entity,
        is_central_store=site.is_central_store,
        stock_policy=site.stock_policy,
        stock_unreachable=site.stock_unreachable,
        tax_rounding=site.tax_rounding,
        cash_rounding_minor=site.cash_rounding_minor,
        package_tax_point=site.package_tax_point,
        revision=site.revision,
    )


def tax_defined(taxes: SiteTaxes) -> said.TaxDefined:
    """The taxes of a site from a day on."""
    return said.TaxDefined(
        site=taxes.slug,
        slug=taxes.slug,
        tax_1=_slot(taxes.tax_1),
        tax_2=_slot(taxes.tax_2),
        valid_from=taxes.valid_from,
        revision=taxes.revision,
    )


def _slot(slot: Slot) -> said.TaxSlot:
    return said.TaxSlot(name=slot.name, rate_1=rate_text(slot.rate_1), rate_2=rate_text(slot.rate_2))


def category_defined(category: Category) -> said.CategoryDefined:
    """The category as it stands now."""
    return said.CategoryDefined(
        category_id=category.id, name=category.name, code=category.code, revision=category.revision
    )


def product_defined(product: Product, category_name: str | None) -> said.ProductDefined:
    """The product as it stands now."""
    decimals = product.unit_decimals
    return said.ProductDefined(
        product_id=product.id,
        code=product.code,
        name=product.name,
        description=product.description,
        kind=product.kind,
        purpose=product.purpose,
        category_id=product.category_id,
        category_name=category_name,
        unit=product.unit,
        unit_decimals=decimals,
        packs=tuple(
            said.Pack(name=pack.name, units=format_quantity(pack.units, decimals), gtin=pack.gtin)
            for pack in product.packs
        ),
        barcodes=product.barcodes,
        manufacturer=product.manufacturer,
        tax_code=product.tax_code,
        application_code=product.application_code,
        tax_inclusive=product.tax_inclusive,
        site_taxes=tuple(
            said.SiteTax(at_site=tax.site, tax_code=tax.tax_code, application_code=tax.application_code)
            for tax in product.site_taxes
        ),
        cost=None if product.cost is None else price_text(product.cost),
        reorder_at=_quantity(product.reorder_at, decimals),
        normal_order_quantity=_quantity(product.normal_order_quantity, decimals),
        supplier_id=product.supplier_id,
        supplier_code=product.supplier_code,
        duration_slots=product.duration_slots,
        is_serialised=product.is_serialised,
        confirm_lot=product.confirm_lot,
        container_rule=product.container_rule,
        container_units=_quantity(product.container_units, decimals),
        use_by_hours=product.use_by_hours,
        drug_class=product.drug_class,
        size=product.size,
        size_unit=product.size_unit,
        variant_of=product.variant_of,
        variant_name=product.variant_name,
        add_on_kind=product.add_on_kind,
        add_ons=product.add_ons,
        price_per=product.price_per,
        is_archived=product.is_archived,
        revision=product.revision,
    )


def _quantity(value: int | None, decimals: int) -> str | None:
    return None if value is None else format_quantity(value, decimals)


def purpose_changed(was: Product, now: Product) -> said.ProductPurposeChanged:
    """A physical product moved among retail, consigned and back bar."""
    return said.ProductPurposeChanged(
        product_id=now.id,
        was=was.purpose,
        now=now.purpose,
        revision=now.revision,
    )


def price_changed(price: Price) -> said.PriceChanged:
    """A price over its period."""
    return said.PriceChanged(
        site=price.at_site or CHAIN,
        price_id=price.id,
        product_id=price.product_id,
        at_site=price.at_site,
        price=price_text(price.price),
        audience=price.audience,
        valid_from=price.valid_from,
        valid_to=price.valid_to,
        revision=price.revision,
    )


def recipe_defined(
    service_id: UUID, lines: tuple[RecipeLine, ...], decimals: dict[UUID, int], revision: int
) -> said.RecipeDefined:
    """What a service consumes."""
    return said.RecipeDefined(
        service_id=service_id,
        lines=tuple(
            said.RecipeLine(
                product_id=line.product_id, quantity=format_quantity(line.quantity, decimals[line.product_id])
            )
            for line in lines
        ),
        revision=revision,
    )


def preferences_defined(preferences: Preferences) -> said.PreferencesDefined:
    """The chain's preferences as they stand now."""
    return said.PreferencesDefined(
        code_length_max=preferences.code_length_max,
        use_service_pricing_tables=preferences.use_service_pricing_tables,
        slot_minutes=preferences.slot_minutes,
        revision=preferences.revision,
    )


def function_keys_pinned(site: str, keys: Mapping[int, UUID], revision: int) -> said.FunctionKeysPinned:
    """All pinned keys of a site as they stand now."""
    return said.FunctionKeysPinned(
        site=site,
        keys=tuple(said.PinnedKey(key=key, product_id=keys[key]) for key in sorted(keys)),
        revision=revision,
    )


def category_price_changed(price: CategoryPrice) -> said.CategoryPriceChanged:
    """A category's price over its period."""
    return said.CategoryPriceChanged(
        site=price.at_site or CHAIN,
        category_price_id=price.id,
        category_id=price.category_id,
        at_site=price.at_site,
        amount=None if price.amount is None else price_text(price.amount),
        markup=None if price.markup is None else rate_text(price.markup),
        valid_from=price.valid_from,
        valid_to=price.valid_to,
        revision=price.revision,
    )


def discount_defined(discount: Discount) -> said.DiscountDefined:
    """The discount as it stands now."""
    return said.DiscountDefined(
        discount_id=discount.id,
        name=discount.name,
        scope=discount.scope,
        form=discount.form,
        value=price_text(discount.value),
        min_quantity=format_quantity(discount.min_quantity, 6),
        min_spend=None if discount.min_spend is None else price_text(discount.min_spend),
        product_ids=discount.product_ids,
        category_ids=discount.category_ids,
        at_sites=discount.at_sites,
        starts_on=discount.starts_on,
        ends_on=discount.ends_on,
        is_automatic=discount.is_automatic,
        is_combinable=discount.is_combinable,
        audience=discount.audience,
        coupon=discount.coupon,
        is_archived=discount.is_archived,
        revision=discount.revision,
    )


def package_defined(package: Package, decimals: Mapping[UUID, int]) -> said.PackageDefined:
    """What a package gives; `decimals` are those of the products it holds."""
    return said.PackageDefined(
        product_id=package.product_id,
        package_type=package.package_type,
        items=tuple(
            said.PackageItem(
                product_id=item.product_id,
                quantity=format_quantity(item.quantity, decimals[item.product_id]),
                is_unlimited=item.is_unlimited,
            )
            for item in package.items
        ),
        valid_days=package.valid_days,
        period=package.period,
        rollover_periods=package.rollover_periods,
        redeem_at=package.redeem_at,
        refund_rule=package.refund_rule,
        revision=package.revision,
    )
