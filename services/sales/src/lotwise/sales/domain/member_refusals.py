"""The only home of the named noes of members' deeds: merging, erasing, sealed contacts."""

from lotwise.values import Refusal, Unknown


class MemberGone(Refusal):
    """The record was merged into another one."""

    code = "member-merged"
    title = "This record was merged into another"


class MemberErasedAlready(Refusal):
    """An erased member has nothing left to change."""

    code = "member-erased"
    title = "This member was erased"


class SameMember(Refusal):
    """A record cannot be merged into itself."""

    code = "same-member"
    title = "Both are the same record"


class BothHaveMembership(Refusal):
    """Both records run a membership of the same package: one of them must end first."""

    code = "both-have-membership"
    title = "Both have the same membership"


class NoSealedContact(Unknown):
    """No contact is sealed for this member: not erased, nothing to reach them by, or its day has passed."""

    code = "no-sealed-contact"
    title = "There is no sealed contact"


class SealBroken(Refusal):
    """The sealed contact was sealed with another key than the one that is set."""

    code = "seal-broken"
    title = "The sealed contact cannot be opened"


class StillOwed(Refusal):
    """Somebody who is owed something, or owes, is settled before they are erased."""

    code = "still-owed"
    title = "Something is still open with this member"
