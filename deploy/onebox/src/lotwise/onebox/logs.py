"""The only home of showing the logs of all processes."""

import time
from pathlib import Path

from lotwise.onebox.home import Home, Refused


def show(home: Home, name: str | None, *, lines: int, follow: bool) -> None:
    """Print the last lines of one log, or of all with their names; with `follow` go on until Ctrl-C. Raises Refused."""
    files = log_files(home)
    if name is not None:
        if name not in files:
            raise Refused(f"There is no log {name!r} here; there are: {', '.join(sorted(files)) or 'none yet'}.")
        files = {name: files[name]}
    width = max((len(one) for one in files), default=0) if len(files) > 1 else 0
    ends = {one: _print_last(one, file, lines, width) for one, file in files.items()}
    while follow:
        time.sleep(0.3)
        ends = {one: _print_new(one, files[one], end, width) for one, end in ends.items()}


def log_files(home: Home) -> dict[str, Path]:
    """The log of each process by its name."""
    found = {file.stem: file for file in sorted(home.logs.glob("*.log")) if "." not in file.stem}
    servers = {name: home.folder / name / f"{name}.log" for name in ("postgres", "nats")}
    return found | {name: file for name, file in servers.items() if file.exists()}


def _print_last(name: str, file: Path, lines: int, width: int) -> int:
    text = file.read_bytes()
    for line in text.decode(errors="replace").splitlines()[-lines:] if lines else []:
        _print(name, line, width)
    return len(text)


def _print_new(name: str, file: Path, end: int, width: int) -> int:
    size = file.stat().st_size
    start = end if size >= end else 0
    with file.open("rb") as content:
        content.seek(start)
        fresh = content.read()
    whole = fresh[: fresh.rfind(b"\n") + 1]
    for line in whole.decode(errors="replace").splitlines():
        _print(name, line, width)
    return start + len(whole)


def _print(name: str, line: str, width: int) -> None:
    print(f"{name:<{width}} | {line}" if width else line, flush=True)
