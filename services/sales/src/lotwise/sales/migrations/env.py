"""Runs the revisions of the sales database."""

from lotwise.kit.migrate import run_migrations
from lotwise.sales.tables import Base

run_migrations(Base.metadata)
