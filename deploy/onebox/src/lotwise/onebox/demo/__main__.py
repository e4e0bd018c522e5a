"""python -m lotwise.onebox.demo: load the demo chain into the running system."""

import asyncio
import sys

from lotwise.kit.client import Refused as RefusedByService
from lotwise.kit.client import Unreachable
from lotwise.onebox.access import access
from lotwise.onebox.demo.loading import load
from lotwise.onebox.demo.progress import Telling
from lotwise.onebox.home import Home, Refused


async def _main() -> None:
    home = Home.find()
    async with access("importer", home) as doors:
        with Telling(home) as telling:
            await load(doors, telling)


if __name__ == "__main__":
    try:
        asyncio.run(_main())
    except (Refused, RefusedByService, Unreachable, RuntimeError) as problem:
        sys.exit(f"The demo chain could not be loaded: {problem}")
    except KeyboardInterrupt:
        sys.exit(130)
