"""The only home of the ledger's chain: each block's head hides the heads before it (DESIGN 3.3)."""

import hashlib

GENESIS = bytes(32)


def chained(previous: bytes, content: bytes, movements: int) -> bytes:
    """The head of a block: the hash of the head before it, the block's content and its number of rows."""
    return hashlib.sha256(previous + content + movements.to_bytes(8, "big")).digest()
