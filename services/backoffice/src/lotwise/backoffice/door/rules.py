"""The rules of the door: who may grant what, what a login and a password must be; pure functions."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from lotwise.contracts.permissions import ROLES
from lotwise.kit.principal import EVERYWHERE, Forbidden, Principal
from lotwise.values import BadValue, Refusal

PERSON_ROLES = frozenset({"owner", "manager", "front_desk", "practitioner", "buyer", "auditor"})
KEY_ROLES = PERSON_ROLES | {"till", "importer"}
PASSWORD_LETTERS_MIN = 10
PASSWORD_LETTERS_MAX = 200
_LOGIN = re.compile(r"^[a-z0-9][a-z0-9._+@-]{1,79}$")
_SITE = re.compile(r"^(\*|[a-z0-9-]{1,40})$")


class LoginTaken(Refusal):
    """Another person has this login."""

    code = "login-taken"
    title = "This login is taken"


class LastOwner(Refusal):
    """Without an owner nobody could grant anything any more."""

    code = "last-owner"
    title = "The last owner stays"


class BadSignIn(Refusal):
    """Login or password are wrong; which one is not said."""

    code = "bad-sign-in"
    title = "That did not fit"
    status = 401


class BadPin(Refusal):
    """The PIN does not fit; whether the person has one is not said."""

    code = "bad-pin"
    title = "That did not fit"
    status = 401


class PinLocked(Refusal):
    """Too many wrong PINs in a row: the password opens it again."""

    code = "pin-locked"
    title = "This PIN is locked"
    status = 403


class TooManyTries(Refusal):
    """Too many failed tries; waiting helps."""

    code = "too-many-tries"
    title = "Too many tries"
    status = 429


class BadClient(Refusal):
    """A machine's secret or key does not hold; which part is not said."""

    code = "bad-client"
    title = "That key does not fit"
    status = 401


class ForeignOrigin(Refusal):
    """A request that another site's page sent in a person's name."""

    code = "foreign-origin"
    title = "This request came from another page"
    status = 403


def login_of(text: str) -> str:
    """A login as it is kept: lower case, composed. Raises BadValue when it is no login."""
    login = unicodedata.normalize("NFC", text).strip().lower()
    if not _LOGIN.fullmatch(login):
        raise BadValue("A login has 2 to 80 letters, digits or . _ + @ - (an e-mail address will do).", field="login")
    return login


def password_of(text: str, *, login: str) -> str:
    """A password as it is hashed. Raises BadValue when it is too short, too long or the login itself."""
    password = unicodedata.normalize("NFC", text)
    if not PASSWORD_LETTERS_MIN <= len(password) <= PASSWORD_LETTERS_MAX:
        raise BadValue(
            f"A password has {PASSWORD_LETTERS_MIN} to {PASSWORD_LETTERS_MAX} characters.",
            field="password",
            letters_min=PASSWORD_LETTERS_MIN,
        )
    if login in password.lower() or len(set(password)) < 4:
        raise BadValue("This password is too easy to guess.", field="password")
    return password


def check_grants(grants: Iterable[tuple[str, Sequence[str]]], roles: frozenset[str]) -> None:
    """Pass known roles at well-formed sites. Raises BadValue."""
    for role, sites in grants:
        if role not in roles:
            raise BadValue(f"{role[:40]!r} is not a role; roles are {', '.join(sorted(roles))}.", field="grants")
        if not sites or not all(_SITE.fullmatch(site) for site in sites):
            raise BadValue("A role needs sites: their slugs, or * for every site.", field="grants")


def may_grant(who: Principal, permission: str, grants: Iterable[tuple[str, Sequence[str]]]) -> None:
    """Pass when the granter holds `permission` at every site of the grants. Raises Forbidden.

    An owner of one site cannot make an owner of another, nor one of every site.
    """
    own = who.sites(permission)
    if own is None:
        return
    for role, sites in grants:
        beyond = sorted(set(sites) - own)
        if beyond:
            raise Forbidden(f"You cannot give the role {role} at {', '.join(beyond)[:80]}.", permission=permission)


def no_more_than_own(who: Principal, grants: Iterable[tuple[str, Sequence[str]]]) -> None:
    """Pass when a key for a person's role gives nothing that its maker lacks. Raises Forbidden.

    `till` and `importer` are machines' roles: whoever may make keys may hand them out at their own sites.
    """
    for role, sites in grants:
        if role not in PERSON_ROLES:
            continue
        for permission in sorted(ROLES[role]):
            own = who.sites(permission)
            if own is not None and not set(sites) <= own:
                raise Forbidden(f"The role {role} gives {permission}, which you lack there.", permission=permission)


def is_owner_everywhere(grants: Iterable[tuple[str, Sequence[str]]]) -> bool:
    """Whether the grants make an owner of every site."""
    return any(role == "owner" and EVERYWHERE in sites for role, sites in grants)
