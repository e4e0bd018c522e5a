"""What the back office says: who came in."""

from typing import ClassVar

from lotwise.contracts.envelope import Event
from lotwise.contracts.fields import Id, Instant


class UserSignedIn(Event):
    """A person signed in (audit)."""

    speaker: ClassVar[str] = "backoffice"
    user_id: Id
    happened_at: Instant
