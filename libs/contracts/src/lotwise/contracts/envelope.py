"""The envelope: CloudEvents 1.0 in binary mode over NATS headers, and the subject scheme.

Subject: lotwise.<site>.<speaker>.<event>.v<major>; the site is `chain` where an event belongs to none.
"""

import re
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from lotwise.contracts.fields import Slug

CHAIN = "chain"
SUBJECT = re.compile(
    r"^lotwise\.(?P<site>[a-z0-9-]{1,40})\.(?P<speaker>[a-z]+)\.(?P<event>[a-z-]+)\.v(?P<version>[0-9]+)$"
)
SPEAKERS = ("catalog", "sales", "stock", "purchasing", "alerts", "reporting", "backoffice", "till")
REGISTRY: "dict[tuple[str, str, int], type[Event]]" = {}


def kebab(name: str) -> str:
    """SaleRecorded → sale-recorded."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()


class Value(BaseModel):
    """A part of an event: frozen, and additive within a major version (unknown fields are ignored)."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class Event(Value):
    """A thing that happened, said once by its only speaker. Subclasses register by (speaker, name, version)."""

    speaker: ClassVar[str]
    version: ClassVar[int] = 1
    site: Slug = CHAIN

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: object) -> None:
        if "speaker" in cls.__dict__ or hasattr(cls, "speaker"):
            REGISTRY[(cls.speaker, kebab(cls.__name__), cls.version)] = cls

    @classmethod
    def filter(cls) -> str:
        """The subject filter that hears this event from every site."""
        return f"lotwise.*.{cls.speaker}.{kebab(cls.__name__)}.v{cls.version}"

    def subject(self) -> str:
        """The subject on which this very event is said."""
        return f"lotwise.{self.site}.{self.speaker}.{kebab(type(self).__name__)}.v{self.version}"


def stream_of(speaker: str) -> str:
    """The one stream that a speaker alone writes: sales → SALES, till → TILLS."""
    return "TILLS" if speaker == "till" else speaker.upper()


def event_type(subject: str) -> "type[Event] | None":
    """The contract that a subject names, or None when this code does not know it (or its version)."""
    match = SUBJECT.match(subject)
    if match is None:
        return None
    return REGISTRY.get((match["speaker"], match["event"], int(match["version"])))
