"""The only home of a message: one event as it came from the bus, with its envelope read once."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from lotwise.contracts.envelope import Event, event_type

E = TypeVar("E", bound=Event)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class Message(Generic[E]):
    """An event with its envelope: `id` is the outbox id of its speaker, `sequence` its place in the stream.

    `published_at` is the stream's clock, `trace` the traceparent that follows this message (events told with it as
    their cause carry it on). `event` is parsed on first use; a consumer parses the events it handles beforehand.
    """

    __slots__ = (
        "_event", "actor", "body", "cause_id", "consumer", "correlation_id", "headers", "id", "published_ns",
        "sequence", "stream", "subject", "trace", "traceparent", "tries",
    )  # fmt: skip

    def __init__(
        self,
        *,
        id: UUID,  # noqa: A002 - the name of the thing
        subject: str,
        body: bytes,
        headers: Mapping[str, str],
        stream: str = "",
        sequence: int = 0,
        published_ns: int = 0,
        tries: int = 1,
        consumer: str = "",
        event: E | None = None,
    ) -> None:
        self.id = id
        self.subject = subject
        self.body = body
        self.headers = headers
        self.stream = stream
        self.sequence = sequence
        self.published_ns = published_ns
        self.tries = tries
        self.consumer = consumer
        self.traceparent = headers.get("traceparent")
        self.trace = self.traceparent
        self.correlation_id = headers.get("correlation_id")
        self.actor = headers.get("actor")
        self.cause_id = headers.get("causation_id")
        self._event = event

    @property
    def event(self) -> E:
        """The event, of the site that its subject names. Raises ValueError when the body does not fit its contract, or
        names another site (who may speak for a site is said of subjects), or no contract is known.
        """
        if self._event is None:
            kind: Any = event_type(self.subject)
            if kind is None:
                raise ValueError(f"no contract for {self.subject}")
            said: Any = kind.__pydantic_validator__.validate_json(self.body)
            site = self.subject.split(".", 2)[1]
            self._event = said if said.site == site else _of_site(said, site)
        return self._event

    @property
    def published_at(self) -> datetime:
        """When the bus took it, in UTC, to the microsecond."""
        seconds, rest = divmod(self.published_ns, 1_000_000_000)
        return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest // 1000)

    def clean_headers(self) -> dict[str, str]:
        """The headers as a database can keep them: without NUL and lone surrogates."""
        return {clean(name): clean(value) for name, value in self.headers.items()}


def _of_site(said: E, site: str) -> E:
    """A body without a site is of its subject's. Raises ValueError when it names another."""
    if "site" in said.model_fields_set:
        raise ValueError(f"the subject is of site {site}, the body of {said.site}")
    return said.model_copy(update={"site": site})


def clean(text: str) -> str:
    """The text without characters that PostgreSQL cannot store."""
    return _UNSTORABLE.sub("\ufffd", text)
