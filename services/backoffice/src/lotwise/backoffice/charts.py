"""The only home of charts: SVG made on the server, which follows the theme, prints sharply and needs no library.

A chart is scaled to a plot of 1000 by 1000; labels stand at percentages of it, so that text never stretches.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10


@dataclass(frozen=True, slots=True)
class Tick:
    """A label and where it stands, in percent of the plot."""

    text: str
    at: float


@dataclass(frozen=True, slots=True)
class Zone:
    """A strip or a bar under the pointer: where it is (0..1000) and what it says."""

    x: float
    width: float
    y: float
    height: float
    title: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawn chart: paths, bars, ticks of both axes, and one sentence that says it in words."""

    label: str
    line: str = ""
    area: str = ""
    threshold: float | None = None
    zones: tuple[Zone, ...] = ()
    bars: tuple[Zone, ...] = ()
    rows: tuple[Tick, ...] = ()
    columns: tuple[Tick, ...] = ()
    is_empty: bool = False


def nice_step(span: float, ticks: int = 4) -> float:
    """The round number (1, 2, 2.5 or 5 times a power of ten) that cuts a span into at most about `ticks` parts."""
    raw = max(span, 1e-9) / ticks
    magnitude = 10.0 ** floor(log10(raw))
    return next(m * magnitude for m in (1, 2, 2.5, 5, 10) if m * magnitude >= raw * 0.999999)


def level_chart(points: Sequence[tuple[str, float]], label: str, threshold: float | None = None) -> Chart:
    """A stepped line with its area (a level that stays until it changes) and a dashed threshold."""
    if not points:
        return Chart(label, is_empty=True)
    low, high, step = _range([value for _, value in points] + [threshold or 0])
    x, y = _across(len(points)), _down(low, high)
    line = (
        f"M0 {y(points[0][1])}" + "".join(f"H{x(i)}V{y(value)}" for i, (_, value) in enumerate(points) if i) + "H1000"
    )
    half = 500 / max(len(points) - 1, 1)
    zones = (Zone(x(i) - half, 2 * half, 0, 1000, f"{text}: {value:g}") for i, (text, value) in enumerate(points))
    return Chart(
        label,
        line=line,
        area=f"{line}V{y(max(low, 0))}H0Z",
        threshold=None if threshold is None else y(threshold),
        zones=tuple(zones),
        rows=_rows(low, high, step),
        columns=_columns([text for text, _ in points]),
    )


def bar_chart(points: Sequence[tuple[str, float, str]], label: str) -> Chart:
    """Upright bars of (label, value, what to say about it), from a zero line; below zero they hang."""
    if not points:
        return Chart(label, is_empty=True)
    low, high, step = _range([value for _, value, _ in points])
    y, width = _down(low, high), 1000 / len(points)
    bars, zones = [], []
    for i, (_, value, title) in enumerate(points):
        top, foot = y(max(value, 0)), y(min(value, 0))
        bars.append(
            Zone(
                _round(i * width + width * 0.14),
                _round(width * 0.72),
                top,
                _round(foot - top),
                title,
                "c" if value < 0 else "",
            )
        )
        zones.append(Zone(_round(i * width), _round(width), 0, 1000, title))
    return Chart(
        label,
        bars=tuple(bars),
        zones=tuple(zones),
        rows=_rows(low, high, step),
        columns=_columns([text for text, _, _ in points], centred=True),
    )


def spark(values: Sequence[float]) -> str:
    """The path of a sparkline in a box of 100 by 24."""
    if len(values) < 2:
        return ""
    low, span = min(values), (max(values) - min(values)) or 1
    return "M" + "L".join(
        f"{_round(100 * i / (len(values) - 1))} {_round(22 - 20 * (v - low) / span)}" for i, v in enumerate(values)
    )


def short(value: float) -> str:
    """A figure of an axis: 1200 → 1.2k."""
    for limit, sign in ((1e9, "bn"), (1e6, "m"), (1e3, "k")):
        if abs(value) >= limit:
            return f"{value / limit:g}{sign}"
    return f"{round(value, 6):g}"


def _range(values: Sequence[float]) -> tuple[float, float, float]:
    top, bottom = max([*values, 0]), min([*values, 0])
    step = nice_step((top - bottom) or 1)
    return step * floor(bottom / step), step * max(ceil(top / step), 1), step


def _rows(low: float, high: float, step: float) -> tuple[Tick, ...]:
    count = round((high - low) / step)
    return tuple(Tick(short(low + i * step), _round(100 - 100 * i / count)) for i in range(count + 1))


def _columns(texts: Sequence[str], most: int = 6, *, centred: bool = False) -> tuple[Tick, ...]:
    last = len(texts) - 1
    shown = sorted({round(i * last / (most - 1)) for i in range(most)}) if last >= most else range(last + 1)
    if centred:
        return tuple(Tick(texts[i], _round(100 * (i + 0.5) / len(texts))) for i in shown)
    return tuple(Tick(texts[i], _round(100 * i / max(last, 1))) for i in shown)


def _across(count: int) -> Callable[[float], float]:
    return lambda i: _round(1000 * i / max(count - 1, 1))


def _down(low: float, high: float) -> Callable[[float], float]:
    return lambda value: _round(1000 - 1000 * (value - low) / (high - low))


def _round(value: float) -> float:
    return round(value, 1)
