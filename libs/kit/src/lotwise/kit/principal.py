"""The only home of who asks and what they may do: permissions by site, compiled once per token."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from lotwise.contracts.permissions import ROLES
from lotwise.values import Refusal

EVERYWHERE = "*"


class Unauthenticated(Refusal):
    """No token, or one that does not hold: the door gives a new one."""

    code = "unauthenticated"
    title = "Please sign in"
    status = 401


class Forbidden(Refusal):
    """The person is known and may not do this, or not at this site."""

    code = "forbidden"
    title = "You may not do this"
    status = 403


@dataclass(frozen=True, slots=True)
class Grant:
    """A role at some sites; `*` among them means every site."""

    role: str
    sites: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Principal:
    """A person or a machine with what its token grants. `reach` maps a permission to its sites; None is every site."""

    subject: str
    name: str = ""
    reach: Mapping[str, frozenset[str] | None] = field(default_factory=dict)
    grants: tuple[Grant, ...] = ()
    expires_at: float = 0.0
    token: str = field(default="", repr=False, compare=False)

    NOBODY: ClassVar["Principal"]

    @property
    def actor(self) -> str:
        """The name that movements and the audit trail keep: `user:<id>`, `key:<id>` or `service:<name>`."""
        return self.subject

    def allows(self, permission: str, site: str | None = None) -> bool:
        """Whether the permission is granted at the site; without a site, whether it is granted anywhere."""
        if permission not in self.reach:
            return False
        sites = self.reach[permission]
        return sites is None or site is None or site in sites

    def at(self, permission: str, site: str | None = None) -> None:
        """Pass, or raise Forbidden naming the permission and the site."""
        if not self.allows(permission, site):
            raise forbidden(permission, site)

    def sites(self, permission: str) -> frozenset[str] | None:
        """The sites at which the permission is granted; None means every site, an empty set none."""
        return self.reach.get(permission, frozenset())


Principal.NOBODY = Principal(subject="nobody")


def forbidden(permission: str, site: str | None) -> Forbidden:
    """The refusal for a permission that is missing (at a site)."""
    where = f" at {site[:40]}" if site else ""
    return Forbidden(
        f"This needs the permission {permission}{where}, which your role does not give.",
        ways_out=("Ask an owner or a manager for the role.",),
        permission=permission,
    )


def compile_reach(grants: Iterable[Grant]) -> dict[str, frozenset[str] | None]:
    """Fold grants into one table, permission → sites; unknown roles grant nothing."""
    reach: dict[str, frozenset[str] | None] = {}
    for grant in grants:
        for permission in ROLES.get(grant.role, frozenset()):
            reach[permission] = _joined(reach.get(permission, frozenset()), grant.sites)
    return reach


def _joined(known: frozenset[str] | None, more: tuple[str, ...]) -> frozenset[str] | None:
    if known is None or EVERYWHERE in more:
        return None
    return known | frozenset(more)
