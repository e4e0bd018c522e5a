"""The back office's table of contents: the door, the pages, and what they hear."""

from lotwise.backoffice import refusals
from lotwise.backoffice.api import keys, tokens, users
from lotwise.backoffice.door.door import close_door, keep_house, open_door
from lotwise.backoffice.live import live_of, stop_live
from lotwise.backoffice.pages import environment
from lotwise.backoffice.screens import routers
from lotwise.backoffice.settings import BackofficeSettings
from lotwise.kit.jobs import Job
from lotwise.kit.service import Runtime, Service


async def enter(runtime: Runtime) -> None:
    """Open the door, make the pages ready."""
    environment()
    live_of(runtime)
    await open_door(runtime)


async def leave(runtime: Runtime) -> None:
    """End the streams, close the door."""
    await stop_live(runtime)
    await close_door(runtime)


SERVICE = Service(
    name="backoffice",
    package="lotwise.backoffice",
    settings=BackofficeSettings,
    routers=(tokens.router, users.router, keys.router, *routers),
    jobs=(Job("door", 300, keep_house),),
    on_start=enter,
    on_stop=leave,
    extend=refusals.install,
)
