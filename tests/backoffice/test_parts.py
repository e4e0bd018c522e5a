"""The parts of the face by themselves: files, face, figures, charts, lists, the door's way back."""

import gzip
import re
from datetime import UTC, date, datetime
from importlib.resources import files

import httpx
import pytest

from lotwise.backoffice.assets import ICONS, SHEETS, assets
from lotwise.backoffice.charts import bar_chart, level_chart, nice_step, short
from lotwise.backoffice.formats import Formats, days_until
from lotwise.backoffice.lists import Column, Listing, safe
from lotwise.backoffice.screens.door import own_path
from lotwise.backoffice.screens.settings import example
from lotwise.backoffice.typeface import _components, _mapping, _offsets, _substitutions_kept, _tables, latin_cut

STATIC = files("lotwise.backoffice").joinpath("static")
TEMPLATES = files("lotwise.backoffice").joinpath("templates")
BUDGET_BYTES = 8 * 1024
LATE_BYTES = 6 * 1024


def test_our_style_and_script_fit_their_budget() -> None:
    """UI 5: our CSS is under 8 KB and the JavaScript that pages need to stand under 8 KB, packed.

    What keeps the desk going without its line comes after the page stands, and has a budget of its own.
    """
    sheet = "".join(STATIC.joinpath(f"{name}.css").read_text() for name in SHEETS)
    late = {"provisional.js", "worker.js"}
    scripts = {path.name: path.read_text() for path in STATIC.iterdir() if path.name.endswith(".js")}

    assert len(gzip.compress(sheet.encode(), 9)) < BUDGET_BYTES
    assert (
        len(gzip.compress("".join(text for name, text in scripts.items() if name not in late).encode(), 9))
        < BUDGET_BYTES
    )
    assert len(gzip.compress("".join(scripts[name] for name in late).encode(), 9)) < LATE_BYTES


def test_raw_colours_stand_in_the_tokens_alone() -> None:
    """UI: every other sheet names a token; a colour of its own would not follow the theme."""
    for name in SHEETS[1:]:
        sheet = STATIC.joinpath(f"{name}.css").read_text()
        assert re.findall(r"#[0-9a-fA-F]{3,8}\b(?!\s*\{)|oklch\(|rgb\(|hsl\(", sheet.replace("#toasts", "")) == []


def test_every_icon_that_a_template_names_is_in_the_sprite() -> None:
    """UI: only the icons used are shipped, and none that is used is missing."""
    used = {
        name
        for folder in (TEMPLATES, *(TEMPLATES.joinpath(part) for part in ("ui", "screens", "live")))
        for path in folder.iterdir()
        if path.name.endswith(".html")
        for name in re.findall(r'icon\("([a-z0-9-]+)"', path.read_text())
    }

    assert used <= set(ICONS)
    sprite = assets().find("icons.svg")
    assert sprite is not None
    assert sprite.body.count(b"<symbol ") == len(ICONS)


async def test_files_are_kept_for_a_year_under_the_hash_of_their_content(page: httpx.AsyncClient) -> None:
    """UI: a file with this build's hash is immutable; another build's hash gets the same file, asked for again."""
    fresh = await page.get(assets().url("ui.css"))
    old = await page.get("/assets/000000000000/ui.css")
    none = await page.get("/assets/000000000000/secret.txt")

    assert fresh.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert old.headers["cache-control"] == "no-cache"
    assert old.content == fresh.content
    assert none.status_code == 404


def test_the_cut_of_the_typeface_is_small_and_whole() -> None:
    """UI: the face fits 72 KB packed; its letters and digits are filled, its glyph numbers unchanged."""
    whole = files("fontpkg_inter").joinpath("files", "Inter[opsz,wght].ttf").read_bytes()
    cut = latin_cut(whole)

    before, after = _tables(whole), _tables(cut)
    assert len(gzip.compress(cut, 9)) < 72 * 1024
    assert after["maxp"] == before["maxp"]
    places = [int.from_bytes(after["loca"][i : i + 4]) for i in range(0, len(after["loca"]), 4)]
    for letter in "Az0,é":
        glyph = _mapping(before["cmap"])[ord(letter)]
        outline = after["glyf"][places[glyph] : places[glyph + 1]]
        assert outline
        assert all(places[part] < places[part + 1] for part in _components(outline))


def test_the_cut_keeps_the_features_that_the_sheets_ask_for() -> None:
    """UI: figures of one width, the plain a and the round marks replace what they did, in the order they did it."""
    whole = files("fontpkg_inter").joinpath("files", "Inter[opsz,wght].ttf").read_bytes()
    cut = latin_cut(whole)
    before, after = _tables(whole), _tables(cut)
    was, kept = _substitutions_kept(before["GSUB"]), _substitutions_kept(after["GSUB"])
    letters = _mapping(before["cmap"])

    assert [one.feature for one in kept] == [one.feature for one in was] == [b"tnum", b"ss03", b"cv11"]
    assert {letters[ord(figure)] for figure in "0123456789"} <= set(kept[0].pairs)
    assert letters[ord("a")] in kept[2].pairs
    for old, new in zip(was, kept, strict=True):
        assert new.pairs == {glyph: old.pairs[glyph] for glyph in new.pairs}
        assert {letters[code] for code in range(0x20, 0x7F)} & set(old.pairs) <= set(new.pairs)
        assert all(_is_drawn(after, glyph) == _is_drawn(before, glyph) for glyph in new.pairs.values())
        assert all(_width(after, glyph) == _width(before, glyph) for glyph in new.pairs.values())


