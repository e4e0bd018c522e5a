"""Readings asked for with what nobody should send: a clear 4xx, never our fault."""

from base64 import urlsafe_b64encode

import pytest
from tests.stock.chain import BOTOX, Chain

NASTY = [
    "\x00",
    "x y",
    "*",
    ">",
    "'",
    "%",
    "é" * 300,
    "-1",
    "1e400",
    "9" * 40,
    "0001-01-01",
    "9999-12-31",
    "null",
    "[]",
    "\ud800",
]
CURSORS = [
    urlsafe_b64encode(text).decode()
    for text in (
        b"[]",
        b'["a","b","c"]',
        b"[null,null,null]",
        b'["\\u0000","x"]',
        b"{}",
        b'["9999-99-99","x",1]',
        b"[99999999999999999999]",
    )
]
READS = {
    "/v1/levels": ("site", "product", "search", "category", "below", "after", "limit"),
    "/v1/lots": ("site", "product", "expires_within", "state", "number", "after", "limit"),
    "/v1/movements": ("site", "product", "lot", "cause", "reason", "after", "limit"),
    "/v1/holds": ("site", "state", "product", "after", "limit"),
    "/v1/transfers": ("site", "state", "after", "limit"),
    "/v1/areas": ("site",),
    "/v1/summary": ("site",),
    "/v1/scan?site=harley": ("data",),
    "/v1/scan?data=1": ("site",),
    "/v1/explain/block?site=harley": ("product",),
    f"/v1/explain/block?product={BOTOX}": ("site",),
    f"/v1/levels/harley/{BOTOX}/history": ("from", "to"),
}


@pytest.mark.parametrize("path", READS)
async def test_no_query_is_our_fault(stock: Chain, path: str) -> None:
    """Bad input, named: given any reading; when each of its parameters is nonsense; then 2xx or 4xx, never 5xx."""
    for name in READS[path]:
        for value in NASTY + (CURSORS if name == "after" else []):
            encoded = value.encode("utf-8", "surrogatepass")
            url = path + ("&" if "?" in path else "?") + name + "=" + "".join(f"%{byte:02x}" for byte in encoded)
            answer = await stock.bench.call("GET", url)
            assert answer.status_code < 500, (url, answer.text)


@pytest.mark.parametrize("part", ["x%00y", "%F0", "chain", "a" * 300])
async def test_no_path_is_our_fault(stock: Chain, part: str) -> None:
    """Bad input, named: given paths with a site or an id; when those are nonsense; then 4xx."""
    for path in (
        f"/v1/levels/{part}/{BOTOX}",
        f"/v1/levels/harley/{part}",
        f"/v1/lots/{part}",
        f"/v1/transfers/{part}",
    ):
        answer = await stock.bench.call("GET", path)
        assert 400 <= answer.status_code < 500, (path, answer.text)
