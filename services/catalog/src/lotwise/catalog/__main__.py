"""Starts the catalog: python -m lotwise.catalog."""

from lotwise.catalog.app import SERVICE
from lotwise.kit.service import run

if __name__ == "__main__":
    run(SERVICE)
