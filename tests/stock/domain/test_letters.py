"""Recall letters read: our own sentences for each form, and 72 real notices with what a person reads in them."""

import json
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest

from lotwise.stock.domain.letters import Found, read_letter

NOTICES = Path(__file__).resolve().parents[4] / "shared" / "data" / "fda" / "recalls_ucm308307_201206.jsonl"
TRUTH = Path(__file__).with_name("letters.json")
PARTS = ("product-description", "code-info", "reason-for-recall", "recalling-firm")


def numbers(text: str) -> list[tuple[str, str, str]]:
    """Kind, first and last of what a letter names."""
    return [(one.kind, one.first, one.last) for one in read_letter(text, 2026).numbers]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Lot # 1234-A, 1235-B and 1236", [("lot", "1234-A", ""), ("lot", "1235-B", ""), ("lot", "1236", "")]),
        ("Lots 100200 thru 100240; serial no. SN-77", [("range", "100200", "100240"), ("serial", "SN-77", "")]),
        ("lot numbers 1002001-1002009", [("range", "1002001", "1002009")]),
        ("Batch XR 12 B7, our phone 555-0199", [("lot", "XR 12 B7", "")]),
        ("Lots: 1234567 1234568 1234569", [("lot", f"123456{n}", "") for n in (7, 8, 9)]),
        ("AB1234\nAB1235 12/2027\nAB1236 01/31/2028", [("lot", "AB1234", ""), ("lot", "AB1235", ""),
                                                         ("lot", "AB1236", "")]),
        ("(01)09506000134376(10)ABC-1(17)270600", [("lot", "ABC-1", "")]),
        ("Units (2 units) of 100 U/mL were sold in 2026.", []),
        ("All lots of this product. Recall # Z-1234-2026, part number 99812.", []),
        ("Lot 123456789012345678901234567890 only", [("lot", "123456789012345678901234567890", "")]),
    ],
)  # fmt: skip
def test_a_letter_is_read_for_its_numbers(text: str, expected: list[tuple[str, str, str]]) -> None:
    """N-06: lists, ranges, serials, numbers with spaces, tables, GS1 text and 30 digits are read; prose is not."""
    assert numbers(text) == expected


def test_expiries_stand_beside_their_numbers() -> None:
    """N-06: given days after the numbers they belong to, of a month, a day and GS1's day 00; then each is read."""
    letter = read_letter("Lot A111, A112, Exp 02/2027; A113 expires 3 May 2027. (10)A114(17)270200", 2026)
    assert letter.numbers == (
        Found("lot", "A111", expires_on=date(2027, 2, 28)),
        Found("lot", "A112", expires_on=date(2027, 2, 28)),
        Found("lot", "A113", expires_on=date(2027, 5, 3)),
        Found("lot", "A114", expires_on=date(2027, 2, 28)),
    )


def test_a_window_of_expiries_and_codes_are_read() -> None:
    """N-06: given "all lots" with days and no numbers; then the window, the codes and that all are meant."""
    letter = read_letter(
        "All products with best by dates between 7/11/26 and 10/25/26, UPC 0 12345-67890 5, NDC 0093-0787-01", 2026
    )
    assert (letter.expires_from, letter.expires_until) == (date(2026, 7, 11), date(2026, 10, 25))
    assert (letter.is_all, letter.numbers) == (True, ())
    assert letter.codes == ("012345678905", "0093078701")


@pytest.mark.parametrize("text", ["", "\x00\n" * 50, "Lot", "lot " * 5000, "(17)99", "Exp 99/99/99 lot 31/31/31"])
def test_nonsense_is_read_as_nothing(text: str) -> None:
    """N-06: given empty, endless or senseless text; then there is nothing in it, and no failure."""
    assert len(read_letter(text, 2026).numbers) <= 1


@pytest.mark.skipif(not NOTICES.exists(), reason="the real notices are not on this machine")
def test_72_real_notices_are_read_as_a_person_reads_them() -> None:
    """N-06: given 72 real notices and, as hashes, the 1,687 lots, units and ranges that a person reads in them; then
    at least 99.8 % are found, at least 99.8 % of what is found is true, and at least 71 notices are read perfectly.
    """
    rows = [json.loads(line) for line in NOTICES.read_text(encoding="utf-8").splitlines() if line.strip()]
    truth = [set(one) for one in json.loads(TRUTH.read_text())]
    found = [
        {_hash(f"{one.first}..{one.last}" if one.last else one.first) for one in read_letter(_text(row), 2012).numbers}
        for row in rows
    ]
    right = sum(len(mine & theirs) for mine, theirs in zip(found, truth, strict=True))
    assert (len(rows), sum(map(len, truth))) == (72, 1687)
    assert right / sum(map(len, truth)) >= 0.998
    assert right / sum(map(len, found)) >= 0.998
    assert sum(mine == theirs for mine, theirs in zip(found, truth, strict=True)) >= 71


def _text(row: dict[str, str]) -> str:
    return "\n".join(str(row.get(part) or "") for part in PARTS)


def _hash(number: str) -> str:
    return sha256(number.encode()).hexdigest()[:8]
