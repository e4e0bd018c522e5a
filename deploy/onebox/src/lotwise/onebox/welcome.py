"""The only home of what a person is told when everything runs: the address, and one sign-in per role."""

from rich.console import Console
from rich.table import Table

from lotwise.onebox.chain import Chain


def welcome(chain: Chain, *, is_attached: bool) -> None:
    """Print address, sign-ins and what to do next."""
    console = Console(soft_wrap=True, width=max(100, Console().width))
    table = Table(title="Sign in as (first passwords)", title_justify="left")
    for column in ("role", "name", "password"):
        table.add_column(column)
    for role, (name, password) in chain.sign_ins().items():
        table.add_row(role.replace("_", " "), name, password)
    console.print(f"\n[bold]Lotwise runs at {chain.address}[/]\n")
    console.print(table)
    end = "Ctrl-C stops it." if is_attached else "`lotwise down` stops it."
    console.print(f"\n{end} `lotwise status` shows how it does, `lotwise --help` what else there is.\n")
