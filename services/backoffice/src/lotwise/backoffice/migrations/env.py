"""Runs the back office's revisions on the connection that the kit opened."""

from lotwise.backoffice.tables import Base
from lotwise.kit.migrate import run_migrations

run_migrations(Base.metadata)
