"""The only home of how figures, money, days and instants look: Babel, in the chain's language and the site's zone."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_time, format_timedelta
from babel.numbers import format_compact_currency, format_currency, format_decimal, get_currency_symbol

from lotwise.values import currency_exponent


@dataclass(frozen=True, slots=True)
class Formats:
    """A way to show values: a locale of Babel, the chain's currency and a time zone."""

    locale: str = "en_US"
    currency: str = "USD"
    zone: str = "UTC"

    @property
    def symbol(self) -> str:
        """The currency's sign."""
        return get_currency_symbol(self.currency, self.locale)

    @property
    def digits(self) -> int:
        """How many decimals the currency has."""
        return currency_exponent(self.currency)

    def money(self, minor: int | None) -> str:
        """Minor units as money: 125000 → $1,250.00; nothing for None."""
        if minor is None:
            return ""
        return format_currency(
            Decimal(minor).scaleb(-currency_exponent(self.currency)), self.currency, locale=self.locale
        )

    def round_money(self, minor: int | None) -> str:
        """Money without its minor part, for figures read at a glance; short above a hundred million."""
        if minor is None:
            return ""
        value = Decimal(minor).scaleb(-currency_exponent(self.currency))
        if abs(value) >= 100_000_000:
            return format_compact_currency(value, self.currency, locale=self.locale, fraction_digits=1)
        return format_currency(value, self.currency, format="¤#,##0", locale=self.locale, currency_digits=False)

    def price(self, text: str | None) -> str:
        """A price per unit ("2.55") as money, with the decimals it has (two to six)."""
        value = _decimal(text)
        if value is None:
            return ""
        digits = max(currency_exponent(self.currency), -int(value.normalize().as_tuple().exponent))
        return format_currency(
            value,
            self.currency,
            format=f"¤#,##0.{'0' * digits}" if digits else "¤#,##0",
            locale=self.locale,
            currency_digits=False,
        )

    def quantity(self, text: str | int | None, unit: str = "") -> str:
        """A quantity with grouped thousands and the decimals it has: "1234.50" → 1,234.5."""
        value = _decimal(text)
        if value is None:
            return ""
        shown = format_decimal(value, format="#,##0.######", locale=self.locale)
        return f"{shown} {unit}" if unit and unit != "piece" else shown

    def number(self, value: int | None) -> str:
        """A count with grouped thousands."""
        return "" if value is None else format_decimal(value, locale=self.locale)

    def many(self, count: int, noun: str) -> str:
        """So many of a thing: 1 line, 2 lines."""
        return f"{self.number(count)} {noun}{'' if count == 1 else 's'}"

    def percent(self, ratio: float | None) -> str:
        """A ratio (0.423) as a percentage with one decimal (42.3 %)."""
        return "" if ratio is None else f"{format_decimal(round(100 * ratio, 1), locale=self.locale)} %"

    def day(self, value: date | str | None) -> str:
        """A calendar day: 3 Jul 2028."""
        day = date.fromisoformat(value) if isinstance(value, str) and value else value
        return format_date(day, "d MMM y", locale=self.locale) if isinstance(day, date) else ""

    def when(self, value: datetime | str | None) -> str:
        """An instant in the zone: 21 Nov 2026, 14:05."""
        instant = _instant(value)
        return (
            format_datetime(instant, "d MMM y, HH:mm", tzinfo=ZoneInfo(self.zone), locale=self.locale)
            if instant
            else ""
        )

    def since(self, value: datetime | str | None) -> str:
        """When a price begins: one that counts since ever has no day worth telling."""
        instant = _instant(value)
        return "the beginning" if instant and instant.year <= 1970 else self.when(value)

    def clock(self, value: datetime | str | None) -> str:
        """The time of day in the zone, with seconds."""
        instant = _instant(value)
        return format_time(instant, "HH:mm:ss", tzinfo=ZoneInfo(self.zone), locale=self.locale) if instant else ""

    def ago(self, value: datetime | str | None, now: datetime | None = None) -> str:
        """How long since: 5 minutes ago."""
        instant = _instant(value)
        if instant is None:
            return ""
        return format_timedelta(instant - (now or datetime.now(UTC)), add_direction=True, locale=self.locale)

    def seconds(self, value: float | None) -> str:
        """A duration as one word and a number: 90 → 2 minutes."""
        return "" if value is None else format_timedelta(timedelta(seconds=value), locale=self.locale)


def days_until(value: date | str | None, today: date) -> int | None:
    """Days from today to a day; below zero when it is past, None when there is none."""
    if not value:
        return None
    return ((date.fromisoformat(value) if isinstance(value, str) else value) - today).days


def _decimal(text: str | int | None) -> Decimal | None:
    if text is None or text == "":
        return None
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _instant(value: datetime | str | None) -> datetime | None:
    if not value:
        return None
    instant = datetime.fromisoformat(value) if isinstance(value, str) else value
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
