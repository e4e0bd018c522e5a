"""What the eye and a screen reader get: pictures of every page in both themes and sizes, no failing rule of axe."""

import re
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from tests.backoffice.fakes import ALL_PRODUCTS, ORDERS, TRANSFERS, ident
from tests.backoffice.fakes.counts import COUNTS
from tests.backoffice.fakes.imports import IMPORT
from tests.backoffice.fakes.tills import COUNTED, OPEN
from tests.browser.conftest import SCREENS
from tests.browser.stage import Stage

TOXIN = ALL_PRODUCTS[0]["product_id"]
MEMBER = f"/members/{ident('member', 'Amelia Hart')}"
PAGES = {
    "sign-in": "/sign-in",
    "today": "/",
    "products": "/products",
    "product": f"/products/{TOXIN}",
    "product-import": "/products/import",
    "product-import-shown": f"/products/import/{IMPORT}?show=all",
    "member-import": "/members/import",
    "categories": "/categories",
    "discounts": "/discounts",
    "packages": "/packages",
    "prices": "/prices",
    "preferences": "/settings/preferences",
    "stock": "/stock",
    "level": f"/stock/harley-street/{TOXIN}",
    "lots": "/stock/lots",
    "transfers": "/transfers",
    "transfer": f"/transfers/{TRANSFERS[0]['transfer_id']}",
    "counts": "/counts",
    "count": f"/counts/{COUNTS[0]['count_id']}",
    "count-tablet": f"/counts/{COUNTS[0]['count_id']}/tablet",
    "count-sheet": f"/counts/{COUNTS[0]['count_id']}/sheet",
    "count-plans": "/counts/plans",
    "members": "/members",
    "member": MEMBER,
    "member-packages": f"{MEMBER}?tab=packages",
    "member-consents": f"{MEMBER}?tab=consents",
    "tills": "/tills",
    "till-open": f"/till-sessions/{OPEN}",
    "till-counted": f"/till-sessions/{COUNTED}",
    "till-day": "/tills/day",
    "till-setup": "/settings/tills",
    "stock-card": f"/stock/bath/{TOXIN}/card",
    "controlled-log": f"/stock/bath/{TOXIN}/controlled",
    "adjustments": "/adjustments",
    "quantities": "/stock/quantities?way=add&value=3",
    "damages": "/stock/damages",
    "consigned": "/stock/consigned",
    "liabilities": "/stock/liabilities",
    "reasons": "/settings/reasons",
    "charge-desk": "/charge?site=harley-street",
    "charges": "/charges",
    "charge": f"/charges/{ident('charge', 'old', 1)}",
    "orders": "/orders",
    "order-draft": f"/orders/{ORDERS[0]['order_id']}",
    "order-pending": f"/orders/{ORDERS[1]['order_id']}",
    "suppliers": "/suppliers",
    "alerts": "/alerts",
    "sales": "/analytics/sales",
    "waste": "/analytics/waste",
    "ops": "/ops",
    "journey": f"/ops/journey?id={TOXIN}",
    "sites": "/settings/sites",
    "users": "/settings/users",
    "about": "/about",
    "components": "/ui",
    "missing": "/nowhere",
}
DIALOGS = {
    "receive": (f"/stock/bath/{TOXIN}", "Receive"),
    "minimum": (f"/stock/bath/{TOXIN}", "Minimum"),
    "adjust": (f"/stock/bath/{TOXIN}", "Adjust"),
    "new-product": ("/products", "New product"),
    "new-price": (f"/products/{TOXIN}", "New price"),
    "new-order": ("/orders", "New order"),
    "delivery": (f"/orders/{ORDERS[1]['order_id']}", "Receive"),
    "new-transfer": ("/transfers", "New transfer"),
    "new-count": ("/counts", "New count"),
    "new-plan": ("/counts/plans", "New plan"),
    "post-count": (f"/counts/{COUNTS[0]['count_id']}", "Post"),
    "new-person": ("/settings/users", "New person"),
    "why-these-lots": (f"/stock/bath/{TOXIN}/card", "Why these lots"),
    "witness": ("/adjustments", "Confirm"),
    "some-days": (f"/stock/bath/{TOXIN}/card", "For some days"),
    "new-reason": ("/settings/reasons", "New reason"),
    "till-count": (f"/till-sessions/{OPEN}", "Count"),
    "till-close": (f"/till-sessions/{COUNTED}", "Close till"),
    "return": (f"/charges/{ident('charge', 'old', 1)}", "Return"),
    "send-receipt": (f"/charges/{ident('charge', 'old', 1)}", "Send"),
    "merge": (MEMBER, "Merge"),
    "void": (f"/charges/{ident('charge', 'old', 1)}", "Void"),
    "search": ("/products", "Search"),
}
Theme = Literal["light", "dark"]
SIZES = {"desk": (1280, 800), "tablet": (820, 1100)}
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], "resultTypes": ["violations"]}


