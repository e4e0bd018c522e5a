"""The only home of proving the books: every figure from the ledger, the ledger from its hashes and seals (N-01)."""

from typing import NamedTuple

from lotwise.kit.database import Tx
from lotwise.stock.domain.seals import GENESIS, chained
from lotwise.stock.repository.audit import CHECKS, FINDINGS_MAX, Finding, findings_of, sizes
from lotwise.stock.repository.seals import content_of, seals

PAGE = 500


class Proof(NamedTuple):
    """What was gone over and what did not agree; nothing found means clean."""

    sizes: dict[str, int]
    findings: list[Finding]


async def prove(tx: Tx) -> Proof:
    """Check the whole of the books as of one moment, in bounded memory: the database sums, findings are capped."""
    findings: list[Finding] = []
    for check in CHECKS:
        findings += await findings_of(tx, check)
    findings += await _broken_seals(tx)
    return Proof(await sizes(tx), findings)


async def _broken_seals(tx: Tx) -> list[Finding]:
    """A row altered together with its hash, removed or slipped in names its block."""
    findings: list[Finding] = []
    previous, last = GENESIS, 0
    while len(findings) < FINDINGS_MAX:
        blocks = await seals(tx, last, PAGE)
        for block in blocks:
            count, content = await content_of(tx, block["xid_from"], block["xid_to"])
            head = chained(previous, block["content"], block["movements"])
            if count != block["movements"] or content != block["content"]:
                findings.append(
                    _finding(block["block"], "its movements are not those that were sealed", block["content"], content)
                )
            elif head != block["head"]:
                findings.append(
                    _finding(block["block"], "its head does not follow from the one before", head, block["head"])
                )
            previous, last = block["head"], block["block"]
        if len(blocks) < PAGE:
            break
    return findings


def _finding(block: int, detail: str, expected: bytes, found: bytes) -> Finding:
    return Finding("seals", f"seal block {block}", detail, expected.hex(), found.hex())
