"""The only home of the loop as a person walks it: every step of D1 to D7 by hands and scanner on real pages."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Locator, Page, expect
from tests.browser.conftest import scan

PATIENT_MS = 20_000
GLANCE_MS = 2_000
"""How long a person looks at a report, which is not live, before reading it anew."""
CODE = "TOX-100"
BARCODE = "05012345678900"
GS1 = f"(01){BARCODE}(17)300131(10)SOON"


class Walker:
    """A person with a browser: signs in, opens, fills, presses, and keeps a picture of each step."""

    def __init__(self, page: Page, screens: Path) -> None:
        self.page = page
        self.screens = screens
        self.step = 0
        page.set_default_timeout(PATIENT_MS)
        expect.set_options(timeout=PATIENT_MS)

    def keep(self, name: str) -> None:
        """Leave a picture."""
        self.step += 1
        self.screens.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=str(self.screens / f"loop-{self.step:02}-{name}.png"))

    def sign_in(self, login: str, password: str) -> None:
        """D: through the door."""
        self.page.goto("/stock")
        self.page.get_by_label("Login").fill(login)
        self.page.get_by_label("Password").fill(password)
        self.keep("sign-in")
        self.page.keyboard.press("Enter")
        expect(self.page.locator("h1")).to_have_text("Stock")

    def dialog(self, button: str, **fields: str) -> Locator:
        """Open a dialog, fill it by the names of its fields, send it."""
        self.page.get_by_role("button", name=button, exact=True).first.click()
        sheet = self.page.locator("#dialog form")
        for name, value in fields.items():
            field = sheet.locator(f"[name={name}]")
            if field.evaluate("(node) => node.tagName") == "SELECT":
                field.select_option(label=value)
            elif field.get_attribute("type") == "checkbox":
                field.check()
            else:
                field.fill(value)
        return sheet

    def send(self, sheet: Locator) -> None:
        """Press the dialog's button and wait until it is gone."""
        sheet.locator("button[type=submit]:not([formnovalidate])").click()
        expect(self.page.locator("#dialog")).not_to_be_visible()

    def catalog(self) -> None:
        """D1: a site with tax, a product with price and barcode, a supplier whom we prefer."""
        self.page.goto("/settings/sites")
        self.send(self.dialog("New site", slug="harley", name="Harley Street", time_zone="Europe/London"))
        expect(self.page.locator("main")).to_contain_text("Harley Street")
        self.send(self.dialog("Tax of Harley Street", name_1="VAT", rate_1_1="20", valid_from="2020-01-01"))
        expect(self.page.locator("main")).to_contain_text("VAT 20 %")
        self.page.goto("/suppliers")
        self.send(self.dialog("New supplier", name="Northern Medical", lead_time_days="3"))
        self.page.goto("/products")
        fields = {
            "name": "Toxin 100 U",
            "code": CODE,
            "unit": "U",
            "price": "12.00",
            "tax_code": "1",
            "barcodes": BARCODE,
        }
        self.send(self.dialog("New product", **fields, normal_order_quantity="200"))
        expect(self.page.locator("h1")).to_contain_text("Toxin 100 U")
        self.keep("product")
        self.page.get_by_role("link", name="Suppliers", exact=True).last.click()
        offer = {"supplier_id": "Northern Medical", "pack_units": "100", "cost": "4.50", "is_preferred": "on"}
        self.reload_until(lambda: self.send(self.dialog("Add supplier", **offer)))
        expect(self.page.locator("main")).to_contain_text("Preferred")

    def reload_until(self, deed: object) -> None:
        """What a person does while news travels: try, read the page anew, try again."""
        for _ in range(10):
            try:
                deed()  # type: ignore[operator]
            except AssertionError:
                self.page.reload()
            else:
                return
        raise AssertionError("it did not come to hold")

    def shelf(self) -> None:
        """D2: a scan fills receiving; two lots come; the minimum is set."""
        self.page.goto("/stock?site=harley")
        for quantity, data in (("30", GS1), ("60", GS1.replace("(17)300131(10)SOON", "(17)310131(10)LATE"))):
            scan(self.page, data)
            sheet = self.page.locator("#dialog form")
            expect(sheet.locator("[name=lot_number]")).to_have_value(data[-4:])
            sheet.locator("[name=quantity]").fill(quantity)
            sheet.locator("[name=unit_cost]").fill("4.50")
            self.keep("receive")
            self.send(sheet)
        self.page.goto("/stock?site=harley&q=toxin")
        expect(self.page.locator("[id^=onhand-]")).to_have_text("90")
        self.page.get_by_role("link", name="Toxin 100 U").click()
        self.send(self.dialog("Minimum", minimum="60", reorder_at="60"))
        self.page.reload()
        expect(self.page.locator("main")).to_contain_text("SOON")
        self.keep("level")

    def desk(self) -> None:
        """D3: forty units are charged by scan and keys, with tax; the receipt says so."""
        self.page.goto("/charge?site=harley")
        expect(self.page.locator(".tile").first).to_contain_text("Toxin")
        self.page.keyboard.type("40")
        self.page.keyboard.press("F1")
        expect(self.page.locator("#bill output")).to_have_text("$576.00")
        self.keep("desk")
        self.page.keyboard.press("Enter")
        expect(self.page.locator("#dialog h2")).to_have_text("Take payment")
        self.page.keyboard.press("Enter")
        expect(self.page.locator("#dialog .receipt")).to_contain_text("$576.00")
        self.keep("receipt")
        self.page.keyboard.press("Enter")
        expect(self.page.locator("#dialog")).not_to_be_visible()

    def short(self) -> None:
        """SAL-12: more than there is is refused with numbers; the bill stays."""
        self.page.keyboard.type("500")
        self.page.keyboard.press("F1")
        expect(self.page.locator("#bill [data-line]")).to_have_count(1)
        self.page.keyboard.press("Enter")
        expect(self.page.locator("#dialog h2")).to_have_text("Take payment")
        self.page.keyboard.press("Enter")
        expect(self.page.locator("#dialog h2")).to_have_text("Stock too low, can't create charge")
        expect(self.page.locator("#dialog .facts")).to_contain_text("On hand50")
        self.keep("too-low")
        self.page.get_by_role("button", name="Back to the bill").click()
        self.page.keyboard.press("Delete")
        expect(self.page.locator("#bill")).to_contain_text("The bill is empty")

    def shortage(self) -> None:
        """D4, D5: one alert rises, one order drafted itself; it is sent, confirmed and received as a new lot."""
        self.page.goto("/alerts")
        expect(self.page.locator("#table tbody tr")).to_have_count(1)
        expect(self.page.locator("#table")).to_contain_text("below its minimum")
        self.keep("alert")
        self.page.goto("/orders")
        expect(self.page.locator("#table tbody tr")).to_have_count(1)
        expect(self.page.locator("#table")).to_contain_text("from a shortage")
        self.page.locator("#table tbody a").click()
        expect(self.page.locator("[name=quantity]")).to_have_value("200")
        self.keep("draft")
        self.page.get_by_role("button", name="Send").click()
        self.page.get_by_role("button", name="Supplier confirmed").click()
        sheet = self.dialog("Receive", unit_cost_1="4.40", lot_number_1="NEW", expires_on_1="2032-06-30")
        self.keep("delivery")
        self.send(sheet)
        expect(self.page.locator("main")).to_contain_text("Received")
        self.page.goto("/stock?site=harley&q=toxin")
        expect(self.page.locator("[id^=onhand-]")).to_have_text("250")
        self.page.goto("/alerts")
        expect(self.page.locator("#table")).to_contain_text("Nothing needs a hand")

    def expiry(self, bring_in: Callable[[], None]) -> None:
        """D6: a lot past its day is swept off the shelf, is not sellable, alerts, is written off, and costs."""
        self.page.goto("/stock?site=harley&q=toxin")
        cell = self.page.locator("[id^=onhand-]")
        expect(cell).to_have_text("250")
        bring_in()
        self.page.goto("/stock/lots?site=harley")
        old = self.page.locator("#table tr", has_text="OLD")
        expect(old).to_contain_text("Quarantined")
        expect(old).to_contain_text("expired")
        expect(old).to_contain_text("$36.00")
        self.keep("expired")
        self.page.goto("/stock?site=harley&q=toxin")
        expect(cell).to_have_text("250")
        self.page.goto("/alerts")
        alert = self.page.locator("#table tbody tr")
        expect(alert).to_have_count(1)
        expect(alert).to_contain_text("OLD")
        expect(alert).to_contain_text("expired")
        self.keep("expiry-alert")
        self.page.goto("/stock?site=harley&q=toxin")
        self.page.get_by_role("link", name="Toxin 100 U").click()
        self.send(self.dialog("Adjust", quantity="8", reason="Expired", lot_id="OLD (8, set apart)"))
        self.page.reload()
        expect(self.page.locator("h2", has_text="Lots").locator("xpath=ancestor::section")).not_to_contain_text("OLD")
        expect(self.page.locator("#h-story").locator("xpath=ancestor::section")).to_contain_text("OLD")
        self.page.goto("/analytics/waste?site=harley&days=30")
        self.reload_until(lambda: expect(self.page.locator("#table tbody tr")).to_have_count(1, timeout=GLANCE_MS))
        expect(self.page.locator("#table tbody")).to_contain_text("Expired")
        expect(self.page.locator("#table tbody")).to_contain_text("$36.00")
        self.keep("waste")

    def reports(self) -> None:
        """D7: revenue and cost of the lots really taken; the journey of the charge from the till to the order."""
        self.page.goto("/analytics/sales?site=harley&days=7")
        revenue = self.page.locator("#table tbody")
        self.reload_until(lambda: expect(revenue).to_contain_text("$480.00", timeout=GLANCE_MS))
        expect(self.page.locator("#table tbody")).to_contain_text("$180.00")
        self.keep("sales")
        self.page.goto("/charges")
        self.page.locator("#table tbody a").first.click()
        self.keep("charge")
        self.page.get_by_role("link", name="Journey").click()
        expect(self.page.locator(".timeline")).to_contain_text("Purchase order drafted")
        self.keep("journey")
        self.page.goto("/ops")
        expect(self.page.locator("#health")).to_contain_text("7 of 7")
        self.keep("ops")

    def live(self) -> None:
        """Live: what one tab does to a shelf, another tab shows without being touched."""
        other = self.page.context.new_page()
        other.goto("/stock?site=harley&q=toxin")
        cell = other.locator("[id^=onhand-]")
        expect(cell).to_have_text("250")
        expect(other.locator("#live[data-state=on]")).to_have_text("Live")
        self.page.goto("/stock?site=harley&q=toxin")
        self.page.get_by_role("link", name="Toxin 100 U").click()
        self.send(self.dialog("Adjust", quantity="3", note="dropped"))
        expect(cell).to_have_text("247")
        other.close()