def _is_drawn(tables: dict[str, bytes], glyph: int) -> bool:
    places = _offsets(tables["loca"], is_long=tables["head"][51] == 1)
    return places[glyph] < places[glyph + 1]


def _width(tables: dict[str, bytes], glyph: int) -> int:
    return int.from_bytes(tables["hmtx"][4 * glyph : 4 * glyph + 2])


@pytest.mark.parametrize(
    ("minor", "currency", "locale", "shown"),
    [(125000, "USD", "en_US", "$1,250.00"), (-5, "USD", "en_US", "-$0.05"), (1250, "JPY", "en_GB", "JP¥1,250")],
)
def test_money_is_written_exactly(minor: int, currency: str, locale: str, shown: str) -> None:
    """N-01: minor units become the currency's own decimals, none lost."""
    assert Formats(locale, currency).money(minor) == shown


def test_prices_keep_their_decimals_and_quantities_lose_empty_ones() -> None:
    """CAT-29: a price of six decimals shows six; 2.50 units are 2.5."""
    formats = Formats()

    assert formats.price("0.001234") == "$0.001234"
    assert formats.price("186") == "$186.00"
    assert formats.quantity("1234.50", "ml") == "1,234.5 ml"
    assert formats.quantity(None) == ""
    assert [formats.many(count, "line") for count in (0, 1, 1200)] == ["0 lines", "1 line", "1,200 lines"]


def test_instants_stand_in_the_sites_clock() -> None:
    """N-02: an instant late in London is still the day before in Austin."""
    instant = datetime(2026, 7, 1, 2, 30, tzinfo=UTC)

    assert Formats(zone="Europe/London").when(instant) == "1 Jul 2026, 03:30"
    assert Formats(zone="America/Chicago").when(instant) == "30 Jun 2026, 21:30"
    assert days_until("2026-07-03", date(2026, 7, 1)) == 2


def test_a_level_is_drawn_as_steps_with_its_minimum() -> None:
    """UI: a level stays until it changes; the minimum is a dashed line at its height; the words say the same."""
    chart = level_chart([("Mon", 10.0), ("Tue", 10.0), ("Wed", 5.0)], "Falling", 5.0)

    assert chart.line == "M0 0.0H500.0V0.0H1000.0V500.0H1000"
    assert chart.threshold == 500.0
    assert [tick.text for tick in chart.rows] == ["0", "2.5", "5", "7.5", "10"]
    assert level_chart([], "Nothing").is_empty


def test_bars_below_zero_hang() -> None:
    """REP-02: a day on which more came back than was sold hangs under the line."""
    chart = bar_chart([("Mon", 100.0, ""), ("Tue", -50.0, "")], "Net")

    assert (chart.bars[0].y, chart.bars[0].height) == (0.0, 666.7)
    assert (chart.bars[1].y, chart.bars[1].height, chart.bars[1].tone) == (666.7, 333.3, "c")


@pytest.mark.parametrize(("span", "step"), [(100, 25), (7, 2), (0.9, 0.25), (4000, 1000)])
def test_axes_have_round_steps(span: float, step: float) -> None:
    """UI: ticks stand at 1, 2, 2.5 or 5 times a power of ten."""
    assert nice_step(span) == pytest.approx(step)
    assert short(1_500_000) == "1.5m"


def test_the_filters_of_a_list_live_in_its_address() -> None:
    """UI: other filters keep the rest; a new filter starts at the first chunk; sorting twice turns round."""
    name = Column("Name", str, sort="name")
    shown = Listing("/products", {"q": "tox", "after": "c1", "sort": "name"}, (name,))

    assert shown.url(kind="service") == "/products?q=tox&sort=name&kind=service"
    assert shown.url(q=None) == "/products?sort=name"
    assert shown.sorted(name) == "/products?q=tox&sort=-name"
    assert shown.direction(name) == "ascending"


@pytest.mark.parametrize(
    ("cell", "written"), [("=1+1", "'=1+1"), ("-5", "-5"), ("-5.25", "-5.25"), ("@x", "'@x"), (None, "")]
)
def test_cells_run_no_formula(cell: object, written: str) -> None:
    """Bad input: only figures may begin with a sign."""
    assert safe(cell) == written


@pytest.mark.parametrize(
    ("wanted", "goes"),
    [
        ("/stock?below=true", "/stock?below=true"),
        ("https://evil.example/", "/"),
        ("//evil.example", "/"),
        ("/\\evil", "/"),
        ("", "/"),
    ],
)
def test_after_sign_in_one_stays_in_the_office(wanted: str, goes: str) -> None:
    """G: the way back is a path of this office, never another host."""
    assert own_path(wanted) == goes


def test_taxes_come_with_a_worked_example() -> None:
    """CAT-25: what 100.00 becomes stands beside the rates."""
    assert example({"rate_1_1": "5", "rate_2_1": "9.975"}) == "A price of 100.00 before tax is charged as 114.98."
