"""Runs the shop's revisions on the connection that `upgrade` opened."""

from lotwise.kit.migrate import run_migrations
from tests.kit.shop.tables import Base

run_migrations(Base.metadata)
