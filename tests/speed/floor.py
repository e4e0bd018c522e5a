"""The only home of F: what a bare pipeline without any of the product's duties does on this machine, now.

Its script lies beside the project (`../shared/bench/floor.py`), makes an environment of its own and starts its own
servers; where the folder is absent, F is not measured.
"""

import json
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[3] / "shared" / "bench" / "floor.py"


@dataclass(frozen=True)
class Floor:
    """Sales a second end to end, CPU of each in µs, and milliseconds from sale to ledger at 200 a second."""

    rate: float
    cpu_us: float
    p50: float
    p99: float


def floor() -> Floor | None:
    """Run the bare pipeline once; None where it is not there."""
    if not SCRIPT.exists():
        return None
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "floor.json"
        command = [sys.executable, str(SCRIPT), "--quick", "--consumers", "raw", "--json", str(out)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=600)
        rows = {row["name"]: row for row in json.loads(out.read_text())["rows"]}
    through = rows["raw: applied and reported, end to end"]
    late = rows["raw: at 200/s, sale to ledger p99"]
    return Floor(through["median"], _number("CPU", through["note"]), _number("p50", late["note"]), late["median"])


def _number(word: str, note: str) -> float:
    found = re.search(rf"{word} ([\d.]+)", note)
    if found is None:
        raise ValueError(f"no {word} in {note!r}")
    return float(found[1])
