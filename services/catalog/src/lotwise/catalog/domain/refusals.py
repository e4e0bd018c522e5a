"""The only home of the catalog's named noes."""

from lotwise.values import BadValue, Refusal


class BadCode(BadValue):
    """A code that breaks the rules of our codes."""

    code = "bad-code"
    title = "The code is not allowed"


class BadFile(BadValue):
    """A file that cannot be read as a table of products."""

    code = "bad-file"
    title = "The file cannot be read"


class ImportNotReady(Refusal):
    """An import that is still being looked at, is under way, or was done."""

    code = "import-not-ready"
    title = "The import is not ready"


class ImportChanged(Refusal):
    """What an import would do is not what was seen."""

    code = "import-changed"
    title = "The import is not what was shown"


class ChangedSince(Refusal):
    """A product that somebody changed after a file's row was looked at."""

    code = "changed-since"
    title = "The product was changed meanwhile"


class BadBarcode(BadValue):
    """A barcode that no scanner could give back."""

    code = "bad-barcode"
    title = "The barcode is not allowed"


class CodeTaken(Refusal):
    """Another product has this code."""

    code = "code-taken"
    title = "The code is taken"


class BarcodeTaken(Refusal):
    """Another product has this barcode."""

    code = "barcode-taken"
    title = "The barcode belongs to another product"


class NameTaken(Refusal):
    """Another category has this name or code."""

    code = "name-taken"
    title = "The name is taken"


class SiteTaken(Refusal):
    """A site with this slug exists."""

    code = "site-taken"
    title = "The site exists"


class FieldNotForKind(BadValue):
    """A field that products of this kind do not have (CAT-59)."""

    code = "field-not-for-kind"
    title = "This kind of product has no such field"


class BadContainer(BadValue):
    """A container rule without the label's quantity, or the other way round (STK-37)."""

    code = "bad-container"
    title = "The container is not described"


class UnitFixed(Refusal):
    """Unit and decimals of a product that has moved cannot change."""

    code = "unit-fixed"
    title = "The unit is fixed"


class PriceOverlap(Refusal):
    """A price period would cover another one."""

    code = "price-overlap"
    title = "Another price is valid in that period"


class ProductInUse(Refusal):
    """A product with history or open orders cannot be deleted (CAT-22)."""

    code = "product-in-use"
    title = "The product is in use"


class UsesNotKnown(Refusal):
    """Not every service answered whether the product is used."""

    code = "uses-not-known"
    title = "Not everybody could be asked"


class RecipeNotAllowed(Refusal):
    """Only a service has a recipe, and only physical products stand in it."""

    code = "recipe-not-allowed"
    title = "The recipe is not allowed"


class BadVariant(BadValue):
    """A variant that cannot be one: of a variant, of itself, of another kind (CAT-14)."""

    code = "bad-variant"
    title = "This cannot be a variant"


class BaseNotSold(Refusal):
    """A product that groups variants has no price, barcode or stock rule of its own (CAT-14)."""

    code = "base-not-sold"
    title = "Only its variants are sold"


class BadAddOn(BadValue):
    """Something offered with a service that is no add-on (CAT-15)."""

    code = "bad-add-on"
    title = "This cannot be an add-on"


class BadDiscount(BadValue):
    """A discount that could not be taken: below zero, above the whole, over before it begins (CAT-10 to CAT-13)."""

    code = "bad-discount"
    title = "The discount is not allowed"


class CouponTaken(Refusal):
    """Another discount that is in force has this coupon."""

    code = "coupon-taken"
    title = "The coupon is taken"


class BadPackage(BadValue):
    """A package that cannot be kept: empty, a thing twice, a membership without a period (CAT-16 to CAT-20)."""

    code = "bad-package"
    title = "The package is not allowed"


class PackageLoop(BadValue):
    """A package that would hold itself, or another package that could hold it."""

    code = "package-loop"
    title = "A package holds no package"


class TooManyProducts(Refusal):
    """A run of the price tool over more products than one run may hold."""

    code = "too-many-products"
    title = "These are too many products at once"


class NothingToPrice(Refusal):
    """A run of the price tool that would change no price."""

    code = "nothing-to-price"
    title = "No price would change"


class RunUndone(Refusal):
    """A run of the price tool that was taken back already."""

    code = "run-undone"
    title = "The run was undone already"
