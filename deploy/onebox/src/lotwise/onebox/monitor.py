"""The only home of what the embedded bus says about itself on its monitoring page, which costs no library."""

import http.client
import json

from lotwise.onebox.ports import HOST


def streams_kept(monitor_port: int) -> int:
    """How many streams the bus keeps; -1 when it does not answer."""
    connection = http.client.HTTPConnection(HOST, monitor_port, timeout=2)
    try:
        connection.request("GET", "/jsz")
        return int(json.loads(connection.getresponse().read()).get("streams", 0))
    except (OSError, ValueError, http.client.HTTPException):
        return -1
    finally:
        connection.close()
