"""Runs purchasing's revisions on the connection that the kit opened."""

from lotwise.kit.migrate import run_migrations
from lotwise.purchasing.tables import Base

run_migrations(Base.metadata)
