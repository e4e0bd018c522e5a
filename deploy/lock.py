"""Writes every lock file: the whole (to run, to test) and, for the images, one per service with only what it needs.

Run by `make lock` with the project's own Python; uv resolves, hashes are kept, no download address is written.
"""

import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
UV = Path(sys.executable).with_name("uv")
OVERRIDES = ROOT / "requirements-overrides.txt"


def compile_lock(source: Path, target: Path, *, constraint: Path | None = None) -> None:
    """Resolve `source` for every platform into `target`, without the packages that an override switched off."""
    flags = ["--universal", "--generate-hashes", "--no-annotate", "--no-header", "--python-version", "3.11", "-q"]
    limits = ["-c", str(constraint)] if constraint else []
    with tempfile.TemporaryDirectory() as scratch:
        made = Path(scratch) / "lock.txt"
        subprocess.run(  # noqa: S603 - our own tool on our own files
            [UV, "pip", "compile", *flags, "--override", OVERRIDES, *limits, source, "-o", made], check=True, cwd=ROOT
        )
        text = re.sub(r"(?ms)^\S+==\S+ ;[^\n]*'never'.*?(?=^\S|\Z)", "", made.read_text())
    if "://" in text:
        raise SystemExit(f"{target.name}: a download address got into the lock")
    target.write_text(text)


def dependencies(folder: Path, seen: set[str]) -> set[str]:
    """The third-party requirements of a distribution and of our own ones below it."""
    wanted: set[str] = set()
    for requirement in tomllib.loads((folder / "pyproject.toml").read_text())["project"]["dependencies"]:
        name = requirement.removeprefix("lotwise-")
        if name == requirement:
            wanted.add(requirement)
        elif name not in seen:
            seen.add(name)
            wanted |= dependencies(ROOT / "libs" / name, seen)
    return wanted


def main() -> None:
    """Write all locks."""
    compile_lock(ROOT / "requirements.in", ROOT / "requirements.lock")
    compile_lock(ROOT / "requirements-dev.in", ROOT / "requirements-dev.lock", constraint=ROOT / "requirements.lock")
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch) / "build.in"
        source.write_text("hatchling\n")
        compile_lock(source, ROOT / "deploy" / "compose" / "build.lock", constraint=ROOT / "requirements.lock")
    for service in sorted((ROOT / "services").iterdir()):
        if not (service / "pyproject.toml").exists():
            continue
        with tempfile.TemporaryDirectory() as scratch:
            source = Path(scratch) / "requirements.in"
            source.write_text("\n".join(sorted(dependencies(service, set()))) + "\n")
            compile_lock(source, service / "requirements.lock", constraint=ROOT / "requirements.lock")


if __name__ == "__main__":
    main()
