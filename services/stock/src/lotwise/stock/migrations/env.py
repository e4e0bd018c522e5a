"""Runs stock's revisions on the connection that the kit opened."""

from lotwise.kit.migrate import run_migrations
from lotwise.stock.tables import Base

run_migrations(Base.metadata)
