"""The only home of a receipt in words: the plain text and the page of it that are mailed."""

from collections.abc import Mapping
from html import escape
from typing import Any

from lotwise.values import format_minor

Json = Mapping[str, Any]
KINDS = {"gift": "Gift certificate", "reward": "Manufacturer's reward", "rounding": "Rounding", "account": "On account"}
WIDTH = 48


class Words:
    """A receipt's rows: what is written on the left, and the amount on the right."""

    def __init__(self, receipt: Json, exponent: int) -> None:
        self.receipt = receipt
        self._exponent = exponent

    def money(self, minor: int) -> str:
        """An amount with the currency's decimals."""
        return format_minor(minor, self._exponent)

    def head(self) -> list[str]:
        """Where, which, when; and whether it is a copy or was voided."""
        receipt = self.receipt
        found = [receipt["site_name"], f"Receipt {receipt['number']}", receipt["local_time"]]
        if receipt.get("copy_no"):
            found.append(f"Copy {receipt['copy_no']}")
        return [*found, "This charge was voided."] if receipt["state"] == "voided" else found

    def items(self) -> list[tuple[str, str, list[str]]]:
        """Each line: its name, what it comes to (with tax where its price has it inside), what is said below it."""
        return [
            (
                line["name"] or line["description"] or "Item",
                self.money(line["total_minor" if line["tax_inclusive"] else "net_minor"]),
                [f"{line['quantity']} x {line['unit_price']}", *notes(line, self.money)],
            )
            for line in self.receipt["lines"]
        ]

    def sums(self) -> list[tuple[str, str]]:
        """Net, each tax, total, each payment, change and what is due."""
        receipt = self.receipt
        found = [("Net", self.money(receipt["net_minor"]))]
        found += [(f"{tax['name']} {tax['percent']} %", self.money(tax["tax_minor"])) for tax in receipt["taxes"]]
        found.append((f"Total {receipt['currency']}", self.money(receipt["total_minor"])))
        later = [tender for paid in receipt.get("payments", ()) for tender in paid["tenders"]]
        for tender in [*receipt["tenders"], *later]:
            found.append((KINDS.get(tender["kind"], tender["kind"].capitalize()), self.money(tender["amount_minor"])))
        for name, label in (("change_minor", "Change"), ("due_minor", "Due")):
            if receipt[name]:
                found.append((label, self.money(receipt[name])))
        return found


def notes(line: Json, money: Any) -> list[str]:
    """What stands below a line: discounts, the package it was taken from, who sold and performed it."""
    found = [f"{one['name']}: -{money(one['minor'])}" for one in line.get("discounts") or ()]
    if line.get("redeems"):
        found.append("Taken from a package")
    is_tip = line.get("owed") == "tip"
    if line.get("performer_name"):
        found.append(f"{'For' if is_tip else 'By'} {line['performer_name']}")
    if line.get("seller_name") and line.get("seller_name") != line.get("performer_name"):
        found.append(f"Sold by {line['seller_name']}")
    return found


def plain(receipt: Json, exponent: int) -> str:
    """The receipt as plain text, amounts in a column."""
    words = Words(receipt, exponent)
    rows = [*words.head(), ""]
    for name, total, below in words.items():
        rows += [_row(name, total), *(f"  {one}" for one in below)]
    return "\n".join([*rows, "", *(_row(*one) for one in words.sums()), ""])


def _row(left: str, right: str) -> str:
    room = WIDTH - len(right) - 1
    return f"{left[:room].ljust(room)} {right}"


def page(receipt: Json, exponent: int) -> str:
    """The receipt as a page for a mail: no picture, no link, nothing that loads from elsewhere."""
    words = Words(receipt, exponent)
    head, *rest = [escape(one) for one in words.head()]
    items = "".join(
        _cells(name, total)
        + "".join(f'<tr><td colspan="2" style="color:#555">{escape(one)}</td></tr>' for one in below)
        for name, total, below in words.items()
    )
    sums = "".join(_cells(*one) for one in words.sums())
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Receipt</title>'
        '<body style="font-family:sans-serif;max-width:36em"><h1 style="font-size:1.2em">'
        f"{head}</h1><p>{'<br>'.join(rest)}</p>"
        f'<table style="width:100%;border-collapse:collapse">{items}<tr><td colspan="2"><hr></td></tr>{sums}</table>'
        "</body></html>"
    )


def _cells(left: str, right: str) -> str:
    return f'<tr><td>{escape(left)}</td><td style="text-align:right">{escape(right)}</td></tr>'


def address_of(text: str) -> str | None:
    """A mail address as it may stand in a header, or None."""
    text = text.strip()
    name, at, host = text.partition("@")
    is_plain = all(33 <= ord(letter) <= 126 and letter not in '<>(),;:"\\[]' for letter in text)
    return (
        text if at and name and "." in host.strip(".") and "@" not in host and is_plain and len(text) <= 200 else None
    )


def subject(receipt: Json) -> str:
    """What a mailed receipt is called."""
    return f"Receipt {receipt['number']} from {receipt['site_name']}"