@pytest.fixture(params=["light", "dark"])
def theme(request: pytest.FixtureRequest) -> Theme:
    """Both themes."""
    return "dark" if request.param == "dark" else "light"


def failing(page: Page) -> list[str]:
    """The rules that fail, with the node of each."""
    found = Axe().run(page, options=RULES).response["violations"]
    return [f"{rule['id']}: {node['target']} {node['html'][:120]}" for rule in found for node in rule["nodes"]]


def keep(page: Page, name: str) -> None:
    """Leave a picture to look at."""
    SCREENS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=str(Path(SCREENS, f"{name}.png")))


@pytest.mark.parametrize("size", SIZES)
def test_every_page_passes_in_both_themes(chromium: Browser, office: Stage, theme: Theme, size: str) -> None:
    """UI 4: no page fails a WCAG 2.2 AA rule of axe; none is wider than the screen; a picture is left."""
    width, height = SIZES[size]
    context = chromium.new_context(
        viewport={"width": width, "height": height},
        color_scheme=theme,
        base_url=office.url,
        reduced_motion="reduce",
    )
    page, wrong = context.new_page(), {}
    for name, path in PAGES.items():
        page.goto(path)
        page.wait_for_timeout(400 if name == "stock" else 120)
        keep(page, f"{name}-{size}-{theme}")
        found = failing(page) if size == "desk" else []
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append("the page is wider than the screen")
        if found:
            wrong[name] = found
    context.close()

    assert wrong == {}


def test_every_dialog_passes_in_both_themes(chromium: Browser, office: Stage, theme: Theme) -> None:
    """UI 4: the dialogs too, with the focus inside."""
    context = chromium.new_context(
        viewport={"width": 1280, "height": 800},
        color_scheme=theme,
        base_url=office.url,
        reduced_motion="reduce",
    )
    page, wrong = context.new_page(), {}
    for name, (path, button) in DIALOGS.items():
        page.goto(path)
        page.get_by_role("button", name=re.compile(button)).first.click()
        page.locator("#dialog :first-child").first.wait_for()
        page.wait_for_timeout(150)
        keep(page, f"dialog-{name}-{theme}")
        found = failing(page)
        if not page.evaluate("document.querySelector('#dialog').contains(document.activeElement)"):
            found.append("the focus is outside")
        if found:
            wrong[name] = found
    context.close()

    assert wrong == {}


def test_an_order_and_a_list_print_without_the_shell(chromium: Browser, office: Stage) -> None:
    """UI: on paper there is no menu and no button, and the table is whole."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, base_url=office.url)
    page = context.new_page()
    page.goto("/stock/lots")
    page.emulate_media(media="print")

    assert not page.locator(".side").is_visible()
    assert not page.locator(".skip").is_visible()
    assert page.locator("#table thead").is_visible()
    table = page.locator("#table").evaluate("(node) => [node.scrollHeight, node.clientHeight]")
    assert table[0] <= table[1] + 2
    context.close()
