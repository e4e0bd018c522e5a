"""The only home of the named noes of pricing: variants, add-ons, time, undefined items, discounts and their limits."""

from lotwise.values import BadValue, Refusal, Unknown


class ChooseVariant(Refusal):
    """A base product only groups its variants: one of them is sold (CAT-14, SAL-06)."""

    code = "choose-variant"
    title = "Choose a variant"


class AddOnWithoutService(Refusal):
    """An add-on is charged with a service that offers it (CAT-15, SAL-07)."""

    code = "add-on-without-service"
    title = "The add-on needs its service"


class MinutesNeeded(Refusal):
    """A service priced by time needs to know how long it took (CAT-09, SAL-03)."""

    code = "minutes-needed"
    title = "How long did it take?"


class BadMinutes(BadValue):
    """A treatment lasts from one minute to a day."""

    code = "bad-minutes"
    title = "The minutes are not allowed"


class NameNeeded(BadValue):
    """An undefined item needs a name and a price (SAL-14)."""

    code = "name-needed"
    title = "What is it called, and what does it cost?"


class PerformerNeeded(BadValue):
    """A tip names whom it is for (SAL-14, SAL-22)."""

    code = "performer-needed"
    title = "Whom is the tip for?"


class PartNotInKit(BadValue):
    """A lot or a prescription was said of a part that the line's product does not have (CAT-19)."""

    code = "part-not-in-kit"
    title = "The kit has no such part"


class UnknownDiscount(Unknown):
    """No discount has this id or coupon."""

    code = "unknown-discount"
    title = "There is no such discount"


class DiscountNotInForce(Refusal):
    """The discount has not begun, has ended, or is for other sites or for members."""

    code = "discount-not-in-force"
    title = "The discount does not apply here and now"


class DiscountDoesNotFit(Refusal):
    """The discount is for other products, or for more than is being bought."""

    code = "discount-does-not-fit"
    title = "The discount does not fit"


class BadDiscount(BadValue):
    """A discount by hand that is not above zero, is above 100 %, or gives no reason."""

    code = "bad-discount"
    title = "The discount is not allowed"


class BeyondLimit(Refusal):
    """More is given away than the person's permission reaches (SAL-22, SAL-23)."""

    code = "beyond-limit"
    title = "This goes beyond the limit"
    status = 403
