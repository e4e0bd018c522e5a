"""The only home of optimistic edits: a revision goes out as ETag and must come back as If-Match."""

import re
from typing import Annotated

from fastapi import Depends, Request

from lotwise.values import Refusal

_TAG = re.compile(r'^(?:W/)?"([0-9]{1,18})"$')


class Stale(Refusal):
    """Somebody else changed it in the meantime."""

    code = "stale"
    title = "This was changed by somebody else"
    status = 412


class MatchRequired(Refusal):
    """An edit must say which revision it starts from."""

    code = "if-match-required"
    title = "Say which version you edit"
    status = 428


class Expected:
    """The revision an edit starts from; `*` fits any."""

    def __init__(self, revision: int | None) -> None:
        self.revision = revision

    def check(self, current: int) -> None:
        """Pass, or raise Stale with both revisions; call it with the row locked."""
        if self.revision is not None and self.revision != current:
            raise Stale(
                f"You edited revision {self.revision}; it is now at {current}.",
                ways_out=("Load it again and repeat your change.",),
                expected=self.revision,
                current=current,
            )


def etag(revision: int) -> str:
    """The ETag of a revision."""
    return f'"{revision}"'


async def _expected(request: Request) -> Expected:
    header = request.headers.get("if-match")
    if header is None:
        raise MatchRequired("Send If-Match with the ETag of what you edit.", field="If-Match")
    if header.strip() == "*":
        return Expected(None)
    match = _TAG.match(header.strip())
    if match is None:
        raise Stale("If-Match is not an ETag of ours.", field="If-Match")
    return Expected(int(match[1]))


IfMatch = Annotated[Expected, Depends(_expected)]
"""For edits: raises MatchRequired (428) when missing; call `.check(row.revision)` on the locked row."""
