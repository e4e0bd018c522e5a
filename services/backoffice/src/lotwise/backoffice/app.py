"""The back office's table of contents: the door, the pages, and what they hear."""

from lotwise.backoffice.api import keys, tokens, users
from lotwise.backoffice.door.door import close_door, keep_house, open_door
from lotwise.backoffice.settings import BackofficeSettings
from lotwise.kit.jobs import Job
from lotwise.kit.service import Service

SERVICE = Service(
    name="backoffice",
    package="lotwise.backoffice",
    settings=BackofficeSettings,
    routers=(tokens.router, users.router, keys.router),
    jobs=(Job("door", 300, keep_house),),
    on_start=open_door,
    on_stop=close_door,
)
