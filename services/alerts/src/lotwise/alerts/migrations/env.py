"""Runs alerts' revisions on the connection that the kit opened."""

from lotwise.alerts.tables import Base
from lotwise.kit.migrate import run_migrations

run_migrations(Base.metadata)
