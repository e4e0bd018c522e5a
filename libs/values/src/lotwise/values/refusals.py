"""The shape of a named no: a business refusal with its numbers and the ways out."""

from typing import ClassVar


class Refusal(Exception):  # noqa: N818 - a refusal is an answer, not an error of ours
    """A request that was understood and is refused by a rule. Subclasses name the rule.

    `code` is stable for machines, `title` a sentence for a person, `numbers` what the rule compared (JSON values),
    `ways_out` what would help. `status` is the HTTP status: 409, or 404 for a thing unknown, 422 for a bad value.
    """

    code: ClassVar[str] = "refused"
    title: ClassVar[str] = "This cannot be done"
    status: ClassVar[int] = 409

    def __init__(
        self, detail: str, *, ways_out: tuple[str, ...] = (), field: str | None = None, **numbers: object
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.ways_out = ways_out
        self.field = field
        self.numbers = numbers


class Unknown(Refusal):
    """The thing that a request names does not exist (or not for this person)."""

    code = "unknown"
    title = "There is no such thing"
    status = 404


class BadValue(Refusal):
    """A well-formed value that the rules of the field do not allow."""

    code = "bad-value"
    title = "A value is not allowed"
    status = 422
