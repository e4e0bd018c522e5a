"""The only home of the `lotwise` command: what it can do, and how a refusal is told."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from lotwise.onebox.account import Unreachable
from lotwise.onebox.home import Home, Refused
from lotwise.values import Refusal

app = typer.Typer(
    name="lotwise",
    help="Lotwise on this machine: start it, watch it, keep it safe, bring data in.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
bus = typer.Typer(help="The message bus: its streams and consumers.", no_args_is_help=True)
app.add_typer(bus, name="bus")
GROUPS = {
    "dead-letters": ("lotwise.onebox.dead_letters", "List, explain and retry messages that could not be applied."),
    "import": ("lotwise.onebox.imports.commands", "Bring in products, suppliers, stock, or the sales of a till."),
    "export": ("lotwise.onebox.imports.exports", "Take products out as a file."),
    "report": ("lotwise.onebox.imports.report", "Figures of the running system."),
}
"""Command groups whose module (with its `app`) is imported only when they are called, so that the others start fast."""

Json = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]


@contextmanager
def _told() -> Iterator[None]:
    """Turn every refusal into one sentence on the error output, and exit code 1."""
    from lotwise.onebox.servers import ServerFailed

    try:
        yield
    except (Refused, ServerFailed, Unreachable) as refusal:
        _fail(str(refusal))
    except Refusal as refusal:
        _fail(f"{refusal.title}: {refusal.detail}")
    except PermissionError as problem:
        _fail(f"{problem.filename} belongs to another account: use that account, or another folder with LOTWISE_HOME.")
    except OSError as problem:
        if problem.errno != 28:
            raise
        _fail("The disk is full: make room, then start again. Nothing that was recorded is lost.")


def _fail(sentence: str) -> NoReturn:
    Console(stderr=True, soft_wrap=True, highlight=False).print(sentence, markup=False)
    raise typer.Exit(1)


def _say(sentence: str) -> None:
    Console(soft_wrap=True, highlight=False).print(sentence, markup=False)


@app.command()
def up(
    *,
    detach: Annotated[bool, typer.Option("--detach", "-d", help="Run in the background.")] = False,
    demo: Annotated[bool, typer.Option("--demo/--no-demo", help="Load a demo chain on the first start.")] = True,
) -> None:
    """Start everything; stays until Ctrl-C (or in the background with --detach)."""
    from lotwise.onebox.chain import Chain
    from lotwise.onebox.welcome import welcome

    with _told():
        home = Home.find()
        if home.remark:
            _say(home.remark)
        chain = Chain.of(home)
        if detach:
            from lotwise.onebox.detached import run_detached

            run_detached(chain, [] if demo else ["--no-demo"])
            welcome(Chain.of(home), is_attached=False)
        else:
            from lotwise.onebox.up import up as start

            start(chain, with_demo=demo, say=_say, when_ready=lambda ready: welcome(ready, is_attached=True))


@app.command()
def down() -> None:
    """Stop everything in good order."""
    from lotwise.onebox.down import down as stop

    with _told():
        _say(stop(Home.find()))


@app.command()
def status(*, as_json: Json = False) -> None:
    """Show processes with their memory and health, outboxes, lag and parked messages."""
    from lotwise.onebox import status as looking
    from lotwise.onebox.chain import Chain

    with _told():
        seen = looking.look(Chain.of(Home.find()))
        if as_json:
            print(seen.as_json())
        else:
            looking.show(seen, Console())


@app.command()
def logs(
    name: Annotated[str | None, typer.Argument(help="A service, postgres, nats or prepare; all when left out.")] = None,
    *,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on showing new lines.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, max=100_000, help="How many of the last lines.")] = 40,
) -> None:
    """Show the logs."""
    from lotwise.onebox import logs as reading

    with _told():
        reading.show(Home.find(), name, lines=lines, follow=follow)


@app.command()
def doctor(*, as_json: Json = False) -> None:
    """Examine machine, data folder and the running system; exit code 1 when something is bad."""
    from lotwise.onebox import doctor as examining
    from lotwise.onebox.chain import Chain

    with _told():
        found = examining.examine(Chain.of(Home.find()))
        if as_json:
            print(examining.as_json(found))
        else:
            examining.show(found, Console())
        raise typer.Exit(int(any(one.verdict == "bad" for one in found)))


@app.command()
def backup(
    file: Annotated[Path | None, typer.Argument(help="Where to write it; by default into the data folder.")] = None,
) -> None:
    """Write one file with every database at one common moment, and the secrets."""
    from lotwise.onebox import backup as saving
    from lotwise.onebox.chain import Chain

    with _told():
        target = saving.backup(Chain.of(Home.find()), file)
        _say(f"{target} ({target.stat().st_size / 1e6:.1f} MB). It holds secrets: keep it safe.")


@app.command()
def restore(file: Annotated[Path, typer.Argument(help="A file that `lotwise backup` wrote.")]) -> None:
    """Fill an empty data folder from a backup."""
    from lotwise.onebox import backup as saving

    with _told():
        home = Home.find()
        saving.restore(home, file)
        _say(f"{home.folder} is filled from {file}. Start it with `lotwise up`, examine it with `lotwise doctor`.")


@app.command()
def audit(*, as_json: Json = False) -> None:
    """Prove the books: recompute every balance from the ledger; exit code 1 when anything differs."""
    from lotwise.onebox.audit import audit as prove

    with _told():
        raise typer.Exit(prove(as_json=as_json))


@app.command()
def rebuild(
    *,
    verify: Annotated[bool, typer.Option("--verify", help="Only compare with the live figures.")] = False,
    as_json: Json = False,
) -> None:
    """Fold all report figures anew from the journal; exit code 1 when they differed from the live ones."""
    from lotwise.onebox.imports.report import rebuild as fold_anew

    with _told():
        fold_anew(verify=verify, as_json=as_json)


@bus.command("apply")
def bus_apply() -> None:
    """Bring streams and consumers to what the contracts want."""
    import asyncio

    from lotwise.onebox.bus import apply
    from lotwise.onebox.chain import Chain

    with _told():
        home = Home.find()
        home.note()
        for line in asyncio.run(apply(Chain.of(home))) or ["Streams and consumers are as the contracts want them."]:
            _say(line)


@bus.command("replay")
def bus_replay(
    consumer: Annotated[str, typer.Argument(help="A consumer as `lotwise status` names it, such as stock-sales.")],
) -> None:
    """Let a consumer hear its whole stream again, after its database was restored from an older copy.

    What it applied before is recognised and changes nothing.
    """
    import asyncio

    from lotwise.onebox.bus import replay
    from lotwise.onebox.chain import Chain

    with _told():
        home = Home.find()
        home.note()
        asyncio.run(replay(Chain.of(home), consumer))
        _say(f"{consumer} hears its stream from the beginning; `lotwise status` shows how far it is.")


def main() -> None:
    """The entry point."""
    for name, (module, help_text) in GROUPS.items():
        group = import_module(module).app if name in sys.argv[1:2] else typer.Typer()
        app.add_typer(group, name=name, help=help_text)
    with _told():
        app()
