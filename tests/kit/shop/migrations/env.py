"""Runs the shop's revisions on the connection that `upgrade` opened."""

from tests.kit.shop.tables import Base

from lotwise.kit.migrate import run_migrations

run_migrations(Base.metadata)
