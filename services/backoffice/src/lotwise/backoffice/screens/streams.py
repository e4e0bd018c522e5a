"""The only home of the address of live pages: one stream of events for each browser."""

from fastapi import Request
from starlette.responses import Response, StreamingResponse

from lotwise.backoffice.live import live_of
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.session import admit

screen = Screen()


@screen.get("/live", permission="catalog.read")
async def live(request: Request, after: str = "") -> Response:
    """Server-sent events, beginning after the event that the browser saw last."""
    who = await admit(request)
    seen = request.headers.get("last-event-id") or after
    stream = live_of(request.app.state.runtime).stream(who, seen)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(stream, media_type="text/event-stream", headers=headers)
