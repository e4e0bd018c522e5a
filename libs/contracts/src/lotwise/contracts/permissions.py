"""The one table of permissions and the roles that bundle them; code checks permissions, never roles."""

from typing import Literal

Role = Literal["owner", "manager", "front_desk", "practitioner", "buyer", "auditor"]

READS = frozenset(
    {
        "catalog.read",
        "sales.read",
        "stock.read",
        "purchasing.read",
        "alerts.read",
        "reporting.read",
    }
)
WRITES = frozenset(
    {
        "catalog.write",
        "catalog.price",
        "catalog.site",
        "catalog.discount",
        "catalog.package",
        "member.read",
        "member.write",
        "member.erase",
        "member.export",
        "charge.create",
        "charge.void",
        "charge.return",
        "charge.backdate",
        "charge.discount",
        "charge.free",
        "charge.override",
        "balance.write",
        "balance.extend",
        "till.use",
        "till.close",
        "till.manage",
        "stock.receive",
        "stock.adjust",
        "stock.hold",
        "stock.minimum",
        "stock.transfer",
        "stock.quarantine",
        "stock.backdate",
        "stock.count",
        "stock.count_post",
        "stock.use",
        "stock.recall",
        "stock.asset",
        "stock.witness",
        "stock.setting",
        "transfer.approve",
        "appointment.write",
        "treatment.record",
        "supplier.write",
        "order.write",
        "order.send",
        "order.receive",
        "alert.manage",
        "ops.read",
        "ops.manage",
        "audit.read",
        "user.manage",
        "key.manage",
        "journal.read",
    }
)
PERMISSIONS = READS | WRITES
MACHINES_ONLY = frozenset({"stock.hold", "charge.backdate", "stock.backdate"})
"""What no person may, an owner neither: promises of other services, and deeds of the past."""
BUYING = frozenset(
    {
        "stock.receive",
        "stock.transfer",
        "stock.minimum",
        "stock.count",
        "supplier.write",
        "order.write",
        "order.send",
        "order.receive",
    }
)
"""What it takes to keep the shelves full."""

ROLES: dict[str, frozenset[str]] = {
    "owner": PERMISSIONS - MACHINES_ONLY,
    "manager": PERMISSIONS
    - MACHINES_ONLY
    - {"user.manage", "key.manage", "catalog.site", "ops.manage", "member.erase", "member.export"},
    "front_desk": frozenset(
        {
            "catalog.read",
            "sales.read",
            "stock.read",
            "alerts.read",
            "member.read",
            "member.write",
            "charge.create",
            "charge.return",
            "charge.discount",
            "charge.free",
            "balance.write",
            "till.use",
            "till.close",
            "stock.count",
            "appointment.write",
        }
    ),
    "practitioner": frozenset(
        {
            "catalog.read",
            "stock.read",
            "sales.read",
            "member.read",
            "alerts.read",
            "stock.count",
            "stock.use",
            "stock.witness",
            "treatment.record",
        }
    ),
    "buyer": READS | BUYING | {"alert.manage"},
    "auditor": READS | {"audit.read", "ops.read", "journal.read", "member.read"},
    "service": frozenset(
        {
            "catalog.read",
            "sales.read",
            "stock.read",
            "purchasing.read",
            "stock.hold",
            "charge.create",
            "journal.read",
            "ops.read",
            "alerts.read",
            "reporting.read",
        }
    ),
    "importer": READS
    | BUYING
    | {
        "catalog.write",
        "catalog.price",
        "catalog.site",
        "member.read",
        "member.write",
        "charge.create",
        "charge.void",
        "charge.return",
        "charge.backdate",
        "balance.write",
        "catalog.discount",
        "catalog.package",
        "stock.adjust",
        "stock.quarantine",
        "stock.backdate",
        "stock.use",
        "stock.asset",
        "stock.count_post",
        "transfer.approve",
        "appointment.write",
        "treatment.record",
        "ops.read",
    },
    "till": frozenset(
        {"catalog.read", "stock.read", "charge.create", "charge.return", "charge.backdate", "appointment.write"}
    ),
}
"""Roles for persons, then three for machines: `service` (calls between services), `importer`, `till`."""
