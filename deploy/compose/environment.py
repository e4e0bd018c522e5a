"""Writes deploy/compose/.env once, with a random secret for every role, bus user and client; never overwrites one."""

import os
import secrets
from pathlib import Path

SERVICES = ("catalog", "sales", "stock", "purchasing", "alerts", "reporting", "backoffice")
TARGET = Path(__file__).with_name(".env")


def names() -> list[str]:
    """Every variable that docker-compose.yml asks for."""
    per_service = [
        name.format(service.upper())
        for service in SERVICES
        for name in ("{}_PASSWORD", "{}_OWNER_PASSWORD", "NATS_{}_PASSWORD", "{}_CLIENT_SECRET")
    ]
    return [
        "POSTGRES_PASSWORD",
        "NATS_OPS_PASSWORD",
        "NATS_TILL_PASSWORD",
        "IMPORTER_CLIENT_SECRET",
        "OPERATOR_CLIENT_SECRET",
        "GRAFANA_ADMIN_PASSWORD",
        *per_service,
    ]


def main() -> None:
    """Write the file readable by its owner alone, or leave the one that is there."""
    if TARGET.exists():
        return
    descriptor = os.open(TARGET, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        # a letter first: NATS reads a password from its environment as a number when it begins like one
        file.writelines(f"{name}=s{secrets.token_urlsafe(24)}\n" for name in names())


if __name__ == "__main__":
    main()
